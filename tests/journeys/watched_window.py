"""`python -m ui` with somebody looking on: `python -m tests.journeys.watched_window SOCKET [--data FOLDER …]`.

The program runs unchanged, by the same module and the same words. Beside it stands a thread that answers each
connection to SOCKET with what a screen reader would say of the window at that moment: Qt's own accessibility tree as
JSON. A journey reads it to know when to go on and whether the keyboard is where it should be; what it *does* it does
with keys of the window system, never through here. The program knows nothing of this and has no door for it.
"""

from __future__ import annotations

import json
import queue
import runpy
import socket
import sys
import threading
from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QRect, Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QApplication, QWidget

_SILENT = {
    QAccessible.Role.Border,
    QAccessible.Role.Client,
    QAccessible.Role.LayeredPane,
    QAccessible.Role.Grouping,
    QAccessible.Role.Separator,
}
"""What only holds other things: worth a word only when it has a name."""


class Eye(QObject):
    """Looks at the windows of the application, in their own thread."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: queue.SimpleQueue[list[dict[str, Any]]] = queue.SimpleQueue()

    def look(self) -> list[dict[str, Any]]:
        """What is on the screen now; asked from another thread. queue.Empty if the window does not answer."""
        QCoreApplication.postEvent(self, QEvent(QEvent.Type.User), Qt.EventPriority.LowEventPriority.value)
        return self._seen.get(timeout=30)

    def event(self, event: QEvent, /) -> bool:
        if event.type() != QEvent.Type.User:
            return super().event(event)
        QAccessible.setActive(True)  # as a screen reader does: without one, Qt lets what it once said of lists grow old
        found: list[dict[str, Any]] = []
        for widget in QApplication.topLevelWidgets():
            if widget.isVisible():
                found += _said(QAccessible.queryAccessibleInterface(widget), widget.frameGeometry())
        self._seen.put(found)
        return True


_ROWS = {QAccessible.Role.ListItem, QAccessible.Role.Cell}
"""Qt says of the row where the keyboard would be that it has it, also while it is elsewhere."""


def _said(thing: QAccessibleInterface | None, inside: QRect, *, within: bool = False) -> Iterator[dict[str, Any]]:
    """A thing and all within it that can be seen, in the order of reading. `within`: what holds it has the keyboard."""
    if thing is None or not thing.isValid():
        return
    state, place = thing.state(), thing.rect()
    if state.invisible or not place.intersects(inside):
        return
    widget, value = thing.object(), thing.text(QAccessible.Text.Value)
    given = widget.accessibleName() if isinstance(widget, QWidget) else ""  # on Unix, Qt says a choice's value instead
    name = given or thing.text(QAccessible.Text.Name)
    focused = bool(state.focused) and (within or thing.role() not in _ROWS)
    if name or value or focused or thing.role() not in _SILENT:
        yield {
            "role": thing.role().name,
            "name": name,
            "value": value,
            "focused": focused,
            "enabled": not state.disabled,
            "selected": bool(state.selected),
            "x": place.center().x(),
            "y": place.center().y(),
        }
    for number in range(thing.childCount()):
        yield from _said(thing.child(number), inside, within=focused)


def _stand_by(path: str) -> None:
    """Answer whoever asks, as long as the program runs."""
    eye: Eye | None = None
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(path)
        door.listen()
        while True:
            line, _ = door.accept()
            with line:
                app = QApplication.instance()
                if app is None:
                    line.sendall(b"[]")
                    continue
                if eye is None:
                    eye = Eye()
                    eye.moveToThread(app.thread())
                line.sendall(json.dumps(eye.look()).encode())


if __name__ == "__main__":
    threading.Thread(target=_stand_by, args=(sys.argv.pop(1),), name="eye", daemon=True).start()
    runpy.run_module("ui", run_name="__main__", alter_sys=True)
