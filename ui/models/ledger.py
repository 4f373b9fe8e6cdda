"""The lines of the mail ledger as a table: page by page, newest first, as far as somebody scrolls."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from app.inbox.queries import LedgerItem
from app.kernel import clock
from ui.text import tr, when_text

PAGE = 100
ITEM_ROLE = int(Qt.ItemDataRole.UserRole)

Index = QModelIndex | QPersistentModelIndex
After = tuple[datetime, UUID] | None


def outcome_word(outcome: str) -> str:
    """What became of a mail, in a word or two."""
    words = {
        "received": tr("Waiting"),
        "message": tr("In a ticket"),
        "own_copy": tr("Sent by us"),
        "duplicate": tr("Second copy"),
        "survey_answer": tr("Survey answer"),
        "bounce": tr("Came back"),
        "auto_reply": tr("Automatic answer"),
        "bulk": tr("Newsletter"),
        "spam": tr("Spam"),
        "feedback": tr("Complaint report"),
        "history": tr("History"),
        "sent_other": tr("Sent elsewhere"),
        "erased": tr("Erased"),
        "quarantined": tr("Could not be read"),
    }
    return words.get(outcome, outcome)


class LedgerModel(QAbstractTableModel):
    """Rows of `LedgerItem`. `fetch(after)` is called when more is wanted; its answer comes back through `add`."""

    def __init__(self, fetch: Callable[[After], object]) -> None:
        super().__init__()
        self._fetch = fetch
        self._items: list[LedgerItem] = []
        self._more = self._asked = False

    def begin(self) -> None:
        """Empty the table and ask for its first page."""
        self.beginResetModel()
        self._items, self._more, self._asked = [], False, True
        self.endResetModel()
        self._fetch(None)

    def add(self, items: tuple[LedgerItem, ...]) -> None:
        """A page has come."""
        self._asked = False
        self._more = len(items) >= PAGE
        if items:
            first = len(self._items)
            self.beginInsertRows(QModelIndex(), first, first + len(items) - 1)
            self._items += items
            self.endInsertRows()

    def item(self, row: int) -> LedgerItem | None:
        """The line in a row."""
        return self._items[row] if 0 <= row < len(self._items) else None

    def row_of(self, key: UUID) -> int:
        """The row of a line, or -1."""
        return next((row for row, item in enumerate(self._items) if item.id == key), -1)

    # -- what Qt asks -------------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex(), /) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self._items)

    def columnCount(self, parent: Index = QModelIndex(), /) -> int:  # noqa: B008
        return 0 if parent.isValid() else 4

    def canFetchMore(self, parent: Index, /) -> bool:
        return not parent.isValid() and self._more and not self._asked

    def fetchMore(self, parent: Index, /) -> None:
        if self.canFetchMore(parent):
            self._asked = True
            last = self._items[-1]
            self._fetch((last.received_at, last.id))

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0, /) -> object:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return (tr("From"), tr("Subject"), tr("Received"), tr("What became of it"))[section]
        return None

    def data(self, index: Index, role: int = 0, /) -> object:
        item = self.item(index.row())
        if item is None:
            return None
        if role == ITEM_ROLE:
            return item
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return _texts(item)[index.column()]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(_texts(item))
        return None


def _texts(item: LedgerItem) -> tuple[str, str, str, str]:
    at = item.internal_at or item.received_at
    word = outcome_word(item.outcome)
    became = f"{word}: {item.reason}" if item.reason else word
    if item.gone_at is not None:
        became = tr("{became} · left the server", became=became)
    subject = " ".join(item.subject.split()) or tr("No subject")
    return " ".join(item.sender.split()) or tr("Unknown sender"), subject, when_text(at, clock.now()), became
