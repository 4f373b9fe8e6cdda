"""The index in fewer pieces finds the same."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from sqlalchemy import text

from app.index import commands as index
from app.index.tidying import gather, tidy
from app.kernel.database.transaction import Tx
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


def test_the_words_of_a_large_transaction_become_one_piece(tmp_path: Path) -> None:
    words = [" ".join(f"w{number:x}{letter}" for number in range(9_000)) for letter in "abcdefgh"]

    def put(tx: Tx) -> int:
        before = tx.execute(_PIECES).scalar_one()
        index.put(tx, [index.Doc("message", uuid4(), body=body) for body in words], fresh=True)
        tx.flush()
        return int(tx.execute(_PIECES).scalar_one() - before)

    plain, large = tmp_path / "plain", tmp_path / "large"
    plain.mkdir()
    large.mkdir()
    with small_desk(plain) as desk:
        assert desk.work(put) > 0  # so much has been gathered that some of it is written before the end
    with small_desk(large) as desk:
        desk.work(gather)
        desk.work(gather)
        assert desk.work(put) == 0
