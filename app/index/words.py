"""Text made ready for the index, the same for what is stored and what is asked.

SQLite's `unicode61` folds case and accents, but takes a run of Chinese, Japanese or Thai text for one word. Those
characters are therefore set apart by blanks, and a query for several of them becomes a phrase.

The words of customers stand in the index twice: once as they are, once behind a mark. To look for a customer is then to look
for other words, each with a short list of its own: a customer's name also stands on every letter of theirs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

# Han, kana, Thai, Lao, Khmer, Myanmar and the supplementary ideographic planes: scripts written without blanks.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+"
)
# Letters that the tokenizer does not take apart, as people type them without the right keyboard.
_PLAIN = {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L",
          "đ": "d", "Đ": "D", "ı": "i"}  # fmt: skip
_WORD = re.compile(r"[^\W_]+")
_ACCENTS = re.compile("[\u0300-\u036f]+")

CUSTOMER, _KIND = "\ue000", "\ue001"
"""Marks before a word: it stands in the name, address or organisation of a customer; it says what a document is. They are for
private use, so that no language has words that begin so.
"""
_MARKS = re.compile("[\ue000-\ue00f]")
NOTE, FILE, TICKET = "note", "file", "ticket"

LONGEST = 200_000
"""Characters of one field that are indexed; what lies beyond is logs and dumps, not letters."""


def spaced(text: str) -> str:
    """`text` as it is indexed."""
    text = text[:LONGEST]
    if text.isascii():
        return text
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    return _UNSPACED.sub(_set_apart, _MARKS.sub(" ", _as_typed(text)))


def marked(mark: str, text: str) -> str:
    """The words of `text`, each behind the mark."""
    return " ".join(f"{mark}{word}" for word in _WORD.findall(spaced(text)))


def fields(
    kind: str, title: str = "", body: str = "", people: str = "", extra: str = "", *, note: bool = False
) -> list[str]:
    """What the index gets of a document, by column: title, body, people, extra.

    `kind`: message, file, ticket or customer; `extra` of a message are the names of its files; `note`: nobody but us reads it.
    """
    others = [spaced(extra)] if extra else []
    if kind == "customer":
        others.append(marked(CUSTOMER, f"{title} {people} {extra}"))
    if note or kind in {FILE, TICKET}:
        others.append(kind_word(NOTE if note else kind))
    return [spaced(title), spaced(body), spaced(people), " ".join(others)]


def _as_typed(text: str) -> str:
    for letter, typed in _PLAIN.items():  # looking for each is many times faster than turning every letter of a text
        if letter in text:
            text = text.replace(letter, typed)
    return text


def _set_apart(run: re.Match[str]) -> str:
    return f" {' '.join(run.group())} "


def plain(text: str) -> str:
    """`text` without accents, as the index folds it, for looking at it directly."""
    if text.isascii():
        return text
    return _ACCENTS.sub("", unicodedata.normalize("NFD", _as_typed(text)))


def match_word(word: str, *, prefix: bool, mark: str = "") -> str:
    """One word or phrase of a person as an FTS5 phrase; empty when nothing of it can be found by words.

    The result is quoted: no character in `word` can act as an operator. `prefix`: also words that begin so. `mark`: only
    where it stands behind this mark.
    """
    parts = [mark + part for part in parts_of(word)]
    if not parts:
        return ""
    return phrase(parts) + ("*" if prefix and not _UNSPACED.match(parts[-1], len(mark)) else "")


def parts_of(word: str) -> list[str]:
    """What the index takes for words of their own in one word of a person: "ann@lamp.example" is three."""
    return _WORD.findall(spaced(word))


def is_unspaced(part: str) -> bool:
    """Is it of a script that is written without blanks, where no word begins anywhere?"""
    return _UNSPACED.match(part) is not None


def phrase(parts: Sequence[str]) -> str:
    """Words that stand one behind the other, as FTS5 wants it."""
    return '"' + " ".join(part.replace('"', '""') for part in parts) + '"'


def kind_word(kind: str) -> str:
    """A word in the `extra` field of every document of this kind (`NOTE`, `FILE`, `TICKET`): asking for it too keeps a search to
    that kind, without a walk over all the others that have the other words.
    """
    return f"{_KIND}{kind}"
