"""Which statuses there are."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.states.rules import BUILTIN, CATEGORIES, builtin_id
from app.states.tables import State

_s = State.__table__.c


@dataclass(frozen=True, slots=True)
class StateInfo:
    """A status. `id` is what `ticket.state` holds (None: the built-in one of its category).

    `name` and `colour` are empty for a built-in status that nobody renamed: whoever shows it has the words.
    `is_default`: what a ticket gets that comes into the category by itself, or by the category's word.
    """

    id: UUID | None
    name: str
    category: str
    colour: str
    is_default: bool

    @property
    def key(self) -> str:
        """A word that names it for commands: the category for a built-in one, else the id in hex."""
        return self.category if self.id is None else self.id.hex

    @property
    def label(self) -> str:
        """Its name; for a built-in one without another name, the category's word."""
        return self.name or self.category


_STATES = select(State).where(State.deleted_at.is_(None)).order_by(State.position, State.id)


def states(db: Session) -> tuple[StateInfo, ...]:
    """Every status: by category in the order of a ticket's life, the built-in one first, then the desk's order."""
    rows = list(db.scalars(_STATES))
    renamed = {row.id: row for row in rows if row.id in BUILTIN}
    found: list[StateInfo] = []
    for category in CATEGORIES:
        own = [row for row in rows if row.category == category and row.id not in BUILTIN]
        first = renamed.get(builtin_id(category))
        name, colour = (first.name, first.colour) if first is not None else ("", "")
        found.append(StateInfo(None, name, category, colour, not any(row.is_default for row in own)))
        found += [StateInfo(row.id, row.name, category, row.colour, row.is_default) for row in own]
    return tuple(found)


def offered_states(db: Session) -> tuple[StateInfo, ...]:
    """Those that a person chooses from: a built-in status steps back where the desk made another one its default."""
    return tuple(one for one in states(db) if one.id is not None or one.is_default)


def state_named(db: Session, word: str) -> StateInfo | None:
    """The status that a word means: a category (its default), a name (upper and lower case alike), or a key."""
    wanted = " ".join(word.split()).casefold()
    everything = states(db)
    if wanted in CATEGORIES:
        return next(one for one in everything if one.category == wanted and one.is_default)
    return next((one for one in everything if wanted in (one.name.casefold(), one.key)), None)


def default_states(db: Session) -> dict[str, UUID]:
    """What `ticket.state` becomes for a ticket that comes into a category; none for those whose default is built in."""
    query = select(_s.category, _s.id).where(_s.is_default, _s.deleted_at.is_(None))
    return {row.category: row.id for row in db.connection().execute(query) if row.id not in BUILTIN}


StateNames = dict[UUID | str, tuple[str, str]]
"""(name, colour) by id, and by category for built-in ones that were renamed."""

_NAMES = select(_s.id, _s.category, _s.name, _s.colour).where(_s.deleted_at.is_(None))


def state_names(db: Session) -> StateNames:
    """What all statuses are called, for painting lists: one plain statement."""
    rows = db.connection().execute(_NAMES)
    return {row.category if row.id in BUILTIN else row.id: (row.name, row.colour) for row in rows}
