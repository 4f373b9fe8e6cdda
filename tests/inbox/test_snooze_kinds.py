"""Snoozed until a reply, until so many days without one, or until a date; and what a reply does."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from app.kernel import clock
from app.kernel.errors import UserError
from app.tickets.bulk import ACTS
from app.tickets.commands import reply, snooze, undo, wake_due
from app.tickets.commands.snooze import last_snoozes
from app.tickets.rules import UNTIL_REPLY, OnReply
from tests.inbox.mail_desk import letter
from tests.inbox.paper_desk import PaperDesk


@pytest.fixture
def asked(paper: PaperDesk) -> PaperDesk:
    paper.take(letter("It is broken.", ident="1@c"))
    paper.later(minutes=5)
    return paper


def answer(desk: PaperDesk, words: str, ident: str = "2@c") -> None:
    desk.later(minutes=5)
    desk.take(letter(words, ident=ident, answers="1@c"))


def is_asleep(desk: PaperDesk) -> bool:
    return desk.ticket().snooze_until is not None


def test_until_a_reply_no_time_brings_it_back_and_an_answer_does(asked: PaperDesk) -> None:
    asked.do(snooze, asked.ticket().id, UNTIL_REPLY)
    asked.later(days=4000)
    assert asked.do(wake_due) == 0
    answer(asked, "Thanks")
    assert not is_asleep(asked)


def test_so_many_days_without_a_reply_are_counted_from_our_last_word(asked: PaperDesk) -> None:
    asked.do(snooze, asked.ticket().id, None, days=3)
    asked.later(days=2)
    asked.do(reply, asked.ticket().id, text="Have you tried the other plug?")
    assert asked.ticket().snooze_until == clock.now() + timedelta(days=3)
    asked.later(days=2)
    assert asked.do(wake_due) == 0
    asked.later(days=1, minutes=1)
    assert asked.do(wake_due) == 1
    assert not is_asleep(asked)


def test_thanks_keep_it_asleep_if_wished_and_anything_else_wakes_it(asked: PaperDesk) -> None:
    until = clock.now() + timedelta(days=3)
    asked.do(snooze, asked.ticket().id, until, on_reply=OnReply.THANKS)
    asked.do(reply, asked.ticket().id, text="It is on its way.")
    answer(asked, "Thank you very much!\n\nAnn")
    assert (asked.ticket().snooze_until, asked.ticket().status) == (until, "waiting")
    assert asked.ticket().message_count == 3
    answer(asked, "Thank you, but it has not come.", "3@c")
    assert (is_asleep(asked), asked.ticket().status) == (False, "open")


def test_it_stays_asleep_whatever_comes_and_comes_back_open(asked: PaperDesk) -> None:
    asked.do(reply, asked.ticket().id, text="We look at it on Monday.")
    asked.do(snooze, asked.ticket().id, clock.now() + timedelta(days=3), on_reply=OnReply.SLEEP)
    answer(asked, "It burns now.")
    assert (is_asleep(asked), asked.ticket().status) == (True, "open")
    asked.later(days=4)
    assert asked.do(wake_due) == 1
    assert asked.ticket().status == "open"


def test_the_same_time_is_offered_again_while_it_is_to_come(asked: PaperDesk) -> None:
    key, until = asked.ticket().id, clock.now() + timedelta(days=3)

    def before() -> datetime | None:
        return asked.ask(last_snoozes, [key], clock.now()).get(key)

    assert before() is None
    asked.do(snooze, key, until)
    assert before() is None  # it is asleep
    answer(asked, "Any news?")
    assert before() == until
    asked.later(days=4)
    assert before() is None


def test_that_an_answer_does_something_else_is_a_change_that_is_undone(asked: PaperDesk) -> None:
    key = asked.ticket().id
    asked.do(snooze, key, UNTIL_REPLY)
    done = asked.do(snooze, key, UNTIL_REPLY, on_reply=OnReply.THANKS)
    assert (done.tickets, asked.ticket().snooze_reply) == (1, "thanks")
    assert asked.do(undo).action == done.action
    assert (asked.ticket().snooze_until, asked.ticket().snooze_reply) == (UNTIL_REPLY, "wake")


def test_what_would_never_come_back_is_refused_and_undo_puts_all_of_it_back(asked: PaperDesk) -> None:
    key = asked.ticket().id
    with pytest.raises(UserError, match="bring this ticket back"):
        asked.do(snooze, key, UNTIL_REPLY, on_reply=OnReply.SLEEP)
    with pytest.raises(UserError, match="time to come"):
        asked.do(snooze, key, clock.now())
    with pytest.raises(UserError, match="not what an answer can do"):
        asked.do(snooze, key, UNTIL_REPLY, on_reply="explode")
    act = ACTS["snooze"]
    done = asked.do(act.verb, key, {"days": 5, "reply": "thanks"})
    assert done is not None
    row = asked.ticket()
    assert (row.snooze_until, row.snooze_days, row.snooze_reply) == (clock.now() + timedelta(days=5), 5, "thanks")
    asked.do(undo, done.action)
    row = asked.ticket()
    assert (row.snooze_until, row.snooze_days, row.snooze_reply) == (None, None, None)
