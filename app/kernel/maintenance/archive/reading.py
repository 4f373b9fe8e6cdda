"""Reading a `.deskbell` file, which may come from anywhere: damaged, cut, or made to do harm.

Nothing in it is believed before it was compared. The directory is bounded before it is read; only names that we know
are looked at, and a name is never a path; no entry gives more bytes than the manifest says, and no manifest may ask
for more than the disk has; every byte must have its sha256. The database that comes out is not opened here, see
`soundness.examine`.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final

from app.kernel.errors import UserError
from app.kernel.files.disk import storage_error, sync_file
from app.kernel.maintenance.archive import form
from app.kernel.maintenance.archive.aside import Aside, Digest
from app.kernel.maintenance.archive.form import ArchiveDamagedError, Entry, Going, Manifest, StoppedError, read_manifest
from app.kernel.maintenance.archive.sealing import PassphraseNeededError, SealDamagedError, SealedReader, is_sealed
from app.kernel.sentences import said, words_of

ROOM_TO_SPARE: Final = 64 * 1024 * 1024
_END: Final = struct.Struct("<4sHHHHLLH")
_LOCATOR, _END64 = b"PK\x06\x07", struct.Struct("<4sQHHLLQQQQ")
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    ValueError,
    RuntimeError,
    NotImplementedError,
    struct.error,
    SealDamagedError,
    RecursionError,
    AttributeError,
    TypeError,
)


class Archive:
    """An open backup file: what it says of itself, and its entries."""

    def __init__(self, name: str, archive: zipfile.ZipFile, *, sealed: bool) -> None:
        self._name, self._archive, self.sealed = name, archive, sealed
        self._infos = {info.filename: info for info in archive.infolist()}
        if len(self._infos) != len(archive.infolist()):
            raise ValueError(name)  # a name twice: two readers might see two files
        with self._open(form.MANIFEST) as file:
            raw = file.read(form.MOST_MANIFEST + 1)
        if len(raw) > form.MOST_MANIFEST:
            raise ValueError(name)
        self.manifest: Manifest = read_manifest(raw)

    def check(self, going: Going = lambda _done, _of: True) -> None:
        """Read every byte. Raises ArchiveDamagedError, StoppedError."""
        with _told(self._name):
            self._each(lambda _name: None, going)

    def unpack(self, folder: Path, going: Going = lambda _done, _of: True) -> dict[str, str]:
        """Write database and packs into `folder` (private, empty); the secrets that were within.

        Raises ArchiveDamagedError, StoppedError, and UserError when the disk has no room for it.
        """
        _refuse_too_much(folder, self.manifest.size)
        with _told(self._name):
            (folder / form.PACKS).mkdir(mode=0o700)
            self._each(lambda name: None if name == form.SECRETS else _new_file(folder / name), going)
            return self._secrets()

    def _each(self, sink: Callable[[str], IO[bytes] | None], going: Going) -> None:
        whole, done = self.manifest.size, 0
        with Aside() as aside:
            for name, entry in self.manifest.entries.items():
                with contextlib.ExitStack() as stack:
                    target = sink(name)
                    if target is not None:
                        stack.enter_context(target)
                    self._one(name, entry, target, aside, lambda more, before=done: going(before + more, whole))  # type: ignore[misc]
                done += entry.size

    def _one(
        self, name: str, entry: Entry, target: IO[bytes] | None, aside: Aside, goes_on: Callable[[int], bool]
    ) -> None:
        """Read one entry, into `target` if there is one; it must be what the manifest says."""
        digest, done = Digest(aside), 0
        with self._open(name) as source:
            while chunk := source.read(min(form.CHUNK, entry.size - done + 1)):
                done += len(chunk)
                if done > entry.size:
                    raise ValueError(name)  # more than it said
                digest.update(chunk)
                if target is not None:
                    target.write(chunk)
                if not goes_on(done):
                    raise StoppedError
        if target is not None:
            target.flush()
            sync_file(target.fileno())
        if done != entry.size or digest.hexdigest() != entry.sha256:
            raise ValueError(name)

    def _secrets(self) -> dict[str, str]:
        """Passwords by their names in the keyring; believed only under a passphrase."""
        entry = self.manifest.entries.get(form.SECRETS)
        if entry is None or not self.sealed or entry.size > form.MOST_SECRETS:
            return {}
        with self._open(form.SECRETS) as file:
            plain = json.loads(file.read(form.MOST_SECRETS))
        return {str(ref): str(secret) for ref, secret in plain.items() if isinstance(secret, str)}

    def _open(self, name: str) -> IO[bytes]:
        info = self._infos[name]
        if info.flag_bits & 0x1 or info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise ValueError(name)
        return self._archive.open(info)


@contextlib.contextmanager
def opened(source: Path, passphrase: str | None = None) -> Iterator[Archive]:
    """Open a backup file. Raises ArchiveDamagedError, PassphraseNeededError, WrongPassphraseError, UserError."""
    with contextlib.ExitStack() as stack:
        if source.is_dir():
            msg = said("{file} is a folder. Choose the backup file in it.", file=source)
            raise UserError(msg)
        with _told(source.name):
            file: IO[bytes] = stack.enter_context(source.open("rb"))
            sealed = is_sealed(file)
            if sealed:
                if passphrase is None:
                    msg = "This backup is locked with a passphrase. Type the one that was chosen when it was made."
                    raise PassphraseNeededError(msg)
                file = stack.enter_context(io.BufferedReader(SealedReader(file, passphrase), 1 << 16))
            _refuse_odd_directory(file)
            archive = Archive(source.name, stack.enter_context(zipfile.ZipFile(file)), sealed=sealed)
        yield archive


@contextlib.contextmanager
def _told(name: str) -> Iterator[None]:
    """Whatever a broken file does to its readers, as one sentence."""
    try:
        yield
    except _BROKEN as error:
        msg = said(
            "{name} is not a Deskbell backup, or it is damaged. Choose another file; nothing was changed.", name=name
        )
        raise ArchiveDamagedError(msg) from error
    except OSError as error:
        is_the_file = bool(error.filename) and Path(error.filename).name == name
        if isinstance(error, FileNotFoundError) and is_the_file:
            msg = said("There is no file {file}.", file=error.filename)
            raise UserError(msg) from error
        if isinstance(error, PermissionError) and is_the_file:
            msg = said(
                "You may not read {file}. Ask whoever made it, or copy it with their rights.", file=error.filename
            )
            raise UserError(msg) from error
        msg = said(
            "The backup {name} could not be read or unpacked. {why}", name=name, why=words_of(storage_error(error))
        )
        raise UserError(msg) from error


def _refuse_odd_directory(file: IO[bytes]) -> None:
    """Our files end with the end of their directory, and it is small. Read before anything large is built from it."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _END.size - 20 - _END64.size))
    tail = file.read()
    end = _END.unpack(tail[-_END.size :])
    entries, directory = end[4], end[5]
    before = tail[: -_END.size]
    if before[-20:-16] == _LOCATOR:
        end64 = _END64.unpack(before[-20 - _END64.size : -20])
        entries, directory = end64[7], end64[8]
    wrong = end[0] != b"PK\x05\x06" or end[7]
    if wrong or entries > form.MOST_ENTRIES or directory > form.MOST_DIRECTORY:
        raise ValueError(entries)
    file.seek(0)


def _refuse_too_much(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if size + ROOM_TO_SPARE > free:
        msg = said(
            "The backup needs {wants} MB unpacked, and only {free} MB are free here. "
            "Free some space and try again; nothing was changed.",
            wants=round(size / 1e6),
            free=round(free / 1e6),
        )
        raise UserError(msg)


def _new_file(target: Path) -> IO[bytes]:
    fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    return os.fdopen(fd, "wb")
