"""Merging: which ticket stays, decided with the subjects before one's eyes; it can be taken apart again.

With several tickets chosen in the list, one of them stays. With one, it goes into another ticket of the same customer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from PySide6.QtWidgets import QButtonGroup

from app.kernel import clock
from app.tickets.commands import merge
from app.tickets.queries import TicketRow, ticket_rows, tickets_of
from ui.pages import Context
from ui.pages.inbox.words import status_word
from ui.text import ago_text, tr
from ui.widgets.button import Button
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import column, row
from ui.widgets.overlay import Dialog
from ui.widgets.panel import Tile
from ui.widgets.state import Banner
from ui.widgets.toggle import Radio

MOST = 6
"""More than these are not merged by hand, and would not fit a sheet."""


class MergeSheet(Dialog):
    """`moving` are merged; `into` are the tickets one of which stays. `merged(kept, gone)` is called with the choice."""

    def __init__(
        self, moving: Sequence[TicketRow], into: Sequence[TicketRow], merged: Callable[[UUID, list[UUID]], object]
    ) -> None:
        super().__init__(tr("Merge into one ticket"), width=560)
        self._moving, self._merged = moving, merged
        self._group = QButtonGroup(self)
        several = len(moving) > 1
        ask = tr("Which one stays?") if several else tr("Which ticket does #{number} go into?", number=moving[0].number)
        self.add(Label(ask, "section", wrap=True))
        self._keys = [one.id for one in into]
        for place, one in enumerate(into):
            self.add(self._tile(one, place))
        people = {one.customer for one in (*moving, *into)}
        if len(people) > 1:
            words = tr("Replies go to the customer of the ticket that stays.")
            self.add(Banner(tr("These are tickets of different customers"), words))
        count = len(moving) if several else 2
        self.go = Button(tr("Merge {n} ticket|Merge {n} tickets", n=count), "primary", clicked=self._merge)
        remark = tr("Can be undone. The customer is not told.")
        self.set_foot(Button(tr("Cancel"), clicked=self.close_dialog), self.go, remark=remark)

    def _tile(self, ticket: TicketRow, place: int) -> Tile:
        radio = Radio(name=f"#{ticket.number} {ticket.subject}", checked=place == 0)
        radio.setFixedSize(24, 24)
        self._group.addButton(radio, place)
        who = ticket.assignee_name or tr("nobody yet")
        n = tr("{n} message|{n} messages", n=ticket.messages)
        facts = f"{n} · {who} · {ago_text(ticket.last_message_at, clock.now())}"
        number = Label(f"#{ticket.number} · {status_word(ticket.status)} · {ticket.customer_name}", "small")
        words = column(number, ElidingLabel(ticket.subject, "strong"), Label(facts, "small"), spacing=2)
        return Tile(row(column(radio, None), (words, 1), spacing=8), margins=(12, 10, 12, 10))

    def _merge(self) -> None:
        kept = self._keys[self._group.checkedId()]
        self.close_dialog()
        self._merged(kept, [one.id for one in self._moving if one.id != kept])


def candidates(db: Any, chosen: Sequence[UUID], me: UUID | None) -> tuple[tuple[TicketRow, ...], tuple[TicketRow, ...]]:
    """(what is merged, what may stay): for one ticket, the other tickets of its customer, newest first."""
    moving = ticket_rows(db, chosen, me)
    if len(moving) != 1 or moving[0].customer is None:
        return moving, moving if len(moving) > 1 else ()
    others = [key for key in tickets_of(db, moving[0].customer, MOST + 1) if key != moving[0].id]
    return moving, ticket_rows(db, others[:MOST], me)


def ask_merge(context: Context, chosen: Sequence[UUID], me: UUID | None, opened: Callable[[UUID], object]) -> None:
    """Open the sheet; `opened(ticket)` shows the one that stays."""

    def merged(kept: UUID, gone: list[UUID]) -> None:
        words = tr("{n} ticket merged|{n} tickets merged", n=len(gone) + 1)
        context.tasks.do(merge, gone, kept, done=words, then=lambda _done: opened(kept), owner=context.overlay)

    def show(found: tuple[tuple[TicketRow, ...], tuple[TicketRow, ...]]) -> None:
        moving, into = found
        if not into:
            words = tr("This customer has no other ticket. Choose several in the list (X) to merge them.")
            context.toasts.say(words, "info")
            return
        sheet = MergeSheet(moving, into, merged)
        context.overlay.open(sheet, focus=sheet.go)

    context.tasks.ask(candidates, list(chosen), me, then=show, owner=context.overlay, key="inbox-merge")
