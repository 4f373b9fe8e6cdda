"""Going into a workspace: whoever opens the desk holds it shared, and looks at nothing of it before.

While a restored desk takes the place of another, for some thousandths of a second there is no database, and a look at that
moment would find none or make an empty one. So the hold comes first, then the look: is an exchange to be finished, is the
database of an older form? For those the workspace is held alone, and afterwards it is looked at anew.
"""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Callable
from functools import reduce
from typing import Final

from app.desk.describing import source_of
from app.kernel import clock, ids
from app.kernel.database import migrate
from app.kernel.database.connections import plain_errors
from app.kernel.database.migrations import HEAD
from app.kernel.database.store import Store
from app.kernel.database.tables import Meta
from app.kernel.errors import UserError
from app.kernel.files import switching
from app.kernel.files.locks import FileLock, Holder, holders
from app.kernel.files.paths import Workspace, default_folder
from app.kernel.maintenance.backup import BackupStoppedError, backup_before_upgrade
from app.kernel.sentences import said
from app.schema import metadata

PATIENCE_S: Final = 10.0
"""So long others are waited for that have the desk open."""
WINDOW, ENGINE, COMMAND = "window", "engine", "command"
_UPGRADE: Final = "upgrade"
_SLICE_S: Final = 0.5
_LOOKS: Final = 5
"""After so many looks that each found something else to do, something is wrong that no further look mends."""

WAITING, SAVING, CHANGING = "waiting", "saving", "changing"
Told = Callable[[str, int, int], bool]
"""What goes on (WAITING for others, SAVING a copy of the database, CHANGING its form), bytes done and in all (0: not known); says
whether to go on. CHANGING always does.
"""

_NAMES: Final = {
    WINDOW: "its window",
    ENGINE: "its engine, which receives and sends",
    _UPGRADE: "an upgrade",
    "restore": "a restore",
    "compact": "a program that frees disk space",
    "salvage": "a program that salvages it",
}


class NotAtOnceError(UserError):
    """The desk can be opened, but not at once: it has to be brought forward, or somebody holds it alone."""


def enter(
    place: Workspace,
    role: str,
    *,
    create: bool,
    at_once: bool = False,
    patience_s: float = PATIENCE_S,
    told: Told = lambda _what, _done, _of: True,
) -> FileLock:
    """Hold the workspace shared, its database of the newest form; the lock, to be released at the end.

    `role`: what the holder is, for others who have to wait; `patience_s`: how long one who holds it alone is waited for.
    Raises UserError where there is no desk and `create` is false, the place is unsafe, the desk is of a newer Deskbell, or
    others did not let go of it; NotAtOnceError instead of waiting and changing, if it has to be `at_once`;
    BackupStoppedError when `told` ended it.
    """
    if not create and not place.exists and not place.workspace_lock.exists():
        raise _no_desk(place)
    place.prepare()
    switching.finish(place)
    for _ in range(_LOOKS):
        lock = FileLock(place.workspace_lock, shared=True, role=role)
        if not _acquired(lock, 0.0 if at_once else patience_s, told):
            msg = in_use(place)
            raise NotAtOnceError(msg) if at_once else UserError(msg)
        try:
            work = _what_is_to_be_done(place, create=create)
        except BaseException:
            lock.release()
            raise
        if work is None:
            return lock
        lock.release()
        if at_once and work is _bring_forward:
            msg = "The desk has to be brought to the form of this version first."
            raise NotAtOnceError(msg)
        work(place, told)
    raise UserError(in_use(place))


def _acquired(lock: FileLock, patience_s: float, told: Told) -> bool:
    """Wait for the lock, as long as that is wanted; False when it was not to be had. Raises BackupStoppedError."""
    end = time.monotonic() + patience_s
    while not lock.acquire(timeout_s=min(_SLICE_S, max(0.0, end - time.monotonic()))):
        if time.monotonic() >= end:
            return False
        if not told(WAITING, 0, 0):
            raise BackupStoppedError
    return True


def in_use(place: Workspace) -> str:
    """Who has the desk open, and what is to be done about it."""
    found = holders(place.workspace_lock)
    if not found:
        return "This desk is in use by another program. Wait until that is done, then try again."
    named = (said("{who} (process {pid})", who=_name(one), pid=str(one.pid)) for one in found)
    who = reduce(lambda one, other: said("{one}, {other}", one=one, other=other), named)
    roles = {one.role for one in found}
    if WINDOW in roles:
        todo = said("Quit Deskbell in that window or in its tray icon")
    elif ENGINE in roles:
        todo = said("End it with “{line} engine --stop”", line=_line(place))
    else:
        todo = said("Wait until that is done")
    return said("This desk is in use by {who}. {todo}, then try again.", who=who, todo=todo)


def _name(one: Holder) -> str:
    word, _, rest = one.role.partition(" ")
    if word == COMMAND:
        return said("“deskbell {command}”", command=rest) if rest else said("a command")
    return said(_NAMES.get(word, "another program"))


def _line(place: Workspace) -> str:
    """How the command line is called for this desk."""
    if place.folder == default_folder().expanduser().absolute():
        return "deskbell"
    return f"deskbell --data {shlex.quote(os.fspath(place.folder))}"


def _no_desk(place: Workspace) -> UserError:
    return UserError(
        said("There is no desk in {folder}. Make one with: {line} init", folder=place.folder, line=_line(place))
    )


def _what_is_to_be_done(place: Workspace, *, create: bool) -> Callable[[Workspace, Told], None] | None:
    """What has to be done alone before the desk can be opened. The caller holds it shared. Raises UserError."""
    if switching.is_begun(place):
        return _exchange
    if not create and not place.exists:
        raise _no_desk(place)
    store = Store(place.database)
    try:
        with plain_errors():
            revision = migrate.revision_of(store.reader)
        if revision == HEAD:
            return None
        return _make if revision is None else _bring_forward
    finally:
        store.close()


def _exchange(place: Workspace, _told: Told) -> None:
    switching.finish(place)


def _make(place: Workspace, told: Told) -> None:
    """A desk that is new: there is nothing to save, and it takes no time."""
    _bring_forward(place, told)


def _bring_forward(place: Workspace, told: Told) -> None:
    """Bring the database to the newest form, after a copy of it was made."""
    alone = FileLock(place.workspace_lock, role=_UPGRADE)
    if not _acquired(alone, PATIENCE_S, told):
        if any(one.role == _UPGRADE for one in holders(place.workspace_lock)):
            return  # somebody else does it: it is waited for, and then looked at again
        msg = said("The desk must be brought to the form of this version first. {why}", why=in_use(place))
        raise UserError(msg)
    try:
        store = Store(place.database)
        try:
            with plain_errors():
                migrate.upgrade(store.writer, metadata, lambda: _save(place, told))
            _begin(store)
        finally:
            store.close()
    finally:
        alone.release()


def _save(place: Workspace, told: Told) -> None:
    backup_before_upgrade(
        source_of(place), place.backups, clock.now(), lambda done, of: told(SAVING, min(done, of), of)
    )
    told(CHANGING, 0, 0)


def _begin(store: Store) -> None:
    """Give a desk that is new its own id."""
    with store.write("first_start") as tx:
        if tx.get(Meta, "workspace") is None:
            tx.add(Meta(key="workspace", value=ids.new_id().hex))
            tx.add(Meta(key="created_at", value=tx.now.isoformat()))
