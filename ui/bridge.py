"""The only place where threads meet Qt.

Changes arrive on whatever thread noticed them; pages want one calm signal in theirs. So the first change after a rest is
told at once, and what follows is merged and told five times a second, after a second of it twice: ten thousand commits
in a second cost the window five looks at the desk. What a person did in this window is not kept waiting for that (`hurry`).
`post` brings results of background work to the window's thread, in order; one event is under way at most.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QAbstractEventDispatcher, QCoreApplication, QObject, Qt, QTimer, Signal

from app.kernel.database.changes import Changes

log = logging.getLogger(__name__)

CALM_MS = 200
"""Between two signals while changes keep coming."""

LONG_CALM_MS = 500
"""The same when they have kept coming for `_MANY` signals: mail is being brought in, and each signal costs the same."""

_MANY = 5
_HURRY_S = 0.25
"""How long after a command its own change may still be on its way through the log, on a busy machine."""

_HURRIED = 2
"""So many messages of the log are passed on at once after a command: the first may have been read just before it."""

_SLICE_S = 0.008
"""Results are shown for so long at a stretch; then keys and painting have their turn."""


_SWITCH_S = 0.0005
"""A busy thread may hold the window up by half a millisecond, not by Python's five."""

_GARBAGE = (2_500, 10, 10)
"""Nearly all that is found young is garbage (the cards of the ticket before): 10,000 of it were freed in one go of 7 ms."""


_SWEEP_ALL_S = 30.0
"""Between two looks through everything that has come since the start."""


def quicken() -> None:
    """Before anything else is imported: what starting makes, stays; looking through it for garbage only costs time."""
    gc.disable()
    sys.setswitchinterval(_SWITCH_S)
    _leave_sources_alone()


_LOOK = "_mod_uses_pyside"


def _leave_sources_alone() -> None:
    """PySide looks through the source of every module that is imported for its switches (`from __feature__ import …`).

    We use none. Reading 400 sources for it costs 70 ms and keeps 9 MB of them in `linecache` for good.
    """
    with contextlib.suppress(ImportError, AttributeError):
        feature = importlib.import_module("shibokensupport.feature")
        if callable(getattr(feature, _LOOK)):
            setattr(feature, _LOOK, lambda _module: False)


def settle() -> None:
    """Once the first screen is painted: garbage is collected again, but what is here now is never looked through.

    It is some 300,000 objects that live as long as the program. Going through them takes 100 ms and more, and no other
    thread runs meanwhile. From here on it is the window's thread that collects, see `Sweeper`.
    """
    gc.freeze()
    app = QCoreApplication.instance()
    if app is not None and app.findChild(Sweeper) is None:
        Sweeper(app)


class Sweeper(QObject):
    """Collects garbage in the window's thread, and nowhere else, whenever the event loop is about to rest.

    Left alone, Python collects in whichever thread makes the next object. Widgets among the garbage would then be taken
    apart beside the thread that paints them, which ends the program.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        self._swept_all = time.monotonic()
        dispatcher = QAbstractEventDispatcher.instance()
        assert dispatcher is not None, "there is no event loop in this thread"
        dispatcher.aboutToBlock.connect(self.sweep)

    def sweep(self) -> None:
        """Collect as much as is due."""
        young, middle, old = gc.get_count()
        if young < _GARBAGE[0]:
            return
        if middle < _GARBAGE[1]:
            gc.collect(0)
        elif old < _GARBAGE[2] or time.monotonic() - self._swept_all < _SWEEP_ALL_S:
            gc.collect(1)
        else:
            gc.collect()
            self._swept_all = time.monotonic()


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
        self._under_way = self._closed = self._overdue = False
        self._hurried_until, self._hurried = 0.0, 0
        self._told = 0  # signals without a rest in between
        self._calm = QTimer(self, singleShot=True, interval=CALM_MS)
        self._calm.timeout.connect(self._rested)
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
            if self._hurried and time.monotonic() < self._hurried_until:
                self._hurried -= 1
                self._overdue = True
            self._call()

    def hurry(self) -> None:
        """This window changed something: tell what is known and what comes next at once. On any thread."""
        with self._lock:
            self._hurried_until, self._hurried = time.monotonic() + _HURRY_S, _HURRIED
            if self._pending is not None:
                self._overdue = True
                self._call()

    def post(self, act: Callable[[], object]) -> None:
        """Run `act` in the window's thread soon; callable from any thread, which no longer holds it then.

        After `close` it is dropped.
        """
        with self._lock:
            self._posted.append(act)
            del act
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
            self._under_way = False
        self._show_results(time.monotonic() + _SLICE_S)
        if self._overdue or not self._calm.isActive():
            self._tell()

    def _rested(self) -> None:
        if not self._tell():
            self._told = 0

    def _show_results(self, until: float) -> None:
        while True:
            with self._lock:
                if not self._posted:
                    return
                if time.monotonic() > until:
                    self._call()
                    return
                act = self._posted.popleft()
            try:
                act()
            except Exception:
                log.exception("a result could not be shown")

    def _tell(self) -> bool:
        """Tell what is known; False if that is nothing."""
        with self._lock:
            changes, self._pending = self._pending, None
            self._overdue = False
        if changes is None:
            return False
        self._told += 1
        self._calm.start(CALM_MS if self._told <= _MANY else LONG_CALM_MS)
        self.changed.emit(changes)
        return True
