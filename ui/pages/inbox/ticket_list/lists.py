"""Which views there are, which one is shown, and how many tickets lie in each.

A view is shown by one question that reads it with its first screen, so that name, order and rows are of one moment. The exact
numbers of all views come from the desk's tally, which is asked after the first screen and after every change; until it answers
for the first time, those that the desk keeps are shown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

from PySide6.QtCore import QObject, QTimer, Signal

from app.kernel.database.changes import Changes
from app.views.queries import ViewInfo, view_id, views
from app.views.rules import TO_DO
from app.views.tally import ViewCount
from ui.models.sources import Asked, depends_on_time
from ui.models.tickets import TicketModel
from ui.pages import Context
from ui.pages.inbox.loading import First, first

if TYPE_CHECKING:
    from ui.pages.inbox.ticket_list.panel import ListPanel

_SOON_MS = 40
"""After a rest numbers wait so long: the rows come first, which a person looks at."""

_REST_MS = 300
"""Between two looks at the numbers while changes keep coming."""

_PATIENCE_S = 0.1
"""Views that were never counted since the start are counted for so long before the numbers of the others are shown."""

_AGAIN_MS = 30_000
"""Views with relative times are counted anew at most once a minute; this is how often is looked."""

_COUNTED = ("ticket", "seen", "setting", "customer", "agent", "tag", "view", "field", "state", "message", "survey")
_ASKED_FOR = ("seen", "customer", "organisation", "agent", "tag", "field", "state", "message", "survey", "mailbox")


class Lists(QObject):
    """The views of the inbox."""

    changed = Signal()  # views or numbers
    reread = Signal(object)  # UUID or key: this view has to be read anew

    def __init__(self, context: Context, model: TicketModel, panel: ListPanel, me: Callable[[], UUID | None]) -> None:
        super().__init__(panel)
        self._context, self._model, self._panel, self._me = context, model, panel, me
        self.views: tuple[ViewInfo, ...] = ()
        self.current: ViewInfo | None = None
        self.numbers: dict[UUID, ViewCount] = {}
        self._wanted: str | UUID = TO_DO
        self._kept: dict[UUID, int] = {}
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._rest.timeout.connect(self._rested)
        self._old = self._counting = False
        self._again = QTimer(self, interval=_AGAIN_MS)
        self._again.timeout.connect(self._look_again)

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
            self._kept = {} if self.numbers else found.totals
            self._show()
            then(found)
            if not self._again.isActive():
                self._again.start()
                self._look_soon()

        self._context.tasks.ask(first, wanted, self._me(), then=take, owner=self, key="inbox-list", failed=failed)

    def apply(self, changes: Changes) -> None:
        """Follow what changed: numbers, views, and a list whose conditions ask for more than tickets."""
        if changes.touches(*_COUNTED):
            self._look_soon()
        if changes.touches("view"):
            self._context.tasks.ask(
                views, self._me(), hidden=True, then=self._take_views, owner=self, key="inbox-views"
            )
        if isinstance(self._model.view, Asked) and changes.touches(*_ASKED_FOR):
            self._model.reload()

    def _take_views(self, found: tuple[ViewInfo, ...]) -> None:
        """Views were changed; if the one shown lists something else now, or is gone, it is read anew."""
        before = self.current
        self.views = tuple(one for one in found if not one.hidden)
        now = next((one for one in found if before is not None and one.id == before.id), None)
        gone = now is None or (now.hidden and not now.is_built_in)
        if before is not None and (gone or (now is not None and now.listing != before.listing)):
            self.reread.emit(TO_DO if gone else before.id)
        else:
            self.current = now
        self._show()
        self._look_soon()

    def wanted(self) -> str | UUID:
        """The view that was asked for last."""
        return self._wanted

    # -- numbers

    def count_of(self, view: ViewInfo) -> int | None:
        """How many tickets lie in a view; None while it is not known yet."""
        known = self.numbers.get(view.id)
        if known is not None and not known.problem:
            return known.total
        return self._kept.get(view.id)

    def is_stale(self, view: ViewInfo) -> bool:
        """May the number have changed since it was counted? It is marked then."""
        known = self.numbers.get(view.id)
        return known is not None and known.stale

    def _look_again(self) -> None:
        """Time goes by: what is counted by it, and a list that it changes, are read again."""
        self.ask_numbers()
        if self.current is not None and depends_on_time(self.current.listing.condition):
            self._model.reload()

    def _look_soon(self) -> None:
        """The numbers are old. What was not looked at for a while is looked at soon, else when it has rested."""
        self._old = True
        if not self._rest.isActive():
            self._rest.start(_SOON_MS)

    def _rested(self) -> None:
        if self._old:
            self._rest.start(_REST_MS)
            self.ask_numbers()

    def ask_numbers(self) -> None:
        """Read the exact numbers of all views; while they are being counted, that goes on first."""
        self._old = self._counting
        if not self._counting:
            self._counting = True
            asked = (self._context.desk.tally.read, self._me())
            self._context.tasks.ask(
                *asked, patience_s=_PATIENCE_S, then=self._take_numbers, owner=self, failed=self._not_counted
            )

    def _not_counted(self, _error: Exception) -> bool:
        self._counting = False
        return False

    def _take_numbers(self, found: dict[UUID, ViewCount]) -> None:
        self._counting = False
        if self._old and not self._rest.isActive():
            self._rest.start(_REST_MS)
        if found != self.numbers:
            self.numbers, self._kept = found, {}
            self._context.count("inbox", found[view_id(TO_DO)].unread)
            self._show()
        if not self._context.desk.tally.is_whole:
            self.ask_numbers()

    def _show(self) -> None:
        self._panel.show_views(self.views, self.current, self.count_of, self.is_stale)
        self.changed.emit()
