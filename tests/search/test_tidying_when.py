"""When the index is tidied: not while documents come in, but not never either."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.index import parts
from app.workers.index_tidying import PATIENCE_S, QUIET_S, IndexTidying
from tests.desk_fixture import SmallDesk


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallDesk]:
    """A desk that counts as large from its first ticket."""
    monkeypatch.setattr(parts, "SMALL", 1)
    made = SmallDesk(tmp_path)
    made.mail(subject="Stehlampe")
    yield made
    made.close()


def is_done(desk: SmallDesk) -> bool:
    """Is there a list of all words, and nothing that waits to be learnt?"""
    with desk.store.read() as db:
        return parts.stock(db.connection()) is not None and not parts.waiting(db.connection())


def test_the_index_is_tidied_when_nothing_comes_or_after_long(desk: SmallDesk) -> None:
    at = [0.0]
    tidying = IndexTidying(desk.do, desk.ask, lambda: at[0])
    tidying.something_came()
    assert not tidying.look()
    assert not is_done(desk)
    at[0] += QUIET_S
    assert tidying.look()
    assert is_done(desk)

    desk.mail(address="o@shop.example", subject="Wandlampe")
    began = at[0]
    while at[0] < began + PATIENCE_S - 1:
        at[0] += 1
        tidying.something_came()
        assert not tidying.look()
    assert not is_done(desk)
    at[0] += 1
    assert tidying.look()
    assert is_done(desk)
