"""What says how long ago something was goes on with the clock, in front of somebody who only looks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from pytestqt.qtbot import QtBot

from app.kernel import clock
from app.timeline.queries import Moment
from ui.pages.inbox.beside import history
from ui.widgets import ages, paint


@pytest.fixture
def painted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The words that are painted, in a world where ages are looked at often."""
    words: list[str] = []

    def draw(*args: object, **style: object) -> None:
        words.append(str(args[2]))
        paint.draw_text(*args, **style)  # type: ignore[arg-type]

    monkeypatch.setattr(history, "draw_text", draw)
    monkeypatch.setattr(ages, "AGES_MS", 20)
    yield words
    clock.set_source(None)


def test_the_history_beside_a_ticket_grows_older(painted: list[str], qtbot: QtBot) -> None:
    at = datetime.now(UTC) - timedelta(minutes=2)
    wrote = Moment(
        at=at,
        kind="mail",
        what="in",
        title="Lamp",
        line="Hello",
        status="open",
        channel="email",
        ticket=uuid4(),
        number=7,
    )
    beside = history.History()
    qtbot.addWidget(beside)
    beside.moments.show([wrote])
    beside.show()
    qtbot.waitUntil(lambda: "Wrote · 2 min ago" in painted)
    clock.set_source(lambda: at + timedelta(minutes=30))
    qtbot.waitUntil(lambda: "Wrote · 30 min ago" in painted)
