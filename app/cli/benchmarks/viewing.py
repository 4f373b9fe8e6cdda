"""Views of one's own beside the built-in ones: their numbers, and their lists. Processor time, since it is the work that counts:
all of it is done beside the window, mostly without Python's lock.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from itertools import count
from random import Random
from typing import Final

from app.cli.benchmarks.figures import Figure, spread
from app.cli.benchmarks.stored import PAGE, with_desk
from app.desk import Desk
from app.kernel.database.transaction import Tx
from app.tickets import commands
from app.tickets.queries import ticket_ids
from app.views.commands import add_view
from app.views.listing import listing_keys
from app.views.queries import views
from app.views.tally import Tally

_OWN: Final = (
    "is:active tag:vip",
    "from:mia",
    "assignee:me priority:urgent OR tag:billing",
    "due<2d is:todo",
    "created<7d -tag:refund",
    "older:30d is:open",
    "refund",
    "messages>3 is:closed",
    "-(is:snoozed OR is:waiting)",
    "subject:order",
)
_TIMES: Final = 40


@with_desk("views")
def shown(desk: Desk, dice: Random) -> list[Figure]:
    """The first numbers of a process, the next ones after nothing, one and 200 changes, and the first page of each list."""
    desk.do(_add)
    me = desk.me()
    everything = desk.ask(ticket_ids)
    some = dice.sample(everything, min(200, len(everything)))
    turns = count()
    known = desk.ask(views, me)
    what = f"{len(known)} views, {len(_OWN)} of them own"

    def first() -> float:
        return _spent(lambda: desk.ask(Tally().read, me))

    tally = Tally()
    desk.ask(tally.read, me)

    def after(few: int) -> float:
        desk.do(commands.set_fields, dice.sample(some, few), team=f"Team {next(turns)}")
        return _spent(lambda: desk.ask(tally.read, me))

    pages = [_spent(partial(desk.ask, listing_keys, one.listing, me, PAGE)) for one in known for _ in range(3)]
    return [
        *spread("views", "first numbers of a process", [first() for _ in range(3)], what),
        *spread("views", "numbers, nothing changed", [after(0) for _ in range(_TIMES)]),
        *spread("views", "numbers after one change", [after(1) for _ in range(_TIMES)]),
        *spread("views", "numbers after many changes", [after(len(some)) for _ in range(5)], f"{len(some)} tickets"),
        *spread("views", "first page", pages, f"{PAGE} ids of every view"),
    ]


def _add(tx: Tx) -> None:
    for number, condition in enumerate(_OWN, 1):
        add_view(tx, f"Own {number}", condition)


def _spent(work: Callable[[], object]) -> float:
    """Milliseconds of processor time."""
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1e3
