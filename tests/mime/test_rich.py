"""Formatted letters of our own: the text says what the HTML shows, and reading the HTML back gives the same lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mime.html.rich import (
    MOST_LEVELS,
    Line,
    Piece,
    from_html,
    is_plain,
    joined,
    lines_of_text,
    to_html,
    to_text,
    trimmed,
)
from app.mime.html.sanitise import clean

_WORDS = st.text(st.sampled_from("ab  <>&\"'é字"), max_size=8).map(str.strip)
_PIECES = st.one_of(
    st.builds(Piece, _WORDS, st.booleans(), st.booleans(), st.sampled_from(["", "https://x.example/?a=1&b=2"])),
    st.builds(Piece, st.just("a b.png"), cid=st.sampled_from(["p1@desk", "p2@desk"]), width=st.sampled_from([0, 80])),
)


@st.composite
def _lines(draw: st.DrawFn) -> Line:
    kinds = draw(st.sampled_from([("", 0), ("ul", 1), ("ol", 1), ("ol", 2)]))
    return Line(tuple(draw(st.lists(_PIECES, max_size=3))), kinds[0], kinds[1], draw(st.integers(0, 2)))  # type: ignore[arg-type]


def _same(line: Line) -> object:
    """A line as it is seen: what looks alike is one, and blanks at its end are nothing."""
    pieces = joined(line.pieces)
    return [
        (p.text.rstrip() if p is pieces[-1] and not p.cid else p.text, p.bold, p.italic, p.link, p.cid) for p in pieces
    ]


@given(st.lists(_lines(), max_size=8))
def test_what_is_written_is_read_back(lines: list[Line]) -> None:
    html = to_html(lines)
    back = from_html(html, {"p1@desk", "p2@desk"})
    assert back is not None
    assert [(one.items, one.level, one.quote) for one in back] == [(one.items, one.level, one.quote) for one in lines]
    assert [_same(one) for one in back] == [_same(one) for one in lines]
    assert to_text(back).split() == to_text(lines).split()
    assert to_html(back) == html


@given(st.lists(_lines(), max_size=8))
def test_nothing_of_it_is_taken_out_on_looking(lines: list[Line]) -> None:
    html = to_html(lines)
    again = from_html(clean(html), {"p1@desk", "p2@desk"})
    assert again is not None
    assert to_html(again) == html


def test_the_text_names_pictures_links_and_signs() -> None:
    lines = (
        Line((Piece("Dear "), Piece("Ann", bold=True), Piece(","))),
        Line(),
        Line((Piece("look "), Piece("here", link="https://lark.example/"),)),
        Line((Piece("write", link="mailto:us@lark.example"),)),
        Line((Piece("us@lark.example", link="mailto:us@lark.example"),)),
        Line((Piece("one"),), "ol", 1),
        Line((Piece("sub"),), "ul", 2),
        Line((Piece("two"),), "ol", 1),
        Line((Piece("one again"),)),
        Line((Piece("screen.png", cid="1@desk"),)),
        Line((Piece("said before"),), quote=2),
    )  # fmt: skip
    assert to_text(lines).split("\n") == [
        "Dear Ann,", "", "look here <https://lark.example/>", "write <us@lark.example>", "us@lark.example", "1. one", "  - sub",
        "2. two", "one again", "[screen.png]", ">> said before",
    ]  # fmt: skip


def test_plain_words_are_plain() -> None:
    assert is_plain(lines_of_text("a\n\nb"))
    assert to_text(lines_of_text("a\n\n b ")) == "a\n\n b"
    assert not is_plain([Line((Piece("x", cid="1@desk"),))])


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>One</p><p>Two<br>three</p>", "One\n\nTwo\nthree"),
        ("<table><tr><td>A</td><td>B</td></tr><tr><td>C</td></tr></table>after", "A  B\nC\n\nafter"),
        ("<h1>Head</h1>words", "Head\n\nwords"),
        ("<ul><li>a<ol><li>b</ol><li><p>c</p></ul>", "- a\n  1. b\n- c"),
        ("<pre>x\n  y</pre>", "x\n  y"),
        ("a<img src='https://t.example/p.gif'><img src='cid:no' alt='Logo'>", "a[Logo]"),
        ("<script>x</script><a href='javascript:y'>no</a> <a href=' https://ok.example'>ok</a>", "no ok <https://ok.example>"),
        ("<blockquote>a<blockquote>b</blockquote></blockquote>c", "> a\n>> b\nc"),
        ("  many \n blanks&nbsp;&nbsp;here <b> and </b> there ", "many blanks  here and there"),
        ('<p style="margin-top:0px; margin-bottom:0px;">a</p><p style="margin:0">b</p><p>c</p>', "a\nb\n\nc"),
        ("<b>never closed", "never closed"),
        ("<ul>" * 30 + "<li>deep", "  " * (MOST_LEVELS - 1) + "- deep"),
    ],
)  # fmt: skip
def test_mail_of_strangers_becomes_lines(markup: str, text: str) -> None:
    lines = from_html(markup)
    assert lines is not None
    assert to_text(trimmed(lines)) == text


def test_what_is_too_heavy_is_left_to_the_text() -> None:
    assert from_html("<td>" * 5000) is None
