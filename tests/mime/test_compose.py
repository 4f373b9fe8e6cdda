"""What we send: readable by the standard library, safe on any server, and nothing smuggled in."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.errors import UserError
from app.mime.compose import Letter, compose, recipients
from app.mime.model import Address
from app.mime.parse import parse
from app.mime.syntax.message_ids import fold_references, new_message_id

_ANN = Address("Ann Miller", "ann@customer.example")
_US = Address("Support", "support@desk.example")
_WHEN = datetime(2026, 3, 2, 9, 15, tzinfo=UTC)


def _letter(**changes: object) -> Letter:
    values: dict[str, object] = {
        "message_id": "abc@desk.example", "from_": _US, "to": (_ANN,), "subject": "Hello", "text": "Hi", "date": _WHEN
    }  # fmt: skip
    return Letter(**(values | changes))  # type: ignore[arg-type]


_TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=300)
_LINES = st.lists(_TEXT, max_size=8).map("\n".join)


def _lines(text: str) -> list[str]:
    """Its lines without what no reader sees: spaces at their ends, and blank lines after the last word."""
    lines = [line.rstrip(" ") for line in text.split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return lines


@given(subject=_TEXT, name=_TEXT, text=_LINES, filename=_TEXT, data=st.binary(max_size=500))
def test_round_trip(subject: str, name: str, text: str, filename: str, data: bytes) -> None:
    subject, name = " ".join(subject.split()), " ".join(name.split()).strip("\"'")
    letter = _letter(
        subject=subject,
        text=text,
        to=(Address(name, "ann@customer.example"),),
        attachments=((filename, "text/csv", data),),
    )
    raw = compose(letter)
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    mail = parse(raw)
    assert mail.subject == subject
    assert mail.to == (Address(name, "ann@customer.example"),)
    assert _lines(mail.text) == _lines(text.strip("\n")) or not text.strip()
    assert mail.attachments[0].size == len(data)
    reference = email.message_from_bytes(raw, policy=email.policy.default)
    assert not list(reference.defects)
    assert reference["message-id"] == "<abc@desk.example>"


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "Hello\r\nBcc: evil@other.example"},
        {"subject": "Hello\nX: y"},
        {"to": (Address("Ann\r\nBcc: evil@other.example", "ann@customer.example"),)},
        {"to": (Address("Ann", "ann@customer.example\r\nRCPT TO:<evil@other.example>"),)},
        {"to": (Address("Ann", "ann@customer.example> , <evil@other.example"),)},
        {"to": (Address("Ann", "no address"),)},
        {"to": ()},
        {"message_id": "a b@desk.example"},
        {"in_reply_to": "a>\r\nBcc: x@y.example"},
        {"headers": {"X-Note": "a\r\nBcc: evil@other.example"}},
        {"headers": {"Bcc": "evil@other.example"}},
        {"headers": {"X Note": "a"}},
    ],
)
def test_refuses_what_would_smuggle_a_header(changes: dict[str, object]) -> None:
    with pytest.raises(UserError):
        compose(_letter(**changes))


def test_bcc_is_in_the_envelope_and_not_in_the_bytes() -> None:
    letter = _letter(bcc=(Address("", "quiet@other.example"),))
    assert b"quiet" not in compose(letter)
    assert recipients(letter) == ("ann@customer.example", "quiet@other.example")


def test_domains_of_other_scripts_go_in_their_ascii_form() -> None:
    letter = _letter(to=(Address("Jörg", "joerg@müller.example"),))
    assert recipients(letter) == ("joerg@xn--mller-kva.example",)
    assert b"<joerg@xn--mller-kva.example>" in compose(letter)


def test_headers_html_and_threads() -> None:
    ids = tuple(f"{number:04d}.{'x' * 40}@customer.example" for number in range(100))
    letter = _letter(
        html="<p>Hi</p>", in_reply_to=ids[-1], references=ids, headers={"Auto-Submitted": "auto-generated"}
    )
    raw = compose(letter)
    mail = parse(raw)
    assert mail.html is not None
    assert "Hi" in mail.html
    assert mail.in_reply_to == (ids[-1],)
    assert mail.references[0] == ids[0]
    assert mail.references[-1] == ids[-1]
    assert sum(len(each) + 3 for each in mail.references) <= 1500
    assert "auto-submitted" in mail.auto_reasons


def test_ids() -> None:
    first, second = new_message_id("desk.example"), new_message_id("desk.example")
    assert first != second
    assert len(first.split("@")[0]) == 32
    assert fold_references([]) == ()
    assert fold_references(["a@x", "b@x", "a@x"]) == ("a@x", "b@x")


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "x" * 5000},
        {"subject": "ü" * 2000},
        {"text": "y" * 5000},
        {"text": "> " + "z" * 5000},
        {"text": " ".join(["word"] * 5000)},
        {"html": "<p>" + "h" * 5000 + "</p>"},
        {"to": tuple(Address("Name " * 40, f"a{number}@customer.example") for number in range(100))},
        {"to": (Address('"' * 1500, "ann@customer.example"),)},
        {"to": (Address("N" * 1500, "ann@customer.example"),)},
        {"references": tuple(f"{number}.{'r' * 200}@customer.example" for number in range(200))},
        {"attachments": (("n" * 2000 + ".pdf", "application/pdf", b"x" * 5000),)},
        {"headers": {"X-Long": "v" * 5000}},
    ],
)
def test_no_line_is_ever_longer_than_998_bytes(changes: dict[str, object]) -> None:
    raw = compose(_letter(**changes))
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_references_stay_below_1500_characters() -> None:
    ids = tuple(f"{number}.{'r' * 60}@customer.example" for number in range(200))
    named = parse(compose(_letter(references=ids))).references
    assert sum(len(each) + 3 for each in named) <= 1600
    assert (named[0], named[-1]) == (ids[0], ids[-1])
