"""Parsing: our reader beside the standard library's, on the same mails, in processor time.

"Content" is what both can give: the fields a list shows, the text and the HTML of the body as text, and name and decoded
size of every file. "Import" is what a synchronisation does with a mail besides: class, bounces, trust, hashes, text out
of HTML. "Everything" adds what opening a mail needs: HTML cleaned, files decoded and hashed, quotes folded.
"""

from __future__ import annotations

import email
import email.policy
import tempfile
import time
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from pathlib import Path

from app.cli.benchmarks import mails
from app.cli.benchmarks.figures import Figure, in_turns, median, ratio
from app.mime.content.body import collect
from app.mime.parse import parse as read
from app.mime.syntax import addresses, headers, structure
from app.mime.syntax.addresses import parse_addresses
from app.mime.syntax.dates import parse_date
from app.mime.syntax.message_ids import parse_ids

SIZE = 1000
ROUNDS = 3


def parse(size: int) -> list[Figure]:
    """Mails a second, and how many the standard library gives up on."""
    with tempfile.TemporaryDirectory(prefix="deskbell-bench-") as name:
        found = mails.paths(mails.maildir(Path(name) / "mails", size or SIZE))
        step = max(1, len(found) // (size or SIZE))
        raws = [path.read_bytes() for path in found[::step][: size or SIZE]]
    gave_up = sum(not _standard(raw) for raw in raws)
    rates = in_turns(
        {
            "content": lambda: _rate(raws, _content),
            "import": lambda: _rate(raws, lambda raw: read(raw, want_html=False, want_files=False)),
            "everything": lambda: _rate(raws, lambda raw: read(raw).reply),
            "standard": lambda: _rate(raws, _standard),
        },
        ROUNDS,
    )
    note = f"{len(raws)} mails, {sum(map(len, raws)) / 1e6:.0f} MB; processor time"
    return [
        Figure("parse", "ours, content", median(rates["content"]), "mails/s", ROUNDS, note),
        Figure("parse", "ours, import", median(rates["import"]), "mails/s", ROUNDS, "class, bounces, trust, hashes"),
        Figure(
            "parse", "ours, everything", median(rates["everything"]), "mails/s", ROUNDS, "HTML cleaned, files hashed"
        ),
        Figure("parse", "email.policy.default", median(rates["standard"]), "mails/s", ROUNDS, "content"),
        ratio("parse", "content beside policy.default", rates["content"], rates["standard"]),
        ratio("parse", "import beside policy.default", rates["import"], rates["standard"]),
        ratio("parse", "everything beside policy.default", rates["everything"], rates["standard"]),
        Figure("parse", "mails on which policy.default raises", gave_up, "mails", 1, "ours raises on none"),
    ]


def _rate(raws: Sequence[bytes], reader: Callable[[bytes], object]) -> float:
    for memory in (addresses.remembered, headers.remembered):
        memory.cache_clear()  # each round meets the mails for the first time
    began = time.process_time()
    for raw in raws:
        reader(raw)
    return len(raws) / (time.process_time() - began)


def _content(raw: bytes) -> object:
    """The fields, the two forms of the body and the files, by our reader."""
    tree = structure.read(raw)
    body = collect(tree, want_files=False)
    top = tree.root.headers
    texts = [block.text for block in body.blocks if block.text]
    people = [parse_addresses(top.line(name)) for name in ("from", "to", "cc")]
    ids = parse_ids(top.line("message-id")), parse_ids(top.line("references"))
    files = [(part.filename, part.size) for part in body.attachments]
    return top.text("subject"), people, parse_date(top.line("date")), ids, texts, body.html(), files


def _standard(raw: bytes) -> bool:
    """The same by the standard library; False if it raises."""
    try:
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        for field in ("from", "to", "cc", "subject", "date", "message-id", "references"):
            str(mail[field])
        bodies = [part for part in (mail.get_body(("plain",)), mail.get_body(("html",))) if part is not None]
        for part in bodies:
            part.get_content()
        for part in mail.walk():
            if not part.is_multipart() and all(part is not body for body in bodies):
                part.get_filename()
                len(part.get_payload(decode=True) or b"")
    except Exception:  # noqa: BLE001 - counting is the point
        return False
    return True
