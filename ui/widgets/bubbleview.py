"""A conversation as bubbles, scrolled to its end until somebody reads further up.

Only the newest are made at first. A conversation that is shown again changes only where something changed, and whoever reads
further up is not moved.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout

from ui.text import tr
from ui.widgets.bubbles import Bubble, BubbleRow
from ui.widgets.button import Button
from ui.widgets.layout import set_box

FIRST = 30
"""So many of the newest bubbles are made at first; the others when they are wanted."""

_MORE = 60


class BubbleView(QScrollArea):
    """A whole conversation, scrolled to its end until somebody reads further up."""

    file_opened = Signal(str)
    act_wanted = Signal(object)
    link_clicked = Signal(str)
    at_end = Signal()  # the newest is before somebody's eyes

    def __init__(self, name: str) -> None:
        super().__init__()
        self._rows: dict[Hashable, BubbleRow] = {}
        self._bubbles: tuple[Bubble, ...] = ()
        self._shown = FIRST
        self._of: Hashable = None
        self._stick = True
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(name)
        self.verticalScrollBar().setSingleStep(28)
        self._inner = QFrame()
        set_box(self._inner, "clear")
        self._layout = QVBoxLayout(self._inner)
        self._layout.setSpacing(2)
        self._earlier = Button(tr("Earlier messages"), "ghost", clicked=self.show_earlier)
        self._layout.addWidget(self._earlier, 0, Qt.AlignmentFlag.AlignHCenter)
        self._earlier.hide()
        self._layout.addStretch(1)
        self.set_margin(24)
        self.setWidget(self._inner)
        bar = self.verticalScrollBar()
        bar.rangeChanged.connect(self._range_changed)
        bar.valueChanged.connect(self._moved)
        self._lay = QTimer(self, singleShot=True, interval=0)
        self._lay.timeout.connect(self._lay_out)

    # -- for the owner

    def show_bubbles(self, of: Hashable, bubbles: Sequence[Bubble]) -> None:
        """Show a conversation: another one (`of`) from its end on, the same one with what is new in it."""
        fresh = of != self._of
        if fresh:
            self._of, self._shown, self._stick = of, FIRST, True
            self._drop(list(self._rows))
        self._bubbles = tuple(bubbles)
        self._sync()

    def bubbles(self) -> tuple[Bubble, ...]:
        """All that belong to the conversation, made or not."""
        return self._bubbles

    def row(self, key: Hashable) -> BubbleRow | None:
        """The widget of a bubble, if it is made."""
        return self._rows.get(key)

    def show_earlier(self) -> None:
        """Make more of what was said before; what is read stays where it is."""
        bar = self.verticalScrollBar()
        below = bar.maximum() - bar.value()
        self._stick = False
        self._shown += _MORE
        self._sync()
        self._inner.adjustSize()
        bar.setValue(bar.maximum() - below)

    def set_margin(self, side: int) -> None:
        """Air at both sides, px."""
        self._layout.setContentsMargins(side, 12, side - 2, 8)
        self._width_changed()

    def to_end(self) -> None:
        """Go to the newest."""
        self._stick = True
        self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())

    @property
    def is_at_end(self) -> bool:
        """Is the newest in sight?"""
        bar = self.verticalScrollBar()
        return bar.value() >= bar.maximum() - 24

    # -- keeping rows

    def _sync(self) -> None:
        wanted = self._bubbles[-self._shown :]
        self._earlier.setVisible(len(wanted) < len(self._bubbles))
        keys = {one.key for one in wanted}
        width = self._room()
        self._inner.setUpdatesEnabled(False)
        self._drop([key for key in self._rows if key not in keys])
        for place, one in enumerate(wanted, start=1):  # the first place is the button's
            row = self._rows.get(one.key)
            if row is None:
                row = self._rows[one.key] = self._made(one)
                row.set_width(width)
                self._layout.insertWidget(place, row)
            else:
                if row.bubble != one:
                    row.show_bubble(one, width)
                if self._layout.indexOf(row) != place:
                    self._layout.removeWidget(row)
                    self._layout.insertWidget(place, row)
        self._inner.setUpdatesEnabled(True)
        if self._stick:
            self._lay.start()

    def _made(self, bubble: Bubble) -> BubbleRow:
        row = BubbleRow(bubble)
        row.file_opened.connect(self.file_opened)
        row.act_wanted.connect(self.act_wanted)
        row.link_clicked.connect(self.link_clicked)
        return row

    def _drop(self, keys: Sequence[Hashable]) -> None:
        for key in keys:
            row = self._rows.pop(key)
            self._layout.removeWidget(row)
            row.hide()
            row.deleteLater()

    # -- places

    def _room(self) -> int:
        margins = self._layout.contentsMargins()
        return max(160, self.viewport().width() - margins.left() - margins.right())

    def _width_changed(self) -> None:
        for row in self._rows.values():
            row.set_width(self._room())

    def _lay_out(self) -> None:
        if self._stick:
            self.to_end()

    def _range_changed(self, _least: int, most: int) -> None:
        if self._stick:
            self.verticalScrollBar().setValue(most)

    def _moved(self, _value: int) -> None:
        self._stick = self.is_at_end
        if self._stick:
            self.at_end.emit()

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        stick = self._stick
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._width_changed()
        if stick:
            self._stick = True
            self._lay.start()

    def changeEvent(self, event: QEvent, /) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange:
            self._width_changed()

    def sizeHint(self) -> QSize:
        return QSize(320, 240)
