"""Free words in a condition: which of them are looked for together.

Words that must all be there must stand in one document (a letter, a note, a file, a subject line), unquoted ones also as
the beginning of a word. Words that must not be there may stand nowhere in the ticket, and are meant whole: half a word
would take away what nobody thought of. A search and a view saved from it so find the same tickets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from app.conditions.tree import AllOf, AnyOf, Check, Node, Not

PLACED: Final = frozenset({"text", "note", "file"})
"""Fields whose words are looked for in one kind of document only: several words of one check stand in the same document."""


@dataclass(frozen=True, slots=True)
class Words:
    """Free words alone, looked for in one question to the index. `whole`: as whole words only."""

    node: Node
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Gathered:
    """A condition in which free words stand together: `kind` says how the parts are joined (Not has one)."""

    kind: type[AllOf] | type[AnyOf] | type[Not]
    parts: tuple[Gathered | Check | Words, ...]


def is_words(node: Node) -> bool:
    """Are there only free words in it, none of them negated?"""
    if isinstance(node, Check):
        return node.field == "words"
    return not isinstance(node, Not) and bool(node.parts) and all(is_words(part) for part in node.parts)


def is_placed(node: Node) -> bool:
    """Is it a check of words that are looked for in one kind of document?"""
    return isinstance(node, Check) and node.field in PLACED


def gathered(node: Node) -> Gathered | Check | Words:
    """The same condition with its free words put together."""
    if is_words(node) or is_placed(node):
        return Words(node)
    if isinstance(node, Check):
        return node
    if isinstance(node, Not):
        is_asked = is_words(node.part) or is_placed(node.part)
        inner = Words(node.part, whole=True) if is_asked else gathered(node.part)
        return Gathered(Not, (inner,))
    if isinstance(node, AnyOf):
        return Gathered(AnyOf, tuple(gathered(part) for part in node.parts))
    words = tuple(part for part in node.parts if is_words(part))
    together = [Words(AllOf(words) if len(words) > 1 else words[0])] if words else []
    return Gathered(AllOf, (*together, *(gathered(part) for part in node.parts if not is_words(part))))
