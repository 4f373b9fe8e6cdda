"""The inbox's small pickers, beside the card that the keyboard is on: to whom, which tag, which priority, which status."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from PySide6.QtCore import QPoint, QRect, QSize

from app.people.queries import AgentInfo
from app.tickets.queries import TicketRow
from ui.pages import Context
from ui.pages.board.columns import Columns
from ui.pages.inbox.actions.picked import LOOKED_AT, Held
from ui.pages.inbox.actions.picking import Picking
from ui.pages.inbox.triage.acts import Triage
from ui.pages.inbox.triage.snooze import ask_snooze

_CORNER = QPoint(24, 24)


class Chosen:
    """What is acted on, asked anew each time, as the pickers want to know it."""

    def __init__(self, columns: Columns, row_of: Callable[[UUID], TicketRow | None]) -> None:
        self._columns, self._row_of = columns, row_of

    @property
    def count(self) -> int:
        """How many cards."""
        return len(self._columns.those())

    @property
    def many(self) -> bool:
        """Are cards marked?"""
        return len(self._columns.marks) > 0

    def tickets(self) -> tuple[UUID, ...]:
        """Which they are."""
        return self._columns.those()

    def held(self) -> Held:
        """What is chosen now, to be kept."""
        those = self.tickets()
        return Held(those, len(those), self.many, those[:LOOKED_AT], self._row_of)

    def rows(self) -> list[TicketRow]:
        """How they stand, as far as they are known: of the first two hundred at most."""
        found = (self._row_of(key) for key in self._columns.those()[:LOOKED_AT])
        return [row for row in found if row is not None]


@dataclass(frozen=True)
class _Agents:
    agents: Sequence[AgentInfo]


class CardPicking(Picking):
    """The pickers of the board."""

    def __init__(self, context: Context, columns: Columns, triage: Triage) -> None:
        self._columns = columns
        self.context, self.triage = context, triage
        self.picked = Chosen(columns, context.rows.row)
        self.around: _Agents | None = None
        self.me = context.desk.me()
        context.rows.aged.connect(self._aged)
        host: Any = self  # what the inbox's page is to its pickers, this is to those of the board
        super().__init__(host)

    def _aged(self, keys: frozenset[UUID] | None) -> None:
        """What is marked is known as it stands now, even where no card is painted."""
        marked = self._columns.those()[:LOOKED_AT]
        self.context.rows.want(key for key in marked if keys is None or key in keys)

    def know_agents(self, agents: Sequence[AgentInfo]) -> None:
        """To whom something can be given."""
        self.around, self.me = _Agents(agents), self.context.desk.me()

    def go_on(self, act: Callable[[], object]) -> None:
        """The board has no open ticket that would have to be left."""
        act()

    def snooze(self) -> None:
        """Until when."""
        snoozed = any(row.snooze_until is not None for row in self.picked.rows())
        ask_snooze(self.context, self.picked.tickets(), snoozed=snoozed)

    def _place(self) -> QRect:
        here = self._columns.here()
        return (
            here.list.card_on_screen() if here is not None else QRect(self._columns.mapToGlobal(_CORNER), QSize(0, 0))
        )
