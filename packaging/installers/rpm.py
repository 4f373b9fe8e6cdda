"""The package for Fedora, openSUSE and their kin, by rpmbuild. Libraries are asked for by their names, which all of them know."""

from __future__ import annotations

import platform
import shutil
from pathlib import Path

from dev_environment import command, say
from installers.identity import (
    APP_ID,
    BUILD,
    COPYRIGHT,
    DIST,
    FOLDER,
    HOMEPAGE,
    PACKAGING,
    PROGRAM,
    ROOT,
    SUMMARY,
    version,
)
from installers.linux import DESCRIPTION, leaving_script, stage
from installers.needs import needed, newest_glibc

_WIDE = "()(64bit)"


def build_rpm(tree: Path) -> Path:
    """Pack the frozen tree; returns the package."""
    top = BUILD / "rpm"
    shutil.rmtree(top, ignore_errors=True)
    root = top / "root"
    stage(tree, root)
    licence = root / f"usr/share/licenses/{PROGRAM}/LICENSE"
    licence.parent.mkdir(parents=True)
    shutil.copyfile(ROOT / "LICENSE", licence)
    licence.chmod(0o644)
    spec = top / "deskbell.spec"
    spec.write_text(_spec(tree, root), encoding="utf-8")
    machine = platform.machine()
    places = (
        *("--define", f"_topdir {top}", "--define", f"_rpmdir {top / 'made'}", "--buildroot", root),
        *("--target", machine, "--define", "__spec_clean_body %{nil}", "--define", "__spec_install_pre %{nil}"),
    )
    command(("rpmbuild", "-bb", *places, spec), quiet=True)
    (made,) = (top / "made").rglob("*.rpm")
    DIST.mkdir(exist_ok=True)
    package = DIST / made.name
    shutil.move(made, package)
    shutil.rmtree(top)
    say(f"{package.name}: {package.stat().st_size / 1e6:.1f} MB")
    return package


def _spec(tree: Path, root: Path) -> str:
    glibc = ".".join(map(str, newest_glibc(tree)))
    requires = [f"libc.so.6(GLIBC_{glibc})(64bit)", *(f"{name}{_WIDE}" for name in needed(tree)), "tzdata"]
    values = {
        "VERSION": version(),
        "SUMMARY": SUMMARY,
        "HOMEPAGE": HOMEPAGE,
        "COPYRIGHT": COPYRIGHT,
        "DESCRIPTION": DESCRIPTION,
        "REQUIRES": "\n".join(f"Requires: {name}" for name in requires),
        "LEAVING": leaving_script().replace("%", "%%"),
        "FILES": "\n".join(_files(root)),
    }
    text = (PACKAGING / "linux/rpm/deskbell.spec").read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text


def _files(root: Path) -> list[str]:
    """What is packed: our own folder whole, elsewhere single files, since those folders are not ours."""
    lines = [
        "%defattr(-,root,root,-)",
        FOLDER,
        f"/usr/bin/{PROGRAM}",
        f"%license /usr/share/licenses/{PROGRAM}/LICENSE",
    ]
    for path in sorted((root / "usr/share").rglob("*")):
        place = f"/{path.relative_to(root)}"
        if path.is_file() and not place.startswith("/usr/share/licenses/"):
            lines.append(f"%doc {place}" if "/man/" in place else place)
    assert any(APP_ID in line for line in lines)
    return lines
