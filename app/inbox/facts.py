"""What receiving tells other features, in the past tense. The desk wires the reactions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LettersCame:
    """Customers' mails joined tickets that were there before: `count` in one transaction, told once. Not for history."""

    count: int
