"""Mails that are all well made, into tickets, beside django-helpdesk: each reads a mailbox of its own, in turns.

Measured twice. As whole programs, from start to end: that is what a pass by a timer costs. And as a person has it, whose
engine runs all day: from the first look at the mailbox to the last ticket, beside the other's pass less what the same
pass over an empty mailbox takes. Neither ratio stands for the other.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.cli.benchmarks import mails, syncing
from app.cli.benchmarks.figures import Figure, absent, median, ratio
from app.cli.benchmarks.helpdesk import VARIABLE, Helpdesk
from app.cli.benchmarks.surroundings import byte_code_in
from app.conversations.mailboxes import NewMailbox, add_mailbox
from app.desk import Desk
from app.kernel.errors import UserError
from app.people.commands import add_agent
from app.workers.parsing import ParsePool
from app.workers.receiving.intake import ALONE
from app.workers.receiving.mailbox_pass import Hands, receive_pass

ROUNDS = 3
_FIRST = 20
"""Mails that lie in the mailbox of an engine before it is measured, and as many that came since: its readers run, its
questions are made, and what it imports when the first new mail joins a ticket is imported.
"""


@dataclass(slots=True)
class _Rates:
    """Mails a second, round by round. `running` and `beside_start` without the start of either program."""

    ours: list[float] = field(default_factory=list)
    running: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)
    beside_start: list[float] = field(default_factory=list)


def tame(server: Any, count: int) -> list[Figure]:
    """Both measurements, on the private server."""
    rates = _Rates()
    with tempfile.TemporaryDirectory(prefix="deskbell-bench-") as name:
        folder = Path(name)
        source = mails.maildir(folder / "source", count, tame=True)
        parts = _split(folder, source)
        what = f"{len(mails.paths(source)):,} well-made mails"
        for number in range(ROUNDS):
            account = server.new_user("tame")
            rates.ours.append(syncing.Race(folder, server, account, server.deliver_all(account, source)).deskbell())
            with byte_code_in(folder):  # of the program that ran a moment ago
                rates.running.append(_running(server, folder / f"running{number}", parts))
            _theirs(server, folder, source, rates)
    return _figures(rates, what)


def _split(folder: Path, source: Path) -> list[Path]:
    """A Maildir in three: what was there, what came first, and the others."""
    found = mails.paths(source)
    parts = [folder / "there", folder / "first", folder / "rest"]
    for part, some in zip(parts, (found[:_FIRST], found[_FIRST : 2 * _FIRST], found[2 * _FIRST :]), strict=True):
        for name in ("cur", "new", "tmp"):
            (part / name).mkdir(parents=True)
        for path in some:
            (part / "cur" / path.name).symlink_to(path.resolve())
    return parts


def _running(server: Any, folder: Path, parts: Sequence[Path]) -> float:
    """Mails a second of an engine that has been at work: the last part comes while it runs, and is tickets at once."""
    account = server.new_user("running")
    with Desk.open(folder, create=True) as desk, closing(ParsePool(desk.workspace.packs)) as pool:
        desk.sit_down(desk.work(add_agent, "Bench"))
        places = (f"imap://127.0.0.1:{server.imap}", f"smtp://127.0.0.1:{server.imap}")
        box = desk.work(add_mailbox, NewMailbox(account.address, *places, account.user, "bench", history="all"))
        stop = threading.Event()
        hands = Hands(box, desk.work, desk.ask, desk.packs, lambda _ref: str(account.password), pool, stop)
        *earlier, last = parts
        for part in earlier:
            server.deliver_all(account, part)
            receive_pass(hands, pace=ALONE)
        count: int = server.deliver_all(account, last)
        began = time.perf_counter()
        received = receive_pass(hands, pace=ALONE).received
        seconds = time.perf_counter() - began
    if received != count:
        msg = f"Of {count} mails only {received} were received: this measurement is void."
        raise UserError(msg)
    return count / seconds


def _theirs(server: Any, folder: Path, source: Path, rates: _Rates) -> None:
    account = server.new_user("peer")
    peer = Helpdesk.on(folder / "peer", server.imap, account)
    if peer is None:
        return
    start = syncing.measured(peer.command(), peer.surroundings()).seconds
    delivered = server.deliver_all(account, source)
    whole = syncing.measured(peer.command(), peer.surroundings()).seconds
    taken = peer.count()
    if taken != delivered:
        msg = f"django-helpdesk took {taken} of {delivered} mails: this measurement is void."
        raise UserError(msg)
    rates.theirs.append(taken / whole)
    rates.beside_start.append(taken / max(whole - start, 1e-3))


def _figures(rates: _Rates, what: str) -> list[Figure]:
    alone = "from the first look to the last ticket"
    found = [
        Figure("mail", "tame mails into tickets", median(rates.ours), "mails/s", ROUNDS, what),
        Figure("mail", "tame mails, the engine runs already", median(rates.running), "mails/s", ROUNDS, alone),
    ]
    if not rates.theirs:
        return [*found, absent("mail", "django-helpdesk", f"{VARIABLE} names no Python that has it")]
    return [
        *found,
        Figure("mail", "django-helpdesk get_email", median(rates.theirs), "mails/s", ROUNDS, "SQLite with WAL"),
        Figure("mail", "django-helpdesk, without its start", median(rates.beside_start), "mails/s", ROUNDS),
        ratio("mail", "tame mails beside django-helpdesk", rates.ours, rates.theirs, "more is better"),
        ratio("mail", "the same, both without their start", rates.running, rates.beside_start, "more is better"),
    ]
