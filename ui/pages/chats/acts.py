"""What is done to a chat, each as one command with the words that the toast says."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.chats import commands
from app.chats.queries import ChatRow
from app.outbox.drafts import discard_draft, save_draft
from app.people.queries import AgentInfo
from ui.pages import Context
from ui.pages.chats.words import visitor_name
from ui.pages.inbox.writing.letter import Letter
from ui.pages.settings.form import TextArea
from ui.text import tr
from ui.widgets.button import Button
from ui.widgets.field import FieldBlock, Select
from ui.widgets.label import Label
from ui.widgets.overlay import Dialog, ask

if TYPE_CHECKING:
    from collections.abc import Sequence


class ChatActs:
    """Does what the person wants with the chats of a page."""

    def __init__(self, context: Context) -> None:
        self._context = context

    # -- whose it is

    def accept(self, one: ChatRow, then: Callable[[object], object] | None = None) -> None:
        """Take a chat."""
        said = tr("You are chatting with {name} now.", name=visitor_name(one))
        self._do(commands.accept, one.id, done=said, then=then)

    def give_back(self, one: ChatRow) -> None:
        """Back into the queue."""
        said = tr("{name} is waiting for anyone again.", name=visitor_name(one))
        self._do(commands.assign_chat, one.id, None, done=said)

    def ask_transfer(self, one: ChatRow, agents: Sequence[AgentInfo], me: UUID | None) -> None:
        """To whom, and what they should know."""
        others = [each for each in agents if each.id != me]
        if not others:
            self._context.toasts.say(tr("There is nobody else at this desk."), "info")
            return
        dialog = Dialog(tr("Transfer the chat with {name}", name=visitor_name(one)), width=460)
        who = Select([(each.id.hex, each.name) for each in others], name=tr("To"))
        note = TextArea(tr("What they should know"), 3)
        words = tr("Only your team sees the note. The visitor is told who answers now.")
        dialog.add(
            FieldBlock(tr("To"), who), FieldBlock(tr("What they should know"), note), Label(words, "small", wrap=True)
        )

        def act() -> None:
            key, text = who.current(), note.toPlainText().strip()
            self._context.overlay.close_sheet(dialog)
            found = next(each for each in others if each.id.hex == key)
            self._do(commands.transfer, one.id, found.id, text, done=tr("{name} has the chat now.", name=found.name))

        dialog.set_foot(
            Button(tr("Cancel"), clicked=dialog.close_dialog), Button(tr("Transfer"), "primary", clicked=act)
        )
        self._context.overlay.open(dialog, focus=who)

    # -- how it ends

    def end(self, one: ChatRow) -> None:
        """Over: answered, it is solved; unanswered, an open ticket."""
        self._do(commands.end_chat, one.id, done=tr("The chat with {name} is over.", name=visitor_name(one)))

    def turn(self, one: ChatRow) -> None:
        """A plain ticket from now on."""
        said = tr("It is ticket #{number} now.", number=one.number)
        self._do(commands.turn_into_ticket, one.id, done=said)

    # -- who it is

    def send_code(self, one: ChatRow) -> None:
        """Mail a code to the address that they gave."""
        said = tr("A code is on its way to {address}.", address=one.email)
        self._do(commands.send_code, one.id, done=said)

    def ask_block(self, one: ChatRow) -> None:
        """Receive nothing of them any more, or again."""
        if one.blocked:
            self._do(commands.unblock_visitor, one.visitor, done=tr("The visitor may write again."))
            return
        name = visitor_name(one)
        ask(
            self._context.overlay,
            tr("Block {name}?", name=name),
            tr("The chat ends, and nothing that this visitor writes is received any more. It can be undone."),
            tr("Block"),
            lambda: self._do(commands.block_visitor, one.visitor, done=tr("{name} is blocked.", name=name)),
            remark=tr("You can unblock the visitor at any time."),
        )

    # -- the desk

    def set_away(self, *, away: bool) -> None:
        """Are visitors asked to leave a message?"""
        said = tr("Visitors are asked to leave a message.") if away else tr("You accept chats.")
        self._do(commands.set_away, away, done=said)

    # -- words

    def send(self, one: ChatRow, letter: Letter, way: str, failed: Callable[[Exception], bool]) -> None:
        """Say it: in the chat, by e-mail, or as a note."""
        command = {"chat": commands.send_chat, "mail": commands.reply_by_mail, "note": commands.note_chat}[way]
        said = {"mail": tr("Reply queued"), "note": tr("Note added")}.get(way, "")
        self._context.tasks.do(_say, command, one.id, one.ticket, letter, done=said, failed=failed)

    def keep(self, one: ChatRow, letter: Letter) -> None:
        """Keep what is being written, or throw the draft away when nothing is left of it."""
        if letter.is_empty:
            self._context.tasks.do(discard_draft, one.ticket, letter.mode)
        else:
            self._context.tasks.do(save_draft, letter.content(), ticket=one.ticket, kind=letter.mode)

    def tell_typing(self, one: ChatRow, *, on: bool) -> None:
        """The visitor sees that somebody types."""
        self._do(commands.typing, one.id, on, failed=lambda _error: True)

    def mark_read(self, conversation: UUID, seq: int) -> None:
        """The visitor sees that it was read."""
        self._do(commands.mark_read, conversation, seq)

    def _do(self, command: Callable[..., Any], *args: Any, **more: Any) -> None:
        self._context.tasks.do(command, *args, **more)


def _say(tx: Any, command: Callable[..., Any], conversation: UUID, ticket: UUID, letter: Letter) -> Any:
    """Say it, and throw the draft away with it: whoever reads sees both or neither."""
    said = command(tx, conversation, letter.text, list(letter.files))
    discard_draft(tx, ticket, letter.mode)
    return said
