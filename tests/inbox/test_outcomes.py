"""What becomes of each kind of mail; every one has an outcome, and only letters of people become tickets."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.conversations.tables import Message
from app.desk.maintenance.restored import note_restored
from app.inbox import commands
from app.inbox.commands import MailToIngest
from app.inbox.queries import ledger, ledger_item, ledger_items, waiting_items
from app.inbox.rules import Outcome, message_id, says_the_same
from app.index.tables import SearchDoc
from app.kernel.database.tables import Tombstone
from app.kernel.errors import UserError
from app.kernel.state import signals
from app.mime.parse import parse
from app.outbox.tables import Outbox
from app.people.queries import dead_addresses
from app.people.tables import Customer
from app.surveys.commands import send_now
from app.surveys.tables import SurveyResponse
from app.tickets.commands import reply
from app.tickets.queries import ticket_rows
from app.tickets.tables import Ticket
from tests.inbox.mail_desk import letter
from tests.inbox.paper_desk import START, PaperDesk, paper_desk

MAILS = Path(__file__).parent.parent / "mail"


def _ours(desk: PaperDesk) -> Message:
    """Our newest message."""
    return next(one for one in reversed(desk.messages()) if one.direction == "out")


def _report(ident: str, *, to: str = "ann@customer.example") -> bytes:
    head = (
        "From: MAILER-DAEMON@mx.example\r\nTo: support@desk.example\r\nSubject: Undelivered\r\nMessage-ID: <d@mx>\r\n"
    )
    head += 'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\nMIME-Version: 1.0\r\n\r\n'
    parts = ["--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n"]
    parts += [
        f"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; {to}\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 No such user\r\n\r\n"
    ]
    parts += [
        f"--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <{ident}>\r\nSubject: x\r\n\r\nwords\r\n--b--\r\n"
    ]
    return (head + "".join(parts)).encode()


@pytest.fixture
def answered(paper: PaperDesk) -> PaperDesk:
    """A desk where Ann asked and we answered."""
    paper.take(letter("It is broken.", ident="a@c"))
    paper.do(reply, paper.ticket().id, text="Is it plugged in?")
    paper.later(minutes=5)
    return paper


def test_junk_opens_no_ticket_until_somebody_says_so(paper: PaperDesk) -> None:
    raw = letter("Buy now", ident="s@s")
    assert paper.outcome(raw, folder="Junk") == "spam"
    assert (paper.tickets(), paper.messages()) == ([], [])
    item = paper.last_item().id
    ticket = paper.do(commands.make_ticket_anyway, item, parse(raw))
    assert (paper.ticket().id, paper.ticket().status, paper.last_item().outcome) == (ticket, "new", "message")
    with pytest.raises(UserError):
        paper.do(commands.make_ticket_anyway, item, parse(raw))


def test_a_newsletter_is_kept_without_ticket_and_can_become_one(paper: PaperDesk) -> None:
    raw = letter("News!", ident="n@n", more=(("List-Unsubscribe", "<mailto:off@n>"), ("Precedence", "bulk")))
    assert paper.outcome(raw) == "bulk"
    (message,) = paper.messages()
    assert (message.ticket, message.customer, paper.tickets()) == (None, None, [])
    paper.do(commands.make_ticket_anyway, paper.last_item().id, parse(raw))
    assert paper.ticket().message_count == 1


@pytest.mark.parametrize(
    ("mail", "words", "encrypted"),
    [
        ("encrypted-pgp.eml", "", True),
        ("encrypted-smime.eml", "", True),
        ("calendar.eml", "Invitation Printer visit Start: 2026-03-05 09:00 UTC", False),
        ("signed.eml", "I sign what I write.", False),
    ],
)
def test_a_row_says_what_a_mail_is_that_has_no_words(paper: PaperDesk, mail: str, words: str, encrypted: bool) -> None:
    paper.take((MAILS / mail).read_bytes())
    (row,) = paper.ask(ticket_rows, [paper.ticket().id])
    assert (row.snippet[: len(words)], bool(row.snippet), row.encrypted) == (words, bool(words), encrypted)


def test_a_row_of_nothing_but_files_names_them(paper: PaperDesk) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Message-ID"] = (
        "ann@customer.example",
        "support@desk.example",
        "<files@customer.example>",
    )
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="Order 7.pdf")
    mail.add_attachment(b"-", maintype="application", subtype="pdf")
    paper.take(mail.as_bytes())
    (row,) = paper.ask(ticket_rows, [paper.ticket().id])
    assert row.snippet == "Order 7.pdf, attachment-2.pdf"


def test_out_of_office_shows_in_its_ticket_and_reopens_nothing(answered: PaperDesk) -> None:
    raw = letter(
        "I am away", ident="o@c", answers=_ours(answered).external_id, more=(("Auto-Submitted", "auto-replied"),)
    )
    assert answered.outcome(raw) == "auto_reply"
    assert answered.ticket().status == "waiting"
    assert [one.kind for one in answered.messages()] == ["mail", "mail", "auto_reply"]


def test_a_bounce_marks_the_message_it_names(answered: PaperDesk) -> None:
    ours = _ours(answered)
    assert answered.outcome(_report(ours.external_id)) == "bounce"
    (row,) = answered.rows(select(Outbox))
    assert row.state == "failed"
    assert "No such user" in str(row.results)
    assert (len(answered.tickets()), answered.ticket().status) == (1, "waiting")


def test_an_address_from_which_somebody_writes_is_no_dead_one(answered: PaperDesk) -> None:
    address = "ann@customer.example"
    ours = _ours(answered).external_id
    for raw, is_dead in (
        (_report(ours), True),
        (
            letter("I am away until Monday.", ident="o@c", answers=ours, more=(("Auto-Submitted", "auto-replied"),)),
            True,
        ),
        (letter("I can read you again.", ident="b@c", answers=ours), False),
    ):
        answered.take(raw)
        assert bool(answered.ask(dead_addresses, {address})) is is_dead


def test_a_bounce_of_nothing_known_is_no_ticket(paper: PaperDesk) -> None:
    assert paper.outcome(_report("nobody@x")) == "bounce"
    assert paper.tickets() == []


def test_a_complaint_is_no_ticket(paper: PaperDesk) -> None:
    assert paper.outcome((MAILS / "arf-complaint.eml").read_bytes()) == "feedback"
    assert paper.tickets() == []


def test_the_same_mail_again_is_one_message(paper: PaperDesk) -> None:
    raw = letter("Hello\nthere", ident="a@c", date=START)
    footer = letter("Hello there\n-- \nlist footer", ident="a@c", date=START)
    assert [paper.outcome(raw), paper.outcome(raw), paper.outcome(letter("Hello\nthere\n_____\nlist", ident="a@c", date=START))] == [
        "message", "duplicate", "duplicate",
    ]  # fmt: skip
    assert len(paper.messages()) == 1
    assert footer != raw


def test_other_words_under_the_same_id_are_a_message_of_their_own(paper: PaperDesk) -> None:
    paper.take(letter("First words", ident="a@c", date=START))
    other = letter("Other words", ident="a@c", date=START)
    assert [paper.outcome(other), paper.outcome(other)] == ["message", "duplicate"]
    first, second = sorted(paper.messages(), key=lambda one: one.same_id_as is not None)
    assert (second.same_id_as, second.text.strip()) == (first.id, "Other words")


def test_what_was_erased_never_returns(paper: PaperDesk) -> None:
    raw = letter("Private", ident="a@c")

    def erase(tx: object) -> None:
        tx.add(Tombstone(id=message_id(parse(raw))))  # type: ignore[attr-defined]

    paper.do(erase)
    assert paper.outcome(raw) == "erased"
    assert paper.messages() == []


def test_mail_of_another_desk_in_our_sent_folder_is_said_unless_it_is_old_or_we_were_restored(paper: PaperDesk) -> None:
    def met(ident: str, **how: Any) -> int:
        raw = letter(
            ident=ident, sender="support@desk.example", to="new@c.example", more=(("X-Deskbell-Id", "0" * 32),)
        )
        paper.take(raw, folder="Sent", **how)
        return len(paper.ask(signals.after, "other_desk", 0))

    assert met("history@desk.example", was_there=True) == 0
    assert met("week-old@desk.example", at=START - timedelta(days=7)) == 0
    assert met("today@desk.example") == 1
    paper.later(hours=2)
    paper.do(note_restored, START)
    assert met("before-the-restore@desk.example", at=paper.now - timedelta(hours=1)) == 1
    paper.later(minutes=5)
    assert met("after-it@desk.example") == 2


def test_our_own_mail_in_sent_is_known_by_its_mark_and_by_its_id(answered: PaperDesk) -> None:
    ours = _ours(answered)
    marked = letter(ident="other@provider", sender="support@desk.example", more=(("X-Deskbell-Id", ours.id.hex),))
    assert answered.outcome(marked, folder="Sent") == "own_copy"
    plain = letter(ident=ours.external_id, sender="support@desk.example")
    assert answered.outcome(plain, folder="Sent") == "own_copy"
    assert answered.outcome(plain) == "own_copy"
    assert answered.ticket().message_count == 2
    assert answered.outcome(letter("Thanks", ident="b@c", answers="other@provider")) == "message"
    assert answered.ticket().message_count == 3


def test_a_reply_from_the_phone_waits_for_the_customer(paper: PaperDesk) -> None:
    paper.take(letter(ident="a@c"))
    paper.later(hours=2)
    raw = letter(
        "Sent from my phone", ident="p@d", sender="support@desk.example", to="ann@customer.example", answers="a@c"
    )
    assert paper.outcome(raw, folder="Sent") == "message"
    row = paper.ticket()
    assert (row.status, row.message_count, row.first_reply_at) == ("waiting", 2, paper.now)


def test_a_holiday_notice_that_the_provider_sent_for_us_is_no_answer_of_ours(paper: PaperDesk) -> None:
    paper.take(letter(ident="a@c"))
    notice = letter(
        "We are away", ident="p@d", sender="support@desk.example", to="ann@customer.example", answers="a@c",
        more=(("Auto-Submitted", "auto-replied"),),
    )  # fmt: skip
    assert paper.outcome(notice, folder="Sent") == "message"
    row, told = paper.ticket(), paper.messages()[-1]
    assert (row.status, row.message_count, row.first_reply_at) == ("new", 2, None)
    assert (told.direction, told.automatic, told.kind) == ("out", True, "auto_reply")


def test_other_sent_mail_is_shown_only_with_a_known_customer(paper: PaperDesk) -> None:
    paper.take(letter(ident="a@c"))
    known = letter("An offer", ident="o1@d", sender="support@desk.example", to="ann@customer.example")
    private = letter(
        "Dear doctor", ident="o2@d", sender="support@desk.example", to="doctor@clinic.example", subject="Secret"
    )
    assert [paper.outcome(known, folder="Sent"), paper.outcome(private, folder="Sent")] == ["sent_other", "sent_other"]
    assert {(one.external_id, one.ticket is None) for one in paper.messages()} == {("a@c", False), ("o1@d", True)}
    assert paper.last_item().subject == ""
    assert len(paper.rows(select(SearchDoc).where(SearchDoc.kind == "message"))) == 2


def test_our_own_address_never_becomes_a_customer(paper: PaperDesk) -> None:
    assert paper.outcome(letter("Note to self", ident="n@d", sender="support@desk.example")) == "sent_other"
    form = letter(
        "I want one", ident="f@d", sender="Shop <support@desk.example>", more=(("Reply-To", "Eve <eve@e.example>"),)
    )
    assert paper.outcome(form) == "message"
    assert [one.name for one in paper.rows(select(Customer))] == ["Eve"]


def test_a_score_is_counted_and_reopens_nothing(answered: PaperDesk) -> None:
    ticket = answered.ticket()
    answered.do(reply, ticket.id, text="Fixed.", solve=True)
    invitation = answered.do(send_now, ticket.id)
    asked = next(one for one in answered.messages() if one.id == invitation)
    answered.later(hours=1)
    assert answered.outcome(letter("5", ident="s@c", answers=asked.external_id)) == "survey_answer"
    assert answered.ticket().status == "solved"
    assert [one.score for one in answered.rows(select(SurveyResponse))] == [5]
    assert answered.outcome(letter("5 items are missing", ident="t@c", answers=asked.external_id)) == "message"
    assert answered.ticket().status == "open"
    assert answered.messages()[-1].extra.get("maybe_score") == 5


def test_no_token_is_stored_in_a_subject(answered: PaperDesk) -> None:
    subject = "Re: How did we do? [DB-abcdefghijklmnopqrstuvwxyz]"
    answered.take(letter("What is this?", ident="q@c", subject=subject))
    assert "abcdef" not in answered.last_item().subject + "".join(row.subject for row in answered.tickets())


def test_quarantine_keeps_the_bytes_and_can_be_tried_again(paper: PaperDesk) -> None:
    raw = letter(ident="a@c")
    lines = paper.receive(raw)
    (key,) = lines.values()
    paper.do(commands.quarantine, key, "Reading this mail took too long.")
    line = paper.ask(ledger_item, key)
    assert (line.outcome, line.reason) == ("quarantined", "Reading this mail took too long.")
    assert line.blob is not None
    assert paper.packs.read(line.blob) == raw
    assert paper.ask(waiting_items, paper.mailbox, limit=9) == ()
    paper.do(commands.retry_item, key)
    (waiting,) = paper.ask(waiting_items, paper.mailbox, limit=9)
    assert (waiting.id, waiting.attempts) == (key, 0)
    with pytest.raises(UserError):
        paper.do(commands.retry_item, key)


def test_receiving_twice_makes_one_line(paper: PaperDesk) -> None:
    raw = letter(ident="a@c")
    assert len(paper.receive(raw, uid=7)) == 1
    assert paper.receive(raw, uid=7) == {}


def test_a_line_is_ingested_once(paper: PaperDesk) -> None:
    raw = letter(ident="a@c")
    (key,) = paper.receive(raw).values()
    mail = MailToIngest(key, parse(raw))
    assert paper.do(commands.ingest, [mail, mail]).outcomes == Counter({Outcome.MESSAGE: 1})
    assert paper.do(commands.ingest, [mail]).outcomes == Counter()


def test_the_ledger_pages_by_outcome(paper: PaperDesk) -> None:
    for number in range(5):
        paper.take(letter(ident=f"{number}@c"), folder="Junk" if number % 2 else "INBOX")
        paper.later(seconds=1)
    first = paper.ask(ledger_items, outcomes=["spam", "message"], limit=3)
    rest = paper.ask(ledger_items, limit=3, before=(first[-1].received_at, first[-1].id))
    assert [one.uid for one in (*first, *rest)] == [5, 4, 3, 2, 1]
    account = {one.folder: one.by_outcome for one in paper.ask(ledger)}
    assert account == {"INBOX": {"message": 3}, "Junk": {"spam": 2}, "Sent": {}}


# -- what was there when the mailbox was connected


def _history(desk: PaperDesk) -> dict[str, tuple[str, str]]:
    after = None
    while (after := desk.do(commands.open_young_threads, desk.mailbox, after)) is not None:
        pass
    return {row.subject: (row.status, row.outcome) for row in desk.rows(select(Ticket))}


def _take_old(desk: PaperDesk) -> None:
    old, young = START - timedelta(days=30), START - timedelta(days=2)
    desk.take(
        letter(ident="1@c", subject="young, unanswered", date=young),
        letter(ident="2@c", subject="young, answered", date=young),
        letter(ident="3@c", subject="old", date=old),
        letter(ident="4@c", subject="old, answered lately", date=old),
        letter(ident="5@c", answers="4@c", date=young, subject="Re: old, answered lately"),
        was_there=True,
        at=START,
    )
    ours = letter(ident="6@d", answers="2@c", sender="support@desk.example", date=young + timedelta(hours=1))
    desk.take(ours, folder="Sent", was_there=True, at=START)


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ("since", ["new", "closed", "closed", "new"]),
        ("archive", ["closed"] * 4),
        ("all", ["new", "waiting", "new", "new"]),
    ],
)
def test_what_was_there_is_decided_once_a_thread_and_told_to_nobody(
    tmp_path: Path, history: str, expected: list[str]
) -> None:
    with paper_desk(tmp_path, history=history) as desk:
        _take_old(desk)
        found = _history(desk)
        names = ["young, unanswered", "young, answered", "old", "old, answered lately"]
        assert [found[name][0] for name in names] == expected
        assert all((status == "closed") == (outcome == "history") for status, outcome in found.values())
        outcomes = Counter(one.outcome for one in desk.ask(ledger_items, limit=50))
        assert outcomes["history"] == sum(
            row.message_count for row in desk.rows(select(Ticket)) if row.outcome == "history"
        )
        assert desk.told == []
        assert _history(desk) == found


def test_a_young_answer_to_history_opens_it_again(paper: PaperDesk) -> None:
    _take_old(paper)
    _history(paper)
    assert paper.outcome(letter("And now?", ident="9@c", answers="6@d", date=START)) == "message"
    row = next(row for row in paper.tickets() if row.subject == "young, answered")
    assert (row.status, row.message_count) == ("open", 3)


def test_history_has_the_earliest_of_its_dates(paper: PaperDesk) -> None:
    day = START - timedelta(days=400)
    paper.take(letter(ident="1@c", date=day), was_there=True, at=START)
    paper.take(letter(ident="2@c", date=day), at=START)
    assert [one.occurred_at for one in paper.messages()] == [day, START]


# -- rules


@pytest.mark.parametrize(
    ("stored", "delivered", "same"),
    [
        ("a b", "a\n\nb ", True),
        ("a\nb", "a\nb\n--\nlist", True),
        ("a\nb\n--\nlist", "a\nb", True),
        ("a\nb", "x\na\nb", False),
        ("", "a", False),
        ("", "", True),
    ],
)
def test_the_same_words(stored: str, delivered: str, same: bool) -> None:
    assert says_the_same(stored, delivered) is same
