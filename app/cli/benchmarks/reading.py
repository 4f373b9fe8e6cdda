"""Parsing: our reader beside the standard library's two, on the same mails."""

from __future__ import annotations

import email
import email.policy
import tempfile
import time
from collections.abc import Sequence
from email.message import EmailMessage
from pathlib import Path

from app.cli.benchmarks import mails
from app.cli.benchmarks.figures import Figure, in_turns, median, ratio
from app.mime.parse import parse as read

SIZE = 1000
ROUNDS = 3


def parse(size: int) -> list[Figure]:
    """Mails a second, and how many the standard library gives up on."""
    with tempfile.TemporaryDirectory(prefix="deskbell-bench-") as name:
        found = mails.paths(mails.maildir(Path(name) / "mails", size or SIZE))[: size or SIZE]
        raws = [path.read_bytes() for path in found]
    gave_up = sum(not _standard(raw) for raw in raws)
    rates = in_turns(
        {
            "ours": lambda: _rate(raws, ours=True),
            "standard": lambda: _rate(raws, ours=False),
        },
        ROUNDS,
    )
    note = f"{len(raws)} mails, {sum(map(len, raws)) / 1e6:.0f} MB; HTML cleaned, files decoded and hashed"
    return [
        Figure("parse", "our reader", median(rates["ours"]), "mails/s", ROUNDS, note),
        Figure(
            "parse", "email.policy.default", median(rates["standard"]), "mails/s", ROUNDS, "bodies and files decoded"
        ),
        ratio("parse", "ours beside policy.default", rates["ours"], rates["standard"]),
        Figure("parse", "mails on which policy.default raises", gave_up, "mails", 1, "ours raises on none"),
    ]


def _rate(raws: Sequence[bytes], *, ours: bool) -> float:
    began = time.perf_counter()
    for raw in raws:
        if ours:
            read(raw)
        else:
            _standard(raw)
    return len(raws) / (time.perf_counter() - began)


def _standard(raw: bytes) -> bool:
    """What a program on the standard library would do to show a mail; False if it raises."""
    try:
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        for field in ("from", "to", "cc", "subject", "date", "message-id", "references"):
            str(mail[field])
        for part in mail.walk():
            if part.is_multipart():
                continue
            if part.get_content_maintype() == "text":
                part.get_content()
            else:
                part.get_payload(decode=True)
    except Exception:  # noqa: BLE001 - counting is the point
        return False
    return True
