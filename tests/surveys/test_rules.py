"""Which letters are scores, and which only begin with a number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.tokens import hide_token, hide_tokens, sha256_of, token_of
from app.surveys.rules import (
    SCALES,
    Kind,
    Scale,
    find_token,
    is_low,
    is_stop,
    mark,
    perhaps_score,
    score_of_line,
    score_of_subject,
    score_of_text,
)

FIVE = SCALES[Kind.CSAT]


@pytest.mark.parametrize(
    ("line", "score", "comment"),
    [
        ("5", 5, ""),
        (" 5 ", 5, ""),
        ("5!", 5, ""),
        ("5!!!", 5, ""),
        ("5.", 5, ""),
        ("5, great", 5, "great"),
        ("5,great", 5, "great"),
        ("5, ", 5, ""),
        ("5: thank you", 5, "thank you"),
        ("5 - very quick", 5, "very quick"),
        ("5 – very quick", 5, "very quick"),
        ("5/5", 5, ""),
        ("4 / 5", 4, ""),
        ("5/5!", 5, ""),
        ("5/5, great", 5, "great"),
        ("5/5 great", 5, "great"),
        ("5 :)", 5, ""),
        ("*5*", 5, ""),
        ("５", 5, ""),
        ("1, where is my refund?", 1, "where is my refund?"),
    ],
)
def test_a_number_alone_or_with_punctuation_is_a_score(line: str, score: int, comment: str) -> None:
    found = score_of_line(line, FIVE)
    assert found is not None
    assert (found.value, found.comment) == (score, comment)


@pytest.mark.parametrize(
    "line",
    [
        "", "great", "5 items are missing", "5 stars", "0", "6", "55", "05", "5/10", "5/50", "5,5 hours late", "5.5",
        "5-10 pieces", "5 - 10 pieces", "5, 6 and 7 are missing", "5th item", "5x", "5%", "5 %", "5€", "5 € too much",
        "-5", "#5", "4½", "3:30 pm", "1) the mug", "5+", "five", "> 5", "5/5/2026", "2026", "5 of 5 items", "5\u00b2",
    ],
)  # fmt: skip
def test_numbers_that_count_something_are_no_scores(line: str) -> None:
    assert score_of_line(line, FIVE) is None


def test_the_first_unquoted_line_decides_and_the_rest_is_the_comment() -> None:
    found = score_of_text("\n4, good\nA bit slow though.\n> 5\n", FIVE)
    assert found is not None
    assert (found.value, found.comment) == (4, "good\nA bit slow though.")
    assert score_of_text("Hello\n5", FIVE) is None
    assert score_of_text("> 5\n> great", FIVE) is None


def test_a_list_of_complaints_is_no_score() -> None:
    assert score_of_text("1. The mug is broken\n2. The box was wet", FIVE) is None
    assert score_of_text("1. Slow.", FIVE) is not None


@given(st.integers(0, 10**6), st.sampled_from(list(SCALES.values())))
def test_a_number_counts_exactly_when_it_is_on_the_scale(number: int, scale: Scale) -> None:
    assert (score_of_line(str(number), scale) is not None) is (number in scale)


@given(st.integers(1, 5), st.text(alphabet=st.characters(categories=["Ll", "Lu", "Nd", "Sc"]), min_size=1, max_size=20))
def test_a_number_followed_by_a_word_is_never_a_score(number: int, word: str) -> None:
    assert score_of_line(f"{number} {word}", FIVE) is None
    assert score_of_line(f"{number}{word}", FIVE) is None


@given(st.text(max_size=200))
def test_no_letter_breaks_the_reader_and_what_it_finds_is_on_the_scale(text: str) -> None:
    found = score_of_text(text, FIVE)
    assert found is None or found.value in FIVE
    perhaps = perhaps_score(text, FIVE)
    assert perhaps is None or perhaps in FIVE
    assert find_token(hide_token(text)) is None


@given(st.binary(min_size=16, max_size=16), st.booleans())
def test_a_token_survives_a_subject_in_either_case_and_can_be_hidden(random: bytes, upper: bool) -> None:
    token = token_of(random)
    subject = f"Re: 5 of 5 {mark(token)}"
    subject = subject.upper() if upper else subject
    found = find_token(subject)
    assert found == token
    assert sha256_of(found) == sha256_of(token.upper())
    assert token not in hide_token(subject).lower()
    quoted = f"> 4<mailto:us@example.test?subject=4%20of%205%20%5BDB-{token}%5D&body=4>\n> Reply"
    assert hide_tokens(quoted) == "> 4<mailto:us@example.test?subject=4%20of%205%20&body=4>\n> Reply"


@pytest.mark.parametrize(
    ("subject", "score"),
    [
        ("5 of 5", 5),
        ("Re: 2 of 5", 2),
        ("AW: 3 von 5", 3),
        ("4/5", 4),
        ("6 of 5", None),
        ("5 of 10", None),
        ("about 5 of 5", None),
    ],
)
def test_the_score_of_a_button(subject: str, score: int | None) -> None:
    assert score_of_subject(subject, FIVE) == score


def test_stop_low_and_perhaps() -> None:
    assert is_stop("stop surveys [DB-" + "a" * 26 + "]")
    assert is_stop("Stop.")
    assert not is_stop("stop sending me broken mugs")
    assert [is_low(Kind.CSAT, score, 2) for score in (1, 2, 3)] == [True, True, False]
    assert [is_low(Kind.NPS, score, 2) for score in (0, 2, 3, 9)] == [True, True, False, False]
    assert not is_low(Kind.CSAT, 1, 0)
    assert perhaps_score("5 stars from me", FIVE) == 5
    assert perhaps_score("5 items of 3 orders are missing", FIVE) is None
    assert perhaps_score("Where is it?", FIVE) is None
