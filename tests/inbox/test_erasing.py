"""What has lain in the Bin for its days is erased for good, and nothing brings it back."""

from __future__ import annotations

import sqlite3
from collections import Counter
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from app.conversations.mailboxes import update_mailbox
from app.conversations.queries import raw_ref
from app.conversations.tables import Message
from app.inbox import commands
from app.inbox.commands.erasing import MESSAGES_AT_ONCE, TICKETS_AT_ONCE
from app.inbox.queries import ledger_items
from app.inbox.tables import MailItem
from app.kernel.database.tables import Blob, Tombstone
from app.kernel.database.transaction import Tx
from app.kernel.files.blobs import Packs
from app.kernel.maintenance.compaction import compact
from app.kernel.state import options
from app.mime.compose import compose
from app.outbox import commands as outbox
from app.outbox.drafts import DraftContent, save_draft
from app.outbox.queries import letter as frozen
from app.surveys.commands import send_now
from app.tickets.commands import (
    add_note,
    add_tag,
    belongs_to,
    delete_ticket,
    merge,
    place_message,
    reply,
    restore_ticket,
    set_status,
    undo,
)
from app.tickets.queries import ticket_id, wrong_counters
from app.workers.timers import timers_pass
from tests.inbox.mail_desk import letter
from tests.inbox.paper_desk import PaperDesk

ANN, EVE = "Ann <ann@customer.example>", "Eve <eve@elsewhere.example>"
SECRET = "wolpertinger"


def _send(desk: PaperDesk, message: UUID) -> bytes:
    """Send a message; its bytes."""
    made = desk.ask(frozen, message)
    assert made is not None
    raw = compose(made.letter)
    ref = desk.packs.append(raw)
    desk.packs.flush()
    desk.do(outbox.claim, message, ref)
    desk.do(outbox.record_results, message, [to.address for to in made.letter.to], {})
    return raw


def _month_later(desk: PaperDesk) -> int:
    desk.later(days=31)
    return timers_pass(desk.do, desk.ask).tickets_erased


def _count(desk: PaperDesk, table: type) -> int:
    return int(desk.ask(lambda db: db.execute(select(func.count()).select_from(table)).scalar()) or 0)


def _whole_matter(desk: PaperDesk) -> list[tuple[str, bytes]]:
    """A matter with everything that one can have; its mails as the server has them, by folder."""
    desk.do(update_mailbox, desk.mailbox, plus_addressing=True, ack_on=True)
    first = letter(f"My {SECRET} is broken.", ident="a@c", subject=f"The {SECRET}", date=desk.now)
    other = letter(f"About my {SECRET} again.", ident="b@c", date=desk.now)
    desk.take(first)
    desk.take(other)
    main, second = (row.id for row in desk.tickets()[-2:])
    desk.do(merge, second, main)
    desk.do(add_note, main, f"He means his {SECRET}.")
    desk.do(add_tag, main, SECRET)
    written = desk.do(reply, main, text=f"We repair every {SECRET}.", solve=True)
    ours = _send(desk, written.message)
    _send(desk, desk.do(send_now, main))
    cancelled = desk.do(reply, main, text=f"No more {SECRET}!")
    desk.do(outbox.cancel, cancelled.message)
    desk.do(save_draft, DraftContent(f"Dear {SECRET}"), ticket=main)
    desk.take(ours, folder="Sent")
    asked = next(one for one in desk.messages() if one.kind == "survey")
    answer = letter("5", ident="s@c", answers=asked.external_id, subject=f"Re: {SECRET}", date=desk.now)
    assert desk.outcome(answer) == "survey_answer"
    desk.do(set_status, main, "closed")
    return [("INBOX", first), ("INBOX", other), ("Sent", ours)]


def test_everything_that_told_of_it_is_gone(paper: PaperDesk, tmp_path: Path) -> None:
    paper.take(letter("Another matter.", ident="z@c", sender=EVE))
    _whole_matter(paper)
    paper.do(delete_ticket, paper.tickets()[-1].id)
    assert _month_later(paper) == 1
    assert [row.number for row in paper.tickets()] == [1]
    assert [one.external_id for one in paper.messages()] == ["z@c"]
    assert (paper.ask(ticket_id, 2), paper.ask(ticket_id, 3)) == (None, None)
    assert paper.ask(wrong_counters) == {}
    with sqlite3.connect(next(tmp_path.glob("*.sqlite"))) as db:
        assert [line for line in db.iterdump() if SECRET in line.lower() and 'INTO "tag"' not in line] == []
        found = db.execute("SELECT count(*) FROM search_fts WHERE search_fts MATCH ?", (SECRET,)).fetchone()
        assert found == (0,)
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        db.execute("INSERT INTO search_fts(search_fts) VALUES ('integrity-check')")


def test_after_compacting_no_byte_and_no_word_of_it_is_on_the_disk(paper: PaperDesk, tmp_path: Path) -> None:
    paper.take(letter("Another matter.", ident="z@c", sender=EVE))
    _whole_matter(paper)
    paper.do(delete_ticket, paper.tickets()[-1].id)
    _month_later(paper)
    paper.packs.close()
    assert _count(paper, Blob) > 1
    compact(tmp_path / "desk.sqlite", tmp_path / "packs")
    whole = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    tags = 1  # a tag's name is the desk's own word
    assert whole.lower().count(SECRET.encode()) <= 2 * tags
    assert b"Another matter." in whole
    assert _count(paper, Blob) == 1
    (kept,) = paper.messages()
    ref = paper.ask(raw_ref, kept.id)
    assert ref is not None
    assert b"Another matter." in Packs(tmp_path / "packs").read(ref)


def test_the_ledger_still_accounts_for_every_mail(paper: PaperDesk) -> None:
    mails = _whole_matter(paper)
    paper.do(delete_ticket, paper.ticket().id)
    _month_later(paper)
    lines = paper.ask(ledger_items, limit=50)
    assert Counter(line.outcome for line in lines) == {"erased": len(mails) + 1}  # and the answer to the survey
    assert {(line.sender, line.subject, line.blob, line.message, line.ticket) for line in lines} == {
        ("", "", None, None, None)
    }


def test_an_erased_mail_never_returns_from_any_folder(paper: PaperDesk) -> None:
    mails = _whole_matter(paper)
    paper.do(delete_ticket, paper.ticket().id)
    _month_later(paper)
    for folder, raw in mails:
        assert paper.outcome(raw, folder=folder) == "erased"
        assert paper.outcome(raw, folder="INBOX") == "erased"
    assert (paper.tickets(), paper.messages()) == ([], [])
    assert {(item.sender + item.subject, item.blob) for item in paper.rows(select(MailItem))} == {("", None)}


def test_other_words_under_an_erased_id_stay_away_too(paper: PaperDesk) -> None:
    paper.take(letter("First words", ident="a@c"), letter("Other words", ident="a@c"))
    other = next(one for one in paper.messages() if one.same_id_as is not None)
    first, second = (row.id for row in paper.tickets())
    assert other.ticket == second
    paper.do(delete_ticket, second)
    _month_later(paper)
    assert paper.outcome(letter("Other words", ident="a@c", date=other.sent_date)) == "erased"
    assert [row.id for row in paper.tickets()] == [first]


def test_before_its_time_nothing_is_erased_and_a_restored_ticket_stays(paper: PaperDesk) -> None:
    paper.take(letter(ident="a@c"), letter(ident="b@c", sender=EVE))
    first, second = (row.id for row in paper.tickets())
    paper.do(delete_ticket, [first, second])
    paper.later(days=29)
    assert timers_pass(paper.do, paper.ask).tickets_erased == 0
    paper.do(restore_ticket, first)
    assert _month_later(paper) == 1
    assert [row.id for row in paper.tickets()] == [first]


@pytest.mark.parametrize(("days", "erased"), [(0, 0), (7, 1), (60, 0)])
def test_how_long_the_bin_keeps_is_a_setting(paper: PaperDesk, days: int, erased: int) -> None:
    paper.do(options.put, "bin_days", days)
    paper.take(letter(ident="a@c"))
    paper.do(delete_ticket, paper.ticket().id)
    assert _month_later(paper) == erased


def test_a_mail_that_was_put_into_another_ticket_stays_there(paper: PaperDesk) -> None:
    paper.take(letter(ident="a@c"), letter("Two matters", ident="b@c", answers="a@c"), letter(ident="d@c", sender=EVE))
    first, second = (row.id for row in paper.tickets())
    moved = next(one.id for one in paper.messages() if one.external_id == "b@c")
    paper.do(place_message, moved, second)
    paper.do(delete_ticket, first)
    _month_later(paper)
    assert {one.external_id: one.ticket for one in paper.messages()} == {"b@c": second, "d@c": second}
    assert paper.ticket().message_count == 2


def test_a_mail_that_was_put_into_the_erased_ticket_goes_with_it(paper: PaperDesk) -> None:
    paper.take(letter(ident="a@c"))
    paper.take(letter(ident="e@e", sender=EVE, answers="a@c"))
    first, second = (row.id for row in paper.tickets())
    paper.do(belongs_to, second, first)
    paper.do(delete_ticket, first)
    _month_later(paper)
    assert (paper.messages(), paper.rows(select(Tombstone.id)) != []) == ([], True)


def test_an_undo_after_it_says_that_the_ticket_is_gone(paper: PaperDesk) -> None:
    paper.take(letter(ident="a@c"), letter(ident="b@c", sender=EVE))
    first, second = (row.id for row in paper.tickets())
    paper.do(delete_ticket, first)
    _month_later(paper)
    assert paper.do(undo).kept == ("A ticket has been erased for good since.",)
    assert [row.id for row in paper.tickets()] == [second]


def test_many_are_erased_in_short_transactions(paper: PaperDesk) -> None:
    paper.take(*(letter(ident=f"{number}@c", sender=f"c{number}@x.example") for number in range(23)))
    paper.do(delete_ticket, [row.id for row in paper.tickets()])
    paper.later(days=31)
    steps = []
    while done := paper.do(commands.erase_binned):
        steps.append(done)
    assert (sum(steps), max(steps)) == (23, TICKETS_AT_ONCE)


def test_a_long_conversation_is_erased_in_parts(paper: PaperDesk) -> None:
    paper.take(letter(ident="0@c"), *(letter(ident=f"{number}@c", answers="0@c") for number in range(1, 60)))
    paper.take(*(letter(ident=f"e{number}@e", sender=EVE, answers="0@c") for number in range(50)))
    first = paper.tickets()[0].id
    for one in [one for one in paper.messages() if one.ticket != first]:
        paper.do(place_message, one.id, first)
    paper.do(delete_ticket, first)
    paper.later(days=31)
    left = []
    while paper.do(commands.erase_binned):
        left.append(len(paper.messages()))
    assert left[0] == 110 - MESSAGES_AT_ONCE
    assert left[-1] == 0
    assert paper.tickets() == []
    assert len(paper.rows(select(Tombstone.id))) >= 111


def test_a_crash_in_the_middle_leaves_all_or_nothing(paper: PaperDesk) -> None:
    paper.take(letter(ident="a@c"))
    paper.do(delete_ticket, paper.ticket().id)
    paper.later(days=31)

    def half(tx: Tx) -> None:
        commands.erase_binned(tx)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        paper.do(half)
    assert len(paper.messages()) == 1
    assert paper.ask(lambda db: db.execute(text("PRAGMA foreign_key_check")).fetchall()) == []
    assert paper.rows(select(Message.external_id)) == ["a@c"]
