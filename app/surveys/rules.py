"""Scores, tokens and whom to ask: pure.

Reading a score out of a letter errs on the side of not seeing one: "5 items are missing" is a complaint, and taking it
for a 5 would both falsify the number and bury the complaint.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from app.kernel.ids import derived_id
from app.kernel.tokens import hide_token


class Kind(enum.StrEnum):
    """What is asked."""

    CSAT = "csat"  # how well did we do
    NPS = "nps"  # would you recommend us
    CES = "ces"  # how easy was it


def invite_id(ticket: UUID, kind: Kind) -> UUID:
    """One invitation a ticket and kind."""
    return derived_id("survey_invite", ticket, kind)


class InviteState(enum.StrEnum):
    """Where an invitation is."""

    DUE = "due"
    QUEUED = "queued"  # in the outbox, or sent: the outbox knows
    SKIPPED = "skipped"
    EXPIRED = "expired"


class Skip(enum.StrEnum):
    """Why somebody is not asked."""

    DISABLED = "disabled"
    HISTORY = "history"  # closed before the desk knew it, spam, automatic
    MERGED = "merged"
    DELETED = "deleted"
    REOPENED = "reopened"
    NO_LETTER = "no_letter"  # no person ever wrote into this ticket
    SUPPRESSED = "suppressed"  # asked not to be asked
    COOL_DOWN = "cool_down"
    DEAD_ADDRESS = "dead_address"
    NO_ADDRESS = "no_address"  # what stands in the letter is none that mail could go to
    NO_MAILBOX = "no_mailbox"
    TOO_LATE = "too_late"


class Uncounted(enum.StrEnum):
    """Why an answer is kept but does not count."""

    TOO_LATE = "too_late"
    TOO_MANY = "too_many"


@dataclass(frozen=True, slots=True)
class Scale:
    """From `low` (worst) to `high`, both included."""

    low: int
    high: int

    def __contains__(self, score: int) -> bool:
        return self.low <= score <= self.high


SCALES: Final = {Kind.CSAT: Scale(1, 5), Kind.NPS: Scale(0, 10), Kind.CES: Scale(1, 7)}
MOST_ANSWERS: Final = 5
MOST_KEPT: Final = 25
VALID_FOR: Final = timedelta(days=60)
STALE_AFTER: Final = timedelta(days=7)
"""An invitation that could not be sent for so long (the desk was off) is not sent any more."""

COMMENT_MAX: Final = 4000

# -- tokens

_TOKEN: Final = re.compile(r"\[\s*DB-([A-Za-z2-7]{26})\s*\]", re.IGNORECASE)


def mark(token: str) -> str:
    """The token as it stands in a subject."""
    return f"[DB-{token}]"


def find_token(subject: str) -> str | None:
    """The token in a subject."""
    found = _TOKEN.search(subject)
    return found[1].lower() if found else None


# -- scores

_NUMBER: Final = re.compile(r"\s*(\d{1,2})(?!\d)(.*)", re.DOTALL)
_OUT_OF: Final = re.compile(r"\s*/\s*(\d{1,2})(?!\d)(.*)", re.DOTALL)
_AFTER: Final = frozenset(",.!;:-–—…(\"'~*、。！，：")
_SUBJECT: Final = re.compile(
    r"\s*(?:(?:re|aw|antw|sv|fwd?|wg)\s*:\s*)*(\d{1,2})\s*(?:of|von|/)\s*(\d{1,2})(?!\d)", re.IGNORECASE
)
_STOP: Final = re.compile(r"\W*(stop|stopp|unsubscribe|abmelden)(\s+(surveys?|umfragen?))?\W*", re.IGNORECASE)
_LIST_ITEM: Final = re.compile(r"\s*(\d{1,2})\s*[.):-]")


@dataclass(frozen=True, slots=True)
class Score:
    """A score that somebody gave, and the words beside it."""

    value: int
    comment: str


def score_of_line(line: str, scale: Scale) -> Score | None:
    """The score of a line that is a number alone, or a number and punctuation ("5", "5!", "5, great", "5/5").

    None for anything else, above all for numbers that count things ("5 items", "5-10 pieces", "5,5 hours", "5/10").
    """
    found = _NUMBER.fullmatch(line.strip().strip("*_").strip())
    if found is None or (len(found[1]) > 1 and found[1].startswith("0")):
        return None
    value, rest = int(found[1]), found[2]
    if value not in scale:
        return None
    out_of = _OUT_OF.fullmatch(rest)
    if out_of is not None:
        if int(out_of[1]) != scale.high or out_of[2][:1].isalnum() or out_of[2][:1] in {"/", "%"}:
            return None
        return Score(value, _words(out_of[2]))
    rest = rest.strip()
    if not rest:
        return Score(value, "")
    if rest[0] not in _AFTER:
        return None
    words = _words(rest)
    if words[:1].isdigit() or words[:1] in {"%", "€", "$", "£", "/", "+"}:
        return None
    return Score(value, words)


def _words(rest: str) -> str:
    return rest.strip().lstrip("".join(_AFTER) + " )").strip()


def score_of_text(visible: str, scale: Scale) -> Score | None:
    """The score of a letter: its first line decides, the lines below it are the comment."""
    lines = [line for line in visible.splitlines() if line.strip() and not line.lstrip().startswith(">")]
    if not lines:
        return None
    first = score_of_line(lines[0], scale)
    if first is None or _is_list(lines):
        return None
    comment = "\n".join(each for each in (first.comment, *(line.strip() for line in lines[1:])) if each)
    return Score(first.value, comment[:COMMENT_MAX])


def _is_list(lines: list[str]) -> bool:
    """Numbered lines ("1. The mug is broken / 2. …") are a list of complaints, not a score of 1."""
    numbers = [found[1] for line in lines if (found := _LIST_ITEM.match(line))]
    return len(numbers) > 1 and [int(each) for each in numbers[:2]] == [int(numbers[0]), int(numbers[0]) + 1]


def score_of_subject(subject: str, scale: Scale) -> int | None:
    """The score that a button wrote into the subject ("4 of 5 …")."""
    found = _SUBJECT.match(subject)
    if found is None or int(found[2]) != scale.high or int(found[1]) not in scale:
        return None
    return int(found[1])


def perhaps_score(visible: str, scale: Scale) -> int | None:
    """A number on the scale in the first line: worth asking a rep "Is this a score?". Never counted by itself."""
    lines = [line for line in visible.splitlines() if line.strip() and not line.lstrip().startswith(">")]
    numbers = re.findall(r"(?<![\w.,/-])(\d{1,2})(?![\w%€$£])", lines[0]) if lines else []
    values = [int(each) for each in numbers if int(each) in scale]
    return values[0] if len(values) == 1 else None


def is_stop(line: str) -> bool:
    """Does somebody ask not to be asked again ("stop", "stop surveys")?"""
    return _STOP.fullmatch(hide_token(line)) is not None


def is_low(kind: Kind, score: int, limit: int) -> bool:
    """Does a score call for a follow-up? `limit` is on the scale of 1 to 5 and is stretched for the others."""
    scale = SCALES[kind]
    return limit > 0 and (score - scale.low) / (scale.high - scale.low) <= (limit - 1) / 4
