"""Words half typed: found as FTS5 itself would find them, whichever way is quicker."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.index import queries as index
from app.index import recent
from app.index.words import match_word
from app.search import queries as search
from app.search import scanning
from tests.desk_fixture import SmallDesk

_WORDS = (
    "lamp",
    "lamps",
    "lampshade",
    "Lampe",
    "Öl",
    "oil",
    "order",
    "orders",
    "7",
    "71",
    "72 parts",
    "ランプ",
    "straße",
    "it's",
)


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every desk counts as a large one: small ones leave half a word to FTS5."""
    monkeypatch.setattr(recent, "LARGE", 1)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[SmallDesk]:
    """An empty desk."""
    made = SmallDesk(tmp_path)
    yield made
    made.close()


def _by_fts(db: Session, word: str) -> set[UUID]:
    """What the index says of a word and every word that begins so, without any shortcut."""
    sql = text(
        "SELECT DISTINCT d.ticket FROM search_fts f JOIN search_doc d ON d.rowid = f.rowid"
        " WHERE search_fts MATCH :match AND d.ticket IS NOT NULL"
    )
    return {UUID(bytes=row[0]) for row in db.connection().execute(sql, {"match": match_word(word, prefix=True)})}


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(
    letters=st.lists(st.lists(st.sampled_from(_WORDS), min_size=1, max_size=4), min_size=1, max_size=6),
    typed=st.sampled_from(
        ("l", "la", "lam", "LAMP", "lampsh", "o", "ö", "or", "7", "s", "st", "x", "zz", "ラ", "it's", "i")
    ),
    most=st.sampled_from((0, 2, 100)),
    cost=st.sampled_from((0, 10**9)),
)
def test_half_a_word_finds_what_the_index_has(letters: list[list[str]], typed: str, most: int, cost: int) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "MOST_WORDS", most)
        patch.setattr(scanning, "SAMPLE", 3)
        patch.setattr(scanning, "LOOK", cost)
        desk = SmallDesk(Path(folder))
        try:
            for number, words in enumerate(letters):
                desk.mail(address=f"{number}@shop.example", name="Q", subject=words[0], words=" ".join(words))
            expected = desk.ask(_by_fts, typed)
            assert set(desk.ask(search.ticket_ids, typed)) == expected
            assert set(desk.ask(search.ticket_ids, typed, limit=50)) == expected
        finally:
            desk.close()


def test_the_words_of_the_index_are_sought_one_by_one(desk: SmallDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.mail(subject="Lamp", words="lamps, lampshades; laminate. LAMP! land")
    assert desk.ask(index.words_beginning, "lam") == ["laminate", "lamp", "lamps", "lampshades"]
    assert desk.ask(index.words_beginning, "zz") == []
    monkeypatch.setattr(index, "MOST_WORDS", 3)
    assert desk.ask(index.words_beginning, "la") is None
    assert desk.ask(index.words_beginning, "lamp") == ["lamp", "lamps", "lampshades"]
    desk.mail(subject="Lampions", words="lanterns")
    assert desk.ask(index.words_beginning, "lampi") == ["lampions"], "what was found before holds until mail comes"
    monkeypatch.setattr(index, "MOST_WORDS", 4)
    assert desk.ask(index.words_beginning, "lan") == ["land", "lanterns"]


def test_a_letter_finds_the_newest_first_and_stops(desk: SmallDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "MOST_WORDS", 0)
    tickets = [desk.mail(address=f"{n}@shop.example", subject=f"matter {n}")[0] for n in range(6)]
    assert desk.ask(search.ticket_ids, "m", limit=2) == (tickets[5], tickets[4])
    monkeypatch.setattr(scanning, "SAMPLE", 2)
    monkeypatch.setattr(scanning, "LOOK", 10**9)  # reading texts is never worth while: the index answers
    assert desk.ask(search.ticket_ids, "m", limit=3) == (tickets[5], tickets[4], tickets[3])


def test_a_letter_finds_customers_by_the_beginning_of_a_name(desk: SmallDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.mail(address="a@shop.example", name="Ida Berg")
    desk.mail(address="b@shop.example", name="Ebba Lind")

    def customers(typed: str) -> list[str]:
        return [hit.title for hit in desk.ask(search.search, typed) if hit.kind == "customer"]

    for most in (100, 0):
        monkeypatch.setattr(index, "MOST_WORDS", most)
        assert customers("b") == ["Ebba Lind", "Ida Berg"]
        assert customers("li") == ["Ebba Lind"]
    assert customers("%") == []
