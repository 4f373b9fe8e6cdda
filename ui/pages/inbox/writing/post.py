"""Letters on their way out of the window: replies, notes, new mails, their files and their drafts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol, cast
from uuid import UUID

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from app.conversations.commands import NewAttachment, NewFile, add_blob
from app.desk.viewing import files
from app.kernel import clock
from app.outbox.drafts import discard_draft, drop_draft, save_draft
from app.outbox.rules import FORWARD
from app.people.queries import customer_rows
from app.tickets import commands
from ui.pages import Context
from ui.pages.inbox.conversation.delivery import planned_text
from ui.pages.inbox.words import names_text
from ui.pages.inbox.writing.address_field import AddressField, as_text
from ui.pages.inbox.writing.letter import Letter
from ui.pages.inbox.writing.writer import Writer
from ui.text import tr


class TakesFiles(Protocol):
    """A composer to which files can be added. `turn` counts what is being written: a file of an earlier turn is too late."""

    @property
    def turn(self) -> int:
        """Which letter is being written."""
        ...

    def add_file(self, file: NewAttachment, /) -> None:
        """Show a file that is in the desk."""
        ...


class Post(QObject):
    """Takes letters from a writer and hands them to the desk."""

    left = Signal()  # a letter is queued or refused: what was read before that is old

    def __init__(self, context: Context, owner: QWidget, undo_seconds: Callable[[], int]) -> None:
        super().__init__(owner)
        self._context, self._owner, self._undo_seconds = context, owner, undo_seconds
        self._new_draft: UUID | None = None
        self._new_turn = 0
        self.sending: set[UUID] = set()
        """Tickets whose letter is on its way into the desk: a draft that is read meanwhile is that letter."""

    # -- out

    def send(
        self,
        writer: Writer,
        ticket: UUID,
        letter: Letter,
        *,
        seen: UUID | None,
        solve: bool,
        here: Callable[[], bool],
        chat: UUID | None = None,
    ) -> None:
        """Queue a reply (in this chat, if there is one), or write a note.

        If it is refused it is put back; when the person is not `here` any more, it is a draft of the ticket that it was for.
        """
        tasks = self._context.tasks
        self.sending.add(ticket)

        def failed(_error: Exception) -> bool:
            if here():
                writer.put_back(letter)
            else:
                self.keep(ticket, letter)
            left(None)
            return False

        def left(_written: object) -> None:
            self.sending.discard(ticket)
            self.left.emit()

        if letter.mode == "note":
            note = (ticket, letter, letter.text, list(letter.files))
            tasks.do(_and_no_draft, commands.add_note, *note, done=tr("Note added"), then=left, failed=failed)
        elif chat is not None:
            tasks.do(_in_chat, chat, ticket, letter, then=left, failed=failed)
        else:
            tasks.do(
                _and_no_draft,
                commands.reply,
                ticket,
                letter,
                **letter.outgoing(),
                to=letter.to,
                seen=seen,
                solve=solve,
                not_before=letter.send_at,
                undo_seconds=self._undo_seconds(),
                done=_queued(letter, solve=solve, waits=self._waits(letter)),
                offers_undo=self._waits(letter),
                then=left,
                failed=failed,
            )

    def send_new(self, writer: Writer, letter: Letter, then: Callable[[UUID], object], *, solve: bool) -> None:
        """Write to somebody first. If it is refused while something else is being written, it is a draft."""
        turn = writer.turn

        def failed(_error: Exception) -> bool:
            if writer.turn == turn:
                writer.put_back(letter)
            else:
                self._keep_aside(letter)
            return False

        def done(written: Any) -> str:
            return tr("Mail queued, ticket #{number}", number=written.ticket_number)

        if not letter.to:
            writer.put_back(letter)
            self._context.toasts.say(tr("Please say who it is for."), "bad")
            return
        if letter.about is not None:
            self._pass_on(letter, letter.about, failed)
            return
        self._context.tasks.do(
            commands.new_mail,
            customer_address=as_text(letter.to[:1]),
            customer_name=letter.to[0][0],
            subject=letter.subject,
            **(letter.outgoing() | {"cc": (*letter.to[1:], *letter.cc)}),
            not_before=letter.send_at,
            solve=solve,
            undo_seconds=self._undo_seconds(),
            done=done,
            offers_undo=self._waits(letter),
            then=lambda written: then(written.ticket),
            owner=self._owner,
            failed=failed,
        )
        if self._new_draft is not None:
            self._context.tasks.do(drop_draft, self._new_draft)
            self._new_draft = None
            self._new_turn += 1

    def _pass_on(self, letter: Letter, about: tuple[UUID, UUID], failed: Callable[[Exception], bool]) -> None:
        self._context.tasks.do(
            _passed_on,
            *about,
            **letter.outgoing(),
            to=letter.to,
            not_before=letter.send_at,
            undo_seconds=self._undo_seconds(),
            done=tr("Forwarded to {names}", names=names_text(letter.to)),
            offers_undo=self._waits(letter),
            failed=failed,
        )

    def _waits(self, letter: Letter) -> bool:
        """Does it wait for a while, so that it can be called back?"""
        return letter.send_at is not None or self._undo_seconds() > 0

    # -- drafts

    def keep(self, ticket: UUID, letter: Letter) -> None:
        """Keep a draft of a ticket, or throw it away when nothing is left of it."""
        home = letter.home or ticket
        if letter.is_empty:
            self._context.tasks.do(discard_draft, home, letter.mode)
            return
        self._context.tasks.do(save_draft, letter.content(), ticket=home, kind=letter.mode)

    def keep_new(self, letter: Letter) -> None:
        """Keep the draft of a new mail."""
        if letter.is_empty and not letter.subject:
            return

        turn = self._new_turn

        def take(draft: UUID) -> None:
            if turn == self._new_turn:  # else another letter has been begun meanwhile
                self._new_draft = draft

        if letter.about is not None:
            self._keep_aside(letter)
            return
        content = letter.content()
        self._context.tasks.do(save_draft, content, draft=self._new_draft, kind="new", then=take, owner=self._owner)

    def _keep_aside(self, letter: Letter) -> None:
        """Keep what is passed on as a draft of its ticket, and a new mail as one more draft."""
        content = letter.content()
        if letter.about is not None:
            ticket, message = letter.about
            self._context.tasks.do(save_draft, content, ticket=ticket, kind=FORWARD, answers=message)
        else:
            self._context.tasks.do(save_draft, content, kind="new")

    def take_up_new(self, draft: UUID | None) -> None:
        """The draft that a new mail continues."""
        self._new_draft = draft
        self._new_turn += 1

    # -- files

    def ask_files(self, writer: TakesFiles) -> None:
        """The person chooses files in the system's dialog."""
        dialog = QFileDialog(self._owner, tr("Attach files"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(lambda paths: self.attach(writer, paths))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def attach(self, writer: TakesFiles, paths: Sequence[str]) -> None:
        """Take files into the desk and show them under the letter."""
        for path in paths:
            self._take(writer, partial(files.take_file, self._context.desk, Path(path)))

    def attach_bytes(self, writer: TakesFiles, name: str, read: Callable[[], bytes]) -> None:
        """Bytes that stand in no file (a picture from the clipboard); `read` runs on a task thread."""
        self._take(writer, lambda: files.take_bytes(self._context.desk, name, read()))

    def say_too_late(self, name: str) -> None:
        """A file was read while the person went on to write something else."""
        self._context.toasts.say(tr("{name} was not added: something else is being written now.", name=name), "bad")

    def _take(self, writer: TakesFiles, read: Callable[[], NewFile]) -> None:
        desk, turn = self._context.desk, writer.turn

        def work() -> NewAttachment:
            file = read()
            blob = desk.do(add_blob, file.ref)
            return NewAttachment(file.filename, file.content_type, file.ref.length, blob=blob)

        def take(file: NewAttachment) -> None:
            if writer.turn == turn:
                writer.add_file(file)
            else:
                self.say_too_late(file.filename)

        self._context.tasks.run(work, then=take, owner=cast(QObject, writer))

    # -- addresses

    def complete(self, field: AddressField, words: str) -> None:
        """Offer the customers whose name or address contains what is being typed."""

        def offer(rows: Any) -> None:
            field.offer([(row.name, row.address) for row in rows if row.address])

        self._context.tasks.ask(customer_rows, words, 8, then=offer, owner=field, key=f"complete-{id(field)}")


def _and_no_draft(tx: Any, command: Callable[..., Any], ticket: UUID, letter: Letter, *args: Any, **more: Any) -> Any:
    """Send or write down, and throw the draft away with it: whoever reads sees both or neither."""
    written = command(tx, ticket, *args, **more)
    discard_draft(tx, letter.home or ticket, letter.mode)
    return written


def _passed_on(tx: Any, ticket: UUID, message: UUID, **letter: Any) -> Any:
    """Pass a message on, and throw that draft away with it."""
    written = commands.forward(tx, message, **letter)
    discard_draft(tx, ticket, FORWARD, answers=message)
    return written


def _in_chat(tx: Any, chat: UUID, ticket: UUID, letter: Letter) -> Any:
    """Say it in the chat; the draft goes with it."""
    from app.chats.commands import send_chat  # all that visitors and reps do: 20 ms that the first rows do not need

    said = send_chat(tx, chat, letter.text, list(letter.files))
    discard_draft(tx, letter.home or ticket, letter.mode)
    return said


def _queued(letter: Letter, *, solve: bool, waits: bool) -> str:
    if letter.send_at is not None:
        return tr("It waits for its time: {when}", when=planned_text(letter.send_at, clock.now()))
    if waits:
        return tr("Reply queued, ticket solved") if solve else tr("Reply queued")
    return tr("Reply on its way, ticket solved") if solve else tr("Reply on its way")
