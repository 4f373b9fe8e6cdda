"""What an arriving mail asks is found by an index: a desk with a million mails must not be read through for each of them."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from app.inbox import commands
from app.inbox.queries import waiting_items
from app.kernel.files.blobs import BlobRef
from tests.inbox.mail_desk import letter
from tests.inbox.paper_desk import START, paper_desk

GROWS = {
    "attachment", "blob", "change", "customer", "event", "identity", "mail_item", "message", "message_raw",
    "message_ref", "organisation", "outbox", "placement", "reply_token", "search_doc", "ticket", "ticket_link", "ticket_ref",
    "tombstone",
}  # fmt: skip
"""Tables that grow with the mail."""


def test_an_arriving_mail_reads_no_table_through(tmp_path: Path) -> None:
    asked: set[str] = set()  # with their values, as the database itself was given them
    with paper_desk(tmp_path) as desk:
        desk.take(letter("First", ident="1@c"))
        writer: Any = desk.store.writer.raw_connection().dbapi_connection
        writer.set_trace_callback(asked.add)
        desk.take(letter("Again [#1-aa]", ident="2@c", answers="1@c", refs=("0@c", "1@c"), to="support+x@desk.example"))
        desk.take(letter("A stranger", ident="3@c", sender="Bo <bo@firm.example>"))
        writer.set_trace_callback(None)
    database = sqlite3.connect(tmp_path / "desk.sqlite")
    read = {
        (words[1], statement)
        for statement in asked
        if statement.startswith(("SELECT", "UPDATE", "INSERT INTO search_fts"))
        for *_, detail in database.execute(f"EXPLAIN QUERY PLAN {statement}")
        if (words := detail.split())[0] == "SCAN" and words[1] in GROWS
    }
    database.close()
    assert read == set()
    assert any("mail_item.own_ref IN" in statement for statement in asked)


def test_what_is_parsed_next_counts_as_begun_from_its_line_on(tmp_path: Path) -> None:
    with paper_desk(tmp_path) as desk:
        desk.take(letter("First", ident="1@c"))
        line = desk.last_item()
        mails = [
            commands.ReceivedMail(
                uid=uid,
                internal_at=START,
                size=9,
                header_hash=b"",
                blob=BlobRef("0" * 32 + ".pack", uid, 9, b"\0" * 32),
                was_there=False,
            )
            for uid in (70, 71)
        ]
        for begun, mail in zip((True, False), mails, strict=True):
            desk.do(commands.receive, line.folder, line.uidvalidity, [mail], begun=begun)
        attempts = {
            item.blob.offset: item.attempts
            for tried in (0, 1)
            for item in desk.ask(waiting_items, desk.mailbox, limit=9, attempts=tried)
        }
        assert attempts == {70: 1, 71: 0}
