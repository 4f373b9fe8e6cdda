"""Backups of a desk: the scheduled ones in its own folder and on another disk, one file to carry away, and how it stands.

The scheduled ones need nobody: they run beside the work in the engine. A backup on the disk that the desk itself lies on
helps against mistakes and damage, not against a broken or stolen computer; therefore a second place, and a word as long
as there is none.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.conversations.tables import Mailbox
from app.desk.describing import source_of, workspace_of
from app.desk.maintenance.background_process import BackgroundError, run_in_background
from app.desk.maintenance.backup_notes import ELSEWHERE, FILE, HERE, Notes, note_missing, noted
from app.kernel import clock, secrets
from app.kernel.errors import UserError
from app.kernel.files.paths import Workspace
from app.kernel.maintenance import backup
from app.kernel.maintenance.archive import Going, Written, check_target, clear_away, write_archive
from app.kernel.maintenance.backup import BackupResult, BackupStoppedError
from app.kernel.sentences import said, words_of
from app.kernel.state import options

if TYPE_CHECKING:
    from app.desk.desk import Desk

log = logging.getLogger(__name__)

EVERY: Final = {"daily": timedelta(hours=20), "weekly": timedelta(days=7, hours=-4), "off": None}
TOO_OLD: Final = timedelta(days=3)
"""How much older than its schedule the last good backup may be before somebody is told."""
ELSEWHERE_TOO_OLD: Final = timedelta(days=30)
SMALL: Final = 32_000_000
"""A desk of so many bytes is backed up in less time than a process takes to begin; larger ones in a process of its own."""

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Standing:
    """How the backups stand. `last_at`: the newest that is good, wherever it lies; `elsewhere_at`: the newest on another
    disk; `problem`: why the last try failed, in words; `folder`: the second place, "" without one.
    """

    last_at: datetime | None
    here_at: datetime | None
    elsewhere_at: datetime | None
    folder: str
    every: str
    problem: str = ""

    def is_old(self, now: datetime, began_at: datetime) -> bool:
        """Is the last one older than it should be? `began_at`: since when there is something to back up."""
        longest = TOO_OLD if self.every == "daily" else timedelta(days=10)
        return self.every != "off" and now - (self.last_at or began_at) > longest

    def only_here(self, now: datetime) -> bool:
        """Is there none on another disk, or only an old one?"""
        return self.elsewhere_at is None or now - self.elsewhere_at > ELSEWHERE_TOO_OLD


def back_up_when_due(
    place: Workspace, choice: tuple[str, str], now: datetime, going: Callable[[], bool] = lambda: True
) -> bool:
    """Make the scheduled backups that are due, here and in the second place; did it make one here?

    `choice`: how often and the second place, by `chosen`. What goes wrong is noted for `standing` and tried again after a
    while; neither place keeps the other from its copy. Raises UserError for what went wrong here.
    """
    every, folder = EVERY[choice[0]], choice[1]
    if every is None:
        return False
    made, failed = False, None
    with contextlib.suppress(BackupStoppedError):
        try:
            if backup.is_due(place.backups, now, every) and not Notes(place).waits(HERE, place.backups, now):
                _back_up_here(place, now, going)
                made = True
        except UserError as error:
            failed = error  # the second place may lie on a disk that is well
        if folder:
            with contextlib.suppress(UserError):
                _back_up_elsewhere_when_due(place, Path(folder), now, every, going)
    if failed is not None:
        raise failed
    return made


def back_up_now(desk: Desk, going: Callable[[], bool] = lambda: True) -> None:
    """Make a scheduled backup now, here and in the second place. Raises UserError for either, after both were tried."""
    place, (_, folder) = desk.workspace, desk.ask(chosen)
    now = clock.now()
    failed = None
    try:
        _back_up_here(place, now, going)
    except UserError as error:
        failed = error
    if folder:
        _back_up_elsewhere(place, Path(folder), now, going)
    if failed is not None:
        raise failed


def chosen(db: Session) -> tuple[str, str]:
    """How often there is a backup (daily, weekly, off), and the second place ("" without one)."""
    every = str(options.get(db, "backup_every"))
    return (every if every in EVERY else "daily"), str(options.get(db, "backup_folder"))


def second_place(place: Workspace, folder: Path) -> Path:
    """Where within `folder` the backups of this desk go: several desks may have the same second place.

    Raises UserError when that folder is not there, as with a disk that is not plugged in.
    """
    if not folder.is_absolute() or not folder.is_dir():
        pattern = "The second place for backups is not there: {folder}. Plug in its disk, or choose another folder."
        msg = said(pattern, folder=folder)
        raise UserError(msg)
    if folder.resolve().is_relative_to(place.folder.resolve()):
        msg = "The second place must lie outside the desk’s own folder, best on another disk."
        raise UserError(msg)
    name = workspace_of(place.database)[:12] or "desk"
    return folder / f"deskbell-{name}"


def write_file(
    desk: Desk,
    target: Path,
    *,
    replace: bool = False,
    passphrase: str | None = None,
    with_passwords: bool = False,
    going: Going = lambda _done, _of: True,
) -> Written | None:
    """The whole desk in one file, while it is in use; None when `going` ended it. Raises UserError.

    `with_passwords`: those of the mailboxes too, which needs a passphrase.
    """
    place = desk.workspace
    check_target(target, replace=replace)
    kept = passwords_of(desk) if with_passwords else {}
    with noted(place, FILE, target.parent):
        try:
            written = _made(place, file_at, target, clock.now(), replace, passphrase, kept, going=going)
        except (UserError, BackupStoppedError):
            clear_away(target)  # a process that was killed could not
            raise
    if written is not None:
        apart = not same_disk(target.parent, place.folder)
        Notes(place).write(file_at=written.manifest.made_at.isoformat(), file_apart=apart)
    return written


def copy_into(place: Workspace, folder: Path, now: datetime, *, going: Going) -> BackupResult:
    """One scheduled backup, in whatever process. Raises as `backup.scheduled_backup` does."""
    return backup.scheduled_backup(source_of(place), folder, now, lambda: going(0, 0))


def file_at(
    place: Workspace,
    target: Path,
    now: datetime,
    replace: bool,
    passphrase: str | None,
    kept: dict[str, str],
    *,
    going: Going,
) -> Written | None:
    """One file, in whatever process. Raises as `write_archive` does."""
    return write_archive(
        source_of(place), target, now, replace=replace, passphrase=passphrase, secrets=kept, going=going
    )


def _made(place: Workspace, work: Callable[..., R], *args: Any, going: Going) -> R:
    """What `work(place, …)` makes; of a large desk by a process of its own that lets everybody else go first."""
    if _bytes_of(place) < SMALL:
        return work(place, *args, going=going)
    try:
        return run_in_background(place.backup_hands_lock, work, place, *args, going=going)
    except BackgroundError as error:
        log.error("the process of a backup failed: %s", error)
        msg = "No backup was made: the process that made it ended before it was done. The earlier backups are kept."
        raise UserError(msg) from error


def _bytes_of(place: Workspace) -> int:
    with contextlib.suppress(OSError):
        return sum(file.stat().st_size for file in (place.database, *place.packs.glob("*")))
    return 0


def passwords_of(desk: Desk) -> dict[str, str]:
    """The passwords and sign-ins of the mailboxes, by their names in the keyring; those that cannot be had are left out."""
    found = {}
    for ref in desk.ask(_secret_refs):
        with contextlib.suppress(secrets.KeyringError):
            if (secret := secrets.load_secret(ref)) is not None:
                found[ref] = secret
    return found


def _secret_refs(db: Session) -> tuple[str, ...]:
    return tuple(db.scalars(select(Mailbox.secret_ref).where(Mailbox.deleted_at.is_(None))))


def standing(place: Workspace, choice: tuple[str, str]) -> Standing:
    """How the backups of this desk stand. Reads folders, so not for the window's thread; never raises."""
    every, folder = choice
    notes = Notes(place)
    here, there, apart = _last(place.backups), notes.elsewhere_at(folder), False
    if folder:
        with contextlib.suppress(UserError, OSError):
            apart = not same_disk(Path(folder), place.folder)
            there = _last(second_place(place, Path(folder))) or there
        apart = apart or not Path(folder).exists()  # a disk that is not plugged in is another disk
    elsewhere = [at for at in (there if apart else None, notes.file_apart_at()) if at]
    every_good = [at for at in (here, there, notes.file_at()) if at]
    return Standing(max(every_good, default=None), here, max(elsewhere, default=None), folder, every, notes.problem)


def copies(place: Workspace, folder: str) -> list[BackupResult]:
    """Every backup that can be restored from this computer, newest first: those here and those in the second place."""
    found = backup.backups_in(place.backups)
    if folder:
        with contextlib.suppress(UserError, OSError):
            found += backup.backups_in(second_place(place, Path(folder)))
    return sorted(found, key=lambda one: one.at, reverse=True)


def same_disk(one: Path, other: Path) -> bool:
    """Do two folders lie on the same disk, as far as the system tells? Unsure counts as yes."""
    try:
        return one.stat().st_dev == other.stat().st_dev
    except OSError:
        return True


def _back_up_here(place: Workspace, now: datetime, going: Callable[[], bool]) -> None:
    with noted(place, HERE, place.backups):
        _made(place, copy_into, place.backups, now, going=lambda _done, _of: going())


def _back_up_elsewhere(place: Workspace, folder: Path, now: datetime, going: Callable[[], bool]) -> None:
    with noted(place, ELSEWHERE, folder):
        target = second_place(place, folder)
        _made(place, copy_into, target, now, going=lambda _done, _of: going())
        Notes(place).write(elsewhere_at=now.isoformat(), elsewhere_folder=str(folder))


def _back_up_elsewhere_when_due(
    place: Workspace, folder: Path, now: datetime, every: timedelta, going: Callable[[], bool]
) -> None:
    """Where the disk is not plugged in, that is a problem only once a copy on it is due."""
    notes = Notes(place)
    try:
        target = second_place(place, folder)
    except UserError as error:
        last = notes.elsewhere_at(str(folder))
        if last is None or not timedelta(0) <= now - last < every:
            note_missing(place, words_of(error))
        return
    if backup.is_due(target, now, every) and not notes.waits(ELSEWHERE, folder, now):
        _back_up_elsewhere(place, folder, now, going)


def _last(folder: Path) -> datetime | None:
    try:
        return backup.last_backup(folder)
    except OSError:
        return None
