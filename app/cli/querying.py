"""What a query on the command line finds. It is finished, so what cannot be understood is said, with its place."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from app.conditions.tree import Node, QueryError
from app.conditions.typed import parse
from app.desk import Desk
from app.kernel.errors import UserError
from app.search.catalogue import check_names
from app.search.queries import ticket_ids


def understood(desk: Desk, words: Sequence[str]) -> tuple[str, Node]:
    """A query as it was typed, and its tree. Raises UserError that says what is wrong and where."""
    typed = " ".join(words)
    try:
        tree = parse(typed)
        desk.ask(check_names, tree, desk.me())
    except QueryError as error:
        raise UserError(placed(str(error), typed, error)) from error
    return typed, tree


def placed(words: str, typed: str, error: QueryError) -> str:
    """What is wrong with a query, and at which character, as one line."""
    piece = typed[error.position : error.position + error.length]
    return f"{words} (character {error.position + 1}: “{piece}”)" if piece else words


def found(desk: Desk, words: Sequence[str], limit: int | None = None) -> tuple[UUID, ...]:
    """The tickets that a query finds, the one with the newest message first. Raises UserError."""
    typed, _ = understood(desk, words)
    return desk.ask(ticket_ids, typed, limit=limit, me=desk.me())
