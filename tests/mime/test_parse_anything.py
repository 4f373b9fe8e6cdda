"""Whatever bytes arrive: the reader never raises, and on well-formed mails it agrees with the standard library."""

from __future__ import annotations

import email.policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mime.content.fold import fold
from app.mime.content.parts import part_bytes
from app.mime.content.text import html_to_text, unflow
from app.mime.content.tnef import read_tnef, unpack_rtf
from app.mime.html import sanitise
from app.mime.jsonl import as_json
from app.mime.meaning.reasons import refined
from app.mime.parse import parse
from app.mime.syntax.addresses import parse_addresses
from app.mime.syntax.dates import parse_date
from app.mime.syntax.headers import decode_words, value_and_params

_MAILS = [each.read_bytes() for each in sorted((Path(__file__).resolve().parents[1] / "mail").glob("*.eml"))]


def _check(raw: bytes) -> None:
    mail = parse(raw)
    assert not any("could not be read" in each for each in mail.warnings)
    as_json("x", mail)
    for part in mail.attachments:
        assert len(part_bytes(raw, part.path)) == part.size


@given(st.binary(max_size=2000))
def test_arbitrary_bytes(raw: bytes) -> None:
    _check(raw)


@given(st.sampled_from(_MAILS), st.integers(0, 4000), st.integers(0, 200), st.binary(max_size=40))
def test_damaged_mails(raw: bytes, at: int, cut: int, junk: bytes) -> None:
    _check(raw[:at] + junk + raw[at + cut :])


@given(st.sampled_from(_MAILS), st.sampled_from(_MAILS), st.integers(0, 2000), st.integers(0, 2000))
def test_spliced_mails(first: bytes, second: bytes, head: int, tail: int) -> None:
    _check(first[:head] + second[tail:])


@given(st.text(max_size=400))
def test_pieces_of_text(text: str) -> None:
    parse_addresses(text)
    parse_date(text)
    decode_words(text)
    value_and_params(text)
    unflow(text)
    html_to_text(text)
    sanitise.clean(text)
    folded = fold(text)
    assert len(folded.visible) + len(folded.folded) <= len(text)


@given(st.binary(max_size=600))
def test_winmail_junk(data: bytes) -> None:
    read_tnef(b"\x78\x9f\x3e\x22\x01\x00" + data)
    unpack_rtf(data)


_WORDS = st.text(st.characters(categories=("L", "N", "P", "Zs")), max_size=80).map(lambda text: " ".join(text.split()))


@given(
    subject=_WORDS,
    text=st.lists(_WORDS, min_size=1, max_size=6).map("\n".join),
    page=st.none() | _WORDS.filter(bool),
    files=st.lists(st.tuples(_WORDS, st.binary(max_size=300)), max_size=3),
    charset=st.sampled_from(["utf-8", "gb18030"]),
)
def test_agrees_with_the_standard_library(
    subject: str, text: str, page: str | None, files: list[tuple[str, bytes]], charset: str
) -> None:
    made = EmailMessage(policy=email.policy.SMTP)
    made["From"] = "Ann <ann@customer.example>"
    made["Subject"] = subject
    made.set_content(text, charset=charset, cte="base64")
    if page is not None:
        made.add_alternative(f"<p>{page}</p>", subtype="html")
    for name, data in files:
        made.add_attachment(data, maintype="application", subtype="octet-stream", filename=name or "file")
    mail = parse(made.as_bytes())
    reference = email.message_from_bytes(made.as_bytes(), policy=email.policy.default)
    body = reference.get_body(("plain",))
    assert body is not None
    if text.strip():
        assert mail.text.split() == body.get_content().split()
    assert mail.subject.split() == str(reference["subject"]).split()
    assert [part.size for part in mail.attachments] == [len(data) for _, data in files]
    assert mail.has_html == (page is not None)


@pytest.mark.parametrize(
    ("reason", "status", "wanted"),
    [("rejected", "5.1.1", "userunknown"), ("suspend", "5.1.10", "notaccept"), ("hostunknown", "5.1.8", "rejected"),
     ("mailboxfull", "5.1.1", "mailboxfull"), ("userunknown", "5.7.1", "userunknown")],
)  # fmt: skip
def test_a_status_that_says_who_is_meant(reason: str, status: str, wanted: str) -> None:
    assert refined(reason, status) == wanted


def test_parts_whose_lines_have_a_carriage_return_too_many_keep_their_files() -> None:
    part = b"--b\nContent-Type: text/calendar; name=a.ics\n\nBEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR\n--b--\n"
    head = b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    raw = head + part.replace(b"\n", b"\r\r\n")
    (file,) = parse(raw).attachments
    assert file.filename == "a.ics"
    assert part_bytes(raw, file.path).split() == [b"BEGIN:VCALENDAR", b"VERSION:2.0", b"END:VCALENDAR"]
