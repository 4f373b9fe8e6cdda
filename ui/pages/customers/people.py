"""The list of customers, with its search and its states."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import QFrame, QStackedWidget

from ui.models.customers import PAGE, CustomerModel, CustomerPage, read_customers
from ui.pages import Context
from ui.pages.customers.rows import CUSTOMER_HEIGHT, CustomerDelegate
from ui.text import tr
from ui.widgets.field import SearchField
from ui.widgets.label import Label
from ui.widgets.layout import column, vertical
from ui.widgets.panel import BarHeader
from ui.widgets.state import EmptyState, ErrorState, Skeleton
from ui.widgets.table import RowTable

_SHARES = (0.26, 0.26, 0.2, 0.14, 0.14)


class CustomerTable(RowTable):
    """Rows of customers; a click or Enter opens one."""

    opened = Signal(object)  # UUID

    def __init__(self, model: CustomerModel) -> None:
        super().__init__(model, name=tr("Customers"), row_height=CUSTOMER_HEIGHT, head_height=36)
        self._people = model
        self.setItemDelegate(CustomerDelegate(self))

    def open_index(self, index: QModelIndex) -> None:
        if index.isValid():
            self.opened.emit(self._people.line_at(index.row()).row.id)

    def updateGeometries(self) -> None:
        super().updateGeometries()
        width = self.viewport().width()
        wanted = [round(width * share) for share in _SHARES]
        wanted[-1] = width - sum(wanted[:-1])
        for place, size in enumerate(wanted):
            if self.columnWidth(place) != size:
                self.setColumnWidth(place, size)


class People(QFrame):
    """The face of the page with everybody on it."""

    opened = Signal(object)  # UUID

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._typed = ""
        self._loading_more = False
        self.is_loaded = False
        self.model = CustomerModel()
        self.model.more_wanted.connect(self._read_more)
        self.table = CustomerTable(self.model)
        self.table.opened.connect(self.opened)
        self.field = SearchField(tr("Search by name or address"))
        self.field.setFixedWidth(280)
        self.field.searched.connect(self._search)
        self.field.left.connect(self.focus)
        self._count = Label("", "small")
        header = BarHeader(tr("Customers"), self.field)
        header.set_beside(self._count)
        self._stack = QStackedWidget()
        self._skeleton = Skeleton(CUSTOMER_HEIGHT + 12, inset=24)
        self._nobody = EmptyState(
            tr("No customers yet"),
            tr("Everybody who writes to one of your mailboxes becomes a customer here."),
            icon="account-multiple-outline",
            tone="plain",
        )
        self._no_hits = EmptyState(
            tr("Nobody found"),
            tr("No name and no address contains these words."),
            icon="magnify",
            tone="plain",
            action=(tr("Show everybody"), self.field.clear),
        )
        words = tr("The details are in the log file.")
        self._error = ErrorState(tr("The customers cannot be shown"), words, self.read)
        self._list = column((self.table, 1), margins=(16, 4, 16, 0))
        for face in (self._skeleton, self._list, self._nobody, self._no_hits, self._error):
            self._stack.addWidget(face)
        layout = vertical(self)
        layout.addWidget(header)
        layout.addWidget(self._stack, 1)

    def read(self) -> None:
        """Read the list from its beginning, as far as it was read."""
        limit = max(PAGE, self.model.rowCount())
        self._ask(self._typed, limit, None, partial(self._show, self._typed))

    def focus(self) -> None:
        """The keyboard goes to the rows."""
        if self.is_loaded and not self.model.rowCount():
            self.field.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        if self.model.rowCount() and not self.table.currentIndex().isValid():
            self.table.setCurrentIndex(self.model.index(0, 0))
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def focus_search(self) -> None:
        """The keyboard goes to the field."""
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def _search(self, typed: str) -> None:
        self._typed = typed
        self._ask(typed, PAGE, None, partial(self._show, typed))

    def _read_more(self) -> None:
        if not self._loading_more and self.model.last is not None:
            self._loading_more = True
            self._ask(self._typed, PAGE, self.model.last, self._append)

    def _ask(self, typed: str, limit: int, after: tuple[str, UUID] | None, then: object) -> None:
        assert callable(then)
        self._context.tasks.ask(
            read_customers, typed, limit, after, then=then, owner=self, key="customers", failed=self._failed
        )

    def _show(self, typed: str, page: CustomerPage) -> None:
        fresh, self.is_loaded, self._loading_more = not self.is_loaded, True, False
        chosen = self._chosen()
        self.model.show(page)
        self._count.setText(tr("{n} person|{n} people", n=page.total))
        if not page.lines:
            self._stack.setCurrentWidget(self._no_hits if typed.strip() else self._nobody)
            if fresh and self.isVisible():
                self.focus()
            return
        self._stack.setCurrentWidget(self._list)
        place = max(0, self.model.place_of(chosen)) if chosen is not None else 0
        self.table.setCurrentIndex(self.model.index(place, 0))
        if fresh and self.isVisible() and not self.field.hasFocus():
            self.focus()

    def _chosen(self) -> UUID | None:
        index = self.table.currentIndex()
        valid = index.isValid() and index.row() < self.model.rowCount()
        return self.model.line_at(index.row()).row.id if valid else None

    def _append(self, page: CustomerPage) -> None:
        self._loading_more = False
        self.model.append(page)

    def _failed(self, _error: Exception) -> bool:
        self._loading_more = False
        if not self.is_loaded:
            self._stack.setCurrentWidget(self._error)
        return False
