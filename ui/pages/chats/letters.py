"""What is being written in chats: kept as drafts of their tickets, sent, and put back where it was refused.

A draft is written by one thread and read by another, so a chat that is left and opened again at once may be read before its
draft is there. What was typed here is therefore remembered here as well, and believed before what is read.
"""

from __future__ import annotations

from uuid import UUID

from PySide6.QtGui import QImage

from app.kernel import clock
from ui.pages.chats.acts import ChatActs
from ui.pages.chats.column import ChatColumn
from ui.pages.chats.loading import Talk
from ui.pages.chats.words import GOING_ON
from ui.pages.inbox.writing.letter import Letter
from ui.pages.inbox.writing.post import Post
from ui.text import tr
from ui.widgets.pictures import png_of


class ChatLetters:
    """Takes what is written in the columns of a page."""

    def __init__(self, acts: ChatActs, post: Post) -> None:
        self._acts, self._post = acts, post
        self._known: dict[tuple[UUID, str], Letter] = {}

    def listen(self, column: ChatColumn) -> None:
        """Take what is written in this column."""
        writer = column.writer
        writer.sent.connect(lambda letter, way: self._send(column, letter, way))
        writer.kept.connect(lambda letter: self._keep(column, letter))
        writer.typing.connect(lambda on: self._tell_typing(column, on=on))
        writer.files_chosen.connect(lambda paths: self._post.attach(writer, paths))
        writer.image_given.connect(lambda image: self._attach_image(column, image))
        writer.attach_wanted.connect(lambda: self._post.ask_files(writer))

    def begun_in(self, talk: Talk) -> list[Letter]:
        """What was begun in a chat: as it was left here, else as the desk has it."""
        key, found = talk.view.row.id, []
        for mode, draft in (("reply", talk.reply), ("note", talk.note)):
            known = self._known.get((key, mode))
            if known is not None:
                found.append(known)
            elif draft is not None:
                found.append(Letter.of_draft(draft))
        return found

    def forget(self) -> None:
        """The page was away for a while: another window may have gone on with a draft."""
        self._known.clear()

    def _send(self, column: ChatColumn, letter: Letter, way: str) -> None:
        row = column.row
        if row is None:
            return
        key = (row.id, letter.mode)
        self._known[key] = Letter(letter.mode)

        def failed(_error: Exception) -> bool:
            if column.conversation == row.id:
                column.writer.put_back(letter)
            else:
                self._known[key] = letter
                self._acts.keep(row, letter)
            return False

        self._acts.send(row, letter, way, failed)
        column.lines.to_end()

    def _keep(self, column: ChatColumn, letter: Letter) -> None:
        if column.row is not None:
            self._known[column.row.id, letter.mode] = letter
            self._acts.keep(column.row, letter)

    def _tell_typing(self, column: ChatColumn, *, on: bool) -> None:
        if column.row is not None and column.row.state in GOING_ON:
            self._acts.tell_typing(column.row, on=on)

    def _attach_image(self, column: ChatColumn, image: QImage) -> None:
        name = tr("picture {time}.png", time=clock.now().astimezone().strftime("%Y-%m-%d %H-%M-%S"))
        self._post.attach_bytes(column.writer, name, lambda: png_of(image))
