"""Making and changing a desk's fields. What stands in them on tickets: see `app.tickets.commands.custom`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.fields.choices import edited, from_rows, to_rows
from app.fields.rules import CHOSEN, MOST_FIELDS, Kind, as_kind, tidy_name
from app.fields.tables import Field
from app.kernel import ids
from app.kernel.database.transaction import Tx
from app.kernel.errors import NotFoundError, UserError
from app.kernel.sentences import said
from app.people.row_history import add_row, change_row, remove_row


def add_field(tx: Tx, name: str, kind: str, *, hint: str = "", choices: str = "", required: bool = False) -> UUID:
    """A field of the desk's own, last in order; `choices` one a line (see `app.fields.choices`).

    Raises UserError for a name that is taken or empty, a kind that is none, a choice without choices, too many fields.
    """
    there = _living(tx)
    if len(there) >= MOST_FIELDS:
        msg = said("There are {most} fields already; that is the most.", most=MOST_FIELDS)
        raise UserError(msg)
    wanted = as_kind(kind)
    row = Field(
        id=ids.new_id(),
        name=_free(there, name),
        kind=str(wanted),
        hint=hint.strip(),
        choices=_choices([], choices, wanted),
        required=required,
        position=max((one.position for one in there), default=0) + 1,
        created_at=tx.now,
    )
    add_row(tx, row, row.name)
    return row.id


def change_field(
    tx: Tx,
    field: UUID,
    *,
    name: str | None = None,
    hint: str | None = None,
    choices: str | None = None,
    required: bool | None = None,
) -> UUID:
    """Change a field; its kind stays, since tickets hold values of it. Returns the action. Raises NotFoundError, UserError."""
    row = _row(tx, field)
    wanted: dict[str, Any] = {}
    if name is not None:
        wanted["name"] = _free([one for one in _living(tx) if one.id != field], name)
    if hint is not None:
        wanted["hint"] = hint.strip()
    if required is not None:
        wanted["required"] = required
    if choices is not None:
        wanted["choices"] = _choices(row.choices, choices, Kind(row.kind))
    change_row(tx, row, row.name, **wanted)
    return tx.action


def remove_field(tx: Tx, field: UUID) -> UUID:
    """Take a field away. Tickets keep what they hold in it, and show it again when it comes back. Returns the action."""
    row = _row(tx, field)
    remove_row(tx, row, row.name)
    return tx.action


def order_fields(tx: Tx, order: Sequence[UUID]) -> UUID:
    """Put the fields into this order. Returns the action."""
    rows = {row.id: row for row in _living(tx)}
    for position, key in enumerate((key for key in order if key in rows), 1):
        change_row(tx, rows[key], rows[key].name, position=position)
    return tx.action


def _choices(before: list[dict[str, Any]], text: str, kind: Kind) -> list[dict[str, Any]]:
    if kind not in CHOSEN:
        return []
    made = edited(from_rows(before), text, tree=kind is Kind.TREE)
    if all(one.gone for one in made):
        msg = "Such a field needs something to choose from."
        raise UserError(msg)
    return to_rows(made)


def _living(tx: Tx) -> list[Field]:
    tx.flush()
    return list(tx.scalars(select(Field).where(Field.deleted_at.is_(None))))


def _row(tx: Tx, field: UUID) -> Field:
    tx.flush()
    row = tx.get(Field, field)
    if row is None or row.deleted_at is not None:
        msg = "There is no such field."
        raise NotFoundError(msg)
    return row


def _free(others: Sequence[Field], name: str) -> str:
    shown = tidy_name(name)
    if shown.casefold() in {one.name.casefold() for one in others}:
        msg = said("There is a field “{shown}” already.", shown=shown)
        raise UserError(msg)
    return shown
