"""Where words are looked for: in all documents, or in one kind of them. For the search field and for conditions alike."""

from __future__ import annotations

import enum
from typing import Final

from app.conditions.fields import checked
from app.conditions.tree import AllOf, AnyOf, Check, Node, Op, parts_of
from app.index.words import FILE, NOTE, TICKET, kind_word


class Scope(enum.StrEnum):
    """Where words are looked for."""

    ALL = "all"
    SUBJECT = "subject"
    CONVERSATION = "conversation"
    NOTES = "notes"
    PEOPLE = "people"
    FILES = "files"


OF_FIELD: Final = {"text": Scope.CONVERSATION, "note": Scope.NOTES, "file": Scope.FILES}
"""What the fields of conditions that ask for words in one place mean (`app.conditions.words.PLACED`)."""

_FIELDS: Final = {scope: field for field, scope in OF_FIELD.items()} | {Scope.SUBJECT: "subject", Scope.PEOPLE: "from"}


def kept(tree: Node, scope: Scope) -> Node:
    """A search as a condition that can be kept: its words say themselves where they are looked for.

    In messages, notes and files those typed as words become one check, since they must stand in one document. What may not
    be there may stand nowhere in the ticket, in a search as well, and stays as it is.
    """
    field = _FIELDS.get(scope)
    if field is None:
        return tree
    parts = parts_of(tree)
    begun = [part.value for part in parts if isinstance(part, Check) and _is_begun(part)]
    if field not in OF_FIELD or len(begun) < 2:
        placed = [_placed(part, field) for part in parts]
    else:
        placed = [checked(field, Op.CONTAINS, " ".join(begun))]
        placed += [_placed(part, field) for part in parts if not _is_begun(part)]
    return placed[0] if len(placed) == 1 else AllOf(tuple(placed))


def sought(tree: Node) -> tuple[Node, Scope]:
    """What was `kept` as it was searched for: words, and where; a condition with free words, or none, as it is."""
    parts = parts_of(tree)
    if any(isinstance(part, Check) and part.field == "words" for part in parts):
        return tree, Scope.ALL
    for scope, field in _FIELDS.items():
        if any(_is_in(part, field) for part in parts):
            found: list[Node] = []
            for part in parts:
                words = part.value.split() if isinstance(part, Check) and _is_in(part, field) else []
                found += [checked("words", Op.CONTAINS, word) for word in words] or [part]
            return AllOf(tuple(found)), scope
    return tree, Scope.ALL


def _is_in(node: Node, field: str) -> bool:
    return isinstance(node, Check) and (node.field, node.op) == (field, Op.CONTAINS)


def _is_begun(node: Node) -> bool:
    """Is it a word typed as it is, which also stands for words that begin so?"""
    return isinstance(node, Check) and node.field == "words" and node.op is Op.CONTAINS


def _placed(node: Node, field: str) -> Node:
    if isinstance(node, Check):
        if node.field != "words":
            return node
        return checked(field, node.op if field in OF_FIELD else Op.CONTAINS, node.value)
    if isinstance(node, AllOf | AnyOf):
        return type(node)(tuple(_placed(part, field) for part in node.parts))
    return node


def within(match: str, scope: Scope) -> str:
    """An FTS5 expression for words, narrowed to where they are to stand."""
    note, file, ticket = (f'"{kind_word(kind)}"' for kind in (NOTE, FILE, TICKET))
    if not match:
        return ""
    match scope:
        case Scope.SUBJECT:
            return f"{{title}} : ({match})"
        case Scope.CONVERSATION:
            return f"(({{body}} : ({match})) NOT ({note} OR {file}))"
        case Scope.NOTES:
            return f"({note} AND ({{body}} : ({match})))"
        case Scope.PEOPLE:
            return f"{{people}} : ({match})"
        case Scope.FILES:
            return f"(({file} AND ({match})) OR (({{extra}} : ({match})) NOT {ticket}))"
        case _:
            return match
