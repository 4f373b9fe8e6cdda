"""What the board page is made of: the bar with filter and groupings, the columns, and the faces of a board without cards."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QFrame, QMenu, QStackedWidget, QWidget

from app.boards.queries import BoardView
from app.tickets.rules import LaneBy
from ui.models.board import grouping_word
from ui.pages import BasePage, Context
from ui.pages.board.columns import Columns
from ui.text import tr
from ui.widgets.button import Button
from ui.widgets.field import SearchField
from ui.widgets.layout import horizontal, vertical
from ui.widgets.panel import BarHeader
from ui.widgets.state import EmptyState, ErrorState, Skeleton


class BoardFrame(BasePage):
    """The widgets of the page and which of them is shown."""

    retried = Signal()
    writing = Signal()  # a mail to a customer

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.filter = SearchField(tr("Filter cards"))
        self.filter.setFixedWidth(220)
        self.group = Button("", icon="view-column-outline")
        self.groupings = QMenu(self)
        self.group.setMenu(self.groupings)
        new = Button(tr("New ticket"), "primary", clicked=self.writing.emit)
        self.columns = Columns(context.rows, self)
        self.no_tickets = EmptyState(
            tr("No tickets yet"),
            tr("When a customer writes, the ticket shows up here as a card in “New”."),
            icon="view-column-outline",
            tone="plain",
            action=(tr("Write to a customer"), self.writing.emit),
        )
        self.no_hits = EmptyState(
            tr("No card matches"),
            tr("Other words may find it. The search in the inbox also looks at closed tickets."),
            icon="magnify",
            tone="plain",
            action=(tr("Show all cards"), self.filter.clear),
        )
        words = tr("The details are in the log file.")
        self.error = ErrorState(tr("The board cannot be shown"), words, self.retried.emit)
        self.faces = QStackedWidget()
        for face in (_loading(), self.columns, self.no_tickets, self.no_hits, self.error):
            self.faces.addWidget(face)
        layout = vertical(self)
        layout.addWidget(BarHeader(tr("Board"), self.filter, self.group, new))
        layout.addWidget(self.faces, 1)

    def show_face(self, view: BoardView) -> None:
        """The columns, or why there are none to see."""
        if view.count or view.hidden:
            self.faces.setCurrentWidget(self.columns)
        else:
            self.faces.setCurrentWidget(self.no_hits if view.filtered else self.no_tickets)

    def show_error(self) -> None:
        """The board could not be read."""
        self.faces.setCurrentWidget(self.error)

    def say_groupings(self, view: BoardView) -> None:
        """What columns and lanes stand for, on the button that changes it."""
        words = {
            "status": tr("Group by status"),
            "assignee": tr("Group by assignee"),
            "priority": tr("Group by priority"),
            "team": tr("Group by team"),
            "tag": tr("Group by tag"),
        }[str(view.by)]
        if view.lane_by is not LaneBy.NONE:
            words = f"{words} · {grouping_word(str(view.lane_by))}"
        self.group.setText(words)

    def open_groupings(self) -> None:
        """The menu of groupings, by the keyboard."""
        self.groupings.popup(self.group.mapToGlobal(QPoint(0, self.group.height())))

    def focus_filter(self) -> None:
        """The keyboard goes to the filter."""
        self.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filter.selectAll()


def _loading() -> QWidget:
    body = QFrame()
    row = horizontal(body)
    row.setContentsMargins(16, 16, 16, 16)
    row.setSpacing(12)
    for _ in range(4):
        row.addWidget(Skeleton(106, avatar=False), 1)
    return body
