"""History of rows that are a feature's own: an item of a checklist, an entry of time, a saved view, a kind of field.

A command changes such a row only through here. One line of history (`EventKind.ROW`) then holds which row of which
table it was and the columns that changed, before and after, so that the general undo takes it back without knowing the
feature: `put_row_back`. A row is never destroyed: it has a `deleted_at`, and adding it is "no longer deleted".

The table must have `id` and `deleted_at`; its `change_kind` tells the windows as with every row.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import inspect

from app.kernel.store import Base, Tx
from app.kernel.types import Id, Utc
from app.people.history import mark_action, record_event
from app.people.rules import EventKind

_ID: Final = "id"
_ABOUT: Final = "about"
"""Beside the columns: what the row is called, for whoever reads the history. Not compared, not put back."""


def add_row(tx: Tx, row: Any, about: str = "", *, ticket: UUID | None = None) -> None:
    """Add a row (or bring a deleted one back), with history that its agent may undo. `about`: what it is called."""
    if inspect(row).transient:
        tx.add(row)
    old = {_ID: row.id.hex, _ABOUT: about, "deleted_at": _plain(row.deleted_at or tx.now)}
    row.deleted_at = None
    new = {_ID: row.id.hex, _ABOUT: about, "deleted_at": None}
    record_event(tx, EventKind.ROW, ticket=ticket, field=row.__tablename__, old=old, new=new)
    mark_action(tx)


def change_row(tx: Tx, row: Any, about: str = "", *, ticket: UUID | None = None, **values: Any) -> bool:
    """Set columns of a row with one line of history; False (and no line) when it holds all of them already."""
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    if changed:
        _set(tx, row, about, changed, ticket)
        mark_action(tx)
    return bool(changed)


def remove_row(tx: Tx, row: Any, about: str = "", *, ticket: UUID | None = None) -> bool:
    """Delete a row so that it can come back; False when it is deleted already."""
    return row.deleted_at is None and change_row(tx, row, about, ticket=ticket, deleted_at=tx.now)


def put_row_back(tx: Tx, table: str, now: dict[str, Any], then: dict[str, Any]) -> bool | None:
    """Undo (or redo) a line: the row holds what `now` says and gets what `then` says, with history of its own.

    True: done. False: somebody changed it since, and it is left alone. None: the row is not there any more.
    """
    model = _models(len(Base.metadata.tables)).get(table)
    row = None if model is None else tx.get(model, UUID(hex=now[_ID]))
    if row is None:
        return None
    names = [name for name in now if name not in {_ID, _ABOUT}]
    for name in names:
        is_deletion = name == "deleted_at" and now[name] is not None
        held = _plain(getattr(row, name))
        if (held is None) if is_deletion else held != now[name]:
            return False
    values = {name: _from_plain(model, name, then[name]) for name in names}
    if values.get("deleted_at") is not None:
        values["deleted_at"] = tx.now
    _set(tx, row, str(now.get(_ABOUT, "")), values, getattr(row, "ticket", None))
    return True


def _set(tx: Tx, row: Any, about: str, values: dict[str, Any], ticket: UUID | None) -> None:
    old, new = ({_ID: row.id.hex, _ABOUT: about} for _ in range(2))
    for name, value in values.items():
        old[name], new[name] = _plain(getattr(row, name)), _plain(value)
        setattr(row, name, value)
    record_event(tx, EventKind.ROW, ticket=ticket, field=row.__tablename__, old=old, new=new)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.hex if isinstance(value, UUID) else value


def _from_plain(model: Any, name: str, value: Any) -> Any:
    """A plain value as the column holds it."""
    kind = model.__table__.c[name].type
    if value is None:
        return None
    if isinstance(kind, Utc):
        return datetime.fromisoformat(value)
    return UUID(hex=value) if isinstance(kind, Id) else value


@lru_cache(maxsize=1)
def _models(_tables: int) -> dict[str, Any]:
    return {str(mapper.local_table.name): mapper.class_ for mapper in Base.registry.mappers}  # type: ignore[attr-defined]
