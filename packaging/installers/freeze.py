"""The program as one folder that needs no Python: PyInstaller over packaging/installers/deskbell.spec.

It runs in `.venv-package`, which holds what packaging/locks/package.txt pins (the program's own libraries and PyInstaller, no
tools of developers), so nothing of a developer's environment can slip in. Before, what it needs is made: icons, the list of
licences. After, what it must never need is looked for: libraries that are neither shipped nor known to every system.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from dev_environment import PACKAGE, DevError, command, say
from installers.identity import BUILD, NAME, PROGRAM, ROOT, version

MOST_BYTES: Final = 190_000_000


def freeze() -> Path:
    """Build the program anew, in the environment of that name; returns its folder (on macOS: the bundle)."""
    BUILD.mkdir(parents=True, exist_ok=True)
    surroundings = {**os.environ, "PYTHONHASHSEED": "0", "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
    say("drawing the icons, noting the licences")
    command([PACKAGE.python, ROOT / "packaging/installers/icons.py", BUILD / "icons"], env=surroundings)
    _note_licences(surroundings)
    _note_channel()
    if sys.platform == "win32":
        _write_version_info()
    say("freezing the program (some minutes)")
    spec = ROOT / "packaging/installers/deskbell.spec"
    places = ("--distpath", BUILD / "tree", "--workpath", BUILD / "work")
    frozen = (PACKAGE.python, "-m", "PyInstaller", spec, "--noconfirm", "--log-level", "WARN", *places)
    command(frozen, env=surroundings, quiet=True)
    tree = BUILD / "tree" / PROGRAM
    _strip(tree)
    size = sum(path.lstat().st_size for path in tree.rglob("*") if path.is_file() and not path.is_symlink())
    say(f"the program: {size / 1e6:.0f} MB in {tree.relative_to(ROOT)}")
    if size > MOST_BYTES:
        msg = f"the program has grown to {size / 1e6:.0f} MB, at most {MOST_BYTES / 1e6:.0f} MB were agreed"
        raise DevError(msg)
    return frozen_tree()


def frozen_tree() -> Path:
    """Where the frozen program lies: its folder, on macOS its bundle. Raises DevError if there is none."""
    made = BUILD / "tree" / (f"{NAME}.app" if sys.platform == "darwin" else PROGRAM)
    if not made.exists():
        msg = f"{made.relative_to(ROOT)} is not there: freeze the program first"
        raise DevError(msg)
    return made


def _note_licences(surroundings: dict[str, str]) -> None:
    text = "from app.kernel.program import licences; print(licences.as_json(licences.gathered(built=True)))"
    environment = {**surroundings, "PYTHONUTF8": "1"}
    done = subprocess.run([PACKAGE.python, "-c", text], cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE)
    (BUILD / "licences.json").write_bytes(done.stdout)


def _note_channel() -> None:
    """Where this build may ask for newer releases: only where the builder says so, so never in a distribution's package."""
    url, key = os.environ.get("DESKBELL_UPDATES_URL", ""), os.environ.get("DESKBELL_UPDATES_KEY", "")
    file = BUILD / "updates.json"
    file.unlink(missing_ok=True)
    if url and key:
        file.write_text(json.dumps({"url": url, "keys": key.split()}), encoding="utf-8")


def _strip(tree: Path) -> None:
    """Debugging names leave: a Python built by hand and modules in C carry megabytes of them. Qt has none."""
    if not sys.platform.startswith("linux"):
        return
    inner = tree / "_internal"
    for library in (*inner.glob("libpython*.so*"), *inner.rglob("*.cpython-3*.so")):
        command(["strip", "--strip-unneeded", library])


def _write_version_info() -> None:
    """What Windows shows of the executables (VERSIONINFO)."""
    numbers = (*map(int, version().split(".")), 0)
    words = {"ProductName": NAME, "FileDescription": NAME, "ProductVersion": version(), "FileVersion": version()}
    strings = ", ".join(f"StringStruct({key!r}, {value!r})" for key, value in words.items())
    (BUILD / "version_info.txt").write_text(
        f"VSVersionInfo(ffi=FixedFileInfo(filevers={numbers}, prodvers={numbers}), kids=["
        f"StringFileInfo([StringTable('040904B0', [{strings}])]), VarFileInfo([VarStruct('Translation', [1033, 1200])])])\n",
        encoding="utf-8",
    )
