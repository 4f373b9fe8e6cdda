"""The only place where threads meet Qt.

Changes arrive on whatever thread noticed them; pages want one calm signal in theirs. So changes are merged while a queued
event is under way, and at most one ever is: ten thousand commits in a second cost the window a handful of signals.
`post` brings results of background work to the window's thread the same way, in order.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, Qt, Signal

from app.kernel.changes import Changes

log = logging.getLogger(__name__)


class Listenable(Protocol):
    """Whatever tells about changes, on any thread; calling the result ends it."""

    def listen(self, listener: Callable[[Changes], None], /) -> Callable[[], None]:
        """Call `listener` for every change from now on."""
        ...


class Bridge(QObject):
    """Carries changes and results into the window's thread, in which it must be made."""

    changed = Signal(object)  # Changes
    _wake = Signal()

    def __init__(self, desk: Listenable | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._pending: Changes | None = None
        self._posted: deque[Callable[[], object]] = deque()
        self._under_way = self._closed = False
        self._stop: Callable[[], None] | None = None
        self._wake.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        if desk is not None:
            self.listen_to(desk)

    def listen_to(self, desk: Listenable) -> None:
        """Carry the changes of this desk from now on (and no longer those of another)."""
        if self._stop is not None:
            self._stop()
        self._stop = desk.listen(self.on_changes)

    def on_changes(self, changes: Changes) -> None:
        """Take changes, on any thread."""
        with self._lock:
            self._pending = changes if self._pending is None else self._pending.merged(changes)
            self._call()

    def post(self, act: Callable[[], object]) -> None:
        """Run `act` in the window's thread soon; callable from any thread. After `close` it is dropped."""
        with self._lock:
            self._posted.append(act)
            self._call()

    def close(self) -> None:
        """Stop listening; what is under way is dropped."""
        if self._stop is not None:
            self._stop()
            self._stop = None
        with self._lock:
            self._closed = True
            self._pending = None
            self._posted.clear()

    def _call(self) -> None:
        """Send for `_deliver`, unless it is on its way. Under the lock, so that no one wakes a closed bridge."""
        if not self._under_way and not self._closed:
            self._under_way = True
            self._wake.emit()

    def _deliver(self) -> None:
        with self._lock:
            changes, self._pending = self._pending, None
            posted = list(self._posted)
            self._posted.clear()
            self._under_way = False
        for act in posted:
            try:
                act()
            except Exception:
                log.exception("a result could not be shown")
        if changes is not None:
            self.changed.emit(changes)
