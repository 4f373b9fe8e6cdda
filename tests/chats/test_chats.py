"""What reps and time do with chats: taking, answering, ending, coming back, knowing who it is, undoing."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from app.automation.rules import hours_of, to_text
from app.chats import commands, queries
from app.chats.commands import Accepted, Refused, Said
from app.chats.commands.identifying import identity_signature
from app.chats.rules import State
from app.chats.tables import ChatVisitor, Conversation
from app.conversations.mailboxes import NewMailbox, add_mailbox
from app.conversations.tables import Message
from app.desk import Desk
from app.kernel import clock
from app.kernel.database.transaction import Tx
from app.kernel.errors import UserError
from app.kernel.state import options
from app.outbox import queries as outbox
from app.outbox.tables import Outbox
from app.people.commands import add_agent, customer_for
from app.people.queries import customer as customer_of
from app.surveys.tables import SurveyResponse
from app.tickets.commands import delete_ticket, undo
from app.tickets.queries import ticket as ticket_of
from app.workers.chat.shown import hours_now


class Bob:
    """A visitor who speaks to the commands themselves."""

    def __init__(self, desk: Desk, channel: UUID, **facts: Any) -> None:
        self.desk, self.channel, self.facts = desk, channel, facts
        self.who = hashlib.sha256(secrets.token_bytes(32)).digest()

    def says(self, body: str, external_id: str = "") -> Accepted:
        said = Said(self.channel, self.who, external_id or secrets.token_hex(16), body, **self.facts)
        found = self.desk.work(commands.receive_chat, said)
        assert isinstance(found, Accepted)
        return found


@pytest.fixture
def channel(desk: Desk) -> UUID:
    return desk.do(commands.add_channel)


@pytest.fixture
def bob(desk: Desk, channel: UUID) -> Bob:
    return Bob(desk, channel, name="Bob")


def view(desk: Desk, conversation: UUID) -> queries.ChatView:
    found = desk.ask(queries.chat, conversation)
    assert found is not None
    return found


def status(desk: Desk, conversation: UUID) -> str:
    found = desk.ask(ticket_of, view(desk, conversation).row.ticket)
    assert found is not None
    return found.row.status


def later(desk: Desk, conversation: UUID, minutes: float) -> None:
    """Let everything in a chat have happened so many minutes earlier."""

    def shift(tx: Tx) -> None:
        row = tx.get_one(Conversation, conversation)
        visitor = tx.get_one(ChatVisitor, row.visitor)
        for one, fields in ((row, ("last_at", "ended_at", "waiting_since")), (visitor, ("gone_at",))):
            for field in fields:
                if (value := getattr(one, field)) is not None:
                    setattr(one, field, value - timedelta(minutes=minutes))
        for way in tx.scalars(select(Outbox).where(Outbox.ticket == row.ticket)):
            way.not_before -= timedelta(minutes=minutes)

    desk.work(shift)


def mailbox(desk: Desk) -> None:
    servers = ("imaps://mail.shop.example:993", "smtps://mail.shop.example:465")
    desk.work(add_mailbox, NewMailbox("help@shop.example", *servers, "help", "mail/help"))


def mails(desk: Desk) -> list[Any]:
    """What programs have mailed: subject and text."""
    found = select(Message.subject, Message.text).where(Message.kind == "auto_reply")
    return desk.ask(lambda db: list(db.execute(found).all()))


def test_the_first_word_is_a_ticket_and_comes_once(desk: Desk, bob: Bob) -> None:
    first = bob.says("Hello", "a" * 32)
    again = bob.says("Hello", "a" * 32)
    assert (again.duplicate, again.message, again.seq, again.at) == (True, first.message, 1, first.at)
    detail = desk.ask(ticket_of, view(desk, first.conversation).row.ticket)
    assert detail is not None
    ticket = detail.row
    assert (ticket.channel, ticket.subject, ticket.status, ticket.customer_name) == ("chat", "Hello", "new", "Bob")
    many = [Said(bob.channel, bob.who, f"{number:032x}", f"word {number}") for number in (1, 2, 1, 3)]
    found = desk.work(commands.receive_many, many)
    assert [(one.seq, one.duplicate) for one in found if isinstance(one, Accepted)] == [
        (2, False), (3, False), (2, True), (4, False),
    ]  # fmt: skip
    assert [line.text for line in view(desk, first.conversation).lines] == ["Hello", "word 1", "word 2", "word 3"]


def test_taking_and_capacity(desk: Desk, channel: UUID) -> None:
    desk.do(options.put, "chat_capacity", 1)
    one, two = (Bob(desk, channel).says("Hi").conversation for _ in range(2))
    desk.do(commands.accept, one)
    with pytest.raises(UserError, match="1 chats already"):
        desk.do(commands.accept, two)
    eve = desk.work(add_agent, "Eve")
    desk.act(eve, commands.accept, two)
    with pytest.raises(UserError, match="Eve has taken"):
        desk.do(commands.accept, two)
    desk.do(commands.transfer, one, eve, "she knows more")
    chat = view(desk, one)
    assert (chat.row.assignee_name, chat.lines[-1].kind, chat.lines[-1].seq) == ("Eve", "note", None)
    assert desk.ask(queries.lines_after, one, 0)[-1].body == "Hi", "a note is never told to the visitor"
    counts = desk.ask(queries.counts, eve)
    assert (counts.waiting, counts.live, counts.mine, counts.capacity) == (0, 2, 2, 1)


def test_the_queue_has_places(desk: Desk, channel: UUID) -> None:
    first, second = (Bob(desk, channel).says("Hi").conversation for _ in range(2))
    rows = desk.ask(queries.chat_rows, pile="waiting")
    assert [(row.id, row.position) for row in rows] == [(first, 1), (second, 2)]


def test_who_left_holds_no_place_in_the_queue_and_has_it_again_on_return(desk: Desk, channel: UUID) -> None:
    one, two = Bob(desk, channel).says("Hi"), Bob(desk, channel).says("Hi")
    bob, eve = one.conversation, two.conversation
    desk.work(commands.visitors_left, [one.visitor])
    assert desk.ask(queries.queue_places) == {bob: 1, eve: 2}, "a page that is loaded again is no leaving"
    desk.work(lambda tx: _gone_since(tx, one.visitor, timedelta(seconds=61)))
    assert desk.ask(queries.queue_places) == {eve: 1}
    assert [(row.id, row.position) for row in desk.ask(queries.chat_rows, pile="waiting")] == [(bob, None), (eve, 1)]
    desk.work(commands.visitors_came, [commands.Came(one.visitor)])
    assert desk.ask(queries.queue_places) == {bob: 1, eve: 2}


def _gone_since(tx: Tx, visitor: UUID, span: timedelta) -> None:
    row = tx.get(ChatVisitor, visitor)
    assert row is not None
    row.gone_at = tx.now - span


@pytest.mark.parametrize(
    ("answered", "last_word", "ended_by", "state", "ticket"),
    [
        (True, "", "agent", "ended", "solved"),
        (True, "", "visitor", "ended", "solved"),
        (True, "", "silence", "ended", "solved"),
        (True, "thanks a lot", "visitor", "ended", "solved"),
        (True, "and the other one?", "visitor", "missed", "open"),
        (True, "and the other one?", "silence", "missed", "open"),
        (True, "and the other one?", "agent", "ended", "solved"),
        (False, "", "agent", "missed", "new"),
        (False, "", "visitor", "missed", "new"),
        (False, "", "silence", "missed", "new"),
    ],
)
def test_ends(desk: Desk, bob: Bob, answered: bool, last_word: str, ended_by: str, state: str, ticket: str) -> None:
    chat = bob.says("Is it in stock?")
    if answered:
        desk.do(commands.send_chat, chat.conversation, "It is.")
    if last_word:
        bob.says(last_word)
    desk.work(commands.visitors_left, [chat.visitor])
    if ended_by == "agent":
        desk.do(commands.end_chat, chat.conversation)
    elif ended_by == "visitor":
        desk.work(commands.ended_by_visitor, chat.conversation)
    else:
        assert desk.work(commands.end_silent) == 0, "nobody was silent for long yet"
        later(desk, chat.conversation, 16)
        assert desk.work(commands.end_silent) == 1
    assert (view(desk, chat.conversation).row.state, status(desk, chat.conversation)) == (state, ticket)


def test_who_waits_and_is_still_there_is_not_sent_away(desk: Desk, bob: Bob) -> None:
    chat = bob.says("Anybody here?")
    later(desk, chat.conversation, 60)
    assert desk.work(commands.end_silent) == 0


def test_coming_back_soon_goes_on_and_later_begins_anew(desk: Desk, bob: Bob) -> None:
    chat = bob.says("One")
    desk.do(commands.send_chat, chat.conversation, "Two")
    desk.do(commands.end_chat, chat.conversation)
    again = bob.says("Three")
    assert (again.conversation, again.seq) == (chat.conversation, 3)
    assert (view(desk, chat.conversation).row.state, status(desk, chat.conversation)) == ("live", "open")
    desk.do(commands.end_chat, chat.conversation)
    later(desk, chat.conversation, 31)
    new = bob.says("Four")
    assert (new.conversation != chat.conversation, new.seq) == (True, 1)
    desk.do(commands.turn_into_ticket, new.conversation)
    assert view(desk, new.conversation).row.state == State.TURNED
    assert bob.says("Five").conversation not in (new.conversation, chat.conversation)


def test_words_for_somebody_who_is_gone_wait_and_go_by_mail(desk: Desk, channel: UUID) -> None:
    bob = Bob(desk, channel, name="Bob", email="bob@example.org")
    chat = bob.says("Hello?")
    desk.work(commands.visitors_left, [chat.visitor])
    sent = desk.do(commands.send_chat, chat.conversation, "Here I am")
    assert desk.work(commands.hold_for_gone) == 0
    later(desk, chat.conversation, 6)
    assert desk.work(commands.hold_for_gone) == 1
    line = view(desk, chat.conversation).lines[-1]
    assert (line.state, line.hold_reason) == ("held", "visitor_gone")
    row = desk.ask(outbox.outbox_row, sent.message, clock.now())
    assert row is not None
    assert row.needs_attention
    assert row.text.startswith("The visitor is gone.")
    assert desk.ask(outbox.due, clock.now()) == (), "the sender of mails leaves it alone"
    mailbox(desk)
    desk.do(commands.reply_by_mail, chat.conversation, "By mail then")
    last = view(desk, chat.conversation).lines[-1]
    assert (last.kind, last.seq) == ("mail", None)
    desk.work(commands.visitors_came, [commands.Came(chat.visitor)])
    assert next(one for one in view(desk, chat.conversation).lines if one.message == sent.message).state == "queued"


def test_a_receipt_counts_only_from_the_visitor_it_was_meant_for(desk: Desk, channel: UUID) -> None:
    bob, eve = Bob(desk, channel), Bob(desk, channel)
    chat, other = bob.says("Hi"), eve.says("Hi")
    sent = desk.do(commands.send_chat, chat.conversation, "Secret")
    desk.work(commands.note_delivered, [sent.message], other.visitor)
    assert view(desk, chat.conversation).lines[-1].state == "queued"
    desk.work(commands.note_delivered, [sent.message], chat.visitor)
    desk.work(commands.note_read_by_visitor, chat.conversation, 99)
    line = view(desk, chat.conversation).lines[-1]
    assert line.state == "sent"
    assert line.read_at is not None


def test_nobody_is_known_before_the_code_is_given(desk: Desk, channel: UUID) -> None:
    mailbox(desk)
    real = desk.work(lambda tx: customer_for(tx, "bob@example.org", "Bob Real", tx.now))
    bob = Bob(desk, channel, name="Bob", email="bob@example.org")
    chat = bob.says("My order?")
    assert view(desk, chat.conversation).row.customer != real
    desk.do(commands.send_code, chat.conversation)
    with pytest.raises(UserError, match="half a minute"):
        desk.do(commands.send_code, chat.conversation)
    (mail,) = mails(desk)
    code = re.search(r"\b\d{6}\b", mail.text)
    assert code is not None
    wrong = f"{(int(code[0]) + 1) % 1_000_000:06d}"
    for _ in range(4):
        assert desk.work(commands.check_code, chat.visitor, wrong) is None
    assert desk.work(commands.check_code, chat.visitor, code[0]) is not None
    row = view(desk, chat.conversation).row
    assert (row.verified, row.customer) == (True, real)
    profile = desk.ask(customer_of, real)
    assert profile is not None
    assert profile.name == "Bob Real", "a visitor renames nobody"


def test_a_code_is_not_tried_for_ever(desk: Desk, channel: UUID) -> None:
    mailbox(desk)
    chat = Bob(desk, channel, email="bob@example.org").says("Hi")
    desk.do(commands.send_code, chat.conversation)
    code = re.search(r"\b\d{6}\b", mails(desk)[0].text)
    assert code is not None
    for _ in range(5):
        desk.work(commands.check_code, chat.visitor, "x")
    assert desk.work(commands.check_code, chat.visitor, code[0]) is None


def test_the_sites_own_word(desk: Desk, bob: Bob) -> None:
    chat, key, at = bob.says("Hi"), "k" * 32, int(clock.now().timestamp())
    good = identity_signature("Bob", "bob@example.org", at, key)

    def prove(**changed: Any) -> object:
        facts: dict[str, Any] = {"name": "Bob", "email": "bob@example.org", "at": at, "signature": good, "key": key}
        return desk.work(commands.prove_identity, chat.visitor, **facts | changed)

    assert prove(email="eve@example.org") is None
    assert prove(signature="0" * 64) is None
    assert prove(key="") is None
    old = at - 90_000
    assert prove(at=old, signature=identity_signature("Bob", "bob@example.org", old, key)) is None
    assert prove() is not None
    assert view(desk, chat.conversation).row.verified


def test_blocking_ends_and_keeps_out_and_can_be_undone(desk: Desk, bob: Bob) -> None:
    chat = bob.says("Buy pills")
    desk.do(commands.block_visitor, chat.visitor)
    assert view(desk, chat.conversation).row.state == "missed"
    said = Said(bob.channel, bob.who, "b" * 32, "more pills")
    assert desk.work(commands.receive_chat, said) == Refused("blocked")
    desk.do(undo)
    row = view(desk, chat.conversation).row
    assert (row.blocked, row.state) == (False, "waiting")


@pytest.mark.parametrize("act", ["accept", "turn", "end", "transfer"])
def test_what_a_rep_does_can_be_undone(desk: Desk, bob: Bob, act: str) -> None:
    chat = bob.says("Hi").conversation
    eve = desk.work(add_agent, "Eve")
    if act in ("end", "transfer"):
        desk.do(commands.send_chat, chat, "Hello")
        desk.work(commands.note_delivered, [view(desk, chat).lines[-1].message])
    before = (view(desk, chat).row, status(desk, chat))
    acts: dict[str, Callable[[], object]] = {
        "accept": lambda: desk.do(commands.accept, chat),
        "turn": lambda: desk.do(commands.turn_into_ticket, chat),
        "end": lambda: desk.do(commands.end_chat, chat),
        "transfer": lambda: desk.do(commands.transfer, chat, eve),
    }
    acts[act]()
    assert view(desk, chat).row.state != before[0].state or view(desk, chat).row.assignee != before[0].assignee
    desk.do(undo)
    assert (view(desk, chat).row, status(desk, chat)) == before


def test_a_score_is_one_of_surveys(desk: Desk, bob: Bob) -> None:
    chat = bob.says("Hi").conversation
    assert not desk.work(commands.rate, chat, 5), "nobody answered yet"
    desk.do(commands.send_chat, chat, "Hello")
    desk.do(commands.end_chat, chat)
    assert not desk.work(commands.rate, chat, 6)
    assert desk.work(commands.rate, chat, 2, "slow")
    columns = select(SurveyResponse.score, SurveyResponse.comment, SurveyResponse.how, SurveyResponse.counted)
    found = desk.ask(lambda db: [tuple(one) for one in db.execute(columns)])
    assert found == [(2, "slow", "chat", True)]
    row = desk.ask(ticket_of, view(desk, chat).row.ticket)
    assert row is not None
    assert row.row.follow_up, "a low score calls for a follow-up"


def test_the_transcript_goes_by_mail_but_not_for_ever(desk: Desk, channel: UUID) -> None:
    mailbox(desk)
    bob = Bob(desk, channel, name="Bob", lang="de")
    chat = bob.says("Ist es da?").conversation
    with pytest.raises(UserError):
        desk.work(commands.mail_transcript, chat, "bob@example.org")
    desk.do(commands.send_chat, chat, "Ja.")
    desk.do(commands.note_chat, chat, "a difficult customer")
    desk.work(commands.mail_transcript, chat, "bob@example.org")
    (mail,) = mails(desk)
    assert mail.subject.startswith("Ihr Chat mit")
    assert "Ist es da?" in mail.text
    assert "difficult" not in mail.text
    desk.work(commands.mail_transcript, chat, "bob@example.org")
    with pytest.raises(UserError, match="already"):
        desk.work(commands.mail_transcript, chat, "bob@example.org")


def test_what_was_never_chat_says_so(desk: Desk, bob: Bob) -> None:
    chat = bob.says("Hi").conversation
    for text in ("", "x" * 4_001):
        with pytest.raises(UserError):
            desk.do(commands.send_chat, chat, text)
    desk.do(commands.end_chat, chat)
    with pytest.raises(UserError, match="over"):
        desk.do(commands.send_chat, chat, "too late")
    ticket = view(desk, chat).row.ticket
    assert desk.ask(queries.chat_of_ticket, ticket) == chat
    desk.do(delete_ticket, ticket)
    assert bob.says("again").conversation != chat, "not into the Bin"


def test_away_and_open(desk: Desk) -> None:
    assert desk.ask(queries.opening, clock.now()).open
    desk.do(commands.set_away, True)
    found = desk.ask(queries.opening, clock.now())
    assert (found.open, found.away) == (False, True)
    desk.do(undo)
    assert desk.ask(queries.opening, clock.now()).open


def test_visitors_are_told_until_when_somebody_is_here(desk: Desk) -> None:
    hours = hours_of("UTC", {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")})
    desk.do(options.put, "chat_hours", to_text(hours))

    def told(hour: int) -> tuple[bool, datetime | None]:
        clock.set_source(lambda: datetime(2026, 3, 2, hour, tzinfo=UTC))  # a Monday
        try:
            found = desk.ask(hours_now)
        finally:
            clock.set_source(None)
        return found.online, found.next_at

    assert told(8) == (False, datetime(2026, 3, 2, 9, tzinfo=UTC))
    assert told(10) == (True, datetime(2026, 3, 2, 17, tzinfo=UTC))
    desk.do(commands.set_away, True)
    assert told(10) == (False, None), "away: nobody knows until when"
