"""The small index of the newest documents holds exactly what the whole one has from a place on, and changes no answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, text

from app.conversations import recent_index as filling
from app.conversations.commands import NewAttachment
from app.conversations.filetexts import keep_text
from app.conversations.recent_index import keep_recent
from app.conversations.tables import FileText
from app.inbox.commands import erase_binned
from app.index import queries as index
from app.index import recent
from app.search import scanning, walking
from app.search.queries import After, Question, page, ticket_ids
from app.tickets import commands
from tests.desk_fixture import START, SmallDesk

_EACH = "SELECT term, doc, col, offset FROM temp.{} WHERE doc >= ? ORDER BY 1, 2, 3, 4"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallDesk]:
    """An empty desk that is large as soon as it has a few documents."""
    monkeypatch.setattr(recent, "LARGE", 8)
    monkeypatch.setattr(recent, "KEPT", 6)
    monkeypatch.setattr(recent, "MOST", 30)
    monkeypatch.setattr(filling, "STEP", 4)
    made = SmallDesk(tmp_path)
    yield made
    made.close()


def _fill(desk: SmallDesk) -> int:
    steps = 0
    while desk.work(keep_recent):
        steps += 1
        assert steps < 100
    return steps


def _since(desk: SmallDesk) -> int | None:
    return desk.ask(lambda db: recent.since(db.connection()))


def _assert_same(desk: SmallDesk) -> None:
    since = _since(desk)
    assert since is not None
    with desk.store.writer.begin() as line:
        held = []
        for table in ("search_fts", "search_fts_lately"):
            line.execute(text(f"INSERT INTO {table}({table}) VALUES ('integrity-check')"))
            line.execute(text(f"CREATE VIRTUAL TABLE temp.{table}_each USING fts5vocab(main, {table}, instance)"))
            first = since if table == "search_fts" else 0
            held.append(line.exec_driver_sql(_EACH.format(f"{table}_each"), (first,)).all())
            line.execute(text(f"DROP TABLE temp.{table}_each"))
    assert held[0] == held[1]


def _mails(desk: SmallDesk, count: int, *, hours: int = 0) -> list[UUID]:
    return [
        desk.mail(address=f"{n}.{hours}@x.example", subject=f"lamp {n}", words="oil", at=START + timedelta(hours=hours + n))[0]
        for n in range(count)
    ]  # fmt: skip


def test_a_small_desk_has_none_and_a_large_one_has_what_is_newest(desk: SmallDesk) -> None:
    _mails(desk, 1)
    assert _fill(desk) == 0
    assert _since(desk) is None
    _mails(desk, 6, hours=10)
    assert _fill(desk) > 0
    _assert_same(desk)
    assert 6 <= desk.ask(index.number_of_documents, "search_fts_lately") < desk.ask(index.number_of_documents)
    assert _fill(desk) == 0


def test_whatever_happens_to_a_document_happens_there_too(desk: SmallDesk) -> None:
    tickets = _mails(desk, 8)
    _fill(desk)
    desk.later(days=1)
    desk.do(commands.set_fields, tickets[7], subject="Rhubarb")
    desk.do(commands.set_fields, tickets[0], subject="Marmalade")  # stands where nothing is held
    desk.do(commands.add_tag, tickets[6], "oven")
    desk.do(commands.add_note, tickets[5], "A note")
    file = NewAttachment("invoice.txt", "text/plain", 10, part="2")
    filed, _ = desk.mail(address="f@x.example", files=(file,), at=desk.now)
    desk.work(keep_text, desk.ask(lambda db: db.scalars(select(FileText.attachment)).one()), "Invoice of a walrus")
    desk.mail(address="late@x.example", words="An old letter", at=START - timedelta(days=30))
    _assert_same(desk)
    desk.do(commands.delete_ticket, [tickets[7], filed])
    desk.later(days=400)
    while desk.work(erase_binned):
        pass
    _assert_same(desk)


def test_it_is_begun_anew_before_it_is_large_itself(desk: SmallDesk) -> None:
    _mails(desk, 6)
    _fill(desk)
    _mails(desk, 20, hours=50)
    assert desk.ask(index.number_of_documents, "search_fts_lately") > recent.MOST
    assert _fill(desk) > 0
    assert desk.ask(index.number_of_documents, "search_fts_lately") < 12
    _assert_same(desk)


@pytest.mark.parametrize("typed", ["la", "o la", "lamp", "m", "subject:lamp o", "la -walrus", "is:open l"])
@pytest.mark.parametrize(("most", "cost"), [(150, 33), (0, 0), (0, 10**9)])
def test_half_words_are_found_alike_however_far_it_reaches(
    desk: SmallDesk, monkeypatch: pytest.MonkeyPatch, typed: str, most: int, cost: int
) -> None:
    monkeypatch.setattr(index, "MOST_WORDS", most)
    monkeypatch.setattr(scanning, "LOOK", cost)
    monkeypatch.setattr(scanning, "SAMPLE", 3)
    monkeypatch.setattr(walking, "_LEAST", 2)
    _mails(desk, 9)
    desk.mail(_mails(desk, 3, hours=20)[0], words="lantern", at=START + timedelta(hours=90))
    expected = desk.ask(ticket_ids, typed)
    assert expected

    def pages() -> list[UUID]:
        found: list[UUID] = []
        after: After | None = After()
        first = True
        while first or after is not None:
            shown = desk.ask(page, Question(typed, me=desk.ann), after=None if first else after, limit=2)
            first, after = False, shown.after
            found += [hit.ticket for hit in shown.tickets if hit.ticket is not None]
            desk.work(keep_recent)  # it fills, and is begun anew, while somebody turns the pages
        return found

    assert tuple(pages()) == expected
    assert tuple(pages()) == expected
    _fill(desk)
    assert desk.ask(ticket_ids, typed) == tuple(pages()) == expected
    monkeypatch.setattr(recent, "MOST", 3)
    assert tuple(pages()) == expected
