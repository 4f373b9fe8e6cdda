"""Search over everything: what a person types becomes tickets and customers, page by page, with nothing capped.

Newest first, or the best first (`app.search.ranking`). The words are those of the index, so that accents, half-typed words and
scripts without blanks are found alike everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from app.search.hits import Hit, customer_hits, ticket_hits
from app.search.question import Order, Question, Wanted, wanted, words_of
from app.search.ranking import best
from app.search.scopes import Scope, kept
from app.search.walking import After, Match, Walk

__all__ = ["After", "Hit", "Order", "Page", "Question", "Scope", "kept", "page", "search", "ticket_ids", "words_of"]

PAGE = 50
MOST_CUSTOMERS = 5


@dataclass(frozen=True, slots=True)
class Page:
    """Some of what was found: customers (with the first page only) and tickets, in their order. `after`: where the next
    page begins; None when this was the last. A page may be shorter than asked for, even empty, though more follow: it ends
    when it has looked at much.
    """

    customers: tuple[Hit, ...]
    tickets: tuple[Hit, ...]
    after: After | None
    words: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()


def page(db: Session, asked: Question, *, after: After | None = None, limit: int = PAGE) -> Page:
    """One page of what fits. Raises QueryError."""
    question = wanted(db, asked)
    if asked.order is Order.BEST and question.match:
        matches, behind = best(db, question, after, limit)
    else:
        matches, behind = Walk(db, question, after).page(limit)
    customers = _customers(db, asked, question) if after is None else ()
    return Page(customers, ticket_hits(db, matches, question), behind, question.words, question.phrases)


def _customers(db: Session, asked: Question, question: Wanted) -> tuple[Hit, ...]:
    """Customers are offered for words alone: conditions are about tickets."""
    is_meant = asked.scope in {Scope.ALL, Scope.PEOPLE} and question.is_free and not question.without
    return customer_hits(db, question, MOST_CUSTOMERS) if is_meant and question.words else ()


def search(
    db: Session,
    typed: str,
    *,
    limit: int = PAGE,
    me: UUID | None = None,
    scope: Scope = Scope.ALL,
    order: Order = Order.NEWEST,
) -> tuple[Hit, ...]:
    """Customers by name or address, then tickets, at most `limit` together; nothing for nothing typed. Raises QueryError."""
    if not typed.strip():
        return ()
    asked = Question(typed, scope, order, me)
    found = page(db, asked, limit=limit)
    hits = [*found.customers, *found.tickets]
    while found.after is not None and len(hits) < limit:
        found = page(db, asked, after=found.after, limit=limit - len(hits))
        hits += found.tickets
    return tuple(hits[:limit])


def ticket_ids(
    db: Session, typed: str, *, limit: int | None = None, me: UUID | None = None, scope: Scope = Scope.ALL
) -> tuple[UUID, ...]:
    """Ids of the tickets that fit, the newest document first. An empty query is every ticket that is not in the Bin."""
    question = wanted(db, Question(typed, scope, me=me))
    walk = Walk(db, question)
    found: list[UUID] = []
    while limit is None or len(found) < limit:
        matches, after = walk.page(1_000 if limit is None else limit - len(found))
        found += _ids(matches)
        if after is None:
            break
        walk = Walk(db, question, after)
    return tuple(found)


def _ids(matches: Sequence[Match]) -> list[UUID]:
    return [match.ticket for match in matches]
