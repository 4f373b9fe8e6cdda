"""Files that leave the desk for the person's disk: private, under a harmless name, with the system's mark of a download.

The mark is what makes the system ask before it runs such a file, and what makes office programs open it without its macros.
Windows keeps it in a second stream of the file, macOS and Linux in an extended attribute; where a disk keeps none of these,
the file is written all the same.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.kernel import clock
from app.kernel.errors import UserError
from app.kernel.sentences import said
from app.mime.files.dangers import plain_name

_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]')
_RESERVED = frozenset({"con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(1, 10))})
_LONGEST = 200
"""Bytes of a name. Most disks take 255, and a number may still come behind it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How a system notes that a file came from elsewhere: an extended attribute, or a stream of that name."""

    name: str
    value: bytes
    stream: bool = False


def mark_of(platform: str) -> Mark:
    """The mark for `sys.platform`. Windows: zone 3, the internet. macOS: 0081, a download that nobody has looked at yet."""
    if platform == "win32":
        return Mark("Zone.Identifier", b"[ZoneTransfer]\r\nZoneId=3\r\n", stream=True)
    if platform == "darwin":
        return Mark("com.apple.quarantine", f"0081;{int(clock.now().timestamp()):08x};Deskbell;".encode())
    return Mark("user.xdg.origin.url", b"mailto:")


def write_private(folder: Path, name: str, data: bytes) -> Path:
    """Write a new file that only this user can read, marked as a download. Raises UserError, and then leaves none."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in _free_names(folder, safe_name(name)):
            with contextlib.suppress(FileExistsError):
                _write_new(path, data)
                return path
    except OSError as error:
        msg = said(
            "{name} cannot be saved in {folder}: {why}.",
            name=name,
            folder=folder,
            why=error.strerror or said("the disk does not say why"),
        )
        raise UserError(msg) from error
    msg = said("No free name for {name} in {folder}.", name=name, folder=folder)
    raise UserError(msg)


def _write_new(path: Path, data: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with os.fdopen(fd, "wb") as file:
            _mark(path)  # before there is anything in it that could be run
            file.write(data)
    except OSError:
        path.unlink(missing_ok=True)  # half a file would be taken for the whole one
        raise


def safe_name(filename: str) -> str:
    """A name for a file that came from outside: no path, no control or direction characters, not too long."""
    name = _UNSAFE.sub("_", plain_name(filename)).strip(" .") or "file"
    stem, dot, ending = name.rpartition(".")
    if (stem or ending).partition(".")[0].lower() in _RESERVED:
        name = f"_{name}"
    if len(_in_bytes(name)) <= _LONGEST:
        return name
    last = f"{dot}{ending[:10]}" if stem else ""
    return f"{_in_bytes(stem or ending)[: _LONGEST - len(_in_bytes(last))].decode('utf-8', 'ignore')}{last}"


def _in_bytes(name: str) -> bytes:
    return name.encode("utf-8", "ignore")


def remove(folder: Path) -> None:
    """Take away what was opened; a file that a program still holds stays until the next start."""
    shutil.rmtree(folder, ignore_errors=True)


def _free_names(folder: Path, name: str) -> Iterator[Path]:
    stem, ending = os.path.splitext(name)  # noqa: PTH122 - a name, not a path
    yield folder / name
    yield from (folder / f"{stem} ({number}){ending}" for number in range(2, 1000))


def _mark(path: Path) -> None:
    mark = mark_of(sys.platform)
    with contextlib.suppress(OSError):
        if mark.stream:
            Path(f"{path}:{mark.name}").write_bytes(mark.value)
        elif sys.platform == "darwin":
            _set_on_mac(path, mark)
        elif hasattr(os, "setxattr"):
            os.setxattr(path, mark.name, mark.value)


def _set_on_mac(path: Path, mark: Mark) -> None:
    import ctypes

    libc = ctypes.CDLL(None)
    libc.setxattr(os.fsencode(path), mark.name.encode(), mark.value, ctypes.c_size_t(len(mark.value)), 0, 0)
