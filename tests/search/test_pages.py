"""Search page by page: nothing twice, nothing left out, the newest first whatever came when; scopes, order, numbers, slips."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from app.index.places import place_of
from app.index.tables import SearchDoc
from app.search import walking
from app.search.completing import completion
from app.search.counting import Counting
from app.search.marking import around, first_place, spans
from app.search.queries import Order, Question, Scope, page, search, ticket_ids
from app.search.suggesting import did_you_mean
from app.tickets import commands
from app.tickets.commands.spam import mark_spam
from tests.desk_fixture import START, SmallDesk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[SmallDesk]:
    """An empty desk."""
    made = SmallDesk(tmp_path)
    yield made
    made.close()


def _all_pages(desk: SmallDesk, asked: Question, limit: int) -> list[UUID | None]:
    found = desk.ask(page, asked, limit=limit)
    tickets = [hit.ticket for hit in found.tickets]
    while found.after is not None:
        found = desk.ask(page, asked, after=found.after, limit=limit)
        tickets += [hit.ticket for hit in found.tickets]
    return tickets


def _count(desk: SmallDesk, asked: Question) -> int:
    counting = Counting(asked)
    while not (tally := desk.ask(counting.step)).is_done:
        pass
    return tally.tickets


def _many(desk: SmallDesk, count: int = 40, seed: int = 3) -> list[UUID]:
    """Tickets of one or two mails each, with words of a small vocabulary, that came in another order than their times."""
    dice = random.Random(seed)
    words = "lamp lampshade oil order seven 7 71 refund öl ランプ".split()
    tickets = []
    for number in range(count):
        at = START - timedelta(hours=dice.randrange(500))
        some = " ".join(dice.choices(words, k=3))
        ticket, _ = desk.mail(address=f"{number}@shop.example", subject=f"S {dice.choice(words)}", words=some, at=at)
        if dice.random() < 0.4:
            desk.mail(ticket, subject="Re", words=" ".join(dice.choices(words, k=2)), at=at + timedelta(minutes=5))
        tickets.append(ticket)
    return tickets


@pytest.mark.parametrize(
    "typed", ["lamp", "l", "7", "oil order", "lamp -refund", "-lamp", "ランプ", "lamp OR oil", "is:open lamp", ""]
)
@pytest.mark.parametrize("looked_at", [3, 1_500])
def test_pages_together_are_what_one_question_finds(
    desk: SmallDesk, monkeypatch: pytest.MonkeyPatch, typed: str, looked_at: int
) -> None:
    tickets = _many(desk)
    desk.do(commands.delete_ticket, tickets[:4])
    desk.do(commands.merge, tickets[5], tickets[6])
    monkeypatch.setattr(walking, "_LEAST", 4)
    monkeypatch.setattr(walking, "MOST_LOOKED_AT", looked_at)
    asked = Question(typed, me=desk.ann)
    whole = desk.ask(ticket_ids, typed, me=desk.ann)
    assert len(set(whole)) == len(whole)
    for limit in (1, 7):
        assert tuple(_all_pages(desk, asked, limit)) == whole
    best = Question(typed, order=Order.BEST, me=desk.ann)
    assert set(_all_pages(desk, best, 7)) == set(whole)
    assert _count(desk, asked) == len(whole)
    assert not set(tickets[:4]) & set(whole)


def test_a_ticket_whose_documents_lie_apart_is_found_once(desk: SmallDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    old = [desk.mail(address=f"{n}@x.example", words="lamp", at=START - timedelta(days=n))[0] for n in range(3)]
    desk.mail(old[2], words="lamp", at=START + timedelta(days=1))
    gone = [desk.mail(address=f"g{n}@x.example", words="lamp", at=START + timedelta(hours=n))[0] for n in range(20)]
    desk.do(commands.delete_ticket, gone)
    monkeypatch.setattr(walking, "_LEAST", 4)
    expected = (old[2], old[0], old[1])
    for typed in ("lamp", "lamp -oil", "lamp is:open"):
        assert desk.ask(ticket_ids, typed, limit=1) == expected[:1]
        assert desk.ask(ticket_ids, typed, limit=6) == expected
        assert [hit.ticket for hit in desk.ask(search, typed, limit=6)] == list(expected)


@pytest.mark.parametrize("few", [0, 500])
@pytest.mark.parametrize("placed", [False, True])
def test_what_hardly_any_ticket_fits_is_found_all_the_same(
    desk: SmallDesk, monkeypatch: pytest.MonkeyPatch, few: int, placed: bool
) -> None:
    tickets = _many(desk)
    if placed:  # what moves into a ticket, or out of it, counts where it lies
        desk.do(commands.place_message, desk.mail(tickets[3], words="an oil lamp")[1], tickets[1])
        desk.do(commands.place_message, desk.mail(tickets[1], words="an oil lamp")[1], tickets[30])
    for number in (3, 11, 30):
        desk.do(commands.set_priority, tickets[number], "urgent")
    desk.do(commands.merge, tickets[7], tickets[11])
    monkeypatch.setattr(walking, "_LEAST", 4)
    expected = [key for key in desk.ask(ticket_ids, "lamp OR oil") if key in {tickets[3], tickets[11], tickets[30]}]
    monkeypatch.setattr(walking, "_SOME", 2)
    monkeypatch.setattr(walking, "_FEW", few)
    for limit in (1, 2, 50):
        assert _all_pages(desk, Question("(lamp OR oil) priority:urgent"), limit) == expected
    assert _count(desk, Question("(lamp OR oil) priority:urgent")) == len(expected) > 0


def test_what_is_found_is_shown_before_what_takes_long(desk: SmallDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    tickets = [desk.mail(address=f"{n}@x.example", words="a lamp", at=START - timedelta(hours=n))[0] for n in range(40)]
    rare = [tickets[1], tickets[20], tickets[39]]
    desk.do(commands.set_priority, rare, "urgent")
    for name, value in {"_LEAST": 2, "_SPARE": 0, "_SOME": 3, "_SELDOM": 2}.items():
        monkeypatch.setattr(walking, name, value)
    asked = Question("lamp priority:urgent")
    first = desk.ask(page, asked, limit=5)
    assert [hit.ticket for hit in first.tickets] == rare[:1]
    assert first.after is not None
    rest = desk.ask(page, asked, after=first.after, limit=5)
    assert [hit.ticket for hit in rest.tickets] == rare[1:]
    assert rest.after is None
    assert [hit.ticket for hit in desk.ask(search, asked.typed, limit=5)] == rare


@pytest.mark.parametrize("many", [1, 60_000])
@pytest.mark.parametrize("typed", ["lamp created:2025-12", "lamp older:80d", "l older:80d", "lamp older:80d -oil"])
def test_a_search_for_what_is_old_leaps_to_it(
    desk: SmallDesk, monkeypatch: pytest.MonkeyPatch, typed: str, many: int
) -> None:
    old = [
        desk.mail(address=f"{n}@x.example", words="a lamp", at=START - timedelta(days=82 + n % 8, minutes=n))[0]
        for n in range(12)
    ]
    new = [
        desk.mail(address=f"n{n}@x.example", words="a lamp", at=START - timedelta(days=n, minutes=n))[0]
        for n in range(20)
    ]
    desk.do(commands.place_message, desk.mail(new[3], words="lamp")[1], old[2])  # a new letter in an old ticket
    desk.do(commands.merge, new[5], old[4])
    desk.do(commands.add_note, old[6], "a lamp")
    desk.do(commands.delete_ticket, old[:1])
    word, condition = typed.split()[:2]
    fitting = set(desk.ask(ticket_ids, condition))
    expected = [key for key in desk.ask(ticket_ids, word) if key in fitting]
    monkeypatch.setattr(walking, "_LEAST", 2)
    monkeypatch.setattr(walking, "_SOME", 2)
    monkeypatch.setattr(walking, "_FEW", 0)
    monkeypatch.setattr(walking, "_LONG", 2)
    monkeypatch.setattr(walking, "_MANY", many)
    monkeypatch.setattr(walking, "MOST_LOOKED_AT", 6)
    assert expected
    for limit in (1, 3, 50):
        assert _all_pages(desk, Question(typed), limit) == expected


def test_the_newest_is_first_whatever_came_when(desk: SmallDesk) -> None:
    order = [3, 1, 4, 0, 2]
    tickets = {n: desk.mail(address=f"{n}@x.example", words="lamp", at=START - timedelta(days=n))[0] for n in order}
    assert desk.ask(ticket_ids, "lamp") == tuple(tickets[n] for n in range(5))
    for n in range(30):  # many of one moment stand one behind the other
        desk.mail(address=f"m{n}@x.example", words="moment", at=START - timedelta(days=2))
    assert desk.ask(ticket_ids, "lamp") == tuple(tickets[n] for n in range(5))
    places = desk.ask(lambda db: list(db.scalars(select(SearchDoc.rowid).where(SearchDoc.kind == "message"))))
    assert len(set(places)) == 35
    assert any(0 <= place - place_of(START) < 9 for place in places)


def test_what_must_not_be_there_stands_nowhere_in_the_ticket(desk: SmallDesk) -> None:
    both, _ = desk.mail(words="a lamp")
    desk.mail(both, words="and the invoice")
    alone, _ = desk.mail(address="b@x.example", words="a lamp, no invoices")
    assert desk.ask(ticket_ids, "lamp") == (alone, both)
    assert desk.ask(ticket_ids, "lamp -invoice") == (alone,)  # half a word excludes nothing
    assert desk.ask(ticket_ids, '-"no invoices" lamp') == (both,)


def test_words_are_sought_where_one_says(desk: SmallDesk) -> None:
    subject, _ = desk.mail(subject="Rhubarb", words="Hello")
    text, _ = desk.mail(address="b@x.example", words="The rhubarb is late")
    person, _ = desk.mail(address="rhubarb@x.example", words="Hello")
    noted, _ = desk.mail(address="d@x.example", words="Hello")
    desk.later(minutes=1)
    desk.do(commands.add_note, noted, "It is about rhubarb")
    tagged, _ = desk.mail(address="e@x.example", words="Hello")
    desk.do(commands.add_tag, tagged, "rhubarb")

    def found(scope: Scope) -> set[UUID]:
        return set(desk.ask(ticket_ids, "rhub", scope=scope))

    assert found(Scope.ALL) == {subject, text, person, noted, tagged}
    assert found(Scope.SUBJECT) == {subject}
    assert found(Scope.CONVERSATION) == {text}
    assert found(Scope.PEOPLE) == {person}
    assert found(Scope.NOTES) == {noted}
    assert found(Scope.FILES) == set()


def test_the_best_come_before_the_newest(desk: SmallDesk) -> None:
    about, _ = desk.mail(subject="Rhubarb jam", words="Hello", at=START - timedelta(days=3))
    phrase, _ = desk.mail(address="b@x.example", words="where is my rhubarb jam", at=START - timedelta(days=2))
    apart, _ = desk.mail(address="c@x.example", words="jam, not of rhubarb", at=START - timedelta(days=1))
    begun, _ = desk.mail(address="d@x.example", words="rhubarbs and jams", at=START)
    assert desk.ask(ticket_ids, "rhubarb jam") == (begun, apart, phrase, about)
    hits = desk.ask(search, "rhubarb jam", order=Order.BEST)
    assert [hit.ticket for hit in hits] == [about, phrase, apart, begun]
    ancient, _ = desk.mail(address="e@x.example", subject="Rhubarb jam", words="Hi", at=START - timedelta(days=4000))
    hits = desk.ask(search, "rhubarb jam", order=Order.BEST)
    assert [hit.ticket for hit in hits] == [about, phrase, apart, ancient, begun]


def test_the_bin_and_spam_are_found_only_when_asked_for(desk: SmallDesk) -> None:
    gone, _ = desk.mail(words="rhubarb")
    spam, _ = desk.mail(address="b@x.example", words="rhubarb")
    desk.do(commands.delete_ticket, gone)
    desk.do(mark_spam, spam)
    assert desk.ask(ticket_ids, "rhubarb") == ()
    assert set(desk.ask(ticket_ids, "rhubarb in:bin")) == {gone, spam}
    assert desk.ask(ticket_ids, "rhubarb in:spam") == (spam,)


def test_a_customer_is_found_by_organisation_and_by_parts_of_the_name(desk: SmallDesk) -> None:
    desk.mail(address="zoe@lindqvist.example", name="Zoë Ångström")

    def customers(typed: str) -> list[str]:
        return [hit.title for hit in desk.ask(search, typed) if hit.kind == "customer"]

    assert customers("angst") == customers("ZOE lind") == customers("lindqvist.example") == ["Zoë Ångström"]
    assert customers("ström") == customers("zoe anna") == []


def test_slips_are_noticed_and_what_is_offered_finds_something(desk: SmallDesk) -> None:
    desk.mail(subject="Rhubarb", words="marmalade and lampshades, is:open")
    for typed, meant in (
        ("marmelade", "marmalade"),
        ("rhubrab", "rhubarb"),
        ("is:open lampshdes", "is:open lampshades"),
        ("rhubarbmarmalade", "rhubarb marmalade"),
        ("marmalade", ""),
        ("quixotic", ""),
        ('"marmelade"', ""),
        ("12345", ""),
    ):
        assert desk.ask(did_you_mean, Question(typed)) == meant, typed


def test_fields_and_values_are_offered_for_what_is_being_typed(desk: SmallDesk) -> None:
    desk.do(commands.add_tag, desk.mail(name="Mia Wong")[0], "needs reply")

    def offers(typed: str) -> list[str]:
        return [offer.text for offer in desk.ask(completion, typed, len(typed)).offers]

    assert offers("lamp prio") == ["priority:"]
    assert offers("-as") == ["assignee:"]
    assert offers("assignee:bo") == ['"Bob Ray"']
    assert offers('tag:"need') == offers("tag:n") == ['"needs reply"']
    assert offers("in:") == ["bin", "spam", "help@desk.example"]
    assert offers("status:open") == offers("lamp") == offers("time:") == offers("") == []
    found = desk.ask(completion, "is:o lamp", 4)
    assert (found.start, found.end) == (3, 4)


@pytest.mark.parametrize(
    ("text", "word", "marked"),
    [
        ("The Lamp, the clamp, lamps", "lamp", ["Lamp", "lamp"]),
        ("Straße, STRASSE", "strasse", ["Straße", "STRASSE"]),
        ("Straße in Ångermanland 🎉 Ångström", "ang", ["Ång", "Ång"]),
        ("e\u0301te\u0301 été", "ete", ["e\u0301te\u0301", "été"]),
        ("日本のランプです", "ランプ", ["ランプ"]),
        ("write ann@lamp.example", "ann@lamp", ["ann@lamp"]),
    ],
)
def test_marks_are_where_the_index_finds_words(text: str, word: str, marked: list[str]) -> None:
    assert [text[begin:end] for begin, end in spans(text, [word])] == marked


def test_a_snippet_is_cut_around_the_first_place() -> None:
    text = "before " * 500 + "the rhubarb\n\n is late " + "after " * 500
    cut = around(text, ["rhubarb"])
    assert "the rhubarb is late" in cut
    assert len(cut) < 160
    assert spans("lamps lamp", ["lamp"], ["lamp"]) == [(6, 10)]


@pytest.mark.parametrize("before", [0, 1_380, 1_430, 1_445, 1_495, 1_500, 9_000])
def test_a_word_is_found_however_far_behind_it_stands(before: int) -> None:
    for filler in ("x", "é", "e\u0301"):
        text = f"{filler * before} rhubarb jam, and more" + " and more" * 200
        assert first_place(text, ["rhubarb"]) == len(filler * before) + 1
        assert first_place(text, ["rhubarb ja"], ["rhubarb ja"]) == -1
        assert first_place(text, ["rhubarb jam"], ["rhubarb jam"]) == len(filler * before) + 1
