"""Starting the window: one for each desk, opened again where it was closed for a moment, and a clean end.

A second start finds the lock held, hands over what was asked for and ends; it imports neither widgets nor database for that,
which is why most imports here are late.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QDeadlineTimer, QLockFile, QSocketNotifier

from app import VERSION
from app.kernel.files.paths import Workspace, default_folder
from app.kernel.program import frozen, relaunch
from app.kernel.program.activation import Asked
from ui.bridge import quicken
from ui.program import Program, Then
from ui.text import tr

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication


@dataclass
class Options:
    """How to start: the desk's folder, whether to keep an engine running, whether to show the window, and what for."""

    data: Path | None = None
    engine: bool = True
    background: bool = False
    asked: Asked | None = None


def run(start: Options) -> int:
    """Open the window and stay until it is closed; the exit status."""
    quicken()
    folder = Path(os.path.realpath((start.data or default_folder()).expanduser()))
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        return _refuse(tr("The folder {folder} cannot be used: {why}", folder=folder, why=error.strerror or error))
    lock = QLockFile(str(Workspace(folder).window_lock))
    lock.setStaleLockTime(0)
    if not lock.tryLock(0):
        ended = _go_to_the_other(lock, folder, start.asked or Asked())
        if ended is not None:
            return ended
    try:
        status, comes_back = _show(folder, start)
    finally:
        lock.unlock()
    if comes_back:
        relaunch.come_back(_same_start(folder, start))
    return status


def _go_to_the_other(lock: QLockFile, folder: Path, asked: Asked) -> int | None:
    """Hand over what was asked for to who has the lock: the exit status. None if its window has gone and the lock is ours."""
    from ui.instance import STARTING_MS, hand_over

    until = QDeadlineTimer(STARTING_MS)
    while not hand_over(folder, asked):  # it may only just be starting, or about to be gone
        if lock.tryLock(0):
            return None
        if until.hasExpired():
            return _refuse(tr("Deskbell is open on this desk already, but it does not answer."))
    return 0


def _same_start(folder: Path, start: Options) -> list[str]:
    """How to start again as we were started, without what was asked for then."""
    options = [*(() if start.engine else ("--no-engine",)), *(("--background",) if start.background else ())]
    return frozen.window_command("--data", str(folder), *options)


def _show(folder: Path, start: Options) -> tuple[int, bool]:
    """Show the desk until its windows are closed: the exit status, and whether to come back."""
    from PySide6.QtWidgets import QApplication

    app = QApplication(sys.argv[:1])
    app.setApplicationName("Deskbell")
    app.setApplicationVersion(VERSION)
    app.setDesktopFileName("app.deskbell.Deskbell")
    said, asked, background = "", start.asked, start.background
    restored = damaged = False
    while True:
        program = Program(app, folder, engine=start.engine, background=background, asked=asked)
        _end_on_signals(app, program)
        if sys.platform == "darwin":
            app.installEventFilter(program)
        try:
            program.begin(said, restored=restored, damaged=damaged)
            status = app.exec()
        finally:
            program.end()
        if not program.goes_on:
            return status, program.then is Then.BACK
        said, asked, background = _meanwhile(app, Workspace(folder), program.then), None, False
        restored, damaged = program.then is Then.RESTORED, program.then is Then.MENDED


def _meanwhile(app: QApplication, place: Workspace, then: Then) -> str:
    """What can be done only while nobody has the desk open; what to tell the person afterwards."""
    if then is Then.MENDED:
        return tr("Its database is damaged.")
    if then is Then.RESTORED:
        from ui.pages.restore.exchanging import exchange_desks

        return exchange_desks(place)
    if then is Then.OWN:
        from ui.pages.leaving_sample import begin_anew

        return begin_anew(place)
    from ui.pages.settings.compacting import make_room

    return make_room(app, place)


def _refuse(words: str) -> int:
    print(f"deskbell: {words}", file=sys.stderr)  # noqa: T201 - whoever started it from a terminal
    return 1


def _end_on_signals(app: QApplication, program: Program) -> None:
    """SIGTERM and SIGINT close the window as a person would. Python learns of a signal only when it runs; this wakes it."""
    if os.name != "posix":
        return
    relaunch.on_request(program.leave_for_a_moment)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: (app.closeAllWindows(), app.quit()))
    if app.property("woken"):
        return
    waker, sleeper = socket.socketpair()
    for end in (waker, sleeper):
        end.setblocking(False)
    signal.set_wakeup_fd(waker.fileno())
    notifier = QSocketNotifier(sleeper.fileno(), QSocketNotifier.Type.Read, app)
    notifier.activated.connect(lambda *_: sleeper.recv(64))
    notifier.setProperty("ends", (waker, sleeper))  # they live as long as the notifier
    app.setProperty("woken", True)
