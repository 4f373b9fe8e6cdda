"""Pictures into a letter's text, and their points back when a draft is shown again.

A mail is read on telephones and over slow lines: what is much wider than any mail program shows is made smaller first, and
what no mail program shows goes along as a file. All of it is done on task threads.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from app.conversations.commands import NewAttachment, add_blob
from app.conversations.queries import blob_ref
from app.desk.viewing import files
from app.kernel import clock
from app.kernel.errors import UserError
from ui.pages import Context
from ui.pages.inbox.writing.post import Post
from ui.pages.inbox.writing.writer import Writer
from ui.text import tr
from ui.widgets.pictures import decode, for_mail, png_of

KINDS: Final = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp")
_SHOWN_PX: Final = 900


class Pictures(QObject):
    """Between the composers and the desk."""

    def __init__(self, context: Context, owner: QWidget, post: Post) -> None:
        super().__init__(owner)
        self._context, self._owner, self._post = context, owner, post

    def take(self, writer: Writer, paths: Sequence[str]) -> None:
        """Files dropped on the text: pictures stand in it, everything else is attached."""
        shown = [path for path in paths if writer.takes_pictures and path.lower().endswith(KINDS)]
        for path in shown:
            self._place(writer, Path(path).name, lambda path=path: files.file_bytes(Path(path)))  # type: ignore[misc]
        if others := [path for path in paths if path not in shown]:
            self._post.attach(writer, others)

    def take_image(self, writer: Writer, image: QImage) -> None:
        """A picture from the clipboard."""
        name = tr("picture {time}.png", time=clock.now().astimezone().strftime("%Y-%m-%d %H-%M-%S"))
        if writer.takes_pictures:
            self._place(writer, name, lambda: png_of(image))
        else:
            self._post.attach_bytes(writer, name, lambda: png_of(image))

    def ask(self, writer: Writer) -> None:
        """The person chooses pictures in the system's dialog."""
        dialog = QFileDialog(self._owner, tr("Pictures for the text"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilter(f"{tr('Pictures')} ({' '.join(f'*{kind}' for kind in KINDS)})")
        dialog.filesSelected.connect(lambda paths: self.take(writer, paths))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def show(self, writer: Writer, wanted: Sequence[NewAttachment]) -> None:
        """Read the pictures of a draft, one after the other."""
        desk, turn = self._context.desk, writer.turn

        def read(file: NewAttachment) -> QImage:
            ref = desk.ask(blob_ref, file.blob) if file.blob is not None else None
            return decode(desk.packs.read(ref), _SHOWN_PX) if ref is not None else QImage()

        def take(found: list[tuple[NewAttachment, QImage]]) -> None:
            for file, image in found if writer.turn == turn else ():
                if not image.isNull():
                    writer.show_picture(file, image)

        self._context.tasks.run(lambda: [(one, read(one)) for one in wanted], then=take, owner=writer)

    def _place(self, writer: Writer, name: str, read: Callable[[], bytes]) -> None:
        desk, turn = self._context.desk, writer.turn

        def work() -> tuple[NewAttachment, QImage]:
            made = for_mail(read())
            if made is None:
                msg = tr("{name} is not a picture that a message can show. Attach it as a file instead.", name=name)
                raise UserError(msg)
            data, kind, image = made
            named = str(Path(name).with_suffix(f".{kind.partition('/')[2].replace('jpeg', 'jpg')}"))
            file = files.take_bytes(desk, named, data)
            cid = f"{secrets.token_hex(10)}@deskbell"
            blob = desk.do(add_blob, file.ref)
            return NewAttachment(named, kind, file.ref.length, blob=blob, content_id=cid, inline=True), image

        def take(found: tuple[NewAttachment, QImage]) -> None:
            if writer.turn == turn:
                writer.place_picture(*found)
            else:
                self._post.say_too_late(name)

        self._context.tasks.run(work, then=take, owner=writer)
