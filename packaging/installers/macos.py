"""The disk image of macOS: the bundle beside a link to Applications, signed and notarised when the builder can.

From the environment, all or nothing: `CODESIGN_ID` (a "Developer ID Application" in the keychain), and for notarising
`NOTARY_APPLE_ID`, `NOTARY_TEAM`, `NOTARY_PASSWORD` (of the app). Without them the image is what a developer uses at home.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path

from dev_environment import DevError, command, say
from installers.identity import BUILD, DIST, NAME, PACKAGING, version


def build_image(bundle: Path) -> Path:
    """Pack the bundle; returns the image."""
    signer = os.environ.get("CODESIGN_ID", "")
    if signer:
        _sign(bundle, signer)
    else:
        say("not signed: CODESIGN_ID is not set")
    folder = BUILD / "dmg"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    command(["ditto", bundle, folder / bundle.name])
    (folder / "Applications").symlink_to("/Applications")
    DIST.mkdir(exist_ok=True)
    image = DIST / f"{NAME}-{version()}-{platform.machine()}.dmg"
    command(["hdiutil", "create", "-volname", NAME, "-srcfolder", folder, "-ov", "-format", "UDZO", image])
    if signer:
        command(["codesign", "--force", "--timestamp", "--sign", signer, image])
        _notarise(image)
    say(f"{image.name}: {image.stat().st_size / 1e6:.1f} MB")
    return image


def _sign(bundle: Path, signer: str) -> None:
    """From the inside out, as codesign wants it: libraries, executables, then the bundle that seals them."""
    inner = [path for path in bundle.rglob("*") if path.suffix in {".so", ".dylib"} and not path.is_symlink()]
    frameworks = [path for path in bundle.rglob("*.framework") if path.is_dir() and not path.is_symlink()]
    line = ["codesign", "--force", "--timestamp", "--options", "runtime", "--sign", signer]
    for start in range(0, len(inner), 50):
        command([*line, *inner[start : start + 50]], quiet=True)
    for framework in sorted(frameworks, key=lambda path: -len(path.parts)):
        command([*line, framework], quiet=True)
    command([*line, "--entitlements", PACKAGING / "macos/entitlements.plist", bundle])
    command(["codesign", "--verify", "--deep", "--strict", bundle])


def _notarise(image: Path) -> None:
    """Have Apple look at the image and staple what it says to it."""
    names = ("NOTARY_APPLE_ID", "NOTARY_TEAM", "NOTARY_PASSWORD")
    who, team, password = (os.environ.get(name, "") for name in names)
    if not (who and team and password):
        say("not notarised: " + ", ".join(name for name in names if not os.environ.get(name)) + " not set")
        return
    account = ["--apple-id", who, "--team-id", team, "--password", password]
    # Not by `command`: its message on failure would name the password.
    done = subprocess.run(["xcrun", "notarytool", "submit", image, *account, "--wait"], check=False)
    if done.returncode:
        raise DevError(f"Apple did not notarise {image.name}")
    command(["xcrun", "stapler", "staple", image])
