"""Frames of deskbell-chat/1 on the line (RFC 8259 JSON): what comes is read strictly, what goes is written. Pure.

Whoever is at the other end may be anybody. A frame is read field by field with the kind and the length that it must
have; anything else is a `BadFrameError`, which ends the connection and costs nothing but that.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from app.connectors.chat.protocol import (
    Ack,
    AskPhoto,
    BadFrameError,
    Code,
    Contact,
    End,
    Form,
    Frame,
    Hello,
    Hours,
    Identity,
    Line,
    Msg,
    Person,
    Photo,
    Ping,
    Rate,
    Read,
    Standing,
    Taken,
    Transcript,
    Typing,
    Welcome,
)

VERSION: Final = 1
TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")
"""256 random bits in base64url (RFC 4648, section 5), without padding."""
ID: Final = re.compile(r"[0-9a-f]{32}")
_LONG: Final = 20_000
"""Longer than what a frame can hold; only `msg` may come near it."""
_BIGGEST: Final = 2**53


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
