"""What a chat is made of: states, limits, settings of a channel, and which words may pass. Pure.

Everything that a visitor says is a stranger's: it is cut to the limits, freed of characters that lie about the order of
letters, and never anything but plain text.
"""

from __future__ import annotations

import enum
import ipaddress
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from app.kernel.errors import UserError
from app.kernel.sentences import said
from app.kernel.state import settings
from app.kernel.state.settings import Setting
from app.mime.files.kinds import KINDS

MAX_CHARS: Final = 4_000
FRAME_BYTES: Final = 16_384
MAX_FILE: Final = 5 * 1024 * 1024
FILES_A_MESSAGE: Final = 5
CODE_LIFE: Final = timedelta(minutes=15)
CODE_TRIES: Final = 5
CODES_AN_HOUR: Final = 3
CODES_OF_THE_DESK: Final = 30
TRANSCRIPTS_A_DAY: Final = 3
UPLOAD_LIFE: Final = timedelta(days=1)
IDENTITY_LIFE: Final = timedelta(days=1)
QUEUE_GRACE: Final = timedelta(seconds=60)
"""So long a visitor without a connection keeps their place before others: pages are loaded again, trains have tunnels."""
FILE_TYPES: Final = KINDS


def size_limit_text() -> str:
    """How large a file may be, as people say it."""
    return f"{MAX_FILE // (1024 * 1024)} MB"


class State(enum.StrEnum):
    """Where a conversation stands. Stored, and part of the protocol."""

    WAITING = "waiting"  # nobody took it yet
    LIVE = "live"  # somebody took it
    ENDED = "ended"  # over, and answered
    MISSED = "missed"  # over, but unanswered or broken off: its ticket stays open
    TURNED = "turned"  # a rep made a plain ticket of it


GOING_ON: Final = (State.WAITING, State.LIVE)
OVER: Final = (State.ENDED, State.MISSED, State.TURNED)


EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104 - what the owner may choose, not what is
"""To listen here is to be open to the network."""


class Transport(enum.StrEnum):
    """How visitors reach the desk."""

    BUILTIN = "builtin"
    XMPP = "xmpp"


def server_topic(channel: UUID) -> str:
    """Under which topic the engine says how a channel's server does (`app.kernel.state.signals`)."""
    return f"chat_server/{channel.hex}"


class EndedBy(enum.StrEnum):
    """Who, or what, ended a chat."""

    VISITOR = "visitor"
    AGENT = "agent"
    SILENCE = "silence"


CAPACITY = settings.declare(
    Setting("chat_capacity", int, 4, "How many chats one agent has at a time", low=1, high=50)
)  # fmt: skip
AWAY = settings.declare(Setting("chat_away", bool, False, "Chat is away: visitors are asked to leave a message"))
HOURS = settings.declare(Setting("chat_hours", str, "", "When chat is open, as JSON (empty: always)"))
SILENCE_MINUTES = settings.declare(
    Setting("chat_silence_minutes", int, 15, "Minutes of silence after which a chat ends", low=1, high=1440)
)
RETURN_MINUTES = settings.declare(
    Setting("chat_return_minutes", int, 30, "Minutes in which a visitor who comes back continues the same chat", low=0,
            high=10_080)
)  # fmt: skip
GONE_MINUTES = settings.declare(
    Setting("chat_gone_minutes", int, 5, "Minutes after which an answer waits because the visitor is gone", low=1,
            high=1440)
)  # fmt: skip
SOUND = settings.declare(Setting("chat_sound", bool, True, "Play a sound when a visitor writes", "device"))


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """What a person chooses for a channel; stored as JSON. Lists are tuples of texts.

    `host` 127.0.0.1: only this machine; 0.0.0.0 or ::, open to the network. `origins`: the web sites that may use the
    widget, as `https://example.com`. `public_url`: where visitors reach the server (behind a proxy or a tunnel).
    `certificate`, `key`: PEM files for TLS of our own. `trusted_proxies`: addresses or networks whose
    X-Forwarded-For is believed. `colour`, `side`, `greeting`, `prechat`, `ask_rating`, `show_name`, `transcript`: what
    the widget shows. Limits: visitors connected at a time, connections of one address, new chats of
    one address an hour, messages of one visitor a second and at once. XMPP only: `account`, the desk's own JID; `server`,
    host or host:port if DNS does not tell; `authority`, a PEM file to trust beside the system's.
    """

    port: int = 8466
    host: str = "127.0.0.1"
    public_url: str = ""
    origins: tuple[str, ...] = ()
    certificate: str = ""
    key: str = ""
    trusted_proxies: tuple[str, ...] = ()
    colour: str = "#2f6fed"
    side: str = "right"
    greeting: str = ""
    prechat: bool = False
    ask_rating: bool = True
    show_name: bool = True
    transcript: bool = True
    max_visitors: int = 400
    sockets_per_ip: int = 20
    new_per_hour: int = 60
    rate: int = 1
    burst: int = 20
    account: str = ""
    server: str = ""
    authority: str = ""

    def to_data(self) -> dict[str, Any]:
        """As JSON has it."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> ChannelSettings:
        """What was stored; what is missing, unknown or of the wrong kind counts as the default."""
        values: dict[str, Any] = {}
        for one in fields(cls):
            value, default = data.get(one.name), one.default
            if isinstance(default, tuple) and isinstance(value, list):
                values[one.name] = tuple(str(each) for each in value)
            elif value is not None and type(value) is type(default):
                values[one.name] = value
        return cls(**values)


def checked(wanted: ChannelSettings) -> ChannelSettings:
    """The settings in their tidy form. Raises UserError for what cannot be."""
    if not 0 <= wanted.port <= 65_535:
        msg = "A port is a number from 1 to 65535."
        raise UserError(msg)
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", wanted.colour):
        msg = "A colour looks like #2f6fed."
        raise UserError(msg)
    if wanted.side not in ("left", "right"):
        msg = "The bubble stands at the left or the right."
        raise UserError(msg)
    if bool(wanted.certificate) != bool(wanted.key):
        msg = "TLS needs both: the certificate and its key."
        raise UserError(msg)
    _check_addresses(wanted)
    if min(wanted.max_visitors, wanted.sockets_per_ip, wanted.new_per_hour, wanted.rate, wanted.burst) < 1:
        msg = "A limit is 1 or more."
        raise UserError(msg)
    origins = tuple(dict.fromkeys(origin_of(each) for each in wanted.origins))
    return replace(wanted, origins=origins, greeting=clean_text(wanted.greeting)[:300])


def _check_addresses(wanted: ChannelSettings) -> None:
    try:
        ipaddress.ip_address(wanted.host)
        for each in wanted.trusted_proxies:
            ipaddress.ip_network(each, strict=False)
    except ValueError:
        msg = "The address to listen on and the trusted proxies are IP addresses, for example 127.0.0.1."
        raise UserError(msg) from None


def origin_of(url: str) -> str:
    """The origin of a site as browsers name it (RFC 6454): scheme and host, and the port if it is an unusual one.

    Raises UserError for what is no web address.
    """
    words = url.strip()
    parts = urlsplit(words if "://" in words else f"https://{words}")
    try:
        port = parts.port
    except ValueError:
        port = None
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        msg = said("“{url}” is not the address of a web site.", url=url)
        raise UserError(msg)
    host = parts.hostname.encode("idna").decode() if not parts.hostname.isascii() else parts.hostname
    host = f"[{host}]" if ":" in host else host
    usual = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != usual else "")


# -- words

_NOT_TEXT: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters, except line ends and tabs
    "\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\ue000-\uf8ff\U000f0000-\U0010ffff"  # halves of characters, and what has no meaning
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17))
    + "]+"
)
"""Characters that turn the order of what is shown, end lines unseen, or are no text (Unicode, UAX 9)."""
_MANY_LINES: Final = re.compile(r"\n{4,}")


def clean_text(text: str) -> str:
    """A text without control and direction characters, in NFC, with plain line ends; at most three blank lines in a row."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = _NOT_TEXT.sub("", lines)
    return _MANY_LINES.sub("\n\n\n\n", unicodedata.normalize("NFC", kept)).strip()


def clean_line(text: str, most: int) -> str:
    """A text on one line, cut: a name, a page."""
    return " ".join(clean_text(text).split())[:most]


def clean_page(url: str) -> str:
    """The page that a visitor is on: an http(s) address without its query and fragment, which may hold secrets; or ""."""
    try:
        parts = urlsplit(clean_line(url, 2_000))
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"[:500]


def clean_language(tag: str) -> str:
    """A language as pages name it (`de`, `pt-BR`), or ""."""
    return tag if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}", tag) else ""


_ENDINGS: Final = {
    "image/png": (".png",), "image/jpeg": (".jpg", ".jpeg"), "image/webp": (".webp",), "application/pdf": (".pdf",),
    "text/plain": (".txt", ".csv", ".log", ".md"),
}  # fmt: skip


def file_name(name: str, content_type: str) -> str:
    """A visitor's file name as we keep it: one line, no path, with an ending that tells what the file is."""
    base = clean_line(re.split(r"[/\\]", name)[-1], 120).strip(". ") or "file"
    base = re.sub(r'[<>:"|?*]', "_", base)
    endings = _ENDINGS[content_type]
    return base if base.casefold().endswith(endings) else base + endings[0]


# -- time


def over_after(answered: bool, open_question: bool, by: EndedBy, thanked: bool) -> State:
    """What a chat becomes when it ends. `open_question`: the visitor's last word is unanswered; `thanked`: it was thanks.

    A rep who ends a chat that was answered has said all there is to say.
    """
    if not answered:
        return State.MISSED
    if open_question and not thanked and by is not EndedBy.AGENT:
        return State.MISSED
    return State.ENDED


def comes_back(state: str, ended_at: datetime | None, at: datetime, minutes: int) -> bool:
    """Does a word of `at` continue this chat? One that goes on always, one that is over for so many minutes."""
    if state in GOING_ON:
        return True
    return ended_at is not None and at - ended_at <= timedelta(minutes=minutes)
