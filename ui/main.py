"""Starting the window: one per desk, look, desk, engine, and a clean end.

What is not needed for the first screen comes after it has been painted: the engine's supervisor, the server by which a second
start raises this window. A second start finds the lock held, says so to the first and ends.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QLockFile, QObject, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from app.desk import Desk
from app.kernel import options
from app.kernel.errors import UserError
from app.kernel.paths import Workspace, default_folder
from ui.text import tr
from ui.theme import Theme
from ui.widgets.layout import column
from ui.widgets.rail import Reason
from ui.widgets.state import ErrorState
from ui.window import Window

if TYPE_CHECKING:
    from PySide6.QtNetwork import QLocalServer

    from app.desk.supervisor import Supervisor

log = logging.getLogger(__name__)

_ANSWER_MS = 2000


@dataclass
class Options:
    """How to start: the desk's folder, and whether to keep an engine running."""

    data: Path | None = None
    engine: bool = True


class Program(QObject):
    """One run of the window."""

    def __init__(self, app: QApplication, start: Options) -> None:
        super().__init__()
        self._app, self._options = app, start
        self.folder = Path(os.path.realpath((start.data or default_folder()).expanduser()))
        self._lock: QLockFile | None = None
        self._server: QLocalServer | None = None
        self._supervisor: Supervisor | None = None
        self.theme = Theme(app)
        self.desk: Desk | None = None
        self.window: Window | None = None
        self._apology: QWidget | None = None

    def begin(self) -> bool:
        """Open the desk and show it, or say why not; False if another window has this desk and was raised."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = QLockFile(str(Workspace(self.folder).window_lock))
        self._lock.setStaleLockTime(0)
        if not self._lock.tryLock(0):
            return False
        self.theme.choose("system")
        self._open()
        return True

    def end(self) -> None:
        """Close everything, last opened first."""
        leave = self.desk is not None and bool(self.desk.ask(options.get, "keep_engine"))
        if self.window is not None:
            self.window.shut()
        if self._supervisor is not None:
            self._supervisor.close(leave_engine=leave)
        if self._server is not None:
            self._server.close()
        if self.desk is not None:
            self.desk.close()
        if self._lock is not None:
            self._lock.unlock()

    def _open(self) -> None:
        try:
            self.desk = Desk.open(self.folder, create=True)
        except (UserError, OSError) as error:
            self._apologise(str(error))
            return
        if self._apology is not None:
            self._apology.close()
        from app.kernel import log as logs

        logs.configure("window", self.desk.workspace.logs)
        self.theme.choose(self.desk.ask(options.get, "auto_theme"))
        self.window = Window(self.desk, self.theme, engine_secret=self._hand_secret)
        self.window.look_chosen.connect(self._keep_look)
        self.window.start()
        self.window.show()
        QTimer.singleShot(0, self._after_first_paint)

    def _apologise(self, words: str) -> None:
        """There is no desk to show: say why in a window, with a way to try again."""
        panel = ErrorState(tr("This desk cannot be opened"), words, self._open)
        self._apology = column((panel, 1), box="canvas")
        self._apology.setWindowTitle("Deskbell")
        self._apology.resize(640, 420)
        self._apology.show()

    def _after_first_paint(self) -> None:
        self._server = _listen(self.folder, self._raise)
        if self._options.engine and self.desk is not None:
            from app.desk.supervisor import Supervisor

            self._supervisor = Supervisor(self.desk, self._engine_died)
            self._supervisor.start()

    def _raise(self) -> None:
        if self.window is not None:
            self.window.raise_to_front()

    def _engine_died(self, status: int) -> None:
        """Called on the supervisor's thread."""
        window = self.window
        if window is not None:
            window.bridge.post(lambda: window.lamp.set_state("attention", [_stopped(status)]))

    def _hand_secret(self, ref: str, secret: str) -> None:
        if self._supervisor is not None:
            self._supervisor.hand_secret(ref, secret)

    def _keep_look(self, look: str) -> None:
        if self.window is not None:
            self.window.tasks.do(options.put, "auto_theme", look)


def run(start: Options) -> int:
    """Open the window and stay until it is closed; the exit status."""
    sys.setswitchinterval(0.0005)  # a busy thread may hold the window up by half a millisecond, not by five
    app = QApplication(sys.argv[:1])
    app.setApplicationName("Deskbell")
    app.setDesktopFileName("deskbell")
    program = Program(app, start)
    if not program.begin():
        if _raise_other(program.folder):
            return 0
        print(f"deskbell: {tr('Deskbell is open on this desk already, but it does not answer.')}", file=sys.stderr)  # noqa: T201
        return 1
    try:
        return app.exec()
    finally:
        program.end()


def _stopped(status: int) -> Reason:
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
        while (socket := server.nextPendingConnection()) is not None:
            socket.disconnected.connect(socket.deleteLater)
            socket.write(b"here")
            socket.disconnectFromServer()
            called()

    server.newConnection.connect(answer)
    return server


def _raise_other(folder: Path) -> bool:
    from PySide6.QtNetwork import QLocalSocket

    socket = QLocalSocket()
    socket.connectToServer(_name_of(folder))
    return socket.waitForConnected(_ANSWER_MS) and socket.waitForReadyRead(_ANSWER_MS)
