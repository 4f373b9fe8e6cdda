"""One window a desk: who starts second hands over what was asked for to the window that is open, and ends.

The line between them is a local socket that only the same user may open; on Linux each side also asks the system who the other
one is, because names of sockets can be taken by anybody. What comes over it is one line, read like any outside data
(`app.kernel.program.activation`); a caller that says nothing, too much, or never ends its line, is sent away.
"""

from __future__ import annotations

import hashlib
import os
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QDeadlineTimer, QObject, QThread, QTimer
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from app.kernel.program.activation import LONGEST_LINE, Asked, as_line, of_line

ANSWER_MS: Final = 10_000
STARTING_MS: Final = 60_000
"""So long a window may take to start, on a machine that has other things to do."""
PATIENCE_MS: Final = 2000
_AGAIN_MS: Final = 50
_HERE: Final = b"here"
_MOST_CALLERS: Final = 16


def name_of(folder: Path) -> str:
    """What the socket of a desk is called."""
    return "deskbell-" + hashlib.sha256(os.fsencode(folder)).hexdigest()[:24]


class Reception(QObject):
    """Listens for other starts; `called(asked)` for each."""

    def __init__(self, folder: Path, called: Callable[[Asked], None]) -> None:
        super().__init__()
        self._called = called
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.setMaxPendingConnections(_MOST_CALLERS)
        self._server.newConnection.connect(self._answer)
        name = name_of(folder)
        if not self._server.listen(name):
            QLocalServer.removeServer(name)  # left by a window that crashed; the lock says that we are the only one
            self._server.listen(name)

    def close(self) -> None:
        """Listen no more."""
        self._server.close()

    def _answer(self) -> None:
        while self._server.hasPendingConnections():
            line = self._server.nextPendingConnection()
            line.disconnected.connect(line.deleteLater)
            if not is_ours(line):
                line.abort()
                continue
            line.setReadBufferSize(LONGEST_LINE + 1)
            line.readyRead.connect(self._go_on)
            QTimer.singleShot(PATIENCE_MS, line, line.abort)
            self._read(line)

    def _go_on(self) -> None:
        # Asked of Qt, not kept by the line: a line that kept its reception took it along when it ended, and itself with that.
        line = self.sender()
        assert isinstance(line, QLocalSocket)
        self._read(line)

    def _read(self, line: QLocalSocket) -> None:
        if line.canReadLine():
            asked = of_line(bytes(line.readLine(LONGEST_LINE).data()))
            line.write(_HERE)
            line.disconnectFromServer()
            self._called(asked)
        elif line.bytesAvailable() > LONGEST_LINE:
            line.abort()


def hand_over(folder: Path, asked: Asked, *, patience_ms: int = 1000) -> bool:
    """Ask the open window of a desk; False if it does not answer. Waits for it, and needs no application.

    A window that is only just starting does not listen yet, so who finds nobody tries again until the time is over.
    """
    until = QDeadlineTimer(patience_ms)
    while True:
        line = QLocalSocket()
        line.connectToServer(name_of(folder))
        if line.waitForConnected(ANSWER_MS):
            break
        if until.hasExpired():
            return False
        QThread.msleep(_AGAIN_MS)
    if not is_ours(line):
        return False
    line.write(as_line(asked))
    return line.waitForReadyRead(ANSWER_MS) and bytes(line.readAll().data()).startswith(_HERE)


def is_ours(line: QLocalSocket) -> bool:
    """Does the other end belong to the same user? Where the system cannot say, the rights of the socket have to do."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return True
    number = os.dup(line.socketDescriptor())
    with socket.socket(fileno=number) as other:
        _process, user, _group = struct.unpack("3i", other.getsockopt(socket.SOL_SOCKET, option, struct.calcsize("3i")))
    return bool(user == os.getuid())
