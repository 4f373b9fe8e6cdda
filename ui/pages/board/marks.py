"""The cards that are marked: tickets, in whichever columns they lie. Marks stay while the keyboard wanders."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from PySide6.QtCore import QObject, Signal


class Marks(QObject):
    """Some tickets, in the order in which they were marked."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._keys: dict[UUID, None] = {}
        self._clicked: UUID | None = None

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def __len__(self) -> int:
        return len(self._keys)

    def keys(self) -> tuple[UUID, ...]:
        """All of them."""
        return tuple(self._keys)

    def toggle(self, key: UUID) -> None:
        """Mark a ticket, or take its mark off."""
        self.set([one for one in self._keys if one != key] if key in self._keys else [*self._keys, key])

    def click(self, key: UUID) -> None:
        """A ticket was clicked: it is the one from which marking begins. Those marked stay only if it is among them."""
        if key not in self._keys:
            self.clear()
            self._clicked = key

    def toggle_beside(self, key: UUID) -> None:
        """Mark a ticket besides the one that was clicked before, as in every list, or take its mark off."""
        if self._clicked is not None and self._clicked != key and not self._keys:
            self.set([self._clicked, key])
        else:
            self.toggle(key)

    def add(self, keys: Iterable[UUID]) -> None:
        """Mark these as well."""
        self.set([*self._keys, *keys])

    def set(self, keys: Iterable[UUID]) -> None:
        """Mark exactly these."""
        wanted = dict.fromkeys(keys)
        if list(wanted) != list(self._keys):
            self._keys, self._clicked = wanted, None
            self.changed.emit()

    def clear(self) -> None:
        """No marks any more."""
        self.set(())

    def keep(self, there: Iterable[UUID]) -> None:
        """Forget those that are not there any more."""
        if self._keys or self._clicked:
            known = set(there)
            clicked = self._clicked if self._clicked in known else None
            self.set([key for key in self._keys if key in known])
            self._clicked = clicked
