"""What is known of one ticket, as far as conditions ask for it: plain data, made by `app.search.facts`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.conditions.words import Words


@dataclass(frozen=True, slots=True)
class Own:
    """What a ticket holds in one of the desk's own fields. `kind`: text, number, date (`2026-01-31`), flag, or choice
    (each value a name and a path then).
    """

    kind: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """A ticket. Texts about a thing that the ticket has not are empty tuples; tags are casefolded.

    `numbers`: its own and those of what was merged into it. `updated_at`: its last message or change of its own fields.
    `words`: which of the free words that a condition asks for are found in it.
    """

    number: int
    numbers: frozenset[int]
    subject: str
    status: str
    priority: str
    channel: str
    team: str
    assignee: tuple[str, ...]
    is_mine: bool
    customer: tuple[str, ...]
    organisation: tuple[str, ...]
    mailbox: tuple[str, ...]
    state: tuple[str, ...]
    recipients: tuple[str, ...]
    tags: frozenset[str]
    messages: int
    has_attachment: bool
    has_note: bool
    has_survey: bool
    has_draft: bool
    follow_up: bool
    is_unread: bool
    is_deleted: bool
    is_merged: bool
    is_spam: bool
    created_at: datetime
    updated_at: datetime
    last_message_at: datetime
    last_incoming_at: datetime | None
    first_reply_at: datetime | None
    solved_at: datetime | None
    due_at: datetime | None
    snooze_until: datetime | None
    words: frozenset[Words] = frozenset()
    own: Mapping[str, Own] = field(default_factory=dict)
