"""The board as it is shown: columns and lanes with their names, limits and cards."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.boards.rules import TAGS_SHOWN, ColumnShape, arranged, as_lanes, folded_from
from app.boards.tables import BoardColumnRow
from app.conditions.language import parse
from app.kernel.state import options
from app.people.queries import agents, customer_names, organisation_names
from app.search.filters import Filter
from app.states.queries import states
from app.tickets.queries.board import (
    Cells,
    Fitting,
    board,
    card_counts,
    column_keys,
    ids_of,
    sweep,
    tag_names,
    usual_tags,
)
from app.tickets.rules import NOBODY, BoardBy, LaneBy

LEAST_LETTERS: Final = 2
"""A single letter is in nearly every ticket and filters nothing."""


@dataclass(frozen=True, slots=True)
class Named:
    """What a column or lane is called. `name` is empty where whoever shows it has the words (a status, a priority, nobody).

    `category` and `colour` are those of a status: its category's word, and a tone that the desk gave it.
    """

    key: str
    name: str = ""
    category: str = ""
    colour: str = ""


@dataclass(frozen=True, slots=True)
class ColumnView:
    """A column: what it stands for, what was decided about it, and its cards, lane by lane (`cells`: how many in each).

    `count` is exact; `ids` may end before it.
    """

    named: Named
    shape: ColumnShape
    count: int
    ids: tuple[UUID, ...]
    cells: tuple[int, ...] = ()

    @property
    def key(self) -> str:
        """Its key among the columns."""
        return self.named.key


@dataclass(frozen=True, slots=True)
class BoardView:
    """The whole board. `order`: the keys of all columns, `hidden` ones included, which hold no ids.

    `filtered`: only the cards that fit were kept.
    """

    by: BoardBy
    lane_by: LaneBy
    columns: tuple[ColumnView, ...]
    lanes: tuple[Named, ...]
    hidden: tuple[ColumnView, ...]
    order: tuple[str, ...]
    filtered: bool

    @property
    def count(self) -> int:
        """How many cards there are in all columns shown; one with several tags counts in each."""
        return sum(column.count for column in self.columns)


@dataclass(frozen=True, slots=True)
class Look:
    """How this device looks at the board: what columns and lanes stand for, and which lanes are folded."""

    by: BoardBy
    lanes: LaneBy
    folded: frozenset[str] = frozenset()


def remembered(db: Session, by: str = "", lanes: str = "") -> Look:
    """How the board was looked at last; `by` and `lanes` are what somebody wants instead."""
    columns = BoardBy(by or str(options.get(db, "board_columns")))
    kind = as_lanes(lanes or str(options.get(db, "board_lanes")), columns)
    return Look(columns, kind, folded_from(str(options.get(db, "board_folded")), kind))


def open_board(
    db: Session, by: str = "", lanes: str = "", *, limit: int | None = None, typed: str = "", me: UUID | None = None
) -> tuple[Look, BoardView]:
    """How the board is looked at, and what is on it: `remembered` and `read_board` in one."""
    look = remembered(db, by, lanes)
    return look, read_board(db, look.by, look.lanes, limit=limit, typed=typed, me=me)


def read_board(
    db: Session, by: BoardBy, lanes: str, *, limit: int | None = None, typed: str = "", me: UUID | None = None
) -> BoardView:
    """The board as it is now. `limit`: ids a column, where that saves reading; `typed`: a filter in the condition language.

    Raises UserError for a filter that the search does not understand.
    """
    lane_by = as_lanes(lanes, by)
    shapes = column_shapes(db, by)
    tags = _tags(db, shapes, by, lane_by)
    counted = {} if by is BoardBy.TAG else card_counts(db, by)
    keys = (NOBODY, *tags) if by is BoardBy.TAG else column_keys(db, by, counted)
    shown = arranged(keys, shapes)
    fitting = _fitting(db, typed, me)
    if fitting is None and lane_by is LaneBy.NONE and by is not BoardBy.TAG:
        visible = [shape.key for shape in shown if not shape.hidden]
        hidden = [shape.key for shape in shown if shape.hidden]
        found = {one.key: one for one in board(db, by, keys=visible, limit=limit, counted=counted)}
        found |= {one.key: one for one in board(db, by, keys=hidden, limit=0, counted=counted)}
        names = _names(db, str(by), keys)
        made = [ColumnView(names[one.key], one, found[one.key].count, found[one.key].ids) for one in shown]
        return _view(by, lane_by, made, (), filtered=False)
    cells = sweep(db, by, lane_by, tags=tags, fitting=fitting)
    lane_keys = _lane_keys(db, lane_by, tags, {lane for _column, lane in cells})
    names = _names(db, str(by), keys)
    lane_names = sorted_names(lane_by, _names(db, str(lane_by), lane_keys), lane_keys)
    made = [_swept(names[shape.key], shape, cells, lane_names) for shape in shown]
    return _view(by, lane_by, made, lane_names, filtered=fitting is not None)


def column_shapes(db: Session, by: BoardBy) -> tuple[ColumnShape, ...]:
    """What was decided about the columns of a grouping."""
    rows = db.scalars(select(BoardColumnRow).where(BoardColumnRow.by == by, BoardColumnRow.deleted_at.is_(None)))
    return tuple(ColumnShape(row.key, row.position, row.most, row.hidden, row.folded, row.picked) for row in rows)


def sorted_names(lane_by: LaneBy, names: dict[str, Named], keys: Sequence[str]) -> tuple[Named, ...]:
    """The lanes in order: companies and customers by name, those without one last; the others as `keys` come."""
    if lane_by in (LaneBy.CUSTOMER, LaneBy.ORGANISATION):
        return tuple(sorted((names[key] for key in keys), key=lambda one: (not one.key, one.name.casefold(), one.key)))
    return tuple(names[key] for key in keys)


def _view(
    by: BoardBy, lane_by: LaneBy, made: Sequence[ColumnView], lanes: tuple[Named, ...], *, filtered: bool
) -> BoardView:
    visible = tuple(one for one in made if not one.shape.hidden)
    hidden = tuple(one for one in made if one.shape.hidden)
    return BoardView(by, lane_by, visible, lanes, hidden, tuple(one.key for one in made), filtered)


def _swept(named: Named, shape: ColumnShape, cells: Cells, lanes: Sequence[Named]) -> ColumnView:
    parts = [cells.get((shape.key, lane.key), []) for lane in lanes] or [cells.get((shape.key, NOBODY), [])]
    count = sum(map(len, parts))
    ids = () if shape.hidden else ids_of(raw for part in parts for raw in part)
    return ColumnView(named, shape, count, ids, tuple(map(len, parts)) if lanes else ())


def _fitting(db: Session, typed: str, me: UUID | None) -> Fitting | None:
    words = typed.strip()
    if not words or (len(words) < LEAST_LETTERS and words.isascii()):
        return None
    filters = Filter.of(db, me)
    where = filters.where(parse(words).tree)
    return Fitting(where, dict(filters.values))


def _tags(db: Session, shapes: Sequence[ColumnShape], by: BoardBy, lanes: LaneBy) -> tuple[str, ...]:
    """The tags that have a column or lane: those that were picked, else the most used ones. `shapes`: of the columns."""
    if by is not BoardBy.TAG and lanes is not LaneBy.TAG:
        return ()
    picked = [one for one in (shapes if by is BoardBy.TAG else column_shapes(db, BoardBy.TAG)) if one.picked]
    if picked:
        return tuple(one.key for one in sorted(picked, key=lambda one: one.position))
    return tuple(key.hex for key in usual_tags(db, TAGS_SHOWN))


def _lane_keys(db: Session, lanes: LaneBy, tags: Sequence[str], there: set[str]) -> tuple[str, ...]:
    """All lanes that a card could go to, and those that have one."""
    if lanes is LaneBy.NONE:
        return ()
    if lanes is LaneBy.TAG:
        return (NOBODY, *tags)
    if lanes in (LaneBy.CUSTOMER, LaneBy.ORGANISATION):
        return tuple(there)
    return column_keys(db, BoardBy(str(lanes)))


def _names(db: Session, by: str, keys: Collection[str]) -> dict[str, Named]:
    """What the columns or lanes with these keys are called."""
    if by == BoardBy.STATUS:
        return {one.key: Named(one.key, one.name, one.category, one.colour) for one in states(db)}
    named: dict[str, str] = {}
    if by == BoardBy.ASSIGNEE:
        named = {one.id.hex: one.name for one in agents(db, active_only=False)}
    elif by == BoardBy.TEAM:
        named = {key: key for key in keys}
    elif by == BoardBy.TAG:
        named = tag_names(db, [key for key in keys if key])
    elif by in (LaneBy.CUSTOMER, LaneBy.ORGANISATION):
        ask = customer_names if by == LaneBy.CUSTOMER else organisation_names
        named = {key.hex: name for key, name in ask(db, [UUID(hex=key) for key in keys if key]).items()}
    return {key: Named(key, named.get(key, "")) for key in keys}
