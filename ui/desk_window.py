"""What every window over a desk is: its hands, its actions, sheets and toasts, the palette, looks, undo; and the windows together.

Each window has actions, tasks and rows of its own, so that a key acts in the window that has the keyboard and a toast shows
where something was done. What they share is the desk: whatever one changes, the others hear of.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from uuid import UUID

import shiboken6
from PySide6.QtCore import QEvent, QObject, QSettings, QSize, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QShowEvent
from PySide6.QtWidgets import QMainWindow, QWidget

from app.desk import Desk
from app.kernel.database.changes import Changes
from app.kernel.errors import ExternalError
from app.kernel.sentences import words_of
from ui.actions import Actions, Offer
from ui.bridge import Bridge
from ui.models.cache import TicketCache
from ui.pages import BasePage, Context, Unsaved
from ui.pages.keymap import KeyKeeper
from ui.pages.settings.categories import grouped
from ui.pages.undoing import Undoing
from ui.pages.working import Working
from ui.tasks import Tasks
from ui.text import told, tr
from ui.theme import Choice, Theme
from ui.widgets.focus import FocusKeeper
from ui.widgets.overlay import Dialog, Overlay, ask_to_leave
from ui.widgets.palette import CommandPalette, Entry
from ui.widgets.progress import WorkStrip
from ui.widgets.rail import Reason, State
from ui.widgets.shortcuts import ShortcutSheet
from ui.widgets.toast import ToastHost

LOOKS: tuple[Choice, ...] = ("system", "light", "dark", "contrast")
_RECENT = 5
_FRAME = QSize(16, 48)
"""So much may the system's own frame need around a window; before it is shown nobody can say."""

Live = Callable[[str, Callable[[Sequence[Entry]], None]], None]
EngineSecret = Callable[[str, str], bool]


class Windows(QObject):
    """All windows over one desk. The first one is hidden when it is closed before the others: tray and lamp live in it."""

    ended = Signal()  # all were closed, to end the program

    def __init__(
        self,
        first: DeskWindow,
        another: Callable[[], DeskWindow],
        for_ticket: Callable[[UUID], DeskWindow],
    ) -> None:
        super().__init__(first)
        self.first, self._another, self._for_ticket = first, another, for_ticket
        self._more: list[DeskWindow] = []
        self.is_ending = False

    @property
    def all(self) -> list[DeskWindow]:
        """Every window, the first one first, hidden or not."""
        return [self.first, *self._more]

    def open_another(self) -> DeskWindow:
        """One more window with everything."""
        return self._add(self._another())

    def open_ticket(self, ticket: UUID) -> DeskWindow:
        """A ticket in a window of its own; if it has one, that comes to the front."""
        for one in self._more:
            if one.alone == ticket:
                one.raise_to_front()
                return one
        return self._add(self._for_ticket(ticket))

    def close_all(self) -> None:
        """End the program: every window keeps what is typed in it, or asks before that is gone."""
        if not any(one.asks_before(self._close_all) for one in self.all):
            self._close_all()

    def _close_all(self) -> None:
        self.is_ending = True
        for one in [*self._more, self.first]:
            one.close()
        self.ended.emit()

    def shut(self) -> bool:
        """Let all commands finish; False if something still ran after five seconds."""
        done = [one.shut() for one in self.all]
        return all(done)

    def _add(self, made: DeskWindow) -> DeskWindow:
        self._more.append(made)
        made.closing.connect(lambda: self._closed(made))
        made.show()
        made.activateWindow()
        return made

    def _closed(self, window: DeskWindow) -> None:
        """What it was asked to keep is written first, then it goes."""
        if window.tasks.running:
            window.tasks.idle.connect(lambda: self._let_go(window))
        else:
            QTimer.singleShot(0, window, lambda: self._let_go(window))

    def _let_go(self, window: DeskWindow) -> None:
        if window in self._more and not window.isVisible():
            self._more.remove(window)
            window.shut()
            window.deleteLater()


class DeskWindow(QMainWindow):
    """One window over a desk, whatever it shows."""

    closing = Signal()
    look_chosen = Signal(str)
    counted = Signal(str, int)  # a number beside a page changed: page, number
    kept_as = "geometry"
    """The setting under which size and place are kept."""

    windows: Windows
    """All of them; set by whoever makes this one, before it is furnished."""

    def __init__(
        self, desk: Desk, theme: Theme, *, engine_secret: EngineSecret | None = None, among: Windows | None = None
    ) -> None:
        super().__init__()
        self.setWindowTitle("Deskbell")
        self._desk, self._theme = desk, theme
        self._secret = engine_secret or (lambda _ref, _secret: False)
        self.bridge = Bridge(desk, self)
        self.tasks: Tasks = Tasks(desk, self.bridge, self, after=among.first.tasks if among is not None else None)
        self.actions_ = Actions(self)
        self._recent: list[str] = []
        self.counts: dict[str, int] = {}
        self._live: Live | None = None
        self._left = False
        self._question: Dialog | None = None
        self.settings = QSettings(str(desk.workspace.folder / "window.ini"), QSettings.Format.IniFormat)

    # -- what kinds of window differ in -------------------------------------------------------------------------------

    @property
    def alone(self) -> UUID | None:
        """The ticket whose own window this is."""
        return None

    def page(self) -> BasePage | None:
        """The page shown."""
        return None

    def go(self, name: str, **where: object) -> None:
        """Show a page and a place within it."""
        raise NotImplementedError

    def back(self) -> None:
        """Return to the page before."""

    def show_status(self, state: State, reasons: Sequence[Reason]) -> None:
        """Say how receiving and sending do."""

    def show_count(self, name: str, count: int) -> None:
        """A number beside a page."""

    def told_first_rows(self) -> None:
        """A list has painted its first rows."""

    def apply(self, changes: Changes) -> None:
        """Something changed in the desk."""
        raise NotImplementedError

    # -- building -----------------------------------------------------------------------------------------------------

    def _furnish(self, body: QWidget, size: tuple[int, int]) -> None:
        """Sheets, toasts, context and the actions of every window, above `body`."""
        self.setCentralWidget(body)
        self.overlay = Overlay(body)
        self.overlay.covered.connect(self.actions_.rest)
        self.toasts = ToastHost(body)
        self.context = Context(
            desk=self._desk,
            bridge=self.bridge,
            tasks=self.tasks,
            rows=TicketCache(self.tasks, self._desk.me, self),
            theme=self._theme,
            actions=self.actions_,
            overlay=self.overlay,
            toasts=self.toasts,
            go=self.go,
            back=self.back,
            status=self.show_status,
            count=self.show_count,
            first_rows=self.told_first_rows,
            engine_secret=self._secret,
            own_window=self.windows.open_ticket,
            others=self._pages_beside,
        )
        self.work = Working(self.context, WorkStrip(body))
        self.keeper = KeyKeeper(self.context)
        self.undoing = Undoing(self.tasks, self.bridge, self.toasts, self)
        self.undoing.begins.connect(self._rest)
        self.focus_keeper = FocusKeeper(self, self.overlay, self._give_focus)
        self.tasks.idle.connect(self.focus_keeper.look)  # what came may have taken the place of what had the keyboard
        self._bind_common()
        self._restore(size)

    def _give_focus(self) -> None:
        page = self.page()
        if page is not None and page.isVisible():
            page.take_focus()

    def _rest(self) -> None:
        for page in (self.page(), *self._pages_beside()):
            if page is not None:
                page.rest()

    def _pages_beside(self) -> list[BasePage]:
        pages = [one.page() for one in self.windows.all if one is not self]
        return [one for one in pages if one is not None]

    def _bind_common(self) -> None:
        bind = self.actions_.bind
        bind(self, "palette", self.open_palette)
        bind(self, "shortcuts", self.open_shortcuts)
        bind(self, "work", self.work.open_sheet)
        bind(self, "keys", partial(self.go, "settings", category="keys"))
        bind(self, "about", partial(self.go, "settings", category="about"))
        bind(self, "undo", self.undoing.undo)
        bind(self, "redo", self.undoing.redo)
        bind(self, "window.new", self.windows.open_another)
        bind(self, "window.close", self.close)
        bind(self, "quit", self.windows.close_all)
        for look in LOOKS:
            bind(self, f"look.{look}", partial(self.choose_look, look))
        self.bridge.changed.connect(self._changed)
        self.tasks.said.connect(self.toasts.say)
        self.tasks.trouble.connect(self._trouble)

    def _changed(self, changes: Changes) -> None:
        self.context.rows.apply(changes)
        self.apply(changes)
        self.actions_.refresh()

    def _trouble(self, error: ExternalError) -> None:
        state: State = "offline" if error.offline else "attention"
        self.show_status(state, [Reason(told(words_of(error)), error.words, "warn" if error.offline else "bad")])

    def _leave(self, page: QWidget | None) -> None:
        if isinstance(page, BasePage):
            page.deactivate()
            self.actions_.release(page)

    # -- palette, keys, looks, undo -----------------------------------------------------------------------------------

    def set_live_search(self, live: Live) -> None:
        """`live(query, show)` finds tickets and customers for the palette and calls `show(entries)` later."""
        self._live = live

    def open_palette(self) -> None:
        """Every action by a few letters, every category of the settings, and what the live search finds."""
        offers = self.actions_.offers()
        can_set = any(offer.enabled for offer in offers if offer.action.key == "go.settings")
        palette = CommandPalette(
            [*map(self._entry, offers), *(self._settings_entries() if can_set else ())],
            recent=self._recent,
            context=page.acts_on() if (page := self.page()) is not None else "",
            live=lambda query: self._live(query, lambda found: _show(palette, query, found)) if self._live else None,
            fallback=self._new_entry,
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
        self.windows.first.look_chosen.emit(look)

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

    def _settings_entries(self) -> list[Entry]:
        """Every category of the settings: who looks for their signature need not know where it is."""
        group = tr("Settings")
        return [
            Entry(one.text, partial(self.go, "settings", category=one.key), icon=one.icon, group=group, words=one.words)
            for _, some in grouped()
            for one in some
        ]

    def _new_entry(self, typed: str) -> Entry | None:
        """Nothing is called so: it may be what one wants to write about, or to whom."""
        where = {"new_to": typed} if "@" in typed and " " not in typed else {"new_subject": typed}
        words = tr("Create ticket “{words}”", words=typed)
        return Entry(words, partial(self.go, "inbox", **where), icon="square-edit-outline", group=tr("Actions"))

    def _palette_done(self, palette: CommandPalette) -> None:
        if palette.ran in {tr(one.text) for one in self.actions_.declared.values()}:
            self._recent = [palette.ran, *[text for text in self._recent if text != palette.ran]][:_RECENT]
        self.overlay.close_sheet(palette)

    # -- coming and going ---------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent, /) -> None:
        super().showEvent(event)
        page = self.page()
        if self._left and page is not None:  # it was closed while others stayed open, and is shown again
            page.activate()
        self._left = False
        QTimer.singleShot(0, self, self.actions_.refresh)

    def changeEvent(self, event: QEvent, /) -> None:
        """The keyboard comes or goes. (Not by `event`: Qt would delete the window through it, and wait for threads that wait
        for Python.)
        """
        super().changeEvent(event)
        page = self.page() if event.type() is QEvent.Type.ActivationChange else None
        if page is not None and self.isActiveWindow():
            page.take_over()
        elif page is not None:
            page.rest()

    def unsaved(self) -> tuple[str, Unsaved] | None:
        """What closing this window would lose, and on which of its pages."""
        return None

    def asks_before(self, leave: Callable[[], object]) -> bool:
        """Would closing lose something? Then a person is asked, in view of it, and `leave` is called if they let it go."""
        overlay = self.context.overlay
        if self._question is not None and overlay.current() is self._question:
            return True
        if overlay.is_typed_in:
            self.raise_to_front()
            self._question = ask_to_leave(overlay, tr("What is typed here is not saved yet."), leave)
            return True
        if (found := self.unsaved()) is None:
            return False
        page, typed = found
        self.raise_to_front()
        self.go(page, **typed.place)
        self._question = ask_to_leave(overlay, tr("“{name}” is not saved yet.", name=typed.name), leave)
        return True

    def closeEvent(self, event: QCloseEvent, /) -> None:
        if event.spontaneous() and self.asks_before(self.close):  # by a person, not by the program
            event.ignore()
            return
        self.settings.setValue(self.kept_as, self.saveGeometry())
        self.settings.setValue("recent", self._recent)
        self.settings.sync()
        self._leave(self.page())
        self._left = True
        self.closing.emit()
        super().closeEvent(event)

    def shut(self) -> bool:
        """Let commands finish and stop listening; False if something still ran after five seconds."""
        done = self.tasks.close()
        self.bridge.close()
        return done

    def raise_to_front(self) -> None:
        """Somebody wants this window: here it is."""
        self.setWindowState(self.windowState() & ~self.windowState().WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def _restore(self, size: tuple[int, int]) -> None:
        geometry = self.settings.value(self.kept_as)
        if geometry is None or not self.restoreGeometry(geometry):
            self.resize(_fitting(QSize(*size), self.screen().availableSize(), self.minimumSize()))
        recent = self.settings.value("recent", [])
        self._recent = [str(text) for text in recent] if isinstance(recent, list) else []


def _fitting(wished: QSize, room: QSize, least: QSize) -> QSize:
    """The size a window opens with: as wished, but with its frame inside the screen, where the least size fits there at all."""
    inside = room - QSize(_FRAME.width(), _FRAME.height())
    return wished.boundedTo(inside) if inside.boundedTo(least) == least else wished


def _show(palette: CommandPalette, query: str, found: Sequence[Entry]) -> None:
    if shiboken6.isValid(palette):
        palette.set_live(query, found)
