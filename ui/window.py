"""The main window: rail, pages, lamp. What it has in common with the window of a single ticket is in `desk_window`.

Pages are made when they are first shown and marked stale while hidden: changes are merged for them and handed over when they
come back, so a hidden page costs nothing. The window itself knows which pages there are, never what is on them.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
from collections.abc import Sequence
from functools import partial
from typing import cast
from uuid import UUID

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from app.desk import Desk
from app.kernel.database.changes import Changes
from app.kernel.program.activation import Asked
from app.kernel.state import signals
from ui.actions import LISTS
from ui.desk_window import LOOKS, DeskWindow, EngineSecret, Windows
from ui.pages import BasePage, Unsaved
from ui.pages.activation import show_asked
from ui.pages.backup_actions import bind_backups
from ui.pages.palette_search import Finder
from ui.text import tr
from ui.theme import Theme
from ui.ticket_window import TicketWindow
from ui.widgets.rail import AgentButton, Lamp, Place, Rail, Reason, State
from ui.widgets.state import ErrorState

log = logging.getLogger(__name__)

FIRST_RUN = "first_run"
_PLACES = (
    Place("inbox", "Inbox", "inbox-outline", "Ctrl+1"),
    Place("board", "Board", "view-column-outline", "Ctrl+2"),
    Place("chats", "Chats", "message-outline", "Ctrl+3"),
    Place("customers", "Customers", "account-multiple-outline", "Ctrl+4"),
    Place("satisfaction", "Satisfaction", "star-outline", "Ctrl+5"),
)
_SETTINGS = Place("settings", "Settings", "cog-outline", "Ctrl+,")


def has_page(name: str) -> bool:
    """Is there a page of this name in this program?"""
    try:
        return importlib.util.find_spec(f"ui.pages.{name}.page") is not None
    except ModuleNotFoundError:
        return False


class Window(DeskWindow):
    """A window with everything. `counts`: the latest number beside each page."""

    first_rows = Signal()  # a list has painted its first rows

    def __init__(
        self, desk: Desk, theme: Theme, *, engine_secret: EngineSecret | None = None, among: Windows | None = None
    ) -> None:
        super().__init__(desk, theme, engine_secret=engine_secret, among=among)
        self.windows = among or Windows(self, self._another, self._ticket_window)
        self.setMinimumSize(960, 640)
        self._pages: dict[str, BasePage | ErrorState] = {}
        self._stale: dict[str, Changes] = {}
        self._trail: list[str] = []
        self._bench = os.environ.get("DESKBELL_BENCH") == "1"
        self.watcher: QObject | None = None
        self._furnish(self._build(), (1440, 900))
        self.toasts.stand_beside(self.rail)
        self._bind()
        self.set_live_search(Finder(self.tasks, self.go, self))

    # -- what is where ------------------------------------------------------------------------------------------------

    @property
    def current(self) -> str:
        """The page shown."""
        return self._trail[-1] if self._trail else ""

    def start(self) -> None:
        """Show the first page: the first run on a new desk, else the inbox."""
        first = FIRST_RUN if self._desk.is_new() and has_page(FIRST_RUN) else "inbox"
        self.go(first)

    def go(self, name: str, **where: object) -> None:
        """Show a page, making it first if need be, and a place within it."""
        page = self._pages.get(name)
        if page is None:
            page = self._pages[name] = self._make(name)
            self._stack.addWidget(page)
        before = self._pages.get(self.current)
        if page is not before:
            self._leave(before)
            self._trail = [*[n for n in self._trail if n != name][-20:], name]
            self._stack.setCurrentWidget(page)
            self.rail.setVisible(not getattr(page, "full_window", False))
            self.rail.mark(name)
            if isinstance(page, BasePage):
                page.activate()
                stale = self._stale.pop(name, None)
                if stale is not None:
                    page.refresh(stale)
        if where and isinstance(page, BasePage):
            page.show_place(**where)
        self.actions_.refresh()

    def back(self) -> None:
        """Return to the page before."""
        if len(self._trail) > 1:
            leaving, previous = self._trail[-1], self._trail[-2]
            self.go(previous)
            self._trail = [n for n in self._trail if n != leaving]

    def take(self, asked: Asked) -> None:
        """Show what a link or another start of the program asked for."""
        show_asked(self.context, asked, is_set_up=self.current != FIRST_RUN)

    def watch(self) -> None:
        """Keep the lamp true and know who works here; called once the first screen is painted."""
        from ui.pages.chats.arrivals import WaitingCount
        from ui.pages.health.lamp import StatusLamp

        self.watcher = StatusLamp(self.context, self.agent.set_name)
        WaitingCount(self.context)

    def page(self) -> BasePage | None:
        found = self._pages.get(self.current)
        return found if isinstance(found, BasePage) else None

    def unsaved(self) -> tuple[str, Unsaved] | None:
        pages = ((name, page) for name, page in self._pages.items() if isinstance(page, BasePage))
        return next(((name, typed) for name, page in pages if (typed := page.unsaved()) is not None), None)

    def _another(self) -> Window:
        made = Window(self._desk, self._theme, engine_secret=self._secret, among=self.windows)
        made.start()
        made.watch()
        return made

    def _ticket_window(self, ticket: UUID) -> TicketWindow:
        return TicketWindow(self._desk, self._theme, self.windows, ticket)

    # -- building -----------------------------------------------------------------------------------------------------

    def _build(self) -> QWidget:
        body = QWidget()
        layout = QHBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.lamp = Lamp(tr("Mail health"))
        self.lamp.opened.connect(lambda: self.go("health"))
        self.agent = AgentButton("", [self.actions_[f"look.{look}"] for look in LOOKS])
        menu = self.agent.menu()
        menu.addSeparator()
        menu.addActions([self.actions_[key] for key in ("window.new", "shortcuts", "keys", "work", "quit")])
        lower = [_named(_SETTINGS)] if has_page("settings") else []
        self.rail = Rail([_named(p) for p in _PLACES if has_page(p.key)], [self.lamp, *lower, self.agent])
        self.rail.chosen.connect(self.go)
        self._stack = QStackedWidget()
        layout.addWidget(self.rail)
        layout.addWidget(self._stack, 1)
        return body

    def _bind(self) -> None:
        bind = self.actions_.bind
        for name in ("inbox", "board", "chats", "customers", "satisfaction", "health", "settings"):
            if has_page(name):
                bind(self, f"go.{name}", partial(self.go, name))
        for key, view in LISTS.items():
            bind(self, key, partial(self.go, "inbox", view=view), lambda: self.current != FIRST_RUN)
        bind(self, "search", partial(self.go, "inbox", search=""), lambda: self.current != FIRST_RUN)
        bind_backups(self.context, self)
        look = tr("The mailboxes are looked at now.")
        bind(self, "check_mail", lambda: self.tasks.do(signals.send, "check_now", {}, done=look))

    def _make(self, name: str) -> BasePage | ErrorState:
        """A page, or in its place why it could not be made: one broken page must not take the window with it."""
        try:
            module = importlib.import_module(f"ui.pages.{name}.page")
            return cast(BasePage, module.Page(self.context))
        except Exception:
            log.exception("the page %s could not be made", name)
            words = tr("This page cannot be shown. The details are in the log file.")
            return ErrorState(tr("Something went wrong"), words, lambda: self._again(name))

    def _again(self, name: str) -> None:
        broken = self._pages.pop(name, None)
        self._trail = [n for n in self._trail if n != name]
        if broken is not None:
            self._stack.removeWidget(broken)
            broken.deleteLater()
        self.go(name)

    # -- changes ------------------------------------------------------------------------------------------------------

    def apply(self, changes: Changes) -> None:
        for name, page in self._pages.items():
            if not isinstance(page, BasePage):
                continue
            if name == self.current:
                page.refresh(changes)
            else:
                kept = self._stale.get(name)
                self._stale[name] = changes if kept is None else kept.merged(changes)

    def show_status(self, state: State, reasons: Sequence[Reason]) -> None:
        self.lamp.set_state(state, reasons)

    def show_count(self, name: str, count: int) -> None:
        self.counts[name] = count
        self.counted.emit(name, count)
        button = self.rail.button(name)
        if button is not None:
            button.set_count(count, _counted(name, count))

    def told_first_rows(self) -> None:
        self.first_rows.emit()
        if self._bench:
            self._bench = False
            print("first rows", flush=True)  # noqa: T201 - what the bench waits for


def _counted(name: str, count: int) -> str:
    """What the number at a place says, for those who hear it."""
    if not count:
        return ""
    if name == "chats":
        return tr("{n} chat waits for an answer|{n} chats wait for an answer", n=count)
    return tr("{n} unread ticket|{n} unread tickets", n=count)


def _named(place: Place) -> Place:
    return Place(place.key, tr(place.name), place.icon, place.shortcut)
