"""A desk ten years old beside the same desk when it was young: what a hundred times as much mail does to every answer.

Both are filled from one recipe and asked the same questions in turns, so that a busy machine slows both. What counts is
the 95th percentile at a million messages over the one at ten thousand. A filled desk is kept between runs under the hash
of its recipe; what is measured is a copy of it, so that no run measures what an earlier one has changed.
"""

from __future__ import annotations

import functools
import hashlib
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

import app.desk.sample.many
import app.kernel.database.migrations
from app.boards.queries import open_board
from app.cli.benchmarks.figures import Figure, median, milliseconds, p95
from app.cli.benchmarks.harness import figures_of
from app.conversations.vocabulary import Stocktaking
from app.desk import Desk
from app.desk.sample import MILLION, TEN_THOUSAND, Measure, fill_many
from app.kernel.state import jobs
from app.people.queries import customer, customer_rows
from app.search.queries import search
from app.tickets import commands, queries
from app.tickets.bulk.acts import Act
from app.tickets.bulk.commands import change_many
from app.tickets.queries import Pile, View, ticket_ids
from app.timeline.queries import customer_timeline
from app.views.tally import Tally

TIMES: Final = 60
MANY: Final = 5_000
_PAGE: Final = 64
_THINKS_S: Final = 0.05
_KEPT: Final = "deskbell-bench-desk-"

_IDS: Final = 120
"""Ids of a column of the board that the window reads at first."""
_CARDS: Final = 24
"""Of so many of them it reads what a card shows."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A question, and what happens before it is asked, which is not measured."""

    ask: Callable[[], object]
    before: Callable[[], object] = lambda: None


@dataclass(frozen=True, slots=True)
class Asked:
    """One desk, open, and what of it is asked about."""

    desk: Desk
    me: UUID | None
    tickets: tuple[UUID, ...]
    """Active ones, spread over the list."""
    anywhere: tuple[UUID, ...]
    """Of all ages."""


def desk(size: int) -> list[Figure]:
    """`size`: messages of the large desk; the small one has a hundredth of them."""
    large, small = (_of(MILLION, size), _of(TEN_THOUSAND, size // 100)) if size else (MILLION, TEN_THOUSAND)
    with _copy(large) as old, _copy(small) as young:
        found = _questions(old, young)
        found += _bulk(old)
        found += figures_of("desk", "tests.bench.window", str(old), "--small", str(young))
    return found


def _of(measure: Measure, messages: int) -> Measure:
    much = max(messages, 100)
    return replace(measure, messages=much, tickets=max(30, much * 3 // 10), customers=max(6, much * 6 // 100))


@contextmanager
def _copy(measure: Measure) -> Iterator[Path]:
    """A copy of a desk of this size, for this run."""
    with tempfile.TemporaryDirectory(prefix="deskbell-bench-") as name:
        folder = Path(name) / "desk"
        shutil.copytree(kept(measure), folder)
        yield folder


def kept(measure: Measure) -> Path:
    """The folder of a filled desk, filled now if it was not. It lies among temporary files."""
    recipe = hashlib.sha256(repr(measure).encode())
    for source in (
        Path(str(app.desk.sample.many.__file__)),
        *sorted(Path(app.kernel.database.migrations.__path__[0]).glob("versions/*.py")),
    ):
        recipe.update(source.read_bytes())
    folder = Path(tempfile.gettempdir()) / f"{_KEPT}{recipe.hexdigest()[:12]}"
    if not folder.exists():
        making = Path(tempfile.mkdtemp(prefix=_KEPT))
        with Desk.open(making / "desk", create=True) as filled:
            fill_many(filled, measure)
        (making / "desk").rename(folder)
        making.rmdir()
    return folder


def _questions(old: Path, young: Path) -> list[Figure]:
    found: list[Figure] = []
    with ExitStack() as stack:
        both = [_asked(stack.enter_context(Desk.open(folder))) for folder in (old, young)]
        for name, make in _QUESTIONS.items():
            found += _compared(name, [make(one, Random(name)) for one in both])
    return found


def _asked(opened: Desk) -> Asked:
    dice = Random("desk")
    _take_stock(opened)
    active, every = opened.ask(ticket_ids, View()), opened.ask(ticket_ids, View(Pile.ALL))
    some = [tuple(dice.sample(keys, min(TIMES, len(keys)))) for keys in (active, every)]
    return Asked(opened, opened.me(), *some)


def _take_stock(opened: Desk) -> None:
    """What an engine does between its other work."""
    stock = Stocktaking()
    if opened.ask(stock.is_due):
        opened.do(stock.begin)
        while not opened.ask(stock.step):
            pass
        opened.do(stock.keep)


def _compared(name: str, asks: list[list[Ask]]) -> list[Figure]:
    """Each question of the old desk beside one of the young one, in turns, the first five of each unmeasured."""
    old, young = asks
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(max(len(old), len(young))):
        for place, some in enumerate((old, young) if number % 2 else (young, old)):
            one = some[number % len(some)]
            one.before()
            times[place if number % 2 else 1 - place].append(milliseconds(one.ask))
    warm = [each[5:] for each in times]
    slow, quick = p95(warm[0]), p95(warm[1])
    return [
        Figure(
            "desk",
            f"{name}, p95",
            slow,
            "ms",
            len(warm[0]),
            f"median {median(warm[0]):,.4g}; young desk {quick:,.4g} ms",
        ),
        Figure(
            "desk", f"{name}, old beside young", round(slow / quick, 3), "×", len(warm[0]), f"{slow - quick:+.1f} ms"
        ),
    ]


# -- the questions


def _same(ask: Callable[[Asked], object]) -> Callable[[Asked, Random], list[Ask]]:
    return lambda one, _dice: [Ask(functools.partial(ask, one))] * TIMES


def _each(ask: Callable[[Asked, UUID], object], *, anywhere: bool = False) -> Callable[[Asked, Random], list[Ask]]:
    return lambda one, _dice: [
        Ask(functools.partial(ask, one, key)) for key in (one.anywhere if anywhere else one.tickets)
    ]


def _words(make: Callable[[Random], str]) -> Callable[[Asked, Random], list[Ask]]:
    def asks(one: Asked, dice: Random) -> list[Ask]:
        return [Ask(functools.partial(one.desk.ask, search, make(dice), limit=50, me=one.me)) for _ in range(TIMES)]

    return asks


def _page(one: Asked) -> object:
    keys = one.desk.ask(ticket_ids, View(), _PAGE)
    return one.desk.ask(queries.ticket_rows, keys, one.me)


def _open(one: Asked, key: UUID) -> None:
    def opened(db: Session) -> None:
        found = queries.ticket(db, key, one.me)
        assert found is not None
        queries.conversation(db, key)
        if found.row.customer is not None:
            customer(db, found.row.customer)
            customer_timeline(db, found.row.customer)

    one.desk.ask(opened)


def _counts(one: Asked, dice: Random) -> list[Ask]:
    """What the window asks after every change: all numbers, once a ticket has become another."""
    tally = Tally()
    one.desk.ask(tally.read, one.me)
    keys = dice.sample(one.tickets, len(one.tickets))

    def change(key: UUID) -> None:
        one.desk.do(commands.set_priority, [key], dice.choice(["low", "normal", "high"]))

    return [Ask(functools.partial(one.desk.ask, tally.read, one.me), functools.partial(change, key)) for key in keys]


def _board(one: Asked) -> None:
    def shown(db: Session) -> None:
        _look, found = open_board(db, limit=_IDS, me=one.me)
        queries.ticket_rows(db, [key for column in found.columns for key in column.ids[:_CARDS]], one.me)

    one.desk.ask(shown)


def _change(one: Asked, key: UUID) -> object:
    return one.desk.do(commands.set_priority, [key], "urgent")


def _undo(one: Asked, key: UUID) -> object:
    del key
    return one.desk.do(commands.undo)


_COMMON: Final = ("lamp", "the", "order", "thank", "you", "delivery", "hello", "please")
_INVENTED: Final = app.desk.sample.many.invented(2_000)

_QUESTIONS: Final[dict[str, Callable[[Asked, Random], list[Ask]]]] = {
    "list, first ids and rows": _same(_page),
    "list, all ids of what is to do": _same(lambda one: one.desk.ask(queries.ticket_keys, View())),
    "counts of all views, a ticket having changed": _counts,
    "counts of all views, for the first time": _same(lambda one: one.desk.ask(Tally().read, one.me)),
    "board, columns and first cards": _same(_board),
    "ticket, with conversation, customer and history": _each(_open),
    "ticket of any age": _each(_open, anywhere=True),
    "customers, first page": _same(lambda one: one.desk.ask(customer_rows, limit=_PAGE)),
    "search, common words": _words(lambda dice: dice.choice(_COMMON)),
    "search, two words": _words(lambda dice: f"{dice.choice(_COMMON)} {dice.choice(_INVENTED[:200])}"),
    "search, rare words": _words(lambda dice: dice.choice(_INVENTED[500:])),
    "search, half-typed words": _words(lambda dice: dice.choice((*_COMMON, *_INVENTED))[:3]),
    "search, single letters and digits": _words(lambda dice: dice.choice("abcdefghilmnoprst123456789")),
    "search, parts of words": _words(lambda dice: dice.choice(_INVENTED)[1:]),
    "search, all but a word": _words(lambda dice: f"{dice.choice(_COMMON)} -{dice.choice(_COMMON[:4])}x"),
    "search, words and conditions": _words(
        lambda dice: f"{dice.choice(_COMMON)} is:open older:{dice.randrange(1, 9)}d"
    ),
    "a person's command": _each(_change),
    "undo": _each(_undo),
}


def _bulk(old: Path) -> list[Figure]:
    """Changing 5,000 tickets at once, and a person's own commands meanwhile."""
    with Desk.open(old) as opened:
        keys = opened.ask(queries.ticket_keys, View())
        asked = opened.do(change_many, keys[: MANY * 16], [Act("priority", "high")])
        count, own = asked.tickets, opened.ask(ticket_ids, View(), TIMES)
        working = threading.Thread(target=jobs.work_off, args=(opened.store,), name="bench-job")
        began = time.perf_counter()
        working.start()
        times: list[float] = []
        while working.is_alive():
            key = own[len(times) % len(own)]
            times.append(milliseconds(functools.partial(opened.do, commands.set_priority, [key], "low")))
            time.sleep(_THINKS_S)
        working.join()
        took = time.perf_counter() - began
        undone = milliseconds(lambda: _undone(opened, asked.action)) / 1e3
    return [
        Figure("desk", f"changing {count:,} tickets", round(took, 2), "s", 1, "as a job of many short steps"),
        Figure("desk", "a person's command meanwhile, p95", p95(times), "ms", len(times)),
        Figure("desk", f"undo of those {count:,}", round(undone, 2), "s", 1),
    ]


def _undone(opened: Desk, action: UUID) -> None:
    opened.do(commands.undo, action)
    jobs.work_off(opened.store)
