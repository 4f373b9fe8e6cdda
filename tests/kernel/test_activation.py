"""Links and files that somebody else wrote: what they may ask of the window, and what they may not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.program.activation import LONGEST_LINE, Asked, as_line, asked_by, is_meant_for_window, of_line

HERE = Path("/home/maya")


@pytest.mark.parametrize(
    ("link", "asked"),
    [
        ("mailto:", Asked(mail=True)),
        ("mailto:ana@b.example", Asked(mail=True, to=("ana@b.example",))),
        ("MAILTO:ana@b.example?Subject=Hi%20you&BODY=One%0D%0Atwo", Asked(
            mail=True, to=("ana@b.example",), subject="Hi you", text="One\ntwo")),
        ("mailto:a@b.example,c@d.example?to=e@f.example&cc=g@h.example,a", Asked(
            mail=True, to=("a@b.example", "c@d.example", "e@f.example"), cc=("g@h.example",))),
        ("mailto:a+b@c.example?subject=1+1", Asked(mail=True, to=("a+b@c.example",), subject="1+1")),
        ("mailto:gorby%25kremvax@example.com", Asked(mail=True, to=("gorby%kremvax@example.com",))),
        ("mailto:%22x%22%3Cevil@b.example%3E", Asked(mail=True)),
        ("tel:+49-30-1234;phone-context=+49", Asked(number="+49301234")),
        ("tel:(030)%2012%2034", Asked(number="0301234")),
        ("tel:*21*0900%23", Asked()),  # a code of the network is no number
        ("desk.deskbell", Asked(file="/home/maya/desk.deskbell")),
        ("file:///backups/my%20desk.deskbell", Asked(file="/backups/my desk.deskbell")),
        ("file://far.example/desk.deskbell", Asked()),
        ("file:///etc/passwd", Asked()),
    ],
)  # fmt: skip
def test_a_link_asks_for(link: str, asked: Asked) -> None:
    assert asked_by(link, HERE) == asked
    assert of_line(as_line(asked)) == asked


@pytest.mark.parametrize("field", ["attach", "attachment", "Attach", "bcc", "in-reply-to", "x-anything"])
def test_what_a_link_may_not_ask_for_is_passed_over(field: str) -> None:
    plain = Asked(mail=True, to=("a@b.example",), subject="s")
    assert asked_by(f"mailto:a@b.example?{field}=/etc/passwd&subject=s", HERE) == plain


def test_a_subject_is_one_line_and_nothing_hides_in_it() -> None:
    found = asked_by("mailto:a@b.example?subject=one%0D%0ABcc:%20x@y.example%E2%80%AE%00", HERE)
    assert found.subject == "one Bcc: x@y.example"
    assert asked_by("mailto:a@b.example%0D%0ABcc:x@y.example", HERE).to == ()


def test_what_is_too_much_is_cut_or_refused() -> None:
    many = ",".join(f"a{n}@b.example" for n in range(500))
    assert len(asked_by(f"mailto:{many}", HERE).to) == 50
    assert asked_by("mailto:a@b.example?body=" + "x" * 100_000, HERE) == Asked()
    assert len(of_line(as_line(Asked(mail=True, text="é" * 9_000))).text) == 9_000


@pytest.mark.parametrize(
    ("word", "meant"),
    [("mailto:a@b", True), ("TEL:1", True), ("old.DESKBELL", True), ("backup", False), ("--data", False), ("", False)],
)
def test_words_for_the_window(word: str, meant: bool) -> None:
    assert is_meant_for_window(word) is meant


@pytest.mark.parametrize(
    "line",
    [
        *(b"", b"\n", b"\xff\xfe", b"[]", b"null", b"{", b"[" * 40_000),
        *(b'{"to": "a@b.example"}', b'{"mail": 1, "to": [7, null]}', b'{"file": "relative.deskbell"}'),
        b'{"file": "/etc/passwd", "number": "rm -rf", "subject": {"a": 1}}',
    ],
)
def test_a_line_that_asks_for_nothing_sensible_only_raises_the_window(line: bytes) -> None:
    assert of_line(line) == Asked()


@given(st.binary(max_size=300) | st.dictionaries(
    st.sampled_from(["mail", "to", "cc", "subject", "text", "number", "file"]),
    st.none() | st.booleans() | st.text() | st.lists(st.text() | st.integers()),
).map(lambda said: json.dumps(said).encode()))  # fmt: skip
def test_no_line_breaks_it_and_what_is_read_reads_the_same_again(line: bytes) -> None:
    found = of_line(line)
    assert of_line(as_line(found)) == found
    assert not found.file or found.file.lower().endswith(".deskbell")
    assert len(found.subject) <= 500
    assert len(as_line(found)) < LONGEST_LINE


def test_the_longest_text_of_any_script_goes_from_one_process_to_another() -> None:
    asked = asked_by(f"mailto:ann@example.test?body={'🐈' * 30_000}", Path("/"))
    assert asked.text == "🐈" * 20_000
    assert of_line(as_line(asked)) == asked
