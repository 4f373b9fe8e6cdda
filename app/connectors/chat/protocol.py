"""The protocol deskbell-chat/1 as plain data: what a widget says, read strictly, and what it is told. Pure.

Whoever is at the other end may be anybody. A frame is read field by field with the kind and the length that it must
have; anything else is a `BadFrameError`, which ends the connection and costs nothing but that. What the words mean, and
whether they are welcome, is decided behind the `Door`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol

VERSION: Final = 1
TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")
"""256 random bits in base64url (RFC 4648, section 5), without padding."""
ID: Final = re.compile(r"[0-9a-f]{32}")
_LONG: Final = 20_000
"""Longer than what a frame can hold; only `msg` may come near it."""
_BIGGEST: Final = 2**53

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


# -- reading


def parse(text: str) -> Frame:
    """One frame. Raises BadFrameError."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise BadFrameError("frame") from None
    if not isinstance(data, dict):
        raise BadFrameError("frame")
    read = _READERS.get(_text(data, "t", 20))
    if read is None:
        raise BadFrameError("frame")
    return read(data)  # type: ignore[no-any-return]


def parse_form(data: Any) -> Form:
    """What the form posted. Raises BadFrameError."""
    if not isinstance(data, dict):
        raise BadFrameError("frame")
    return Form(
        who=who_of(_text(data, "token", 43)),
        id=_id(data),
        name=_text(data, "name", 500),
        email=_text(data, "email", 500),
        text=_text(data, "text", _LONG),
        page=_text(data, "page", 4_000),
        lang=_text(data, "lang", 40),
        typed_ms=_number(data, "typed_ms"),
        website=_text(data, "website", 4_000),
    )


def who_of(token: str) -> bytes:
    """What the desk knows of a token: its sha256. Raises BadFrameError for what is no token."""
    if not TOKEN.fullmatch(token):
        raise BadFrameError("hello")
    return hashlib.sha256(token.encode("ascii")).digest()


def _hello(data: dict[str, Any]) -> Hello:
    if data.get("v") != VERSION:
        raise BadFrameError("version")
    conversation = _text(data, "conversation", 32)
    if conversation and not ID.fullmatch(conversation):
        raise BadFrameError("hello")
    return Hello(
        who=who_of(_text(data, "token", 43)),
        conversation=conversation,
        after=_number(data, "after"),
        page=_text(data, "page", 4_000),
        lang=_text(data, "lang", 40),
        name=_text(data, "name", 500),
        email=_text(data, "email", 500),
        identity=_identity(data.get("identity")),
    )


def _identity(data: Any) -> Identity | None:
    if data is None:
        return None
    if not isinstance(data, dict):
        raise BadFrameError("hello")
    return Identity(_text(data, "email", 500), _text(data, "name", 500), _number(data, "at"), _text(data, "sig", 64))


def _msg(data: dict[str, Any]) -> Msg:
    files = data.get("files", [])
    if not isinstance(files, list) or len(files) > 20:
        raise BadFrameError("frame")
    if not all(isinstance(each, str) and ID.fullmatch(each) for each in files):
        raise BadFrameError("frame")
    return Msg(_id(data), _text(data, "body", _LONG), tuple(files), _text(data, "name", 500), _text(data, "email", 500))


_READERS: Final[Mapping[str, Any]] = {
    "hello": _hello,
    "msg": _msg,
    "ack": lambda data: Ack(_id(data)),
    "typing": lambda data: Typing(_flag(data, "on")),
    "read": lambda data: Read(_number(data, "seq")),
    "contact": lambda data: Contact(_text(data, "name", 500), _text(data, "email", 500)),
    "code": lambda data: Code(_text(data, "code", 40)),
    "rate": lambda data: Rate(_number(data, "score"), _text(data, "comment", _LONG)),
    "transcript": lambda data: Transcript(_text(data, "email", 500)),
    "end": lambda _data: End(),
    "photo": lambda _data: AskPhoto(),
    "ping": lambda _data: Ping(),
}


def _text(data: dict[str, Any], name: str, most: int) -> str:
    value = data.get(name, "")
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > most:
        raise BadFrameError("frame")
    return value


def _number(data: dict[str, Any], name: str) -> int:
    value = data.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _BIGGEST:
        raise BadFrameError("frame")
    return value


def _flag(data: dict[str, Any], name: str) -> bool:
    value = data.get(name)
    if not isinstance(value, bool):
        raise BadFrameError("frame")
    return value


def _id(data: dict[str, Any]) -> str:
    value = _text(data, "id", 32)
    if not ID.fullmatch(value):
        raise BadFrameError("frame")
    return value


# -- writing


def welcome(it: Welcome, limits: Mapping[str, Any]) -> dict[str, Any]:
    """The frame that answers a hello."""
    standing = it.standing
    return {
        "t": "welcome", "v": VERSION, "conversation": standing.conversation, "state": standing.state,
        "last_seq": standing.last_seq, "read_seq": standing.read_seq, "online": it.hours.online,
        "hours": _hours(it.hours), "name": it.desk, "who": standing.who, "photo": standing.photo, "position": standing.position,
        "contact": _person(it.person), "rated": standing.rated, "rate": standing.may_rate, "limits": dict(limits),
        "settings": dict(it.look),
    }  # fmt: skip


def msg(conversation: str, line: Line) -> dict[str, Any]:
    """The frame of one line."""
    files = [
        {
            "id": one.id,
            "name": one.name,
            "type": one.content_type,
            "size": one.size,
            "url": f"file/{one.id}?k={one.key}",
        }
        for one in line.files
    ]
    return {
        "t": "msg", "conversation": conversation, "id": line.id, "seq": line.seq, "dir": line.direction,
        "body": line.body, "at": moment(line.at), "who": line.who, "files": files,
    }  # fmt: skip


def ack(message: str, at: datetime) -> dict[str, Any]:
    """The frame that says: it is ours, whatever happens."""
    return {"t": "ack", "id": message, "at": moment(at)}


def placed(message: str, taken: Taken) -> dict[str, Any]:
    """The frame that says which place it has."""
    return {"t": "placed", "id": message, "seq": taken.seq, "conversation": taken.conversation, "at": moment(taken.at)}


def state(it: Standing) -> dict[str, Any]:
    """The frame that says how the conversation stands."""
    return {
        "t": "state", "conversation": it.conversation, "state": it.state, "who": it.who, "photo": it.photo,
        "position": it.position, "rate": it.may_rate,
    }  # fmt: skip


def photo(it: Photo) -> dict[str, Any]:
    """The frame with the picture of who answers."""
    return {"t": "photo", "who": it.who, "id": it.id, "data": it.data}


def online(it: Hours) -> dict[str, Any]:
    """The frame that says that chat opened or closed."""
    return {"t": "online", "online": it.online, "hours": _hours(it)}


def contact(it: Person) -> dict[str, Any]:
    """The frame that says what is known of the visitor."""
    return {"t": "contact", **_person(it)}


def moment(at: datetime) -> str:
    """A moment as the wire has it: ISO 8601, UTC, milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _hours(it: Hours) -> dict[str, Any]:
    return {"open": it.online, "next": moment(it.next_at) if it.next_at is not None else None}


def _person(it: Person) -> dict[str, Any]:
    return {"name": it.name, "email": it.email, "verified": it.verified}
