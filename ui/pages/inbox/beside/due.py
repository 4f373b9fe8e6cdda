"""When a ticket is due: a sheet with the moments that people mean, and any other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from app.tickets.bulk import Act
from app.tickets.work_rules import DUE_HOUR
from ui.pages import Context
from ui.pages.changing import Tickets, change, how_many
from ui.pages.inbox.triage.moments import MomentSheet
from ui.text import tr, when_text
from ui.widgets.button import Button


def due_times(now: datetime) -> tuple[tuple[str, datetime], ...]:
    """What is offered at a moment (aware): words and the moment they mean, in UTC, earliest first. By 17:00, here."""
    local = now.astimezone()
    today = local.replace(hour=DUE_HOUR, minute=0, second=0, microsecond=0, tzinfo=None)
    friday = today + timedelta(days=(4 - local.weekday()) % 7)
    offered = [
        (tr("Today"), today),
        (tr("Tomorrow"), today + timedelta(days=1)),
        (tr("End of this week"), friday),
        (tr("In a week"), today + timedelta(days=7)),
        (tr("In four weeks"), today + timedelta(days=28)),
    ]
    # Without a zone the hour is the wall clock's, also beyond the night in which clocks change.
    found = [(words, at.astimezone(UTC)) for words, at in offered]
    named = {at: (words, at) for words, at in reversed(found) if at > now}
    return tuple(sorted(named.values(), key=lambda one: one[1]))


class DueSheet(MomentSheet):
    """By when; `chosen(moment)` is called with what the person takes, None for no date at all."""

    def __init__(self, count: int, *, has_date: bool, chosen: Callable[[datetime | None], object]) -> None:
        title = tr("The ticket is due|{n} tickets are due", n=count)
        super().__init__(title, tr("Set"), timedelta(days=2), chosen, offered=due_times)
        if has_date:
            self._none = chosen
            self.add(Button(tr("No due date"), "ghost", clicked=self._take_none))

    def _take_none(self) -> None:
        self.close_dialog()
        self._none(None)


def ask_due(context: Context, tickets: Tickets, *, has_date: bool, now: datetime) -> None:
    """Open the sheet for these tickets and do what is chosen."""

    def chosen(at: datetime | None) -> None:
        def words(n: int) -> str:
            if at is None:
                return tr("No due date any more.|{n} tickets have no due date any more.", n=n)
            return tr("Due {when}.|{n} tickets are due {when}.", n=n, when=when_text(at, now, inside=True))

        change(context, tickets, [Act("due", at.isoformat() if at else None)], words)

    sheet: Any = DueSheet(how_many(tickets), has_date=has_date, chosen=chosen)
    context.overlay.open(sheet, focus=sheet.offers[0])
