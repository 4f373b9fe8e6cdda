"""A ticket's checklist: what is to be done for it, in order, and what of it is done."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select

from app.kernel import ids
from app.kernel.database.transaction import Tx
from app.kernel.errors import NotFoundError, UserError
from app.kernel.sentences import said
from app.people.row_history import add_row, change_row, remove_row
from app.tickets.commands.rows import usable_row
from app.tickets.tables import ChecklistItem
from app.tickets.work_rules import tidy_line

MOST = 200


def add_item(tx: Tx, ticket: UUID, title: str) -> UUID:
    """Something to do, last in the list; returns its id. Raises UserError for an empty title or too long a list."""
    row = usable_row(tx, ticket)
    words = tidy_line(title, "Please say what is to be done.")
    tx.flush()
    living = (ChecklistItem.ticket == row.id, ChecklistItem.deleted_at.is_(None))
    last, count = tx.execute(select(func.max(ChecklistItem.position), func.count()).where(*living)).one()
    if count >= MOST:
        msg = said("There are {most} things on this list already; that is the most.", most=MOST)
        raise UserError(msg)
    item = ChecklistItem(id=ids.new_id(), ticket=row.id, title=words, position=(last or 0) + 1, created_at=tx.now)
    add_row(tx, item, words, ticket=row.id)
    return item.id


def tick_item(tx: Tx, item: UUID, done: bool = True) -> UUID:
    """It is done, or not after all. Returns the action. Raises NotFoundError."""
    row = _item(tx, item)
    if done is not (row.done_at is not None):
        change_row(
            tx,
            row,
            row.title,
            ticket=row.ticket,
            done_at=tx.now if done else None,
            done_by=tx.agent if done else None,
        )
    return tx.action


def rename_item(tx: Tx, item: UUID, title: str) -> UUID:
    """Say it otherwise. Returns the action. Raises NotFoundError, UserError."""
    row = _item(tx, item)
    change_row(tx, row, row.title, ticket=row.ticket, title=tidy_line(title, "Please say what is to be done."))
    return tx.action


def move_item(tx: Tx, item: UUID, place: int) -> UUID:
    """Put it at this place of its ticket's list, from 0. Returns the action. Raises NotFoundError."""
    row = _item(tx, item)
    living = select(ChecklistItem).where(ChecklistItem.ticket == row.ticket, ChecklistItem.deleted_at.is_(None))
    others = [one for one in tx.scalars(living.order_by(ChecklistItem.position, ChecklistItem.id)) if one.id != item]
    others.insert(max(0, min(place, len(others))), row)
    for position, one in enumerate(others, 1):
        change_row(tx, one, one.title, ticket=one.ticket, quietly=one is not row, position=position)
    return tx.action


def remove_item(tx: Tx, item: UUID) -> UUID:
    """Take it off the list. Returns the action. Raises NotFoundError."""
    row = _item(tx, item)
    remove_row(tx, row, row.title, ticket=row.ticket)
    return tx.action


def _item(tx: Tx, item: UUID) -> ChecklistItem:
    tx.flush()
    row = tx.get(ChecklistItem, item)
    if row is None or row.deleted_at is not None:
        msg = "This is not on the list any more."
        raise NotFoundError(msg)
    return row
