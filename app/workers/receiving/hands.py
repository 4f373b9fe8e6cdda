"""What every step of receiving is handed, and what the line allows: said once instead of in every argument list."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from app.kernel.files.blobs import Packs
from app.kernel.state import options
from app.workers.parsing import ParsePool

Do = Callable[..., Any]
Ask = Callable[..., Any]
Secrets = Callable[[str], str | None]
"""The secret kept under a reference, as `app.kernel.secrets.load_secret` gives it."""
Arrived = Callable[[UUID, datetime, float], object]
"""Told of a mailbox whose server got a mail at that time, which came within so many seconds."""


@dataclass(frozen=True, slots=True)
class Hands:
    """Receiving for one mailbox: how to write and ask, where bytes go, who reads them, when to stop."""

    mailbox: UUID
    do: Do
    ask: Ask
    packs: Packs
    secrets: Secrets
    pool: ParsePool
    stop: threading.Event
    carry_from: int = 400
    carry_new_from: int = 1500
    """Mails for which a process of its own fetches. While a mailbox is first brought in, the readers start at the same time
    and everybody waits for them. Afterwards they are there, and a start takes the processor from them for as long as fetching
    a thousand mails would.
    """
    arrived: Arrived = lambda _mailbox, _at, _within_s: None
    """Hears of mail that comes into INBOX while somebody looks: what the server's clock says (`server_clock`)."""


@dataclass(frozen=True, slots=True)
class Line:
    """What the line to the server allows, in bytes. Mails above `large` come in pieces of `piece`, after all others; of
    those above `cap` only the first piece comes until a person asks.
    """

    is_slow: bool
    large: int
    piece: int
    cap: int


_FAST: Final = (4 * 2**20, 256 * 2**10)
_SLOW: Final = (128 * 2**10, 64 * 2**10)


def line_of(ask: Ask) -> Line:
    """The line as the settings describe it."""
    is_slow = bool(ask(options.get, "low_bandwidth"))
    large, piece = _SLOW if is_slow else _FAST
    cap = int(ask(options.get, "mail_size_cap_mb")) * 1_000_000
    return Line(is_slow, min(large, cap), piece, cap)
