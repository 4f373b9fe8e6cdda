"""Tags on tickets."""

from __future__ import annotations

from uuid import UUID

from app.kernel import ids
from app.kernel.database.transaction import Tx
from app.people.commands import mark_action, record_event
from app.people.rules import EventKind
from app.tickets.commands.results import Changed
from app.tickets.commands.rows import Tickets, each_row, reindex
from app.tickets.rules import tidy_tag
from app.tickets.tables import Tag, Ticket, TicketTag


def add_tag(tx: Tx, tickets: Tickets, name: str) -> Changed:
    """Put a tag on one or several tickets. Raises UserError for an empty name."""
    return _each(tx, tickets, name, on=True)


def remove_tag(tx: Tx, tickets: Tickets, name: str) -> Changed:
    """Take a tag off one or several tickets."""
    return _each(tx, tickets, name, on=False)


def _each(tx: Tx, tickets: Tickets, name: str, *, on: bool) -> Changed:
    count = sum(put_tag(tx, row, name, on=on) for row in each_row(tx, tickets))
    if count:
        mark_action(tx)
    return Changed(tx.action, count)


def put_tag(tx: Tx, row: Ticket, name: str, *, on: bool) -> bool:
    """Put a tag on a ticket or take it off, with its history; False when it is so already."""
    shown = tidy_tag(name)
    key = tag_id(shown)
    tx.flush()
    link = tx.get(TicketTag, link_id := ids.derived_id("ticket_tag", row.id, key))
    if (link is not None and link.deleted_at is None) is on:
        return False
    tag = tx.get(Tag, key)
    if tag is None:
        tag = Tag(id=key, name=shown)
        tx.add(tag)
        tx.flush()
    if link is None:
        tx.add(TicketTag(id=link_id, ticket=row.id, tag=key))
    else:
        link.deleted_at = None if on else tx.now
    old, new = (None, tag.name) if on else (tag.name, None)
    record_event(tx, EventKind.TAGGED, ticket=row.id, field="tags", old=old, new=new)
    reindex(tx, row)
    return True


def tag_id(name: str) -> UUID:
    """The id of a tag: upper and lower case make no difference."""
    return ids.derived_id("tag", name.casefold())


def is_tagged(tx: Tx, ticket: UUID, name: str) -> bool:
    """Has the ticket this tag?"""
    link = tx.get(TicketTag, ids.derived_id("ticket_tag", ticket, tag_id(name)))
    return link is not None and link.deleted_at is None
