"""Merging and placing. Nothing is moved: a merged ticket points to its target, a placed message to its ticket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from app.conversations.tables import Attachment, Message
from app.kernel.database.transaction import Tx
from app.kernel.errors import NotFoundError, UserError
from app.kernel.sentences import said
from app.people.history import mark_action, record_event
from app.people.rules import EventKind
from app.people.tables import Event
from app.tickets.commands.results import Changed, TakenApart
from app.tickets.commands.rows import (
    CUSTOM,
    Tickets,
    change,
    change_custom,
    custom_value,
    each_row,
    from_plain,
    living_row,
    plain,
    reindex,
    tag_names,
    ticket_row,
    usable_row,
)
from app.tickets.commands.status import apply_status, set_fields
from app.tickets.commands.tags import put_tag
from app.tickets.queries.conversation import conversation_ids, message_ids
from app.tickets.queries.merging import meanwhile, merge_line
from app.tickets.rules import NOWHERE, TO_DO, Status
from app.tickets.tables import Placement, Ticket, TicketLink

INCOMING: Final = "last_incoming_at"
"""What makes a ticket unread. It goes up with what a merge brings, and down again when that leaves."""


def merge(tx: Tx, tickets: Tickets, into: UUID, *, settled: Mapping[str, Any] | None = None) -> Changed:
    """Make one or several tickets part of `into`; their numbers keep resolving. One action, undone as one.

    `into` gets all their tags, and what stands in those of the desk's own fields that are empty in it, of the first that has
    it; it is open if one of them still waits for us. `settled` are further fields of it that were
    decided on the way (as `set_fields` has them). Those that are one with it already change nothing. Raises UserError for
    one merged with itself or lying in the Bin.
    """
    target = usable_row(tx, into)
    given = each_row(tx, tickets)
    sources = [row for row in (usable_row(tx, one.id) for one in given) if row.id != target.id]
    tags = dict.fromkeys(name for row in sources for name in tag_names(tx, row.id))
    changed = sum(join(tx, one.id, into) for one in given)
    if not changed:
        return Changed(tx.action, 0)
    for name in tags:
        put_tag(tx, target, name, on=True)
    _fill(tx, target, sources)
    if settled:
        set_fields(tx, target.id, **settled)
    if target.status not in TO_DO and any(row.status in TO_DO for row in sources) and "status" not in (settled or {}):
        apply_status(tx, target, Status.OPEN)
    mark_action(tx)
    return Changed(tx.action, changed)


def _fill(tx: Tx, target: Ticket, sources: Sequence[Ticket]) -> None:
    """Fields of the desk's own that are empty in the ticket that stays hold what the others have."""
    brought: dict[str, Any] = {}
    for row in reversed(sources):
        brought |= row.custom
    changed = [change_custom(tx, target, key, value) for key, value in brought.items() if key not in target.custom]
    if changed:
        reindex(tx, target)


def join(tx: Tx, ticket: UUID, into: UUID) -> bool:
    """Merge without a person behind it: a mail that connects two tickets shows that they are one. No facts."""
    source, target = living_row(tx, ticket), living_row(tx, into)
    if source.id == target.id:
        if ticket != into:
            return False  # they are one already
        msg = "A ticket cannot be merged with itself."
        raise UserError(msg)
    change(tx, source, "merged_into", target.id, EventKind.MERGED)
    record_event(tx, EventKind.JOINED, ticket=target.id, field="merged", new=str(source.id))
    tx.touch("ticket", target.id)
    summarise(tx, target)
    return True


def unmerge(tx: Tx, ticket: UUID) -> TakenApart:
    """Take a merged ticket out again, with its own messages and those that came to its number since.

    What it brought goes with it: its tags, and what made the whole unread; so does what was written meanwhile and answers
    what is its own (`queries.meanwhile` says before what that is, and what stays). It is open if its customer has written
    since, and waits if the last word is ours. Raises UserError for one that is not merged.
    """
    row = ticket_row(tx, ticket)
    if row.merged_into is None:
        msg = said("Ticket #{number} is not merged.", number=str(row.number))
        raise UserError(msg)
    tx.flush()
    target, since = ticket_row(tx, row.merged_into), meanwhile(tx, row.id)
    merged = merge_line(tx, row.id, target.id)
    change(tx, row, "merged_into", None, EventKind.MERGED)
    tx.touch("ticket", target.id)
    tx.flush()
    if merged is not None:
        _take_along(tx, row, target, merged)
    for message in since.follow:
        put_message(tx, message, row.id)
    for one in (row, target, living_row(tx, target.id)):
        summarise(tx, one)
    if merged is not None and (last := _last_word_since(tx, row.id, merged.occurred_at)):
        if last == "in" and row.status not in TO_DO:
            apply_status(tx, row, Status.OPEN)
        elif last == "out" and row.status in TO_DO:
            apply_status(tx, row, Status.WAITING)
    mark_action(tx)
    return TakenApart(tx.action, since.replies, since.staying)


def _take_along(tx: Tx, row: Ticket, target: Ticket, merged: Event) -> None:
    """Take from `target` what the merge brought, as far as nobody else brought it too and it is still there."""
    others = {name for key in conversation_ids(tx, target.id)[1:] for name in tag_names(tx, key)}
    theirs = set(tag_names(tx, row.id)) - others
    brought = select(Event).where(Event.action == merged.action, Event.ticket == target.id).order_by(Event.id.desc())
    for line in tx.scalars(brought):
        if line.kind == EventKind.TAGGED and line.new in theirs:
            put_tag(tx, target, line.new, on=False)
        elif line.field == INCOMING and line.kind == EventKind.SIDE and plain(target.last_incoming_at) == line.new:
            change(tx, target, INCOMING, from_plain(INCOMING, line.old), EventKind.SIDE)
    _take_fields(tx, row, target, merged)


def _take_fields(tx: Tx, row: Ticket, target: Ticket, merged: Event) -> None:
    """Empty those of the desk's own fields that the merge filled from this ticket and that nobody has changed since."""
    filled = select(Event).where(Event.action == merged.action, Event.ticket == target.id)
    taken = [
        change_custom(tx, target, key, None)
        for line in tx.scalars(filled.where(Event.field.startswith(CUSTOM, autoescape=True)))
        if custom_value(target, key := line.field.removeprefix(CUSTOM)) == line.new == custom_value(row, key)
    ]
    if taken:
        reindex(tx, target)


def _last_word_since(tx: Tx, ticket: UUID, at: datetime) -> str | None:
    """Who wrote last in a ticket after a moment, programs left out: `in`, `out` or nobody."""
    newest = select(Message.direction).where(Message.id.in_(message_ids(tx, ticket)[-500:]), Message.occurred_at > at)
    newest = newest.where(Message.automatic.is_(False), Message.direction != "internal")
    return tx.scalars(newest.order_by(Message.occurred_at.desc(), Message.id.desc()).limit(1)).first()


def place_message(tx: Tx, message: UUID, ticket: UUID) -> Changed:
    """Show a message ("belongs here") in `ticket` instead of where it came. Raises NotFoundError.

    A ticket that held nothing else, but for what programs wrote, becomes part of `ticket`, so that its number and what answers it lead there.
    """
    target = living_row(tx, ticket)
    before = ticket_of(tx, message_row(tx, message))
    changed = put_message(tx, message, target.id)
    if changed:
        source = ticket_row(tx, before) if before not in {None, NOWHERE} else None
        if source is not None and source.id != target.id and not _says_anything(tx, source.id):
            join(tx, source.id, target.id)
        mark_action(tx)
    return Changed(tx.action, int(changed))


def _says_anything(tx: Tx, ticket: UUID) -> bool:
    """Is anything left in a ticket that a person wrote?"""
    by_people = select(Message.id).where(Message.id.in_(message_ids(tx, ticket)), Message.automatic.is_(False))
    return tx.execute(by_people.limit(1)).first() is not None


def belongs_to(tx: Tx, ticket: UUID, other: UUID) -> Changed:
    """`ticket` is a possible match of `other`: what linked them belongs there. Raises UserError without such a link.

    The whole ticket goes along if that was all there is in it.
    """
    where = (TicketLink.ticket == ticket, TicketLink.other == other, TicketLink.kind == "possible_match")
    found = tx.execute(select(TicketLink.message).where(*where, TicketLink.deleted_at.is_(None))).scalar()
    if found is None:
        msg = "These two tickets are not a possible match. Merge them, or split a message off."
        raise UserError(msg)
    return place_message(tx, found, other)


def put_message(tx: Tx, message: UUID, ticket: UUID) -> bool:
    """Place a message, with its history; False when it is there already. NOWHERE hides it."""
    row = message_row(tx, message)
    tx.flush()
    before = ticket_of(tx, row)
    if before == ticket:
        return False
    placement = tx.get(Placement, message)
    if placement is None:
        tx.add(Placement(id=message, ticket=ticket))
    else:
        placement.ticket, placement.deleted_at = ticket, None
    if ticket == row.ticket and placement is not None:
        placement.deleted_at = tx.now
    shown = before if ticket == NOWHERE else ticket
    old, new = {"message": str(message), "ticket": str(before)}, {"message": str(message), "ticket": str(ticket)}
    record_event(tx, EventKind.PLACED, ticket=shown, field="placement", old=old, new=new)
    for one in (before, ticket):
        if one is not None and one != NOWHERE:
            tx.touch("ticket", one)
            summarise(tx, living_row(tx, one))
    tx.touch("message", message)
    return True


def ticket_of(tx: Tx, row: Message) -> UUID | None:
    """The ticket in which a message is shown, merges not followed."""
    placement = tx.get(Placement, row.id)
    return placement.ticket if placement is not None and placement.deleted_at is None else row.ticket


def summarise(tx: Tx, row: Ticket) -> None:
    """Count what lists show of a ticket again, from its whole conversation."""
    tx.flush()
    columns = (Message.id, Message.direction, Message.kind, Message.snippet, Message.occurred_at)
    keys = message_ids(tx, row.id)
    found: list[Any] = []
    for start in range(0, len(keys), 500):
        found += tx.execute(select(*columns).where(Message.id.in_(keys[start : start + 500]))).all()
    shown = sorted((one for one in found if one.kind != "note"), key=lambda one: (one.occurred_at, one.id))
    row.message_count = len(shown)
    if shown:
        row.last_message_at, row.snippet = shown[-1].occurred_at, shown[-1].snippet
    if incoming := [one.occurred_at for one in shown if one.direction == "in"]:
        # When we learnt of a message may be later than when it was written: what the parts know is not forgotten.
        parts = [ticket_row(tx, key).last_incoming_at for key in conversation_ids(tx, row.id)]
        change(tx, row, INCOMING, max([*incoming, *(part for part in parts if part is not None)]), EventKind.SIDE)
    files = select(Attachment.message).where(Attachment.message.in_([one.id for one in shown][:500])).limit(1)
    row.has_attachment = tx.execute(files).first() is not None


def message_row(tx: Tx, message: UUID) -> Message:
    """The row of a message. Raises NotFoundError."""
    row = tx.get(Message, message)
    if row is None:
        msg = "There is no such message."
        raise NotFoundError(msg)
    return row
