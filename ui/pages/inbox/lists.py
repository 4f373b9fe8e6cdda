"""Which views there are, which one is shown, and how many tickets lie in each.

A view is shown by one question that reads it with its first screen, so that name, order, rows and numbers are of one moment.
The exact numbers of all views come from the desk's tally, which is asked after the first screen and after every change.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID
from weakref import WeakKeyDictionary

from PySide6.QtCore import QObject, QTimer

from app.desk import Desk
from app.kernel.changes import Changes
from app.tickets.queries import Counts, counts
from app.views.commands import change_view
from app.views.queries import ViewInfo, views
from app.views.tally import Tally, ViewCount
from ui.models.sources import pile_of
from ui.models.tickets import TicketModel
from ui.pages import Context
from ui.pages.inbox.loading import First, first

if TYPE_CHECKING:
    from ui.pages.inbox.list_panel import ListPanel

TO_DO = "to_do"
_TALLY_MS = 250
_AGAIN_MS = 30_000
"""Views with relative times are counted anew at most once a minute; this is how often is looked."""

_TALLIES: WeakKeyDictionary[Desk, Tally] = WeakKeyDictionary()


def tally_of(desk: Desk) -> Tally:
    """The one tally of a desk, whoever asks."""
    return _TALLIES.setdefault(desk, Tally())


class Lists(QObject):
    """The views of the inbox."""

    def __init__(self, context: Context, model: TicketModel, panel: ListPanel, me: Callable[[], UUID | None]) -> None:
        super().__init__(panel)
        self._context, self._model, self._panel, self._me = context, model, panel, me
        self.views: tuple[ViewInfo, ...] = ()
        self.current: ViewInfo | None = None
        self.numbers: dict[UUID, ViewCount] = {}
        self._wanted: str | UUID = TO_DO
        self._quick: Counts | None = None
        self._soon = QTimer(self, singleShot=True, interval=_TALLY_MS)
        self._soon.timeout.connect(self._ask_numbers)
        self._again = QTimer(self, interval=_AGAIN_MS)
        self._again.timeout.connect(self._ask_numbers)

    # -- for the page

    def show(self, wanted: str | UUID, then: Callable[[First], object], failed: Callable[[Exception], bool]) -> None:
        """Show a view, a built-in one by its key; `then` when its first screen is there."""
        self._wanted = wanted
        known = next((one for one in self.views if wanted in (one.id, one.key)), None)
        if known is not None:
            self.current = known
            self._show()

        def take(found: First) -> None:
            self.views, self.current = found.views, found.view
            self._quick = found.counts
            self._show()
            then(found)
            if not self._again.isActive():
                self._again.start()
                self._soon.start()

        self._context.tasks.ask(first, wanted, self._me(), then=take, owner=self, key="inbox-list", failed=failed)

    def apply(self, changes: Changes) -> bool:
        """Follow what changed; True if the view that is shown has to be read anew."""
        if changes.touches("ticket", "seen", "setting", "customer", "agent", "tag", "view", "field"):
            self._soon.start() if not self._soon.isActive() else None
        if changes.touches("ticket", "setting", "seen"):
            self._context.tasks.ask(counts, self._me(), then=self._take_counts, owner=self, key="inbox-counts")
        return changes.touches("view")

    def read_views(self, then: Callable[[bool], object]) -> None:
        """Views were changed: read them; `then(True)` if the one shown lists something else now."""

        def take(found: tuple[ViewInfo, ...]) -> None:
            before = self.current
            self.views = found
            if before is not None:
                self.current = next((one for one in found if one.id == before.id), None)
            self._show()
            then(self.current is None or before is None or self.current.listing != before.listing)

        self._context.tasks.ask(views, self._me(), then=take, owner=self, key="inbox-views")

    def wanted(self) -> str | UUID:
        """The view that was asked for last."""
        return self._wanted

    def change(self, **fields: Any) -> None:
        """Change how the view shown is ordered, grouped or looks; it is remembered with the view."""
        if self.current is not None:
            self._context.tasks.do(change_view, self.current.id, **fields)

    # -- numbers

    def count_of(self, view: ViewInfo) -> int | None:
        """How many tickets lie in a view; None while it is not known yet."""
        known = self.numbers.get(view.id)
        if known is not None and not known.problem:
            return known.total
        pile = pile_of(view)
        return self._quick[pile] if self._quick is not None and pile is not None else None

    def _take_counts(self, found: Counts) -> None:
        self._quick = found
        self._context.count("inbox", found.unread)
        self._show()

    def _ask_numbers(self) -> None:
        tally, me = tally_of(self._context.desk), self._me()
        self._context.tasks.ask(tally.read, me, then=self._take_numbers, owner=self, key="inbox-numbers")

    def _take_numbers(self, found: dict[UUID, ViewCount]) -> None:
        if found != self.numbers:
            self.numbers = found
            self._show()

    def _show(self) -> None:
        self._panel.show_views(self.views, self.current, self.count_of)
