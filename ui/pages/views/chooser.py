"""The list of all views, beneath the list's title: a few letters or the arrow keys choose one."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QWidget

from ui.pages.views.lines import LINE_ROLE, Line, LinePainter, LinesModel
from ui.text import tr
from ui.widgets.button import Button
from ui.widgets.field import TextField
from ui.widgets.layout import row
from ui.widgets.overlay import Popover

WIDTH = 340
_TALLEST = 640


class ViewList(QListView):
    """The lines; a click or Enter takes one."""

    taken = Signal(object)  # Line

    def __init__(self) -> None:
        super().__init__()
        self.lines = LinesModel()
        self.setModel(self.lines)
        self.setItemDelegate(LinePainter(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(tr("Views"))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setMouseTracking(True)
        self.clicked.connect(self._take)
        self.activated.connect(self._take)

    def step(self, by: int) -> None:
        """Mark the next line that can be taken."""
        place = self.currentIndex().row() + by if self.currentIndex().isValid() else 0
        while 0 <= place < self.lines.rowCount():
            if not self.lines.shown[place].is_heading:
                self.setCurrentIndex(self.lines.index(place))
                return
            place += by or 1

    def mark_first(self) -> None:
        """Mark the current view, or the first line that can be taken."""
        lines = self.lines.shown
        place = next((n for n, one in enumerate(lines) if one.current), -1)
        place = place if place >= 0 else next((n for n, one in enumerate(lines) if not one.is_heading), -1)
        self.setCurrentIndex(self.lines.index(place) if place >= 0 else QModelIndex())

    def take(self) -> None:
        """Take the line that is marked."""
        self._take(self.currentIndex())

    def _take(self, index: QModelIndex) -> None:
        line = index.data(LINE_ROLE)
        if isinstance(line, Line) and not line.is_heading:
            self.taken.emit(line)


class _Field(TextField):
    """Letters filter, arrows move in the list, Enter takes."""

    def __init__(self, views: ViewList) -> None:
        super().__init__(placeholder=tr("Find a view"), lead="magnify")
        self._views = views
        self.returnPressed.connect(views.take)

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self._views.step(1 if event.key() == Qt.Key.Key_Down else -1)
        else:
            super().keyPressEvent(event)


class Chooser(Popover):
    """All views; `lines(typed)` tells what is to be shown."""

    chosen = Signal(object)  # Line
    new_wanted = Signal()
    manage_wanted = Signal()

    def __init__(self, lines: Callable[[str], tuple[Line, ...]]) -> None:
        self._ask = lines
        self.list = ViewList()
        self.field = _Field(self.list)
        new = Button(tr("New view"), "ghost", icon="plus", clicked=lambda: self._leave(self.new_wanted))
        manage = Button(tr("Manage views"), "ghost", clicked=lambda: self._leave(self.manage_wanted))
        super().__init__(self.field, (self.list, 1), row(new, None, manage), width=WIDTH, name=tr("Views"))
        self.field.textChanged.connect(self._filter)
        self.list.taken.connect(self._taken)
        self.show_lines()
        self.list.mark_first()

    def show_lines(self) -> None:
        """Show the lines as they are now: numbers may have changed."""
        self.list.lines.show(self._ask(self.field.text()))

    def show_below(self, anchor: QWidget) -> None:
        """Open beneath `anchor`, as high as the lines need and its window lets."""
        window = anchor.window()
        self.setParent(window, self.windowFlags())
        wanted = sum(self.list.sizeHintForRow(n) for n in range(self.list.lines.rowCount()))
        corner = anchor.mapToGlobal(QPoint(0, anchor.height() + 6))
        room = window.mapToGlobal(QPoint(0, window.height())).y() - corner.y() - 16
        self.list.setFixedHeight(max(120, min(wanted + 8, _TALLEST, room - 110)))
        self.adjustSize()
        left = min(corner.x(), window.mapToGlobal(QPoint(window.width() - WIDTH - 8, 0)).x())
        self.move(left, corner.y())
        self.show()
        self.list.scrollTo(self.list.currentIndex())
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def _filter(self, _typed: str) -> None:
        self.show_lines()
        self.list.mark_first()

    def _taken(self, line: Line) -> None:
        self.chosen.emit(line)
        self.close()

    def _leave(self, signal: object) -> None:
        self.close()
        signal.emit()  # type: ignore[attr-defined]  # a signal of this object
