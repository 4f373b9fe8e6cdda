"""Commands of views with the action under which they stand in the history, so that the toast offers to take them back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Noted:
    """What a command gave, and its action."""

    result: Any
    action: UUID


def noted(tx: Any, command: Callable[..., Any], *args: Any, **more: Any) -> Noted:
    """A command that runs another one and tells its action."""
    return Noted(command(tx, *args, **more), tx.action)
