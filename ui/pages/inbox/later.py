"""Sending later: a sheet with the times that people mean, and a field for any other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QDateTime
from PySide6.QtWidgets import QDateTimeEdit

from app.kernel import clock
from ui.pages.inbox.snooze import times
from ui.text import clock_text, date_text, tr
from ui.widgets.button import Button
from ui.widgets.label import Label
from ui.widgets.layout import line, row
from ui.widgets.overlay import Dialog

if TYPE_CHECKING:
    from ui.pages import Context


class LaterSheet(Dialog):
    """When to send; `chosen(moment)` is called with what the person takes, in UTC and never in the past."""

    def __init__(self, chosen: Callable[[datetime], object]) -> None:
        super().__init__(tr("Send it later"), width=400)
        self._chosen = chosen
        now = clock.now()
        self.offers = [self._offer(words, at, now) for words, at in times(now)]
        self.field = QDateTimeEdit(QDateTime.fromSecsSinceEpoch(int((now + timedelta(hours=1)).timestamp())))
        self.field.setMinimumDateTime(QDateTime.fromSecsSinceEpoch(int(now.timestamp())))
        self.field.setAccessibleName(tr("Day and time"))
        self.field.setCalendarPopup(True)
        self.field.setMinimumHeight(32)
        self.take = Button(tr("Send then"), clicked=self._take_field)
        self.add(*self.offers, line(), row((self.field, 1), self.take, spacing=8))
        words = tr("If the customer writes before, it is not sent: it becomes a draft again and you are told.")
        self.add(Label(words, "small", wrap=True))

    def _offer(self, words: str, at: datetime, now: datetime) -> Button:
        days = (at.astimezone().date() - now.astimezone().date()).days
        when = clock_text(at) if days < 2 else f"{date_text(at, now)} {clock_text(at)}"
        return Button(f"{words}  ·  {when}", clicked=partial(self._take, at))

    def _take_field(self) -> None:
        self._take(datetime.fromtimestamp(self.field.dateTime().toSecsSinceEpoch(), UTC))

    def _take(self, at: datetime) -> None:
        self.close_dialog()
        self._chosen(at)


def ask_when(context: Context, chosen: Callable[[datetime], object]) -> None:
    """Open the sheet."""
    sheet = LaterSheet(chosen)
    context.overlay.open(sheet, focus=sheet.offers[0])
