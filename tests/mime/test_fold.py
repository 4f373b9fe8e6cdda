"""What may be folded away and, more important, what may never be."""

from __future__ import annotations

import pytest

from app.mime.content.fold import fold
from app.mime.content.text import html_to_text


@pytest.mark.parametrize(
    "text",
    [
        "At 10:30 my colleague wrote:\nthe cable is broken.\nPlease help.",
        "From: the cellar\nI carried it up.",
        "Our order 12 of 2026 was written:\n10 cables",
        "> only a quote",
        "----------\nA ruler is no mark.\n----------\nMore words.",
        "We met on 2 March 2026 at 10.\nann@customer.example is my address.",
    ],
)
def test_words_without_a_clear_mark_stay_visible(text: str) -> None:
    assert fold(text).visible == text


def test_words_above_an_attribution_do_not_become_part_of_it() -> None:
    text = "I will test it in 2 weeks.\nOp 16 aug. 2026 05:13 schreef Bob <bob@desk.example> het\nvolgende geschreven:\n> Hi"
    assert fold(text).visible == "I will test it in 2 weeks."


def test_an_answer_below_the_quote_is_what_is_seen() -> None:
    got = fold("On 2 Mar 2026, Support wrote:\n> Does it work?\n\nYes, it does.")
    assert got.visible == "Yes, it does."
    assert "Does it work?" in got.folded


def test_html_to_text_keeps_the_quote_foldable_and_shows_where_links_lead() -> None:
    text = html_to_text(
        '<p>See <a href="https://evil.example/x">https://bank.example</a></p>'
        "<div>On 2 Mar 2026, Support &lt;support@desk.example&gt; wrote:</div><blockquote><p>Hello</p></blockquote>"
    )
    assert "https://bank.example <https://evil.example/x>" in text
    assert fold(text).visible == "See https://bank.example <https://evil.example/x>"
