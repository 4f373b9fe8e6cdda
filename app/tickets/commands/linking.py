"""Links that people make between tickets: related, blocks, duplicate of. Each is a row for either side, told both ways."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from app.kernel import ids
from app.kernel.database.transaction import Tx
from app.kernel.errors import UserError
from app.kernel.sentences import said
from app.people.row_history import add_row, remove_row
from app.tickets.commands.results import Changed
from app.tickets.commands.rows import usable_row
from app.tickets.tables import Ticket, TicketLink
from app.tickets.work_rules import BACKWARDS, LINKS


def link(tx: Tx, ticket: UUID, other: UUID, kind: str = "related") -> Changed:
    """`ticket` is related to, blocks, is blocked by, duplicates or is duplicated by `other`; shown at both.

    Another link of the two that a person made goes: two tickets have one relation. Raises UserError for a kind that is
    none, and for a ticket with itself.
    """
    if kind not in LINKS:
        msg = said("“{kind}” is no kind of link. There are: {known}.", kind=kind, known=", ".join(LINKS))
        raise UserError(msg)
    one, two = usable_row(tx, ticket), usable_row(tx, other)
    if one.id == two.id:
        msg = "A ticket cannot be linked with itself."
        raise UserError(msg)
    if any(row.kind == kind for row in _between(tx, one.id, two.id)):
        return Changed(tx.action, 0)
    _remove(tx, one, two)
    for this, that, word in ((one, two, kind), (two, one, BACKWARDS[kind])):
        key = ids.derived_id("ticket_link", word, this.id, that.id)
        row = tx.get(TicketLink, key) or TicketLink(id=key, ticket=this.id, other=that.id, kind=word)
        add_row(tx, row, _about(word, that), ticket=this.id)
    return Changed(tx.action, 2)


def unlink(tx: Tx, ticket: UUID, other: UUID) -> Changed:
    """Take away whatever links two tickets. Returns how many sides were changed."""
    return Changed(tx.action, _remove(tx, usable_row(tx, ticket), usable_row(tx, other), every=True))


def _remove(tx: Tx, one: Ticket, two: Ticket, *, every: bool = False) -> int:
    count = 0
    for this, that in ((one, two), (two, one)):
        for row in _between(tx, this.id, that.id):
            if every or row.kind in LINKS:
                count += remove_row(tx, row, _about(row.kind, that), ticket=this.id)
    return count


def _between(tx: Tx, ticket: UUID, other: UUID) -> list[TicketLink]:
    tx.flush()
    living = (TicketLink.ticket == ticket, TicketLink.other == other, TicketLink.deleted_at.is_(None))
    return list(tx.scalars(select(TicketLink).where(*living)))


def _about(kind: str, other: Ticket) -> str:
    return f"{kind} #{other.number}"
