"""A search that is kept as a view finds the same: its words say where they are looked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.conditions.typed import parse, to_text
from app.conversations.commands import NewAttachment
from app.search.queries import Scope, kept, ticket_ids
from app.tickets import commands
from tests.desk_fixture import SmallDesk

WORDS = ("lamp", "lam brok", '"lamp is broken"', "lamp -chair", "lamp OR chair", "broken tag:vip")


@pytest.fixture
def full(tmp_path: Path) -> Iterator[SmallDesk]:
    """Lamps and chairs, in subjects, letters, notes, files and names."""
    desk = SmallDesk(tmp_path)
    first, _ = desk.mail(subject="Lamp broken", words="It fell.", address="a@shop.example", name="Ann")
    second, _ = desk.mail(subject="Hello", words="My lamp is broken.", address="b@shop.example", name="Lamp Löwe")
    file = NewAttachment("lamp broken.pdf", "application/pdf", 10)
    third, _ = desk.mail(subject="Question", words="A chair.", address="c@shop.example", name="Cid", files=(file,))
    fourth, _ = desk.mail(subject="Chair", words="Broken chair.", address="d@shop.example", name="Dan")
    desk.do(commands.add_note, first, "Ask about the lämp, then the brokén one.")
    desk.do(commands.add_note, second, "A lamp.")
    desk.do(commands.add_note, second, "It is broken.")
    desk.do(commands.add_note, fourth, "Nothing.")
    desk.do(commands.add_tag, third, "vip")
    yield desk
    desk.close()


@pytest.mark.parametrize("scope", list(Scope))
def test_what_is_kept_of_a_search_finds_the_same(full: SmallDesk, scope: Scope) -> None:
    for words in WORDS:
        searched = full.ask(ticket_ids, words, scope=scope, me=full.ann)
        form = to_text(kept(parse(words), scope))
        assert set(full.ask(ticket_ids, form, me=full.ann)) == set(searched), form


def test_words_of_one_place_stand_in_one_document(full: SmallDesk) -> None:
    def numbers(form: str) -> int:
        return len(full.ask(ticket_ids, form))

    assert (numbers('note:"lamp broken"'), numbers("note:lamp note:broken"), numbers("-note:lamp")) == (1, 2, 2)
    assert (numbers('note="lamp then"'), numbers('note="lamp broken"')) == (1, 0)
    assert numbers("file:lamp text:chair") == 1
