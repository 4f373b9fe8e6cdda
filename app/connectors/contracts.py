"""What every connector speaks: frozen plain data, so that nothing of a library or of a protocol leaks inwards.

A connector turns the wire into `Incoming` and `Outgoing` into a `Receipt`. It stores nothing and decides nothing.
Its calls block and run in worker threads. Every failure leaves it as `app.kernel.errors.ExternalError`.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, Self

from app.kernel.errors import Reason


@dataclass(frozen=True, slots=True)
class Incoming:
    """One mail as the server gave it. (mailbox, folder, uidvalidity, uid) is its identity on that server.

    `raw` is the whole mail unless `truncated`: then a size cap cut it and `fetch_piece` brings the rest.
    """

    mailbox: str
    folder: str
    uidvalidity: int
    uid: int
    raw: bytes = field(repr=False)
    internal_at: datetime | None
    flags: tuple[str, ...]
    size: int  # bytes of the whole mail on the server

    @property
    def truncated(self) -> bool:
        return len(self.raw) < self.size


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far one folder was received: the highest UID stored. Worth nothing under another UIDVALIDITY."""

    folder: str
    uidvalidity: int
    uid: int
    modseq: int | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """Something short-lived from the world (typing, presence); lost without harm."""

    kind: str
    about: str
    at: datetime


class HealthState(enum.StrEnum):
    """How a channel does; the status lamp shows the worst of all channels."""

    OK = "ok"
    WORKING = "working"
    OFFLINE = "offline"  # not connected; tried again by itself
    ATTENTION = "attention"  # a person has to do something
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Health:
    """A channel's state with its reason and, if the server said any, the server's own words."""

    state: HealthState
    reason: Reason | None
    words: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a connector can do, decided after connecting; the names are the protocol's own, upper case."""

    names: frozenset[str]

    def __contains__(self, name: str) -> bool:
        return name.upper() in self.names


@dataclass(frozen=True, slots=True)
class Outgoing:
    """The exact bytes to hand over, and the envelope. Nothing in here is changed on the way."""

    raw: bytes = field(repr=False)
    sender: str
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A server's no to one recipient: SMTP `code`, its `words`, and whether trying again is pointless (5xx)."""

    code: int
    words: str
    permanent: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an `Outgoing`: who was accepted, who was refused, and the server's last answer."""

    accepted: tuple[str, ...]
    refused: Mapping[str, Refusal]
    response: str


class Phase(enum.StrEnum):
    """How far a hand-over has come. Only in `data` can a broken line leave it open whether the mail went out."""

    CONNECT = "connect"
    ENVELOPE = "envelope"
    DATA = "data"


class Connector(Protocol):
    """The part that all connectors share: a connection that is opened, used and closed."""

    @property
    def capabilities(self) -> Capabilities: ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...
