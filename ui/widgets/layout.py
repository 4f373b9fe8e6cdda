"""Short ways to lay widgets out, and a layout that wraps.

`column` and `row` make a frame with its layout in one expression, so that a page's code reads like the page: widgets
in order, `None` for a stretch, a number for a gap, `(widget, weight)` for what grows.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QMargins, QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLayout, QLayoutItem, QSizePolicy, QVBoxLayout, QWidget

Item = QWidget | QLayout | int | None | tuple[QWidget | QLayout, int]
Margins = tuple[int, int, int, int]
NONE: Margins = (0, 0, 0, 0)


def column(*items: Item, margins: Margins = NONE, spacing: int = 0, box: str = "") -> QFrame:
    """Widgets from top to bottom in a frame; `box` gives the frame a role in the stylesheet ("tile", "side"…)."""
    frame = QFrame()
    _fill(QVBoxLayout(frame), items, margins, spacing)
    return _boxed(frame, box)


def row(*items: Item, margins: Margins = NONE, spacing: int = 8, box: str = "") -> QFrame:
    """Widgets from left to right in a frame (right to left where the language runs so)."""
    frame = QFrame()
    _fill(QHBoxLayout(frame), items, margins, spacing)
    return _boxed(frame, box)


def _boxed(frame: QFrame, box: str) -> QFrame:
    if box:
        set_box(frame, box)
    return frame


def _fill(layout: QBoxLayout, items: Sequence[Item], margins: Margins, spacing: int) -> None:
    layout.setContentsMargins(*margins)
    layout.setSpacing(spacing)
    for item in items:
        add(layout, item)


def add(layout: QBoxLayout, item: Item) -> None:
    """Append one item as `column` and `row` read it."""
    weight = 0
    if isinstance(item, tuple):
        item, weight = item
    if item is None:
        layout.addStretch(1)
    elif isinstance(item, int):
        layout.addSpacing(item)
    elif isinstance(item, QLayout):
        layout.addLayout(item, weight)
    else:
        layout.addWidget(item, weight)


def clear(layout: QLayout) -> None:
    """Take everything out of a layout and delete it."""
    while (item := layout.takeAt(0)) is not None:
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif inner is not None:
            clear(inner)


def set_box(widget: QWidget, box: str) -> None:
    """Give a frame its role. Plain widgets paint no stylesheet ground without the attribute."""
    widget.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    restyle(widget, box=box)


def restyle(widget: QWidget, **values: str | bool) -> None:
    """Set style properties (`look`, `tone`, `kind`, `box` …) and let the stylesheet see them."""
    changed = False
    for name, value in values.items():
        if widget.property(name) != value:
            widget.setProperty(name, value)
            changed = True
    if changed:
        widget.style().unpolish(widget)
        widget.style().polish(widget)
        widget.update()


def line(*, vertical: bool = False) -> QFrame:
    """A hairline."""
    frame = QFrame()
    set_box(frame, "line")
    if vertical:
        frame.setFixedWidth(1)
    else:
        frame.setFixedHeight(1)
    return frame


def vertical(widget: QWidget) -> QVBoxLayout:
    """A bare vertical layout set on `widget`."""
    layout = QVBoxLayout(widget)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    return layout


def horizontal(widget: QWidget) -> QHBoxLayout:
    """A bare horizontal layout set on `widget`."""
    layout = QHBoxLayout(widget)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    return layout


class FlowLayout(QLayout):
    """Lays widgets out like words: left to right, then the next line. For tags, attachments and chips."""

    def __init__(self, parent: QWidget | None = None, *, spacing: int = 8) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing)

    def addItem(self, item: QLayoutItem, /) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int, /) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int, /) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int, /) -> int:
        return self._arrange(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect, /) -> None:
        super().setGeometry(rect)
        self._arrange(rect, move=True)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        margins: QMargins = self.contentsMargins()
        return size + QSize(margins.left() + margins.right(), margins.top() + margins.bottom())

    def _arrange(self, rect: QRect, *, move: bool) -> int:
        margins = self.contentsMargins()
        inner = rect.marginsRemoved(margins)
        x, y, height = inner.x(), inner.y(), 0
        for item in self._items:
            widget = item.widget()
            if widget is not None and widget.isHidden():
                continue
            size = item.sizeHint().boundedTo(QSize(max(inner.width(), 1), 16777215))
            if height and x + size.width() > inner.right() + 1:
                x, y, height = inner.x(), y + height + self.spacing(), 0
            if move:
                item.setGeometry(QRect(QPoint(x, y), size))
            x += size.width() + self.spacing()
            height = max(height, size.height())
        return y + height - rect.y() + margins.bottom()


class Scrolled(QFrame):
    """What lies in an area that scrolls up and down: as high as its content is at the width that it has.

    Qt takes the least height for granted, and that is the one at the least width, where everything wraps: a wide page with
    many things side by side would end in nothing but air.
    """

    def __init__(self) -> None:
        super().__init__()
        set_box(self, "clear")

    def minimumSizeHint(self) -> QSize:
        least, layout = super().minimumSizeHint(), self.layout()
        return QSize(least.width(), 0) if layout is not None and layout.hasHeightForWidth() else least


def flow(*widgets: QWidget, spacing: int = 8) -> QFrame:
    """A frame whose widgets wrap like words."""
    frame = QFrame()
    layout = FlowLayout(frame, spacing=spacing)
    for widget in widgets:
        layout.addWidget(widget)
    policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    policy.setHeightForWidth(True)
    frame.setSizePolicy(policy)
    return frame
