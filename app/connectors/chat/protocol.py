"""The protocol deskbell-chat/1 as plain data: what a widget may say, what the desk answers, and the `Door` between them.

How either looks on the line is the business of `app.connectors.chat.frames`. What the words mean, and whether they are
welcome, is decided behind the `Door`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

Who = bytes | str
"""Who is at the other end: the sha256 of a browser's token, or a JID."""


class BadFrameError(Exception):
    """What came is no frame of this protocol. Its text is the reason for `bye`."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the visitor is by the word of the owner's own site, which signed it."""

    email: str
    name: str
    at: int
    signature: str


@dataclass(frozen=True, slots=True)
class Hello:
    """The first frame. `after`: the last place seen in `conversation`."""

    who: Who
    conversation: str
    after: int
    page: str
    lang: str
    name: str
    email: str
    identity: Identity | None


@dataclass(frozen=True, slots=True)
class Msg:
    """A message of the visitor. `files`: ids of uploads."""

    id: str
    body: str
    files: tuple[str, ...] = ()
    name: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Ack:
    """The widget has stored one of our messages."""

    id: str


@dataclass(frozen=True, slots=True)
class Typing:
    """The visitor is typing, or no longer."""

    on: bool


@dataclass(frozen=True, slots=True)
class Read:
    """The visitor has seen everything up to this place."""

    seq: int


@dataclass(frozen=True, slots=True)
class Contact:
    """Who the visitor says they are."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Code:
    """The digits of the mailed code."""

    code: str


@dataclass(frozen=True, slots=True)
class Rate:
    """How it went, 1 to 5."""

    score: int
    comment: str


@dataclass(frozen=True, slots=True)
class Transcript:
    """A wish for a mail with all that was said."""

    email: str


@dataclass(frozen=True, slots=True)
class End:
    """The visitor says that it is over."""


@dataclass(frozen=True, slots=True)
class AskPhoto:
    """A wish for the picture of who answers: it was told which one there is, and is not here yet."""


@dataclass(frozen=True, slots=True)
class Ping:
    """Are you there?"""


Frame = Hello | Msg | Ack | Typing | Read | Contact | Code | Rate | Transcript | End | AskPhoto | Ping


@dataclass(frozen=True, slots=True)
class Form:
    """What somebody leaves while nobody is here. `typed_ms`: how long it took; `website`: a trap for programs."""

    who: Who
    id: str
    name: str
    email: str
    text: str
    page: str
    lang: str
    typed_ms: int
    website: str


# -- what the desk answers


@dataclass(frozen=True, slots=True)
class Kept:
    """It is ours, by a commit, since that moment; which place it has is told later (`Taken`)."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """It is ours, by a commit, and has its place. `began`: a new conversation with it."""

    conversation: str
    seq: int
    at: datetime
    duplicate: bool
    began: bool


@dataclass(frozen=True, slots=True)
class No:
    """It will never be taken, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class FileOut:
    """A file of a line; `key` is part of its address and shows that whoever asks may have it."""

    id: str
    name: str
    content_type: str
    size: int
    key: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line as the widget shows it."""

    seq: int
    id: str
    direction: str
    body: str
    at: datetime
    who: str
    files: tuple[FileOut, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a visitor's newest conversation stands. `photo`: the id of the picture of `who`, if there is one."""

    conversation: str = ""
    state: str = ""
    last_seq: int = 0
    read_seq: int = 0
    who: str = ""
    photo: str = ""
    position: int | None = None
    may_rate: bool = False
    rated: bool = False


@dataclass(frozen=True, slots=True)
class Photo:
    """A small picture of who answers; `data` is base64."""

    who: str
    id: str
    data: str


@dataclass(frozen=True, slots=True)
class Hours:
    """Is chat open, and until when (None: for ever); if not, from when on (None: nobody knows)."""

    online: bool
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of the visitor."""

    name: str = ""
    email: str = ""
    verified: bool = False


@dataclass(frozen=True, slots=True)
class Welcome:
    """What the desk says to a hello. `desk`: its name; `look`: what the widget shows (colour, side, greeting, …)."""

    standing: Standing
    hours: Hours
    person: Person
    desk: str
    look: Mapping[str, Any]


class Door(Protocol):
    """What a transport asks of the desk. Everything that is true when it returns was committed before."""

    async def hello(self, hello: Hello) -> Welcome | No: ...

    async def receive(self, who: Who, message: Msg, page: str, lang: str) -> Kept | Taken | No: ...

    async def lines(self, who: Who, conversation: str, after: int) -> Sequence[Line]: ...

    async def came(self, who: Who, page: str, lang: str) -> None: ...

    async def left(self, who: Who) -> None: ...

    async def acked(self, who: Who, message: str) -> None: ...

    async def read(self, who: Who, seq: int) -> None: ...

    async def typing(self, who: Who, on: bool) -> None: ...

    async def contact(self, who: Who, contact: Contact) -> Person: ...

    async def code(self, who: Who, code: str) -> Person | None: ...

    async def rate(self, who: Who, rate: Rate) -> bool: ...

    async def transcript(self, who: Who, email: str) -> bool: ...

    async def end(self, who: Who) -> None: ...

    async def photo(self, who: Who) -> Photo | None: ...

    async def form(self, form: Form) -> Taken | No: ...

    async def upload(self, who: Who, name: str, data: bytes) -> FileOut | No: ...

    async def file(self, key: str, proof: str) -> tuple[FileOut, bytes] | None: ...
