"""What can be asked: every field with its kind, operators and values, for a builder and for completion while typing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.conditions.fields import ALL_FIELDS, CUSTOM, OPERATORS, Field, Kind, field_named
from app.conditions.tree import Node, Op, QueryError, checks
from app.fields.queries import FieldInfo, fields
from app.fields.rules import Kind as OwnKind
from app.kernel.sentences import said
from app.search.filters import Filter

_EMPTINESS: Final = (Op.EMPTY, Op.FILLED)
_CHOSEN: Final = (Op.IS, Op.IS_NOT, Op.CONTAINS, *_EMPTINESS)
_OWN: Final = {
    OwnKind.NUMBER: (Kind.NUMBER, (*OPERATORS[Kind.NUMBER], *_EMPTINESS)),
    OwnKind.DATE: (Kind.DATE, OPERATORS[Kind.DATE]),
    OwnKind.CHOICE: (Kind.CHOICE, _CHOSEN),
    OwnKind.MULTI: (Kind.CHOICE, _CHOSEN),
    OwnKind.TREE: (Kind.CHOICE, _CHOSEN),
    OwnKind.CHECKBOX: (Kind.CHOICE, (Op.IS, *_EMPTINESS)),
}
_DATES: Final = ("today", "yesterday", "tomorrow", "1h", "1d", "3d", "7d", "2w", "1mo", "6mo", "1y")
_BEGINS: Final = "LIKE :begins ESCAPE '\\'"
_ASKED: Final = {
    "assignee": f"SELECT a.name FROM agent a WHERE a.active = 1 AND (a.name {_BEGINS} OR a.name LIKE :within ESCAPE '\\')",
    "tag": f"SELECT g.name FROM tag g WHERE g.name {_BEGINS} AND EXISTS"
    " (SELECT 1 FROM ticket_tag x WHERE x.tag = g.id AND x.deleted_at IS NULL)",
    "team": "SELECT DISTINCT t.team FROM ticket t INDEXED BY ticket_active WHERE t.status <> 'closed'"
    f" AND t.deleted_at IS NULL AND t.merged_into IS NULL AND t.team <> '' AND t.team {_BEGINS}",
    "state": f"SELECT s.name FROM state s WHERE s.deleted_at IS NULL AND s.name <> '' AND s.name {_BEGINS}",
    "mailbox": f"SELECT b.address FROM mailbox b WHERE b.deleted_at IS NULL AND b.address {_BEGINS}",
    "organisation": f"SELECT o.name FROM organisation o WHERE o.name {_BEGINS}",
    "from": f"SELECT c.name FROM customer c WHERE c.name <> '' AND c.deleted_at IS NULL AND c.merged_into IS NULL"
    f" AND (c.name {_BEGINS} OR c.name LIKE :within ESCAPE '\\')"
    f" UNION SELECT i.handle FROM identity i WHERE i.handle {_BEGINS}",
    "to": f"SELECT b.address FROM mailbox b WHERE b.deleted_at IS NULL AND b.address {_BEGINS}",
}


@dataclass(frozen=True, slots=True)
class FieldEntry:
    """A field that conditions can ask for. `name` is what is typed; `label` English words, or the own field's name.

    `operators` in the order of a menu; `values`: all there can be, where they are few and fixed, else empty.
    """

    name: str
    kind: Kind
    label: str
    operators: tuple[Op, ...]
    values: tuple[str, ...]
    is_own: bool = False


def catalogue(db: Session) -> tuple[FieldEntry, ...]:
    """Every field: the built-in ones, then the desk's own in their order."""
    return (*map(_built_in, ALL_FIELDS), *map(_own, fields(db)))


def values_of(db: Session, field: str, typed: str = "", limit: int = 12) -> tuple[str, ...]:
    """Values of a field that begin like what was typed (people's names also within), in alphabetical order of kinds that
    the desk makes, in their own order where they are fixed. None for a field that there is not, or that has any value.
    """
    one = field_named(field)
    if one is None or one.kind is Kind.CUSTOM:
        own = next((each for each in fields(db) if (CUSTOM + each.name).casefold() == field.casefold()), None)
        entry = None if own is None else _own(own)
        return _beginning(entry.values if entry is not None else (), typed)[:limit]
    fixed = _beginning(one.values, typed)
    if one.kind in {Kind.DATE, Kind.AGE}:
        fixed = _beginning(_DATES, typed)
    asked = _ASKED.get(one.name)
    if asked is None:
        return fixed[:limit]
    escaped = typed.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    values = {"begins": f"{escaped}%", "within": f"% {escaped}%", "limit": limit}
    rows = db.connection().execute(text(f"SELECT * FROM ({asked}) ORDER BY lower(1), 1 LIMIT :limit"), values)
    return (*fixed, *(row[0] for row in rows))[:limit]


def check_names(db: Session, tree: Node, agent: UUID | None = None) -> None:
    """Raises QueryError where a condition names somebody or something that this desk does not know: an agent, a mailbox, a
    status or a field of its own. For conditions that are finished, not while somebody types.
    """
    Filter.of(db, agent).holds(tree)
    for check in checks(tree):
        sql = _KNOWN.get(check.field)
        if sql is None or check.op in _EMPTINESS or (check.field, check.value) == ("assignee", "me"):
            continue
        probe = Filter.of(db, agent)
        if not db.connection().execute(text(sql.format(probe.named(check))), probe.values).scalar():
            msg = said(_UNKNOWN[check.field], name=check.value)
            raise QueryError(msg, check.position, check.length)


_KNOWN: Final = {
    "assignee": "SELECT EXISTS (SELECT 1 FROM agent a WHERE {0})",
    "mailbox": "SELECT EXISTS (SELECT 1 FROM mailbox b WHERE {0})",
    "state": "SELECT EXISTS (SELECT 1 FROM state s WHERE {0})",
}
_UNKNOWN: Final = {
    "assignee": "Nobody here is called “{name}”.",
    "mailbox": "There is no mailbox “{name}”.",
    "state": "This desk has no status of its own called “{name}”.",
}


def _built_in(one: Field) -> FieldEntry:
    return FieldEntry(one.name, one.kind, one.label, one.operators, one.values)


def _own(one: FieldInfo) -> FieldEntry:
    kind, operators = _OWN.get(OwnKind(one.kind), (Kind.TEXT, OPERATORS[Kind.TEXT]))
    values = tuple(each.path or each.name for each in one.offered)
    if one.kind == OwnKind.CHECKBOX:
        values = ("yes", "no")
    return FieldEntry(CUSTOM + one.name, kind, one.name, operators, values, is_own=True)


def _beginning(values: tuple[str, ...], typed: str) -> tuple[str, ...]:
    wanted = typed.casefold()
    return tuple(one for one in values if one.casefold().startswith(wanted))
