"""The lists that are views too, and their numbers by a fresh count."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from app.tickets.queries import Pile
from app.views.queries import view_id
from app.views.tally import Tally, ViewCount

_KEYS = {Pile.ACTIVE: "open"}
WITHOUT_A_VIEW = (Pile.NEW, Pile.OPEN)
PILES = {pile: view_id(_KEYS.get(pile, str(pile))) for pile in Pile if pile not in WITHOUT_A_VIEW}


def numbers(db: Session, agent: UUID | None = None) -> dict[Pile, ViewCount]:
    """How many tickets each of them holds."""
    found = Tally().read(db, agent)
    return {pile: found[key] for pile, key in PILES.items()}
