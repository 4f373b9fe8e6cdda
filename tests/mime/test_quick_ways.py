"""Where reading has a quick way beside the tolerant one, both must say the same: on every mail and on damaged ones."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mime.content.fold import fold, opening
from app.mime.content.text import html_to_text
from app.mime.html.nesting import shallow
from app.mime.parse import parse
from app.mime.syntax import structure, transfer
from app.mime.syntax.headers import Headers, read_block, split
from tests.mime.mutations import bases, mutated

_NEWLINES = {"LF": b"\n", "CRLF": b"\r\n"}


def _same_block(raw: bytes) -> None:
    quick, block, body = read_block(raw, 0, len(raw))
    slow_block, slow_body = split(raw, 0, len(raw))
    slow = Headers(slow_block)
    assert (block, body) == (slow_block, slow_body)
    assert (quick.fields, quick.warnings) == (slow.fields, slow.warnings)


def test_header_blocks_of_every_mail() -> None:
    for raw in bases():
        _same_block(raw)


def test_header_blocks_of_damaged_mails() -> None:
    for number in range(400):
        _same_block(mutated(number, seed=11))


@given(
    st.lists(st.sampled_from([b"A: b", b" c", b"\t", b"x", b"", b"From me", b"B :", b":", b"\r"]), max_size=9),
    st.booleans(),
)
def test_header_blocks_made_of_odd_lines(lines: list[bytes], crlf: bool) -> None:
    _same_block((b"\r\n" if crlf else b"\n").join(lines))


@pytest.mark.parametrize("newline", _NEWLINES.values(), ids=_NEWLINES)
@given(size=st.integers(12_000, 40_000), width=st.sampled_from([40, 60, 64, 72, 76, 200, 998]), tail=st.integers(0, 3))
def test_size_of_base64_without_decoding_it(newline: bytes, size: int, width: int, tail: int) -> None:
    signs = base64.b64encode(b"\x01" * size)
    data = newline.join(signs[at : at + width] for at in range(0, len(signs), width)) + newline * tail
    assert transfer.size_of(b"x" + data + b"y", 1, len(data) + 1, "BASE64 ") == size


def test_an_import_reads_what_a_view_reads() -> None:
    for raw in bases():
        view, quick = parse(raw), parse(raw, want_html=False, want_files=False)
        assert (quick.text, quick.mail_class, quick.has_html) == (view.text, view.mail_class, view.has_html)
        assert [(part.path, part.filename) for part in quick.attachments] == [
            (part.path, part.filename) for part in view.attachments
        ]


@given(st.text(st.sampled_from("ab>:@\n 12-"), max_size=900))
def test_the_opening_is_the_beginning_of_what_is_visible(text: str) -> None:
    assert fold(text).visible.startswith(opening(text).rstrip())


@given(st.lists(st.sampled_from(["<div>", "</div>", "<p>", "x", "<b a='>'", "<", "</b>", "<br>"]), max_size=60))
def test_pages_that_are_not_deep_stay_as_they_are(pieces: list[str]) -> None:
    assert shallow("".join(pieces), 100) == "".join(pieces)


@given(st.lists(st.sampled_from([b"-", b"--", b"--b", b"--b-x", b"b", b"QUJD\n", b"-" * 20]), max_size=12), st.data())
def test_the_next_boundary(pieces: list[bytes], data: st.DataObject) -> None:
    raw, mark = b"".join(pieces), b"--b-x"
    start, end = (data.draw(st.integers(0, len(raw))) for _ in range(2))
    assert structure._next_mark(raw, mark, start, end) == raw.find(mark, start, end)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("<p>one</p> two < three <? four", "one\n\ntwo < three <? four"),
        ("a > b <c d", "a > b <c d"),
        ("x > <!-- y z <p", "x >"),
        ("<style>a</style >b<?c", "b<?c"),
        ("<script>x</script", ""),
        ("<? <p", "<? <p"),
    ],
)
def test_what_begins_behind_the_last_tag_is_text_unless_it_is_a_comment(source: str, words: str) -> None:
    assert html_to_text(source) == words
