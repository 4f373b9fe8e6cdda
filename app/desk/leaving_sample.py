"""Leaving the sample desk: its folder gets an empty desk, as on the first day, and whoever tried Deskbell begins their own.

Only a desk where nothing but the sample's own mailbox was ever connected can be left like this; in any other there may be
letters of real people. The empty desk is made beside it and then takes its place (`app.kernel.files.switching`), so that at every
moment one of the two is whole.
"""

from __future__ import annotations

import contextlib
import sqlite3

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.conversations.rules import SAMPLE
from app.conversations.tables import Mailbox
from app.desk.desk import Desk
from app.desk.maintenance.compacting import alone
from app.kernel.errors import UserError
from app.kernel.files import switching
from app.kernel.files.paths import Workspace


def is_sample(db: Session) -> bool:
    """Is this a sample desk, and nothing else? A mailbox that was connected once, and be it removed, is something else."""
    reasons = list(db.scalars(select(Mailbox.paused_reason)))
    return bool(reasons) and set(reasons) == {SAMPLE}


def begin_own(place: Workspace) -> None:
    """Put an empty desk in the place of a sample desk, which is gone afterwards with its backups.

    Nobody may have the desk open. Raises UserError if somebody has, or if it is no sample desk.
    """
    with Desk.open(place.folder) as desk:
        if not desk.ask(is_sample):
            msg = "This is not a sample desk: it stays as it is."
            raise UserError(msg)
    with alone(place, "restore"):
        folder = switching.prepared(place)
        try:
            with Desk.open(folder, create=True) as fresh:
                database = fresh.workspace.database
            with contextlib.closing(sqlite3.connect(database)) as line:
                line.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
            switching.make_ready(place, keep_backups=False, keep_old=False)
        except BaseException:
            switching.discard(place)
            raise
        switching.exchange(place)
        place.prepare()
