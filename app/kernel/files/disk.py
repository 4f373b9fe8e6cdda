"""Bytes onto the disk and back: at a place of a file, made durable, and in plain words what the disk says when it fails."""

from __future__ import annotations

import errno
import os
import sys
import threading
from pathlib import Path

from app.kernel.errors import UserError
from app.kernel.sentences import said


class StorageError(UserError):
    """The disk did not take or give the bytes; the text says why and what to do."""


def write_at(fd: int, offset: int, header: bytes, data: bytes) -> None:
    """One system call for a record, without copying its data where the system allows that."""
    if sys.platform == "win32":
        os.lseek(fd, offset, os.SEEK_SET)
        written = os.write(fd, header + data)
    else:
        written = os.pwritev(fd, [header, data], offset)
    total = len(header) + len(data)
    if written < total:  # a signal or an almost full disk: the rest either goes in or says why not
        rest = memoryview(header + data)
        while written < total:
            os.lseek(fd, offset + written, os.SEEK_SET)
            done = os.write(fd, rest[written:])
            if not done:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            written += done


if sys.platform == "win32":
    _SEEK_GUARD = threading.Lock()

    def read_at(fd: int, length: int, offset: int) -> bytes:
        """So many bytes from a place; fewer at the end of the file."""
        parts = []
        with _SEEK_GUARD:
            os.lseek(fd, offset, os.SEEK_SET)
            while length and (part := os.read(fd, length)):
                parts.append(part)
                length -= len(part)
        return b"".join(parts)

else:

    def read_at(fd: int, length: int, offset: int) -> bytes:
        """So many bytes from a place; fewer at the end of the file."""
        data = os.pread(fd, length, offset)
        if len(data) == length or not data:
            return data
        parts = [data]
        got = len(data)
        while got < length and (part := os.pread(fd, length - got, offset + got)):
            parts.append(part)
            got += len(part)
        return b"".join(parts)


def sync_file(fd: int) -> None:
    """Bring an open file onto the disk itself; plain fsync on macOS stops at the drive's cache."""
    if sys.platform == "darwin":
        import fcntl

        try:
            fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
        except OSError:
            os.fsync(fd)
    else:
        os.fsync(fd)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable (a new file, a rename). Windows does that by itself."""
    if sys.platform != "win32":
        fd = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def storage_error(error: OSError) -> StorageError:
    """The plain words for what the disk said; nothing of what was written has been counted."""
    match error.errno:
        case errno.ENOSPC:
            text = "The disk is full. Free some space; Deskbell goes on by itself. Nothing was lost."
        case errno.EDQUOT:
            text = "Your share of the disk is used up. Free some space or ask for more. Nothing was lost."
        case errno.EROFS | errno.EACCES | errno.EPERM:
            text = "The workspace folder cannot be written. Give yourself the right to write there and try again."
        case errno.EFBIG:
            text = "The disk does not take files of this size. Move the workspace to another disk."
        case errno.ENOENT:
            text = "The folder “packs” of the workspace is missing. Restore it from a backup, or start Deskbell again."
        case _:
            text = said(
                "The disk reports an error ({words}). Check the disk and your latest backup.",
                words=error.strerror or "unknown",
            )
    return StorageError(text)
