"""Sending as the design says it, where it is the rep's own doing: times chosen, addresses, forwarding, sizes, drafts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from app.conversations.commands import add_blob
from app.conversations.mailboxes import update_mailbox
from app.conversations.queries import message
from app.kernel import clock
from app.kernel.errors import UserError
from app.outbox import commands, queries, rules
from app.outbox.drafts import DraftContent
from app.outbox.facts import ReplySent
from app.outbox.tables import Draft
from app.people.tables import Agent, Event
from app.tickets import commands as tickets
from app.tickets.queries import history, ticket_rows
from tests.outbox.small_desk import ANN, US, Clock, SmallDesk

_STATUS = text("SELECT status FROM ticket ORDER BY number LIMIT 1")
SALES = "sales@lark.example.test"
CARRIER = "carrier@parcels.example.test"


def problems(desk: SmallDesk) -> list[Any]:
    found: list[Any] = desk.ask(
        lambda db: [row.new for row in db.query(Event).filter(Event.kind == "problem").order_by(Event.id)]
    )
    return found


def freeze(desk: SmallDesk) -> Any:
    ref = desk.packs.append(b"frozen bytes")
    desk.packs.flush()
    return ref


def test_undo_send_of_zero_seconds_is_at_once_and_of_sixty_a_minute_later(desk: SmallDesk) -> None:
    desk.incoming()
    now = desk.do(tickets.reply, desk.ticket, text="At once", undo_seconds=0).message
    later = desk.do(tickets.reply, desk.ticket, text="In a minute", undo_seconds=60).message
    assert [each.message for each in desk.ask(queries.due, clock.now())] == [now]
    assert desk.row(later).not_before == clock.now() + timedelta(seconds=60)
    told = desk.ask(queries.outbox_row, later, clock.now())
    assert (told.text, told.buttons[0]) == ("Will be sent within a minute.", "cancel")
    told = desk.ask(queries.outbox_row, later, clock.now() + timedelta(seconds=50))
    assert told.text == "Will be sent in a few seconds."


def test_a_reply_for_later_is_a_draft_again_when_the_customer_writes_first(desk: SmallDesk, time: Clock) -> None:
    desk.incoming()
    at = clock.now() + timedelta(days=1)
    key = desk.do(tickets.reply, desk.ticket, text="See you tomorrow", not_before=at).message
    assert desk.ask(queries.overtaken) == ()
    time.forward(hours=2)
    desk.incoming(text="Never mind")
    assert desk.ask(queries.overtaken) == (key,)
    assert desk.do(commands.recall_overtaken, key)
    shown = desk.ask(queries.overtaken_in, desk.ticket, clock.now())
    assert (shown.id, shown.state, shown.send_at, shown.needs_attention) == (key, "cancelled", at, True)
    assert "the customer wrote before" in shown.text
    assert [each.id for each in desk.ask(queries.outbox_rows, clock.now())] == [key]
    assert desk.ask(queries.draft_of, desk.ticket, None).text == "See you tomorrow"
    assert "overtaken" in str(problems(desk))
    time.forward(days=2)
    assert desk.ask(queries.due, clock.now()) == ()
    desk.do(commands.discard_draft, desk.ticket, "reply")  # read, and written anew: nothing is told any more
    assert desk.ask(queries.overtaken_in, desk.ticket, clock.now()) is None
    assert desk.ask(queries.outbox_rows, clock.now()) == ()


def test_sent_now_a_reply_for_later_is_one_like_any_other(desk: SmallDesk, time: Clock) -> None:
    desk.incoming()
    key = desk.reply(send_at=clock.now() + timedelta(days=1))
    desk.do(commands.retry, key)
    time.forward(minutes=5)
    desk.incoming()
    assert desk.ask(queries.overtaken) == ()
    assert desk.do(commands.claim, key, freeze(desk)) is rules.Hold.STALE


def test_a_claim_never_takes_what_the_customer_has_overtaken(desk: SmallDesk, time: Clock) -> None:
    desk.incoming()
    key = desk.reply(send_at=clock.now() + timedelta(hours=1))
    time.forward(hours=2)
    desk.incoming()
    assert desk.do(commands.claim, key, freeze(desk)) is rules.Hold.STALE
    assert desk.ask(queries.overtaken) == (key,)


def test_a_taken_back_reply_never_overwrites_what_is_being_written(desk: SmallDesk) -> None:
    desk.incoming()
    key = desk.reply("The first thought", files=[("a.txt", "text/plain", desk.do(add_blob, freeze(desk)))])
    desk.do(commands.save_draft, DraftContent("The second thought"), ticket=desk.ticket, agent=desk.agent)
    desk.do(commands.edit, key)
    found = desk.ask(queries.draft_of, desk.ticket, desk.agent)
    assert found.text == "The second thought\n\nThe first thought"
    assert [each["filename"] for each in found.files] == ["a.txt"]


def test_a_new_mail_taken_back_is_a_new_mail_again(desk: SmallDesk) -> None:
    desk.do(lambda tx: tx.execute(text("UPDATE ticket SET number = 500")))
    written = desk.do(tickets.new_mail, customer_address=ANN, subject="Your order", text="It is here.", undo_seconds=10)
    desk.do(tickets.cancel_reply, written.message)
    (draft,) = desk.ask(lambda db: [(row.kind, row.ticket, row.subject, row.text) for row in db.query(Draft)])
    assert draft == ("new", None, "Your order", "It is here.")


def test_an_answer_comes_from_the_address_that_the_customer_wrote_to(desk: SmallDesk) -> None:
    desk.do(update_mailbox, desk.mailbox, aliases=[SALES])
    desk.incoming(to=(("", SALES.upper()),))
    key = desk.reply()
    assert desk.ask(message, key).author_address == SALES
    claimed = desk.do(commands.claim, key, freeze(desk))
    assert claimed.sender == SALES
    assert desk.ask(message, desk.reply(sender=US)).author_address == US
    assert desk.ask(message, desk.reply("Robot", automatic=True, to=[ANN])).author_address == US
    with pytest.raises(UserError, match="not an address of"):
        desk.reply(sender="boss@lark.example.test")
    with pytest.raises(UserError, match="one of your mailboxes"):
        desk.do(tickets.reply, desk.ticket, text="Hi", sender="boss@lark.example.test")
    taken_back = desk.do(commands.edit, desk.reply("Later", sender=SALES))
    assert desk.ask(queries.draft_of, desk.ticket, desk.agent).id == taken_back
    assert desk.ask(queries.draft_of, desk.ticket, desk.agent).sender == SALES


def test_the_reps_own_signature_comes_before_the_mailboxs(desk: SmallDesk) -> None:
    desk.incoming()
    desk.do(update_mailbox, desk.mailbox, signature="Lark & Loom")
    assert desk.ask(message, desk.reply("Hi")).text.endswith("-- \nLark & Loom\n")

    def sign(tx: Any) -> None:
        tx.get(Agent, desk.agent).signature = "Maya"

    desk.do(sign)
    assert desk.ask(message, desk.reply("Hi")).text.endswith("-- \nMaya\n")


def passed_on(desk: SmallDesk, source: UUID, **given: Any) -> UUID:
    key: UUID = desk.do(tickets.forward, source, **({"to": [CARRIER], "text": "Can you look?"} | given)).message
    return key


def test_a_mail_passed_on_lies_in_its_ticket_and_changes_nothing_there(desk: SmallDesk, time: Clock) -> None:
    source = desk.incoming()
    facts: list[ReplySent] = []
    desk.store.on(ReplySent, lambda _tx, fact: facts.append(fact))
    key = passed_on(desk, source, files=[("photo.png", "image/png", desk.do(add_blob, freeze(desk)))])
    found = desk.ask(message, key)
    assert (found.ticket, found.kind, found.direction, found.subject) == (
        desk.ticket,
        "forward",
        "out",
        "Fwd: Order 10998",
    )
    assert [each.filename for each in found.attachments] == ["photo.png"]
    assert desk.ask(lambda db: db.execute(_STATUS).scalar()) == "open"
    letter = desk.ask(queries.letter, key).letter
    assert (letter.in_reply_to, letter.references) == (None, ())  # a conversation of its own for who gets it
    time.forward(minutes=5)
    desk.incoming()  # it is no reply: the customer's next mail does not hold it
    assert isinstance(desk.do(commands.claim, key, freeze(desk)), commands.Claim)
    desk.do(commands.record_results, key, [CARRIER], {})
    assert [fact.answers for fact in facts] == [False]
    assert [each[1] for each in desk.ask(message, desk.reply()).to] == [ANN]  # not to the carrier
    assert desk.ask(history, desk.ticket) is not None


def test_a_mail_passed_on_can_be_called_back_and_nobody_is_an_error(desk: SmallDesk) -> None:
    source = desk.incoming()
    key = passed_on(desk, source, undo_seconds=10)
    assert desk.do(tickets.cancel_reply, key).undone
    draft = desk.ask(queries.draft_of, desk.ticket, None, "forward", source)
    assert (draft.answers, draft.to) == (source, (("", CARRIER),))
    with pytest.raises(UserError, match="nobody"):
        passed_on(desk, source, to=[])


def test_files_that_the_server_does_not_take_are_refused_before_anything_is_queued(desk: SmallDesk) -> None:
    desk.incoming()
    ref = desk.packs.append(b"x" * 900_000)
    desk.packs.flush()
    file = ("film.mp4", "video/mp4", desk.do(add_blob, ref))
    desk.reply("Before the server has told its limit", files=[file])
    desk.do(update_mailbox, desk.mailbox, size_limit=1_000_000)
    with pytest.raises(UserError, match=r"1\.2 MB; 127\.0\.0\.1 takes 1\.0 MB at most"):
        desk.reply("Too much", files=[file])
    assert len(desk.ask(queries.outbox_rows, clock.now())) == 1


@pytest.mark.parametrize("code", ["451 4.3.0 greylisted", ""])
def test_not_now_for_an_hour_is_told_once(desk: SmallDesk, time: Clock, code: str) -> None:
    desk.incoming()
    key, ref = desk.reply(to=[ANN]), freeze(desk)
    for attempt in range(7):
        assert isinstance(desk.do(commands.claim, key, ref), commands.Claim)
        if code:
            desk.do(commands.record_results, key, [], {ANN: (451, code)})
        else:
            desk.do(commands.record_retry, key, "the server hung up")
        long = time.at - (desk.row(key).first_attempt_at or time.at) >= timedelta(hours=1)
        assert desk.ask(queries.outbox_row, key, clock.now()).needs_attention is long
        assert len(problems(desk)) == int(long), attempt
        assert desk.ask(ticket_rows, [desk.ticket])[0].problem == ("retry" if long else "")
        time.forward_to(desk.row(key).not_before)
    assert len(problems(desk)) == 1


def test_results_are_told_recipient_by_recipient(desk: SmallDesk) -> None:
    desk.incoming()
    key = desk.reply(to=[ANN, CARRIER])
    assert isinstance(desk.do(commands.claim, key, freeze(desk)), commands.Claim)
    desk.do(commands.record_results, key, [ANN], {CARRIER: (550, "5.1.1 No such user")})
    told = desk.ask(queries.outbox_row, key, clock.now())
    assert (told.state, told.reached, [each.address for each in told.refused]) == ("partial", (ANN,), [CARRIER])
    assert (told.refused[0].meaning.split(".")[0], told.refused[0].words) == (
        "This address does not exist",
        "5.1.1 No such user",
    )
