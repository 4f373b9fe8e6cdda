"""Killing the engine at named steps and cutting its lines at random bytes: `python -m tests.bench.crash [KILLS [CUTS [LIVE]]]`.

KILLS of single passes for each point (30), CUTS in all (300), LIVE kills of the long-running engine for each point (a third
of KILLS), which is killed at any moment as well. `deskbell bench crash` starts it; the last line printed is JSON. The
point where a process is killed is made certain, not hoped for: the peer stops in the middle (the line to the IMAP
server inside a literal, the SMTP server before or after DATA), or the step itself stands still (see `crash_child`);
only then comes the SIGKILL. A cut is counted only if it happened.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

from tests.bench.crash_child import AFTER, BEFORE, FLUSH
from tests.bench.crash_desk import LARGE, CrashDesk, Sum
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import SmtpServer
from tests.servers.wire import Wire

KILLS, CUTS = 30, 300
PATIENCE_S = 300.0
_A_WHILE_S = 2.5
"""Within this an engine has started, received what lay there and sent what waited, on a machine that is not too busy."""

_HEAD = 8_000
"""Bytes of a pass before its one large mail: fewer than this in either direction."""


class Killer:
    """Kills passes of one desk."""

    what = "sync"

    def __init__(self, desk: CrashDesk) -> None:
        self.desk = desk
        self.points: dict[str, Callable[[], None]] = {
            "fetch": self._in_the_fetch,
            "pack flush": lambda: self._at(FLUSH, 1 + desk.dice.randrange(2)),
            "before the commit of receiving": lambda: self._at(f"{BEFORE}receive"),
            "after the commit of receiving": lambda: self._at(f"{AFTER}receive"),
            "before the commit of ingesting": lambda: self._at(f"{BEFORE}ingest"),
            "after the commit of ingesting": lambda: self._at(f"{AFTER}ingest"),
            "before DATA": lambda: self._by_the_server("rcpt"),
            "within DATA": self._in_the_data,
            "after the final dot": lambda: self._by_the_server("data-kept"),
            "Sent copy": self._in_the_copy,
        }

    def kill(self, point: str) -> None:
        """Write something, begin a pass, kill it there. RuntimeError if it never came there."""
        desk = self.desk
        desk.mail()
        desk.answer()
        desk.reply()
        self.points[point]()

    # -- where the pass stands still

    def _begin(self, step: str = "-", nth: int = 0) -> None:
        self.desk.passes.begin(step, nth, what=self.what)

    def _at(self, step: str, nth: int = 1) -> None:
        desk = self.desk
        self._begin(step, nth)
        word = desk.passes.said()
        if word != "reached":
            raise RuntimeError(f"{step} was not reached: {word}")
        self._end()

    def _in_the_fetch(self) -> None:
        desk, line = self.desk, self.desk.imap_line
        desk.mail(large=True)
        line.hold_after_down = line.down + _HEAD + desk.dice.randrange(LARGE // 2)
        self._when(line.held)

    def _in_the_data(self) -> None:
        desk, line = self.desk, self.desk.smtp_line
        desk.reply(large=True)
        line.hold_after_up = line.up + _HEAD + desk.dice.randrange(LARGE // 2)
        self._when(line.held)

    def _in_the_copy(self) -> None:
        desk, line = self.desk, self.desk.imap_line
        if desk.dice.random() < 0.5:  # it is filed, and that is not written down
            self._at(f"{BEFORE}record_copy")
            return
        desk.reply(large=True)
        line.hold_after_up = line.up + _HEAD + desk.dice.randrange(LARGE // 2)
        self._when(line.held)

    def _by_the_server(self, where: str) -> None:
        smtp = self.desk.smtp
        smtp.held.clear()
        smtp.orders.hold = where
        try:
            self._when(smtp.held)
        finally:
            smtp.orders.hold = ""

    def _when(self, held: threading.Event) -> None:
        self._begin()
        if not held.wait(PATIENCE_S):
            raise RuntimeError("the other end was not reached")
        self._end()

    def _end(self) -> None:
        desk = self.desk
        time.sleep(desk.dice.random() * 0.003)  # the other threads of the pass are somewhere, too
        os.kill(desk.passes.pid, signal.SIGKILL)
        if desk.passes.said() != f"ended {-signal.SIGKILL}":
            raise RuntimeError("it had ended before it was killed")
        for line in (desk.imap_line, desk.smtp_line):
            line.restore()


class EngineKiller(Killer):
    """Kills the engine that runs all the time: what it does is done by several threads beside each other.

    Replies are written before it starts, and mails come while it waits for them (a process that stands still within a
    commit keeps everybody else from writing).
    """

    what = "engine"

    def __init__(self, desk: CrashDesk) -> None:
        super().__init__(desk)
        self.points["any moment"] = self._at_any_moment

    def kill(self, point: str) -> None:
        """Write something, start the engine, let mails come, kill it there. RuntimeError if it never came there."""
        self.desk.reply()
        self.points[point]()

    def _begin(self, step: str = "-", nth: int = 0) -> None:
        super()._begin(step, nth)
        self.desk.mail()
        self.desk.answer()

    def _at(self, step: str, nth: int = 1) -> None:
        reached = threading.Event()

        def write() -> None:
            while not reached.wait(_A_WHILE_S):
                self.desk.mail()

        writing = threading.Thread(target=write)
        writing.start()  # an engine has no end that would tell that it never came there: so mail comes until it does
        try:
            super()._at(step, nth)
        finally:
            reached.set()
            writing.join()

    def _in_the_fetch(self) -> None:
        desk, line = self.desk, self.desk.imap_line
        line.hold_after_down = line.down + _HEAD + desk.dice.randrange(LARGE // 2)
        self.desk.passes.begin(what=self.what)
        desk.mail(large=True)
        if not line.held.wait(PATIENCE_S):
            raise RuntimeError("the other end was not reached")
        self._end()

    def _at_any_moment(self) -> None:
        self._begin()
        time.sleep(self.desk.dice.random() * _A_WHILE_S)
        self._end()


def kill_all(desk: CrashDesk, each: int, killer: Killer) -> Counter[str]:
    """Kill `each` times at every point, in an order of the dice; at most two in a row without a pass that ends."""
    order = [point for point in killer.points for _ in range(each)]
    desk.dice.shuffle(order)
    done: Counter[str] = Counter()
    row = 0
    for point in order:
        killer.kill(point)
        done[point] += 1
        row += 1
        if row == 2 or desk.dice.random() < 0.5:
            desk.finish()
            row = 0
        _say(f"kills {done.total()} of {len(order)}")
    desk.finish()
    return done


def cut_all(desk: CrashDesk, count: int) -> Counter[str]:
    """Cut the line `count` times, at a random byte of either protocol in either direction."""
    done: Counter[str] = Counter()
    lines = {"IMAP": desk.imap_line, "SMTP": desk.smtp_line}
    usual = _usual(desk, lines)
    places = [(name, way) for name in lines for way in ("up", "down")]
    row = 0
    while done.total() < count:
        name, way = places[done.total() % len(places)]
        line = lines[name]
        desk.mail()
        desk.answer()
        desk.reply()
        passed = line.up if way == "up" else line.down
        setattr(line, f"cut_after_{way}", passed + 1 + desk.dice.randrange(usual[name, way]))
        before = line.cuts
        desk.passes.whole()
        line.restore()
        if line.cuts > before:
            done[f"{name} {'to' if way == 'up' else 'from'} the server"] += 1
        row += 1
        if row == 2 or desk.dice.random() < 0.5:
            desk.finish()
            row = 0
        _say(f"cuts {done.total()} of {count}")
    desk.finish()
    return done


def _usual(desk: CrashDesk, lines: dict[str, Wire]) -> dict[tuple[str, str], int]:
    """The bytes of an undisturbed pass, on each line in each direction."""
    before = {(name, way): getattr(line, way) for name, line in lines.items() for way in ("up", "down")}
    desk.mail()
    desk.answer()
    desk.reply()
    desk.finish()
    return {(name, way): getattr(lines[name], way) - passed for (name, way), passed in before.items()}


def _say(words: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{words} ", end="", file=sys.stderr, flush=True)


@contextlib.contextmanager
def desk_under_test(folder: Path, seed: int) -> Iterator[CrashDesk]:
    """Servers, lines and a desk with a few tickets."""
    with (
        Dovecot(folder / "dovecot") as dovecot,
        SmtpServer() as smtp,
        Wire(dovecot.imap) as imap_line,
        Wire(smtp.port) as smtp_line,
    ):
        account = dovecot.new_user()
        desk = CrashDesk(folder / "desk", dovecot, account, smtp, imap_line, smtp_line, Random(seed))
        try:
            yield desk
        finally:
            desk.passes.close()


@dataclass(frozen=True)
class Result:
    """Kills of passes and of the running engine by point, cuts by line, and the sum at the end."""

    kills: Counter[str]
    live: Counter[str]
    cuts: Counter[str]
    sum: Sum


def run(folder: Path, kills: int, cuts: int, live: int, seed: int = 7) -> Result:
    """Ill-treat a desk."""
    with desk_under_test(folder, seed) as desk:
        killed = kill_all(desk, kills, Killer(desk))
        lively = kill_all(desk, live, EngineKiller(desk))
        cut = cut_all(desk, cuts)
        return Result(killed, lively, cut, desk.account_for())


def main() -> int:
    """Do it, print the result as JSON; 1 if anything was lost, doubled or sent twice."""
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else KILLS
    cuts = int(sys.argv[2]) if len(sys.argv) > 2 else kills * 10
    live = int(sys.argv[3]) if len(sys.argv) > 3 else -(-kills // 3)
    folder = Path(tempfile.mkdtemp(prefix="deskbell-crash-"))
    os.environ |= {
        "PYTHON_KEYRING_BACKEND": "keyrings.alt.file.PlaintextKeyring",
        "XDG_DATA_HOME": str(folder / "keyring"),
    }
    try:
        done = run(folder, kills, cuts, live)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    assert set(done.kills.values()) <= {kills}, done.kills
    assert set(done.live.values()) <= {live}, done.live
    assert done.cuts.total() >= cuts, done.cuts
    counts = {"kills": done.kills, "live": done.live, "cuts": done.cuts}  # `asdict` of Python 3.11 spoils a Counter
    print(json.dumps({**counts, "sum": asdict(done.sum), "faults": done.sum.faults()}))
    return 1 if done.sum.faults() else 0


if __name__ == "__main__":
    sys.exit(main())
