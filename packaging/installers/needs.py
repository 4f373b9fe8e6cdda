"""Which libraries a frozen tree asks the system for, and which packages bring them.

What an executable or library needs stands in its dynamic section (System V ABI, DT_NEEDED), read by `objdump`. What the tree
holds itself and what every system has is left out; anything else must be in the table, so that a package never declares less
than it needs.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from dev_environment import DevError

# In glibc itself.
EVERYWHERE: Final = re.compile(r"(ld-linux.*|lib(c|m|dl|pthread|rt|util|resolv|nsl|anl))\.so\.\d+")

DEBIAN: Final = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libGLX.so.0": "libglx0",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libX11.so.6": "libx11-6",
    "libblkid.so.1": "libblkid1",
    "libbrotlicommon.so.1": "libbrotli1",
    "libbrotlidec.so.1": "libbrotli1",
    "libbsd.so.0": "libbsd0",
    "libcap.so.2": "libcap2",
    "libcom_err.so.2": "libcom-err2",
    "libdbus-1.so.3": "libdbus-1-3",
    "libdrm.so.2": "libdrm2",
    "libexpat.so.1": "libexpat1",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libgcc_s.so.1": "libgcc-s1",
    "libgio-2.0.so.0": "libglib2.0-0 | libglib2.0-0t64",
    "libglib-2.0.so.0": "libglib2.0-0 | libglib2.0-0t64",
    "libgmodule-2.0.so.0": "libglib2.0-0 | libglib2.0-0t64",
    "libgobject-2.0.so.0": "libglib2.0-0 | libglib2.0-0t64",
    "libgthread-2.0.so.0": "libglib2.0-0 | libglib2.0-0t64",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libk5crypto.so.3": "libk5crypto3",
    "libkrb5.so.3": "libkrb5-3",
    "libmd.so.0": "libmd0",
    "libpng16.so.16": "libpng16-16 | libpng16-16t64",
    "libstdc++.so.6": "libstdc++6",
    "libsystemd.so.0": "libsystemd0",
    "libuuid.so.1": "libuuid1",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
    "libxcb.so.1": "libxcb1",
    "libz.so.1": "zlib1g",
    "libzstd.so.1": "libzstd1",
}
OPTIONAL: Final = frozenset({"libcups.so.2"})
"""Without these a part that is asked for by name is simply not there: printing to CUPS."""


def needed(tree: Path) -> list[str]:
    """The sonames that the files of the tree need and neither hold nor find everywhere, sorted."""
    files = [path for path in tree.rglob("*") if path.is_file() and not path.is_symlink() and _is_elf(path)]
    held = {path.name for path in tree.rglob("*.so*")}
    found: set[str] = set()
    for start in range(0, len(files), 100):
        batch = [str(path) for path in files[start : start + 100]]
        done = subprocess.run(["objdump", "-p", *batch], capture_output=True, text=True, check=True)
        found |= set(re.findall(r"^\s+NEEDED\s+(\S+)", done.stdout, re.MULTILINE))
    return sorted(name for name in found - held - OPTIONAL if not EVERYWHERE.fullmatch(name))


def newest_glibc(tree: Path) -> tuple[int, int]:
    """The newest version of glibc that a symbol of the tree asks for."""
    files = [str(path) for path in tree.rglob("*") if path.is_file() and not path.is_symlink() and _is_elf(path)]
    found = {(2, 17)}
    for start in range(0, len(files), 100):
        batch = files[start : start + 100]
        done = subprocess.run(["objdump", "-p", *batch], capture_output=True, text=True, check=True)
        found |= {(int(one), int(two)) for one, two in re.findall(r"\bGLIBC_(\d+)\.(\d+)", done.stdout)}
    return max(found)


def debian_packages(sonames: Iterable[str]) -> list[str]:
    """The packages of Debian and Ubuntu that bring them. Raises DevError for one that nobody has looked up yet."""
    wanted = list(sonames)
    unknown = [name for name in wanted if name not in DEBIAN]
    if unknown:
        msg = f"these libraries are neither shipped nor in packaging/installers/needs.py: {', '.join(unknown)}"
        raise DevError(msg)
    return sorted({DEBIAN[name] for name in wanted})


def _is_elf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"
