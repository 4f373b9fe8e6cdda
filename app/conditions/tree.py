"""The one truth of a condition: a tree of checks. The typed form, the stored form and the builder are faces of it.

A tree is plain data: it knows neither tickets nor a database. What a field means is decided in one place,
`app.search.filters`. `canonical` gives every tree its one shape, so that
equal conditions are equal trees.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from app.kernel.errors import UserError
from app.kernel.sentences import said

MOST_CHECKS: Final = 100
DEEPEST: Final = 20
"""Groups inside groups; more is nobody's wish."""


class QueryError(UserError):
    """A condition that cannot be understood: `position` is the character where, from 0; `length` how far it goes."""

    def __init__(self, text: str, position: int = 0, length: int = 0) -> None:
        super().__init__(text)
        self.position = position
        self.length = length


class Op(enum.StrEnum):
    """How a field is compared. Stored; never renamed."""

    CONTAINS = "contains"
    IS = "is"
    IS_NOT = "is_not"
    BELOW = "below"
    AT_MOST = "at_most"
    ABOVE = "above"
    AT_LEAST = "at_least"
    EMPTY = "empty"
    FILLED = "filled"


@dataclass(frozen=True, slots=True)
class Check:
    """One field compared with one value (empty for EMPTY and FILLED). `field` is `words` for free words: a bare word
    has the operator CONTAINS, a quoted phrase IS. `position` and `length` tell where it was typed; they do not count
    when trees are compared.
    """

    field: str
    op: Op
    value: str = ""
    position: int = dataclasses.field(default=0, compare=False)
    length: int = dataclasses.field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part must hold; without parts, everything does."""

    parts: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One part is enough."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part must not hold."""

    part: Node


Node = Check | AllOf | AnyOf | Not

EVERYTHING: Final = AllOf()
"""No condition at all."""


def canonical(tree: Node) -> Node:
    """The one shape of a tree: no group in a group of its kind, none with a single part, none empty, no double negation."""
    if isinstance(tree, Check):
        return tree
    if isinstance(tree, Not):
        inner = canonical(tree.part)
        if inner == EVERYTHING:
            return inner  # a group that is still empty in the builder restricts nothing
        return inner.part if isinstance(inner, Not) else Not(inner)
    kind = type(tree)
    parts: list[Node] = []
    for part in map(canonical, tree.parts):
        if isinstance(part, kind):
            parts += part.parts
        elif part != EVERYTHING:
            parts.append(part)
    if len(parts) == 1:
        return parts[0]
    return kind(tuple(parts)) if parts else EVERYTHING


def parts_of(tree: Node) -> tuple[Node, ...]:
    """The conditions that must all hold."""
    return tree.parts if isinstance(tree, AllOf) else (tree,)


def checks(tree: Node) -> Iterator[Check]:
    """Every check in the tree, from left to right."""
    if isinstance(tree, Check):
        yield tree
    elif isinstance(tree, Not):
        yield from checks(tree.part)
    else:
        for part in tree.parts:
            yield from checks(part)


def mapped(tree: Node, change: Callable[[Check], Check]) -> Node:
    """The tree with every check replaced by what `change` makes of it."""
    if isinstance(tree, Check):
        return change(tree)
    if isinstance(tree, Not):
        return Not(mapped(tree.part, change))
    return type(tree)(tuple(mapped(part, change) for part in tree.parts))


def size_problem(tree: Node) -> str:
    """What is too much about a tree, in words; empty when it is well. Walks without recursion."""
    waiting: list[tuple[Node, int]] = [(tree, 0)]
    count = 0
    while waiting:
        node, depth = waiting.pop()
        if depth > DEEPEST:
            return said(
                "These conditions are nested too deeply (more than {most} groups in one another).", most=DEEPEST
            )
        if isinstance(node, Check):
            count += 1
            if count > MOST_CHECKS:
                return said("These are too many conditions (more than {most}).", most=MOST_CHECKS)
        elif isinstance(node, Not):
            waiting.append((node.part, depth + 1))
        else:
            waiting += [(part, depth + 1) for part in node.parts]
    return ""
