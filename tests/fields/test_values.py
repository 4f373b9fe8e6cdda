"""What may stand in a field, and choices as a person edits them: nothing that a ticket holds is ever lost by an edit."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fields.choices import as_text, edited
from app.fields.rules import Choice, Kind, read, shown
from app.kernel.errors import UserError

SIZES = edited((), "Small\nLarge", tree=False)
AREAS = edited((), "Hardware\n  Printer\n  Screen\nSoftware\n  Printer", tree=True)


@pytest.mark.parametrize(
    ("kind", "given_", "kept"),
    [
        ("text", "  A-17 ", "A-17"),
        ("text", "   ", None),
        ("number", "1.5", 1.5),
        ("number", "1,5", 1.5),
        ("number", "12,000.5", 12000.5),
        ("number", " 12 ", 12),
        ("date", "2026-01-31", "2026-01-31"),
        ("choice", "large", "2"),
        ("choice", "2", "2"),
        ("multi", "LARGE, small", ["1", "2"]),
        ("checkbox", "yes", True),
        ("checkbox", "no", None),
        ("checkbox", False, None),
        ("url", "shop.example/a?b=1", "https://shop.example/a?b=1"),
        ("url", "http://shop.example", "http://shop.example"),
    ],
)
def test_what_is_typed_is_kept_as_plain_data(kind: str, given_: Any, kept: Any) -> None:
    assert read("Field", kind, SIZES, given_) == kept


@pytest.mark.parametrize(
    ("kind", "given_"),
    [
        ("number", "many"),
        ("number", "nan"),
        ("number", "1e999"),
        ("number", True),
        ("date", "31.1.2026"),
        ("choice", "huge"),
        ("multi", "small, huge"),
        ("checkbox", "perhaps"),
        ("url", "javascript:alert(1)"),
        ("url", "file:///etc/passwd"),
        ("url", "https://shop .example"),
        ("text", "x" * 2001),
    ],
)
def test_what_cannot_be_kept_names_the_field(kind: str, given_: Any) -> None:
    with pytest.raises(UserError, match="“Field”"):
        read("Field", kind, SIZES, given_)


def test_a_tree_takes_paths_and_says_when_a_name_is_not_enough() -> None:
    assert read("Area", "tree", AREAS, "software > printer") == read("Area", "tree", AREAS, "Software/Printer")
    assert read("Area", "tree", AREAS, "Screen") is not None
    with pytest.raises(UserError, match="whole path"):
        read("Area", "tree", AREAS, "Printer")


def test_a_stroke_in_a_plain_list_is_only_a_stroke() -> None:
    woods = edited((), "Oak / Ash\nPine", tree=False)
    assert [one.path for one in woods] == ["Oak / Ash", "Pine"]
    assert read("Wood", "choice", woods, "oak / ash") == "1"


_name = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=6)
_lines = st.lists(_name, unique_by=str.casefold, max_size=6)


@given(_lines, _lines)
def test_editing_keeps_what_stays_and_forgets_nothing(before: list[str], after: list[str]) -> None:
    old = edited((), "\n".join(before), tree=False)
    new = edited(old, "\n".join(after), tree=False)
    assert as_text(new) == "\n".join(after)
    keys = {one.name.casefold(): one.key for one in old}
    for one in new:
        if not one.gone and one.name.casefold() in keys:
            assert one.key == keys[one.name.casefold()], "a name that stays is the same choice"
    assert {one.key for one in old} <= {one.key for one in new}, "a ticket's value can always be shown"
    assert len({one.key for one in new}) == len(new)


@given(st.lists(st.tuples(st.integers(0, 3), _name), max_size=8))
def test_a_tree_comes_back_as_it_was_written(lines: list[tuple[int, str]]) -> None:
    made = edited((), "\n".join("  " * depth + name for depth, name in lines), tree=True)
    again = edited(made, as_text(made), tree=True)
    assert {one.path for one in again if not one.gone} == {one.path for one in made}
    assert {one.path: one.key for one in again} == {one.path: one.key for one in made}


@given(st.sampled_from(list(Kind)), st.one_of(st.text(max_size=30), st.integers(), st.floats(), st.booleans()))
def test_whatever_is_given_is_refused_or_comes_back_the_same(kind: Kind, value: Any) -> None:
    choices: tuple[Choice, ...] = SIZES
    try:
        kept = read("Field", kind, choices, value)
    except UserError:
        return
    words = shown(kind, choices, kept)
    assert read("Field", kind, choices, words) == kept
