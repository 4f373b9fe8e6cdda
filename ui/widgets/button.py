"""Buttons in the kinds that the design knows, and buttons that are only an icon.

Tab reaches a button, Enter and Space press it. The mouse presses it without taking the keyboard from where it was.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QMenu,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QToolButton,
    QWidget,
)

from ui.icons import draw_icon
from ui.icons import icon as make_icon
from ui.widgets.layout import restyle

_INK = {"primary": "on_accent", "ghost": "accent_text", "danger": "bad", "chip": "text2"}
_GAP = {"nav": 8, "fold": 2, "small": 2, "chip": 2, "plain": 2}
"""Room that an icon leaves before its text, beside the 4 px that Qt leaves; 4 where nothing else is said."""


def pressed_by_enter(button: QAbstractButton, event: QKeyEvent) -> bool:
    """Was it Enter, which presses a button like Space? Qt knows that only of dialogs, and there presses another one."""
    alone = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
    enter = alone and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
    if enter and not event.isAutoRepeat():
        button.click()
    return enter


class Button(QPushButton):
    """A push button. `kind`: "" (framed), primary (one per screen at most), danger, ghost, plain, small, chip, tab, nav."""

    def __init__(
        self,
        text: str,
        kind: str = "",
        *,
        icon: str = "",
        clicked: Callable[[], object] | None = None,
        checkable: bool = False,
        checked: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self._icon_name = ""
        if kind:
            self.setProperty("kind", kind)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        self.setAutoDefault(False)
        self.setCheckable(checkable)
        self.setChecked(checked)
        if icon:
            self.set_icon(icon)
        if clicked is not None:
            self.clicked.connect(lambda _on=False: clicked())

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        if not pressed_by_enter(self, event):
            super().keyPressEvent(event)

    def setMenu(self, menu: QMenu, /) -> None:
        super().setMenu(menu)
        restyle(self, drops="true")

    def paintEvent(self, event: QPaintEvent, /) -> None:
        if self.menu() is None:
            super().paintEvent(event)
            return
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.features &= ~QStyleOptionButton.ButtonFeature.HasMenu  # with the same arrow as a choice has
        with QPainter(self) as painter:
            self.style().drawControl(QStyle.ControlElement.CE_PushButton, option, painter, self)
            at = QPointF(self.width() - 24, (self.height() - 16) / 2)
            draw_icon(painter, at, "chevron-down", "text2" if self.isEnabled() else "text3", 16)

    def set_kind(self, kind: str) -> None:
        """Change the button's role."""
        restyle(self, kind=kind)
        if self._icon_name:
            self.set_icon(self._icon_name)

    def set_icon(self, name: str, colour: str = "") -> None:
        """Show an icon before the text; without `colour` it follows the kind."""
        self._icon_name = name
        kind = str(self.property("kind") or "")
        gap = _GAP.get(kind, 4)
        on = "accent_text" if kind == "chip" else None
        self.setIcon(make_icon(name, colour or _INK.get(kind, "text2"), on, gap=gap))
        self.setIconSize(QSize(16 + gap, 16))


class ToolButton(QToolButton):
    """An icon to press, 32 px square. `name` is what a screen reader says and the tooltip shows."""

    def __init__(
        self,
        icon: str,
        name: str,
        *,
        colour: str = "text2",
        shortcut: str = "",
        clicked: Callable[[], object] | None = None,
        checkable: bool = False,
        size: int = 32,
        icon_size: int = 18,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setIcon(make_icon(icon, colour, "accent_text"))
        self.setIconSize(QSize(icon_size, icon_size))
        self.setFixedSize(size, size)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCheckable(checkable)
        self.set_name(name, shortcut)
        if clicked is not None:
            self.clicked.connect(lambda _on=False: clicked())

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        if not pressed_by_enter(self, event):
            super().keyPressEvent(event)

    def set_name(self, name: str, shortcut: str = "") -> None:
        """What the button does, in a word or two, and the key that does the same."""
        self.setAccessibleName(name)
        self.setToolTip(f"{name}  ({shortcut})" if shortcut else name)

    def set_icon(self, icon: str, colour: str = "text2") -> None:
        """Show another icon."""
        self.setIcon(make_icon(icon, colour, "accent_text"))


def link_button(text: str, clicked: Callable[[], object] | None = None) -> Button:
    """A word that acts, in the accent's colour and without a frame."""
    return Button(text, "ghost", clicked=clicked)
