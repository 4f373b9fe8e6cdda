"""Giving back the room of what was erased for good: how much it is, and doing it while nobody else has the desk open.

Only afterwards are its bytes and words nowhere in the desk’s files. Backups keep what they hold for up to six months.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from app.desk.entering import in_use
from app.kernel.errors import UserError
from app.kernel.files.locks import FileLock
from app.kernel.files.paths import Workspace
from app.kernel.maintenance import compaction
from app.kernel.maintenance.compaction import Compacted, Going
from app.outbox.erasing import blobs_of_drafts

if TYPE_CHECKING:
    from app.desk.desk import Desk

PATIENCE_S = 10.0


def to_give_back(desk: Desk) -> int:
    """About how many bytes it would be. It reads much: for a task thread."""
    return compaction.waste(desk.workspace.database, desk.workspace.packs, blobs_of_drafts)


def give_back(place: Workspace, going: Going = lambda _done, _of: True) -> Compacted | None:
    """Do it; None when `going` ended it. Raises UserError that names who else has the desk open, or why the disk cannot."""
    with alone(place, "compact"):
        return compaction.compact(place.database, place.packs, blobs_of_drafts, going)


@contextlib.contextmanager
def alone(place: Workspace, role: str) -> Iterator[None]:
    """Hold the workspace alone. Raises UserError that names who else has it open."""
    lock = FileLock(place.workspace_lock, role=role)
    if not lock.acquire(timeout_s=PATIENCE_S):
        msg = in_use(place)
        raise UserError(msg)
    try:
        yield
    finally:
        lock.release()
