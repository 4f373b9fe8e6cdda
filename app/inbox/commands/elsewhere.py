"""Signs that a second Deskbell works on a mailbox of ours: a copy of this desk on another machine, or one set up twice.

Both would answer, and acknowledge, the same customers. Every mail of ours carries the id of its message
(`X-Deskbell-Id`): one in our Sent folder that was sent just now and is none of ours was written by another desk.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from app.inbox.commands.place import Arrival
from app.kernel.database.tables import Meta
from app.kernel.database.transaction import Tx

OTHER_DESK: Final = "other_desk"
"""The word for the window; it lasts a day."""
_DAY: Final = timedelta(days=1)


def note_other_desk(tx: Tx, arrival: Arrival) -> None:
    """Say so, if this mail in the Sent folder is of another desk and of today.

    What a desk sent that was restored from a backup afterwards is its own, although it does not know it any more.
    """
    is_fresh = arrival.mail.deskbell_id and not arrival.was_there and abs(tx.now - arrival.at) < _DAY
    if is_fresh and arrival.at > (_restored_at(tx) or arrival.at - _DAY):
        tx.signal(OTHER_DESK, {"mailbox": str(arrival.mailbox), "at": tx.now.isoformat()}, ttl_s=_DAY.total_seconds())


def _restored_at(tx: Tx) -> datetime | None:
    row = tx.get(Meta, "restored_at")
    return datetime.fromisoformat(row.value) if row is not None else None
