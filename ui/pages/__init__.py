"""The screens, one folder each: `ui/pages/<name>/page.py` has a class `Page`, made when it is first shown.

A page gets a `Context` and nothing else. It asks and tells through `context.tasks`, binds actions while it is shown, and
never waits for anything. While it is hidden, changes are only kept for it: `refresh` runs when it is shown again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from PySide6.QtWidgets import QWidget

from app.desk import Desk
from app.kernel.database.changes import Changes
from ui.actions import Actions
from ui.bridge import Bridge
from ui.models.cache import TicketCache
from ui.tasks import Tasks
from ui.theme import Theme
from ui.widgets.overlay import Overlay, first_control
from ui.widgets.rail import Reason, State
from ui.widgets.toast import ToastHost


@dataclass(frozen=True)
class Context:
    """What the window offers its pages.

    `rows` are the rows of tickets that any page has read, told of every change before the pages are. `go(page, **where)` shows a page and calls its `show_place(**where)`; `back()` returns to the page before;
    `status(state, reasons)` sets the lamp; `count(page, n)` shows a number on the rail; `first_rows()` tells the bench that a
    list has painted its first rows; `engine_secret(ref, secret)` hands a password for this run to the engine, False where it
    cannot be told; `own_window(ticket)` shows a ticket in a window of its own; `others()` are the pages that other windows show.
    """

    desk: Desk
    bridge: Bridge
    tasks: Tasks
    rows: TicketCache
    theme: Theme
    actions: Actions
    overlay: Overlay
    toasts: ToastHost
    go: Callable[..., None]
    back: Callable[[], None]
    status: Callable[[State, Sequence[Reason]], None]
    count: Callable[[str, int], None]
    first_rows: Callable[[], None]
    engine_secret: Callable[[str, str], bool]
    own_window: Callable[[UUID], object]
    others: Callable[[], Sequence[BasePage]]


@dataclass(frozen=True, slots=True)
class Unsaved:
    """Something typed that nobody has said to keep yet: how it is called, and its place on the page (`show_place`)."""

    name: str
    place: dict[str, object]


class BasePage(QWidget):
    """What every page is. Overriding methods need not call these."""

    full_window = False  # True hides the rail (the first run)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context

    def activate(self) -> None:
        """The page is shown: bind actions, set the focus."""

    def deactivate(self) -> None:
        """The page is hidden: keep what is typed. The window releases its actions."""

    def rest(self) -> None:
        """The keyboard goes to another window: keep what is typed."""

    def take_over(self) -> None:
        """The keyboard comes to this window; `context.others()` are the pages of the others."""

    def unsaved(self) -> Unsaved | None:
        """What is typed here, is not kept by itself, and would be gone if the window closed now."""
        return None

    def acts_on(self) -> str:
        """What actions act on just now, for the palette ("On #4821"); empty for nothing in particular."""
        return ""

    def take_focus(self) -> None:
        """The keyboard was nowhere: it goes to where one goes on from here."""
        control = first_control(self)
        if control is not None:
            control.setFocus()

    def refresh(self, changes: Changes) -> None:
        """Something changed; called only while the page is shown (or when it is shown again, merged)."""

    def show_place(self, **where: object) -> None:
        """Go to a place within the page: `ticket=…`, `customer=…`, `view=…`."""
