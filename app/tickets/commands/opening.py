"""Opening tickets, and what an arriving or departing message changes in one. Called for every mail: kept lean."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, literal_column, null, select, update
from sqlalchemy.orm import Session

from app.index import commands as index
from app.kernel import ids
from app.kernel.database.bulk import Bulk
from app.kernel.database.rows import insert_row
from app.kernel.database.transaction import Tx
from app.kernel.state import options
from app.people.commands import organisation_of, record_event
from app.people.row_history import add_row
from app.people.rules import EventKind
from app.tickets.commands.rows import change, living_row, ticket_doc, ticket_row
from app.tickets.commands.snooze import count_anew
from app.tickets.commands.standing import Added, forget_standing, keep_opened, standing, sum_up
from app.tickets.commands.status import apply_status, default_state, tell_status
from app.tickets.counters import count, next_number
from app.tickets.facts import CustomerWrote, TicketOpened
from app.tickets.rules import (
    DONE,
    HISTORY,
    TO_DO,
    OnReply,
    Standing,
    Status,
    after_customer_mail,
    after_reply,
    piles,
    takes_answer,
    tidy_subject,
)
from app.tickets.tables import Ticket, TicketLink, TicketRef


def open_ticket(
    tx: Tx,
    *,
    ticket: UUID,
    customer: UUID | None,
    subject: str,
    at: datetime,
    channel: str = "email",
    mailbox: UUID | None = None,
    status: str = Status.NEW,
    outcome: str = "",
    by_agent: bool = False,
) -> int:
    """Open a ticket under the id `ticket` and give it a number, which is returned.

    `at`: when its first message was written. With the outcome `history` it tells no fact and has no line of history.
    The message itself is added by the caller (`add_message`, then `customer_wrote` or `message_added`).
    """
    number = next_number(tx)
    row = {
        "id": ticket,
        "number": number,
        "subject": tidy_subject(subject),
        "status": str(status),
        "state": default_state(tx, status),
        "channel": channel,
        "mailbox": mailbox,
        "customer": customer,
        "organisation": organisation_of(tx, customer),
        "outcome": outcome,
        "snippet": "",
        "message_count": 0,
        "has_attachment": False,
        "created_at": at,
        "first_reply_at": None,
        "last_message_at": at,
        "last_incoming_at": None,
        "solved_at": at if status == Status.SOLVED else None,
        "closed_at": at if status == Status.CLOSED else None,
        "snooze_until": None,
        "merged_into": None,
        "deleted_at": None,
        "clk": "",
    }
    insert_row(tx, Ticket, row)
    keep_opened(tx, row)
    count(tx, piles(Standing(str(status), None, follow_up=False, deleted=False, merged=False)))
    tx.touch("ticket", ticket)
    insert_row(tx, TicketRef, {"number": number, "ticket": ticket})
    if outcome != HISTORY:
        record_event(tx, EventKind.CREATED, ticket=ticket, customer=customer, field="status", new=str(status))
        tx.emit(TicketOpened(ticket, at, by_agent))
        if status in DONE:
            tell_status(tx, ticket, "", status)
    if customer is not None:
        tx.touch("customer", customer)
    index.put(tx, [ticket_doc(ticket, number, tidy_subject(subject), customer, at)], fresh=True)
    return number


@dataclass(frozen=True, slots=True)
class Quiet:
    """A ticket of history that is to be an open one, and what of it decides in which counts it is."""

    ticket: UUID
    assignee: UUID | None
    follow_up: bool
    clk: str
    status: Status


def open_quietly(tx: Tx, tickets: Iterable[Quiet]) -> None:
    """Make closed history open tickets. Nothing is told and history has no line of it: so they were from the beginning."""
    for each in tickets:
        tx.unwritten(_OPEN_QUIETLY)[each.ticket] = {
            "key": each.ticket,
            "new_status": str(each.status),
            "new_state": default_state(tx, each.status),
            "new_clk": tx.tick(each.clk),
        }
        count(tx, piles(Standing(Status.CLOSED, each.assignee, each.follow_up, deleted=False, merged=False)), -1)
        count(tx, piles(Standing(str(each.status), each.assignee, each.follow_up, deleted=False, merged=False)))
        forget_standing(tx, each.ticket)
        tx.touch("ticket", each.ticket)


_OPEN_QUIETLY = Bulk(
    update(Ticket.__table__)  # type: ignore[arg-type]
    .where(Ticket.__table__.c.id == bindparam("key"))
    .values(
        status=bindparam("new_status"),
        state=bindparam("new_state"),
        outcome=literal_column("''"),
        closed_at=null(),
        clk=bindparam("new_clk"),
    )
)


def customer_wrote(
    tx: Tx,
    ticket: UUID,
    *,
    at: datetime,
    snippet: str,
    has_attachment: bool,
    reopen: bool = True,
    is_thanks: Callable[[], bool] = lambda: False,
) -> None:
    """A mail of the customer joined a ticket. `reopen=False` (history, automatic mail): counts only, no status, no fact.

    `is_thanks` is asked of a snoozed ticket: does the mail say nothing but thank you?

    New and open stay; waiting, solved and recently closed become open. Whether a ticket closed long ago takes the
    mail at all is asked before, with `accepts_reply`.
    """
    # What makes a ticket unread is when we learnt of the mail: it may have waited on the server while we looked.
    came_at = max(at, tx.now) if reopen else at
    now = sum_up(tx, ticket, Added("in", at, snippet, has_attachment, came_at))
    if not reopen:
        return
    if now.status not in TO_DO or now.snooze_until is not None:
        row = ticket_row(tx, now.id)
        thanked = row.snooze_until is not None and row.snooze_reply == OnReply.THANKS and is_thanks()
        if not thanked:
            _open_again(tx, row, at)
    tx.emit(CustomerWrote(now.id, at))


def _open_again(tx: Tx, row: Ticket, at: datetime) -> None:
    if row.snooze_until is not None and row.snooze_reply != OnReply.SLEEP:
        change(tx, row, "snooze_until", None, EventKind.MOVED)
    if accepts_reply(tx, row.id, at):
        apply_status(tx, row, after_customer_mail(row.status), EventKind.MOVED)


def agent_wrote(tx: Tx, ticket: UUID, *, at: datetime, snippet: str, has_attachment: bool, solve: bool = False) -> None:
    """A mail that one of us sent from another program joined a ticket: it waits for the customer, the clock stops.

    Mail older than the newest word in the ticket changes no status: the customer has answered since.
    """
    row = living_row(tx, ticket)
    is_newest = at >= row.last_message_at
    message_added(tx, row.id, direction="out", at=at, snippet=snippet, has_attachment=has_attachment)
    if row.first_reply_at is None:
        row.first_reply_at = at
    if is_newest:
        count_anew(tx, row)
    if is_newest and row.status in {Status.NEW, Status.OPEN}:
        apply_status(tx, row, after_reply(solve=solve), EventKind.MOVED)


def message_added(tx: Tx, ticket: UUID, *, direction: str, at: datetime, snippet: str, has_attachment: bool) -> None:
    """Keep what lists show of a ticket: counts, the newest words, when. No status, no fact."""
    sum_up(tx, ticket, Added(direction, at, snippet, has_attachment, at))


def accepts_reply(db: Session, ticket: UUID, at: datetime) -> bool:
    """Does a customer's mail of `at` go into this ticket, or does it open a new one (linked to it)?

    Not into a deleted ticket (what was deleted stays deleted), nor into a solved or closed one where the desk's policy
    is another (`app.tickets.rules.FollowUp`).
    """
    row = standing(db, ticket) if isinstance(db, Tx) else _living(db, ticket)
    if row is None or row.deleted_at is not None:
        return False
    if row.status not in DONE:
        return True
    days, policy = int(options.get(db, "reopen_days")), str(options.get(db, "answers_to_done"))
    return takes_answer(row.status, row.closed_at, at, days, policy)


def continuation(tx: Tx, ticket: UUID, at: datetime) -> UUID | None:
    """The newest ticket that an answer to this one was made into and that takes another of `at`; None if there is none.

    Whoever goes on writing under the old mail means the matter that they wrote about last.
    """
    tx.flush()
    later = (
        select(Ticket.id)
        .join(TicketLink, TicketLink.other == Ticket.id)
        .where(TicketLink.ticket == ticket, TicketLink.kind == "continues", TicketLink.deleted_at.is_(None))
        .order_by(Ticket.number.desc())
    )
    number = standing(tx, ticket).number
    newer = later.where(Ticket.number > number, Ticket.merged_into.is_(None))
    return next((key for key in tx.scalars(newer) if accepts_reply(tx, key, at)), None)


def _living(db: Session, ticket: UUID) -> Ticket | None:
    row = db.get(Ticket, ticket)
    while row is not None and row.merged_into is not None:
        row = db.get(Ticket, row.merged_into)
    return row


def link_tickets(tx: Tx, ticket: UUID, other: UUID, kind: str, message: UUID | None = None) -> None:
    """Link two tickets both ways: `possible_match`, `continues` (an answer that came too late), `related`."""
    for one, two in ((ticket, other), (other, ticket)):
        key = ids.derived_id("ticket_link", kind, one, two)
        found = tx.get(TicketLink, key) or TicketLink(id=key, ticket=one, other=two, kind=kind, message=message)
        if tx.agent is None:
            found.deleted_at = None
            tx.add(found)
        elif found.deleted_at is not None or found not in tx:
            add_row(tx, found, ticket=one, quietly=True)


def set_first_reply(tx: Tx, ticket: UUID, at: datetime) -> None:
    """The first human answer of ours was sent at `at`."""
    row = ticket_row(tx, ticket)
    if row.first_reply_at is None or at < row.first_reply_at:
        row.first_reply_at = at
