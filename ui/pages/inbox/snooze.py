"""Snoozing: a sheet with the times that people mean, each with the day and hour that it comes to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtCore import QDateTime
from PySide6.QtWidgets import QDateTimeEdit

from app.kernel import clock
from app.tickets.commands import snooze
from ui.text import clock_text, date_text, tr, when_text
from ui.widgets.button import Button
from ui.widgets.label import Label
from ui.widgets.layout import line, row
from ui.widgets.overlay import Dialog

if TYPE_CHECKING:
    from ui.pages import Context

MORNING = 8  # o'clock, where people look at what they put off
_SOON = timedelta(hours=3)


def times(now: datetime) -> tuple[tuple[str, datetime], ...]:
    """What is offered at a moment (aware): words and the moment they mean, in UTC, earliest first."""
    local = now.astimezone()
    today = local.replace(hour=MORNING, minute=0, second=0, microsecond=0, tzinfo=None)
    monday = today + timedelta(days=7 - local.weekday())
    offered = [
        (tr("In 3 hours"), (local + _SOON).replace(second=0, microsecond=0, tzinfo=None)),
        (tr("Tomorrow"), today + timedelta(days=1)),
        (tr("Next Monday"), monday),
        (tr("In a week"), today + timedelta(days=7)),
    ]
    # Without a zone the hour is the wall clock's, also beyond the night in which clocks change.
    found = [(words, at.astimezone(UTC)) for words, at in offered]
    return tuple(sorted({at: (words, at) for words, at in reversed(found)}.values(), key=lambda one: one[1]))


class SnoozeSheet(Dialog):
    """Until when; `chosen(moment)` is called with what the person takes, None to wake the tickets."""

    def __init__(self, count: int, *, snoozed: bool, chosen: Callable[[datetime | None], object]) -> None:
        super().__init__(tr("Snooze the ticket until|Snooze {n} tickets until", n=count), width=400)
        self._chosen = chosen
        now = clock.now()
        self.offers = [self._offer(words, at, now) for words, at in times(now)]
        self.field = QDateTimeEdit(QDateTime.fromSecsSinceEpoch(int((now + timedelta(days=2)).timestamp())))
        self.field.setAccessibleName(tr("Day and time"))
        self.field.setCalendarPopup(True)
        self.field.setMinimumHeight(32)
        take = Button(tr("Snooze"), clicked=self._take_field)
        self.add(*self.offers, line(), row((self.field, 1), take, spacing=8))
        if snoozed:
            self.add(Button(tr("Wake it now|Wake them now", n=count), "ghost", clicked=partial(self._take, None)))
        words = tr("It comes back by itself then, or as soon as the customer writes.")
        self.add(Label(words, "small", wrap=True))

    def _offer(self, words: str, at: datetime, now: datetime) -> Button:
        days = (at.astimezone().date() - now.astimezone().date()).days
        when = clock_text(at) if days < 2 else f"{date_text(at, now)} {clock_text(at)}"
        return Button(f"{words}  ·  {when}", clicked=partial(self._take, at))

    def _take_field(self) -> None:
        self._take(datetime.fromtimestamp(self.field.dateTime().toSecsSinceEpoch(), UTC))

    def _take(self, at: datetime | None) -> None:
        self.close_dialog()
        self._chosen(at)


def ask_snooze(context: Context, tickets: Sequence[UUID], *, snoozed: bool) -> None:
    """Open the sheet for these tickets and do what is chosen."""

    def chosen(at: datetime | None) -> None:
        woken = tr("{n} ticket is back|{n} tickets are back", n=len(tickets))
        when = when_text(at, clock.now()) if at is not None else ""
        context.tasks.do(snooze, list(tickets), at, done=tr("Snoozed until {when}", when=when) if when else woken)

    sheet: Any = SnoozeSheet(len(tickets), snoozed=snoozed, chosen=chosen)
    context.overlay.open(sheet, focus=sheet.offers[0])
