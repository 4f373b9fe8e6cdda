"""What tickets tell other features, in the past tense. The desk wires the reactions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class TicketOpened:
    """A ticket began. Not told for history. `by_agent`: a rep wrote first."""

    ticket: UUID
    at: datetime
    by_agent: bool = False


@dataclass(frozen=True, slots=True)
class CustomerWrote:
    """A mail of the customer joined a ticket (or opened it)."""

    ticket: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class TicketSolved:
    """A ticket was solved."""

    ticket: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class TicketReopened:
    """A solved or closed ticket is being worked on again."""

    ticket: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class TicketClosed:
    """A ticket was closed."""

    ticket: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class OpeningTakenBack:
    """The mail that opened a ticket was called back, and nothing is in it any more: it lies in the Bin. `action`: what opened it."""

    ticket: UUID
    message: UUID
    action: UUID
