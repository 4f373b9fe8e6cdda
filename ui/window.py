"""The main window: rail, pages, lamp, palette, sheets, toasts.

Pages are made when they are first shown and marked stale while hidden: changes are merged for them and handed over when they
come back, so a hidden page costs nothing. The window itself knows which pages there are, never what is on them.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import cast

from PySide6.QtCore import QObject, QSettings, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStackedWidget, QWidget

from app.desk import Desk
from app.kernel.changes import Changes
from app.kernel.errors import ExternalError
from app.tickets.commands.results import UndoResult
from ui.actions import LISTS, Actions, Offer
from ui.bridge import Bridge
from ui.models.cache import TicketCache
from ui.pages import BasePage, Context
from ui.pages.finding import Finder
from ui.tasks import Tasks
from ui.text import tr
from ui.theme import Choice, Theme
from ui.widgets.overlay import Overlay
from ui.widgets.palette import CommandPalette, Entry
from ui.widgets.rail import AgentButton, Lamp, Place, Rail, Reason, State
from ui.widgets.shortcuts import ShortcutSheet
from ui.widgets.state import ErrorState
from ui.widgets.toast import REDO_KEYS, UNDO_KEYS, ToastHost

log = logging.getLogger(__name__)

FIRST_RUN = "first_run"
_PLACES = (
    Place("inbox", "Inbox", "inbox-outline", "Ctrl+1"),
    Place("board", "Board", "view-column-outline", "Ctrl+2"),
    Place("customers", "Customers", "account-multiple-outline", "Ctrl+3"),
    Place("satisfaction", "Satisfaction", "star-outline", "Ctrl+4"),
)
_SETTINGS = Place("settings", "Settings", "cog-outline", "Ctrl+,")
_LOOKS: tuple[Choice, ...] = ("system", "light", "dark", "contrast")
_RECENT = 5

Live = Callable[[str, Callable[[Sequence[Entry]], None]], None]


def has_page(name: str) -> bool:
    """Is there a page of this name in this program?"""
    try:
        return importlib.util.find_spec(f"ui.pages.{name}.page") is not None
    except ModuleNotFoundError:
        return False


class Window(QMainWindow):
    """One window over one desk."""

    closing = Signal()
    look_chosen = Signal(str)

    def __init__(self, desk: Desk, theme: Theme, *, engine_secret: Callable[[str, str], None] | None = None) -> None:
        super().__init__()
        self.setWindowTitle("Deskbell")
        self.setMinimumSize(960, 640)
        self._desk, self._theme = desk, theme
        self.bridge = Bridge(desk, self)
        self.tasks = Tasks(desk, self.bridge, self)
        self.actions_ = Actions(self)
        self._pages: dict[str, BasePage | ErrorState] = {}
        self._stale: dict[str, Changes] = {}
        self._trail: list[str] = []
        self._recent: list[str] = []
        self._bench = os.environ.get("DESKBELL_BENCH") == "1"
        self._live: Live | None = None
        self._context_words: Callable[[], str] = lambda: ""
        self.watcher: QObject | None = None
        self._build()
        self.context = Context(
            desk=desk,
            bridge=self.bridge,
            tasks=self.tasks,
            rows=TicketCache(self.tasks, desk.me, self),
            theme=theme,
            actions=self.actions_,
            overlay=self.overlay,
            toasts=self.toasts,
            go=self.go,
            back=self.back,
            status=self.lamp.set_state,
            count=self._count,
            first_rows=self._first_rows,
            engine_secret=engine_secret or (lambda _ref, _secret: None),
        )
        self._bind()
        self.set_live_search(Finder(self.tasks, self.go, self))
        self._settings = QSettings(str(desk.workspace.folder / "window.ini"), QSettings.Format.IniFormat)
        self._restore()

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

    def watch(self) -> None:
        """Keep the lamp true and know who works here; called once the first screen is painted."""
        from ui.pages.health.lamp import StatusLamp

        self.watcher = StatusLamp(self.context, self.agent.set_name)

    def set_live_search(self, live: Live) -> None:
        """`live(query, show)` finds tickets and customers for the palette and calls `show(entries)` later."""
        self._live = live

    def set_palette_context(self, words: Callable[[], str]) -> None:
        """What the palette acts on ("On #4821"), asked each time it opens."""
        self._context_words = words

    # -- building -----------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        body = QWidget()
        layout = QHBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.lamp = Lamp(tr("Mail health"))
        self.lamp.opened.connect(lambda: self.go("health"))
        self.agent = AgentButton("", [self.actions_[f"look.{look}"] for look in _LOOKS])
        menu = self.agent.menu()
        menu.addSeparator()
        menu.addActions([self.actions_["shortcuts"], self.actions_["quit"]])
        lower = [_named(_SETTINGS)] if has_page("settings") else []
        self.rail = Rail([_named(p) for p in _PLACES if has_page(p.key)], [self.lamp, *lower, self.agent])
        self.rail.chosen.connect(self.go)
        self._stack = QStackedWidget()
        layout.addWidget(self.rail)
        layout.addWidget(self._stack, 1)
        self.setCentralWidget(body)
        self.overlay = Overlay(body)
        self.overlay.covered.connect(self.actions_.rest)
        self.toasts = ToastHost(body)

    def _bind(self) -> None:
        bind = self.actions_.bind
        bind(self, "palette", self.open_palette)
        bind(self, "shortcuts", self.open_shortcuts)
        bind(self, "undo", self._undo)
        bind(self, "redo", self._redo)
        bind(self, "quit", self.close)
        for name in ("inbox", "board", "customers", "satisfaction", "health", "settings"):
            if has_page(name):
                bind(self, f"go.{name}", partial(self.go, name))
        for key, view in LISTS.items():
            bind(self, key, partial(self.go, "inbox", view=view), lambda: self.current != FIRST_RUN)
        for look in _LOOKS:
            bind(self, f"look.{look}", partial(self.choose_look, look))
        self.bridge.changed.connect(self._changed)
        self.tasks.said.connect(self.toasts.say)
        self.tasks.undo_offered.connect(
            lambda text, action: self.toasts.offer_undo(text, lambda: self._undo_one(action))
        )
        self.tasks.trouble.connect(self._trouble)

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

    def _changed(self, changes: Changes) -> None:
        self.context.rows.apply(changes)
        for name, page in self._pages.items():
            if not isinstance(page, BasePage):
                continue
            if name == self.current:
                page.refresh(changes)
            else:
                kept = self._stale.get(name)
                self._stale[name] = changes if kept is None else kept.merged(changes)
        self.actions_.refresh()

    def _leave(self, page: QWidget | None) -> None:
        if isinstance(page, BasePage):
            page.deactivate()
            self.actions_.release(page)

    def _trouble(self, error: ExternalError) -> None:
        state: State = "offline" if error.offline else "attention"
        self.lamp.set_state(state, [Reason(str(error), error.words, "warn" if error.offline else "bad")])

    def _count(self, name: str, count: int) -> None:
        button = self.rail.button(name)
        if button is not None:
            button.set_count(count)

    def _first_rows(self) -> None:
        if self._bench:
            self._bench = False
            print("first rows", flush=True)  # noqa: T201 - what the bench waits for

    # -- palette, keys, looks, undo -----------------------------------------------------------------------------------

    def open_palette(self) -> None:
        """Every action by a few letters, and what the live search finds."""
        palette = CommandPalette(
            [self._entry(offer) for offer in self.actions_.offers()],
            recent=self._recent,
            context=self._context_words(),
            live=lambda query: self._live(query, lambda found: _show(palette, query, found)) if self._live else None,
            shortcuts=self.open_shortcuts,
        )
        palette.done.connect(lambda: self._palette_done(palette))
        self.overlay.open(palette, top=112, focus=palette.field)

    def open_shortcuts(self) -> None:
        """All keys at a glance."""
        self.overlay.open(ShortcutSheet(self.actions_.groups()))

    def choose_look(self, look: Choice) -> None:
        """Another look, at once; whoever keeps settings hears of it."""
        self._theme.choose(look)
        self.look_chosen.emit(look)

    def _entry(self, offer: Offer) -> Entry:
        action = offer.action
        return Entry(
            text=offer.text,
            run=partial(self.actions_.run, action.key),
            shortcut=offer.keys,
            icon=action.icon,
            group=tr("Actions"),
            enabled=offer.enabled,
            reason=offer.reason,
            words=tr(action.words) if action.words else "",
        )

    def _palette_done(self, palette: CommandPalette) -> None:
        if palette.ran:
            self._recent = [palette.ran, *[text for text in self._recent if text != palette.ran]][:_RECENT]
        self.overlay.close_sheet(palette)

    def _undo(self) -> None:
        if not self.toasts.act(UNDO_KEYS):
            self._undo_one(None)

    def _undo_one(self, action: object) -> None:
        from app.tickets.commands.undo import undo

        self.tasks.do(undo, action, then=self._undone)

    def _undone(self, result: UndoResult) -> None:
        words = _undone_words(result)
        if result.undone:
            self.toasts.offer_redo(words, self._redo_one)
        else:
            self.toasts.say(words)

    def _redo(self) -> None:
        if not self.toasts.act(REDO_KEYS):
            self._redo_one()

    def _redo_one(self) -> None:
        from app.tickets.commands.undo import redo

        self.tasks.do(redo, then=self._redone)

    def _redone(self, result: UndoResult) -> None:
        if result.undone:
            self.toasts.offer_undo(tr("Done again."), lambda: self._undo_one(result.action))
        else:
            self.toasts.say(" ".join(result.kept))

    # -- coming and going ---------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent, /) -> None:
        super().showEvent(event)
        QTimer.singleShot(0, self.actions_.refresh)

    def closeEvent(self, event: QCloseEvent, /) -> None:
        self._settings.setValue("geometry", self.saveGeometry())
        self._settings.setValue("recent", self._recent)
        self._settings.sync()
        self._leave(self._pages.get(self.current))
        self.closing.emit()
        super().closeEvent(event)

    def shut(self) -> bool:
        """Let commands finish and stop listening; False if something still ran after five seconds."""
        done = self.tasks.close()
        self.bridge.close()
        return done

    def raise_to_front(self) -> None:
        """Somebody started the program a second time: here we are."""
        self.setWindowState(self.windowState() & ~self.windowState().WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def _restore(self) -> None:
        geometry = self._settings.value("geometry")
        if geometry is None or not self.restoreGeometry(geometry):
            self.resize(1440, 900)
        recent = self._settings.value("recent", [])
        self._recent = [str(text) for text in recent] if isinstance(recent, list) else []


def _named(place: Place) -> Place:
    return Place(place.key, tr(place.name), place.icon, place.shortcut)


def _show(palette: CommandPalette, query: str, found: Sequence[Entry]) -> None:
    import shiboken6

    if shiboken6.isValid(palette):
        palette.set_live(query, found)


def _undone_words(result: UndoResult) -> str:
    if result.job is not None:
        return tr("This takes a moment: it is being undone.")
    return " ".join([tr("Undone.")] * bool(result.undone) + list(result.kept))
