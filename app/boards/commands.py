"""Deciding how the board looks, and moving and adding its cards. All of it can be undone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from app.boards.rules import FIXED, Step, folded_text
from app.boards.tables import BoardColumnRow
from app.kernel import ids
from app.kernel.database.transaction import Tx
from app.kernel.errors import UserError
from app.kernel.state import options
from app.people.history import mark_action
from app.people.row_history import add_row, change_row
from app.tickets.bulk import Act, change_many
from app.tickets.commands import open_ticket
from app.tickets.commands.results import Changed
from app.tickets.rules import NOBODY, BoardBy, LaneBy

_CHANNEL: Final = "note"
"""A card that was added here came by no channel; it looks like a note of ours."""


def acts_of(steps: Sequence[Step]) -> list[Act]:
    """What moving a card into a column, a lane or both does to its ticket. One action with one undo does all of it."""
    return [act for step in steps if step.by not in FIXED for act in _acts(step)]


def add_card(tx: Tx, subject: str, steps: Sequence[Step]) -> Changed:
    """A ticket from one line, without a customer or a message, with what its column and lane stand for.

    Raises UserError for an empty line, and where a ticket cannot come there (its fields must be filled in first).
    """
    if not subject.strip():
        msg = "Please say in a few words what is to be done."
        raise UserError(msg)
    ticket = ids.new_id()
    open_ticket(tx, ticket=ticket, customer=None, subject=subject, at=tx.now, channel=_CHANNEL, by_agent=True)
    tx.flush()
    left = change_many(tx, [ticket], acts_of(steps)).tally.left
    if left:
        why = left[0].detail
        raise UserError(why if "#…" not in why else why.replace(" #…", "").replace("#…", ""))
    mark_action(tx)
    return Changed(tx.action, 1)


def _acts(step: Step) -> list[Act]:
    if step.by != BoardBy.TAG:
        return [Act(step.by, step.to or (None if step.by == BoardBy.ASSIGNEE else ""))]
    off = [Act("tag-", step.was)] if step.was not in (NOBODY, step.to) else []
    return [*off, Act("tag+", step.to)] if step.to else off


def remember_look(tx: Tx, by: BoardBy, lanes: LaneBy) -> None:
    """This device looks at the board like this from now on. Looking is nothing to be undone."""
    options.put(tx, "board_columns", str(by))
    options.put(tx, "board_lanes", str(lanes))


def remember_folded(tx: Tx, lanes: LaneBy, folded: Iterable[str]) -> None:
    """Of these lanes only the headings are shown on this device."""
    options.put(tx, "board_folded", folded_text(str(options.get(tx, "board_folded")), lanes, folded))


def set_limit(tx: Tx, by: BoardBy, key: str, most: int) -> UUID:
    """How many cards a column should hold at most (0: any number). It is only said, never enforced. Returns the action."""
    return _set(tx, by, key, most=most)


def hide_column(tx: Tx, by: BoardBy, key: str, hidden: bool) -> UUID:
    """Leave a column out, or show it again. Returns the action."""
    return _set(tx, by, key, hidden=hidden)


def fold_column(tx: Tx, by: BoardBy, key: str, folded: bool) -> UUID:
    """Show a column as a narrow strip, or whole again. Returns the action."""
    return _set(tx, by, key, folded=folded)


def arrange_columns(tx: Tx, by: BoardBy, keys: Sequence[str]) -> UUID:
    """Put all columns of a grouping into this order. Returns the action."""
    for position, key in enumerate(keys, 1):
        _set(tx, by, key, position=position)
    return tx.action


def pick_tags(tx: Tx, tags: Sequence[str]) -> UUID:
    """Exactly these tags (ids in hex) have a column of their own. None: the most used ones do again. Returns the action."""
    wanted = set(tags)
    for row in tx.scalars(select(BoardColumnRow).where(BoardColumnRow.by == BoardBy.TAG, BoardColumnRow.picked)):
        if row.key not in wanted:
            change_row(tx, row, _about(row), picked=False, hidden=False)
    for key in tags:
        _set(tx, BoardBy.TAG, key, picked=True, hidden=False)
    return tx.action


def _set(tx: Tx, by: BoardBy, key: str, **values: Any) -> UUID:
    found = ids.derived_id("board_column", by, key)
    tx.flush()
    row = tx.get(BoardColumnRow, found)
    if row is None or row.deleted_at is not None:
        if row is None:
            row = BoardColumnRow(id=found, by=str(by), key=key, position=0, most=0)
            row.hidden = row.folded = row.picked = False
        add_row(tx, row, _about(row))
        tx.flush()
    change_row(tx, row, _about(row), **values)
    return tx.action


def _about(row: BoardColumnRow) -> str:
    return f"{row.by}: {row.key or LaneBy.NONE}"
