"""Backups that are made every day beside live writers, and the check of a whole workspace.

The database is copied by `VACUUM INTO`, which sees one moment and never waits for a writer (the stepwise backup API
starts over at every write and may never end). Packs are append-only, so the store under `backups/packs` takes only what
it does not have: a hard link where the file system knows links (no space at all), else the bytes that are new. The
database is copied first, the packs after it: whatever the copy points to is then in the packs.

A backup counts from the moment its manifest has its name; a copy that was cut short leaves only `*.part` files, which
the next run removes. Layout: `backups/<time>-<kind>.sqlite`, `….json` (the manifest: packs and their lengths),
`backups/packs/`.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.kernel.blobs import SUFFIX, BlobRef, Packs, StorageError, storage_error, sync_file, sync_folder
from app.kernel.errors import UserError

logger = logging.getLogger(__name__)

DAILY = "daily"
UPGRADE = "upgrade"
KEEP_UPGRADES = 3
_DAY = timedelta(hours=20)  # a machine that is switched on a little earlier each morning still gets one a day
_STAMP = "%Y%m%dT%H%M%S%fZ"
_NAME = re.compile(r"(\d{8}T\d{12}Z)-([a-z]+)\.json")
_CHUNK = 1 << 20
_PROBLEM_LIMIT = 100


@dataclass(frozen=True, slots=True)
class BackupResult:
    """One finished backup: `packs` are the names and lengths (bytes) that belong to the database copy."""

    database: Path
    at: datetime
    kind: str
    packs: dict[str, int]

    @property
    def manifest(self) -> Path:
        return self.database.with_suffix(".json")

    @property
    def store(self) -> Path:
        """The folder with the packs of every backup."""
        return self.database.parent / "packs"


def daily_backup(database: Path, packs: Path, backups: Path, now: datetime, keep: int = 7) -> BackupResult | None:
    """Back up if the last daily one is a day old, then drop all but the newest `keep`. None if none was due.

    Raises UserError if the database is damaged, StorageError if the disk does not take it; earlier backups stay.
    """
    latest = last_backup(backups)
    if latest is not None and timedelta(0) <= now - latest < _DAY:
        return None
    result = _back_up(database, packs, backups, now, DAILY)
    prune(backups, keep)
    return result


def backup_before_upgrade(database: Path, packs: Path, backups: Path, now: datetime) -> BackupResult:
    """Back up whatever the age of the last one; kept apart from the daily ones. Raises as `daily_backup` does."""
    result = _back_up(database, packs, backups, now, UPGRADE)
    prune(backups)
    return result


def last_backup(backups: Path) -> datetime | None:
    """When the newest daily backup was made, or None."""
    return max((one.at for one in backups_in(backups) if one.kind == DAILY), default=None)


def backups_in(backups: Path) -> list[BackupResult]:
    """Every finished backup, oldest first; half-made ones do not count."""
    found = []
    for manifest in backups.glob("*.json"):
        name = _NAME.fullmatch(manifest.name)
        database = manifest.with_suffix(".sqlite")
        if name is None or not database.exists():
            continue
        try:
            packs = {str(pack): int(length) for pack, length in json.loads(manifest.read_bytes())["packs"].items()}
        except (OSError, ValueError, KeyError, AttributeError, TypeError):
            continue
        at = datetime.strptime(name[1], _STAMP).replace(tzinfo=UTC)
        found.append(BackupResult(database, at, name[2], packs))
    return sorted(found, key=lambda one: (one.at, one.kind))


def prune(backups: Path, keep: int = 7) -> None:
    """Remove all but the newest `keep` daily backups (upgrade backups: 3) and stored packs that none of those names."""
    all_of = backups_in(backups)
    kept: list[BackupResult] = []
    for kind, number in ((DAILY, keep), (UPGRADE, KEEP_UPGRADES)):
        of_kind = [one for one in all_of if one.kind == kind]
        kept += of_kind[-max(number, 1) :]
        for old in of_kind[: -max(number, 1)]:
            old.manifest.unlink(missing_ok=True)  # first: without it the rest does not count
            old.database.unlink(missing_ok=True)
    wanted = {name for one in kept for name in one.packs}
    for stored in (backups / "packs").glob(f"*{SUFFIX}"):
        if stored.name not in wanted:
            stored.unlink(missing_ok=True)


def restore(backup: BackupResult, database: Path, packs: Path) -> None:
    """Put a backup in the place of the workspace's database and packs. The caller holds the workspace exclusively.

    What was there is set aside (`….before-<number>`), never overwritten or removed. A pack that is there stays if it
    begins with the bytes of the backup's: packs only grow. Raises UserError if the backup itself is damaged.
    """
    problems = quick_check(backup.database)
    if problems:
        msg = f"The backup of {backup.at:%Y-%m-%d %H:%M} UTC is damaged ({problems[0]}). Choose another one."
        raise UserError(msg)
    fresh = database.with_name(database.name + ".part")
    for name, length in backup.packs.items():
        if _size(backup.store / name) < length:
            msg = f"The backup of {backup.at:%Y-%m-%d %H:%M} UTC lacks the pack {name}. Choose another one."
            raise UserError(msg)
    try:
        packs.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, length in backup.packs.items():
            there = packs / name
            if not _begins_alike(there, backup.store / name, length):
                part = there.with_name(name + ".part")
                _copy(backup.store / name, part, length)
                _set_aside(there)
                part.replace(there)
        _copy(backup.database, fresh, backup.database.stat().st_size)
        for end in ("-wal", "-shm", ""):
            _set_aside(database.with_name(database.name + end))
        fresh.replace(database)
        sync_folder(database.parent)
    except OSError as error:
        raise storage_error(error) from error


def integrity(database: Path, packs: Path, blobs: Iterable[tuple[str, BlobRef]]) -> list[str]:
    """What is wrong with the workspace's files, in words; empty if nothing is. Reads every byte, changes none.

    `blobs` are what the rows of the database point to: a name for messages to people, and where the bytes are.
    """
    problems = [f"database: {problem}" for problem in quick_check(database) or foreign_key_check(database)]
    store = Packs(packs)
    for name, ref in blobs:
        try:
            store.read(ref)
        except StorageError as error:
            problems.append(f"{name}: {error}")
    return problems


def quick_check(database: Path) -> list[str]:
    """What SQLite finds wrong in a database file, at most 100 lines; empty for a sound one. Never raises for damage."""
    try:
        with contextlib.closing(_connect(database)) as connection:
            rows = connection.execute(f"PRAGMA quick_check({_PROBLEM_LIMIT})").fetchall()
    except sqlite3.Error as error:
        return [str(error)]
    return [str(row[0]) for row in rows if row[0] != "ok"]


def foreign_key_check(database: Path) -> list[str]:
    """Rows that point to missing rows, at most 100; empty if there are none."""
    try:
        with contextlib.closing(_connect(database)) as connection:
            broken = connection.execute("PRAGMA foreign_key_check").fetchmany(_PROBLEM_LIMIT)
    except sqlite3.Error as error:
        return [str(error)]
    return [f"{table}: a row points to a missing row of {parent}" for table, _, parent, _ in broken]


def _back_up(database: Path, packs: Path, backups: Path, now: datetime, kind: str) -> BackupResult:
    stem = f"{now.astimezone(UTC).strftime(_STAMP)}-{kind}"
    final = backups / f"{stem}.sqlite"
    try:
        (backups / "packs").mkdir(mode=0o700, parents=True, exist_ok=True)
        _remove_parts(backups)
        with _discarded(backups / f"{stem}.sqlite.part") as copy:
            copy_database(database, copy)
            stored = _store_packs(packs, backups / "packs", _vouched(backups))
            copy.replace(final)
        manifest = backups / f"{stem}.json"
        try:
            _write_manifest(manifest, stored)
        except OSError:
            final.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _backup_error(error) from error
    logger.info("backup made: %s, %d packs", final.name, len(stored))
    return BackupResult(final, now.astimezone(UTC), kind, stored)


def _backup_error(error: OSError) -> StorageError:
    return StorageError(f"No backup was made, and the earlier ones are kept. {storage_error(error)}")


@contextlib.contextmanager
def _discarded(path: Path) -> Iterator[Path]:
    """A file that is gone afterwards unless it was given another name."""
    try:
        yield path
    finally:
        for end in ("", "-journal", "-wal", "-shm"):
            path.with_name(path.name + end).unlink(missing_ok=True)


def _remove_parts(backups: Path) -> None:
    for folder in (backups, backups / "packs"):
        for part in folder.glob("*.part*"):
            part.unlink(missing_ok=True)
    for orphan in backups.glob("*-*.sqlite"):
        if not orphan.with_suffix(".json").exists():
            orphan.unlink(missing_ok=True)


def _connect(database: Path) -> sqlite3.Connection:
    if not database.exists():
        msg = f"unable to open database file {database.name}"
        raise sqlite3.OperationalError(msg)
    uri = f"{database.absolute().as_uri()}?mode=ro"
    return sqlite3.connect(uri, uri=True, timeout=30, isolation_level=None)


def copy_database(database: Path, target: Path) -> None:
    """One consistent copy of a live database in a new, private file, checked. Raises UserError, StorageError, OSError."""
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # SQLite takes an empty file
    try:
        with contextlib.closing(_connect(database)) as connection:
            connection.execute("VACUUM INTO ?", (str(target),))
    except sqlite3.Error as error:
        raise _sqlite_error(error, target.parent) from error
    problems = quick_check(target)
    if problems:
        msg = (
            f"The database is damaged ({problems[0]}), so no new backup was made and the earlier ones are kept. "
            f"Run “deskbell check”, then restore a backup."
        )
        raise UserError(msg)
    with target.open("rb+") as file:
        sync_file(file.fileno())


def _sqlite_error(error: sqlite3.Error, backups: Path) -> Exception:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return StorageError("No backup was made: the disk is full. Free some space; the earlier backups are kept.")
    if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}:
        return StorageError(f"No backup was made: {backups} cannot be written, or the database cannot be opened.")
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        msg = (
            "The database is damaged, so no new backup was made and the earlier ones are kept. Run “deskbell check”, "
            "then restore a backup."
        )
        return UserError(msg)
    return StorageError(f"No backup was made: the database reports “{error}”. The earlier backups are kept.")


def _vouched(backups: Path) -> dict[str, int]:
    """How much of each stored pack an earlier, finished backup brought onto the disk."""
    found: dict[str, int] = {}
    for one in backups_in(backups):
        for name, length in one.packs.items():
            found[name] = max(length, found.get(name, 0))
    return found


def _store_packs(packs: Path, store: Path, vouched: dict[str, int]) -> dict[str, int]:
    """Bring the store up to date; the names and lengths that are in it now."""
    stored = {}
    for name in Packs(packs).names():
        source, target = packs / name, store / name
        length = source.stat().st_size
        if not (target.exists() and source.samefile(target)):
            _bring(source, target, length, vouched.get(name, 0))
        stored[name] = length
    sync_folder(store)
    return stored


def _bring(source: Path, target: Path, length: int, vouched: int) -> None:
    have = min(target.stat().st_size, vouched, length) if target.exists() else 0
    if not have:
        target.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            target.hardlink_to(source)
            return
    _copy(source, target, length, start=have)


def _copy(source: Path, target: Path, length: int, start: int = 0) -> None:
    """Bytes `start` to `length` of a file, onto the disk; whole copies begin anew."""
    fd = os.open(target, os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
    with source.open("rb") as read, os.fdopen(fd, "wb") as write:
        write.truncate(start)
        read.seek(start)
        write.seek(start)
        left = length - start
        while left > 0 and (chunk := read.read(min(_CHUNK, left))):
            write.write(chunk)
            left -= len(chunk)
        write.flush()
        sync_file(write.fileno())


def _write_manifest(manifest: Path, stored: dict[str, int]) -> None:
    with _discarded(manifest.with_name(manifest.name + ".part")) as part:
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            json.dump({"packs": stored}, file, indent=1, sort_keys=True)
            file.flush()
            sync_file(file.fileno())
        part.replace(manifest)
    sync_folder(manifest.parent)


def _begins_alike(one: Path, other: Path, length: int) -> bool:
    """Are the first `length` bytes of both files there and the same?"""
    if min(_size(one), _size(other)) < length:
        return False
    if one.samefile(other):
        return True
    with one.open("rb") as first, other.open("rb") as second:
        while length > 0:
            size = min(_CHUNK, length)
            if first.read(size) != second.read(size):
                return False
            length -= size
    return True


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else -1


def _set_aside(path: Path) -> None:
    """Rename what is there, so that nothing is ever overwritten."""
    if not path.exists():
        return
    number = 1
    while (aside := path.with_name(f"{path.name}.before-{number}")).exists():
        number += 1
    path.rename(aside)
