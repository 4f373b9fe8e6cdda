"""After a mailbox was connected: which of the threads that were there are open tickets. Decided once a thread.

While its part comes in, every thread is closed history. When the part is in, those that the settings want open are
opened here, in steps. Nothing is told: no fact, no notification, no survey, no rule. Running it again changes nothing,
since an opened ticket is no history any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update

from app.conversations.rules import Direction, Kind
from app.conversations.tables import Mailbox, Message
from app.inbox import rules
from app.inbox.rules import History, Outcome
from app.inbox.tables import MailItem
from app.kernel.database.transaction import Tx
from app.tickets.commands.opening import Quiet, open_quietly
from app.tickets.rules import HISTORY, Status
from app.tickets.tables import Placement, Ticket

STEP = 100


def open_young_threads(tx: Tx, mailbox: UUID, after: UUID | None = None, *, many: int = STEP) -> UUID | None:
    """Decide about the next threads of a mailbox (`many`), in the order of their ids; where to go on, None at the end."""
    box = tx.get(Mailbox, mailbox)
    if box is None:
        return None
    history = History(box.history)
    if history is History.ARCHIVE:
        return None
    query = select(Ticket.id, Ticket.assignee, Ticket.follow_up, Ticket.clk, Ticket.last_message_at).where(
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
    rows = tx.execute(query.order_by(Ticket.id).limit(many)).all()
    customer_last = _customer_has_last_word(tx, [row.id for row in rows])
    opened = []
    for row in rows:
        is_customers = row.id in customer_last
        if rules.opens(history, box.open_since, last_at=row.last_message_at, customer_last=is_customers):
            status = Status.NEW if is_customers else Status.WAITING
            opened.append(Quiet(row.id, row.assignee, row.follow_up, row.clk, status))
    open_quietly(tx, opened)
    _count_as_messages(tx, [one.ticket for one in opened])
    return rows[-1].id if len(rows) == many else None


def end_first_import(tx: Tx, mailbox: UUID) -> None:
    """Everything that was there when the mailbox was connected is in."""
    box = tx.get(Mailbox, mailbox)
    if box is not None:
        box.first_import_done = True


def _customer_has_last_word(tx: Tx, tickets: Sequence[UUID]) -> set[UUID]:
    """Those of `tickets` whose newest letter is the customer's; merged and placed messages count where they are shown."""
    home = {key: key for key in tickets}
    merged = select(Ticket.id, Ticket.merged_into).where(Ticket.merged_into.in_(tickets))
    home.update((row.id, row.merged_into) for row in tx.execute(merged) if row.merged_into is not None)
    newest: dict[UUID, tuple[datetime, str]] = {}
    placed = (Placement.id == Message.id) & Placement.deleted_at.is_(None)
    letters = (Message.kind == Kind.MAIL, Message.automatic.is_(False))
    own = select(Message.ticket, Message.direction, func.max(Message.occurred_at)).outerjoin(Placement, placed)
    own = own.where(Message.ticket.in_(list(home)), Placement.id.is_(None), *letters)
    other = select(Placement.ticket, Message.direction, func.max(Message.occurred_at)).join(Message, placed)
    other = other.where(Placement.ticket.in_(list(home)), *letters)
    for query in (own.group_by(Message.ticket, Message.direction), other.group_by(Placement.ticket, Message.direction)):
        for ticket, direction, at in tx.execute(query):
            shown = home.get(ticket) if ticket is not None else None
            if shown is None:
                continue
            if shown not in newest or at > newest[shown][0]:
                newest[shown] = (at, direction)
    return {ticket for ticket, (_, direction) in newest.items() if direction == Direction.IN}


def _count_as_messages(tx: Tx, tickets: Sequence[UUID]) -> None:
    if not tickets:
        return
    messages = select(Message.id).where(Message.ticket.in_(tickets))
    tx.execute(
        update(MailItem)
        .where(MailItem.message.in_(messages), MailItem.outcome == Outcome.HISTORY)
        .values(outcome=Outcome.MESSAGE)
        .execution_options(synchronize_session=False)
    )
