"""Asking for a moment: a sheet with the times that people mean, each with the day and hour it comes to, and any other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from PySide6.QtCore import QDateTime
from PySide6.QtWidgets import QDateTimeEdit

from app.kernel import clock
from ui.text import clock_text, date_text, moment_format, tr
from ui.widgets.button import Button
from ui.widgets.layout import line, row
from ui.widgets.overlay import Dialog

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


class MomentSheet(Dialog):
    """`chosen(moment)` is called with what the person takes, in UTC. `proposed`: how far ahead the field begins; `offered`: what else."""

    def __init__(
        self,
        title: str,
        take: str,
        proposed: timedelta,
        chosen: Callable[[datetime], object],
        *,
        offered: Callable[[datetime], tuple[tuple[str, datetime], ...]] = times,
    ) -> None:
        super().__init__(title, width=400)
        self._chosen = chosen
        now = clock.now()
        self.offers = [self._offer(words, at, now) for words, at in offered(now)]
        self.field = QDateTimeEdit(_qt(now + proposed))
        self.field.setAccessibleName(tr("Day and time"))
        self.field.setDisplayFormat(moment_format())
        self.field.setCalendarPopup(True)
        self.field.setMinimumHeight(32)
        self.take = Button(take, clicked=self._take_field)
        self.add(*self.offers, line(), row((self.field, 1), self.take, spacing=8))

    def not_before(self, at: datetime) -> None:
        """The field takes no earlier moment."""
        self.field.setMinimumDateTime(_qt(at))

    def _offer(self, words: str, at: datetime, now: datetime) -> Button:
        days = (at.astimezone().date() - now.astimezone().date()).days
        when = clock_text(at) if days < 2 else f"{date_text(at, now)} {clock_text(at)}"
        return Button(f"{words}  ·  {when}", clicked=partial(self._take, at))

    def _take_field(self) -> None:
        self._take(datetime.fromtimestamp(self.field.dateTime().toSecsSinceEpoch(), UTC))

    def _take(self, at: datetime) -> None:
        self.close_dialog()
        self._chosen(at)


def _qt(at: datetime) -> QDateTime:
    return QDateTime.fromSecsSinceEpoch(int(at.timestamp()))
