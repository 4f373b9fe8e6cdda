"""`make installer`: what the system it runs on installs, into dist/, with the sums of all of it.

    python3 packaging/dev.py installer [--tree] [--again] [deb] [rpm]

`--tree` only freezes the program, `--again` packs the tree that was frozen before.

Linux gets a .deb and a .rpm (each where its tool is), Windows a set-up program, macOS a disk image.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from dev_environment import DevError, say
from installers.freeze import freeze, frozen_tree
from installers.identity import DIST, ROOT


def build(arguments: Sequence[str]) -> int:
    """Freeze, pack, sum; the exit status. Raises DevError."""
    wanted = {word for word in arguments if not word.startswith("-")}
    made = frozen_tree() if "--again" in arguments else freeze()
    if "--tree" in arguments:
        return 0
    packages = list(_packages(made, wanted))
    if not packages:
        raise DevError("there is no tool here that makes a package: dpkg-deb, rpmbuild, makensis or hdiutil")
    write_sums(DIST)
    for package in packages:
        print(package.relative_to(ROOT))
    return 0


def _packages(made: Path, wanted: set[str]) -> list[Path]:
    if sys.platform == "win32":
        from installers.windows import build_setup

        return [build_setup(made)]
    if sys.platform == "darwin":
        from installers.macos import build_image

        return [build_image(made)]
    from installers.deb import build_deb
    from installers.rpm import build_rpm

    found = []
    for name, tool, make in (("deb", "dpkg-deb", build_deb), ("rpm", "rpmbuild", build_rpm)):
        if wanted and name not in wanted:
            continue
        if shutil.which(tool):
            found.append(make(made))
        else:
            say(f"no .{name}: {tool} is not installed")
    return found


def write_sums(folder: Path) -> Path:
    """SHA256SUMS of everything in the folder, as `sha256sum --check` reads it."""
    files = [path for path in sorted(folder.iterdir()) if path.is_file() and path.name != "SHA256SUMS"]
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    sums = folder / "SHA256SUMS"
    sums.write_text("".join(lines), encoding="utf-8")
    return sums
