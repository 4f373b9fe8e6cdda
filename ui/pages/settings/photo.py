"""Your picture: chosen from a file, made small here, shown to visitors of the chat beside your name; taken away again."""

from __future__ import annotations

import base64
from pathlib import Path
from uuid import UUID

from PySide6.QtWidgets import QFileDialog, QFrame

from app.kernel.errors import UserError
from app.people.photos import Photo, photo, set_photo
from ui.pages import Context
from ui.text import tr
from ui.widgets.avatar import Avatar
from ui.widgets.button import Button
from ui.widgets.layout import horizontal
from ui.widgets.pictures import MOST_SENT, decode, for_face

_MOST_BYTES = 20 * MOST_SENT
"""More than any camera writes; beyond it a file is not read at all."""


class PhotoField(QFrame):
    """The picture as it is kept, and what can be done with it. Everything takes effect at once."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._me: UUID | None = None
        self.face = Avatar(size=40)
        self.choose_button = Button(tr("Choose a picture…"), clicked=self._choose)
        self.remove_button = Button(tr("Remove"), clicked=lambda: self._keep(None))
        self.remove_button.hide()
        layout = horizontal(self)
        layout.setSpacing(8)
        for one in (self.face, self.choose_button, self.remove_button):
            layout.addWidget(one)
        layout.addStretch(1)

    def show_of(self, agent: UUID, name: str) -> None:
        """Show whose it is and what is kept."""
        self._me = agent
        self.face.set_name(name)
        self._context.tasks.ask(photo, agent, then=self._told, owner=self)

    def take(self, path: str) -> None:
        """Keep the picture in a file."""
        self._context.tasks.run(lambda: _face_in(Path(path)), then=self._keep, owner=self)

    def _told(self, kept: Photo | None) -> None:
        self.face.set_picture(decode(base64.b64decode(kept.data) if kept is not None else b""))
        self.remove_button.setVisible(kept is not None)

    def _choose(self) -> None:
        dialog = QFileDialog(self, tr("Choose a picture"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilter(tr("Pictures") + " (*.png *.jpg *.jpeg *.webp *.gif *.bmp)")
        dialog.fileSelected.connect(self.take)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _keep(self, picture: bytes | None) -> None:
        if (me := self._me) is not None:
            tasks = self._context.tasks
            tasks.do(
                set_photo, me, picture, then=lambda _none: tasks.ask(photo, me, then=self._told, owner=self), owner=self
            )


def _face_in(path: Path) -> bytes:
    try:
        found = for_face(path.read_bytes()) if path.stat().st_size <= _MOST_BYTES else None
    except OSError:
        found = None
    if found is None:
        msg = "That file is no picture that can be read."
        raise UserError(msg)
    return found
