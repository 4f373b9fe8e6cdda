"""A small desk and a clock that stands still until it is moved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.kernel import clock
from tests.outbox.small_desk import Clock, SmallDesk


@pytest.fixture
def time() -> Iterator[Clock]:
    moved = Clock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    clock.set_source(moved, moved.elapsed_s)
    yield moved
    clock.set_source(None)


@pytest.fixture
def desk(tmp_path: Path, time: Clock) -> Iterator[SmallDesk]:
    made = SmallDesk(tmp_path)
    yield made
    made.close()
