"""Backups from anywhere in the window: the actions, and one place that knows what is being written just now.

A backup is written by a task while one works on; whoever shows it (Settings) follows `progressed`, and Cancel ends it
between two blocks. Making it costs the window nothing: copying and encrypting happen outside Python's lock.
"""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.desk import backing_up
from app.kernel.archive import Written
from ui.pages import Context
from ui.text import size_text, tr


class Backups(QObject):
    """What goes on with backups in one window. `progressed`: share done, 0 to 1; `ended`: nothing runs any more."""

    progressed = Signal(float)
    ended = Signal()

    def __init__(self, context: Context, parent: QObject) -> None:
        super().__init__(parent)
        self._context = context
        self._stop = threading.Event()
        self.is_running = False

    def now(self) -> None:
        """The scheduled backup, now: here, and in the second place."""
        desk, stop = self._context.desk, self._begin()
        self._context.tasks.run(
            lambda: backing_up.back_up_now(desk, lambda: not stop.is_set()),
            then=lambda _none: self._end(tr("A backup was made.")),
            owner=self,
            failed=self._failed,
        )

    def write(self, target: Path, passphrase: str | None = None, *, with_passwords: bool = False) -> None:
        """One file; an existing one was agreed to in the dialog."""
        desk, stop, post, told = self._context.desk, self._begin(), self._context.bridge.post, [-1]

        def going(done: int, of: int) -> bool:
            share = done * 100 // max(1, of)
            if share != told[0]:
                told[0] = share
                post(lambda: self.progressed.emit(share / 100))
            return not stop.is_set()

        self._context.tasks.run(
            lambda: backing_up.write_file(
                desk, target, replace=True, passphrase=passphrase, with_passwords=with_passwords, going=going
            ),
            then=partial(self._written, target),
            owner=self,
            failed=self._failed,
        )

    def cancel(self) -> None:
        """End what runs; nothing is left of it."""
        self._stop.set()

    def _begin(self) -> threading.Event:
        self._stop = threading.Event()
        self.is_running = True
        self.progressed.emit(0.0)
        return self._stop

    def _written(self, target: Path, written: Written | None) -> None:
        if written is None:
            self._end(tr("Stopped. No backup was written."), "info")
        else:
            self._end(
                tr("Backup written and read again: {name}, {size}.", name=target.name, size=size_text(written.size))
            )

    def _failed(self, error: Exception) -> bool:
        self.is_running = False
        self.ended.emit()
        return False

    def _end(self, words: str, tone: str = "ok") -> None:
        self.is_running = False
        self._context.toasts.say(words, tone)
        self.ended.emit()


def backups_of(context: Context) -> Backups:
    """The one of this window."""
    found = context.overlay.findChild(Backups)
    return found if isinstance(found, Backups) else Backups(context, context.overlay)


def bind_backups(context: Context, window: QObject) -> None:
    """Bind what can be done from anywhere."""
    idle = partial(_is_idle, context)
    bind = context.actions.bind
    bind(window, "back_up", lambda: backups_of(context).now(), idle)
    bind(window, "save_backup", partial(_save, context), idle)
    bind(window, "restore_backup", partial(context.go, "restore"))
    bind(window, "restore_left", partial(_show_left, context))


def _is_idle(context: Context) -> bool | str:
    found = context.overlay.findChild(Backups)
    return tr("A backup is being made.") if isinstance(found, Backups) and found.is_running else True


def _save(context: Context) -> None:
    from ui.pages.settings.saving import open_saving

    open_saving(context)


def _show_left(context: Context) -> None:
    from ui.pages.restore.afterwards import open_afterwards

    open_afterwards(context)
