"""The desk that `tests.bench.crash` ill-treats: its servers and lines, the mails it gets, the replies it sends, the sum.

What was handed to the mailbox and what was written is known here, apart from the program, so that at the end both can
be compared with what the program, the mail server and the recipient's server hold.
"""

from __future__ import annotations

import email
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from tests.journeys.command_line import CommandLine
from tests.journeys.test_main_job import letter
from tests.servers.dovecot import Account, Dovecot
from tests.servers.smtp import SmtpServer
from tests.servers.wire import Wire

LARGE = 120_000
PATIENCE_S = 300.0
SEEDS = 8


class Passes:
    """The child that runs passes; a thread of ours may read what it says."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "tests.bench.crash_child", str(folder)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = 0

    def begin(self, point: str = "-", nth: int = 0, *, ahead_s: int = 0, what: str = "sync") -> None:
        """Begin a pass (or the engine); its clock may be ahead, so that what waits for its time need not be waited for."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{what} {point} {nth} {ahead_s}\n")
        self._process.stdin.flush()
        self.pid = int(self.said().removeprefix("pid "))

    def said(self) -> str:
        """The next word: `reached` or `ended STATUS`."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the passes have ended")
        return line.strip()

    def whole(self, *, ahead_s: int = 0) -> int:
        """A pass from beginning to end; its status."""
        self.begin(ahead_s=ahead_s)
        return int(self.said().removeprefix("ended "))

    def close(self) -> None:
        """No more of them."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(PATIENCE_S)
        self._process.stdout.close()


@dataclass
class Sum:
    """What is left at the end. All but the first two and `told` must be 0."""

    mails: int = 0
    replies: int = 0
    mails_lost: int = 0
    mails_doubled: int = 0
    answers_astray: int = 0
    replies_lost: int = 0
    replies_twice: int = 0
    copies_missing: int = 0
    copies_twice: int = 0
    unaccounted: int = 0
    waiting: int = 0
    damage: int = 0
    problems: str = ""  # what `deskbell check` said
    told: int = 0  # replies whose end nobody could know: shown as `uncertain`, and settled here as a person would

    def faults(self) -> dict[str, int]:
        """What must not be."""
        good = {"mails", "replies", "told"}
        return {name: value for name, value in vars(self).items() if name not in good and value}


@dataclass
class CrashDesk:
    """A desk on one mailbox, both of whose lines can be held and cut."""

    folder: Path
    dovecot: Dovecot
    account: Account
    smtp: SmtpServer
    imap_line: Wire
    smtp_line: Wire
    dice: Random
    mails: list[str] = field(default_factory=list)
    replies: list[UUID] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.cli = CommandLine(self.folder)
        self.cli("init", "--name", "Maya")
        self.cli(
            "mailbox", "add", "--address", self.account.address, "--history", "all",
            "--imap", f"imap://127.0.0.1:{self.imap_line.port}", "--smtp", f"smtp://127.0.0.1:{self.smtp_line.port}",
            "--password-stdin", stdin=self.account.password + "\n",
        )  # fmt: skip
        self._seeds = [self.mail() for _ in range(2 * SEEDS)]
        self.passes = Passes(self.folder)
        assert self.passes.whole() == 0
        numbers = dict(self._rows("SELECT m.external_id, t.number FROM message m JOIN ticket t ON t.id = m.ticket"))
        self._tickets = [str(numbers[each.strip("<>")]) for each in self._seeds]

    # -- what happens to it

    def mail(self, *, large: bool = False) -> str:
        """Somebody new writes; the Message-ID."""
        key = f"<{len(self.mails)}.{self.dice.getrandbits(48):x}@example.org>"
        text = self._text(LARGE if large else 200)
        self._deliver(
            letter(f"C <c{len(self.mails)}@example.org>", self.account.address, "Matter", text, message_id=key)
        )
        self.mails.append(key)
        return key

    def answer(self) -> None:
        """Somebody known writes again; it belongs to that ticket. (Nobody replies to these: a reply would be held.)"""
        place = self.dice.randrange(SEEDS)
        key = f"<{len(self.mails)}.{self.dice.getrandbits(48):x}@example.org>"
        sender, named = f"C <c{place}@example.org>", self._seeds[place]
        words = {"message_id": key, "In_Reply_To": named, "References": named}
        self._deliver(letter(sender, self.account.address, "Re: Matter", self._text(200), **words))
        self.mails.append(key)
        self.answers[key.strip("<>")] = self._tickets[place]

    def reply(self, *, large: bool = False) -> None:
        """The rep answers somebody."""
        number = self._tickets[SEEDS + self.dice.randrange(SEEDS)]
        written = self.cli("reply", number, "--text", self._text(LARGE if large else 200))
        self.replies.append(UUID(written["message"]))

    def _deliver(self, mail: Any) -> None:
        self.dovecot.deliver(self.account, mail.as_bytes())

    def _text(self, size: int) -> str:
        return "\n".join(f"{self.dice.getrandbits(240):060x}" for _ in range(size // 61 + 1))

    def finish(self) -> None:
        """Undisturbed passes until nothing is on its way; what waits for its time is told to try now."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            self.passes.whole()
            late = [one["id"] for one in self.cli("outbox") if one["state"] in {"queued", "retry", "sending"}]
            if not late:
                return
            for each in late:
                self.cli.run("outbox", "retry", each)
            if time.monotonic() > deadline:
                raise RuntimeError(f"these replies do not get on: {self.cli('outbox')}")

    # -- the sum

    def account_for(self) -> Sum:
        """Finish, settle what is uncertain by what the recipient holds, and compare everything."""
        self.finish()
        told = [UUID(one["id"]) for one in self.cli("outbox") if one["state"] == "uncertain"]
        arrived = self._arrived()
        twice = sum(count - 1 for count in arrived.values())
        for each in told:
            self.cli("outbox", "settle", str(each), "sent" if arrived[each] else "queued")
        self.finish()
        arrived = self._arrived()
        found = Sum(len(self.mails), len(self.replies), told=len(told))
        found.replies_lost = sum(arrived[each] == 0 for each in self.replies)
        found.replies_twice = max(twice, sum(count - 1 for count in arrived.values()))
        self._compare_mails(found)
        self._compare_copies(found, arrived)
        rows = self.cli("ledger", "--reconcile")
        found.unaccounted = sum(row["unaccounted"] for row in rows)
        found.waiting = sum(row["waiting"] for row in rows)
        checked = self.cli.run("check")
        found.damage, found.problems = checked.returncode, checked.stdout[:1000] if checked.returncode else ""
        return found

    def _arrived(self) -> Counter[UUID]:
        return Counter(UUID(str(one.message["X-Deskbell-Id"])) for one in self.smtp.letters)

    def _compare_mails(self, found: Sum) -> None:
        rows = self._rows(
            "SELECT m.external_id, t.number FROM message m LEFT JOIN ticket t ON t.id = m.ticket WHERE m.direction = 'in'"
        )
        known = Counter(key for key, _ in rows)
        tickets = {key: str(number) for key, number in rows}
        found.mails_lost = sum(known[key.strip("<>")] == 0 for key in self.mails)
        found.mails_doubled = sum(max(0, count - 1) for count in known.values())
        found.answers_astray = sum(tickets.get(key) != number for key, number in self.answers.items())

    def _compare_copies(self, found: Sum, arrived: Counter[UUID]) -> None:
        """The copies in the Sent folder. One that could not be filed is tried again later: here the clock jumps."""
        for hours in (1, 2, 4, 8):
            self.passes.whole(ahead_s=3600 * hours)
        copies = self._copies()
        found.copies_missing = sum(copies[each] == 0 for each in arrived)
        found.copies_twice = sum(max(0, count - 1) for count in copies.values())

    def _copies(self) -> Counter[UUID]:
        with self.dovecot.client(self.account) as client:
            client.select("Sent", readonly=True)
            _, data = client.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (X-DESKBELL-ID)])")
        headers = [email.message_from_bytes(one[1]) for one in data if isinstance(one, tuple)]
        return Counter(UUID(str(one["X-Deskbell-Id"])) for one in headers)

    def _rows(self, question: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.folder / "deskbell.sqlite")) as db:
            return db.execute(question).fetchall()
