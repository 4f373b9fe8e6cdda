"""The package for Debian, Ubuntu and what comes of them, by dpkg-deb (deb(5), Debian Policy 4.6)."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

from dev_environment import command, say
from installers.identity import BUILD, DIST, HOMEPAGE, MAINTAINER, PACKAGING, PROGRAM, SUMMARY, version
from installers.linux import DESCRIPTION, copyright_text, leaving_script, stage
from installers.needs import debian_packages, needed, newest_glibc

SCRIPTS: Final = ("preinst", "postinst", "prerm", "postrm")
MOST_BYTES: Final = 60_000_000
# A font, the time zones and a place for passwords: the program runs without the last two words.
ALSO: Final = ("fonts-dejavu-core | fonts-noto-core | fonts-liberation", "tzdata", "ca-certificates")
RECOMMENDED: Final = (
    "gnome-keyring | kwalletmanager | keepassxc, xdg-utils, fonts-noto-color-emoji, libcups2 | libcups2t64"
)


def build_deb(tree: Path) -> Path:
    """Pack the frozen tree; returns the package."""
    root = BUILD / "deb"
    stage(tree, root)
    (root / f"usr/share/doc/{PROGRAM}").mkdir(parents=True)
    (root / f"usr/share/doc/{PROGRAM}/copyright").write_text(copyright_text(), encoding="utf-8")
    (root / f"usr/share/doc/{PROGRAM}/copyright").chmod(0o644)
    control = root / "DEBIAN"
    control.mkdir(mode=0o755)
    (control / "control").write_text(_control(root, tree), encoding="utf-8")
    for name in SCRIPTS:
        script = control / name
        script.write_text(maintainer_script(name), encoding="utf-8")
        script.chmod(0o755)
    DIST.mkdir(exist_ok=True)
    package = DIST / f"{PROGRAM}_{version()}_{architecture()}.deb"
    command(["dpkg-deb", "--root-owner-group", "-Zxz", "-z6", "--build", root, package], quiet=True)
    shutil.rmtree(root)
    size = package.stat().st_size
    say(f"{package.name}: {size / 1e6:.1f} MB")
    if size > MOST_BYTES:
        msg = f"{package.name} has {size / 1e6:.1f} MB, at most {MOST_BYTES / 1e6:.0f} were agreed"
        raise ValueError(msg)
    return package


def architecture() -> str:
    """As dpkg calls it: amd64, arm64."""
    return subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True).stdout.strip()


def maintainer_script(name: str) -> str:
    """One of dpkg's scripts, whole."""
    own = (PACKAGING / "linux/deb" / name).read_text(encoding="utf-8").replace("@VERSION@", version())
    return f"#!/bin/sh\nset -e\n{leaving_script()}\n{own}\nexit 0\n"


def _control(root: Path, tree: Path) -> str:
    installed = sum(path.lstat().st_size for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    depends = [f"libc6 (>= {'.'.join(map(str, newest_glibc(tree)))})", *debian_packages(needed(tree)), *ALSO]
    words = "\n".join(f" {line}" for line in DESCRIPTION.splitlines())
    return (
        f"Package: {PROGRAM}\nVersion: {version()}\nArchitecture: {architecture()}\nSection: mail\nPriority: optional\n"
        f"Maintainer: {MAINTAINER}\nInstalled-Size: {installed // 1024}\nDepends: {', '.join(depends)}\n"
        f"Recommends: {RECOMMENDED}\nHomepage: {HOMEPAGE}\nDescription: {SUMMARY[:1].lower()}{SUMMARY[1:]}\n{words}\n"
    )
