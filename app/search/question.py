"""What is asked, made ready: free words as FTS5 wants them, everything else as SQL on tickets.

All words must stand in one document: a letter, a note, a file, or the subject line with the tags. Words that must not be there
may stand nowhere in the ticket.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from app.conditions.language import Query, parse
from app.conditions.tree import AllOf, AnyOf, Check, Node, Not, Op
from app.conditions.words import PLACED, is_words
from app.index.parts import SHORTEST, words_within
from app.index.queries import match_beginning
from app.index.words import is_unspaced, match_word, parts_of, phrase, plain
from app.search.filters import Filter, fts_match
from app.search.scopes import Scope, within


class Order(enum.StrEnum):
    """Which of what is found comes first."""

    NEWEST = "newest"
    BEST = "best"


@dataclass(frozen=True, slots=True)
class Question:
    """What a person asks; `me`: for whom `mine` and `unread` are meant."""

    typed: str
    scope: Scope = Scope.ALL
    order: Order = Order.NEWEST
    me: UUID | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question made ready. `match`: the words as FTS5 wants them; empty when only conditions were given. `half`: some of
    them stand for all words that begin so; `nodes`: the same words as conditions.

    `begun`: words that stand for so many words of the index (a letter or two) that FTS5 would take long over them, folded; `others`
    are the rest then; both are known once the whole index is to be asked (`in_full`). `without`: what may stand nowhere in
    a ticket. `where`, `values`: all other conditions on the ticket `t`; `is_free`: there are none. `fitting`,
    `fitting_values`: the same conditions as a list of all tickets that fit. `words`: what is looked for, as typed;
    `phrases`: those of them that were quoted. `since`: the place of the oldest document that is looked at. `within`: when
    nothing more begins so, words that have them inside are looked for (`inside`).
    """

    match: str
    where: str
    values: dict[str, object]
    is_free: bool
    fitting: str = ""
    fitting_values: dict[str, object] = field(default_factory=dict)
    scope: Scope = Scope.ALL
    half: bool = False
    nodes: tuple[Node, ...] = ()
    others: str = ""
    begun: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    since: int = 0
    within: bool = False


@dataclass(frozen=True, slots=True)
class _Part:
    """A word or a group of words: as typed, as FTS5 wants it, whether the whole index answers that quickly."""

    word: str
    match: str
    quick: bool


def wanted(db: Session, asked: Question) -> Wanted:
    """Make a question ready. Raises QueryError."""
    query = parse(asked.typed)
    nodes, without, rest = _sorted(query)
    filters = Filter.of(db, asked.me, each=bool(nodes), narrow=not nodes)
    everywhere = Filter(asked.me, filters.now, db, narrow=True)
    joined = " AND ".join(fts_match(node) for node in nodes)
    return Wanted(
        match=_without(within(joined, asked.scope), without),
        where=filters.where(AllOf(tuple(rest))),
        values=filters.values,
        is_free=not rest,
        fitting=f"SELECT t.id FROM ticket t WHERE {everywhere.where(AllOf(tuple(rest)))}" if rest else "",
        fitting_values=everywhere.values,
        scope=asked.scope,
        half="*" in joined,
        nodes=tuple(nodes),
        without=without,
        words=tuple(dict.fromkeys(word for part in query.groups for word in _said(part))),
        phrases=tuple(check.value for check in query.groups if isinstance(check, Check) and _is_phrase(check)),
        within=any(_sought_within(node) for node in nodes),
    )


def in_full(db: Session, question: Wanted) -> Wanted:
    """The same question as the whole index answers it quickest: half a word as the words that begin so, if they are not too
    many.
    """
    if not question.half:
        return question
    parts = [_part(db, node) for node in question.nodes]
    scope, without = question.scope, question.without
    joined = " AND ".join(part.match for part in parts)
    quick = " AND ".join(part.match for part in parts if part.quick)
    slow = [part.word for part in parts if not part.quick] if scope in _LOOKED else []
    return replace(
        question,
        match=_without(within(joined, scope), without),
        half=False,
        others=_without(within(quick, scope), without) if slow else "",
        begun=tuple(plain(word).lower() for word in slow),
    )


def inside(db: Session, question: Wanted) -> str:
    """What finds the documents in which at least one of the words stands only within another one, as FTS5 wants it; empty
    where no word has one of them within, or too many have.
    """
    matches: list[str] = []
    is_within = False
    for node in question.nodes:
        part = _part(db, node)
        if not part.quick:
            return ""
        words = words_within(db, sought) if (sought := _sought_within(node)) else []
        if words is None:
            return ""
        is_within = is_within or bool(words)
        matches.append(f"({' OR '.join([part.match, *(phrase([word]) for word in words)])})")
    return _without(within(" AND ".join(matches), question.scope), question.without) if is_within else ""


def _sought_within(node: Node) -> str:
    """What of a condition is also looked for within words, folded; empty for nothing."""
    if not isinstance(node, Check) or node.field != "words" or node.op is not Op.CONTAINS:
        return ""
    parts = parts_of(node.value)
    if len(parts) != 1 or is_unspaced(parts[0]) or len(parts[0]) < SHORTEST:
        return ""
    return plain(parts[0]).lower()


_LOOKED: Final = {Scope.ALL, Scope.SUBJECT, Scope.PEOPLE, Scope.CONVERSATION}


def _without(match: str, without: Sequence[str]) -> str:
    return f"({match}) NOT ({' OR '.join(without)})" if match and without else match


def _sorted(query: Query) -> tuple[list[Node], tuple[str, ...], list[Node]]:
    """What must be found, what may not be there, and the conditions that are no words."""
    words: list[Node] = []
    without: list[str] = []
    rest: list[Node] = []
    for node in query.groups:
        if is_words(node):
            words += [node] if fts_match(node) else []
        elif isinstance(node, Not) and is_words(node.part):
            # Words that are excluded are meant whole: half a word would take away what nobody thought of.
            without += [match for match in [fts_match(node.part, whole=True)] if match]
        else:
            rest.append(node)
    return words, tuple(without), rest


def _part(db: Session, node: Node) -> _Part:
    if isinstance(node, Check):
        if _is_phrase(node):
            return _Part(node.value, match_word(node.value, prefix=False), True)
        return _Part(node.value, *match_beginning(db, node.value))
    parts = [part for part in (_part(db, one) for one in _parts(node)) if part.match]
    joint = " OR " if isinstance(node, AnyOf) else " AND "
    match = joint.join(f"({part.match})" for part in parts)
    return _Part("", f"({match})" if match else "", True)  # several begun words in a group: FTS5 finds them


def _said(node: Node) -> list[str]:
    """The free words in a condition that are to be found."""
    if isinstance(node, Check):
        if node.field in PLACED and node.op is Op.CONTAINS:
            return [word for word in node.value.split() if parts_of(word)]
        return [node.value] if node.field in {"words", *PLACED} and parts_of(node.value) else []
    return [] if isinstance(node, Not) else [word for part in _parts(node) for word in _said(part)]


def _parts(node: Node) -> tuple[Node, ...]:
    return node.parts if isinstance(node, AllOf | AnyOf) else ()


def _is_phrase(check: Check) -> bool:
    return check.op is Op.IS and check.field == "words"


def words_of(typed: str) -> tuple[str, ...]:
    """The free words of a query, to mark them where they are shown. Raises QueryError."""
    return tuple(dict.fromkeys(word for part in parse(typed).groups for word in _said(part)))
