"""The project's own awkward mails: each .eml under tests/mail has a .json beside it that says what must be read.

The expectations were written by hand from what a person would want to see, not taken from the program's output.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.mime.content.parts import part_bytes
from app.mime.model import ParsedMail
from app.mime.parse import parse

_MAILS = sorted((Path(__file__).resolve().parents[1] / "mail").glob("*.eml"))


def _addresses(found: tuple[Any, ...]) -> list[str]:
    return [each.address for each in found]


def _fields(mail: ParsedMail) -> dict[str, Any]:
    """The values an expectation may name exactly."""
    return {
        "subject": mail.subject,
        "from_address": mail.from_.address if mail.from_ is not None else None,
        "from_name": mail.from_.name if mail.from_ is not None else None,
        "to": _addresses(mail.to),
        "cc": _addresses(mail.cc),
        "reply_to": _addresses(mail.reply_to),
        "message_id": mail.message_id,
        "date": mail.date.isoformat() if mail.date is not None else None,
        "received_at": mail.received_at.isoformat() if mail.received_at is not None else None,
        "text": mail.text.strip(),
        "has_html": mail.html is not None,
        "kind": mail.mail_class.value,
        "auto": mail.is_automatic,
        "warns": bool(mail.warnings),
        "original": mail.bounce.original_message_id if mail.bounce is not None else None,
        "feedback_for": mail.feedback_for,
        "dmarc": mail.trust.dmarc,
        "visible": mail.reply.visible,
        "references_first": mail.references[0] if mail.references else None,
        "references_last": mail.references[-1] if mail.references else None,
    }


@pytest.mark.parametrize("path", _MAILS, ids=lambda path: path.stem)
def test_reads_as_expected(path: Path) -> None:
    raw = path.read_bytes()
    wanted = json.loads(path.with_suffix(".json").read_text("utf-8"))
    mail = parse(raw)
    fields = _fields(mail)
    for key, value in wanted.items():
        if key in fields:
            assert fields[key] == value, key
        else:
            _CHECKS[key](mail, value)
    for part in mail.attachments:
        assert len(part_bytes(raw, part.path)) == part.size


def _contains(text: str, pieces: list[str]) -> None:
    for piece in pieces:
        assert piece in text


def _lacks(text: str, pieces: list[str]) -> None:
    for piece in pieces:
        assert piece not in text


def _attachments(mail: ParsedMail, wanted: list[dict[str, Any]]) -> None:
    assert len(mail.attachments) == len(wanted)
    for part, want in zip(mail.attachments, wanted, strict=True):
        got = {"filename": part.filename, "size": part.size, "type": part.content_type, "inline": part.inline}
        got["content_id"] = part.content_id
        assert {key: got[key] for key in want} == want


def _bounce(mail: ParsedMail, wanted: list[dict[str, Any]]) -> None:
    assert mail.bounce is not None
    assert len(mail.bounce.recipients) == len(wanted)
    for got, want in zip(mail.bounce.recipients, wanted, strict=True):
        assert {key: getattr(got, key) for key in want} == want


_CHECKS: dict[str, Callable[[ParsedMail, Any], None]] = {
    "subject_contains": lambda mail, pieces: _contains(mail.subject, pieces),
    "text_contains": lambda mail, pieces: _contains(mail.text, pieces),
    "text_lacks": lambda mail, pieces: _lacks(mail.text, pieces),
    "html_contains": lambda mail, pieces: _contains(mail.html or "", pieces),
    "html_lacks": lambda mail, pieces: _lacks(mail.html or "", pieces),
    "visible_contains": lambda mail, pieces: _contains(mail.reply.visible, pieces),
    "to_has": lambda mail, pieces: _contains(" ".join(_addresses(mail.to)), pieces),
    "warning": lambda mail, text: _contains("\n".join(mail.warnings), [text]),
    "attachment_names": lambda mail, names: _contains(" ".join(part.filename for part in mail.attachments), names),
    "attachments": _attachments,
    "bounce": _bounce,
}


def test_there_are_enough() -> None:
    assert len(_MAILS) >= 60
