"""The set-up program of Windows, by makensis, which also runs on Linux (there only to prove that the script compiles)."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from dev_environment import DevError, command, say
from installers.identity import BUILD, DIST, NAME, PACKAGING, version

_USUAL = Path(os.environ.get("PROGRAMFILES(X86)", "C:/Program Files (x86)")) / "NSIS" / "makensis.exe"


def build_setup(tree: Path, out: Path | None = None) -> Path:
    """Pack a frozen tree into a set-up program. `DESKBELL_SIGN`, if set, is the command that signs a file named after it."""
    tool = shutil.which("makensis") or (str(_USUAL) if _USUAL.exists() else None)
    if tool is None:
        raise DevError("makensis is not installed: https://nsis.sourceforge.io")
    target = out or DIST / f"{NAME}-{version()}-x64.exe"
    target.parent.mkdir(parents=True, exist_ok=True)
    sign = os.environ.get("DESKBELL_SIGN", "")
    values = {
        "VERSION": version(),
        "TREE": tree,
        "SEPARATOR": os.sep,
        "ICON": BUILD / "icons/deskbell.ico",
        "OUT": target,
    }
    given = [f"-D{name}={value}" for name, value in values.items()] + ([f"-DSIGN={sign}"] if sign else [])
    command([tool, "-WX", "-V2", "-INPUTCHARSET", "UTF8", *given, PACKAGING / "windows/deskbell.nsi"])
    say(f"{target.name}: {target.stat().st_size / 1e6:.1f} MB")
    return target
