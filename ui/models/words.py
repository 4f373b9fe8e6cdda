"""A ticket in words: its status, what became of our letters, until when it sleeps, and a whole row as it is read out."""

from __future__ import annotations

from datetime import datetime

from app.kernel import clock
from app.tickets.queries import TicketRow
from app.tickets.rules import UNTIL_REPLY
from ui.text import ago_text, tr, when_text


def spoken(row: TicketRow) -> str:
    """A row as a screen reader says it."""
    parts = [row.customer_name, row.subject, row.state_name or status_word(row.status)]
    if row.problem:
        parts.append(problem_word(row.problem))
    if row.unread:
        parts.append(tr("unread"))
    if row.follow_up:
        parts.append(tr("To follow up"))
    if row.draft:
        parts.append(tr("draft begun"))
    if row.priority in ("high", "urgent"):
        parts.append(tr("urgent") if row.priority == "urgent" else tr("high priority"))
    if row.due_at is not None and row.status in ("new", "open"):
        now = clock.now()
        parts.append(
            tr("overdue") if row.due_at <= now else tr("due {when}", when=when_text(row.due_at, now, inside=True))
        )
    if row.snooze_until is not None:
        parts.append(sleep_words(row.snooze_until, clock.now())[0])
    if row.checklist[1]:
        parts.append(tr("{done} of {all} done", done=row.checklist[0], all=row.checklist[1]))
    parts.append(ago_text(row.last_message_at, clock.now()))
    return ". ".join(part for part in parts if part)


def status_word(status: str) -> str:
    """A status in a word."""
    return {
        "new": tr("New"),
        "open": tr("Open"),
        "waiting": tr("Waiting"),
        "solved": tr("Solved"),
        "closed": tr("Closed"),
    }.get(status, status)


def problem_word(state: str) -> str:
    """What became of a message of ours that needs a person, in a word; "" for what needs nobody."""
    return {
        "failed": tr("Not sent"),
        "partial": tr("Not sent to all"),
        "uncertain": tr("Sent?"),
        "held": tr("Held"),
        "retry": tr("Not sent yet"),
    }.get(state, "")


def letter_act_word(act: str) -> str:
    """The words of one of `OutboxRow.buttons`: what can be done with a letter of ours."""
    return {
        "cancel": tr("Take back"),
        "retry": tr("Try again"),
        "send_now": tr("Send now"),
        "send_anyway": tr("Send anyway"),
        "settle_sent": tr("It arrived"),
        "settle_queued": tr("Send again"),
        "edit": tr("Edit"),
        "sign_in": tr("Sign in again"),
    }.get(act, act)


def sleep_words(until: datetime, now: datetime) -> tuple[str, str]:
    """Until when a ticket sleeps, in words and shorter."""
    if until >= UNTIL_REPLY:
        return tr("Until an answer"), tr("Answer")
    return tr("Until {when}", when=when_text(until, now, inside=True)), when_text(until, now)
