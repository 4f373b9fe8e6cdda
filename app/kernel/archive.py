"""A whole desk in one file that can be carried away: `deskbell backup FILE`, and back with `deskbell restore FILE`.

The file is a ZIP (its own checksums, readable by anything): `deskbell.json` (format, time), the database as one
consistent copy, and the packs as far as that copy points into them. Passwords are not in it; they stay in the keyring.
An archive is written under another name and renamed when it is whole; a restore is unpacked and checked beside the
workspace before anything there is moved, and what was there is set aside, never overwritten.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import zipfile
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from app.kernel import backup
from app.kernel.blobs import PACK_NAME, Packs, storage_error, sync_file, sync_folder
from app.kernel.errors import UserError

FORMAT = 1
SUFFIX = ".deskbell"
_MANIFEST, _DATABASE, _PACKS = "deskbell.json", "deskbell.sqlite", "packs/"
_CHUNK = 1 << 20


def write_archive(database: Path, packs: Path, target: Path, now: datetime, *, replace: bool = False) -> int:
    """Write the desk to `target` beside live writers; its size in bytes. Raises UserError, StorageError.

    An existing file is refused unless `replace`; without success nothing is at `target` that was not there before.
    """
    if target.is_dir():
        msg = f"{target} is a folder. Name a file, for example {target / ('desk' + SUFFIX)}."
        raise UserError(msg)
    if target.exists() and not replace:
        msg = f"{target} exists already. Name another file, or use --replace."
        raise UserError(msg)
    part = target.with_name(target.name + ".part")
    try:
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=target.parent, prefix=".deskbell-")))
            stack.callback(part.unlink, missing_ok=True)
            copy = folder / _DATABASE
            backup.copy_database(database, copy)
            _pack(copy, packs, part, now)
            part.replace(target)
        sync_folder(target.parent)
        return target.stat().st_size
    except OSError as error:
        msg = f"The backup could not be written to {target}. {storage_error(error)}"
        raise UserError(msg) from error


def restore_archive(source: Path, database: Path, packs: Path, *, replace: bool = False) -> datetime:
    """Put the desk of an archive in place; when it was made. The caller holds the workspace exclusively.

    Raises UserError if the file is no archive, is damaged, or was made by a newer version, or if there is a desk
    already and `replace` is false. Until the whole archive has been unpacked and checked nothing is moved.
    """
    if database.exists() and not replace:
        msg = "There is a desk here already. Use --replace to put the backup in its place; what is there is set aside."
        raise UserError(msg)
    try:
        folder = Path(tempfile.mkdtemp(dir=database.parent, prefix="restore-"))
        try:
            made = _unpack(source, folder)
            names = sorted(path.name for path in (folder / _PACKS).iterdir())
            lengths = {name: (folder / _PACKS / name).stat().st_size for name in names}
            unpacked = backup.BackupResult(folder / _DATABASE, made, "archive", lengths)
            backup.restore(unpacked, database, packs)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, RuntimeError) as error:
        msg = f"{source} is not a Deskbell backup, or it is damaged. Choose another file; nothing was changed."
        raise UserError(msg) from error
    except OSError as error:
        msg = f"The backup {source} could not be restored. {storage_error(error)}"
        raise UserError(msg) from error
    return made


def _pack(copy: Path, packs: Path, part: Path, now: datetime) -> None:
    fd = os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(fd, "w+b") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            manifest = {"format": FORMAT, "made_at": now.astimezone(UTC).isoformat()}
            archive.writestr(_MANIFEST, json.dumps(manifest))
            _add(archive, _DATABASE, copy)
            for name in Packs(packs).names():
                _add(archive, _PACKS + name, packs / name)
        file.flush()
        sync_file(file.fileno())


def _add(archive: zipfile.ZipFile, name: str, path: Path) -> None:
    """A file as long as it is now; what is appended meanwhile belongs to nothing in the copied database."""
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o100600 << 16
    left = path.stat().st_size
    with path.open("rb") as source, archive.open(info, "w", force_zip64=True) as entry:
        while left > 0 and (chunk := source.read(min(_CHUNK, left))):
            entry.write(chunk)
            left -= len(chunk)


def _unpack(source: Path, folder: Path) -> datetime:
    with zipfile.ZipFile(source) as archive:
        manifest = json.loads(archive.read(_MANIFEST))
        if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
            msg = f"{source} was made by a newer version of Deskbell. Update Deskbell, then restore it."
            raise UserError(msg)
        (folder / _PACKS).mkdir(mode=0o700)
        for info in archive.infolist():
            name = info.filename.removeprefix(_PACKS)
            if info.filename == _DATABASE or (name != info.filename and PACK_NAME.fullmatch(name)):
                with archive.open(info) as entry:
                    _save(entry, folder / info.filename)
        return datetime.fromisoformat(str(manifest["made_at"])).astimezone(UTC)


def _save(entry: IO[bytes], target: Path) -> None:
    """Reading to the end also checks the archive's own checksum."""
    fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(fd, "wb") as file:
        shutil.copyfileobj(entry, file, _CHUNK)
        file.flush()
        sync_file(file.fileno())
