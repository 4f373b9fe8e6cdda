"""Run questions and commands off the window's thread, with one path for everything that can go wrong.

Questions run side by side; commands in the order in which they were given. A result is brought back only while its owner
lives, and a newer request under the same `key` makes older ones void. Errors have three ends and no fourth: a `UserError` is
shown in its own words, an `ExternalError` goes to the status lamp, anything else is logged and admitted.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, Protocol
from uuid import UUID

import shiboken6
from PySide6.QtCore import QObject, Signal

from app.kernel.errors import DamagedError, ExternalError, UserError
from app.kernel.sentences import words_of
from app.people.history import marked_action
from ui.bridge import Bridge
from ui.text import told, tr
from ui.threads import Threads

log = logging.getLogger(__name__)

Then = Callable[[Any], object]
Failed = Callable[[Exception], bool]
READERS = 3


class Desk(Protocol):
    """The one object behind the window. Both calls block and may be made from any thread."""

    def do(self, command: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Run a command in one transaction."""
        ...

    def ask(self, query: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Run a question on a read-only connection."""
        ...


class Tasks(QObject):
    """The window's hands: `ask` and `do` return at once, `then` gets the result in the window's thread."""

    said = Signal(str, str)  # text, tone: for a toast
    undo_offered = Signal(str, object)  # text, action id
    trouble = Signal(object)  # ExternalError, for the status lamp
    refused = Signal(object)  # UserError, after it was said: for a page that can help
    damaged = Signal()  # the database cannot be read any more: whoever asked, the desk needs its backup
    idle = Signal()

    def __init__(
        self, desk: Desk, bridge: Bridge, parent: QObject | None = None, *, after: Tasks | None = None
    ) -> None:
        """`after`: the hands of another window over the same desk; commands of both run in the order they were given."""
        super().__init__(parent)
        self._desk, self._bridge = desk, bridge
        self._reads = Threads(READERS)
        self._writes: Threads = after._writes if after is not None else Threads(1)  # noqa: SLF001 - its own kind
        self._latest: dict[str, int] = {}
        self._serial = self._running = 0
        self._closed = threading.Event()

    @property
    def running(self) -> int:
        """How many requests have not come back yet."""
        return self._running

    @property
    def closing(self) -> threading.Event:
        """Set when the window closes: long work looks at it, and ends."""
        return self._closed

    def ask(
        self,
        query: Callable[..., Any],
        /,
        *args: Any,
        then: Then,
        owner: QObject,
        key: str = "",
        failed: Failed | None = None,
        **kwargs: Any,
    ) -> None:
        """Run `query(db, *args, **kwargs)`; `then(result)` runs if `owner` still lives and `key` was not asked again.

        `failed(error)` may deal with an error itself by returning True.
        """
        self._start(self._reads, lambda: self._desk.ask(query, *args, **kwargs), then, owner, key, failed)

    def do(
        self,
        command: Callable[..., Any],
        /,
        *args: Any,
        owner: QObject | None = None,
        then: Then | None = None,
        done: str | Callable[[Any], str] = "",
        failed: Failed | None = None,
        offers_undo: bool = True,
        **kwargs: Any,
    ) -> None:
        """Run `command(tx, *args, **kwargs)` after the commands given before it.

        `done` is what a toast says then (a text, or the text for a result). Whatever the history marks as to be undone
        offers Undo; what changed nothing does not, nor what will have left by then (`offers_undo`).
        """
        said = _words(done)
        actions: list[UUID | None] = []

        def noted(tx: Any, *args: Any, **kwargs: Any) -> Any:
            result = command(tx, *args, **kwargs)
            actions.append(marked_action(tx))
            return result

        def deliver(result: Any) -> None:
            self._tell(said(result), actions[-1] if offers_undo else None)
            if then is not None and (owner is None or shiboken6.isValid(owner)):
                then(result)

        def work() -> Any:
            result = self._desk.do(noted, *args, **kwargs)
            self._bridge.hurry()
            return result

        noted.__name__ = getattr(command, "__name__", "command")  # so the history calls it

        self._start(self._writes, work, deliver, self, "", failed)

    def run(
        self, work: Callable[[], Any], /, *, then: Then, owner: QObject, key: str = "", failed: Failed | None = None
    ) -> None:
        """Any other blocking work (reading a file, finding a server), among the questions."""
        self._start(self._reads, work, then, owner, key, failed)

    def forget(self, key: str) -> None:
        """Make what was asked under this key void."""
        self._latest.pop(key, None)

    def close(self, timeout_ms: int = 5000) -> bool:
        """Let commands finish, drop questions not begun; False if something still runs after the time."""
        self._closed.set()
        self._reads.drop()
        done = self._writes.wait(timeout_ms / 1e3)
        return self._reads.wait(timeout_ms / 1e3) and done

    def _start(
        self, pool: Threads, work: Callable[[], Any], then: Then, owner: QObject, key: str, failed: Failed | None
    ) -> None:
        if pool is self._reads and self._closed.is_set():
            return  # nobody is left to show an answer to
        self._serial += 1
        serial = self._serial
        if key:
            self._latest[key] = serial
        self._running += 1

        def is_void() -> bool:
            return bool(key) and self._latest.get(key) != serial

        def finish(result: Future[Any]) -> None:
            self._running -= 1
            try:
                if not is_void() and shiboken6.isValid(owner):
                    self._finish(result, then, failed)
            finally:  # whoever waits for an end is told of it, also where what was found could not be shown
                if key and self._latest.get(key) == serial:
                    del self._latest[key]
                if self._running == 0:
                    self.idle.emit()

        held = [(work, finish)]

        def run() -> None:
            # A widget must not end in this thread: what it is given it hands over, and holds nothing when that is told.
            work, finish = held.pop()
            result: Future[Any] = Future()
            if is_void():
                result.cancel()
            else:
                _fill(result, work)
            told = [partial(finish, result)]
            del work, finish
            self._bridge.post(told.pop())

        del work, finish
        pool.start(run)

    def _finish(self, result: Future[Any], then: Then, failed: Failed | None) -> None:
        if result.cancelled():
            return
        error = result.exception()
        if error is None:
            then(result.result())
        elif not isinstance(error, Exception):
            raise error
        else:
            self._failed(error, failed)

    def _failed(self, error: Exception, failed: Failed | None) -> None:
        if isinstance(error, DamagedError):
            self.damaged.emit()
        if failed is None or not failed(error):
            self.report(error)

    def report(self, error: Exception) -> None:
        """The one path of errors."""
        if isinstance(error, UserError):
            self.said.emit(told(words_of(error)), "bad")
            self.refused.emit(error)
        elif isinstance(error, ExternalError):
            self.trouble.emit(error)
        else:
            log.error("a task failed", exc_info=error)
            self.said.emit(tr("Something went wrong. The details are in the log file."), "bad")

    def _tell(self, words: str, action: UUID | None) -> None:
        if words and action is not None:
            self.undo_offered.emit(words, action)
        elif words:
            self.said.emit(words, "ok")


def _words(done: str | Callable[[Any], str]) -> Callable[[Any], str]:
    if isinstance(done, str):
        return lambda _result: done
    return done


def _fill(result: Future[Any], work: Callable[[], Any]) -> None:
    try:
        result.set_result(work())
    except BaseException as error:  # noqa: BLE001 - carried to the window thread, which tells them apart
        result.set_exception(error)
