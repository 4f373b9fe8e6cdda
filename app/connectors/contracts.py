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


class Session(Protocol):
    """What connections that block share: they are opened, used and closed by one thread."""

    @property
    def capabilities(self) -> Capabilities: ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...


class Receiving(enum.StrEnum):
    """How what comes reaches a channel."""

    PUSH = "push"  # over a line that is open
    POLL = "poll"  # by asking now and then
    MANUAL = "manual"  # by a person


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a channel can do, known before it connects. Sizes in characters and bytes; None: no limit of its own. The
    connectors' tests hold them to it.

    `receipts`: the other side says what it has and has read; `upstream_keeps`: what is said while we are off waits there (or
    at the sender) and comes; `file_types`: content types that pass, () for all.
    """

    receive: Receiving
    needs_public_url: bool
    typing: bool
    receipts: bool
    threads: bool
    html: bool
    max_chars: int | None
    max_file: int | None
    file_types: tuple[str, ...]
    upstream_keeps: bool


class Connector(Protocol):
    """A channel between the desk and the world, on one event loop.

    What comes is handed to the door that the connector was made with (mail: a function that takes `Incoming`; chat:
    `app.connectors.chat.protocol.Door`). The door returns after the commit that makes it ours, and only then may it be
    confirmed upstream; a door that fails has taken nothing, and what was not confirmed is handed over again.
    `tests/connectors/test_contract.py` holds every connector to this, against real peers.
    """

    @property
    def abilities(self) -> Abilities: ...

    async def check(self) -> Health:
        """Would it work now? Never raises for what the world does."""
        ...

    async def run(self) -> None:
        """Receive until cancelled, and then end within two seconds. Raises ExternalError when the line or the sign-in
        fails; whoever runs it decides when to try again.
        """
        ...
