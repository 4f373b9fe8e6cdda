"""Verbs of views. Each writes history, so that the general undo takes it back (`app.people.row_history`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select

from app.conditions.stored import tidy, to_data
from app.conditions.tree import Node
from app.conditions.typed import parse
from app.fields.queries import fields
from app.kernel import ids
from app.kernel.database.transaction import Tx
from app.kernel.errors import NotFoundError, UserError
from app.kernel.sentences import said
from app.people.row_history import add_row, change_row, remove_row
from app.search.own_fields import renamed
from app.views.queries import views
from app.views.rules import (
    BUILT_IN,
    STEP,
    BuiltIn,
    Density,
    Group,
    Sort,
    as_colour,
    as_density,
    as_group,
    as_sort,
    natural_ascending,
    tidy_name,
)
from app.views.tables import SavedView

LOOKS: Final = ("sort", "ascending", "group", "density", "colour", "icon")
"""What can be changed of every view; of a desk's own also name, condition and shared."""

MOST: Final = 200
_BUILT_IN: Final = {one.id: one for one in BUILT_IN}


def add_view(
    tx: Tx,
    name: str,
    condition: Node | str,
    *,
    sort: str = Sort.LAST_MESSAGE,
    ascending: bool | None = None,
    group: str = Group.NONE,
    density: str = Density.NONE,
    colour: str = "",
    icon: str = "",
    shared: bool = False,
) -> UUID:
    """A view of one's own (or, shared, everybody's), behind all others. `condition`: a tree, or what is typed.

    Raises QueryError for a condition that cannot be read, UserError for a name or a look that there is not.
    """
    tx.flush()
    if (tx.scalar(select(func.count()).where(SavedView.deleted_at.is_(None), SavedView.key == "")) or 0) >= MOST:
        msg = said("There are {most} views already; delete one first.", most=MOST)
        raise UserError(msg)
    order = as_sort(sort)
    row = SavedView(
        id=ids.new_id(),
        key="",
        name=tidy_name(name),
        condition=_stored(tx, condition),
        sort=str(order),
        ascending=natural_ascending(order) if ascending is None else ascending,
        group_by=str(as_group(group)),
        density=str(as_density(density)),
        colour=as_colour(colour),
        icon=icon.strip()[:40],
        position=_last_position(tx) + STEP,
        owner=None if shared else tx.agent,
        created_at=tx.now,
    )
    add_row(tx, row, row.name)
    return row.id


def change_view(tx: Tx, view: UUID, /, **fields: Any) -> bool:
    """Change `name`, `condition`, `shared`, or any of LOOKS; False when all of it is so already.

    A built-in view keeps its name and its condition. Raises NotFoundError, QueryError, UserError.
    """
    row = _row(tx, view)
    values: dict[str, Any] = {}
    for field, value in fields.items():
        values |= _value(tx, row, field, value)
    if "sort" in values and "ascending" not in values and values["sort"] != row.sort:
        values["ascending"] = natural_ascending(as_sort(values["sort"]))
    return change_row(tx, row, _about(row), **values)


def order_views(tx: Tx, wanted: Sequence[UUID]) -> int:
    """Put views into this order; those that are not named stay behind them as they are. How many moved."""
    tx.flush()
    before = [one.id for one in views(tx, tx.agent, hidden=True)]
    moved = 0
    for number, key in enumerate([*dict.fromkeys(wanted), *(key for key in before if key not in wanted)]):
        if number < len(before) and before[number] == key and tx.get(SavedView, key) is None:
            continue  # a built-in one that stands where it stands by nature
        row = _row(tx, key)
        moved += change_row(tx, row, _about(row), position=number * STEP)
    return moved


def delete_view(tx: Tx, view: UUID) -> bool:
    """Take a view away; a built-in one is hidden. False when it is so already."""
    row = _row(tx, view)
    return remove_row(tx, row, _about(row))


def restore_view(tx: Tx, view: UUID) -> bool:
    """Bring back a view that was deleted or hidden. False when it is there."""
    row = _row(tx, view)
    return change_row(tx, row, _about(row), deleted_at=None)


def _value(tx: Tx, row: SavedView, field: str, value: Any) -> dict[str, Any]:
    """The column of a field with its new value."""
    if row.key and field not in LOOKS:
        msg = "A built-in view keeps its name and its condition. Save it as a view of your own to change them."
        raise UserError(msg)
    match field:
        case "name":
            return {"name": tidy_name(value)}
        case "condition":
            return {"condition": _stored(tx, value)}
        case "shared":
            return {"owner": None if value else tx.agent}
        case "sort":
            return {"sort": str(as_sort(value))}
        case "group":
            return {"group_by": str(as_group(value))}
        case "density":
            return {"density": str(as_density(value))}
        case "colour":
            return {"colour": as_colour(value)}
        case "icon":
            return {"icon": str(value).strip()[:40]}
        case "ascending":
            return {"ascending": bool(value)}
        case _:
            msg = said("A view has no field “{field}”.", field=field)
            raise UserError(msg)


def _stored(tx: Tx, condition: Node | str) -> Any:
    """A condition as it is kept: own fields by their keys, so that a view survives their renaming."""
    tree = parse(condition) if isinstance(condition, str) else tidy(condition)
    return to_data(renamed(tree, {one.name.casefold(): one.key for one in fields(tx)}))


def _row(tx: Tx, view: UUID) -> SavedView:
    """The row of a view; that of a built-in one is made when it is first needed."""
    tx.flush()
    row = tx.get(SavedView, view)
    if row is not None:
        return row
    if view not in _BUILT_IN:
        msg = "There is no such view."
        raise NotFoundError(msg)
    row = _fresh(tx, _BUILT_IN[view])
    tx.add(row)
    tx.flush()
    return row


def _fresh(tx: Tx, one: BuiltIn) -> SavedView:
    return SavedView(
        id=one.id,
        key=one.key,
        sort=str(one.sort),
        ascending=natural_ascending(one.sort),
        position=BUILT_IN.index(one) * STEP,
        created_at=tx.now,
    )


def _about(row: SavedView) -> str:
    return _BUILT_IN[row.id].name if row.key and row.id in _BUILT_IN else row.name


def _last_position(tx: Tx) -> int:
    highest = tx.scalar(select(func.max(SavedView.position)))
    return max(highest or 0, len(BUILT_IN) * STEP)
