"""Snoozing: a sheet with the times that people mean, each with the day and hour that it comes to; or until an answer comes.

What an answer does is chosen in the same sheet, and remembered while the window is open: whoever wants thanks to wake nobody
wants it of the next ticket, too. Of a ticket that sleeps, the sheet says how, and begins with that.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from PySide6.QtWidgets import QSpinBox

from app.kernel import clock
from app.tickets.bulk import Act
from app.tickets.commands.snooze import MOST_DAYS, Sleep, last_snoozes, sleeps
from app.tickets.rules import UNTIL_REPLY, OnReply
from ui.pages.changing import Listed, Tickets, change, how_many
from ui.pages.inbox.triage.moments import MomentSheet
from ui.text import tr, when_text
from ui.widgets.button import Button
from ui.widgets.field import Select
from ui.widgets.label import Label
from ui.widgets.layout import column, line, row

if TYPE_CHECKING:
    from ui.pages import Context

NO_ANSWER_DAYS = (3, 7)
_PROPOSED_DAYS = 14
_LOOKED_AT = 500
"""So many of the tickets are looked at to know whether there is a time before."""


@dataclass(frozen=True, slots=True)
class Snooze:
    """What is chosen: a moment, or so many days without an answer, or neither (wake). `on_reply`: what an answer does.

    `again`: each until the time it was snoozed until before. `keep`: the time of each stays as it is.
    """

    until: datetime | None = None
    days: int = 0
    on_reply: str = OnReply.WAKE
    again: bool = False
    keep: bool = False

    @property
    def act(self) -> Act:
        """As the desk takes it."""
        if self.again:
            return Act("snooze", {"again": True, "reply": str(self.on_reply)})
        if self.keep:
            return Act("snooze", {"keep": True, "reply": str(self.on_reply)})
        if self.until is None and not self.days:
            return Act("snooze", None)
        until = self.until.isoformat() if self.until is not None else None
        return Act("snooze", {"until": until, "days": self.days, "reply": str(self.on_reply)})

    def words(self, n: int) -> str:
        """What is said when it is done."""
        if self.keep:
            return tr("{n} ticket sleeps on.|{n} tickets sleep on.", n=n)
        if self.days:
            said = tr("Back if there is no answer in {days} days.", days=self.days)
            return said if n == 1 else tr("{n} tickets: {said}", n=n, said=said)
        if self.again:
            return tr("Snoozed as before.|{n} tickets snoozed as before.", n=n)
        if self.until is None:
            return tr("{n} ticket is back.|{n} tickets are back.", n=n)
        if self.until >= UNTIL_REPLY:
            return tr("Snoozed until an answer comes.|{n} tickets snoozed until an answer comes.", n=n)
        when = when_text(self.until, clock.now(), inside=True)
        return tr("Snoozed until {when}.|{n} tickets snoozed until {when}.", n=n, when=when)


class SnoozeSheet(MomentSheet):
    """Until when; `chosen(snooze)` is called with what the person takes."""

    remembered: str = OnReply.WAKE

    def __init__(self, count: int, *, snoozed: bool, chosen: Callable[[Snooze], object]) -> None:
        title = tr("Snooze the ticket until|Snooze {n} tickets until", n=count)
        self._choose = chosen
        super().__init__(title, tr("Snooze"), timedelta(days=2), self._at)
        self.content.setSpacing(8)  # it is the longest sheet of all, and has to fit the lowest window
        self._count = count
        self._sleeps: Collection[Sleep] = ()
        self.standing = Label("", "small", wrap=True)
        self.standing.hide()
        self.content.insertWidget(0, self.standing)
        self.keep = Button(tr("Change"), clicked=self._keep)
        self.keep.setAccessibleName(tr("Change only what an answer does"))
        self.keep.setToolTip(self.keep.accessibleName())
        self.until_reply = Button(tr("Until an answer comes"), clicked=lambda: self._take_other(until=UNTIL_REPLY))
        self.no_answer = [
            Button(tr("No answer in {n} days", n=days), clicked=partial(self._take_other, days=days))
            for days in NO_ANSWER_DAYS
        ]
        self.days = QSpinBox()
        self.days.setRange(1, MOST_DAYS)
        self.days.setValue(_PROPOSED_DAYS)
        self.days.setMinimumHeight(32)
        self.days.lineEdit().setTextMargins(7, 0, 7, 0)  # a stylesheet does not reach it
        self.days.setSuffix(" " + tr("days without an answer"))
        self.days.setAccessibleName(tr("Days without an answer"))
        self.after_days = Button(tr("Snooze"), clicked=lambda: self._take_other(days=self.days.value()))
        self.after_days.setAccessibleName(tr("Snooze until so many days have passed without an answer"))
        ways = [
            (OnReply.WAKE, tr("It comes back")),
            (OnReply.THANKS, tr("It comes back, but not for a mere thank-you")),
            (OnReply.SLEEP, tr("It stays asleep until its time")),
        ]
        self.on_reply = Select(ways, SnoozeSheet.remembered, name=tr("If the customer writes"))
        self.on_reply.chosen.connect(self._remember)
        on_reply = row((self.on_reply, 1), self.keep, spacing=8) if snoozed else self.on_reply
        self.add(
            line(),
            self.until_reply,
            *self.no_answer,
            row((self.days, 1), self.after_days, spacing=8),
            column(Label(tr("If the customer writes"), "small"), on_reply, spacing=2),
        )
        if snoozed:
            self.add(Button(tr("Wake it now|Wake them now", n=count), "ghost", clicked=self._wake))
        self._follow_way()

    def show_standing(self, found: Collection[Sleep]) -> None:
        """The tickets are asleep: say how, begin with what an answer does to them, and let the time stay as it is."""
        self._sleeps, now = found, clock.now()
        one = min(found, key=lambda one: one.until)
        when = when_text(one.until, now, inside=True)
        if len({each.until for each in found}) > 1:
            self.standing.setText(tr("They sleep until different times, the first until {when}.", when=when))
        elif one.until >= UNTIL_REPLY:
            self.standing.setText(
                tr("It sleeps until an answer comes.|They sleep until an answer comes.", n=self._count)
            )
        else:
            self.standing.setText(tr("It sleeps until {when}.|They sleep until {when}.", n=self._count, when=when))
        self.standing.show()
        if len({each.on_reply for each in found}) == 1:
            self.on_reply.choose(one.on_reply)
        self._follow_way()

    def offer_again(self, times: Collection[datetime]) -> None:
        """The tickets were snoozed until times that are still to come: offer those again."""
        if len(times) == 1:
            (at,) = times
            words = tr("As before, until {when}", when=when_text(at, clock.now(), inside=True))
        else:
            words = tr("As before, each until its own time")
        self.add(Button(words, "ghost", clicked=self._take_again))

    def _remember(self, way: str) -> None:
        SnoozeSheet.remembered = way
        self._follow_way()

    def _follow_way(self) -> None:
        way = self.on_reply.current()
        self.until_reply.setEnabled(way != OnReply.SLEEP)  # nothing would bring it back
        others = [one for one in self._sleeps if one.on_reply != way]
        self.keep.setEnabled(bool(others) and not (way == OnReply.SLEEP and _wait_for_an_answer(self._sleeps)))

    def _at(self, at: datetime) -> None:
        self._choose(Snooze(until=at, on_reply=self.on_reply.current()))

    def _take_other(self, *, until: datetime | None = None, days: int = 0) -> None:
        self.close_dialog()
        self._choose(Snooze(until, days, self.on_reply.current()))

    def _take_again(self) -> None:
        self.close_dialog()
        self._choose(Snooze(again=True, on_reply=self.on_reply.current()))

    def _keep(self) -> None:
        self.close_dialog()
        self._choose(Snooze(keep=True, on_reply=self.on_reply.current()))

    def _wake(self) -> None:
        self.close_dialog()
        self._choose(Snooze())


def ask_snooze(context: Context, tickets: Tickets, *, snoozed: bool) -> None:
    """Open the sheet for these tickets and do what is chosen."""
    sheet = SnoozeSheet(
        how_many(tickets),
        snoozed=snoozed,
        chosen=lambda what: change(context, tickets, [what.act], what.words),
    )
    context.overlay.open(sheet, focus=sheet.offers[0])

    def take(found: tuple[Collection[Sleep], Collection[datetime]]) -> None:
        asleep, before = found
        if context.overlay.current() is not sheet:
            return
        if asleep:
            sheet.show_standing(asleep)
        elif before:
            sheet.offer_again(before)

    context.tasks.ask(_how_they_sleep, tickets, clock.now(), then=take, owner=sheet)


def _wait_for_an_answer(found: Collection[Sleep]) -> bool:
    return any(one.until >= UNTIL_REPLY for one in found)


def _how_they_sleep(db: Any, tickets: Tickets, now: datetime) -> tuple[frozenset[Sleep], frozenset[datetime]]:
    """How the first of these tickets sleep, and until when, still to come, those that are awake were snoozed before."""
    block = tickets.ids(db) if isinstance(tickets, Listed) else tickets
    first = block[: 16 * _LOOKED_AT] if isinstance(block, bytes) else b"".join(key.bytes for key in block[:_LOOKED_AT])
    keys = [UUID(bytes=first[at : at + 16]) for at in range(0, len(first), 16)]
    return sleeps(db, keys), frozenset(last_snoozes(db, keys, now).values())
