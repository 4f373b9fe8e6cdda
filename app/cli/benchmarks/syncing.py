"""First synchronisation: a whole mailbox into indexed tickets, beside mbsync, which only copies mails into files.

Both read the same Dovecot on loopback, in turns, each round from nothing. Ours is the whole command `deskbell sync`,
from the start of the process to its end: fetch, ledger, parsing, matching, tickets, history, index. Processor time and
memory count every process that the command started.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from app.cli.benchmarks import mails
from app.cli.benchmarks.figures import Figure, absent, in_turns, median, pss_mb, ratio
from app.cli.benchmarks.surroundings import surroundings
from app.kernel.errors import UserError

SIZE = 2000
ROUNDS = 3
_LOOK_S = 0.25

_MBSYNC = """\
FSync {fsync}
SyncState {folder}/state/

IMAPStore server
Host 127.0.0.1
Port {port}
User {user}
Pass {password}
SSLType None
AuthMechs LOGIN
DisableExtension COMPRESS=DEFLATE

MaildirStore files
Path {folder}/mail/
Inbox {folder}/mail/INBOX

Channel all
Far :server:
Near :files:
Patterns INBOX
Create Near
Sync Pull
CopyArrivalDate yes
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command cost, with everything it started. `pss`: the most that was seen, MB; None where unknown."""

    seconds: float
    cpu: float
    pss: float | None


@dataclass(slots=True)
class Race:
    """One mailbox on one server, and what the rounds cost."""

    folder: Path
    server: Any
    account: Any
    count: int
    costs: dict[str, list[Cost]] = field(default_factory=dict)
    unread: int = 0
    """Mails of the last round of ours that could not be read and are no messages."""

    def contestants(self) -> dict[str, Callable[[], float]]:
        """Who takes part: Deskbell, and mbsync in two ways where it is installed."""
        found: dict[str, Callable[[], float]] = {"deskbell": self.deskbell}
        if shutil.which("mbsync"):
            found["mbsync without fsync"] = lambda: self.mbsync("no")
            found["mbsync with fsync"] = lambda: self.mbsync("yes")
        return found

    def deskbell(self) -> float:
        """One round of ours; mails a second."""
        folder = self._fresh("desk")
        program = [sys.executable, "-m", "app", "--data", str(folder), "--json"]
        _quietly([*program, "init", "--name", "Bench"], surroundings(self.folder))
        box = ["mailbox", "add", "--address", self.account.address, "--history", "all", "--password-stdin"]
        places = ["--imap", f"imap://127.0.0.1:{self.server.imap}", "--smtp", f"smtp://127.0.0.1:{self.server.imap}"]
        _quietly([*program, *box, *places], surroundings(self.folder), self.account.password)
        rate = self._note("deskbell", [*program, "sync"])
        self._expect_all(program)
        return rate

    def mbsync(self, fsync: str) -> float:
        """One round of mbsync; mails a second."""
        folder = self._fresh(f"mbsync-{fsync}")
        for part in ("state", "mail"):
            (folder / part).mkdir(parents=True)
        account, settings = self.account, folder / "mbsyncrc"
        settings.write_text(
            _MBSYNC.format(
                fsync=fsync, folder=folder, port=self.server.imap, user=account.user, password=account.password
            )
        )
        name = "mbsync with fsync" if fsync == "yes" else "mbsync without fsync"
        return self._note(name, ["mbsync", "-q", "-c", str(settings), "all"])

    def _note(self, name: str, command: list[str]) -> float:
        os.sync()
        cost = measured(command, surroundings(self.folder))
        self.costs.setdefault(name, []).append(cost)
        return self.count / cost.seconds

    def _expect_all(self, program: list[str]) -> None:
        """A quick pass that left mails behind would be worth nothing."""
        said = _quietly([*program, "ledger"], surroundings(self.folder))
        outcomes = [row["by_outcome"] for row in json.loads(said) if row["folder"] == "INBOX"]
        known = sum(sum(each.values()) for each in outcomes)
        self.unread = sum(each.get("quarantined", 0) for each in outcomes)
        if known != self.count:
            msg = f"Of {self.count} mails only {known} arrived: this measurement is void."
            raise UserError(msg)

    def _fresh(self, name: str) -> Path:
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        return folder


def sync(size: int) -> list[Figure]:
    """First synchronisation into tickets beside mbsync."""
    try:
        dovecot = import_module("tests.servers.dovecot")
    except ImportError:
        return [
            absent("sync", "first sync", "needs a development checkout: the private mail server is among its tests")
        ]
    if dovecot.find_dovecot() is None:
        return [absent("sync", "first sync", "Dovecot is not installed: python3 packaging/dev.py setup")]
    with _folder() as folder:
        source = mails.maildir(folder / "source", size or SIZE)
        total = sum(path.stat().st_size for path in mails.paths(source))
        with dovecot.Dovecot(folder / "dovecot") as server:
            account = server.new_user("bench")
            race = Race(folder, server, account, server.deliver_all(account, source))
            server.list_uids(account)  # the server has built its index before the first round
            rates = in_turns(race.contestants(), ROUNDS)
    return _figures(race, rates, f"{race.count} mails, {total / 1e6:.0f} MB")


def _figures(race: Race, rates: Mapping[str, list[float]], what: str) -> list[Figure]:
    found: list[Figure] = []
    for name, values in rates.items():
        costs = race.costs[name]
        found.append(Figure("sync", name, median(values), "mails/s", len(values), what))
        found.append(Figure("sync", f"{name}, processor", median([cost.cpu for cost in costs]), "s", len(costs)))
        peaks = [cost.pss for cost in costs if cost.pss is not None]
        if peaks:
            found.append(Figure("sync", f"{name}, memory at most", round(max(peaks), 1), "MB", len(peaks), "PSS"))
    found.append(Figure("sync", "mails that became no message", race.unread, "", 1, "3 % of them are wrongly made"))
    if "mbsync without fsync" not in rates:
        return [*found, absent("sync", "mbsync", "isync is not installed")]
    ours = rates["deskbell"]
    peers = ("mbsync without fsync", "mbsync with fsync")
    return [*found, *(ratio("sync", f"deskbell beside {peer}", ours, rates[peer], "more is better") for peer in peers)]


def measured(command: list[str], around: Mapping[str, str]) -> Cost:
    """Run a command to its end. Raises UserError when it fails."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command, env=dict(around), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    ended = threading.Event()
    seen: list[float] = []
    watch = threading.Thread(target=_watch, args=(process.pid, ended, seen), name="bench-memory")
    watch.start()
    assert process.stderr is not None
    words = process.stderr.read()
    usage = _wait(process)
    seconds = time.perf_counter() - began
    ended.set()
    watch.join()
    if process.returncode:
        msg = f"{command[0]} ended with {process.returncode}: {words.decode(errors='replace')[-400:]}"
        raise UserError(msg)
    return Cost(seconds, usage, max(seen, default=None))


def _wait(process: subprocess.Popen[bytes]) -> float:
    """Wait; the processor seconds of the process and of the children it waited for (0 where the system cannot tell)."""
    if not hasattr(os, "wait4"):
        process.wait()
        return 0.0
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime


def _watch(pid: int, ended: threading.Event, seen: list[float]) -> None:
    while not ended.wait(_LOOK_S):
        memory = pss_mb(pid)
        if memory is not None:
            seen.append(memory)


def _quietly(command: list[str], around: Mapping[str, str], given: str = "") -> str:
    done = subprocess.run(command, env=dict(around), input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        msg = f"{' '.join(command[3:6])} failed: {done.stderr[-400:]}"
        raise UserError(msg)
    return done.stdout


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="deskbell-bench-") as name:
        yield Path(name)
