"""The typed form: free words, `"a phrase"`, `field:value`, `-not`, `OR`; blanks mean "and".

    refund is:open from:ann tag:refund has:attachment older:3d assignee:me "exact words" -invoice

Parsing is pure and says what is wrong and where; what a field means for tickets is decided where tickets are known
(`app.search`). A word with a colon whose left side is no field (a time, an address of the web) is a free word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.kernel.errors import UserError

FIELDS = (
    "is", "status", "priority", "assignee", "tag", "from", "to", "customer", "subject",
    "has", "older", "newer", "mailbox", "channel", "number", "in",
)  # fmt: skip

STATES = (
    "new", "open", "waiting", "solved", "closed", "unread", "unassigned", "mine", "overdue", "snoozed", "deleted",
    "followup",
)  # fmt: skip

_TOKEN = re.compile(r'(?P<not>-)?(?:(?P<field>[A-Za-z]+):)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
_AGE = re.compile(r"^(\d{1,5})(m|h|d|w|mo|y)$")
_UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "mo": timedelta(days=30),
    "y": timedelta(days=365),
}


class QueryError(UserError):
    """A query that cannot be understood; `position` is the character where, from 0."""

    def __init__(self, text: str, position: int) -> None:
        super().__init__(text)
        self.position = position


@dataclass(frozen=True, slots=True)
class Term:
    """One condition. `field` is empty for free words; `position` is where it stands in what was typed."""

    field: str
    value: str
    negated: bool = False
    is_phrase: bool = False
    position: int = 0


@dataclass(frozen=True, slots=True)
class Query:
    """All of `groups` must hold; of each group, one term is enough (`a OR b`)."""

    groups: tuple[tuple[Term, ...], ...]

    @property
    def words(self) -> tuple[Term, ...]:
        """The free words and phrases that must be found."""
        return tuple(group[0] for group in self.groups if len(group) == 1 and not group[0].field)

    def __bool__(self) -> bool:
        return bool(self.groups)


def parse(text: str) -> Query:
    """What was typed, as conditions. Raises QueryError that says what is wrong and where."""
    groups: list[tuple[Term, ...]] = []
    joining = False
    for match in _TOKEN.finditer(text):
        if match["word"] == "OR" and not match["field"] and not match["not"]:
            joining = bool(groups)
            continue
        term = _term(match)
        if term is None:
            continue
        if joining:
            groups[-1] = (*groups[-1], term)
        else:
            groups.append((term,))
        joining = False
    return Query(tuple(groups))


def _term(match: re.Match[str]) -> Term | None:
    field = (match["field"] or "").lower()
    quoted = match["phrase"] is not None
    value = match["phrase"] if quoted else match["word"]
    negated = bool(match["not"])
    position = match.start()
    if field and field not in FIELDS:
        value, field = f"{match['field']}:{value}", ""
    if not field and value.startswith("#") and value[1:].isdigit():
        field, value = "number", value[1:]
    if not field and not quoted and value.endswith(":") and value[:-1].lower() in FIELDS:
        # Still being typed: "from:" with nothing behind it restricts nothing.
        return None
    if not value.strip():
        return None
    _check(field, value, position)
    return Term(field, value.strip(), negated, quoted, position)


def _check(field: str, value: str, position: int) -> None:
    if field == "is" and value.lower() not in STATES:
        msg = f"“is:{value}” is not known. Try is:{', is:'.join(STATES)}."
        raise QueryError(msg, position)
    if field == "has" and value.lower() not in ("attachment", "file", "note", "reply", "survey"):
        msg = f"“has:{value}” is not known. Try has:attachment, has:note, has:reply or has:survey."
        raise QueryError(msg, position)
    if field in ("older", "newer") and age(value) is None:
        msg = (
            f"“{field}:{value}” is not a span or a date. Try {field}:3d, {field}:2w, {field}:6mo or {field}:2026-01-31."
        )
        raise QueryError(msg, position)
    if field == "number" and not value.isdigit():
        msg = f"“number:{value}” is not a ticket number."
        raise QueryError(msg, position)


def age(value: str) -> timedelta | datetime | None:
    """`3d`, `2w`, `6mo`, `1y` as a span; `2026-01-31` as the start of that day, UTC; None for neither."""
    if match := _AGE.match(value.lower()):
        return int(match[1]) * _UNITS[match[2]]
    try:
        return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None


def moment(value: str, now: datetime) -> datetime:
    """The moment that `older:` or `newer:` names, seen from `now`. Raises UserError for neither a span nor a date."""
    found = age(value)
    if found is None:
        msg = f"“{value}” is not a span or a date."
        raise UserError(msg)
    return now - found if isinstance(found, timedelta) else found
