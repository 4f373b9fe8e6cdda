"""Asking and answering on a real desk: whom, how often, what counts, and what a token is not good for."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, unquote
from uuid import UUID

import pytest

from app.answering import commands as answering
from app.answering.rules import HOUR, Cap
from app.conversations.queries import message
from app.kernel import clock, ids
from app.kernel.errors import UserError
from app.kernel.state import options
from app.mime.compose import compose
from app.outbox import queries as outbox
from app.outbox.commands import claim, record_results
from app.people.commands import customer_for, update_customer
from app.people.tables import Customer
from app.surveys import commands, queries
from app.surveys.answers import AnswerOutcome, IncomingMail, Meaning
from app.surveys.tables import SurveyInvite
from app.tickets.commands import set_status, undo
from app.tickets.facts import TicketSolved
from app.tickets.tables import Ticket
from tests.outbox.small_desk import ANN, US, Clock, SmallDesk


def solve(desk: SmallDesk, ticket: UUID | None = None) -> UUID:
    key = ticket or desk.ticket

    def solved(tx: Any) -> None:
        tx.get(Ticket, key).status = "solved"
        commands.schedule(tx, TicketSolved(key, tx.now))

    desk.do(solved)
    return key


def asked(desk: SmallDesk, time: Clock, ticket: UUID | None = None) -> UUID:
    """The message of an invitation that went out after the delay."""
    solve(desk, ticket)
    time.forward(hours=1)
    assert desk.do(commands.send_due) == 1
    found: UUID = desk.ask(lambda db: db.query(SurveyInvite.message).filter_by(ticket=ticket or desk.ticket).scalar())
    return found


def links(desk: SmallDesk, invitation: UUID) -> dict[str, tuple[str, str]]:
    """What each button writes: {its label: (subject, body)}."""
    html = desk.ask(outbox.letter, invitation).letter.html.replace("&amp;", "&")
    found = {}
    for link, label in re.findall(r'<a href="mailto:([^"]*)"[^>]*>([^<]*)</a>', html):
        address, _, query = link.partition("?")
        assert unquote(address) == US
        fields = parse_qs(query, keep_blank_values=True)
        found[label] = (fields["subject"][0], fields.get("body", [""])[0])
    return found


def answer(desk: SmallDesk, subject: str, text: str, **fields: Any) -> AnswerOutcome | None:
    known: dict[str, Any] = {
        "message": ids.new_id(),
        "sender": ANN,
        "in_reply_to": (),
        "automatic": False,
        "at": clock.now(),
    }
    outcome: AnswerOutcome | None = desk.do(
        commands.take_answer, IncomingMail(subject=subject, text=text, **(known | fields))
    )
    return outcome


def test_the_whole_way(desk: SmallDesk, time: Clock) -> None:
    desk.incoming()
    solve(desk)
    assert desk.do(commands.send_due) == 0  # an hour has to pass
    time.forward(hours=1)
    assert desk.do(commands.send_due) == 1
    invite = desk.ask(queries.invitations)[0]
    assert (invite.state, invite.address, invite.delivery, invite.sent_at) == ("queued", ANN, "queued", None)
    invitation = desk.ask(lambda db: db.get(SurveyInvite, invite.id).message)
    shown = desk.ask(message, invitation)
    assert (shown.kind, shown.automatic, shown.subject) == ("survey", True, "How did we do, Ann?")
    subject, body = links(desk, invitation)["5"]
    found = answer(desk, subject, body + "great service")
    assert found is not None
    assert (found.meaning, found.score, found.ticket) == (Meaning.SCORE, 5, desk.ticket)
    (response,) = desk.ask(queries.for_ticket, desk.ticket).responses
    assert (response.score, response.comment, response.latest, response.from_other_address) == (
        5,
        "great service",
        True,
        False,
    )
    assert desk.ask(queries.survey_overview, clock.now()).average == 5


def test_the_mail_needs_no_picture_and_no_page_and_its_text_stands_alone(desk: SmallDesk, time: Clock) -> None:
    desk.incoming()
    invitation = asked(desk, time)
    told = desk.ask(outbox.letter, invitation).letter
    assert "<img" not in told.html
    assert "http" not in told.html
    assert told.in_reply_to is None
    assert set(links(desk, invitation)) == {"1", "2", "3", "4", "5", "Don’t ask me again"}
    assert "  5  very well" in told.text
    assert "DB-" not in told.text
    raw = compose(told)
    assert b"List-Unsubscribe: <mailto:" in raw.replace(b"\r\n ", b" ")
    assert b"Auto-Submitted: auto-generated" in raw


def test_the_token_stands_only_in_the_mail(desk: SmallDesk, time: Clock) -> None:
    desk.incoming()
    invitation = asked(desk, time)
    subject, _ = links(desk, invitation)["3"]
    token = re.search(r"DB-(\w{26})", subject)[1]  # type: ignore[index]
    ref = desk.packs.append(compose(desk.ask(outbox.letter, invitation).letter))
    desk.packs.flush()
    desk.do(claim, invitation, ref)
    desk.store.writer.raw_connection().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with desk.store.read() as db:
        for table in (
            db.connection().exec_driver_sql("SELECT name FROM sqlite_schema WHERE type = 'table'").scalars().all()
        ):
            for row in db.connection().exec_driver_sql(f'SELECT * FROM "{table}"').all():
                assert token not in repr(tuple(row)).lower(), table


def test_a_german_customer_is_asked_in_german(desk: SmallDesk, time: Clock) -> None:
    desk.incoming()
    desk.do(update_customer, desk.customer, language="de")
    invitation = asked(desk, time)
    subject, body = links(desk, invitation)["2"]
    assert subject.startswith("2 von 5 [DB-")
    assert desk.ask(message, invitation).subject == "Waren Sie zufrieden, Ann?"
    assert answer(desk, f"AW: {subject}", body).score == 2  # type: ignore[union-attr]


def test_asked_by_hand_while_it_is_open_nobody_claims_that_it_is_solved(desk: SmallDesk) -> None:
    desk.incoming()
    for language, false, true in [("en", "solved", "on it."), ("de", "gelöst", "darum.")]:
        desk.do(update_customer, desk.customer, language=language)
        kind = "csat" if language == "en" else "nps"
        told = desk.ask(outbox.letter, desk.do(commands.send_now, desk.ticket, kind)).letter
        for words in (told.text, told.html):
            assert false not in words
            assert true in words


@pytest.mark.parametrize(
    ("text", "meaning", "score", "maybe"),
    [
        ("5\n\nOn Monday, Lark & Loom wrote:\n> How did we do?\n> 4", Meaning.SCORE, 5, None),
        ("5, great", Meaning.SCORE, 5, None),
        ("4/5", Meaning.SCORE, 4, None),
        ("5 items are missing", Meaning.ORDINARY, None, 5),
        ("5 stars!", Meaning.ORDINARY, None, 5),
        ("Thank you", Meaning.ORDINARY, None, None),
        ("6", Meaning.ORDINARY, None, None),
        ("stop", Meaning.STOP, None, None),
    ],
)
def test_a_plain_reply(
    desk: SmallDesk, time: Clock, text: str, meaning: Meaning, score: int | None, maybe: int | None
) -> None:
    desk.incoming()
    asking = desk.ask(message, asked(desk, time)).external_id
    found = answer(desk, "Re: How did we do, Ann?", text, in_reply_to=(asking,))
    assert found is not None
    assert (found.meaning, found.score, found.maybe_score) == (meaning, score, maybe)
    assert len(desk.ask(queries.responses)) == (1 if meaning is Meaning.SCORE else 0)
    assert desk.ask(lambda db: db.get(Ticket, desk.ticket).status) == "solved"


def test_what_answers_no_invitation_or_was_written_by_a_program_is_none(desk: SmallDesk, time: Clock) -> None:
    asked_id = desk.ask(message, desk.incoming()).external_id
    asking = desk.ask(message, invitation := asked(desk, time)).external_id
    subject, body = links(desk, invitation)["5"]
    assert answer(desk, "5", "5", in_reply_to=(asked_id,)) is None
    assert answer(desk, f"5 of 5 [DB-{'a' * 26}]", "5") is None
    assert answer(desk, "Out of office", "5", in_reply_to=(asking,), automatic=True) is None
    assert answer(desk, subject, body, automatic=True) is None
    assert desk.ask(queries.responses) == ()


def test_the_latest_counts_another_address_is_marked_and_five_are_enough(desk: SmallDesk, time: Clock) -> None:
    desk.incoming()
    buttons = links(desk, asked(desk, time))
    for score in "1235":
        time.forward(minutes=1)
        answer(desk, *buttons[score])
    time.forward(minutes=1)
    answer(desk, *buttons["4"], sender="boss@customer.example.test")
    latest = desk.ask(queries.responses)[0]
    assert (latest.score, latest.latest, latest.from_other_address) == (4, True, True)
    time.forward(minutes=1)
    late = answer(desk, *buttons["1"])
    assert late is not None
    assert (late.meaning, late.reason, late.score) == (Meaning.UNCOUNTED, "too_many", None)
    overview = desk.ask(queries.survey_overview, clock.now())
    assert (overview.average, overview.answered, overview.uncounted, overview.response_rate) == (4, 1, 1, 1)
    assert desk.ask(queries.invitations)[0].uncounted == 1
    assert len(desk.ask(queries.responses)) == 5
    assert len(desk.ask(queries.responses, with_uncounted=True)) == 6


def test_after_sixty_days_an_answer_is_kept_and_does_not_count(desk: SmallDesk, time: Clock) -> None:
    desk.incoming()
    buttons = links(desk, asked(desk, time))
    time.forward(days=61)
    late = answer(desk, *buttons["1"])
    assert late is not None
    assert (late.meaning, late.reason) == (Meaning.UNCOUNTED, "too_late")
    assert desk.ask(queries.survey_overview, clock.now()).average is None
    assert desk.do(commands.expire) == 1


def test_the_same_mail_twice_is_one_answer(desk: SmallDesk, time: Clock) -> None:
    desk.incoming()
    buttons = links(desk, asked(desk, time))
    key = ids.new_id()
    assert answer(desk, *buttons["4"], message=key) == answer(desk, *buttons["4"], message=key)
    assert len(desk.ask(queries.responses)) == 1


def test_a_low_score_or_a_question_marks_the_ticket_and_reopens_nothing(desk: SmallDesk, time: Clock) -> None:
    for text, marked in (("5, fine", False), ("2, slow", True), ("5, but where is my invoice?", True)):
        ticket = desk.add_ticket("Another")
        desk.incoming(ticket=ticket)
        desk.do(options.put, "survey_cooldown_days", 0)
        answer(desk, links(desk, asked(desk, time, ticket))["5"][0], text)
        row = desk.ask(lambda db, ticket=ticket: (db.get(Ticket, ticket).follow_up, db.get(Ticket, ticket).status))
        assert row == (marked, "solved")


def test_once_a_ticket_and_not_again_within_the_cool_down(desk: SmallDesk, time: Clock) -> None:
    desk.incoming()
    asked(desk, time)
    solve(desk)
    time.forward(days=40)
    assert desk.do(commands.send_due) == 0
    second, third = desk.add_ticket("Second"), desk.add_ticket("Third")
    for each in (second, third):
        desk.incoming(ticket=each)
        solve(desk, each)
    time.forward(hours=2)
    assert desk.do(commands.send_due) == 1
    assert {each.reason for each in desk.ask(queries.invitations)} == {"", "cool_down"}


def test_many_tickets_of_one_address_solved_at_once_are_asked_about_within_the_caps(
    desk: SmallDesk, time: Clock
) -> None:
    desk.do(options.put, "survey_cooldown_days", 0)
    for number in range(7):
        ticket = desk.add_ticket(f"Nr {number}")
        desk.incoming(ticket=ticket)
        solve(desk, ticket)
    time.forward(hours=1)
    sent = []
    for _ in range(49):
        sent.append(desk.do(commands.send_due))
        time.forward(hours=1)
    assert sent[:2] == [2, 2]  # two an hour, four a day
    assert (sum(sent[:24]), sum(sent)) == (4, 7)
    assert {each.reason for each in desk.ask(queries.invitations)} == {""}  # none is given up


def test_what_is_asked_silences_no_acknowledgement(desk: SmallDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "CAPS", [Cap("all", HOUR, 1)])
    for number in range(3):
        ticket = desk.add_ticket(f"Nr {number}")
        desk.incoming(ticket=ticket)
        desk.do(commands.send_now, ticket)
    assert desk.do(answering.may_write, ANN)


def test_a_person_with_two_addresses_is_one_person(desk: SmallDesk, time: Clock) -> None:
    desk.incoming()
    asked(desk, time)
    address = "ann@home.example.test"
    other = desk.do(customer_for, address, "Ann", clock.now())
    ticket = desk.add_ticket("From home", customer=other)
    desk.incoming(ticket=ticket, customer=other, sender=("Ann", address))

    def merge(tx: Any) -> None:
        tx.get(Customer, other).merged_into = desk.customer

    desk.do(merge)
    solve(desk, ticket)
    time.forward(hours=2)
    assert desk.do(commands.send_due) == 0
    assert {each.reason for each in desk.ask(queries.invitations)} == {"", "cool_down"}


def test_who_asked_not_to_be_asked_is_not(desk: SmallDesk, time: Clock) -> None:
    desk.incoming()
    stop = links(desk, asked(desk, time))["Don’t ask me again"]
    found = answer(desk, *stop)
    assert found is not None
    assert found.meaning is Meaning.STOP
    assert [address for address, _ in desk.ask(queries.suppressions)] == [ANN]
    desk.do(options.put, "survey_cooldown_days", 0)
    other = desk.add_ticket("Other")
    desk.incoming(ticket=other)
    solve(desk, other)
    time.forward(hours=2)
    assert desk.do(commands.send_due) == 0
    with pytest.raises(UserError, match="not to be asked"):
        desk.do(commands.send_now, other)
    desk.do(commands.unsuppress, ANN.upper())
    desk.do(commands.send_now, other)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"merged_into": True}, "merged"),
        ({"deleted_at": True}, "deleted"),
        ({"status": "open"}, "reopened"),
    ],
)
def test_a_ticket_that_is_no_longer_simply_solved(
    desk: SmallDesk, time: Clock, fields: dict[str, Any], reason: str
) -> None:
    desk.incoming()
    solve(desk)
    other = desk.add_ticket("Other")

    def change(tx: Any) -> None:
        for name, value in fields.items():
            values = {"merged_into": other, "deleted_at": tx.now}
            setattr(tx.get(Ticket, desk.ticket), name, values.get(name, value))

    desk.do(change)
    time.forward(hours=2)
    assert desk.do(commands.send_due) == 0
    assert desk.ask(queries.invitations)[0].reason == reason


def test_automatic_mail_and_history_are_never_asked_about(desk: SmallDesk, time: Clock) -> None:
    desk.incoming(automatic=True)
    solve(desk)
    history = desk.add_ticket("Old", outcome="history")
    desk.incoming(ticket=history)
    solve(desk, history)
    time.forward(hours=2)
    assert desk.do(commands.send_due) == 0
    assert [(each.ticket, each.reason) for each in desk.ask(queries.invitations)] == [(desk.ticket, "no_letter")]


def test_one_who_cannot_be_written_to_holds_up_nobody_else(desk: SmallDesk, time: Clock) -> None:
    desk.incoming(sender=("Ann", "ann@@customer.example.test"))
    solve(desk)
    other = desk.add_ticket("Another", customer=desk.do(customer_for, "ben@firm.example", "Ben", clock.now()))
    desk.incoming(
        ticket=other, customer=desk.ask(lambda db: db.get(Ticket, other).customer), sender=("Ben", "ben@firm.example")
    )
    solve(desk, other)
    time.forward(hours=2)
    assert desk.do(commands.send_due) == 1
    assert {each.ticket: each.reason for each in desk.ask(queries.invitations)} == {
        desk.ticket: "no_address",
        other: "",
    }


def test_nobody_is_asked_before_the_answer_itself_has_left(desk: SmallDesk, time: Clock) -> None:
    desk.incoming()
    reply = desk.reply("Solved!")
    solve(desk)
    time.forward(hours=2)
    assert desk.do(commands.send_due) == 0
    assert desk.ask(queries.invitations)[0].state == "due"
    ref = desk.packs.append(b"the answer")
    desk.packs.flush()
    desk.do(claim, reply, ref)
    desk.do(record_results, reply, [ANN], {})
    assert desk.do(commands.send_due) == 1


def test_is_this_a_score(desk: SmallDesk, time: Clock) -> None:
    desk.incoming()
    asking = desk.ask(message, asked(desk, time)).external_id
    written = desk.incoming(in_reply_to=asking, text="5 stars!", sender=("", "boss@customer.example.test"))
    with pytest.raises(UserError, match="1 to 5"):
        desk.do(commands.count_as_score, written, 6)
    assert desk.do(commands.count_as_score, written, 5).meaning is Meaning.SCORE
    assert desk.ask(queries.responses)[0].how == "chip"
    assert desk.do(undo).undone == 1
    assert desk.ask(queries.responses) == ()
    plain = desk.incoming()
    with pytest.raises(UserError, match="does not answer"):
        desk.do(commands.count_as_score, plain, 5)


def test_other_kinds_have_their_own_scale(desk: SmallDesk, time: Clock) -> None:
    desk.incoming()
    for kind, best, words in (("nps", "10", "recommend"), ("ces", "7", "easy")):
        sent = desk.do(commands.send_now, desk.ticket, kind)
        assert words in desk.ask(message, sent).subject
        assert answer(desk, *links(desk, sent)[best]).score == int(best)  # type: ignore[union-attr]
        with pytest.raises(UserError, match="once a ticket"):
            desk.do(commands.send_now, desk.ticket, kind)
    with pytest.raises(UserError, match="no kind"):
        desk.do(commands.send_now, desk.ticket, "smile")
    assert desk.ask(queries.survey_overview, clock.now(), kind="nps").nps == 100


def test_a_ticket_that_is_open_again_sends_no_survey_and_none_is_announced(desk: SmallDesk, time: Clock) -> None:
    desk.incoming()
    solve(desk)
    waits = desk.do(set_status, desk.ticket, "waiting")
    assert desk.ask(queries.leaving, waits.action) == (0, None)
    solved = desk.do(set_status, desk.ticket, "solved")
    assert desk.ask(queries.leaving, solved.action)[0] == 1
