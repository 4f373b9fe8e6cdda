"""The rail at the window's left: places to go, and the status lamp with its reasons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QColor, QFont, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QMenu, QToolButton, QVBoxLayout

from ui.icons import icon as make_icon
from ui.text import tr
from ui.theme import font, tokens
from ui.widgets.avatar import Avatar
from ui.widgets.button import Button, ToolButton, pressed_by_enter
from ui.widgets.label import Label
from ui.widgets.layout import column, horizontal, row, set_box
from ui.widgets.overlay import Popover
from ui.widgets.paint import draw_focus
from ui.widgets.pill import Dot

State = Literal["online", "busy", "offline", "attention"]


@dataclass(frozen=True)
class Place:
    """Somewhere to go: its key, name, icon and the keys that lead there."""

    key: str
    name: str
    icon: str
    shortcut: str = ""


class RailButton(ToolButton):
    """One place, 40 px square, with an optional count at its corner."""

    def __init__(self, place: Place) -> None:
        super().__init__(
            place.icon, place.name, shortcut=place.shortcut, checkable=True, size=40, icon_size=20, colour="text2"
        )
        self.setProperty("kind", "rail")
        self._place = place
        self._count = 0

    def set_count(self, count: int, words: str = "") -> None:
        """Show how many wait there; 0 shows nothing. `words` are for screen readers."""
        self._count = count
        self.setAccessibleDescription(words)
        self.update()

    def paintEvent(self, event: QPaintEvent, /) -> None:
        super().paintEvent(event)
        if self._count <= 0:
            return
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens().accent))
            painter.setFont(font(10, QFont.Weight.DemiBold))
            text = str(self._count) if self._count < 100 else "99+"
            width = max(16, painter.fontMetrics().horizontalAdvance(text) + 8)
            left = self.width() - width - 1
            painter.drawRoundedRect(left, 1, width, 16, 8, 8)
            painter.setPen(QColor(tokens().on_accent))
            painter.drawText(left, 1, width, 16, Qt.AlignmentFlag.AlignCenter, text)


@dataclass(frozen=True)
class Reason:
    """One line of the lamp's explanation, with the act that repairs it where there is one."""

    text: str
    detail: str = ""
    tone: str = "ok"
    words: str = ""
    act: Callable[[], object] | None = None


_LAMPS: dict[State, tuple[str, str]] = {
    "online": ("cloud-check-outline", "text2"),
    "busy": ("cloud-sync-outline", "text2"),
    "offline": ("cloud-off-outline", "warn"),
    "attention": ("cloud-alert-outline", "warn"),
}


class Lamp(RailButton):
    """Says by icon and word whether mail flows; a press opens the reasons."""

    opened = Signal()  # "All details" in the popover

    def __init__(self, name: str) -> None:
        super().__init__(Place("lamp", name, "cloud-check-outline"))
        self.setCheckable(False)
        self._name = name
        self.state: State = "online"
        self.reasons: tuple[Reason, ...] = ()
        self.clicked.connect(self._explain)
        self.set_state("online")

    def set_state(self, state: State, reasons: Sequence[Reason] = ()) -> None:
        """Show a state; the first reason is the tooltip."""
        self.state, self.reasons = state, tuple(reasons)
        face, colour = _LAMPS[state]
        self.setIcon(make_icon(face, colour, colour))
        words = {
            "online": tr("Online"),
            "busy": tr("Receiving"),
            "offline": tr("Offline"),
            "attention": tr("Needs attention"),
        }[state]
        first = f": {reasons[0].text}" if reasons else ""
        self.setAccessibleName(f"{self._name}. {words}{first}")
        self.setToolTip(f"{words}{first}")

    def _explain(self) -> None:
        popover = Popover(Label(self._name, "strong"), name=self._name)
        lines = [_reason(reason, popover.close) for reason in self.reasons]
        for line in lines or [Label(tr("Everything is well."), "small")]:
            popover.content.addWidget(line)
        more = Button(tr("All details"), "ghost")
        more.clicked.connect(popover.close)
        more.clicked.connect(self.opened)
        popover.content.addWidget(row(None, more))
        popover.show_beside(self)


def _reason(reason: Reason, close: Callable[[], object]) -> QFrame:
    """`close`: what it stands in has done its work once its button leads somewhere else."""
    words = column(Label(reason.text, "medium", wrap=True), spacing=2)
    layout = words.layout()
    assert layout is not None
    if reason.detail:
        layout.addWidget(Label(reason.detail, "small", wrap=True))
    if reason.act is not None:
        act = reason.act
        layout.addWidget(row(Button(reason.words, "small", clicked=lambda: (close(), act())), None))
    colour = "text3" if reason.tone == "plain" else reason.tone
    return row(column(Dot(colour, box=16), None), (words, 1), spacing=6)


class AgentButton(QToolButton):
    """The person at work, as the rail's last button; opens a menu."""

    def __init__(self, name: str, actions: Sequence[QAction]) -> None:
        super().__init__()
        self.setFixedSize(40, 40)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._face = Avatar("", 32)
        self._face.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        layout = horizontal(self)
        layout.addWidget(self._face, 0, Qt.AlignmentFlag.AlignCenter)
        menu = QMenu(self)
        menu.addActions(list(actions))
        self.setMenu(menu)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.set_name(name)

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        if not pressed_by_enter(self, event):
            super().keyPressEvent(event)

    def set_name(self, name: str) -> None:
        """Show another person."""
        self._face.set_name(name, None if name else "account-outline")
        self.setAccessibleName(name or tr("You"))
        self.setToolTip(name or tr("You"))

    def paintEvent(self, event: QPaintEvent, /) -> None:
        if self.hasFocus():
            with QPainter(self) as painter:
                draw_focus(painter, self.rect().toRectF())


class Rail(QFrame):
    """Places from the top, then a gap, then whatever belongs to the bottom."""

    chosen = Signal(str)

    def __init__(self, places: Sequence[Place], lower: Sequence[QToolButton | Place]) -> None:
        super().__init__()
        set_box(self, "rail")
        self.setFixedWidth(64)
        self.setAccessibleName(tr("Places"))
        self._buttons: dict[str, RailButton] = {}
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(12, 16, 11, 16)
        self._layout.setSpacing(4)
        for place in places:
            self._add(place)
        self._layout.addStretch(1)
        for item in lower:
            if isinstance(item, Place):
                self._add(item)
            else:
                self._layout.addWidget(item)

    def button(self, key: str) -> RailButton | None:
        """The button of a place, if it is on the rail."""
        return self._buttons.get(key)

    def mark(self, key: str) -> None:
        """Show where we are without telling anybody."""
        button = self._buttons.get(key)
        self._group.setExclusive(button is not None)
        for each in self._buttons.values():
            each.setChecked(each is button)

    def _add(self, place: Place) -> None:
        button = RailButton(place)
        button.clicked.connect(lambda _on=False: self.chosen.emit(place.key))
        self._buttons[place.key] = button
        self._group.addButton(button)
        self._layout.addWidget(button)
