"""Words by a part of them: behind all that begin so, the same on a small desk and on one that keeps its words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from app.conversations.vocabulary import Stocktaking, learn_words
from app.index import parts, recent
from app.search import walking
from app.search.counting import Counting
from app.search.queries import Hit, Order, Question, page, search, ticket_ids
from app.search.scopes import Scope
from app.search.subjects import tickets_titled
from app.tickets import commands
from tests.desk_fixture import SmallDesk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[SmallDesk]:
    """An empty desk."""
    made = SmallDesk(tmp_path)
    yield made
    made.close()


def found(desk: SmallDesk, typed: str, **asked: object) -> list[Hit]:
    """The tickets, in their order."""
    return [hit for hit in desk.ask(search, typed, **asked) if hit.ticket is not None]


def tidy(desk: SmallDesk, stock: Stocktaking) -> None:
    """What the engine does between its other work."""
    while desk.do(learn_words):
        pass
    if desk.ask(stock.is_due):
        desk.do(stock.begin)
        while not desk.ask(stock.step):
            pass
        desk.do(stock.keep)


@pytest.fixture(params=["small", "large"])
def stock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Stocktaking:
    """A desk of one size or the other."""
    monkeypatch.setattr(parts, "SMALL", 1 if request.param == "large" else 10_000)
    monkeypatch.setattr("app.conversations.vocabulary.AT_ONCE", 3)
    return Stocktaking()


def test_what_begins_so_comes_first_and_then_what_has_it_within(desk: SmallDesk, stock: Stocktaking) -> None:
    begins, _ = desk.mail(subject="Lampen", words="Zwei Stück.")
    tidy(desk, stock)
    desk.mail(address="h@shop.example", subject="Table", words="Nothing of the kind.")
    inside, _ = desk.mail(address="s@shop.example", subject="Question", words="Die STEHLAMPÈN sind da: ORD-20244711Q.")
    tidy(desk, stock)
    hits = found(desk, "lampe")
    assert [(hit.ticket, hit.within) for hit in hits] == [(begins, False), (inside, True)]
    assert hits[1].snippet.startswith("Die STEHLAMP")
    assert [hit.ticket for hit in found(desk, "0244711")] == [inside]
    assert [hit.ticket for hit in found(desk, "lampe sind")] == [inside], "the others still begin so"
    assert found(desk, '"lampe"') == found(desk, "lampe", scope=Scope.SUBJECT)[1:] == []
    assert found(desk, "amp") == [], "less than four letters say nothing"
    assert [hit.ticket for hit in found(desk, "lampe", order=Order.BEST)] == [begins, inside]
    assert desk.ask(ticket_ids, "lampe -stück") == (inside,)


def test_a_part_of_the_subject_is_found_by_way_of_the_words(desk: SmallDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "SMALL", 1)
    monkeypatch.setattr(recent, "LARGE", 1)
    stock = Stocktaking()
    known, _ = desk.mail(subject="Two STEHLAMPEN", words="A line.")
    other, _ = desk.mail(address="o@shop.example", subject="Table", words="A line about lampen.")
    assert desk.ask(tickets_titled, "hlamp") is None, "no list of all words yet"
    desk.do(stock.begin)
    new, _ = desk.mail(address="n@shop.example", subject="Wandhlampe", words="A line.")
    desk.ask(stock.step)
    desk.do(stock.keep)
    assert set(desk.ask(tickets_titled, "hlamp") or ()) == {known.bytes, new.bytes}
    waits, _ = desk.mail(address="w@shop.example", subject="Tischlampe", words="A line.")
    assert {waits.bytes} <= set(desk.ask(tickets_titled, "chlam") or ())
    for typed, expected in {
        "subject:hlamp": (waits, new, known),
        "line subject:HLAMP": (waits, new, known),
        "subject:wandh": (new,),
        "subject:xyzzy": (),
        "-subject:hlamp": (other,),
        "subject:hlamp OR subject:tab": (waits, new, other, known),
        "subject:lampe": (waits, new, known),
    }.items():
        assert set(desk.ask(ticket_ids, typed)) == set(expected), typed


def test_pages_and_number_go_on_from_one_to_the_other(desk: SmallDesk, stock: Stocktaking) -> None:
    made = [
        desk.mail(address=f"{n}@shop.example", subject="Lampe" if n % 2 else "Stehlampe", words="A line.")[0]
        for n in range(8)
    ]
    tidy(desk, stock)
    wanted: list[UUID] = [*made[7::-2], *made[6::-2]]
    asked, after, seen = Question("lampe"), None, []
    for _ in range(len(made)):
        one = desk.ask(page, asked, after=after, limit=3)
        seen += [hit.ticket for hit in one.tickets]
        after = one.after
        if after is None:
            break
    assert seen == wanted
    assert desk.ask(Counting(asked).step).tickets == len(made)


def test_parts_of_words_where_few_tickets_fit_are_sought_among_those(
    desk: SmallDesk, stock: Stocktaking, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [desk.mail(address=f"{n}@x.example", subject="Question", words="Die Stehlampe.")[0] for n in range(30)]
    begins, _ = desk.mail(address="b@x.example", subject="Question", words="Die Lampe.")
    desk.do(commands.set_priority, [made[2], made[20], begins], "urgent")
    tidy(desk, stock)
    for name, value in {"_LEAST": 2, "_SPARE": 0, "_SOME": 3, "_SELDOM": 2, "MOST_LOOKED_AT": 6}.items():
        monkeypatch.setattr(walking, name, value)
    asked, after = Question("lampe priority:urgent"), None
    pages: list[list[tuple[UUID | None, bool]]] = []
    while not pages or after is not None:
        one = desk.ask(page, asked, after=after, limit=5)
        pages.append([(hit.ticket, hit.within) for hit in one.tickets])
        after = one.after
    assert [hit for one in pages for hit in one] == [(begins, False), (made[20], True), (made[2], True)]
    assert len(pages) <= 3, "all the others are not gone through"
