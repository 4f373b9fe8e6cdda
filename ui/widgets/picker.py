"""A small list to pick from by a few letters, right beside what it is about: to whom, which tag, which priority.

Type to narrow, arrows to move, Enter to take, Esc to leave. It is a sheet of the `Overlay` that dims nothing and stands
where it was asked for (`Overlay.open(…, beside=…)`), so that the focus returns to where it was and no key reaches the page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
)

from ui.icons import draw_icon
from ui.text import tr
from ui.widgets.fuzzy import Match, fuzzy
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import row, set_box
from ui.widgets.lines import Index, Lines
from ui.widgets.overlay import Overlay
from ui.widgets.paint import draw_avatar, draw_check, draw_dot, draw_row_ground, draw_text

ROW: Final = 34
_SHOWN = 8
_STEPS = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: _SHOWN, Qt.Key.Key_PageUp: -_SHOWN}


@dataclass(frozen=True)
class Option:
    """One line. It begins with an avatar (`person`), a dot (`tone`: a colour of the look) or an `icon`.

    `state`: None has no box; else whether all (Checked), some (PartiallyChecked) or none of what is acted on have it.
    `words` also find it.
    """

    key: str
    text: str
    icon: str = ""
    person: str = ""
    tone: str = ""
    hint: str = ""
    words: str = ""
    state: Qt.CheckState | None = None


class _Options(Lines[Option]):
    """The options that fit what is typed."""

    def words(self, one: Option) -> str:
        return one.text

    def spoken(self, one: Option) -> str:
        return ", ".join(part for part in (one.text, one.hint, _state_word(one.state)) if part)


def _state_word(state: Qt.CheckState | None) -> str:
    words = {Qt.CheckState.Checked: tr("chosen"), Qt.CheckState.PartiallyChecked: tr("some of them")}
    return words.get(state, "") if state is not None else ""


class _Painter(QStyledItemDelegate):
    """Draws an option."""

    def __init__(self, options: _Options, parent: QObject) -> None:
        super().__init__(parent)
        self._options = options

    def sizeHint(self, option: QStyleOptionViewItem, index: Index, /) -> QSize:
        return QSize(160, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index, /) -> None:
        one = self._options.shown[index.row()]
        rect = QRectF(option.rect)
        painter.save()
        state = option.state
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        draw_row_ground(painter, rect.adjusted(4, 1, -4, -1), selected=chosen, hovered=hovered)
        left, middle, right = rect.x() + 14, rect.center().y(), rect.right() - 14
        if one.state is not None:
            draw_check(painter, left, middle - 8, one.state)
            left += 26
        left = _paint_lead(painter, one, left, middle)
        if one.hint:
            painter.setFont(option.font)
            width = min(painter.fontMetrics().horizontalAdvance(one.hint) + 4, int((right - left) / 2))
            place = QRectF(right - width, rect.y(), width, ROW)
            draw_text(painter, place, one.hint, px=12, colour="text3", align=Qt.AlignmentFlag.AlignRight)
            right -= width + 8
        draw_text(painter, QRectF(left, rect.y(), right - left, ROW), one.text)
        painter.restore()


def _paint_lead(painter: QPainter, one: Option, left: float, middle: float) -> float:
    """What an option begins with; where its text begins."""
    if one.person:
        draw_avatar(painter, QRectF(left, middle - 11, 22, 22), one.person)
        return left + 30
    if one.tone:
        draw_dot(painter, QPointF(left + 8, middle), one.tone, 10)
        return left + 26
    if one.icon:
        draw_icon(painter, QPointF(left, middle - 8), one.icon, "text2", 16)
        return left + 26
    return left


class Picker(QFrame):
    """The sheet; open it with `pick`. `picked(key)` tells what was taken; `make(typed)` may offer what is not there yet."""

    picked = Signal(str)
    light_dismiss = True
    dims = False

    def __init__(
        self,
        title: str,
        options: Sequence[Option],
        *,
        current: str = "",
        make: Callable[[str], Option | None] = lambda _typed: None,
        foot: str = "",
        width: int = 300,
    ) -> None:
        super().__init__()
        set_box(self, "dialog")
        self.setAccessibleName(title)
        self.wanted_width = width
        self.all_options, self._make, self._first = list(options), make, current
        self.field = QLineEdit()
        self.field.setPlaceholderText(title)
        self.field.setAccessibleName(title)
        self.field.installEventFilter(self)
        self.field.textChanged.connect(lambda _text: self._rebuild())
        self._options = _Options(self)
        self.list = QListView()
        self.list.setModel(self._options)
        self.list.setItemDelegate(_Painter(self._options, self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setMouseTracking(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setAccessibleName(title)
        self.list.clicked.connect(self._take)
        self._nothing = row((Label(tr("Nothing matches"), "small"), 1), margins=(14, 4, 14, 12))
        self._foot = row(
            (ElidingLabel(foot, "caption"), 1), margins=(14, 4, 14, 8)
        )  # wrapping, it would rule the height
        if not foot:
            self._foot.hide()  # never shown before it has a parent: it would be a window for a moment, with the keyboard
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.setSpacing(0)
        layout.addWidget(row((self.field, 1), margins=(8, 8, 8, 4)))
        layout.addWidget(self.list, 1)
        layout.addWidget(self._nothing)
        layout.addWidget(self._foot)
        layout.addSpacing(4)
        self._rebuild()

    def options(self) -> list[Option]:
        """The options shown now, best first."""
        return list(self._options.shown)

    def sizeHint(self) -> QSize:
        count = len(self._options.shown)
        rest = self._foot.sizeHint().height() if not self._foot.isHidden() else 0
        body = ROW * min(_SHOWN, count) if count else self._nothing.sizeHint().height()
        return QSize(self.wanted_width, self.field.sizeHint().height() + 12 + body + rest + 8)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 80)

    def eventFilter(self, watched: QObject, event: QEvent, /) -> bool:
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            key = event.key()
            if key in _STEPS:
                self._move(_STEPS[Qt.Key(key)])
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab):
                self._take(self.list.currentIndex())
                return True
        return False

    def _rebuild(self) -> None:
        typed = self.field.text().strip()
        shown = _ranked(typed, self.all_options)
        if typed and not any(one.text.casefold() == typed.casefold() for one in shown):
            made = self._make(typed)
            shown += [made] if made is not None else []
        self._options.show(shown)
        self.list.setVisible(bool(shown))
        self._nothing.setVisible(not shown)
        if shown:
            at = next((n for n, one in enumerate(shown) if one.key == self._first), 0) if not typed else 0
            self.list.setCurrentIndex(self._options.index(at, 0))
        self.updateGeometry()

    def _move(self, step: int) -> None:
        count = self._options.rowCount()
        if count:
            now = self.list.currentIndex().row() + step
            place = now % count if abs(step) == 1 else max(0, min(count - 1, now))
            self.list.setCurrentIndex(self._options.index(place, 0))

    def _take(self, index: QModelIndex) -> None:
        if index.isValid():
            self.picked.emit(self._options.shown[index.row()].key)


def _ranked(typed: str, options: Sequence[Option]) -> list[Option]:
    """Those that fit what is typed, best first; everything in its own order while nothing is typed."""
    if not typed:
        return list(options)
    found = [(_fit(typed, one), place, one) for place, one in enumerate(options)]
    fitting = [(match.score, -place, one) for match, place, one in found if match is not None]
    return [one for _, _, one in sorted(fitting, key=lambda each: each[:2], reverse=True)]


def _fit(typed: str, one: Option) -> Match | None:
    match = fuzzy(typed, one.text)
    if match is None and one.words and (other := fuzzy(typed, one.words)) is not None:
        return Match(other.score - 10, ())
    return match


def pick(overlay: Overlay, picker: Picker, beside: QRect, then: Callable[[str], object]) -> None:
    """Open a picker beside a place on the screen; `then(key)` runs after it has closed and the focus is back."""

    def take(key: str) -> None:
        overlay.close_sheet(picker)
        then(key)

    picker.picked.connect(take)
    overlay.open(picker, focus=picker.field, beside=beside)
