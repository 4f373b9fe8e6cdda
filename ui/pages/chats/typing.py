"""Who types at the other end: told by short words that are good for some seconds, and forgotten when none follows."""

from __future__ import annotations

import time
from uuid import UUID

from PySide6.QtCore import QObject, QTimer, Signal

from app.kernel.database.changes import Changes

HOLDS_S = 7.0
"""So long a word that somebody types holds; they say it again while they do."""

_LOOK_MS = 500


class Typing(QObject):
    """The visitors who type just now."""

    changed = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._until: dict[UUID, float] = {}
        self._look = QTimer(self, interval=_LOOK_MS)  # runs only while somebody types
        self._look.timeout.connect(self._forget)

    def hear(self, changes: Changes) -> None:
        """Take what was said since the last time."""
        said = [one.payload or {} for one in changes.signals if one.topic == "chat_typing"]
        said = [one for one in said if one.get("who") == "visitor"]
        for word in said:
            key = UUID(hex=str(word.get("conversation")))
            if word.get("on"):
                self._until[key] = time.monotonic() + HOLDS_S
            else:
                self._until.pop(key, None)
        if said:
            self._run()
            self.changed.emit()

    def stopped(self, conversation: UUID) -> None:
        """What was typed has come."""
        if self._until.pop(conversation, None) is not None:
            self.changed.emit()

    def types(self, conversation: UUID | None) -> bool:
        """Does the visitor of this chat type?"""
        return conversation is not None and self._until.get(conversation, 0) > time.monotonic()

    def _run(self) -> None:
        if self._until and not self._look.isActive():
            self._look.start()
        elif not self._until:
            self._look.stop()

    def _forget(self) -> None:
        over = [key for key, until in self._until.items() if until <= time.monotonic()]
        for key in over:
            del self._until[key]
        self._run()
        if over:
            self.changed.emit()
