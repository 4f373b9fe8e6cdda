"""Statuses, priorities and which change follows from what: the state machine of tickets. Pure.

A rep's message makes a ticket wait for the customer; the customer's answer opens it again; a solved ticket closes by
itself after some days without mail; a closed one opens again for an answer that comes soon enough, otherwise that
answer becomes a ticket of its own (`FollowUp`: a desk may have it otherwise). Notes, automatic mail and bounces change nothing.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from app.kernel.errors import UserError
from app.kernel.sentences import said


class Status(enum.StrEnum):
    """Where a ticket stands. Stored, and part of the command line's contract."""

    NEW = "new"
    OPEN = "open"
    WAITING = "waiting"
    SOLVED = "solved"
    CLOSED = "closed"


class Priority(enum.StrEnum):
    """How much it presses, lowest first."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


HISTORY: Final = "history"
"""The `outcome` of a ticket that was over before the desk knew it."""

NOWHERE: Final = UUID(int=0)
"""Where a note lies that was taken back, and what a card has become whose adding was undone: in no ticket, and none."""

SPAM: Final = "spam"
"""The `outcome` of a ticket that a person marked as spam; it lies in the Bin."""

BOARD: Final = (Status.NEW, Status.OPEN, Status.WAITING, Status.SOLVED)
"""The columns of the board."""


class BoardBy(enum.StrEnum):
    """What the board's columns stand for."""

    STATUS = "status"
    ASSIGNEE = "assignee"
    PRIORITY = "priority"
    TEAM = "team"
    TAG = "tag"


class LaneBy(enum.StrEnum):
    """What the board's lanes stand for."""

    NONE = "none"
    STATUS = "status"
    ASSIGNEE = "assignee"
    PRIORITY = "priority"
    TEAM = "team"
    TAG = "tag"
    CUSTOMER = "customer"
    ORGANISATION = "organisation"


NOBODY: Final = ""
"""The key of the board's column (or lane) of those without a value: nobody's, of no team, with none of the tags shown."""

TO_DO: Final = (Status.NEW, Status.OPEN)
"""The customer had the last word."""

DONE: Final = (Status.SOLVED, Status.CLOSED)


def as_priority(word: str) -> Priority:
    """The priority that a word means. Raises UserError."""
    try:
        return Priority(word.strip().casefold())
    except ValueError:
        msg = said("“{word}” is no priority. There are: {known}.", word=word, known=", ".join(Priority))
        raise UserError(msg) from None


def after_customer_mail(status: str) -> Status:
    """The status after the customer wrote to a ticket that still takes answers."""
    return Status(status) if status in TO_DO else Status.OPEN


def after_reply(*, solve: bool) -> Status:
    """The status after a rep wrote."""
    return Status.SOLVED if solve else Status.WAITING


class FollowUp(enum.StrEnum):
    """What an answer to a solved or closed ticket does: the setting `answers_to_done`."""

    WITHIN = "within"  # opens a closed one again for some days, later a new ticket that is linked; a solved one always
    REOPEN = "reopen"  # opens it again, however long ago it was
    NEW = "new"  # opens a new ticket that is linked


def takes_answer(
    status: str, closed_at: datetime | None, at: datetime, reopen_days: int, policy: str = FollowUp.WITHIN
) -> bool:
    """Does an answer of `at` go into this ticket, by the desk's policy? `reopen_days` counts from closing, for WITHIN."""
    if status not in DONE or policy == FollowUp.REOPEN:
        return True
    if policy == FollowUp.NEW:
        return False
    if status != Status.CLOSED or closed_at is None:
        return True
    return at - closed_at <= timedelta(days=reopen_days)


class OnReply(enum.StrEnum):
    """What a customer's mail does to a snoozed ticket. Stored."""

    WAKE = "wake"
    THANKS = "thanks"  # brings it back, unless it only says thank you
    SLEEP = "sleep"  # it stays asleep until its time, as an open one if there is something to answer


UNTIL_REPLY: Final = datetime(9000, 1, 1, tzinfo=UTC)
"""The time until which a ticket is snoozed that only an answer brings back."""


def tidy_subject(subject: str) -> str:
    """A subject on one line, never empty."""
    return " ".join(subject.split())[:500] or "(no subject)"


def tidy_tag(name: str) -> str:
    """A tag as it is shown: on one line, without `#`. Raises UserError for an empty one."""
    tag = " ".join(name.split()).lstrip("#").strip()[:60]
    if not tag:
        msg = "A tag needs a name."
        raise UserError(msg)
    return tag


@dataclass(frozen=True, slots=True)
class Standing:
    """What of a ticket decides in which counts it is."""

    status: str
    assignee: UUID | None
    follow_up: bool
    deleted: bool
    merged: bool
    snoozed: bool = False


def piles(standing: Standing) -> tuple[str, ...]:
    """The counters that a ticket is part of."""
    if standing.merged:
        return ()
    if standing.deleted:
        return ("bin",)
    names = ["all", f"status:{standing.status}"]
    if standing.snoozed and standing.status != Status.CLOSED:
        names.append("snoozed")
    elif standing.status in TO_DO:
        names += ["to_do", "unassigned" if standing.assignee is None else f"assignee:{standing.assignee.hex}"]
    if standing.follow_up:
        names.append("follow_up")
    return tuple(names)
