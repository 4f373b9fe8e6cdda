"""Commands that give back something else than what happened: run so that the toast can offer Undo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Acted:
    """What a command gave back, and the action by which it is undone."""

    action: UUID
    result: Any


def acted(tx: Any, command: Callable[..., Any], *args: Any, **named: Any) -> Acted:
    """Run a command and tell its action; the history calls it by the command's own name."""
    tx.name = getattr(command, "__name__", tx.name)
    return Acted(tx.action, command(tx, *args, **named))
