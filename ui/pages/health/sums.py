"""The equation of the page: what the server has is what became of it. Pure counting, shown by the page.

Each part is a group of outcomes under one name; parts that are empty and not essential are left out, so that the equation
stays short. Lines whose mail has left the server are subtracted: the server does not count them either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.inbox.queries import LedgerFolder
from ui.text import tr

TICKETS, SPAM, AUTOMATIC, OTHER, UNREAD, WAITING = "tickets", "spam", "automatic", "other", "quarantine", "waiting"
GONE, MISSING = "gone", "unaccounted"

GROUPS: dict[str, tuple[str, ...]] = {
    TICKETS: ("message", "history", "own_copy", "duplicate"),
    SPAM: ("spam",),
    AUTOMATIC: ("bounce", "auto_reply", "bulk", "feedback", "survey_answer"),
    OTHER: ("sent_other", "erased"),
    UNREAD: ("quarantined",),
    WAITING: ("received",),
}
_ALWAYS = {TICKETS, SPAM, AUTOMATIC, UNREAD}


def name_of(part: str) -> str:
    """What a part of the equation is called."""
    return {
        TICKETS: tr("in tickets"),
        SPAM: tr("spam"),
        AUTOMATIC: tr("automatic"),
        OTHER: tr("sent elsewhere"),
        UNREAD: tr("could not be read"),
        WAITING: tr("waiting"),
        GONE: tr("left the server"),
        MISSING: tr("not accounted for"),
    }[part]


@dataclass(frozen=True, slots=True)
class Sums:
    """The numbers of one or more folders. `server` = the parts − `gone` + `missing`, or `off` says by how much not."""

    server: int
    parts: dict[str, int]
    gone: int
    missing: int
    listed_at: datetime | None

    @property
    def off(self) -> int:
        """What the equation lacks: 0 unless something was counted while it changed."""
        return self.server - sum(self.parts.values()) + self.gone - self.missing

    @property
    def terms(self) -> list[tuple[str, str, int]]:
        """(sign, part, count) in the order of the equation, without parts that say nothing."""
        found = [("+", part, n) for part, n in self.parts.items() if n or part in _ALWAYS]
        if self.gone:
            found.append(("−", GONE, self.gone))
        if self.missing:
            found.append(("+", MISSING, self.missing))
        return found


def summed(folders: Sequence[LedgerFolder]) -> Sums:
    """The equation of these folders together; `listed_at` is the oldest look at one of them."""
    parts = {
        part: sum(_count(folder, outcome) for folder in folders for outcome in outcomes)
        for part, outcomes in GROUPS.items()
    }
    times = [folder.listed_at for folder in folders]
    seen = [at for at in times if at is not None]
    return Sums(
        server=sum(folder.server for folder in folders),
        parts=parts,
        gone=sum(folder.gone for folder in folders),
        missing=sum(folder.unaccounted for folder in folders),
        listed_at=min(seen) if seen and len(seen) == len(times) else None,
    )


def _count(folder: LedgerFolder, outcome: str) -> int:
    return folder.waiting if outcome == "received" else folder.by_outcome.get(outcome, 0)
