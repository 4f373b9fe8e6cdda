"""Chats for tests of the window, made by the very commands that the engine calls: visitors write, come, go and read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

from app.chats import commands
from app.chats.commands import Accepted, Said
from app.chats.commands.delivering import Came
from app.desk import Desk
from app.kernel import clock
from app.kernel.database.transaction import Tx
from app.kernel.state import signals


@dataclass
class Visitor:
    """Somebody on the website. `says` gives the conversation."""

    desk: Desk
    channel: UUID
    name: str = ""
    email: str = ""
    page: str = "https://shop.example/frames/walnut"
    token: bytes = field(default_factory=lambda: uuid4().bytes * 2)
    conversation: UUID | None = None
    id: UUID | None = None

    @property
    def who(self) -> bytes:
        """What the desk knows of the token."""
        return hashlib.sha256(self.token).digest()

    def says(self, *words: str, ago: timedelta = timedelta()) -> UUID:
        """Write; each a minute after the one before."""
        for number, text in enumerate(words):
            at = clock.now() - ago + timedelta(minutes=number)
            said = Said(self.channel, self.who, uuid4().hex, text, name=self.name, email=self.email, page=self.page)
            taken = self.desk.work(_at, at, commands.receive_chat, said)
            assert isinstance(taken, Accepted)
            self.conversation = taken.conversation
        assert self.conversation is not None
        self.id = self.desk.work(_visitor, self.conversation)
        return self.conversation

    def enters(self, *words: str) -> UUID:
        """Write, with a connection that is open."""
        conversation = self.says(*words)
        self.comes()
        return conversation

    def comes(self) -> None:
        """A connection is open."""
        assert self.id is not None
        self.desk.work(commands.visitors_came, [Came(self.id, self.page, "en")])

    def leaves(self) -> None:
        """The last connection is gone."""
        assert self.id is not None
        self.desk.work(commands.visitors_left, [self.id])

    def types(self, *, on: bool = True) -> None:
        """Keys are pressed at the other end."""
        assert self.conversation is not None
        word = {"conversation": self.conversation.hex, "who": "visitor", "on": on, "agent": ""}
        self.desk.work(signals.send, "chat_typing", word)

    def has(self, *messages: UUID) -> None:
        """These have arrived there."""
        self.desk.work(commands.note_delivered, messages)

    def reads(self, seq: int) -> None:
        """They have been read up to here."""
        assert self.conversation is not None
        self.desk.work(commands.note_read_by_visitor, self.conversation, seq)


def _at(tx: Tx, at: object, command: object, *args: object) -> object:
    tx.now = at  # type: ignore[assignment]
    return command(tx, *args)  # type: ignore[operator]


def _visitor(tx: Tx, conversation: UUID) -> UUID:
    from app.chats.commands.rows import conversation_row

    return conversation_row(tx, conversation).visitor


class ChatDesk:
    """Chats on a desk."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.channel: UUID = desk.work(commands.add_channel)

    def visitor(self, name: str = "", email: str = "", *, page: str = "") -> Visitor:
        """Somebody new on the website."""
        made = Visitor(self.desk, self.channel, name, email)
        made.page = page or made.page
        return made

    def chatting(self, name: str, *words: str, email: str = "") -> Visitor:
        """Somebody who is connected and has written, whose chat is mine."""
        made = self.visitor(name, email)
        self.desk.do(commands.accept, made.enters(*(words or ("Hello!",))))
        return made
