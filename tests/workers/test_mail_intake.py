"""How many mails go into one write: as many as fill its time, and no more than it manages."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.inbox.commands import Ingested
from app.workers.parsing import ParsePool
from app.workers.receiving.intake import ALONE, WITH_WINDOW, Intake, Pace


def _asked(pace: Pace, mails: int, *, manages: int, took_s: float) -> list[int]:
    """How many mails each write is given by a machine that manages so many of them in the time of one."""
    asked: list[int] = []

    def do(_command: object, batch: Sequence[object], **_budget: float) -> Ingested:
        asked.append(len(batch))
        return Ingested(min(manages, len(batch)), took_s=took_s)

    def ask(*_question: object) -> None:
        raise AssertionError

    intake = Intake(do, ask, ParsePool(Path()), threading.Event(), pace)
    nobody: Any = [None] * mails
    intake._write(nobody)
    return asked


def test_a_slow_machine_is_not_asked_for_more_than_it_manages() -> None:
    asked = _asked(ALONE, 1000, manages=100, took_s=1.0)
    assert asked[0] == ALONE.least
    assert sum(asked[1:]) <= 2 * 1000  # after one that ended early, one of as many as it managed


def test_a_quick_machine_is_asked_for_many() -> None:
    assert _asked(ALONE, 1000, manages=1000, took_s=0.1) == [500, 500]


def test_with_a_window_a_write_stays_short() -> None:
    asked = _asked(WITH_WINDOW, 400, manages=1000, took_s=0.04)
    assert asked[0] == 20
    assert max(asked[1:]) <= 20
