"""What the verbs of tickets give back."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Written:
    """Something was written: in which ticket, which message, by which action (for the undo toast)."""

    ticket: UUID
    ticket_number: int
    message: UUID
    action: UUID


@dataclass(frozen=True, slots=True)
class Changed:
    """How many tickets an action changed; none when they were like that already."""

    action: UUID
    tickets: int


@dataclass(frozen=True, slots=True)
class TakenApart:
    """A ticket is one of its own again. `followed`: replies of ours written meanwhile that went with it; `stayed`: that did not."""

    action: UUID
    followed: int
    stayed: int


@dataclass(frozen=True, slots=True)
class UndoResult:
    """How many things were put back, and in words what was left as it is, and why. `action` is what was undone.

    `job`: a large action is worked off in the background; nothing is put back yet. `numbers`: of the tickets that it was about.
    """

    undone: int
    kept: tuple[str, ...]
    action: UUID | None
    job: UUID | None = None
    numbers: tuple[int, ...] = ()
