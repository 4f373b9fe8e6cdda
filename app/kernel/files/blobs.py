"""Raw mails and files, stored once and as they came, in append-only pack files beside the database.

A row points to a record by pack, offset, length and sha256. `flush` makes a batch durable *before* the rows that
point into it are committed, so a row never points at bytes that a power cut took. Every process appends only to packs
of its own, claimed by an operating-system lock on the pack; therefore no two writers meet in a file, and only the
owner ever cuts what a crash left half-written at the end, when it next claims the pack.

A record is: magic (4 bytes), length of the data (8, little endian), sha256 of the data (32), flags (1), data. Flag 1 is
kept for authenticated encryption; a reader refuses flags that it does not know.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import re
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.kernel import ids
from app.kernel.files import disk
from app.kernel.files.disk import StorageError, read_at, storage_error, sync_folder, write_at
from app.kernel.files.locks import lock_file
from app.kernel.sentences import said

MAGIC: Final = b"DBr1"
HEADER: Final = struct.Struct("<4sQ32sB")
PACK_LIMIT: Final = 512 * 1024 * 1024  # a pack that would grow past this is left, and another begun
SUFFIX: Final = ".pack"

PACK_NAME = re.compile(r"[0-9a-f]{32}\.pack")
_BINARY = getattr(os, "O_BINARY", 0)
_CHUNK = 1 << 20


class BlobDamaged(StorageError):  # noqa: N818 - the state of a blob
    """What a row points to is missing, or is no longer what was stored."""


@dataclass(frozen=True, slots=True)
class BlobRef:
    """Where a blob is: the pack's file name, the offset of its record, the length of its data, the data's sha256."""

    pack: str
    offset: int
    length: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Scanned:
    """One record met while reading a pack from its beginning; `problem` is empty for a sound one."""

    ref: BlobRef
    problem: str


class _Pack:
    """The pack that this process appends to."""

    def __init__(self, path: Path, fd: int, size: int) -> None:
        self.path = path
        self.fd = fd
        self.size = size
        self.flushed = size

    def append(self, header: bytes, data: bytes) -> int:
        start = self.size
        try:
            write_at(self.fd, start, header, data)
        except OSError:
            os.ftruncate(self.fd, start)  # a half-written record is never counted
            raise
        self.size += len(header) + len(data)
        return start

    def flush(self) -> None:
        if self.flushed != self.size:
            disk.sync_file(self.fd)
            self.flushed = self.size


class Packs:
    """All packs of a workspace to read, and one of this process's own to append to. Safe to use from many threads."""

    def __init__(self, folder: Path, *, limit: int = PACK_LIMIT) -> None:
        self.folder = folder
        self._limit = limit
        self._guard = threading.Lock()
        self._own: _Pack | None = None

    def append(self, data: bytes) -> BlobRef:
        """Write one record; it is durable only after `flush`. Raises StorageError, after which nothing was added."""
        digest = hashlib.sha256(data).digest()
        header = HEADER.pack(MAGIC, len(data), digest, 0)
        with self._guard:
            try:
                pack = self._room_for(len(header) + len(data))
                offset = pack.append(header, data)
            except OSError as error:
                self._leave_if_torn()
                raise storage_error(error) from error
        return BlobRef(pack.path.name, offset, len(data), digest)

    def flush(self) -> None:
        """Make everything appended so far durable; call it once a batch. Raises StorageError: then nothing of it counts."""
        with self._guard:
            if self._own is None:
                return
            try:
                self._own.flush()
            except OSError as error:
                # After a failed fsync the system may have dropped the pages: this pack is not trusted to go on.
                self._drop()
                raise storage_error(error) from error

    def read(self, ref: BlobRef) -> bytes:
        """The data of a blob, checked against its sha256. Raises BlobDamaged; StorageError if the disk cannot be read."""
        data = self.read_range(ref, 0, ref.length)
        if hashlib.sha256(data).digest() != ref.sha256:
            raise _damaged(ref, "its bytes have changed")
        return data

    def read_range(self, ref: BlobRef, start: int, length: int) -> bytes:
        """`length` bytes of the data from `start`, fewer at its end. The frame is checked, the sha256 cannot be."""
        start = min(max(start, 0), ref.length)
        length = min(max(length, 0), ref.length - start)
        fd = self._open(ref)
        try:
            found = read_at(fd, HEADER.size, ref.offset)
            if len(found) < HEADER.size:
                raise _damaged(ref, "the pack is too short")
            magic, stored, digest, flags = HEADER.unpack(found)
            if (magic, stored, digest) != (MAGIC, ref.length, ref.sha256):
                raise _damaged(ref, "another record is in its place")
            if flags:
                msg = "This copy was stored by a newer version of Deskbell. Please update Deskbell to open it."
                raise StorageError(msg)
            data = read_at(fd, length, ref.offset + HEADER.size + start)
        except OSError as error:
            raise storage_error(error) from error
        finally:
            os.close(fd)
        if len(data) < length:
            raise _damaged(ref, "the pack is too short")
        return data

    def names(self) -> list[str]:
        """The file names of all packs, oldest first."""
        try:
            found = [path.name for path in self.folder.iterdir()]
        except FileNotFoundError:
            return []
        return sorted(name for name in found if PACK_NAME.fullmatch(name))

    def scan(self, pack: str) -> Iterator[Scanned]:
        """Every record of a pack with what is wrong with it, in order; bytes that are no record are one damaged entry.

        A record being written at this moment by another process may show as incomplete at the end.
        """
        path = self._path(pack)
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            offset = 0
            while offset < size:
                file.seek(offset)
                header = file.read(HEADER.size)
                end, problem, digest = offset, "", b""
                if len(header) == HEADER.size and header.startswith(MAGIC):
                    _, length, digest, _flags = HEADER.unpack(header)
                    end = offset + HEADER.size + length
                    if end > size:
                        end, problem = size, "incomplete"
                    elif _digest(file.fileno(), offset + HEADER.size, length) != digest:
                        problem = "its bytes have changed"
                else:
                    end, problem = _next_record(file.fileno(), offset + 1, size), "not a record"
                yield Scanned(BlobRef(pack, offset, max(end - offset - HEADER.size, 0), digest), problem)
                offset = end

    def close(self) -> None:
        """Flush and give the own pack free for the next process. Appending again claims one again."""
        with self._guard:
            own = self._own
            if own is None:
                return
            try:
                own.flush()
            except OSError as error:
                raise storage_error(error) from error
            finally:
                self._drop()

    def _path(self, pack: str) -> Path:
        if not PACK_NAME.fullmatch(pack):
            msg = said("“{pack}” is not the name of a pack.", pack=pack)
            raise BlobDamaged(msg)
        return self.folder / pack

    def _open(self, ref: BlobRef) -> int:
        try:
            return os.open(self._path(ref.pack), os.O_RDONLY | _BINARY)
        except FileNotFoundError as error:
            raise _damaged(ref, "its pack is missing") from error
        except OSError as error:
            raise storage_error(error) from error

    def _room_for(self, size: int) -> _Pack:
        own = self._own
        if own is not None and own.size and own.size + size > self._limit:
            try:
                own.flush()
            finally:
                self._drop()  # also after a failed fsync: a second one would say that all is well, and it need not be
            own = None
        if own is None:
            own = self._own = self._claim(size)
        return own

    def _claim(self, size: int) -> _Pack:
        """An existing pack that nobody holds and that has room, or else a new one."""
        for name in reversed(self.names()):
            path = self.folder / name
            try:
                if path.stat().st_size + size > self._limit:
                    continue
                fd = os.open(path, os.O_RDWR | _BINARY)
            except OSError:
                continue
            pack = self._adopt(path, fd)
            if pack:
                return pack
            os.close(fd)
        path = self.folder / f"{ids.new_id().hex}{SUFFIX}"
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _BINARY, 0o600)
        lock_file(fd)
        sync_folder(self.folder)
        return _Pack(path, fd, 0)

    def _adopt(self, path: Path, fd: int) -> _Pack | None:
        """Lock an existing pack and cut its torn tail; None if it is not ours to take or not sound enough to go on."""
        try:
            if not lock_file(fd) or not os.fstat(fd).st_nlink:
                return None
            size = os.fstat(fd).st_size
            end = _sound_end(fd, size)
            if end is None:
                return None
            if end < size:
                os.ftruncate(fd, end)
                disk.sync_file(fd)
        except OSError:
            return None
        return _Pack(path, fd, end)

    def _leave_if_torn(self) -> None:
        """After a failed write: keep the pack only if it ends where we know it ends."""
        own = self._own
        if own is not None and os.fstat(own.fd).st_size != own.size:
            self._drop()

    def _drop(self) -> None:
        own, self._own = self._own, None
        if own is not None:
            os.close(own.fd)  # the lock goes with it


def _sound_end(fd: int, size: int) -> int | None:
    """Where the last whole record ends, if all that follows is what a crash leaves; None if it is damage of another kind.

    Torn is: a frame that goes on past the end of the file, or nothing but zeros (a file system may grow a file before
    its bytes arrive) - and no whole record after it. Anything else might be a damaged record that a row points to, and
    is never cut: that pack is left as it is.
    """
    offset = 0
    while offset < size:
        header = read_at(fd, HEADER.size, offset)
        if len(header) == HEADER.size and header.startswith(MAGIC):
            end = offset + HEADER.size + HEADER.unpack(header)[1]
            if end <= size:
                offset = end
                continue
        elif (
            not MAGIC.startswith(header[: len(MAGIC)]) and not header.startswith(MAGIC) and not _zeros(fd, offset, size)
        ):
            return None
        return None if _next_record(fd, offset + 1, size) < size else offset
    return offset


def _zeros(fd: int, start: int, size: int) -> bool:
    while start < size:
        chunk = read_at(fd, min(_CHUNK, size - start), start)
        if chunk.strip(b"\0"):
            return False
        start += len(chunk)
    return True


def _next_record(fd: int, start: int, size: int) -> int:
    """The offset of the next whole record whose sha256 is right, at or after `start`; `size` if there is none."""
    if start >= size:
        return size
    with mmap.mmap(fd, size, access=mmap.ACCESS_READ) as view:
        found = view.find(MAGIC, start)
        while 0 <= found <= size - HEADER.size:
            _, length, digest, _flags = HEADER.unpack_from(view, found)
            begin = found + HEADER.size
            if begin + length <= size and hashlib.sha256(view[begin : begin + length]).digest() == digest:
                return found
            found = view.find(MAGIC, found + 1)
    return size


def _digest(fd: int, start: int, length: int) -> bytes:
    digest = hashlib.sha256()
    end = start + length
    while start < end:
        chunk = read_at(fd, min(_CHUNK, end - start), start)
        if not chunk:
            break
        digest.update(chunk)
        start += len(chunk)
    return digest.digest()


def _damaged(ref: BlobRef, why: str) -> BlobDamaged:
    pattern = "The stored copy is damaged: {why} (pack {pack}, offset {offset})."
    return BlobDamaged(said(pattern, why=said(why), pack=ref.pack, offset=str(ref.offset)))
