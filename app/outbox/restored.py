"""What waits in the outbox of a restored desk: it may have gone out after the backup was made, so nobody sends it unasked."""

from __future__ import annotations

from sqlalchemy import select

from app.kernel.database.transaction import Tx
from app.outbox.delivery import settle_leftovers
from app.outbox.rules import WAITING, Hold, Phase, State
from app.outbox.tables import Outbox
from app.people.commands import record_event


def hold_what_waits(tx: Tx) -> int:
    """Hold every message that would leave by itself, for a person to decide; how many. Whether some that were on their
    way arrived nobody knows, as after a crash.
    """
    settle_leftovers(tx)
    tx.flush()
    rows = tx.scalars(select(Outbox).where(Outbox.state.in_(WAITING))).all()
    for row in rows:
        row.state, row.hold_reason, row.phase, row.send_at = State.HELD, Hold.RESTORED, Phase.NONE, None
        new = {"state": State.HELD, "reason": Hold.RESTORED}
        record_event(tx, "problem", ticket=row.ticket, field="delivery", new=new)
    return len(rows)
