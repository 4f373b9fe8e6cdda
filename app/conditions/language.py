"""A typed search: what somebody is typing, as a tree and as the conditions that must all hold."""

from __future__ import annotations

from dataclasses import dataclass

from app.conditions.tree import Node, parts_of
from app.conditions.typed import parse as parse_tree


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed in a search."""

    tree: Node

    @property
    def groups(self) -> tuple[Node, ...]:
        """The conditions that must all hold."""
        return parts_of(self.tree)

    def __bool__(self) -> bool:
        return bool(self.groups)


def parse(text: str) -> Query:
    """What somebody is typing in a search: what is not finished restricts nothing yet. Raises QueryError."""
    return Query(parse_tree(text, typing=True))
