"""Backups that are made every day beside live writers, in a folder of the desk and in one on another disk.

The database is copied by `VACUUM INTO`, which sees one moment and never waits for a writer (the stepwise backup API
starts over at every write and may never end). Packs are append-only, so the store under `packs` takes only what it does
not have: a hard link where the file system knows links (no space at all), else the bytes that are new, which are then
read again. The database is copied first, the packs after it: whatever the copy points to is then in the packs.

A backup counts from the moment its manifest has its name; a copy that was cut short leaves only `*.part` files, which
the next run removes. Layout: `<time>-<kind>.sqlite`, `….json` (the manifest: packs and their lengths, what the desk
is), `packs/`.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.kernel.errors import UserError
from app.kernel.files.arrivals import put_into_copy, waiting_in
from app.kernel.files.blobs import SUFFIX, Packs
from app.kernel.files.disk import StorageError, storage_error, sync_file, sync_folder
from app.kernel.files.integrity import connect, quick_check
from app.kernel.maintenance import retention
from app.kernel.maintenance.description import About, Described, Source, clean
from app.kernel.program.background import STEP, bring
from app.kernel.sentences import said, words_of
from app.kernel.state.settings import Setting, declare

logger = logging.getLogger(__name__)

BACKUP_EVERY = declare(
    Setting("backup_every", str, "daily", "How often there is a backup", "device", choices=("daily", "weekly", "off"))
)
BACKUP_FOLDER = declare(Setting("backup_folder", str, "", "Second place for backups, best on another disk", "device"))

DAILY = "daily"
UPGRADE = "upgrade"
KEEP_UPGRADES = 3
_DAY = timedelta(hours=20)  # a machine that is switched on a little earlier each morning still gets one a day
_STAMP = "%Y%m%dT%H%M%S%fZ"
_NAME = re.compile(r"(\d{8}T\d{12}Z)-([a-z]+)\.json")
_CHUNK = 1 << 20
_STEPS_OF_SQLITE = 50_000

Going = Callable[[], bool]
"""Says whether to go on."""


class BackupStoppedError(Exception):
    """Nobody wants this backup any more; nothing is left of it."""


@dataclass(frozen=True, slots=True)
class BackupResult:
    """One finished backup: `packs` are the names and lengths (bytes) that belong to the database copy."""

    database: Path
    at: datetime
    kind: str
    packs: dict[str, int]
    program: str = ""
    workspace: str = ""
    about: About = field(default_factory=About)

    @property
    def manifest(self) -> Path:
        return self.database.with_suffix(".json")

    @property
    def store(self) -> Path:
        """The folder with the packs of every backup."""
        return self.database.parent / "packs"


def is_due(backups: Path, now: datetime, every: timedelta = _DAY) -> bool:
    """Is the last scheduled backup in this folder old enough for another one?

    One that was made while the clock was ahead counts for nothing, else each look would find another one due until then.
    """
    latest = max((one.at for one in backups_in(backups) if one.kind == DAILY and one.at <= now), default=None)
    return latest is None or now - latest >= every


def scheduled_backup(source: Source, backups: Path, now: datetime, going: Going = lambda: True) -> BackupResult:
    """Back up, then drop what is not to be kept (`app.kernel.maintenance.retention`).

    Raises UserError if the database is damaged, StorageError if the disk does not take it, BackupStoppedError; earlier
    backups stay.
    """
    result = _back_up(source, backups, now, DAILY, going)
    prune(backups, now)
    return result


def backup_before_upgrade(
    source: Source, backups: Path, now: datetime, going: Callable[[int, int], bool] = lambda _done, _of: True
) -> BackupResult:
    """Back up whatever the age of the last one; kept apart from the daily ones. Raises as `scheduled_backup` does.

    `going` is told how many bytes of the database are copied, of about how many, and says whether to go on.
    """
    part = backups / f"{_stem(now, UPGRADE)}.sqlite.part"
    of = source.database.stat().st_size
    result = _back_up(source, backups, now, UPGRADE, lambda: going(part.stat().st_size if part.exists() else of, of))
    prune(backups, now)
    return result


def last_backup(backups: Path) -> datetime | None:
    """When the newest scheduled backup was made, or None."""
    return max((one.at for one in backups_in(backups) if one.kind == DAILY), default=None)


def backups_in(backups: Path) -> list[BackupResult]:
    """Every finished backup, oldest first; half-made ones do not count."""
    found = [_read(manifest) for manifest in backups.glob("*.json")]
    return sorted((one for one in found if one is not None), key=lambda one: (one.at, one.kind))


def _read(manifest: Path) -> BackupResult | None:
    name, database = _NAME.fullmatch(manifest.name), manifest.with_suffix(".sqlite")
    if name is None or not database.exists():
        return None
    try:
        plain = json.loads(manifest.read_bytes())
        packs = {str(pack): int(length) for pack, length in plain["packs"].items()}
        at = datetime.strptime(name[1], _STAMP).replace(tzinfo=UTC)
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return None
    told = (clean(plain.get("program")), clean(plain.get("workspace")), About.read(plain.get("about")))
    return BackupResult(database, at, name[2], packs, *told)


def prune(backups: Path, now: datetime) -> None:
    """Remove the scheduled backups that retention drops, all but three of upgrades, and packs that no other names.

    Those that were made while the clock was ahead are judged by themselves: they push none out that are made since.
    """
    all_of = backups_in(backups)
    times = [one.at for one in all_of if one.kind == DAILY]
    kept_at = retention.kept(at for at in times if at <= now) | retention.kept(at for at in times if at > now)
    upgrades = [one for one in all_of if one.kind == UPGRADE][-KEEP_UPGRADES:]
    kept = [one for one in all_of if (one.kind == DAILY and one.at in kept_at) or one in upgrades]
    for old in all_of:
        if old not in kept and old.kind in {DAILY, UPGRADE}:
            old.manifest.unlink(missing_ok=True)  # first: without it the rest does not count
            old.database.unlink(missing_ok=True)
    wanted = {name for one in backups_in(backups) for name in one.packs}
    for stored in (backups / "packs").glob(f"*{SUFFIX}"):
        if stored.name not in wanted:
            stored.unlink(missing_ok=True)


def _back_up(source: Source, backups: Path, now: datetime, kind: str, going: Going) -> BackupResult:
    stem = _stem(now, kind)
    final = backups / f"{stem}.sqlite"
    try:
        (backups / "packs").mkdir(mode=0o700, parents=True, exist_ok=True)
        _remove_parts(backups)
        with _discarded(backups / f"{stem}.sqlite.part") as copy:
            copy_database(source, copy, going)
            known = source.describe(copy)
            stored = _store_packs(source.packs, backups / "packs", _vouched(backups), going)
            copy.replace(final)
        manifest = backups / f"{stem}.json"
        try:
            _write_manifest(manifest, stored, source.program, known)
        except OSError:
            final.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _backup_error(error) from error
    logger.info("backup made: %s, %d packs", final.name, len(stored))
    return BackupResult(final, now.astimezone(UTC), kind, stored, source.program, known.workspace, known.about)


def _stem(now: datetime, kind: str) -> str:
    return f"{now.astimezone(UTC).strftime(_STAMP)}-{kind}"


def _backup_error(error: OSError) -> StorageError:
    return StorageError(
        said("No backup was made, and the earlier ones are kept. {why}", why=words_of(storage_error(error)))
    )


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


def copy_database(source: Source, target: Path, going: Going = lambda: True) -> None:
    """One consistent copy of a live database in a new, private file, opened and checked.

    What has arrived and has no place in the database yet is in it too (`app.kernel.files.arrivals`): it is read before the
    database is, so that nothing slips through between the two; what is in both is known by its id.

    Raises UserError, StorageError, OSError, BackupStoppedError when `going` ended it.
    """
    # SQLite takes an empty file.
    fd = os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    copied = _Copied(fd, going)
    try:
        waiting = waiting_in(source.arrivals, all_that_can_be_read=True)
        with contextlib.closing(connect(source.database)) as connection:
            connection.execute("PRAGMA query_only=OFF")  # else it writes no other file either
            connection.set_progress_handler(copied.has_to_end, _STEPS_OF_SQLITE)
            connection.execute("VACUUM INTO ?", (str(target),))
        put_into_copy(target, waiting)
        sync_file(fd)
    except sqlite3.Error as error:
        if copied.problem is not None:
            raise copied.problem from error
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT:
            raise BackupStoppedError from error
        raise _sqlite_error(error, target.parent) from error
    finally:
        os.close(fd)
    problems = quick_check(target, going)
    if not going():
        raise BackupStoppedError
    if problems:
        msg = said(
            "The database is damaged ({what}), so no new backup was made and the earlier ones are kept. "
            "Run “deskbell check”, then restore a backup.",
            what=problems[0],
        )
        raise UserError(msg)


class _Copied:
    """A copy that SQLite writes meanwhile: brought onto the disk step by step, until nobody wants it any more."""

    def __init__(self, fd: int, going: Going) -> None:
        self._fd, self._going, self._brought = fd, going, 0
        self.problem: OSError | None = None

    def has_to_end(self) -> bool:
        """Called by SQLite every now and then; an exception would be nothing but the same answer to it."""
        try:
            size = os.fstat(self._fd).st_size
            if size - self._brought >= STEP:
                self._brought = size
                bring(self._fd)
        except OSError as error:
            self.problem = error
        return self.problem is not None or not self._going()


def _sqlite_error(error: sqlite3.Error, backups: Path) -> Exception:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return StorageError("No backup was made: the disk is full. Free some space; the earlier backups are kept.")
    if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}:
        pattern = "No backup was made: {folder} cannot be written, or the database cannot be opened."
        return StorageError(said(pattern, folder=backups))
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        msg = (
            "The database is damaged, so no new backup was made and the earlier ones are kept. Run “deskbell check”, "
            "then restore a backup."
        )
        return UserError(msg)
    pattern = "No backup was made: the database reports “{words}”. The earlier backups are kept."
    return StorageError(said(pattern, words=error))


def _vouched(backups: Path) -> dict[str, int]:
    """How much of each stored pack an earlier, finished backup brought onto the disk."""
    found: dict[str, int] = {}
    for one in backups_in(backups):
        for name, length in one.packs.items():
            found[name] = max(length, found.get(name, 0))
    return found


def _store_packs(packs: Path, store: Path, vouched: dict[str, int], going: Going) -> dict[str, int]:
    """Bring the store up to date; the names and lengths that are in it now."""
    stored = {}
    for name in Packs(packs).names():
        source, target = packs / name, store / name
        length = source.stat().st_size
        if not (target.exists() and source.samefile(target)):
            _bring(source, target, length, vouched.get(name, 0), going)
        stored[name] = length
    sync_folder(store)
    return stored


def _bring(source: Path, target: Path, length: int, vouched: int, going: Going) -> None:
    have = min(target.stat().st_size, vouched, length) if target.exists() else 0
    if not have:
        target.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            target.hardlink_to(source)
            return
    copy_range(source, target, length, start=have, going=going)
    if not same_range(source, target, have, length):
        msg = "No backup was made: the disk of the backups gives back something else than was written. Check that disk."
        raise StorageError(msg)


def copy_range(source: Path, target: Path, length: int, start: int = 0, going: Going = lambda: True) -> None:
    """Bytes `start` to `length` of a file, onto the disk; whole copies begin anew. Raises BackupStoppedError."""
    fd = os.open(target, os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
    with source.open("rb") as read, os.fdopen(fd, "wb") as write:
        write.truncate(start)
        read.seek(start)
        write.seek(start)
        left, since = length - start, 0
        while left > 0 and (chunk := read.read(min(_CHUNK, left))):
            if not going():
                raise BackupStoppedError
            write.write(chunk)
            left -= len(chunk)
            since += len(chunk)
            if since >= STEP:
                write.flush()
                bring(write.fileno())
                since = 0
        write.flush()
        sync_file(write.fileno())


def same_range(one: Path, other: Path, start: int, end: int) -> bool:
    """Are the bytes from `start` to `end` in both files, and the same?"""
    with one.open("rb") as first, other.open("rb") as second:
        first.seek(start)
        second.seek(start)
        left = end - start
        while left > 0:
            chunk = first.read(min(_CHUNK, left))
            if not chunk or chunk != second.read(len(chunk)):
                return False
            left -= len(chunk)
    return True


def _write_manifest(manifest: Path, stored: dict[str, int], program: str, known: Described) -> None:
    plain = {"packs": stored, "program": program, "workspace": known.workspace, "about": known.about.plain()}
    with _discarded(manifest.with_name(manifest.name + ".part")) as part:
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            json.dump(plain, file, indent=1, sort_keys=True)
            file.flush()
            sync_file(file.fileno())
        part.replace(manifest)
    sync_folder(manifest.parent)
