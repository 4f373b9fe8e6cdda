"""A small desk for each test of the board."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desk_fixture import SmallDesk, small_desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[SmallDesk]:
    """A database with two agents and a mailbox."""
    with small_desk(tmp_path) as made:
        yield made
