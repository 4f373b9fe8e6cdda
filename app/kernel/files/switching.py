"""Putting a prepared desk in the place of the one that is there, so that at every moment one of the two is whole.

A restore first makes everything ready in a folder of its own within the workspace (`restore/`): database, packs, looked
through. Then a note says where the desk that is there shall go, and from that moment on the exchange is only renaming,
which whoever opens the desk next finishes if it was cut short. What was there lies afterwards in `before-<n>/`, with
its packs: a desk that can be opened as it is. Nothing is ever written over.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Final

from app.kernel.files.arrivals import files_of
from app.kernel.files.disk import storage_error, sync_file, sync_folder
from app.kernel.files.locks import FileLock
from app.kernel.files.paths import Workspace

FOLDER: Final = "restore"
READY: Final = "ready.json"
_BEFORE: Final = "before-"
_DATABASE, _PACKS, _BACKUPS = "deskbell.sqlite", "packs", "backups"
_ENDS: Final = ("-wal", "-shm", "-journal", "")
"""The database itself last: what belongs to it is never left beside another one."""


def prepared(place: Workspace) -> Path:
    """The folder in which a restore makes its desk ready, empty and private; what an earlier one left is removed.

    The caller holds the workspace, and no other restore runs on it.
    """
    folder = place.folder / FOLDER
    discard(place)
    folder.mkdir(mode=0o700)
    return folder


def discard(place: Workspace) -> None:
    """Forget what was prepared; nothing else is touched."""
    folder = place.folder / FOLDER
    (folder / READY).unlink(missing_ok=True)  # first: without it the rest does not count
    shutil.rmtree(folder, ignore_errors=True)


def is_ready(place: Workspace) -> bool:
    """Does a prepared desk wait for the exchange, or for its end?"""
    return (place.folder / FOLDER / READY).exists()


def is_begun(place: Workspace) -> bool:
    """Has the exchange begun, and not come to its end? Asked by somebody who holds the workspace: it was cut short."""
    note = _note(place)
    return note is not None and _aside(place, note).exists()


def make_ready(place: Workspace, *, keep_backups: bool, keep_old: bool) -> None:
    """Say that what was prepared is whole and shall be the desk.

    `keep_backups`: the backups that are here are of the same desk. `keep_old`: there is something to keep.
    """
    aside = _free_name(place) if keep_old else ""
    note = place.folder / FOLDER / READY
    part = note.with_name(READY + ".part")
    with part.open("w", encoding="utf-8") as file:
        json.dump({"aside": aside, "keep_backups": keep_backups}, file)
        file.flush()
        sync_file(file.fileno())
    sync_folder(part.parent)
    part.replace(note)
    sync_folder(part.parent)


def exchange(place: Workspace) -> Path | None:
    """Put the prepared desk in place, or finish doing so. The caller holds the workspace alone.

    The folder in which the desk that was there now lies; None if it was not to be kept, or there is nothing prepared.
    Raises StorageError.
    """
    fresh, note = place.folder / FOLDER, _note(place)
    if note is None:
        return None  # somebody who opened the desk meanwhile has done it
    aside = _aside(place, note)
    try:
        aside.mkdir(mode=0o700, exist_ok=True)
        _change(fresh / _PACKS, place.packs, aside / _PACKS)
        if (fresh / _DATABASE).exists():
            for file in files_of(place.arrivals):
                _move(file, aside / file.name)
            for end in _ENDS:
                _move(place.folder / (_DATABASE + end), aside / (_DATABASE + end))
            if not note["keep_backups"] and not (aside / _BACKUPS).exists():
                _move(place.backups, aside / _BACKUPS)
            _change(fresh / _DATABASE, place.database, aside / _DATABASE)
        sync_folder(aside)
        sync_folder(place.folder)
        (fresh / READY).unlink()
    except OSError as error:
        raise storage_error(error) from error
    shutil.rmtree(fresh, ignore_errors=True)
    if not note["aside"]:
        shutil.rmtree(aside, ignore_errors=True)
        return None
    return aside


def finish(place: Workspace) -> bool:
    """Finish an exchange that was cut short; False when there is none, or when somebody else is at it."""
    if not is_ready(place):
        return False
    lock = FileLock(place.workspace_lock, role="restore")
    if not lock.acquire():
        return False
    try:
        if not is_ready(place):
            return False
        exchange(place)
        return True
    finally:
        lock.release()


def _note(place: Workspace) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads((place.folder / FOLDER / READY).read_bytes())
    except FileNotFoundError:
        return None
    return found


def _aside(place: Workspace, note: dict[str, Any]) -> Path:
    return place.folder / (note["aside"] or f"{FOLDER}-old")


def _change(fresh: Path, here: Path, aside: Path) -> None:
    """Put `fresh` where `here` is, which goes `aside`; what of it was done before is not done again."""
    if not fresh.exists():
        return
    _move(here, aside)
    if here.is_dir():
        here.rmdir()  # made again meanwhile by whoever looked at this folder; one with anything in it stays
    fresh.rename(here)


def _move(source: Path, target: Path) -> None:
    """Rename what is there, unless that has been done before."""
    if source.exists() and not target.exists():
        source.rename(target)


def set_aside(place: Workspace) -> tuple[tuple[Path, int], ...]:
    """The desks that were here before a restore, and how many bytes of the disk each takes alone (hard links: none)."""
    found = sorted(one for one in place.folder.glob(f"{_BEFORE}*") if one.is_dir())
    return tuple((one, sum(_alone(file) for file in one.rglob("*") if file.is_file())) for one in found)


def _alone(file: Path) -> int:
    known = file.stat()
    return known.st_size if known.st_nlink == 1 else 0


def _free_name(place: Workspace) -> str:
    number = 1
    while (place.folder / f"{_BEFORE}{number}").exists():
        number += 1
    return f"{_BEFORE}{number}"
