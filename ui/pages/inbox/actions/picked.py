"""What an action of the inbox acts on: the tickets chosen in the list, or the one that is open.

How many these are costs nothing to know, however many; which ones is asked only when something is done with them. A whole
list is named by its condition, never by the ids of a hundred thousand tickets on the window's thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from app.search.queries import ticket_ids as search_ids
from app.tickets.queries import TicketRow
from ui.models import blocks
from ui.models.sources import keys_of
from ui.models.tickets import ID_ROLE
from ui.pages.changing import Listed, Tickets

if TYPE_CHECKING:
    from ui.pages.inbox.page import Page

LOOKED_AT = 200
"""So many of the chosen are looked at to say how they stand; of more than that nobody needs to know."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Held:
    """What was chosen at one moment: for whoever asks first and acts a while later."""

    tickets: Tickets
    count: int
    many: bool
    first: Sequence[UUID]
    """The first two hundred."""
    row_of: Callable[[UUID], TicketRow | None]
    pointed: bool = False
    """Was only a row's menu open, whatever is chosen?"""

    def rows(self) -> list[TicketRow]:
        """How they stand now, as far as they are known: of the first two hundred at most."""
        return [row for row in map(self.row_of, self.first) if row is not None]


class Picked:
    """Asked anew each time, since the choice changes under it; but once only while all actions are looked at together."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.pointed: UUID | None = None
        """The row whose menu is open, though it is not chosen: while it is, that ticket alone is meant."""
        self._glance = 0
        self._known: dict[str, Any] = {}

    @property
    def count(self) -> int:
        """How many tickets."""
        return self._once("count", self._count)

    @property
    def many(self) -> bool:
        """Are several chosen, or is one marked to be joined by others?"""
        return self._once("many", lambda: self.pointed is None and self._page.selecting.wanted)

    def tickets(self) -> Tickets:
        """Which they are: for `ui.pages.changing`."""
        page = self._page
        if self.pointed is not None or not page.selecting.everything:
            return self.keys()
        count, me = page.selecting.total, page.me
        if page.list.searching:
            asked = page.finding.asked
            return Listed(lambda db: blocks.block_of(search_ids(db, asked.typed, me=me, scope=asked.scope)), count)
        view = page.model.view
        return Listed(lambda db: keys_of(db, view), count)

    def held(self) -> Held:
        """What is chosen now, to be kept."""
        row_of = self._page.context.rows.row
        return Held(self.tickets(), self.count, self.many, self.first_keys(), row_of, self.pointed is not None)

    def keys(self) -> list[UUID]:
        """The ids of those chosen, from top to bottom; of a whole list, those that are loaded."""
        page = self._page
        if self.pointed is not None:
            return [self.pointed]
        if self._by_list():
            return page.list.selected()
        return [page.ticket] if page.ticket is not None else []

    def rows(self) -> list[TicketRow]:
        """How they stand, as far as they are known: of the first two hundred at most."""
        return self._once("rows", self._rows)

    def first_keys(self) -> list[UUID]:
        """The first two hundred of them."""
        page = self._page
        if self.pointed is not None or not self._by_list():
            return self.keys()
        found: list[UUID] = []
        model, chosen = page.list.shown.model(), page.list.shown.selectionModel().selection()
        for n in range(chosen.count()):
            for row in range(chosen.at(n).top(), chosen.at(n).bottom() + 1):
                if isinstance(key := model.index(row, 0).data(ID_ROLE), UUID):
                    found.append(key)
                if len(found) >= LOOKED_AT:
                    return found
        return found

    def _by_list(self) -> bool:
        """Is it the list's choice that counts? Not while a ticket is open that is not the one chosen there."""
        page, rows = self._page, self._page.list.shown
        if not rows.selectionModel().hasSelection():
            return False
        if page.selecting.wanted or page.ticket is None or rows.hasFocus():
            return True
        return bool(rows.currentIndex().data(ID_ROLE) == page.ticket)

    def _count(self) -> int:
        page = self._page
        if self.pointed is not None:
            return 1
        if self._by_list():
            return page.selecting.count
        return int(page.ticket is not None)

    def _rows(self) -> list[TicketRow]:
        found = (self._page.context.rows.row(key) for key in self.first_keys())
        return [row for row in found if row is not None]

    def _once(self, name: str, ask: Callable[[], T]) -> T:
        """What `ask` says; the same again during one look at all actions."""
        glance = self._page.context.actions.glance
        if not glance:
            return ask()
        if glance != self._glance:
            self._glance, self._known = glance, {}
        if name not in self._known:
            self._known[name] = ask()
        found: T = self._known[name]
        return found
