"""Which views there are: the built-in ones and a desk's own in one list, with the same interface."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.conditions.stored import from_data
from app.conditions.tree import EVERYTHING, Node, QueryError
from app.conditions.typed import to_text
from app.fields.queries import field_names
from app.search.own_fields import renamed
from app.views.rules import BUILT_IN, STEP, BuiltIn, Density, Group, Sort, natural_ascending
from app.views.tables import SavedView


@dataclass(frozen=True, slots=True)
class Listing:
    """Which tickets, in which order, under which headings: all that a list needs to know of a view, saved or not."""

    condition: Node = EVERYTHING
    sort: Sort = Sort.LAST_MESSAGE
    ascending: bool = False
    group: Group = Group.NONE


@dataclass(frozen=True, slots=True)
class ViewInfo:
    """A view. `key`: of a built-in one (`to_do`, `mine`, …; its name is to be translated by it), else empty.

    `text`: the condition as one would type it. `owner`: whose it is; None: everybody's. `hidden`: deleted, or a built-in
    one that is not wanted. `problem`: why its condition cannot be read (it lists nothing then), else empty.
    """

    id: UUID
    key: str
    name: str
    listing: Listing
    text: str
    density: Density
    colour: str
    icon: str
    owner: UUID | None
    hidden: bool
    problem: str = ""

    @property
    def is_built_in(self) -> bool:
        """Does every desk have it?"""
        return bool(self.key)


_KEYS: Final = {one.key: one for one in BUILT_IN}


def view_id(key: str) -> UUID:
    """The id of a built-in view by its key. Raises KeyError."""
    return _KEYS[key].id


def views(db: Session, agent: UUID | None = None, *, hidden: bool = False) -> tuple[ViewInfo, ...]:
    """The views that an agent sees, in their order: built-in, shared and their own. `hidden`: also those not wanted."""
    rows = {row.id: row for row in db.scalars(select(SavedView))}
    found: list[tuple[int, int, ViewInfo]] = []
    for number, one in enumerate(BUILT_IN):
        row = rows.pop(one.id, None)
        found.append((number * STEP if row is None else row.position, number, _built_in(one, row)))
    own = sorted(rows.values(), key=lambda row: row.id)
    names = field_names(db) if own else {}
    found += [
        (row.position, len(BUILT_IN) + number, _own(row, names))
        for number, row in enumerate(own)
        if not row.key and row.owner in {None, agent}
    ]
    found.sort(key=lambda item: item[:2])
    return tuple(info for _, _, info in found if hidden or not info.hidden)


def view(db: Session, key: UUID) -> ViewInfo | None:
    """One view, deleted or not, whoever it belongs to."""
    row = db.get(SavedView, key)
    one = next((one for one in BUILT_IN if one.id == key), None)
    if one is not None:
        return _built_in(one, row)
    return None if row is None else _own(row, field_names(db))


def view_named(db: Session, name: str, agent: UUID | None = None) -> ViewInfo | None:
    """The view of this name or key, upper and lower case alike."""
    wanted = " ".join(name.split()).casefold()
    everything = views(db, agent, hidden=True)
    return next((one for one in everything if wanted in {one.name.casefold(), one.key or one.name.casefold()}), None)


def _built_in(one: BuiltIn, row: SavedView | None) -> ViewInfo:
    sort = Sort(row.sort) if row is not None else one.sort
    ascending = row.ascending if row is not None else natural_ascending(sort)
    group = Group(row.group_by) if row is not None else Group.NONE
    return ViewInfo(
        id=one.id,
        key=one.key,
        name=one.name,
        listing=Listing(one.condition, sort, ascending, group),
        text=one.text,
        density=Density(row.density) if row is not None else Density.NONE,
        colour=row.colour if row is not None else "",
        icon=(row.icon if row is not None else "") or one.icon,
        owner=None,
        hidden=row is not None and row.deleted_at is not None,
    )


def _own(row: SavedView, names: Mapping[str, str]) -> ViewInfo:
    problem = ""
    tree: Node = EVERYTHING
    try:
        tree = renamed(from_data(row.condition), names)
    except QueryError as error:
        problem = str(error)
    return ViewInfo(
        id=row.id,
        key="",
        name=row.name,
        listing=Listing(tree, Sort(row.sort), row.ascending, Group(row.group_by)),
        text=to_text(tree),
        density=Density(row.density),
        colour=row.colour,
        icon=row.icon,
        owner=row.owner,
        hidden=row.deleted_at is not None,
        problem=problem,
    )
