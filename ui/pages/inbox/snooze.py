"""Snoozing: a sheet with the times that people mean, each with the day and hour that it comes to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.kernel import clock
from app.tickets.commands import snooze
from ui.pages.inbox.moments import MomentSheet
from ui.text import tr, when_text
from ui.widgets.button import Button
from ui.widgets.label import Label

if TYPE_CHECKING:
    from ui.pages import Context


class SnoozeSheet(MomentSheet):
    """Until when; `chosen(moment)` is called with what the person takes, None to wake the tickets."""

    def __init__(self, count: int, *, snoozed: bool, chosen: Callable[[datetime | None], object]) -> None:
        title = tr("Snooze the ticket until|Snooze {n} tickets until", n=count)
        super().__init__(title, tr("Snooze"), timedelta(days=2), chosen)
        if snoozed:
            self._wake = chosen
            self.add(Button(tr("Wake it now|Wake them now", n=count), "ghost", clicked=self._take_none))
        words = tr("It comes back by itself then, or as soon as the customer writes.")
        self.add(Label(words, "small", wrap=True))

    def _take_none(self) -> None:
        self.close_dialog()
        self._wake(None)


def ask_snooze(context: Context, tickets: Sequence[UUID], *, snoozed: bool) -> None:
    """Open the sheet for these tickets and do what is chosen."""

    def chosen(at: datetime | None) -> None:
        woken = tr("{n} ticket is back|{n} tickets are back", n=len(tickets))
        when = when_text(at, clock.now()) if at is not None else ""
        context.tasks.do(snooze, list(tickets), at, done=tr("Snoozed until {when}", when=when) if when else woken)

    sheet: Any = SnoozeSheet(len(tickets), snoozed=snoozed, chosen=chosen)
    context.overlay.open(sheet, focus=sheet.offers[0])
