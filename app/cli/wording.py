"""What was typed wrong, in words for a person: an unknown command with the one that was probably meant, a number that is none.

Python's own parser answers an unknown word with a list of all forty commands. Wrong usage still ends with 2, as it does.
"""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from app.kernel import clock
from app.kernel.errors import UserError

_FEW = 12
MOST_TICKETS = 10**9
"""Beyond what any desk has, and within what a database takes for a number."""


class Parser(argparse.ArgumentParser):
    """Names what is near to an unknown word; lists all that there is only while it is few."""

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        choices = [str(one) for one in action.choices or ()]
        if not choices or value in choices:
            return
        near = difflib.get_close_matches(str(value), choices, 1)
        if near:
            rest = f"Did you mean “{near[0]}”?"
        elif len(choices) <= _FEW:
            rest = f"There are: {', '.join(choices)}."
        else:
            rest = f"All of them: {self.prog} --help"
        raise argparse.ArgumentError(None, f"“{value}” is not known. {rest}")


def moment(words: str, what: str, like: str) -> datetime:
    """A day or time that was typed, as aware UTC; without an offset it is of this machine's zone. Raises UserError."""
    try:
        return clock.to_utc(datetime.fromisoformat(words))
    except ValueError as error:
        msg = f"“{words}” is not {what}. Write it as {like}."
        raise UserError(msg) from error


def ticket_number(word: str) -> int:
    """The number of a ticket, as in 12 or #12."""
    digits = word.removeprefix("#")
    if not (digits.isascii() and digits.isdigit()) or int(digits) >= MOST_TICKETS:
        msg = f"“{word}” is no ticket’s number, as 12 or #12 would be"
        raise argparse.ArgumentTypeError(msg)
    return int(digits)


def _count(word: str) -> int:
    if not (word.isascii() and word.isdigit()) or int(word) >= MOST_TICKETS:
        msg = f"“{word}” is no number of lines, as 20 would be"
        raise argparse.ArgumentTypeError(msg)
    return int(word)


def word_between(wanted: str) -> Callable[[str], str]:
    """A word that only makes a line readable: merge 3 INTO 4."""

    def check(word: str) -> str:
        if word.casefold() != wanted.casefold():
            msg = f"“{word}” should be {wanted}"
            raise argparse.ArgumentTypeError(msg)
        return word

    return check


def add_number(to: argparse.ArgumentParser, name: str = "number", metavar: str = "N") -> None:
    """A ticket by its number."""
    to.add_argument(name, type=ticket_number, metavar=metavar, help="a ticket's number")


def add_limit(to: argparse.ArgumentParser, most: int = 100) -> None:
    """How many are shown at most."""
    to.add_argument("--limit", type=_count, default=most, metavar="N", help=f"at most so many ({most})")


def add_query(to: argparse.ArgumentParser, nargs: str = "*") -> None:
    """A query in the search language of the window."""
    words = 'words, "a phrase", -without, is:open, from:ann, tag:refund, older:3d …'
    to.add_argument("query", nargs=nargs, metavar="QUERY", help=words)
