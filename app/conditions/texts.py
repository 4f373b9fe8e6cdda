"""When a text contains another or is the same, exactly as SQLite's LIKE and lower() see it: only ASCII folds by itself.

Words with other letters are therefore looked for in the spellings that people use: as typed, small, large, with a capital.
"""

from __future__ import annotations

from app.conditions.tree import Op

_FOLD = {code: code + 32 for code in range(65, 91)}
STEP = " / "
"""Between the names of a tree's path, as `app.fields` writes it."""


def folded(text: str) -> str:
    """`text` with ASCII letters made small."""
    return text.translate(_FOLD)


def spellings(value: str) -> tuple[str, ...]:
    """What is looked for instead of `value`, folded, each once."""
    if value.isascii():
        return (folded(value),)
    ways = (value, value.lower(), value.upper(), value[:1].upper() + value[1:].lower())
    return tuple(dict.fromkeys(folded(way) for way in ways))


def contains(text: str, value: str) -> bool:
    """Does `text` have `value` in it?"""
    whole = folded(text)
    return any(way in whole for way in spellings(value))


def is_same(text: str, value: str) -> bool:
    """Is `text` nothing but `value`?"""
    return folded(text) in spellings(value)


def fits_choice(op: Op, value: str, name: str, path: str) -> bool:
    """Does a choice compare so (CONTAINS, IS)? In a tree, what lies below a choice belongs to it."""
    if op is Op.CONTAINS:
        return contains(path, value)
    return is_same(name, value) or is_same(path, value) or folded(path).startswith(
        tuple(way + STEP for way in spellings(value))
    )  # fmt: skip
