"""What the command palette finds beside actions: tickets and customers, by the same search as everywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QObject

from app.search.queries import Hit, search
from ui.tasks import Tasks
from ui.text import tr
from ui.widgets.palette import Entry

MOST = 8
_SHORTEST = 2

Show = Callable[[Sequence[Entry]], None]


class Finder(QObject):
    """Asks for hits off the window's thread; a newer question makes an older one void."""

    def __init__(self, tasks: Tasks, go: Callable[..., None], parent: QObject) -> None:
        super().__init__(parent)
        self._tasks, self._go = tasks, go

    def __call__(self, query: str, show: Show) -> None:
        """Show what is found for `query`, later; nothing for a single letter."""
        words = query.strip()
        if len(words) < _SHORTEST:
            self._tasks.forget("palette")
            show([])
            return
        self._tasks.ask(
            search,
            words,
            limit=MOST,
            then=lambda hits: show([self._entry(hit) for hit in hits]),
            owner=self,
            key="palette",
            failed=lambda _error: True,  # half a query is no mistake yet
        )

    def _entry(self, hit: Hit) -> Entry:
        if hit.kind == "customer":
            return Entry(
                hit.title,
                partial(self._go, "customers", customer=hit.customer),
                hint=hit.snippet,
                icon="account-outline",
                group=tr("Customers"),
            )
        return Entry(
            hit.title or tr("No subject"),
            partial(self._go, "inbox", ticket=hit.ticket),
            hint=" · ".join(part for part in (f"#{hit.number}", hit.who) if part),
            icon="email-outline",
            group=tr("Tickets"),
        )
