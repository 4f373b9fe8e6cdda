"""The state machine, as `docs` and the design state it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.kernel.errors import UserError
from app.tickets.rules import (
    Standing,
    Status,
    after_customer_mail,
    after_reply,
    as_priority,
    piles,
    takes_answer,
    tidy_tag,
)

CLOSED = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "after"),
    [("new", "new"), ("open", "open"), ("waiting", "open"), ("solved", "open"), ("closed", "open")],
)
def test_the_customers_mail_opens_what_was_not_to_do(before: str, after: str) -> None:
    assert after_customer_mail(before) == after


def test_a_reply_waits_or_solves() -> None:
    assert (after_reply(solve=False), after_reply(solve=True)) == (Status.WAITING, Status.SOLVED)


def test_a_closed_ticket_takes_answers_for_some_days() -> None:
    assert takes_answer("closed", CLOSED, CLOSED + timedelta(days=30), 30)
    assert not takes_answer("closed", CLOSED, CLOSED + timedelta(days=30, seconds=1), 30)
    assert takes_answer("solved", None, CLOSED + timedelta(days=900), 30)


def test_words_that_mean_nothing_are_refused() -> None:
    assert as_priority(" URGENT") == "urgent"
    with pytest.raises(UserError, match="low, normal, high, urgent"):
        as_priority("9")
    with pytest.raises(UserError):
        tidy_tag(" # ")


def test_a_ticket_in_the_bin_counts_nowhere_else() -> None:
    assert piles(Standing("open", None, follow_up=True, deleted=True, merged=False)) == ("bin",)
    assert piles(Standing("open", None, follow_up=True, deleted=True, merged=True)) == ()
    assert set(piles(Standing("closed", None, follow_up=True, deleted=False, merged=False))) == {
        "all",
        "status:closed",
        "follow_up",
    }


def test_a_desk_may_have_answers_to_what_is_done_otherwise() -> None:
    years = CLOSED + timedelta(days=900)
    assert takes_answer("closed", CLOSED, years, 30, "reopen")
    assert not takes_answer("solved", None, CLOSED, 30, "new")
    assert not takes_answer("closed", CLOSED, CLOSED, 30, "new")
    assert takes_answer("waiting", None, CLOSED, 30, "new")
