"""Many mails in one transaction leave the very desk that the same mails leave one by one; a bad one sets only itself aside."""

from __future__ import annotations

import random
import shutil
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from app.conversations.completing import stored_doc
from app.conversations.tables import Message
from app.inbox import commands
from app.inbox.commands import MailToIngest
from app.inbox.queries import WaitingItem, waiting_items
from app.inbox.shape import shape_of
from app.inbox.tables import MailItem
from app.index.commands import fields_of
from app.kernel.database.store import Store
from app.kernel.errors import StoreError, UserError
from app.kernel.files.blobs import BlobRef
from app.mime.parse import parse
from app.schema import metadata
from app.workers.parsing import Parsed, ParsePool, Read
from app.workers.receiving.intake import ALONE, WITH_WINDOW, Intake, Pace
from tests.inbox.mail_desk import letter
from tests.inbox.paper_desk import START, PaperDesk, paper_desk

AWKWARD = sorted((Path(__file__).parent.parent / "mail").glob("*.eml"))
OF_THE_MOMENT = {"clk", "action"}
"""What tells one transaction from another."""


def _mails() -> list[bytes]:
    """Threads whose mails name each other, strangers, copies, our own mail, programs' mail, odd names and scripts."""
    made = [path.read_bytes() for path in AWKWARD]
    for thread in range(8):
        who = f"Person {thread} <p{thread}@firm{thread % 3}.example>"
        for number in range(4):
            named = tuple(f"{thread}-{before}@c" for before in range(number))
            made.append(
                letter(
                    f"Words of {thread} {number} 東京 Größe",
                    ident=f"{thread}-{number}@c",
                    sender=who if number % 2 == 0 else f"<p{thread}@firm{thread % 3}.example>",
                    subject=f"Matter {thread}",
                    answers=named[-1] if named else "",
                    refs=named,
                    date=START - timedelta(days=20 - number),
                )
            )
    made.append(letter("I know your id", ident="s@x", sender="Sly <sly@x.example>", answers="3-1@c"))
    made.append(
        letter("Both of these", ident="j@c", sender="p1@firm1.example", answers="1-3@c", refs=("1-0@c", "1-3@c"))
    )
    made.append(letter("From us", ident="u@d", sender="support@desk.example", answers="2-1@c", to="p2@firm2.example"))
    return [*made, *made[-9:-6], made[0]]


def _contents(store: Store) -> dict[str, Any]:
    """Every row of every table, but for what differs between any two transactions; and every word of the index."""
    found: dict[str, Any] = {}
    with store.read() as db:
        for table in metadata.sorted_tables:
            hidden = OF_THE_MOMENT | ({"id"} if table.name == "event" else set())
            if table.name == "change":
                hidden |= {"seq"}
            columns = [column for column in table.columns if column.name not in hidden]
            rows = [repr(row) for row in db.execute(table.select().with_only_columns(*columns))]
            found[table.name] = set(rows) if table.name == "change" else Counter(rows)
        db.execute(text("PRAGMA query_only=OFF"))
        db.execute(text("CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, search_fts, instance)"))
        found["words"] = Counter(
            tuple(row) for row in db.execute(text("SELECT term, doc, col, offset FROM temp.words"))
        )
    return found


def _ingest(store: Store, batches: Sequence[list[MailToIngest]]) -> None:
    for batch in batches:
        with store.write("ingest") as tx:
            commands.ingest(tx, batch, budget_s=60)


@pytest.mark.parametrize("was_there", [True, False], ids=["history", "live"])
@pytest.mark.parametrize("seed", range(4))
def test_one_batch_and_one_by_one_leave_the_same_desk(tmp_path: Path, seed: int, was_there: bool) -> None:
    dice = random.Random(seed)
    mails = _mails()
    if seed:
        dice.shuffle(mails)
    with paper_desk(tmp_path) as desk:
        lines = list(desk.receive(*mails, was_there=was_there).values())
        desk.store.close()
        ways: dict[str, list[int]] = {
            "at once": [len(mails)],
            "some": [dice.randint(1, 12) for _ in mails],
            "one by one": [1] * len(mails),
        }
        told = {}
        for way, sizes in ways.items():
            (tmp_path / way).mkdir()
            shutil.copy(tmp_path / "desk.sqlite", tmp_path / way)
            store = Store(tmp_path / way / "desk.sqlite")
            todo = [MailToIngest(line, parse(raw, want_html=False)) for line, raw in zip(lines, mails, strict=True)]
            batches = []
            for size in sizes:
                batches.append(todo[:size])
                todo = todo[size:]
            _ingest(store, [batch for batch in batches if batch])
            told[way] = _contents(store)
            store.close()
    for name, rows in told["one by one"].items():
        assert told["at once"][name] == rows, name
        assert told["some"][name] == rows, name
    assert sum(told["at once"]["message"].values()) > len(AWKWARD)


def test_what_is_indexed_of_a_letter_is_what_will_be_forgotten_with_it(tmp_path: Path) -> None:
    """The index stores no text: it forgets the words that are worked out anew from the stored message."""
    mails = _mails()
    with paper_desk(tmp_path) as desk:
        lines = desk.receive(*mails).values()
        todo = [MailToIngest(line, mail, shape_of(mail)) for line, mail in zip(lines, map(parse, mails), strict=True)]
        _ingest(desk.store, [todo])
        put = {one.shape.key: one.shape.words for one in todo if one.shape is not None}
        with desk.store.write("compare") as tx:
            stored = tx.scalars(select(Message)).all()
            assert {row.id: fields_of(stored_doc(tx, row)) for row in stored if row.id in put} == {
                row.id: put[row.id] for row in stored if row.id in put
            }
    assert len(stored) > len(AWKWARD)


def _poisoned(one: Parsed) -> Parsed:
    if isinstance(one, Read) and one.mail.subject == "poison":
        return replace(one, shape=replace(one.shape, text="\ud800"))
    return one


class _Careless(ParsePool):
    """Reads as every pool does, but lets a character through that no database takes."""

    def parse(self, refs: Sequence[BlobRef], *, apart: bool = False, fresh: bool = False) -> list[Parsed]:
        return [_poisoned(one) for one in super().parse(refs, apart=apart, fresh=fresh)]


@pytest.mark.parametrize("pace", [WITH_WINDOW, ALONE], ids=["window", "alone"])
def test_a_mail_that_no_database_takes_sets_only_itself_aside(paper: PaperDesk, pace: Pace) -> None:
    mails = [
        letter(ident=f"{number}@c", sender=f"p{number}@c.example", subject="poison" if number == 7 else "fine")
        for number in range(15)
    ]
    paper.receive(*mails)
    with _Careless(paper.packs.folder, processes=1) as pool:
        intake = Intake(paper.do, paper.ask, pool, threading.Event(), pace)
        intake.take_leftovers(paper.mailbox)
    assert intake.counts.outcomes == {"message": 14, "quarantined": 1}
    assert {ticket.subject for ticket in paper.tickets()} == {"fine"}
    assert [item.reason for item in _lines(paper)] == ["This mail could not be stored (UnicodeEncodeError)."]
    assert len({ticket.number for ticket in paper.tickets()}) == 14


def test_a_mail_that_a_command_refuses_sets_only_itself_aside_but_a_full_disk_none(paper: PaperDesk) -> None:
    paper.receive(*(letter(ident=f"{number}@c", sender=f"p{number}@c.example") for number in range(3)))
    (odd,) = paper.ask(waiting_items, paper.mailbox, limit=1)
    refused: list[Exception] = [StoreError("The disk is full.")]

    def do(command: Any, *args: Any, **how: Any) -> Any:
        if command is commands.ingest and any(mail.item == odd.id for mail in args[0]):
            raise refused[0]
        return paper.do(command, *args, **how)

    with ParsePool(paper.packs.folder, processes=1) as pool:
        with pytest.raises(StoreError):
            Intake(do, paper.ask, pool, threading.Event()).take_leftovers(paper.mailbox)
        assert _lines(paper) == []
        refused[0] = UserError("This cannot be.")
        intake = Intake(do, paper.ask, pool, threading.Event())
        intake.take_leftovers(paper.mailbox)
    assert intake.counts.outcomes == {"message": 2, "quarantined": 1}
    assert [item.id for item in _lines(paper)] == [odd.id]


def _lines(paper: PaperDesk) -> list[Any]:
    return paper.rows(select(MailItem).where(MailItem.outcome == "quarantined"))


def test_batches_grow_to_fill_their_time_and_no_further(paper: PaperDesk) -> None:
    paper.receive(*(letter(ident=f"{number}@c", sender=f"p{number}@c.example") for number in range(120)))
    sizes: list[int] = []

    def do(command: Any, *args: Any, **how: Any) -> Any:
        done = paper.do(command, *args, **how)
        if command is commands.ingest:
            sizes.append(done.done)
        return done

    def take(pace: Pace, items: Sequence[WaitingItem]) -> None:
        with ParsePool(paper.packs.folder, processes=1) as pool:
            Intake(do, paper.ask, pool, threading.Event(), pace).take(iter([list(items)]), len(items))

    items = paper.ask(waiting_items, paper.mailbox, limit=120)
    take(Pace(aim_s=1e-9, limit_s=1e-9), items[:20])
    assert sizes == [1] * 20  # a batch whose time is over at once still does one
    sizes.clear()
    take(Pace(aim_s=60, limit_s=60), items[20:])
    assert len(sizes) <= 5
    assert sum(sizes) == 100
    assert paper.ask(waiting_items, paper.mailbox, limit=1) == ()
