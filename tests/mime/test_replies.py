"""Replies in eight languages, our own words, written after the trimmer was finished and never used to shape it.

Each line of `replies/LANGUAGE.txt` says what it is: "V|" was written now, "F|" is dragged along; "=====" begins the
next one. A word that was written now and is hidden is the one fault that must not be; a quote left visible is a blemish,
so of those only the number is held.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from app.mime.content.fold import fold, opening

_FILES = sorted((Path(__file__).parent / "replies").glob("*.txt"))


def _replies(file: Path) -> list[tuple[str, str, str]]:
    """(title, whole text, what was written now) of each reply."""
    found: list[tuple[str, list[str]]] = []
    for line in file.read_text("utf-8").splitlines():
        if line.startswith("====="):
            found.append((line[6:], []))
        else:
            found[-1][1].append(line)
    return [
        (title, "\n".join(line[2:] for line in lines), "\n".join(line[2:] for line in lines if line.startswith("V|")))
        for title, lines in found
    ]


@pytest.mark.parametrize("file", _FILES, ids=lambda file: file.stem)
def test_no_word_that_was_written_now_is_hidden(file: Path) -> None:
    for title, text, wanted in _replies(file):
        got = fold(text)
        assert Counter(wanted.split()) - Counter(got.visible.split()) == Counter(), title
        assert Counter(text.split()) - Counter(f"{got.visible} {got.folded}".split()) == Counter(), title
        assert got.visible.startswith(opening(text)[:100]), title


def test_most_are_folded_exactly_and_there_are_enough() -> None:
    whole = [reply for file in _FILES for reply in _replies(file)]
    exact = sum(fold(text).visible.split() == wanted.split() for _, text, wanted in whole)
    assert len(_FILES) == 8
    assert len(whole) >= 40
    assert exact >= len(whole) * 3 // 4
