"""What happens in the outbox, for the features that react to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ReplyQueued:
    """A message went into the outbox."""

    ticket: UUID | None
    message: UUID
    at: datetime
    automatic: bool


@dataclass(frozen=True, slots=True)
class ReplySent:
    """A server took a message over; `at` is when. Told once a message, for the first recipient that was accepted.

    `answers`: it answers the customer; not so what was passed on to somebody else.
    """

    ticket: UUID | None
    message: UUID
    at: datetime
    automatic: bool
    answers: bool = True


@dataclass(frozen=True, slots=True)
class ReplyCancelled:
    """A message was taken back before it went out; its row's `before` says which fields of the ticket to put back."""

    ticket: UUID | None
    message: UUID
