"""The sample shop's own words, and how a template becomes a letter.

A text has choices, `[this|that]`, and words to fill in, `{order}`. Both are drawn from one seeded random source, so a
sample desk reads the same on every machine and still no two letters of it are alike.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any, Final

_CHOICE: Final = re.compile(r"\[([^\[\]]*)\]")
_WORD: Final = re.compile(r"\{(\w+)\}")


@cache
def read(name: str) -> dict[str, Any]:
    """A file of the sample shop."""
    return tomllib.loads(files("resources").joinpath("sample", name).read_text(encoding="utf-8"))


def chosen(template: str, dice: Random) -> str:
    """A template with every choice made; choices may contain choices."""
    while (found := _CHOICE.search(template)) is not None:
        template = template[: found.start()] + dice.choice(found[1].split("|")) + template[found.end() :]
    return template


def filled(template: str, words: Mapping[str, str], dice: Random) -> str:
    """A template as text: choices made, words filled in. Raises KeyError for a word that nobody gave."""
    return _WORD.sub(lambda found: words[found[1]], chosen(template, dice))


def sentence(text: str) -> str:
    """A text that begins with a capital, also after a choice was made in front of it."""
    return text[:1].upper() + text[1:]


def drawn_words(dice: Random, lists: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The words that one conversation uses throughout: a product, an order number, a day …"""
    words = {name: dice.choice(some) for name, some in lists.items()}
    words["model"] = words["product"].partition(" ")[0]
    words["order"] = f"HL-{dice.randint(18_200, 26_900)}"
    words["order_digits"] = f"3404{dice.randint(10**10, 10**11 - 1)}"
    words["week"] = str(dice.randint(2, 51))
    words["invoice"] = f"{dice.choice((2025, 2026))}-{dice.randint(113, 1986):04}"
    words["serial"] = f"{words['model'][:2].upper()} {dice.randint(1200, 9800)}"
    words["price"] = f"{dice.randint(4, 38)}.{dice.choice((50, 80, 90))}"
    words["sum"] = f"{dice.randint(86, 940)}.{dice.choice(('00', '50', '80'))}"
    words["n"] = str(dice.choice((4, 6, 8, 10, 12, 16, 24, 40)))
    return words
