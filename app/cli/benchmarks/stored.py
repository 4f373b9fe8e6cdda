"""What a desk with many tickets answers in: lists, one ticket, the board, search, and writing.

The desk is filled once a run and shared by these benches. Each is asked many times, warm, and a bare `sqlite3` query
for the same rows stands beside the lists: the price of everything above the database.
"""

from __future__ import annotations

import atexit
import collections
import functools
import re
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.cli.benchmarks.figures import Figure, absent, in_turns, median, milliseconds, ratio, spread
from app.conversations.tables import Message
from app.desk import Desk
from app.desk.sample import fill_many
from app.kernel import ids
from app.kernel.database.rows import insert_rows
from app.kernel.database.transaction import Tx
from app.people.queries import customer
from app.search.queries import search as find
from app.tickets import commands, queries
from app.tickets.queries import Pile, View, ticket_ids
from app.views.tally import Tally

SIZE = 100_000
PAGE = 64
TIMES = 60
_BARE = (
    "SELECT id FROM ticket WHERE deleted_at IS NULL AND merged_into IS NULL"
    " ORDER BY last_message_at DESC, id DESC LIMIT ?"
)


@functools.cache
def desk_of(size: int) -> tuple[Path, float]:
    """A desk with `size` tickets for this run: its folder, and the seconds that filling took."""
    folder = Path(tempfile.mkdtemp(prefix="deskbell-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    began = time.perf_counter()
    with Desk.open(folder / "desk", create=True) as desk:
        fill_many(desk, size)
    return folder / "desk", time.perf_counter() - began


def with_desk(name: str) -> Callable[[Callable[[Desk, Random], list[Figure]]], Callable[[int], list[Figure]]]:
    """Give a bench the desk, and dice that fall the same way every time."""

    def wrap(bench: Callable[[Desk, Random], list[Figure]]) -> Callable[[int], list[Figure]]:
        def measured(size: int) -> list[Figure]:
            try:
                folder, _ = desk_of(size or SIZE)
            except NotImplementedError:
                return [absent(name, name, "there is no large sample desk yet")]
            with Desk.open(folder) as desk:
                return bench(desk, Random(name))

        return measured

    return wrap


@with_desk("list")
def lists(desk: Desk, dice: Random) -> list[Figure]:
    """First page, a page of rows anywhere, the numbers beside the lists, all ids of a list."""
    everything = desk.ask(ticket_ids, View(Pile.ALL))
    me = desk.me()
    what = f"{len(everything):,} tickets"
    some = iter([dice.sample(everything, min(PAGE, len(everything))) for _ in range(TIMES)])
    first = _asked(desk, ticket_ids, View(), 50)
    rows = [milliseconds(lambda: desk.ask(queries.ticket_rows, next(some), me)) for _ in range(TIMES)]
    bare = _bare(desk)
    turns = in_turns(
        {
            "ours": lambda: milliseconds(lambda: desk.ask(queries.ticket_keys, View(Pile.ALL))),
            "bare": lambda: milliseconds(lambda: bare.execute(_BARE, (-1,)).fetchall()),
        },
        5,
    )
    bare.close()
    return [
        *spread("list", "first page of 50", first, what),
        *spread("list", f"{PAGE} rows anywhere", rows, "everything a row paints"),
        *spread("list", "counts of all views, at first", _asked(desk, lambda db: Tally().read(db, me))),
        Figure("list", "all ids of the longest list", median(turns["ours"]), "ms", 5),
        ratio("list", "all ids beside bare sqlite3", turns["ours"], turns["bare"], "less is better"),
    ]


@with_desk("ticket")
def ticket(desk: Desk, dice: Random) -> list[Figure]:
    """Opening a ticket: itself, its conversation, its customer."""
    me = desk.me()
    some = _sample(desk, dice)

    def opened(key: UUID) -> None:
        with desk.store.read() as db:
            found = queries.ticket(db, key, me)
            assert found is not None
            queries.conversation(db, key)
            if found.row.customer is not None:
                customer(db, found.row.customer)

    times = [milliseconds(functools.partial(opened, key)) for key in some]
    return spread("ticket", "open", times[5:], "ticket, conversation and customer in one view")


@with_desk("board")
def board(desk: Desk, _dice: Random) -> list[Figure]:
    """The board's columns with 200 cards each."""

    def shown(db: Session) -> None:
        for column in queries.board(db, limit=200):
            queries.ticket_rows(db, column.ids[:PAGE], desk.me())

    return spread("board", "columns and first cards", _asked(desk, shown)[5:], f"200 ids and {PAGE} cards a column")


@with_desk("search")
def search(desk: Desk, dice: Random) -> list[Figure]:
    """Words that stand in very many mails, in few, two together, and words half typed."""
    words = _words(desk)
    common = [word for word, _ in words[:20]]
    rare = [word for word, _ in words[-200:]]
    queries = {
        "common words": common,
        "rare words": dice.sample(rare, min(40, len(rare))),
        "two words": [f"{dice.choice(common)} {dice.choice(common + rare)}" for _ in range(40)],
        "words half typed": [word[: max(2, len(word) // 2)] for word in dice.choices(common + rare, k=40)],
    }
    found: list[Figure] = []
    for name, several in queries.items():
        desk.ask(find, several[0])
        times = [milliseconds(functools.partial(desk.ask, find, one)) for one in several]
        found += spread("search", name, times)
    return found


@with_desk("write")
def write(desk: Desk, dice: Random) -> list[Figure]:
    """A person's change beside nothing, and rows in bulk beside bare sqlite3."""
    some = _sample(desk, dice)[
        : max(6, len(desk.ask(ticket_ids, View())) // 4)
    ]  # most stay active: others measure them
    solved = [milliseconds(functools.partial(desk.do, commands.set_status, [key], "solved")) for key in some]
    template = desk.ask(_any_message)
    turns = in_turns({"ours": lambda: _bulk(desk, template), "bare": lambda: _bare_bulk(desk, template)}, 3)
    return [
        *spread("write", "solving a ticket", solved[5:], "history, counters, change log, flushed to the disk"),
        Figure("write", "messages in bulk", median(turns["ours"]), "rows/s", 3, "one transaction of 2,000"),
        ratio("write", "messages in bulk beside bare sqlite3", turns["ours"], turns["bare"], "more is better"),
    ]


def _asked(desk: Desk, query: Callable[..., Any], *args: Any) -> list[float]:
    for _ in range(3):
        desk.ask(query, *args)
    return [milliseconds(lambda: desk.ask(query, *args)) for _ in range(TIMES)]


def _sample(desk: Desk, dice: Random) -> list[UUID]:
    found = desk.ask(ticket_ids, View())
    return dice.sample(found, min(TIMES, len(found)))


def _bare(desk: Desk) -> sqlite3.Connection:
    return sqlite3.connect(desk.workspace.database, isolation_level=None)


def _words(desk: Desk) -> list[tuple[str, int]]:
    """The words of 2,000 mails, most frequent first."""

    def texts(db: Session) -> Sequence[str]:
        return db.execute(select(Message.text).limit(2000)).scalars().all()

    counted = collections.Counter(
        word for text in desk.ask(texts) for word in re.findall(r"[^\W\d_]{3,}", text.lower())
    )
    return counted.most_common()


def _any_message(db: Session) -> dict[str, Any]:
    row = db.execute(select(Message.__table__).limit(1)).mappings().one()
    return dict(row)


def _copies(template: dict[str, Any]) -> list[dict[str, Any]]:
    return [template | {"id": ids.new_id(), "external_id": f"bench-{n}@lantern.example"} for n in range(2000)]


def _bulk(desk: Desk, template: dict[str, Any]) -> float:
    rows = _copies(template)

    def put(tx: Tx) -> None:
        insert_rows(tx, Message, rows)

    return len(rows) / milliseconds(lambda: desk.work(put)) * 1e3


def _bare_bulk(desk: Desk, template: dict[str, Any]) -> float:
    with desk.store.read() as db:
        dialect = db.connection().dialect
    table: Any = Message.__table__
    processors = {column.name: column.type.bind_processor(dialect) for column in table.columns}
    rows = [
        tuple(process(row[name]) if (process := processors[name]) else row[name] for name in processors)
        for row in _copies(template)
    ]
    names = ", ".join(f'"{name}"' for name in processors)
    line = f"INSERT INTO message ({names}) VALUES ({', '.join('?' * len(processors))})"  # noqa: S608 - our own columns
    bare = _bare(desk)
    bare.execute("PRAGMA synchronous=FULL")

    def put() -> None:
        bare.execute("BEGIN IMMEDIATE")
        bare.executemany(line, rows)
        bare.execute("COMMIT")

    rate = len(rows) / milliseconds(put) * 1e3
    bare.close()
    return rate
