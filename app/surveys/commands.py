"""Asking how it went: whom, when, and sending the invitation. What comes back is in `answers`.

Once a ticket and kind (the invitation's id is derived from them), never for history, spam, merged or automatic mail,
at most once in some days a person, and never somebody who asked not to be asked.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import exists, func, select

from app.answering.commands import note_automatic, within
from app.answering.rules import ASKING_CAPS, HOUR
from app.conversations.queries import own_addresses
from app.conversations.tables import Mailbox, Message
from app.kernel import ids
from app.kernel.database.transaction import Tx
from app.kernel.errors import NotFoundError, UserError
from app.kernel.sentences import said
from app.kernel.state import options
from app.kernel.tokens import new_token, sha256_of
from app.outbox.commands import queue_reply
from app.outbox.facts import ReplySent
from app.outbox.rules import State, is_address, is_own
from app.outbox.tables import Outbox
from app.people.tables import Agent, Customer, Identity
from app.surveys.answers import (
    AnswerOutcome,
    IncomingMail,
    count_as_score,
    rate_in_chat,
    suppress,
    take_answer,
    unsuppress,
)
from app.surveys.letters import Ask, invitation
from app.surveys.rules import STALE_AFTER, VALID_FOR, InviteState, Kind, Skip, invite_id
from app.surveys.tables import Suppression, SurveyInvite
from app.tickets.facts import TicketSolved
from app.tickets.tables import Ticket

__all__ = [
    "AnswerOutcome",
    "IncomingMail",
    "count_as_score",
    "expire",
    "rate_in_chat",
    "schedule",
    "send_due",
    "send_now",
    "suppress",
    "take_answer",
    "unsuppress",
]

_DONE = ("solved", "closed")
_AT_ONCE = 50
_NOT_YET_OUT = (State.QUEUED, State.HELD, State.SENDING, State.RETRY, State.FAILED)


def schedule(tx: Tx, fact: TicketSolved) -> None:
    """Reaction: a ticket was solved; its customer is to be asked after the delay, unless there is a reason not to."""
    if not options.get(tx, "survey_enabled"):
        return
    ticket = tx.get(Ticket, fact.ticket)
    if ticket is None or ticket.customer is None or ticket.outcome:
        return
    tx.flush()
    row = tx.get(SurveyInvite, invite_id(ticket.id, Kind.CSAT))
    if row is not None and row.state not in {InviteState.DUE, InviteState.SKIPPED}:
        return  # asked already
    wrote = _writer(tx, ticket)
    if row is None:
        row = SurveyInvite(id=invite_id(ticket.id, Kind.CSAT), ticket=ticket.id, kind=Kind.CSAT, created_at=tx.now)
        tx.add(row)
    row.customer = ticket.customer
    row.address = wrote[1] if wrote else ""
    row.state, row.reason = InviteState.DUE, ""
    row.due_at = fact.at + timedelta(minutes=int(options.get(tx, "survey_delay_minutes")))
    if wrote is None:
        row.state, row.reason = InviteState.SKIPPED, Skip.NO_LETTER


def answer_left(tx: Tx, fact: ReplySent) -> None:
    """Reaction: the rep's answer has left, so an invitation that waited for it need not wait any longer."""
    if fact.ticket is None or fact.automatic or not fact.answers:
        return
    row = tx.get(SurveyInvite, invite_id(fact.ticket, Kind.CSAT))
    if row is not None and row.state == InviteState.DUE:
        delay = timedelta(minutes=int(options.get(tx, "survey_delay_minutes")))
        row.due_at = min(row.due_at, max(fact.at, row.created_at + delay))


def send_due(tx: Tx, limit: int = _AT_ONCE) -> int:
    """Queue the invitations whose time has come; how many were sent.

    Nobody is asked before the answer itself has left: those whose ticket has one waiting stay due. What would go beyond
    the caps of automatic mail (many tickets of one person, or of one company, solved at once) waits for an hour.
    """
    tx.flush()
    waiting = (Outbox.ticket == SurveyInvite.ticket, Outbox.automatic.is_(False), Outbox.sent_at.is_(None))
    on_its_way = exists().where(*waiting, Outbox.state.in_(_NOT_YET_OUT))
    statement = (
        select(SurveyInvite)
        .where(SurveyInvite.state == InviteState.DUE, SurveyInvite.due_at <= tx.now, ~on_its_way)
        .order_by(SurveyInvite.due_at)
        .limit(limit)
    )
    sent = 0
    for row in tx.execute(statement).scalars().all():
        ticket = tx.get(Ticket, row.ticket)
        reason = _reason_to_skip(tx, row, ticket)
        if reason is None and ticket is not None:
            if not within(tx, row.address, ASKING_CAPS):
                row.due_at = tx.now + HOUR
                continue
            _send(tx, row, ticket)
            tx.flush()  # the next one counts it
            sent += 1
        else:
            row.state, row.reason = InviteState.SKIPPED, str(reason or Skip.DELETED)
    return sent


def send_now(tx: Tx, ticket: UUID, kind: Kind | str = Kind.CSAT) -> UUID:
    """Ask by hand, without delay and cool-down; the message's id. Raises UserError when that is not to be done."""
    tx.flush()
    found = tx.get(Ticket, ticket)
    if found is None or found.customer is None:
        msg = "There is no such ticket, or it has no customer."
        raise NotFoundError(msg)
    kind = _kind(kind)
    wrote = _writer(tx, found) or _first_address(tx, found.customer)
    if wrote is None:
        msg = "No address of this customer is known."
        raise UserError(msg)
    key = invite_id(found.id, kind)
    row = tx.get(SurveyInvite, key)
    if row is not None and row.state in {InviteState.QUEUED, InviteState.EXPIRED}:
        msg = said(
            "This ticket was already asked about on {day}; it is done once a ticket.",
            day=format(row.sent_at or row.created_at, "%Y-%m-%d"),
        )
        raise UserError(msg)
    if is_suppressed(tx, wrote[1]):
        msg = said("{address} asked not to be asked again.", address=wrote[1])
        raise UserError(msg)
    if row is None:
        row = SurveyInvite(id=key, ticket=found.id, kind=kind, created_at=tx.now)
        tx.add(row)
    row.customer, row.address, row.reason = found.customer, wrote[1], ""
    row.state, row.due_at = InviteState.DUE, tx.now
    if not _mailbox_of(tx, found):
        msg = "Connect a mailbox first: there is none to write from."
        raise UserError(msg)
    return _send(tx, row, found)


def expire(tx: Tx) -> int:
    """Close the invitations that are too old to be answered; how many."""
    statement = select(SurveyInvite).where(
        SurveyInvite.state == InviteState.QUEUED, SurveyInvite.sent_at < tx.now - VALID_FOR
    )
    rows = tx.execute(statement.limit(200)).scalars().all()
    for row in rows:
        row.state = InviteState.EXPIRED
    return len(rows)


def is_suppressed(tx: Tx, address: str) -> bool:
    """Did this address ask not to be asked again?"""
    row = tx.get(Suppression, ids.derived_id("suppression", "survey", address.casefold()))
    return row is not None and row.deleted_at is None


def _send(tx: Tx, row: SurveyInvite, ticket: Ticket) -> UUID:
    token = new_token()
    box, customer = _mailbox_of(tx, ticket), tx.get(Customer, row.customer)
    assert box is not None
    agent = _solver(tx, ticket)
    name = customer.name if customer else ""
    letter = invitation(
        Ask(
            kind=Kind(row.kind),
            language=(customer.language if customer else "") or str(options.get(tx, "desk_language")),
            customer=name,
            subject=ticket.subject,
            agent=agent.name if agent else "",
            desk=str(options.get(tx, "desk_name")) or box.name,
            address=box.address,
            token=token,
            cool_down_days=int(options.get(tx, "survey_cooldown_days")),
            is_solved=ticket.status in _DONE,
        )
    )
    row.message = queue_reply(
        tx,
        ticket=ticket.id,
        mailbox=box.id,
        customer=row.customer,
        to=[(name, row.address)],
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        automatic=True,
        kind="survey",
        thread=False,
        headers={"List-Unsubscribe": letter.unsubscribe},
    )
    note_automatic(tx, row.message, row.address)
    row.token_sha256 = sha256_of(token)
    row.state, row.reason, row.sent_at = InviteState.QUEUED, "", tx.now
    return row.message


def _solver(tx: Tx, ticket: Ticket) -> Agent | None:
    """Whom the customer knows from this ticket: its assignee, else who wrote to them last."""
    key = ticket.assignee
    if key is None:
        wrote = (Message.ticket == ticket.id, Message.direction == "out", Message.automatic.is_(False))
        statement = select(Message.agent).where(*wrote, Message.agent.is_not(None))
        key = tx.execute(statement.order_by(Message.occurred_at.desc()).limit(1)).scalar()
    return tx.get(Agent, key) if key is not None else None


def _reason_to_skip(tx: Tx, row: SurveyInvite, ticket: Ticket | None) -> Skip | None:
    if ticket is None or ticket.deleted_at is not None:
        return Skip.DELETED
    if ticket.merged_into is not None:
        return Skip.MERGED
    if ticket.outcome:
        return Skip.HISTORY
    if ticket.status not in _DONE:
        return Skip.REOPENED
    if tx.now - row.due_at > STALE_AFTER:
        return Skip.TOO_LATE
    if is_suppressed(tx, row.address):
        return Skip.SUPPRESSED
    if not is_address(row.address):
        return Skip.NO_ADDRESS
    if _asked_lately(tx, row):
        return Skip.COOL_DOWN
    if _is_dead(tx, row.address):
        return Skip.DEAD_ADDRESS
    return None if _mailbox_of(tx, ticket) else Skip.NO_MAILBOX


def _asked_lately(tx: Tx, row: SurveyInvite) -> bool:
    days = int(options.get(tx, "survey_cooldown_days"))
    if not days:
        return False
    tx.flush()
    statement = select(func.count()).select_from(SurveyInvite).where(
        SurveyInvite.customer.in_(_same_person(tx, row.customer)),
        SurveyInvite.id != row.id,
        SurveyInvite.sent_at > tx.now - timedelta(days=days),
        SurveyInvite.sent_at < tx.now + timedelta(days=days),  # further ahead: while the clock was wrong
    )  # fmt: skip
    return bool(tx.execute(statement).scalar())


def _same_person(tx: Tx, customer: UUID) -> set[UUID]:
    """A customer, whom they were merged into, and who was merged into that one."""
    root = tx.get(Customer, customer)
    met = {customer}
    while root is not None and root.merged_into is not None and root.merged_into not in met:
        met.add(root.merged_into)
        root = tx.get(Customer, root.merged_into)
    top = root.id if root is not None else customer
    return met | set(tx.execute(select(Customer.id).where(Customer.merged_into == top)).scalars())


def _writer(tx: Tx, ticket: Ticket) -> tuple[str, str] | None:
    """(name, address) of the person who wrote last in this ticket; None if only programs did, or we ourselves.

    A word in a chat bears an address only if it was proven.
    """
    statement = (
        select(Message.sender)
        .where(
            Message.ticket == ticket.id,
            Message.direction == "in",
            Message.kind.in_(("mail", "chat")),
            Message.automatic.is_(False),
            Message.customer == ticket.customer,
        )
        .order_by(Message.occurred_at.desc())
        .limit(1)
    )
    sender = tx.execute(statement).scalar()
    if not sender or not sender[1] or is_own(sender[1], own_addresses(tx)):
        return None
    return (sender[0], sender[1])


def _first_address(tx: Tx, customer: UUID) -> tuple[str, str] | None:
    statement = (
        select(Identity)
        .where(Identity.customer == customer, Identity.kind == "email", Identity.dead_at.is_(None))
        .order_by(Identity.created_at)
        .limit(1)
    )
    row = tx.execute(statement).scalar_one_or_none()
    return ("", row.shown or row.handle) if row is not None else None


def _is_dead(tx: Tx, address: str) -> bool:
    statement = select(Identity).where(Identity.kind == "email", Identity.handle == address.casefold())
    row = tx.execute(statement).scalar_one_or_none()
    return row is not None and row.dead_at is not None


def _mailbox_of(tx: Tx, ticket: Ticket) -> Mailbox | None:
    box = tx.get(Mailbox, ticket.mailbox) if ticket.mailbox else None
    if box is not None and box.deleted_at is None:
        return box
    statement = select(Mailbox).where(Mailbox.deleted_at.is_(None)).order_by(Mailbox.connected_at).limit(1)
    return tx.execute(statement).scalar_one_or_none()


def _kind(kind: Kind | str) -> Kind:
    try:
        return Kind(kind)
    except ValueError:
        msg = said("“{kind}” is no kind of survey. There are: {known}.", kind=kind, known=", ".join(Kind))
        raise UserError(msg) from None
