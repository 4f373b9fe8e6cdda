"""Sentences that outlive the moment: what is written down for later readers is the pattern and its values, not one language.

`said` makes a sentence. It is a text, in English, for whoever wants one (the command line, a log); and it knows what it was made of,
so that the window says it in the person's language when it is shown, be that years later. Its code is its pattern: what a
translation is looked up by anyhow, and what can still be read where there is none. `kept` is the form for a column or a file, `read`
the way back; texts of older versions, of servers and of people are kept and read as they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

Value = str | int

_PLACE: Final = re.compile(r"\{(\w+)\}")
_MARK: Final = '{"say": '
_DEEPEST: Final = 4


class Said(str):
    """A sentence in English that knows what it was made of. `n` among the values chooses between `one|many`."""

    __slots__ = ("pattern", "values")
    pattern: str
    values: Mapping[str, Value]

    def __new__(cls, pattern: str, values: Mapping[str, Value]) -> Said:
        made = super().__new__(cls, _english(pattern, values))
        made.pattern, made.values = pattern, dict(values)
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return Said, (self.pattern, self.values)


def said(pattern: str, /, **values: object) -> str:
    """A sentence (`Said`); its `{places}` are filled with the values: whole numbers, sentences, else what they are as a text."""
    return Said(pattern, {name: _plain(value) for name, value in values.items()})


def words_of(error: BaseException) -> str:
    """What an error says, with what it was made of, if that is known."""
    first = error.args[0] if error.args else ""
    return first if isinstance(first, Said) else str(error)


def kept(words: str) -> str:
    """A sentence as it is written down."""
    return json.dumps(_made_of(words), ensure_ascii=False) if isinstance(words, Said) else words


def read(text: str) -> str:
    """What was written down; a text that is none of ours is itself."""
    if not text.startswith(_MARK):
        return text
    try:
        return _again(json.loads(text), _DEEPEST)
    except (ValueError, TypeError, AttributeError, KeyError):
        return text


def _plain(value: object) -> Value:
    return value if isinstance(value, Said) or type(value) is int else str(value)


def _english(pattern: str, values: Mapping[str, Value]) -> str:
    one, bar, many = pattern.partition("|") if "n" in values else (pattern, "", "")
    chosen = one if not bar or values["n"] == 1 else many
    return _PLACE.sub(lambda found: _text(values.get(found[1], found[0])), chosen)


def _text(value: Value) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _made_of(words: Said) -> dict[str, Any]:
    values = {name: _made_of(one) if isinstance(one, Said) else one for name, one in words.values.items()}
    return {"say": words.pattern, "with": values}


def _again(plain: Any, deepest: int) -> Said:
    if not deepest:
        raise ValueError
    values = {
        str(name): _again(one, deepest - 1) if isinstance(one, dict) else _plain(one)
        for name, one in plain["with"].items()
    }
    return Said(str(plain["say"]), values)
