"""History of rows that are a feature's own: an item of a checklist, an entry of time, a saved view, a kind of field.

A command changes such a row only through here. One line of history (`EventKind.ROW`) then holds which row of which
table it was and the columns that changed, before and after, so that the general undo takes it back without knowing the
feature: `put_row_back`. A row is never destroyed: it has a `deleted_at`, and adding it is "no longer deleted".

The table must have `id` and `deleted_at`; its `change_kind` tells the windows as with every row. Older tables that have
no `deleted_at` (an address, a consent) come and go whole: `note_come`, `note_going`. What nobody wants to read in a history
is written `quietly`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import inspect

from app.kernel.database.base import Base
from app.kernel.database.transaction import Tx
from app.kernel.database.types import Id, Utc
from app.people.history import mark_action, record_event
from app.people.rules import EventKind

_ID: Final = "id"
_ABOUT: Final = "about"
"""Beside the columns: what the row is called, for whoever reads the history. Not compared, not put back."""
_ABSENT: Final = "absent"
"""Beside the columns: there was no such row at all."""
_OURS: Final = frozenset({_ID, _ABOUT, _ABSENT})


def add_row(tx: Tx, row: Any, about: str = "", *, ticket: UUID | None = None, quietly: bool = False) -> None:
    """Add a row (or bring a deleted one back), with history that its agent may undo. `about`: what it is called."""
    if inspect(row).transient:
        tx.add(row)
    old = {_ID: row.id.hex, _ABOUT: about, "deleted_at": plain(row.deleted_at or tx.now)}
    row.deleted_at = None
    new = {_ID: row.id.hex, _ABOUT: about, "deleted_at": None}
    record_event(tx, _kind(quietly), ticket=ticket, field=row.__tablename__, old=old, new=new)
    mark_action(tx)


def change_row(
    tx: Tx, row: Any, about: str = "", *, ticket: UUID | None = None, quietly: bool = False, **values: Any
) -> bool:
    """Set columns of a row with one line of history; False (and no line) when it holds all of them already."""
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    if changed:
        _set(tx, row, about, changed, ticket, quietly=quietly)
        mark_action(tx)
    return bool(changed)


def remove_row(tx: Tx, row: Any, about: str = "", *, ticket: UUID | None = None, quietly: bool = False) -> bool:
    """Delete a row so that it can come back; False when it is deleted already."""
    return row.deleted_at is None and change_row(tx, row, about, ticket=ticket, quietly=quietly, deleted_at=tx.now)


def note_come(tx: Tx, row: Any, about: str = "", *, ticket: UUID | None = None) -> None:
    """A row without `deleted_at` was just added (and is flushed): taking that back takes it away. Not shown."""
    whole = _whole(row) | {_ABOUT: about}
    old = {_ID: whole[_ID], _ABOUT: about, _ABSENT: True}
    record_event(tx, EventKind.SILENT, ticket=ticket, field=row.__tablename__, old=old, new=whole)
    mark_action(tx)


def note_going(tx: Tx, row: Any, about: str = "", *, ticket: UUID | None = None) -> None:
    """A row without `deleted_at` is about to be taken away: undo brings it back as it was. Not shown."""
    whole = _whole(row) | {_ABOUT: about}
    new = {_ID: whole[_ID], _ABOUT: about, _ABSENT: True}
    record_event(tx, EventKind.SILENT, ticket=ticket, field=row.__tablename__, old=whole, new=new)
    mark_action(tx)


def put_row_back(
    tx: Tx, table: str, now: dict[str, Any], then: dict[str, Any], *, quietly: bool = False
) -> bool | None:
    """Undo (or redo) a line: the row holds what `now` says and gets what `then` says, with history of its own.

    True: done. False: somebody changed it since, and it is left alone. None: the row is not there any more.
    """
    model = _models(len(Base.metadata.tables)).get(table)
    if model is None:
        return None
    row = tx.get(model, _from_plain(model, _key_name(model), now[_ID]))
    if _ABSENT in now or _ABSENT in then:
        done = _come_or_go(tx, model, row, now, then)
    elif row is None:
        return None
    elif not _holds(row, now):
        return False
    else:
        values = {name: _from_plain(model, name, then[name]) for name in now if name not in _OURS}
        if values.get("deleted_at") is not None:
            values["deleted_at"] = tx.now
        _set(tx, row, str(now.get(_ABOUT, "")), values, getattr(row, "ticket", None), quietly=quietly)
        done = True
    if done:
        tx.flush()
        for call in _afterwards.get(table, ()):
            call(tx, then if _ABSENT not in then else now)
    return done


def on_put_back(table: str, call: Callable[[Tx, dict[str, Any]], object]) -> None:
    """Have `call(tx, columns)` follow whenever undo or redo has put back a row of this table: for indexes and the like."""
    _afterwards.setdefault(table, []).append(call)


_afterwards: dict[str, list[Callable[[Tx, dict[str, Any]], object]]] = {}


def _come_or_go(tx: Tx, model: Any, row: Any, now: dict[str, Any], then: dict[str, Any]) -> bool | None:
    """A row that is there whole or not at all."""
    if _ABSENT in now:
        if row is not None:
            return False
        tx.add(model(**{name: _from_plain(model, name, value) for name, value in _columns(model, then).items()}))
        return True
    if row is None:
        return None
    if not _holds(row, _columns(model, now)):
        return False
    tx.delete(row)
    return True


def _holds(row: Any, values: dict[str, Any]) -> bool:
    for name, value in values.items():
        if name in _OURS or name == _key_name(type(row)):
            continue
        held = plain(getattr(row, name))
        is_deletion = name == "deleted_at" and value is not None
        if (held is None) if is_deletion else held != value:
            return False
    return True


def _set(tx: Tx, row: Any, about: str, values: dict[str, Any], ticket: UUID | None, *, quietly: bool = False) -> None:
    old, new = ({_ID: row.id.hex, _ABOUT: about} for _ in range(2))
    for name, value in values.items():
        old[name], new[name] = plain(getattr(row, name)), plain(value)
        setattr(row, name, value)
    record_event(tx, _kind(quietly), ticket=ticket, field=row.__tablename__, old=old, new=new)


def _kind(quietly: bool) -> EventKind:
    return EventKind.SILENT if quietly else EventKind.ROW


def _whole(row: Any) -> dict[str, Any]:
    """All columns of a row as plain data, its key under `id` as well."""
    values = {column.name: plain(getattr(row, column.name)) for column in row.__table__.c if column.name != "clk"}
    return values | {_ID: values[_key_name(type(row))]}


def _columns(model: Any, values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in model.__table__.c}


def _key_name(model: Any) -> str:
    (column,) = model.__table__.primary_key.columns
    return str(column.name)


def plain(value: Any) -> Any:
    """A column's value as history keeps it."""
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
