"""Writing a desk into one file while others work with it: database first, packs after it, then everything read again.

The database is copied at one moment (`copy_database`); packs only grow, so whatever the copy points to is in them
afterwards. The file gets its name only when it has been opened like any other backup, and every byte in it has the
sha256 of what was put in. Nothing is packed: a disk is faster than a packer, and mail is mostly packed attachments. Passwords go
in only under a passphrase.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from app.kernel.errors import UserError
from app.kernel.files.blobs import Packs
from app.kernel.files.disk import storage_error, sync_file, sync_folder
from app.kernel.maintenance.archive import form
from app.kernel.maintenance.archive.aside import Aside, Digest, Steady, forget_cached
from app.kernel.maintenance.archive.form import Entry, Going, Manifest, StoppedError
from app.kernel.maintenance.archive.reading import opened
from app.kernel.maintenance.archive.sealing import SealedWriter, check_passphrase
from app.kernel.maintenance.backup import BackupStoppedError, copy_database
from app.kernel.maintenance.description import Source
from app.kernel.sentences import said, words_of


@dataclass(frozen=True, slots=True)
class Written:
    """A finished file: its size in bytes, and what it says of itself."""

    size: int
    manifest: Manifest


def write_archive(
    source: Source,
    target: Path,
    now: datetime,
    *,
    replace: bool = False,
    passphrase: str | None = None,
    secrets: Mapping[str, str] | None = None,
    going: Going = lambda _done, _of: True,
) -> Written | None:
    """Write the desk to `target` beside live writers; None when `going` ended it. Raises UserError, StorageError.

    An existing file is refused unless `replace`; without success nothing is at `target` that was not there before.
    `secrets` need a passphrase.
    """
    check_target(target, replace=replace)
    if passphrase is not None:
        check_passphrase(passphrase)
    if secrets and passphrase is None:
        msg = "Passwords go into a backup only under a passphrase."
        raise UserError(msg)
    part, folder = _unfinished(target)
    try:
        with contextlib.ExitStack() as stack:
            shutil.rmtree(folder, ignore_errors=True)  # what a killed run left is found by its name
            folder.mkdir(mode=0o700)
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            stack.callback(part.unlink, missing_ok=True)
            manifest = _Writing(source, folder, part, now, passphrase, dict(secrets or {}), going).run()
            part.replace(target)
        sync_folder(target.parent)
        return Written(target.stat().st_size, manifest)
    except (StoppedError, BackupStoppedError):
        return None
    except OSError as error:
        why = words_of(storage_error(error))
        msg = said("The backup could not be written to {file}. {why}", file=target, why=why)
        raise UserError(msg) from error


def clear_away(target: Path) -> None:
    """Take away what a run that was killed left beside `target`; what cannot be taken away is left to the next run."""
    part, folder = _unfinished(target)
    shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):
        part.unlink(missing_ok=True)


def _unfinished(target: Path) -> tuple[Path, Path]:
    """Where a file is written, and the folder for the copy of the database meanwhile."""
    return target.with_name(target.name + ".part"), target.with_name(f".{target.name}.making")


def check_target(target: Path, *, replace: bool) -> None:
    """Raises UserError for a place where no file can be written, or where one is that was not agreed to."""
    if target.is_dir():
        example = target / f"desk{form.SUFFIX}"
        msg = said("{file} is a folder. Name a file, for example {example}.", file=target, example=example)
        raise UserError(msg)
    if not target.parent.is_dir():
        msg = said("There is no folder {folder}. Name a file in a folder that exists.", folder=target.parent)
        raise UserError(msg)
    if target.exists() and not replace:
        msg = said("{file} exists already. Name another file, or use --replace.", file=target)
        raise UserError(msg)


class _Writing:
    """One run: what is known so far, and how far it is. Everything is gone through twice: written, and read again."""

    def __init__(
        self,
        source: Source,
        folder: Path,
        part: Path,
        now: datetime,
        passphrase: str | None,
        secrets: dict[str, str],
        going: Going,
    ) -> None:
        self._source, self._folder, self._part, self._now = source, folder, part, now
        self._passphrase, self._secrets, self._going = passphrase, secrets, going
        self._entries: dict[str, Entry] = {}
        self._done = 0
        self._total = 2 * self._guess()

    def run(self) -> Manifest:
        """Copy, write, read again. Raises StoppedError, UserError, OSError."""
        self._tell(0)
        copy = self._folder / form.DATABASE
        self._refuse_too_little_room()
        copy_database(self._source, copy, lambda: self._going(0, self._total))
        known = self._source.describe(copy)
        names = Packs(self._source.packs).names()
        sizes = {name: (self._source.packs / name).stat().st_size for name in names}
        self._total = 2 * (copy.stat().st_size + sum(sizes.values()))
        with Aside() as aside, self._file() as file, zipfile.ZipFile(file, "w") as archive:
            self._add(archive, form.DATABASE, copy, copy.stat().st_size, aside)
            for name in names:
                self._add(archive, form.PACKS + name, self._source.packs / name, sizes[name], aside)
            if self._secrets:
                self._add_bytes(archive, form.SECRETS, json.dumps(self._secrets).encode())
            who = (known.revision, known.workspace, known.about)
            manifest = Manifest(self._now, self._source.program, *who, self._entries)
            archive.writestr(form.MANIFEST, manifest.dump())
        self._read_again(manifest)
        return manifest

    @contextlib.contextmanager
    def _file(self) -> Iterator[IO[bytes]]:
        fd = os.open(self._part, os.O_RDWR | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(fd, "w+b") as file, Aside() as aside:
            self._steady = Steady(aside, fd)
            if self._passphrase is None:
                yield file
            else:
                with SealedWriter(file, self._passphrase) as sealed:
                    yield sealed  # type: ignore[misc]  # a raw stream is all that zipfile needs
                    sealed.finish()
            aside.wait()
            file.flush()
            sync_file(fd)
            if os.fstat(fd).st_dev != self._source.database.stat().st_dev:
                forget_cached(fd)  # a stick is believed when it has been read, not what memory has of it

    def _add(self, archive: zipfile.ZipFile, name: str, path: Path, size: int, aside: Aside) -> None:
        """A file as long as it was when the database was copied; what came since belongs to nothing in the copy."""
        digest, left = Digest(aside), size
        with path.open("rb") as source, archive.open(name, "w", force_zip64=True) as entry:
            while left > 0:
                chunk = source.read(min(form.CHUNK, left))
                if not chunk:
                    msg = said(
                        "The pack {name} became shorter while it was read. Run “deskbell check”.", name=path.name
                    )
                    raise UserError(msg)
                digest.update(chunk)
                entry.write(chunk)
                left -= len(chunk)
                self._steady.grown(len(chunk))
                self._tell(len(chunk))
        self._entries[name] = Entry(size, digest.hexdigest())

    def _add_bytes(self, archive: zipfile.ZipFile, name: str, data: bytes) -> None:
        archive.writestr(name, data)
        self._entries[name] = Entry(len(data), hashlib.sha256(data).hexdigest())

    def _read_again(self, written: Manifest) -> None:
        """Open what was written as any reader does. The database in it was opened and looked through when it was copied."""
        half = self._total // 2
        with opened(self._part, self._passphrase) as archive:
            archive.check(lambda done, _of: self._going(min(half + done, self._total), self._total))
            same = archive.manifest.entries == written.entries
        if not same:
            msg = "The backup was written, but the disk gives back something else. Check that disk, or use another one."
            raise UserError(msg)

    def _tell(self, more: int) -> None:
        self._done += more
        if not self._going(min(self._done, self._total), self._total):
            raise StoppedError

    def _guess(self) -> int:
        packs = sum((self._source.packs / name).stat().st_size for name in Packs(self._source.packs).names())
        return self._source.database.stat().st_size + packs

    def _refuse_too_little_room(self) -> None:
        """The copy of the database is there twice for a while."""
        wants, free = self._guess() + self._source.database.stat().st_size, shutil.disk_usage(self._folder).free
        if free < wants:
            msg = said(
                "There is too little room in {folder}: the backup needs about {wants} MB, and {free} MB are free. "
                "Choose another disk, or free some space.",
                folder=self._part.parent,
                wants=round(wants / 1e6),
                free=round(free / 1e6),
            )
            raise UserError(msg)
