"""Verbs of canned answers. Each writes history, so that the general undo takes it back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.kernel import ids
from app.kernel.database.transaction import Tx
from app.kernel.errors import NotFoundError, UserError
from app.kernel.sentences import said
from app.people.row_history import add_row, change_row, remove_row
from app.templates.rules import MOST_CHARS, tidy_shortcut
from app.templates.tables import Canned


def add_canned(tx: Tx, name: str, text: str, shortcut: str = "", own: bool = False) -> UUID:
    """A text to insert, for everybody or (own) for me alone. Raises UserError for none, and for a shortcut that is taken."""
    row = Canned(
        id=ids.new_id(), name=_name(name), text=_text(text), shortcut=tidy_shortcut(shortcut),
        owner=tx.agent if own else None, used=0, created_at=tx.now,
    )  # fmt: skip
    _check_shortcut(tx, row.id, row.shortcut, row.owner)
    add_row(tx, row, row.name)
    return row.id


def change_canned(tx: Tx, canned: UUID, /, **fields: Any) -> bool:
    """Change `name`, `text`, `shortcut` or `own`; False when all of it is so already. Raises NotFoundError, UserError."""
    row = _row(tx, canned)
    known = {"name": _name, "text": _text, "shortcut": tidy_shortcut}
    values: dict[str, Any] = {}
    for field, value in fields.items():
        if field == "own":
            values["owner"] = tx.agent if value else None
        elif field in known:
            values[field] = known[field](value)
        else:
            msg = said("A canned answer has no field “{field}”.", field=field)
            raise UserError(msg)
    _check_shortcut(tx, row.id, values.get("shortcut", row.shortcut), values.get("owner", row.owner))
    return change_row(tx, row, row.name, **values)


def remove_canned(tx: Tx, canned: UUID) -> bool:
    """Take a canned answer away; it can be undone. Raises NotFoundError."""
    row = _row(tx, canned)
    return remove_row(tx, row, row.name)


def note_used(tx: Tx, canned: UUID) -> None:
    """It was inserted: what is used often comes first."""
    row = tx.get(Canned, canned)
    if row is not None:
        row.used += 1


def _row(tx: Tx, canned: UUID) -> Canned:
    row = tx.get(Canned, canned)
    if row is None or row.deleted_at is not None:
        msg = "There is no such canned answer."
        raise NotFoundError(msg)
    return row


def _name(words: str) -> str:
    name = " ".join(words.split())[:80]
    if not name:
        msg = "A canned answer needs a name."
        raise UserError(msg)
    return name


def _text(words: str) -> str:
    if not words.strip():
        msg = "A canned answer needs a text."
        raise UserError(msg)
    if len(words) > MOST_CHARS:
        msg = said("A canned answer has {most} characters at most.", most=MOST_CHARS)
        raise UserError(msg)
    return words.strip("\n")


def _check_shortcut(tx: Tx, canned: UUID, shortcut: str, owner: UUID | None) -> None:
    """A word after `/` means one thing for everybody who can see it."""
    tx.flush()
    if not shortcut:
        return
    same = select(Canned).where(Canned.shortcut == shortcut, Canned.deleted_at.is_(None), Canned.id != canned)
    for other in tx.scalars(same):
        if other.owner is None or owner is None or other.owner == owner:
            msg = said("/{shortcut} is “{name}” already. Choose another word.", shortcut=shortcut, name=other.name)
            raise UserError(msg)
