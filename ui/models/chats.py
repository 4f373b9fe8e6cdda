"""The list of chats: those of one's own, those that wait for anyone, those of colleagues and those that are over, under headings.

It is short (a few hundred rows at most), so it is handed over whole; rows move, come and go one by one, so that what is chosen
stays chosen and the place where somebody reads stays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt

from app.chats.queries import ChatRow

CHAT_ROLE = int(Qt.ItemDataRole.UserRole)
ID_ROLE = CHAT_ROLE + 1

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


@dataclass(frozen=True, slots=True)
class Heading:
    """A line above rows: its key, its words and how many there are."""

    key: str
    text: str
    count: int


Item = Heading | ChatRow


def key_of(item: Item) -> str | UUID:
    """What an item is known by."""
    return item.key if isinstance(item, Heading) else item.id


class ChatModel(QAbstractListModel):
    """Headings and rows. `describe(row)` gives what a screen reader says of a row."""

    def __init__(self) -> None:
        super().__init__()
        self._items: list[Item] = []
        self.is_loaded = False
        self.describe: Callable[[ChatRow], str] = lambda row: row.name or row.snippet

    def show(self, items: Sequence[Item]) -> None:
        """These, in this order, from now on."""
        self.is_loaded = True
        wanted = {key_of(one) for one in items}
        for row in range(len(self._items) - 1, -1, -1):
            if key_of(self._items[row]) not in wanted:
                self.beginRemoveRows(QModelIndex(), row, row)
                del self._items[row]
                self.endRemoveRows()
        changed = [place for place, item in enumerate(items) if self._put(place, item)]
        if changed:  # told once: while many write, most of hundreds have changed
            self.dataChanged.emit(self.index(changed[0], 0), self.index(changed[-1], 0))

    def item(self, row: int) -> Item | None:
        """What stands in a row."""
        return self._items[row] if 0 <= row < len(self._items) else None

    def chats(self) -> list[ChatRow]:
        """The chats from top to bottom."""
        return [one for one in self._items if isinstance(one, ChatRow)]

    def chat(self, key: UUID | None) -> ChatRow | None:
        """A chat of the list."""
        return next((one for one in self.chats() if one.id == key), None)

    def place_of(self, key: UUID | None) -> int:
        """The row of a chat, or -1."""
        return next((n for n, one in enumerate(self._items) if key is not None and key_of(one) == key), -1)

    def _put(self, place: int, item: Item) -> bool:
        """Have it stand there; True if it stood in the list already and says something else now."""
        key = key_of(item)
        now = next((n for n in range(place, len(self._items)) if key_of(self._items[n]) == key), -1)
        if now < 0:
            self.beginInsertRows(QModelIndex(), place, place)
            self._items.insert(place, item)
            self.endInsertRows()
            return False
        if now > place:
            self.beginMoveRows(QModelIndex(), now, now, QModelIndex(), place)
            self._items.insert(place, self._items.pop(now))
            self.endMoveRows()
        if self._items[place] == item:
            return False
        self._items[place] = item
        return True

    # -- what Qt asks

    def rowCount(self, parent: Index = _NOWHERE, /) -> int:
        return 0 if parent.isValid() else len(self._items)

    def flags(self, index: Index, /) -> Qt.ItemFlag:
        item = self.item(index.row()) if index.isValid() else None
        if item is None:
            return Qt.ItemFlag.NoItemFlags
        if isinstance(item, Heading):
            return Qt.ItemFlag.ItemIsEnabled
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole, /) -> object:
        item = self.item(index.row()) if index.isValid() else None
        if item is None:
            return None
        if role == CHAT_ROLE:
            return item
        if isinstance(item, Heading):
            words = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)
            return f"{item.text} {item.count}" if role in words else None
        if role == ID_ROLE:
            return item.id
        if role == Qt.ItemDataRole.DisplayRole:
            return item.name or item.snippet
        return self.describe(item) if role == Qt.ItemDataRole.AccessibleTextRole else None
