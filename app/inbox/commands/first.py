"""After a mailbox was connected: which of the threads that were there are open tickets. Decided once a thread.

While its part comes in, every thread is closed history. When the part is in, those that the settings want open are
opened here, in steps. Nothing is told: no fact, no notification, no survey, no rule. Running it again changes nothing,
since an opened ticket is no history any more.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select, update

from app.conversations.rules import Direction, Kind
from app.conversations.tables import Mailbox, Message
from app.inbox import rules
from app.inbox.rules import History, Outcome
from app.inbox.tables import MailItem
from app.kernel.store import Tx
from app.tickets.rules import HISTORY, Status
from app.tickets.tables import Placement, Ticket

STEP = 40


def open_young_threads(tx: Tx, mailbox: UUID, after: UUID | None = None) -> UUID | None:
    """Decide about the next threads of a mailbox, in the order of their ids; where to go on, None at the end."""
    box = tx.get(Mailbox, mailbox)
    if box is None:
        return None
    history = History(box.history)
    if history is History.ARCHIVE:
        return None
    query = select(Ticket).where(
        Ticket.mailbox == mailbox,
        Ticket.outcome == HISTORY,
        Ticket.status == Status.CLOSED,
        Ticket.merged_into.is_(None),
        Ticket.deleted_at.is_(None),
    )
    if history is not History.ALL and box.open_since is not None:
        query = query.where(Ticket.last_message_at >= box.open_since)
    if after is not None:
        query = query.where(Ticket.id > after)
    rows = tx.execute(query.order_by(Ticket.id).limit(STEP)).scalars().all()
    for row in rows:
        customer_last = _customer_has_last_word(tx, row.id)
        if rules.opens(history, box.open_since, last_at=row.last_message_at, customer_last=customer_last):
            row.status = Status.NEW if customer_last else Status.WAITING
            row.outcome, row.closed_at = "", None
            _count_as_message(tx, row.id)
    return rows[-1].id if len(rows) == STEP else None


def end_first_import(tx: Tx, mailbox: UUID) -> None:
    """Everything that was there when the mailbox was connected is in."""
    box = tx.get(Mailbox, mailbox)
    if box is not None:
        box.first_import_done = True


def _customer_has_last_word(tx: Tx, ticket: UUID) -> bool:
    merged = select(Ticket.id).where(or_(Ticket.id == ticket, Ticket.merged_into == ticket))
    last: tuple[datetime, str] | None = None
    placed = select(Placement.id).where(Placement.ticket == ticket, Placement.deleted_at.is_(None))
    for where in (Message.ticket.in_(merged), Message.id.in_(placed)):
        query = (
            select(Message.occurred_at, Message.direction)
            .where(where, Message.kind == Kind.MAIL, Message.automatic.is_(False))
            .order_by(Message.occurred_at.desc())
            .limit(1)
        )
        row = tx.execute(query).first()
        if row is not None and (last is None or row[0] > last[0]):
            last = (row[0], row[1])
    return last is not None and last[1] == Direction.IN


def _count_as_message(tx: Tx, ticket: UUID) -> None:
    messages = select(Message.id).where(Message.ticket == ticket).scalar_subquery()
    tx.execute(
        update(MailItem)
        .where(MailItem.message.in_(messages), MailItem.outcome == Outcome.HISTORY)
        .values(outcome=Outcome.MESSAGE)
        .execution_options(synchronize_session=False)
    )
