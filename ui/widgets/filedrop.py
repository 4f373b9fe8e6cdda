"""Files dropped on a part of the window reach whoever writes there, and it shows while they hover.

A person who brings a file aims at the ticket, not at the few lines of text in it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from PySide6.QtCore import QEvent, QMimeData, QObject
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QWidget

_HOVER = (QEvent.Type.DragEnter, QEvent.Type.DragMove)


class FileDrop(QObject):
    """Makes `area` take files while `wanted()`. `hovering(on)` is called as they come and go, `take(paths)` when they are let go.

    `from_here`: also what is dragged from this very window, as the file of a letter into the answer.
    """

    def __init__(
        self,
        area: QWidget,
        take: Callable[[list[str]], object],
        hovering: Callable[[bool], object],
        wanted: Callable[[], bool],
        *,
        from_here: bool = False,
    ) -> None:
        super().__init__(area)
        self._take, self._hovering, self._wanted, self._from_here = take, hovering, wanted, from_here
        area.setAcceptDrops(True)
        area.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent, /) -> bool:
        kind = event.type()
        if kind in _HOVER or kind is QEvent.Type.Drop:
            given = cast(QDropEvent, event)
            paths = file_paths(given.mimeData())
            if not paths or not self._wanted() or (given.source() is not None and not self._from_here):
                return False
            given.acceptProposedAction()
            self._hovering(kind in _HOVER)
            if kind is QEvent.Type.Drop:
                self._take(paths)
            return True
        if kind is QEvent.Type.DragLeave:
            self._hovering(False)
        return False


def file_paths(source: QMimeData) -> list[str]:
    """The files of this computer that are brought; of what else is brought, none."""
    return [url.toLocalFile() for url in source.urls() if url.isLocalFile()]
