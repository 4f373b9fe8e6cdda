"""A typed search: its tree, and the free words in it that go straight to the full-text index."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from app.conditions.fields import ALL_FIELDS
from app.conditions.tree import AllOf, Check, Node, Op, QueryError, parts_of
from app.conditions.typed import parse as parse_tree

__all__ = ["FIELDS", "Query", "QueryError", "Term", "parse"]

FIELDS = tuple(name for one in ALL_FIELDS for name in (one.name, *one.aliases) if one.name != "words")


@dataclass(frozen=True, slots=True)
class Term:
    """A free word, or a phrase; `position` is where it stands in what was typed."""

    value: str
    is_phrase: bool = False
    position: int = 0
    field: str = ""
    negated: bool = False


@dataclass(frozen=True)
class Query:
    """What was typed in a search."""

    tree: Node

    @property
    def groups(self) -> tuple[Node, ...]:
        """The conditions that must all hold."""
        return parts_of(self.tree)

    @cached_property
    def words(self) -> tuple[Term, ...]:
        """The free words and phrases that must be found."""
        found = (part for part in self.groups if isinstance(part, Check) and part.field == "words")
        return tuple(Term(part.value, part.op is Op.IS, part.position) for part in found)

    @cached_property
    def rest(self) -> Node:
        """All other conditions."""
        return AllOf(tuple(part for part in self.groups if not _is_word(part)))

    def __bool__(self) -> bool:
        return bool(self.groups)


def _is_word(part: Node) -> bool:
    return isinstance(part, Check) and part.field == "words"


def parse(text: str) -> Query:
    """What somebody is typing in a search: what is not finished restricts nothing yet. Raises QueryError."""
    return Query(parse_tree(text, typing=True))
