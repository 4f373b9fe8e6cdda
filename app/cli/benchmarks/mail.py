"""Mail as a whole: first synchronisation, tame mails beside a help desk, nothing new in a large mailbox, new mail.

`bench sync` is the first of these alone. What needs Qt (how soon new mail is in an open window) is measured by a
harness among the tests, as for `bench window`.
"""

from __future__ import annotations

import contextlib
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from email.utils import format_datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from app.cli.benchmarks import syncing
from app.cli.benchmarks.figures import Figure, milliseconds
from app.cli.benchmarks.harness import figures_of
from app.cli.benchmarks.tame import tame
from app.conversations.mailboxes import NewMailbox, add_mailbox
from app.desk import Desk
from app.kernel import clock
from app.kernel.errors import UserError
from app.people.commands import add_agent
from app.workers.parsing import ParsePool
from app.workers.receiving.mailbox_pass import Hands, Receiver, open_session, receive_pass

TAME, QUIET = 1_000, 50_000
CHECKS = 20
LONGEST_S = 900.0


def mail(size: int) -> list[Figure]:
    """All of it. `size`: at most so many mails in each part."""
    found = [replace(figure, bench="mail") for figure in syncing.sync(size)]
    with _server() as server:
        if server is None:
            return found
        found += tame(server, min(size or TAME, TAME))
        found += nothing_new(server, min(size or QUIET, QUIET))
    return found + figures_of("mail", "tests.bench.reaching")


@contextlib.contextmanager
def _server() -> Iterator[Any]:
    """The private mail server, or None where it cannot be had (`sync` has said so)."""
    try:
        dovecot = import_module("tests.servers.dovecot")
    except ImportError:
        yield None
        return
    if dovecot.find_dovecot() is None:
        yield None
        return
    with (
        tempfile.TemporaryDirectory(prefix="deskbell-bench-") as name,
        dovecot.Dovecot(Path(name) / "dovecot") as server,
    ):
        yield server


def nothing_new(server: Any, count: int) -> list[Figure]:
    """Looking for new mail where there is none, in a large inbox: on the engine's open connection, and with sign-in.

    The mails are the same one `count` times, so that filling takes little; the ledger has a line for each.
    """
    account = server.new_user("quiet")
    text = f"Subject: Hello\r\nFrom: a@example.org\r\nMessage-ID: <one@example.org>\r\nDate: {format_datetime(clock.now())}"
    with tempfile.TemporaryDirectory(prefix="deskbell-bench-") as name:
        source = Path(name) / "source"
        for part in ("cur", "new", "tmp"):
            (source / part).mkdir(parents=True)
        for number in range(count):
            (source / "cur" / f"{1_700_000_000 + number}.{number}.bench:2,S").write_text(text + "\r\n\r\nHello.\r\n")
        server.deliver_all(account, source)
        shutil.rmtree(source)
        with Desk.open(Path(name) / "desk", create=True) as desk, closing(ParsePool(desk.workspace.packs)) as pool:
            desk.sit_down(desk.work(add_agent, "Bench"))
            address = f"imap://127.0.0.1:{server.imap}"
            smtp = f"smtp://127.0.0.1:{server.imap}"
            box = desk.work(
                add_mailbox, NewMailbox(account.address, address, smtp, account.user, "bench", history="all")
            )
            stop = threading.Event()
            hands = Hands(box, desk.work, desk.ask, desk.packs, lambda _ref: str(account.password), pool, stop)
            took = milliseconds(lambda: receive_pass(hands))
            return [
                Figure("mail", "the same small mail again and again", round(count / took * 1e3), "mails/s", 1),
                *_checks(hands, count),
            ]


def _checks(hands: Hands, count: int) -> list[Figure]:
    receiver = Receiver(hands)
    plan = receiver.plan()
    if plan is None or receiver.intake.counts.received:
        raise UserError("There was something new after all: this measurement is void.")
    with open_session(plan, hands.secrets) as session:
        receiver.use(session)
        receiver.watch()
        receiver.take_new()
        before = time.process_time()
        live = [milliseconds(receiver.take_new) for _ in range(CHECKS)]
        own = (time.process_time() - before) * 1e3 / CHECKS  # the rest is the server's, looking through its own folder
    whole = [milliseconds(lambda: receive_pass(hands)) for _ in range(CHECKS)]
    what = f"{count:,} mails in the inbox"
    return [
        Figure("mail", "nothing new, on the open connection", round(statistics.median(live), 2), "ms", CHECKS, what),
        Figure("mail", "its own part of that, processor", round(own, 2), "ms", CHECKS, what),
        Figure("mail", "nothing new, with sign-in", round(statistics.median(whole), 2), "ms", CHECKS, what),
    ]
