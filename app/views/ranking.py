"""The best first in a view: what a search would show first stands before the others, which follow newest first.

A view lists every ticket that fits, and a search weighs only some of them (`app.search.ranking`), so this is the search's order
as far as it goes.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from app.conditions.tree import Node, checks
from app.conditions.typed import to_text
from app.search.question import Question, wanted
from app.search.ranking import candidates
from app.search.scopes import sought

WIDTH = 16


def can_rank(condition: Node) -> bool:
    """Does a condition look for words, so that one ticket fits it better than another?"""
    return any(check.field == "words" for check in checks(sought(condition)[0]))


def best_first(db: Session, condition: Node, block: bytes, agent: UUID | None) -> bytes:
    """The same ids in another order: those that fit the words of the condition best come first. Raises QueryError."""
    tree, scope = sought(condition)
    question = wanted(db, Question(to_text(tree), scope, me=agent))
    if not question.match:
        return block
    places: dict[bytes, int] = {}
    for match in candidates(db, question):
        raw = match.ticket.bytes
        if raw not in places and (place := _place(block, raw)) >= 0:
            places[raw] = place
    rest, end = [], 0
    for place in sorted(places.values()):
        rest.append(block[end:place])
        end = place + WIDTH
    return b"".join([*places, *rest, block[end:]])


def _place(block: bytes, raw: bytes) -> int:
    """Where an id begins in a block, -1 for nowhere."""
    place = block.find(raw)
    while place >= 0 and place % WIDTH:
        place = block.find(raw, place + 1)
    return place
