"""The equation of the page: what the server has is what became of it. Pure counting, shown by the page.

Each part is a group of outcomes under one name; parts that are empty and not essential are left out, so that the equation
stays short. Lines whose mail has left the server are subtracted: the server does not count them either.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.inbox.queries import LedgerFolder
from ui.models.ledger import outcome_word
from ui.text import tr

TICKETS, SPAM, NEWSLETTERS, AUTOMATIC = "tickets", "spam", "newsletters", "automatic"
OTHER, ERASED, UNREAD, WAITING = "other", "erased", "quarantine", "waiting"
SERVER, GONE, MISSING = "server", "gone", "unaccounted"

GROUPS: dict[str, tuple[str, ...]] = {
    TICKETS: ("message", "history", "own_copy", "duplicate"),
    SPAM: ("spam",),
    NEWSLETTERS: ("bulk",),
    AUTOMATIC: ("bounce", "auto_reply", "feedback", "survey_answer"),
    OTHER: ("sent_other",),
    ERASED: ("erased",),
    UNREAD: ("quarantined",),
    WAITING: ("received",),
}
_ALWAYS = {TICKETS, SPAM, AUTOMATIC, UNREAD}


def name_of(part: str) -> str:
    """What a part of the equation is called, or a single outcome."""
    names = {
        SERVER: tr("on the server"),
        TICKETS: tr("in tickets"),
        SPAM: tr("spam"),
        NEWSLETTERS: tr("newsletters"),
        AUTOMATIC: tr("automatic"),
        OTHER: tr("sent elsewhere"),
        ERASED: tr("erased"),
        UNREAD: tr("could not be read"),
        WAITING: tr("waiting"),
        GONE: tr("left the server"),
        MISSING: tr("not accounted for"),
    }
    return names[part] if part in names else outcome_word(part)


def outcomes_of(part: str) -> tuple[str, ...] | None:
    """The outcomes behind a part, or behind a single outcome's name; None for all of them."""
    return None if part in {SERVER, GONE} else GROUPS.get(part, (part,))


def is_gone(part: str) -> bool | None:
    """Must the mails behind a part have left the server (True), still be there (False), or is it all one (None)?"""
    return {SERVER: False, GONE: True}.get(part)


def by_outcome(folders: Sequence[LedgerFolder]) -> list[tuple[str, int]]:
    """Every single outcome that occurs, in the order of the equation."""
    counts = [(one, sum(_count(f, one) for f in folders)) for outcomes in GROUPS.values() for one in outcomes]
    return [(outcome, count) for outcome, count in counts if count]


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


def summed(folders: Sequence[LedgerFolder], busy: Collection[str] = ()) -> Sums:
    """The equation of these folders together; `listed_at` is the oldest look at one of them.

    `busy`: mailboxes that a pass runs over. What they lack is on its way, so it counts as waiting.
    """
    lacking = [folder for folder in folders if folder.mailbox in busy]
    parts = {
        part: sum(_count(folder, outcome) for folder in folders for outcome in outcomes)
        for part, outcomes in GROUPS.items()
    }
    parts[WAITING] += sum(folder.unaccounted for folder in lacking)
    times = [folder.listed_at for folder in folders]
    seen = [at for at in times if at is not None]
    return Sums(
        server=sum(folder.server for folder in folders),
        parts=parts,
        gone=sum(folder.gone for folder in folders),
        missing=sum(folder.unaccounted for folder in folders if folder.mailbox not in busy),
        listed_at=min(seen) if seen and len(seen) == len(times) else None,
    )


def _count(folder: LedgerFolder, outcome: str) -> int:
    return folder.waiting if outcome == "received" else folder.by_outcome.get(outcome, 0)
