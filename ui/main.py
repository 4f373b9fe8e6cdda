"""Starting the window: one per desk, look, desk, engine, and a clean end.

What is not needed for the first screen comes after it has been painted: the engine's supervisor, the server by which a second
start raises this window. A second start finds the lock held, says so to the first and ends; it imports neither widgets nor
database for that, which is why most imports here are late.
"""

from __future__ import annotations

import hashlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QLockFile, QObject, QSocketNotifier, QTimer

from app.kernel.errors import UserError
from app.kernel.paths import Workspace, default_folder
from ui.bridge import quicken, settle
from ui.text import tr

if TYPE_CHECKING:
    from PySide6.QtNetwork import QLocalServer
    from PySide6.QtWidgets import QApplication, QWidget

    from app.desk import Desk
    from app.desk.supervisor import Supervisor
    from ui.widgets.rail import Reason
    from ui.window import Window

log = logging.getLogger(__name__)

_ANSWER_MS = 2000


@dataclass
class Options:
    """How to start: the desk's folder, and whether to keep an engine running."""

    data: Path | None = None
    engine: bool = True


class Program(QObject):
    """One run of the window, on a folder that this process has locked."""

    def __init__(self, app: QApplication, folder: Path, *, engine: bool = True) -> None:
        super().__init__()
        from ui.theme import Theme

        self._app, self._engine = app, engine
        self.folder = folder
        self._server: QLocalServer | None = None
        self._supervisor: Supervisor | None = None
        self._tray: QObject | None = None
        self.theme = Theme(app)
        self.desk: Desk | None = None
        self.window: Window | None = None
        self._apology: QWidget | None = None
        self.wants_room = False  # the desk is closed so that its room can be given back; then it is opened again

    def begin(self, said: str = "") -> None:
        """Open the desk and show it, or say why not. `said`: what there is to tell the person then."""
        self.theme.choose("system")
        self._open()
        if said and self.window is not None:
            self.window.toasts.say(said)

    def end(self) -> None:
        """Close everything, last opened first."""
        from app.kernel import options

        leave = self.desk is not None and not self.wants_room and bool(self.desk.ask(options.get, "keep_engine"))
        if self.window is not None:
            self.window.windows.shut()
        if self._supervisor is not None:
            self._supervisor.close(leave_engine=leave)
        if self._server is not None:
            self._server.close()
        if self.desk is not None:
            self.desk.close()

    def _open(self) -> None:
        from app.desk import Desk
        from app.kernel import log as logs
        from app.kernel import options
        from ui.window import Window

        try:
            self.desk = Desk.open(self.folder, create=True)
        except (UserError, OSError) as error:
            self._apologise(str(error))
            return
        if self._apology is not None:
            self._apology.close()
        logs.configure("window", self.desk.workspace.logs)
        self.theme.choose(self.desk.ask(options.get, "auto_theme"))
        self.window = Window(self.desk, self.theme, engine_secret=self._hand_secret)
        self.window.look_chosen.connect(self._keep_look)
        self.window.context.actions.bind(self, "compact", self._ask_for_room)
        self.window.start()
        self.window.show()
        QTimer.singleShot(0, self._after_first_paint)

    def _apologise(self, words: str) -> None:
        """There is no desk to show: say why in a window, with a way to try again."""
        from ui.widgets.layout import column
        from ui.widgets.state import ErrorState

        panel = ErrorState(tr("This desk cannot be opened"), words, self._open)
        self._apology = column((panel, 1), box="canvas")
        self._apology.setWindowTitle("Deskbell")
        self._apology.resize(640, 420)
        self._apology.show()

    def _after_first_paint(self) -> None:
        settle()
        self._server = _listen(self.folder, self._raise)
        if self._engine and self.desk is not None:
            from app.desk.supervisor import Supervisor

            self._supervisor = Supervisor(self.desk, self._engine_died)
            self._supervisor.start()
        if self.window is not None:
            from ui.tray import Tray

            self.window.watch()
            self._tray = Tray(self.window.context, self.window, self.window.raise_to_front)

    def _raise(self) -> None:
        if self.window is not None:
            self.window.raise_to_front()

    def _engine_died(self, status: int) -> None:
        """Called on the supervisor's thread."""
        window = self.window
        if window is not None:
            window.bridge.post(lambda: window.lamp.set_state("attention", [_stopped(status)]))

    def _ask_for_room(self) -> None:
        from ui.pages.settings.compacting import ask_for_room

        if self.window is not None:
            ask_for_room(self.window.context, self._make_room)

    def _make_room(self) -> None:
        self.wants_room = True
        self._app.closeAllWindows()

    def _hand_secret(self, ref: str, secret: str) -> None:
        if self._supervisor is not None:
            self._supervisor.hand_secret(ref, secret)

    def _keep_look(self, look: str) -> None:
        from app.kernel import options

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
        if _raise_other(folder):
            return 0
        return _refuse(tr("Deskbell is open on this desk already, but it does not answer."))
    try:
        return _show(folder, engine=start.engine)
    finally:
        lock.unlock()


def _show(folder: Path, *, engine: bool) -> int:
    from PySide6.QtWidgets import QApplication

    app = QApplication(sys.argv[:1])
    app.setApplicationName("Deskbell")
    app.setDesktopFileName("deskbell")
    _end_on_signals(app)
    said = ""
    while True:
        program = Program(app, folder, engine=engine)
        try:
            program.begin(said)
            status = app.exec()
        finally:
            program.end()
        if not program.wants_room:
            return status
        from ui.pages.settings.compacting import make_room

        said = make_room(app, Workspace(folder))


def _refuse(words: str) -> int:
    print(f"deskbell: {words}", file=sys.stderr)  # noqa: T201 - whoever started it from a terminal
    return 1


def _end_on_signals(app: QApplication) -> None:
    """SIGTERM and SIGINT close the window as a person would. Python learns of a signal only when it runs; this wakes it."""
    if os.name != "posix":
        return
    waker, sleeper = socket.socketpair()
    for end in (waker, sleeper):
        end.setblocking(False)
    signal.set_wakeup_fd(waker.fileno())
    notifier = QSocketNotifier(sleeper.fileno(), QSocketNotifier.Type.Read, app)
    notifier.activated.connect(lambda *_: sleeper.recv(64))
    notifier.setProperty("ends", (waker, sleeper))  # they live as long as the notifier
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: app.closeAllWindows())


def _stopped(status: int) -> Reason:
    from ui.widgets.rail import Reason

    return Reason(
        tr("Receiving and sending have stopped"),
        tr("They start again by themselves in a moment (status {status}).", status=status),
        "warn",
    )


def _name_of(folder: Path) -> str:
    return "deskbell-" + hashlib.sha256(os.fsencode(folder)).hexdigest()[:24]


def _listen(folder: Path, called: Callable[[], None]) -> QLocalServer:
    from PySide6.QtNetwork import QLocalServer

    server = QLocalServer()
    server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
    name = _name_of(folder)
    if not server.listen(name):
        QLocalServer.removeServer(name)  # left by a window that crashed; the lock says that we are the only one
        server.listen(name)

    def answer() -> None:
        while server.hasPendingConnections():
            line = server.nextPendingConnection()
            line.disconnected.connect(line.deleteLater)
            line.write(b"here")
            line.disconnectFromServer()
            called()

    server.newConnection.connect(answer)
    return server


def _raise_other(folder: Path) -> bool:
    from PySide6.QtNetwork import QLocalSocket

    line = QLocalSocket()
    line.connectToServer(_name_of(folder))
    return line.waitForConnected(_ANSWER_MS) and line.waitForReadyRead(_ANSWER_MS)
