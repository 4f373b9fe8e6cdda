"""The stored form: a tree as plain data for JSON and back. What comes from outside is checked like what is typed."""

from __future__ import annotations

from typing import Any

from app.conditions.fields import checked
from app.conditions.tree import AllOf, AnyOf, Check, Node, Not, Op, QueryError, canonical, size_problem
from app.conditions.typed import settled_words

_DEEPEST_DATA = 60


def to_data(tree: Node) -> Any:
    """`{"all": […]}`, `{"any": […]}`, `{"not": …}` and `{"field", "op", "value"}`, nested."""
    if isinstance(tree, Check):
        return {"field": tree.field, "op": str(tree.op), "value": tree.value}
    if isinstance(tree, Not):
        return {"not": to_data(tree.part)}
    return {"all" if isinstance(tree, AllOf) else "any": [to_data(part) for part in tree.parts]}


def from_data(data: Any) -> Node:
    """The tree of such data, canonical. Raises QueryError for what is none."""
    tree = _read(data, 0)
    if problem := size_problem(tree):
        raise QueryError(problem)
    return canonical(tree)


def tidy(tree: Node) -> Node:
    """A tree that a builder put together, checked and canonical. Raises QueryError."""
    if problem := size_problem(tree):
        raise QueryError(problem)
    return from_data(to_data(tree))


def _read(data: Any, depth: int) -> Node:
    if depth > _DEEPEST_DATA or not isinstance(data, dict):
        raise QueryError(_DAMAGED)
    match data:
        case {"all": list(parts)}:
            return AllOf(tuple(_read(part, depth + 1) for part in parts))
        case {"any": list(parts)}:
            return AnyOf(tuple(_read(part, depth + 1) for part in parts))
        case {"not": part}:
            return Not(_read(part, depth + 1))
        case {"field": str(field), "op": str(op), "value": str(value)}:
            return _check(field, op, value)
        case _:
            raise QueryError(_DAMAGED)


def _check(field: str, op: str, value: str) -> Check:
    try:
        kind = Op(op)
    except ValueError:
        raise QueryError(_DAMAGED) from None
    return settled_words(value, kind) if field == "words" else checked(field, kind, value)


_DAMAGED = "A stored condition cannot be read."
