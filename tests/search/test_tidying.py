"""The index in fewer pieces finds the same."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text

from app.index.tidying import tidy
from app.search.queries import ticket_ids
from tests.desk_fixture import small_desk

_PIECES = text("SELECT count(DISTINCT segid) FROM search_fts_idx")


def test_the_index_comes_into_fewer_pieces_and_finds_the_same(tmp_path: Path) -> None:
    with small_desk(tmp_path) as desk:
        for number in range(12):
            desk.mail(address=f"{number}@x.example", subject=f"Lamp {number}", words=f"oil {number} " * 50)
        found = desk.ask(ticket_ids, "lamp oil")
        pieces = desk.ask(lambda db: db.execute(_PIECES).scalar_one())
        steps = 0
        while desk.work(tidy):
            steps += 1
            assert steps < 1_000
        assert desk.ask(lambda db: db.execute(_PIECES).scalar_one()) < pieces
        assert desk.work(tidy) == 0
        assert desk.ask(ticket_ids, "lamp oil") == found
        assert len(found) == 12
        with desk.store.writer.begin() as line:
            line.execute(text("INSERT INTO search_fts(search_fts) VALUES ('integrity-check')"))
