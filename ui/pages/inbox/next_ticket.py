"""Which ticket is shown when the one shown leaves its list, or when another list is shown.

Whoever solves, snoozes or deletes wants the next one: the one below, else the one above. Whether a ticket leaves is known only
once the list was read again, so the wish is kept until then; what was refused leaves nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

from PySide6.QtCore import QObject

if TYPE_CHECKING:
    from ui.pages.inbox.page import Page

_NEAR = 30  # rows beside the one shown, one of which is gone on to


class NextTicket(QObject):
    """Follows the rows of the list for its page."""

    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self._page = page
        self._going_on = self._turned = False
        self._list_first = False  # the ticket shown has changed; the list, which is being read, comes first
        self._nearby: list[UUID] = []

    def go_on(self, act: Callable[[], object]) -> None:
        """Do something that may take the ticket out of the list; if it does, the next one is shown."""
        if self._page.picked.pointed is None:  # else it is about another ticket than the one shown
            self.expect(leaves=True)
        act()

    def expect(self, *, leaves: bool) -> None:
        """Something is about to be done with the ticket shown."""
        self._going_on, self._nearby = leaves, self._neighbours()

    def stay(self, _error: Exception) -> None:
        """What was asked for was refused: the ticket shown stays."""
        self._going_on = False

    def turn_to_another_list(self) -> None:
        """Another list was asked for: what is shown will be one of its tickets, once its rows are painted."""
        self._turned, self._going_on = True, False

    def keep(self) -> None:
        """A certain ticket was asked for: it is shown, whatever list there is."""
        self._turned = False

    def is_awaited(self) -> bool:
        """The ticket shown has changed: is it the list that says whether and when it is shown again?

        Its row, on which the eye rests, would wait for a processor while the whole ticket is read beside it.
        """
        page = self._page
        follows = self._going_on or page.model.answers_soon
        self._list_first = follows and page.model.is_loaded and not page.list.searching
        return self._list_first

    def follow_list(self) -> None:
        """The rows changed: mark the ticket shown, or go on to the one in its place if that was the wish."""
        page = self._page
        if self._turned and page.model.is_loaded and not page.list.searching:
            self._turn()
        if page.list.searching or page.ticket is None:
            return
        if page.model.place_of(page.ticket) < 0 and self._going_on:
            self._going_on = False
            if (near := self._nearest()) is not None:
                page.open(near)
                page.list.choose(near)
                page.list.shown.scrollTo(page.list.shown.currentIndex())
                return
            page.reload()  # it was the last one, and stays in sight
        page.list.choose(page.ticket)

    def look_again(self) -> None:
        """The list was read: a ticket that stays here, although it might have left, is shown as it is now. Where one is gone
        on from, the next comes at once: after a painting of the rows, they would be painted twice.
        """
        page = self._page
        if self._list_first:
            self._list_first = False
            stays = page.ticket is not None and page.model.place_of(page.ticket) >= 0
            if page.ticket is not None and (stays or not self._going_on or not self._nearby):
                page.reload()
        if self._going_on:
            page.list.settle_now()

    def _nearest(self) -> UUID | None:
        """One of the neighbours that is still there, else whatever stands where the ticket stood."""
        model = self._page.model
        row = max(0, self._page.list.rows.currentIndex().row())  # Qt's own choice may be the one above, or none
        beside = next((key for key in self._nearby if model.place_of(key) >= 0), None)
        return beside or model.ticket_near(row) or model.ticket_near(row, -1)

    def _neighbours(self) -> list[UUID]:
        """The tickets below the one shown, then those above, the nearest first; without those that something is done to."""
        page = self._page
        place = page.model.place_of(page.ticket) if page.ticket is not None and not page.list.searching else -1
        if place < 0:
            return []
        rows = [*range(place + 1, place + _NEAR), *range(place - 1, place - _NEAR, -1)]
        near = [page.model.ticket_near(row) for row in rows if 0 <= row < page.model.rowCount()]
        chosen = set(page.those())
        return [key for key in near if key is not None and key not in chosen]

    def _turn(self) -> None:
        """Another list is there: what is shown is one of its tickets, or none."""
        page = self._page
        self._turned = False
        if page.writing_new or (page.ticket is not None and page.model.place_of(page.ticket) >= 0):
            return
        if (first := page.model.ticket_near(0)) is not None:
            page.open(first, by_itself=True)
        else:
            page.leave_ticket()
