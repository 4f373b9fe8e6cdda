"""What is written of a message is what is read of it; its files, ids and bytes are found again."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.conversations import commands, queries
from app.conversations.commands import NewAttachment, NewMessage
from app.conversations.rules import SNIPPET_LENGTH, snippet_of
from app.kernel import ids
from app.kernel.files.blobs import BlobRef
from tests.desk_fixture import SmallDesk

REF = BlobRef("0" * 32 + ".pack", 17, 4_000, b"\1" * 32)


def a_message(desk: SmallDesk, **fields: object) -> NewMessage:
    """A mail with a file in every part of it that is stored."""
    values: dict[str, object] = {
        "id": ids.new_id(),
        "direction": "in",
        "occurred_at": desk.now,
        "external_id": "one@shop.example",
        "in_reply_to": "zero@shop.example",
        "refs": ("first@shop.example", "zero@shop.example"),
        "sender": ("Mia", "mia@shop.example"),
        "to": (("", "help@desk.example"),),
        "cc": (("Ben", "ben@shop.example"),),
        "subject": "Größe",
        "text": "Hello",
        "attachments": (
            NewAttachment("b.txt", "text/plain", 3, part="1.10"),
            NewAttachment("a.png", "image/png", 9, part="1.2", content_id="x", inline=True),
        ),
    }
    return NewMessage(**(values | fields))  # type: ignore[arg-type]


def test_a_message_is_read_as_it_was_written(desk: SmallDesk) -> None:
    new = a_message(desk, sent_date=desk.now - timedelta(days=3), warnings=("odd",), extra={"a": 1})
    blob = desk.work(commands.add_blob, REF)
    desk.work(commands.add_message, new, blob=blob)
    seen = desk.ask(queries.message, new.id)
    assert seen is not None
    assert (seen.author_name, seen.author_address) == ("Mia", "mia@shop.example")
    assert (seen.to, seen.cc, seen.refs) == (new.to, new.cc, new.refs)
    assert (seen.sent_date, seen.warnings, seen.extra) == (new.sent_date, ("odd",), {"a": 1})
    assert [one.filename for one in seen.attachments] == ["a.png", "b.txt"]  # parts 1.2 and 1.10, in their order
    assert seen.has_raw
    assert desk.ask(queries.raw_ref, new.id) == REF
    again = desk.ask(queries.attachment, seen.attachments[0].id)
    assert again == seen.attachments[0]


def test_the_senders_date_shows_only_when_it_differs_by_a_day(desk: SmallDesk) -> None:
    new = a_message(desk, sent_date=desk.now - timedelta(hours=23))
    desk.work(commands.add_message, new)
    seen = desk.ask(queries.message, new.id)
    assert seen is not None
    assert seen.sent_date is None


def test_a_message_is_found_by_its_ids_and_by_what_it_names(desk: SmallDesk) -> None:
    new = a_message(desk)
    desk.work(commands.add_message, new)
    desk.work(commands.add_given_ref, new.id, "given@provider.example")
    wanted = ["one@shop.example", "given@provider.example", "zero@shop.example"]
    assert desk.ask(queries.messages_by_ref, wanted) == dict.fromkeys(wanted[:2], new.id)
    assert desk.ask(queries.messages_by_ref, wanted, roles=("named",)) == {wanted[2]: new.id}


def test_noting_a_blob_twice_is_one_row(desk: SmallDesk) -> None:
    assert desk.work(commands.add_blob, REF) == desk.work(commands.add_blob, REF) == commands.blob_id(REF)
    assert desk.ask(queries.blob_ref, commands.blob_id(REF)) == REF


def test_a_snippet_leaves_out_quotes_and_signature() -> None:
    assert snippet_of("> you wrote\n\nYes,  please.\n\n-- \nMia\nShop") == "Yes, please."
    assert snippet_of("> only\n> quoted") == "> only > quoted"


@given(st.text())
def test_a_snippet_is_one_short_line(text: str) -> None:
    found = snippet_of(text)
    assert len(found) <= SNIPPET_LENGTH
    assert len(found.splitlines()) <= 1
    assert bool(found) == bool(text[:1000].split()) or "-- " in text or "--" in text.splitlines()
