"""A ticket in a window of its own: its conversation and the composer, live; everything else is in the main window."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from app.desk import Desk
from app.kernel.database.changes import Changes
from ui.desk_window import DeskWindow, Windows
from ui.pages import BasePage
from ui.pages.palette_search import Finder
from ui.theme import Theme
from ui.widgets.layout import column
from ui.widgets.rail import Reason, State


class TicketWindow(DeskWindow):
    """One ticket. Closing it loses nothing: what is typed is a draft, in the main window too."""

    kept_as = "ticket_geometry"

    def __init__(self, desk: Desk, theme: Theme, among: Windows, ticket: UUID) -> None:
        from ui.pages.inbox.alone import Alone

        super().__init__(desk, theme, among=among)
        self.windows = among
        self.setMinimumSize(640, 520)
        self._page: Alone | None = None
        body = column(box="canvas")
        self._furnish(body, (960, 820))
        self._page = Alone(self.context)
        layout = body.layout()
        assert layout is not None
        layout.addWidget(self._page)
        self._page.named.connect(lambda words: self.setWindowTitle(f"{words} – Deskbell"))
        self.set_live_search(Finder(self.tasks, self.go, self))
        self._page.show_place(ticket=ticket)
        self._page.activate()

    @property
    def alone(self) -> UUID | None:
        return self._page.ticket if self._page is not None else None

    def page(self) -> BasePage | None:
        return self._page

    def go(self, name: str, **where: object) -> None:
        main = self.windows.first
        main.raise_to_front()
        main.go(name, **where)

    def back(self) -> None:
        self.close()

    def show_status(self, state: State, reasons: Sequence[Reason]) -> None:
        self.windows.first.show_status(state, reasons)

    def apply(self, changes: Changes) -> None:
        if self._page is not None:
            self._page.refresh(changes)
