"""Starting the window: one per desk, look, desk, engine, and a clean end.

What is not needed for the first screen comes after it has been painted: the engine's supervisor, the reception for other starts
(`ui.instance`). A second start finds the lock held, hands over what was asked for and ends; it imports neither widgets nor
database for that, which is why most imports here are late.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QDeadlineTimer, QEvent, QLockFile, QObject, QSocketNotifier, QTimer
from PySide6.QtGui import QFileOpenEvent, QIcon

from app import VERSION
from app.kernel.errors import UserError
from app.kernel.files.paths import Workspace, default_folder
from app.kernel.program import frozen, relaunch
from app.kernel.program.activation import Asked, asked_by
from app.kernel.sentences import words_of
from ui.bridge import quicken, settle
from ui.text import told, tr

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication, QWidget

    from app.desk import Desk
    from app.desk.supervisor import Supervisor
    from ui.instance import Reception
    from ui.staying import Staying
    from ui.tray import Tray
    from ui.widgets.rail import Reason
    from ui.window import Window

log = logging.getLogger(__name__)

_ROWS_MS = 3000
"""So long what comes after the first rows waits for them."""


@dataclass
class Options:
    """How to start: the desk's folder, whether to keep an engine running, whether to show the window, and what for."""

    data: Path | None = None
    engine: bool = True
    background: bool = False
    asked: Asked | None = None


class Program(QObject):
    """One run of the window, on a folder that this process has locked."""

    def __init__(
        self,
        app: QApplication,
        folder: Path,
        *,
        engine: bool = True,
        background: bool = False,
        asked: Asked | None = None,
    ) -> None:
        super().__init__()
        from ui.theme import Theme

        self._app, self._engine, self._background, self._first = app, engine, background, asked
        self.folder = folder
        self._reception: Reception | None = None
        self._supervisor: Supervisor | None = None
        self._staying: Staying | None = None
        self._updating: QObject | None = None
        self._beginning: QObject | None = None
        self._later: QTimer | None = None  # until the first rows are there
        self.theme = Theme(app)
        self.desk: Desk | None = None
        self.window: Window | None = None
        self._apology: QWidget | None = None
        self._has_asked = False
        self.wants_room = False  # the desk is closed so that its room can be given back; then it is opened again
        self.wants_restored = False  # the desk is closed so that a restored one takes its place
        self.wants_own = False  # the desk is closed so that an empty one takes the place of the sample
        self.is_damaged = (
            False  # the desk is closed because its database is damaged; then its last good backup is offered
        )
        self.comes_back = False  # a package replaces the program's files; then it is started again

    def begin(self, said: str = "", *, restored: bool = False, damaged: bool = False) -> None:
        """Open the desk and show it, or say why not. `said`: what there is to tell the person then.

        `restored`: the desk came from a backup just now; what is left to do is shown. `damaged`: it is not opened, `said` says why.
        """
        self.theme.choose("system")
        if damaged:
            self._apologise(said, is_damaged=True)
            return
        self._open()
        if said and self.window is not None:
            self.window.toasts.say(said)
        if restored and self.window is not None:
            self.window.context.actions.run("restore_left")

    def end(self) -> None:
        """Close everything, last opened first."""
        if self._later is not None:
            self._later.stop()
        if self._staying is not None:
            self._staying.end()
        if self.window is not None:
            self.window.windows.shut()
        if self._supervisor is not None:
            self._supervisor.close(leave_engine=self._leaves_engine())
        if self._reception is not None:
            self._reception.close()
        if self.desk is not None:
            self.desk.close()
        if self.goes_on:
            self._end_engine()
        if self.window is not None:
            for one in self.window.windows.all:  # or the next window of this process had them beside it for ever
                one.deleteLater()

    @property
    def goes_on(self) -> bool:
        """Is the desk closed for a moment only, to be opened again by this process?"""
        return self.wants_room or self.wants_restored or self.wants_own or self.is_damaged

    def _end_engine(self) -> None:
        """One that an earlier window left to go on has the desk open, too, and would be in the way. Ours has ended by now."""
        from app.desk.supervisor import end_engine

        try:
            end_engine(Workspace(self.folder))
        except UserError:
            log.exception("the engine did not end; what is to be done now says who has the desk open")

    def _leaves_engine(self) -> bool:
        """Does the engine go on alone? Not where the desk cannot even say so: nothing may keep the rest from being closed."""
        if self.goes_on:
            return False
        try:
            return self._wants_background() or self._leaves_after_backup()
        except UserError:
            log.exception("whether the engine goes on could not be read; it is stopped")
            return False

    def _wants_background(self) -> bool:
        from app.kernel.state import options

        return self.desk is not None and bool(self.desk.ask(options.get, "keep_engine"))

    def _stays(self) -> bool:
        """Does the program stay in the tray when its last window is closed?"""
        try:
            return not (self.goes_on or self.comes_back) and self._wants_background()
        except UserError:
            log.exception("whether to stay in the tray could not be read; it ends")
            return False

    def _leaves_after_backup(self) -> bool:
        """Is a backup being made, so that the engine goes on alone until it is done?"""
        from app.desk.maintenance import backup_job
        from app.kernel.state import signals

        if self.desk is None or self.comes_back or self._supervisor is None or not self._supervisor.is_ours:
            return False
        if self.desk.ask(backup_job.under_way) is None:
            return False
        self.desk.work(signals.send, "stop_after_backup")
        return True

    def _open(self) -> None:
        from app.desk import Desk
        from app.desk.entering import WINDOW, NotAtOnceError
        from app.kernel import log as logs
        from app.kernel.state import options
        from ui.window import Window

        try:
            self.desk = Desk.open(self.folder, create=True, role=WINDOW, at_once=True)
        except NotAtOnceError:
            self._open_when_ready()
            return
        except (UserError, OSError) as error:
            self._apologise(told(words_of(error)))
            return
        if self._apology is not None:
            self._apology.close()
        logs.configure("window", self.desk.workspace.logs)
        self.theme.choose(self.desk.ask(options.get, "auto_theme"))
        self.window = Window(self.desk, self.theme, engine_secret=self._hand_secret)
        self.window.look_chosen.connect(self._keep_look)
        self.window.tasks.damaged.connect(self._ask_to_leave_damaged)
        self.window.context.actions.bind(self, "compact", self._ask_for_room)
        self.window.context.actions.bind(self, "restore_now", self._exchange, self._can_exchange)
        self.window.start()
        is_shown = not (self._background and _has_tray())
        if is_shown:
            self.window.show()
        self._await_first_rows(self.window, _ROWS_MS if is_shown and self.window.current == "inbox" else 0)

    def _open_when_ready(self) -> None:
        """It has to be waited for: a person sees what for."""
        from ui.pages.restore.entering import made_ready

        trouble = made_ready(self._app, self.folder)
        if trouble:
            self._apologise(trouble)
        else:
            self._open()

    def _apologise(self, words: str, *, is_damaged: bool = False) -> None:
        """There is no desk to show: say why in a window, with a way to try again."""
        from ui.pages.restore.rescue import Rescue
        from ui.widgets.layout import column
        from ui.widgets.state import ErrorState

        if self._apology is not None:
            self._apology.close()
        panel = ErrorState(tr("This desk cannot be opened"), words, self._open)
        rescue = Rescue(Workspace(self.folder), is_damaged=is_damaged)
        rescue.ended.connect(self._rescued)
        self._apology = column((panel, 1), rescue, box="canvas")
        self._apology.setWindowTitle("Deskbell")
        self._apology.resize(640, 420)
        self._apology.show()

    def _await_first_rows(self, window: Window, at_most_ms: int) -> None:
        """What the first rows can do without waits for them, but not for ever: a list may fail to be read."""
        later = self._later = QTimer(window, singleShot=True, interval=at_most_ms)
        later.timeout.connect(self._after_first_rows)
        window.first_rows.connect(lambda: later.start(0) if later.isActive() else None)
        later.start()

    def _after_first_rows(self) -> None:
        settle()
        from ui.instance import Reception

        self._reception = Reception(self.folder, self.take)
        if self._engine and self.desk is not None:
            from app.desk.supervisor import Supervisor

            self._supervisor = Supervisor(self.desk, self._engine_died)
            self._supervisor.start()
        self._app.setWindowIcon(QIcon(str(files("resources").joinpath("icons", "deskbell.svg"))))
        if self.window is not None:
            from ui.tray import Tray

            self.window.watch()
            tray = Tray(self.window.context, self.window, self.window.raise_to_front)
            if tray.icon is not None:
                self._stay_in(tray)
            from ui.pages.updating import Updating

            self._updating = Updating(self.window.context, self.window)
            from ui.pages.leaving_sample import LeavingSample

            self._beginning = LeavingSample(self.window.context, self.window, self._begin_own)
            if self._first is not None:
                self.take(self._first)

    def _stay_in(self, tray: Tray) -> None:
        from ui.staying import Staying

        assert self.window is not None
        self._staying = Staying(
            self._app,
            self.window.windows,
            is_wanted=self._stays,
            stayed=tray.tell_of_staying,
            leave=self._app.quit,
        )

    def take(self, asked: Asked) -> None:
        """Somebody started the program again, or followed a link: come to the front with what was asked for."""
        if self.window is not None:
            self.window.raise_to_front()
            self.window.take(asked)

    def leave_for_a_moment(self) -> None:
        """A package replaces the program: close as a person would, and be started again afterwards."""
        self.comes_back = True
        self._app.closeAllWindows()
        self._app.quit()  # also where no window was shown

    def eventFilter(self, watched: QObject, event: QEvent, /) -> bool:
        """On macOS the system hands links and files to the program that runs already."""
        if isinstance(event, QFileOpenEvent):
            self.take(asked_by(event.url().toString() or event.file(), Path("/")))
            return True
        return super().eventFilter(watched, event)

    def _engine_died(self, status: int) -> None:
        """Called on the supervisor's thread."""
        window = self.window
        if window is not None:
            window.bridge.post(lambda: window.lamp.set_state("attention", [_stopped(status)]))

    def _ask_for_room(self) -> None:
        from ui.pages.settings.compacting import ask_for_room

        if self.window is not None:
            ask_for_room(self.window.context, self._make_room)

    def _rescued(self, succeeded: bool, words: str) -> None:
        """The last good backup was put in the place of a damaged desk, or why it was not."""
        if not succeeded:
            self._apologise(words)
            return
        self._open()
        if self.window is not None:
            self.window.toasts.say(words)
            self.window.context.actions.run("restore_left")

    def _ask_to_leave_damaged(self) -> None:
        """Pages of the database cannot be read: what can be done needs the desk closed. Asked once; the person may save words first."""
        from ui.widgets.overlay import ask

        if self.window is None or self._has_asked:
            return
        self._has_asked = True
        words = tr(
            "Some of it cannot be read any more. To mend it, the window closes and offers the last good backup; what is "
            "damaged is set aside, not erased."
        )
        title, button = tr("The desk's database is damaged"), tr("Close and see what can be done")
        ask(self.window.context.overlay, title, words, button, self._leave_damaged)

    def _leave_damaged(self) -> None:
        self.is_damaged = True
        self._app.closeAllWindows()

    def _exchange(self) -> None:
        """A backup was made ready: close, so that it takes the place of the desk that is open."""
        self.wants_restored = True
        self._app.closeAllWindows()

    def _can_exchange(self) -> bool:
        from app.kernel.files.switching import is_ready

        return self.desk is not None and is_ready(self.desk.workspace)

    def _begin_own(self) -> None:
        self.wants_own = True
        self._app.closeAllWindows()

    def _make_room(self) -> None:
        self.wants_room = True
        self._app.closeAllWindows()

    def _hand_secret(self, ref: str, secret: str) -> bool:
        return self._supervisor is not None and self._supervisor.hand_secret(ref, secret)

    def _keep_look(self, look: str) -> None:
        from app.kernel.state import options

        if self.window is not None:
            self.window.tasks.do(options.put, "auto_theme", look)


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
            return status, program.comes_back
        said, asked, background = _meanwhile(app, Workspace(folder), program), None, False
        restored, damaged = program.wants_restored, program.is_damaged


def _meanwhile(app: QApplication, place: Workspace, program: Program) -> str:
    """What can be done only while nobody has the desk open; what to tell the person afterwards."""
    if program.is_damaged:
        return tr("Its database is damaged.")
    if program.wants_restored:
        from ui.pages.restore.exchanging import exchange_desks

        return exchange_desks(place)
    if program.wants_own:
        from ui.pages.leaving_sample import begin_anew

        return begin_anew(place)
    from ui.pages.settings.compacting import make_room

    return make_room(app, place)


def _has_tray() -> bool:
    from PySide6.QtWidgets import QSystemTrayIcon

    return QSystemTrayIcon.isSystemTrayAvailable()


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


def _stopped(status: int) -> Reason:
    from ui.widgets.rail import Reason

    return Reason(
        tr("Receiving and sending have stopped"),
        tr("They start again by themselves in a moment (status {status}).", status=status),
        "warn",
    )
