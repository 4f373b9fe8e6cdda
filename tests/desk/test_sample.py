"""The sample desk holds together: it is made by the real commands, so what is wrong with it is wrong with them."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import func, select

from app.chats.queries import channels, chat_rows
from app.chats.tables import ChatLine
from app.conversations.queries import mailboxes, raw_ref
from app.conversations.tables import Message
from app.desk import Desk
from app.desk.maintenance.check import problems
from app.desk.sample import fill, fill_many, fill_new, texts
from app.desk.sample.files import pdf, photo
from app.inbox.queries import ledger
from app.kernel import clock
from app.mime.content.parts import part_bytes
from app.mime.parse import parse
from app.outbox.queries import delivery_counts
from app.outbox.tables import Outbox
from app.people.queries import agents, customer_of, customer_rows
from app.people.tables import Event
from app.search.queries import search
from app.surveys.queries import responses, sent_invitations
from app.templates.queries import canned_answers
from app.tickets.queries import bin_rows, conversation, links, ticket, ticket_ids, ticket_rows, view_named
from app.views.queries import view_id
from app.views.tally import kept_totals
from tests.empty_desk import empty_desk

pytestmark = pytest.mark.xdist_group("sample")  # filling the shop takes longer than all that is asked of it
NOW = datetime(2026, 11, 20, 14, 8, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A sample desk with fewer tickets than the real one, so that it is there in seconds."""
    with empty_desk(tmp_path_factory.mktemp("shop")) as desk:
        clock.set_source(lambda: NOW)
        try:
            fill(desk, tickets=90)
        finally:
            clock.set_source(None)
        yield desk


def test_nothing_is_wrong_with_it(shop: Desk) -> None:
    assert problems(shop) == []


def test_somebody_works_there_and_no_server_is_asked(shop: Desk) -> None:
    assert shop.me() in {agent.id for agent in shop.ask(agents)}
    (box,) = shop.ask(mailboxes)
    assert box.paused_reason == "sample"
    assert box.address.endswith(".example")


def test_nothing_has_happened_after_now(shop: Desk) -> None:
    with shop.store.read() as db:
        moments = [db.scalars(select(func.max(column))).one() for column in (Event.occurred_at, Message.occurred_at)]
    assert all(moment <= NOW for moment in moments)


def test_a_filling_that_is_called_off_leaves_nothing_behind(tmp_path: Path) -> None:
    heard: list[float] = []

    def go_on(share: float) -> bool:
        heard.append(share)
        return share < 0.3

    with empty_desk(tmp_path / "desk") as desk:
        assert not fill_new(desk, go_on, tickets=60)
        assert heard[-1] >= 0.3
        assert desk.is_new()
        assert desk.ask(ticket_ids, view_named("all")) == []
        assert desk.ask(agents) == ()
        assert desk.ask(mailboxes, with_removed=True) == ()
        assert desk.ask(search, "lamp") == ()
        assert desk.packs.names() == []
        assert problems(desk) == []
        assert fill_new(desk, lambda _share: True, tickets=60)
        assert desk.ask(search, "lamp")
        assert problems(desk) == []


def test_every_status_is_there_and_some_are_unread(shop: Desk) -> None:
    rows = shop.ask(ticket_rows, shop.ask(ticket_ids, view_named("all")), shop.me())
    statuses = Counter(row.status for row in rows)
    assert {"new", "open", "waiting", "solved"} <= set(statuses)
    assert 20 <= statuses["new"] + statuses["open"] <= 32
    assert 3 <= sum(row.unread for row in rows) <= 15
    assert any(row.due_at is not None for row in rows)
    assert len(shop.ask(bin_rows)) == 2


def test_the_ledger_accounts_for_every_mail(shop: Desk) -> None:
    outcomes: Counter[str] = Counter()
    for folder in shop.ask(ledger):
        assert folder.unaccounted == 0
        assert folder.waiting == 0
        assert sum(folder.by_outcome.values()) == folder.server
        outcomes.update(folder.by_outcome)
    assert outcomes["quarantined"] == 1
    wanted = {"message", "own_copy", "spam", "bulk", "bounce", "auto_reply", "survey_answer"}
    assert wanted <= {outcome for outcome, count in outcomes.items() if count}


def test_the_outbox_shows_its_states(shop: Desk) -> None:
    states = shop.ask(delivery_counts)
    assert states["held"] == states["uncertain"] == states["queued"] == states["retry"] == 1
    assert states["failed"] >= 1
    assert states["sent"] > 50


def test_people_chat_on_its_website(shop: Desk) -> None:
    """Somebody waits, somebody is being answered, others are over; nothing of it wants to be sent, and no port is opened."""
    piles = {
        pile: len(shop.ask(partial(chat_rows, pile=pile, agent=shop.me()))) for pile in ("waiting", "mine", "ended")
    }
    assert piles == {"waiting": 1, "mine": 1, "ended": 5}
    assert [channel.on for channel in shop.ask(channels)] == [False]
    assert len(shop.ask(canned_answers, shop.me())) >= 5
    with shop.store.read() as db:
        unsent = select(func.count()).select_from(Outbox).join(ChatLine, ChatLine.message == Outbox.id)
        assert db.scalar(unsent.where(Outbox.state != "sent")) == 0


def test_customers_answered_surveys(shop: Desk) -> None:
    answers = shop.ask(responses)
    assert 0 < len(answers) <= len(shop.ask(sent_invitations))
    assert all(answer.score is None or 1 <= answer.score <= 5 for answer in answers)


def test_a_long_thread_keeps_its_files_and_its_people(shop: Desk) -> None:
    (hit, *_) = shop.ask(search, "bedside lamps Leith")
    assert hit.ticket is not None
    detail = shop.ask(ticket, hit.ticket)
    assert detail is not None
    messages = shop.ask(conversation, detail.id)
    assert len(messages) >= 20
    assert len({message.author_address for message in messages if message.direction == "in"}) == 2
    with_files = next(one for one in messages if one.attachments and one.direction == "in")
    ref = shop.ask(raw_ref, with_files.id)
    assert ref is not None
    raw = shop.packs.read(ref)
    (part, *_) = parse(raw).attachments
    assert part_bytes(raw, part.path).startswith((b"%PDF-", b"\x89PNG"))


def test_strangers_are_kept_apart(shop: Desk) -> None:
    hits = shop.ask(search, "from:greta.lindqvist@mail.example")
    (found,) = {hit.ticket for hit in hits if hit.ticket is not None}
    detail = shop.ask(ticket, found)
    assert detail is not None
    assert [link.kind for link in shop.ask(links, detail.id)] == ["possible_match"]


def test_names_of_many_scripts_are_found(shop: Desk) -> None:
    names = " ".join(row.name for row in shop.ask(customer_rows, limit=500))
    assert any("\u4e00" <= char <= "\u9fff" for char in names)
    assert shop.ask(customer_of, "ALASDAIR@northwindrooms.example") is not None


def test_many_tickets_are_as_sound_as_few(tmp_path_factory: pytest.TempPathFactory) -> None:
    with empty_desk(tmp_path_factory.mktemp("many")) as desk:
        fill_many(desk, 200)
        assert problems(desk) == []
        assert desk.ask(kept_totals)[view_id("all")] == 200
        (found,) = {hit.ticket for hit in desk.ask(search, "HL-000123")}
        assert found is not None
        detail = desk.ask(ticket, found)
        assert detail is not None
        assert detail.number == 123
        assert 1 <= len(desk.ask(conversation, detail.id)) <= 5


def test_choices_and_words_are_filled_in() -> None:
    text = texts.filled("[one|[two|three]] of {order}", {"order": "HL-1"}, Random(3))
    assert text in {"one of HL-1", "two of HL-1", "three of HL-1"}
    with pytest.raises(KeyError):
        texts.filled("{nothing}", {}, Random(3))


def test_files_are_what_they_say() -> None:
    picture = photo(Random(1), width=30, height=100)
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    start = picture.index(b"IDAT") + 4
    assert len(zlib.decompress(picture[start : picture.index(b"IEND") - 8])) == 100 * (30 * 3 + 1)
    page = pdf(["(A) line\\"])
    table = int(page.rsplit(b"startxref\n", 1)[1].split()[0])
    assert page[table:].startswith(b"xref")
    assert rb"(\(A\) line\\)" in page
