"""The inbox's own words, tones and icons: statuses, priorities, channels, deliveries, dues."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.tickets.queries import TicketRow
from ui.models.words import problem_word, sleep_words, status_word
from ui.text import span_text, tr

SOON = timedelta(hours=2)
"""A due time nearer than this is shown."""

_TONES = {"new": "info", "open": "warn", "waiting": "plain", "solved": "ok", "closed": "plain"}
_CHANNELS = {
    "email": "email-outline",
    "note": "note-text-outline",
    "chat": "message-outline",
    "phone": "phone-outline",
    "call": "phone-outline",
    "web": "form-select",
    "social": "at",
}
_LOST = frozenset({"failed", "partial"})
PRIORITIES = ("low", "normal", "high", "urgent")

__all__ = [
    "PRIORITIES", "channel_icon", "channel_word", "due_pill", "names_text", "preview_text", "priority_word",
    "problem_pill", "row_pill", "state_text", "state_tone", "status_tone", "status_word", "tickets_text",
]  # fmt: skip

Pill = tuple[str, str, str]
"""(word, tone, icon) of a state."""


def status_tone(status: str) -> str:
    """The tone of a status's pill."""
    return _TONES.get(status, "plain")


def state_text(row: TicketRow) -> str:
    """A ticket's status in a word: the desk's own name for it, if there is one."""
    return row.state_name or status_word(row.status)


def state_tone(row: TicketRow) -> str:
    """The tone of a ticket's status."""
    return row.state_colour or status_tone(row.status)


def priority_word(priority: str) -> str:
    """A priority in words."""
    return {
        "low": tr("Low priority"),
        "normal": tr("Normal priority"),
        "high": tr("High priority"),
        "urgent": tr("Urgent"),
    }.get(priority, priority)


def channel_icon(channel: str) -> str:
    """The icon of the way something came."""
    return _CHANNELS.get(channel, "email-outline")


def channel_word(channel: str) -> str:
    """The way something came, in a word."""
    return {"email": tr("E-mail"), "note": tr("Internal note"), "chat": tr("Chat"), "phone": tr("Call")}.get(
        channel, channel.title()
    )


def preview_text(row: TicketRow) -> str:
    """What was written last, in a line: its first words, or what it is instead of words."""
    return tr("Encrypted message") if row.encrypted else row.snippet


def due_pill(row: TicketRow, now: datetime) -> Pill | None:
    """When an answer is due, if that is soon or past."""
    if row.due_at is None or row.status not in ("new", "open"):
        return None
    left = row.due_at - now
    if left <= timedelta(0):
        return tr("Overdue {span}", span=span_text(-left.total_seconds())), "bad", "clock-alert-outline"
    if left <= SOON:
        return tr("Due in {span}", span=span_text(left.total_seconds())), "warn", "clock-outline"
    return None


def problem_pill(state: str) -> Pill | None:
    """An outgoing message that needs a person."""
    words = problem_word(state)
    return (words, "bad" if state in _LOST else "warn", "alert-circle-outline") if words else None


def sleep_pill(row: TicketRow, now: datetime) -> Pill | None:
    """Until when a ticket sleeps; nothing for one that is awake."""
    return (sleep_words(row.snooze_until, now)[0], "plain", "sleep") if row.snooze_until is not None else None


def row_pill(row: TicketRow, now: datetime) -> Pill | None:
    """The one state that a row shows: what is wrong, what is due, until when it sleeps, then a status that is not to do."""
    found = problem_pill(row.problem) or due_pill(row, now) or sleep_pill(row, now)
    if found is None and row.priority == "urgent" and row.status in ("new", "open"):
        return tr("Urgent"), "bad", "flag-outline"
    if found is None and row.status not in ("new", "open"):
        return state_text(row), state_tone(row), ""
    if found is None and row.state_name:
        return row.state_name, state_tone(row), ""
    return found


def names_text(people: Sequence[tuple[str, str]]) -> str:
    """People in a line: names, or addresses where there is no name."""
    return ", ".join(name or address for name, address in people)


def tickets_text(count: int, unfinished: int) -> str:
    """How many tickets somebody has."""
    if not unfinished:
        return tr("{n} ticket|{n} tickets", n=count)
    return tr("{all}, {open} open", all=tr("{n} ticket|{n} tickets", n=count), open=unfinished)
