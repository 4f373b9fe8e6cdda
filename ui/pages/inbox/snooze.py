"""Snoozing: a sheet with the times that people mean, each with the day and hour that it comes to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from app.kernel import clock
from app.tickets.bulk import Act
from ui.pages.changing import Tickets, change, how_many
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


def ask_snooze(context: Context, tickets: Tickets, *, snoozed: bool) -> None:
    """Open the sheet for these tickets and do what is chosen."""

    def chosen(until: datetime | None) -> None:
        def words(n: int) -> str:
            if until is None:
                return tr("{n} ticket is back.|{n} tickets are back.", n=n)
            when = when_text(until, clock.now())
            return tr("Snoozed until {when}.|{n} tickets snoozed until {when}.", n=n, when=when)

        change(context, tickets, [Act("snooze", until.isoformat() if until else None)], words)

    sheet: Any = SnoozeSheet(how_many(tickets), snoozed=snoozed, chosen=chosen)
    context.overlay.open(sheet, focus=sheet.offers[0])
