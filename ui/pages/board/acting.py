"""Moving cards and adding one: each a change with one toast and one undo, however many they are.

What else is done with tickets is what the inbox does with them (`ui.pages.inbox.triage.acts`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from app.boards.commands import acts_of, add_card
from app.boards.rules import Step
from app.tickets.commands.results import Changed
from ui.pages import Context
from ui.pages.changing import change
from ui.text import tr


def move(context: Context, keys: Sequence[UUID], steps: Sequence[Step], name: str) -> None:
    """Into a column, a lane or both, called `name`. The cards appear there when it is stored."""

    def said(n: int) -> str:
        return tr("Ticket moved to “{name}”.|{n} tickets moved to “{name}”.", n=n, name=name)

    change(context, keys, acts_of(steps), said)


def add(context: Context, subject: str, steps: Sequence[Step], name: str, failed: Callable[[Exception], bool]) -> None:
    """A new card in a column called `name`."""

    def said(_changed: Changed) -> str:
        return tr("Ticket added to “{name}”.", name=name)

    context.tasks.do(add_card, subject, steps, done=said, failed=failed)
