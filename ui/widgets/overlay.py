"""Dialogs inside the window: a dimmed page, a framed sheet above it, popovers beside a button, pickers beside a row.

In-window sheets keep the person's place visible, look the same on every system and need no second native window. While
one is open the focus stays inside it; Esc closes it, and asks first where words would be gone; afterwards the focus is where it was.
"""

from __future__ import annotations

from collections.abc import Callable

import shiboken6
from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from ui.text import tr
from ui.theme import tokens
from ui.widgets.button import Button, ToolButton
from ui.widgets.label import Label, Para
from ui.widgets.layout import Item, add, clear, set_box
from ui.widgets.paint import draw_shadow

_EDGE = 24  # least distance of a sheet from the window's edge
_GAP = 6  # between a sheet and what it stands beside


class Dialog(QFrame):
    """A sheet: title, content, and a foot with a remark at the left and the buttons at the right."""

    closed = Signal()
    doubted = Signal()
    """Somebody leaves by Esc or the cross, and what they typed would be gone."""

    def __init__(self, title: str, *, width: int = 480) -> None:
        super().__init__()
        set_box(self, "dialog")
        self.wanted_width = width
        self.setAccessibleName(title)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(1, 1, 1, 1)
        outer.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(24, 16, 16, 8)
        head.addWidget(Label(title, "title", wrap=True), 1)
        head.addWidget(ToolButton("close", tr("Close"), clicked=self.leave), 0, Qt.AlignmentFlag.AlignTop)
        outer.addLayout(head)
        self.content = QVBoxLayout()
        self.content.setContentsMargins(24, 0, 24, 20)
        self.content.setSpacing(12)
        outer.addLayout(self.content, 1)
        self._foot = QFrame()
        set_box(self._foot, "foot")
        self._foot_row = QHBoxLayout(self._foot)
        self._foot_row.setContentsMargins(24, 14, 24, 14)
        self._foot_row.setSpacing(8)
        outer.addWidget(self._foot)
        self._foot.hide()
        self._default: Button | None = None

    def add(self, *items: Item) -> None:
        """Append to the content."""
        for item in items:
            add(self.content, item)

    def set_foot(self, *buttons: Button, remark: str = "") -> None:
        """The buttons at the right, the last one being what Ctrl+Enter (and Enter in a field) presses."""
        clear(self._foot_row)
        note = Label(remark, "small", wrap=True)
        self._foot_row.addWidget(note, 1)
        for button in buttons:
            self._foot_row.addWidget(button)
        self._foot.setVisible(bool(buttons))
        self._default = buttons[-1] if buttons else None

    def holds_in_foot(self, one: QWidget) -> bool:
        """Is it one of the buttons at the bottom?"""
        return self._foot.isAncestorOf(one)

    @property
    def default_button(self) -> Button | None:
        """What Enter in a field presses."""
        return self._default

    def close_dialog(self) -> None:
        """Leave without doing anything."""
        self.closed.emit()

    def leave(self) -> None:
        """Leave by Esc or the cross, which is soon pressed: not before asking, where words would be gone."""
        (self.doubted if self.is_typed_in() else self.closed).emit()

    def is_typed_in(self) -> bool:
        """Is there more than a few words in it that somebody typed, and that nothing else keeps?"""
        return any(field.document().isModified() for field in self.findChildren(QPlainTextEdit))

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and self._default is not None and self._default.isEnabled():
            self._default.click()
        else:
            super().keyPressEvent(event)


class Overlay(QWidget):
    """Covers its parent, dims it and shows one sheet at a time; a second sheet stacks above the first."""

    covered = Signal(bool)  # a sheet has come up; the last one has gone

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._page = parent
        self._sheets: list[tuple[QWidget, int | QRect | None, QWidget | None]] = []
        self.hide()
        parent.installEventFilter(self)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._keep_focus)

    @property
    def is_open(self) -> bool:
        """Is a sheet shown?"""
        return bool(self._sheets)

    def current(self) -> QWidget | None:
        """The sheet on top."""
        return self._sheets[-1][0] if self._sheets else None

    @property
    def is_typed_in(self) -> bool:
        """Would what somebody has typed into a sheet be gone if all were closed now?"""
        return any(isinstance(sheet, Dialog) and sheet.is_typed_in() for sheet, _, _ in self._sheets)

    def open(
        self, sheet: QWidget, *, top: int | None = None, focus: QWidget | None = None, beside: QRect | None = None
    ) -> None:
        """Show a sheet with the focus on `focus` or its first control: `top` px from the window's top, or below (where
        there is no room: above) the place `beside` on the screen, or centred.

        A sheet whose `dims` is False leaves the page as light as it is.
        """
        place: int | QRect | None = top
        if beside is not None:
            place = QRect(self._page.mapFromGlobal(beside.topLeft()), beside.size())
        before = QApplication.focusWidget()
        if self._sheets:
            self._sheets[-1][0].hide()
        self._sheets.append((sheet, place, before))
        sheet.setParent(self)
        if isinstance(sheet, Dialog):
            sheet.closed.connect(lambda: self.close_sheet(sheet))
            sheet.doubted.connect(
                lambda: ask_to_leave(self, tr("What is typed here is not saved yet."), sheet.closed.emit)
            )
        sheet.installEventFilter(self)
        self.setGeometry(self._page.rect())
        self.show()
        self.raise_()
        sheet.show()
        self._place()
        self.covered.emit(True)
        target = focus or first_control(sheet)
        if target is not None:
            target.setFocus(Qt.FocusReason.TabFocusReason)

    def focusNextPrevChild(self, forward: bool, /) -> bool:
        """Tab goes round within the sheet: behind its last control comes its first. Qt would go on to the page beneath."""
        sheet, start = self.current(), QApplication.focusWidget()
        if sheet is None or start is None or not self.isAncestorOf(start):
            return super().focusNextPrevChild(forward)
        reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
        one = _beside(start, forward)
        while one is not None and one is not start:
            if _takes_tab(one) and sheet.isAncestorOf(one):
                self.window().setAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange)  # lists ask for it
                one.setFocus(reason)
                return True
            one = _beside(one, forward)
        return True

    def close_sheet(self, sheet: QWidget | None = None) -> None:
        """Close a sheet (by default the top one) and give the focus back."""
        wanted = sheet or self.current()
        for index, (shown, _, before) in enumerate(self._sheets):
            if shown is wanted:
                del self._sheets[index]
                shown.hide()
                shown.deleteLater()
                self._uncover(before)
                return

    def _uncover(self, before: QWidget | None) -> None:
        if self._sheets:
            self._sheets[-1][0].show()
            self._place()
        else:
            self.hide()
            self.covered.emit(False)
        if before is not None and _alive(before) and before.isVisible():
            before.setFocus(Qt.FocusReason.OtherFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent, /) -> bool:
        kind = event.type()
        if watched is self._page and kind is QEvent.Type.Resize:
            self.setGeometry(self._page.rect())
        elif kind is QEvent.Type.LayoutRequest and watched is self.current():
            self._place()
        return False

    def event(self, event: QEvent, /) -> bool:
        if event.type() is QEvent.Type.LayoutRequest:
            self._place()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        self._place()

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._dismiss()
        event.accept()  # no key reaches the page beneath

    def mousePressEvent(self, event: QMouseEvent, /) -> None:
        sheet = self.current()
        outside = sheet is not None and not sheet.geometry().contains(event.position().toPoint())
        if outside and getattr(sheet, "light_dismiss", False):
            self._dismiss()
        event.accept()

    def paintEvent(self, event: QPaintEvent, /) -> None:
        sheet = self.current()
        with QPainter(self) as painter:
            if getattr(sheet, "dims", True):
                colour = QColor("#000000" if tokens().hc else "#0B1020")
                colour.setAlphaF(tokens().dim)
                painter.fillRect(self.rect(), colour)
            if sheet is not None:
                draw_shadow(painter, QRectF(sheet.geometry()))

    def _dismiss(self) -> None:
        sheet = self.current()
        if isinstance(sheet, Dialog):
            sheet.leave()
        else:
            self.close_sheet()

    def _place(self) -> None:
        if not self._sheets:
            return
        sheet, wish, _ = self._sheets[-1]
        width = min(int(getattr(sheet, "wanted_width", 480)), self.width() - 2 * _EDGE)
        layout = sheet.layout()
        if layout is not None:
            layout.activate()
        height = sheet.heightForWidth(width) if sheet.hasHeightForWidth() else sheet.sizeHint().height()
        height = min(max(height, sheet.minimumSizeHint().height()), self.height() - 2 * _EDGE)
        sheet.setGeometry(self._where(wish, width, height))
        self.update()

    def _where(self, wish: int | QRect | None, width: int, height: int) -> QRect:
        if isinstance(wish, QRect):
            below = wish.bottom() + _GAP
            y = below if below + height <= self.height() - _GAP else max(_GAP, wish.top() - _GAP - height)
            y = min(y, self.height() - height - _GAP)
            return QRect(max(_GAP, min(wish.left(), self.width() - width - _GAP)), max(_GAP, y), width, height)
        y = (self.height() - height) // 2 if wish is None else min(wish, self.height() - height - _EDGE)
        return QRect((self.width() - width) // 2, max(_EDGE, y), width, height)

    def _keep_focus(self, old: QWidget | None, now: QWidget | None) -> None:
        sheet = self.current()
        if sheet is None or now is None or not self.isVisible() or now.window() is not self.window():
            return
        if now is not self and not self.isAncestorOf(now):
            target = old if old is not None and _alive(old) and sheet.isAncestorOf(old) else first_control(sheet)
            if target is not None:
                target.setFocus(Qt.FocusReason.OtherFocusReason)


def _alive(widget: QWidget) -> bool:
    return bool(shiboken6.isValid(widget))


def _beside(widget: QWidget, forward: bool) -> QWidget | None:
    return widget.nextInFocusChain() if forward else widget.previousInFocusChain()


def _takes_tab(widget: QWidget) -> bool:
    takes = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
    return takes and widget.focusProxy() is None and widget.isEnabled() and widget.isVisible()


def first_control(sheet: QWidget) -> QWidget | None:
    """The first thing to type or press: in the sheet before its foot, there the act itself; the closing cross comes last."""
    found = [w for w in sheet.findChildren(QWidget) if w.focusPolicy() & Qt.FocusPolicy.TabFocus and w.isEnabled()]
    found = [w for w in found if w.isVisibleTo(sheet)]
    crosses = [w for w in found if isinstance(w, ToolButton) and w.accessibleName() == tr("Close")]
    others = [w for w in found if w not in crosses]
    if isinstance(sheet, Dialog):
        within = [w for w in others if not sheet.holds_in_foot(w)]
        others = within or [w for w in others if w is sheet.default_button] or others
    return others[0] if others else crosses[0] if crosses else None


def ask(
    overlay: Overlay,
    title: str,
    text: str,
    words: str,
    then: Callable[[], object],
    *,
    danger: bool = False,
    remark: str = "",
) -> Dialog:
    """A question before something that cannot be taken back. `words` name the act ("Remove mailbox"), never "OK".

    The keyboard is on the act; with `danger` on Cancel, so that one Enter too many does no harm.
    """
    dialog = Dialog(title, width=440)
    dialog.add(Para(text))

    def act() -> None:
        overlay.close_sheet(dialog)
        then()

    go = Button(words, "danger" if danger else "primary", clicked=act)
    remark = remark or (tr("This cannot be undone.") if danger else "")
    leave = Button(tr("Cancel"), clicked=dialog.close_dialog)
    dialog.set_foot(leave, go, remark=remark)
    overlay.open(dialog, focus=leave if danger else go)
    return dialog


def ask_to_leave(overlay: Overlay, said: str, leave: Callable[[], object]) -> Dialog:
    """The question before something typed is gone; Enter and Esc keep it."""
    return ask(overlay, tr("Close without saving?"), said, tr("Close anyway"), leave, danger=True)


class Popover(QFrame):
    """A small frame beside the button that opened it; a click elsewhere or Esc closes it."""

    def __init__(self, *items: Item, width: int = 320, name: str = "") -> None:
        super().__init__(None, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        set_box(self, "popover")
        self.setAccessibleName(name)
        self.setFixedWidth(width)
        self.content = QVBoxLayout(self)
        self.content.setContentsMargins(12, 12, 12, 12)
        self.content.setSpacing(8)
        for item in items:
            add(self.content, item)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def show_beside(self, anchor: QWidget) -> None:
        """Open at the right of `anchor`, or beneath it (above it) where the window ends there."""
        window = anchor.window()
        self.setParent(window, self.windowFlags())  # or it would go with the last reference to it
        self.resize(self.width(), self.content.totalHeightForWidth(self.width()))  # wrapped lines have their height
        self.move(window.mapToGlobal(self._corner(anchor, window)))
        self.show()
        target = first_control(self)
        if target is not None:
            target.setFocus(Qt.FocusReason.PopupFocusReason)

    def _corner(self, anchor: QWidget, window: QWidget) -> QPoint:
        """Where in the window its upper left corner is to be."""
        room = window.rect().adjusted(8, 8, -8, -8)
        begin = anchor.mapTo(window, QPoint(0, 0))
        beside, floor = begin.x() + anchor.width() + 8, room.bottom() - self.height()
        if beside + self.width() <= room.right():
            return QPoint(beside, max(room.top(), min(begin.y() + anchor.height() - self.height(), floor)))
        left = max(room.left(), min(begin.x(), room.right() - self.width()))
        below, above = begin.y() + anchor.height() + 2, begin.y() - self.height() - 2
        return QPoint(left, below if below <= floor else max(room.top(), above))
