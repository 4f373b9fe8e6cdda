"""What the benchmarks of chat share: processes beside this one, what they cost, and whether the desk has every message once."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import select

from app.chats.tables import ChatLine
from app.desk import Desk
from app.kernel.errors import UserError

_PATIENCE_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class Scale:
    """How many come and write, how often all of it is done; within how many seconds each begins, and pauses between words."""

    visitors: int = 200
    messages: int = 10
    rounds: int = 3
    spread_s: float = 8.0
    pause_s: float = 1.1

    @property
    def words(self) -> str:
        """For a report."""
        return f"{self.visitors} visitors, {self.messages} messages each, one every {self.pause_s:.3g} s"

    def pause(self) -> float:
        """Before the next word; people do not keep step."""
        return random.uniform(0.7, 1.3) * self.pause_s


@dataclass(slots=True)
class Round:
    """What the visitors of one round met with: ms from sending to acknowledgement, and to having a place in the ticket; ids
    sent and acknowledged. `cost`: ms of processor time of the server a message.
    """

    times: list[float] = field(default_factory=list)
    placed: list[float] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    acked: list[str] = field(default_factory=list)
    cost: float | None = None


@contextlib.contextmanager
def process(module: str, *arguments: str, words: bytes = b"") -> Iterator[subprocess.Popen[bytes]]:
    """A module as a process that ends with the block; `words` are said to its standard input."""
    quiet = subprocess.DEVNULL
    started = subprocess.Popen(
        [sys.executable, "-m", module, *arguments], stdin=subprocess.PIPE, stdout=quiet, stderr=quiet
    )
    try:
        assert started.stdin is not None
        started.stdin.write(words)
        started.stdin.flush()
        yield started
    finally:
        _end(started)
        with contextlib.suppress(OSError):
            started.stdin.close()  # type: ignore[union-attr]


def _end(started: subprocess.Popen[bytes]) -> None:
    """How a process ends is measured by nobody here: one that takes its time is killed."""
    started.terminate()
    try:
        started.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        started.kill()
        started.wait()


def spent_ms(pid: int) -> float | None:
    """The processor time of a process so far, in ms. None where Linux is not."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) * 1_000 / os.sysconf("SC_CLK_TCK")


def costing(pid: int, visit: Callable[[], Round]) -> Round:
    """A round, with what it cost a server that runs as a process."""
    before = spent_ms(pid)
    met = visit()
    after = spent_ms(pid)
    if before is not None and after is not None:
        met.cost = (after - before) / max(1, len(met.sent))
    return met


def compare(place: Path, rounds: Sequence[Round]) -> tuple[int, int]:
    """How many messages are missing among the stored rows or were never acknowledged, and how many are there more than
    once. Raises UserError if there are any.
    """
    with Desk.open(place) as desk:
        rows: list[str] = desk.ask(lambda db: list(db.scalars(select(ChatLine.external_id))))
    sent, acked = {key for one in rounds for key in one.sent}, {key for one in rounds for key in one.acked}
    lost, doubled = len(sent - (set(rows) & acked)), len(rows) - len(set(rows))
    if lost or doubled or set(rows) - sent:
        msg = f"Not everything was kept: {lost} lost, {doubled} doubled."
        raise UserError(msg)
    return lost, doubled
