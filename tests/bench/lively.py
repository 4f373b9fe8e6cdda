"""A real window driven from inside: scrolling, switching tickets, searching, and how it does while mail comes in.

The longest pause of the event loop is measured by a timer of 5 ms, idle first and then while an engine of its own
takes in mails, so that a busy machine is not blamed on the program.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QApplication
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.cli.benchmarks import mails
from app.cli.benchmarks.figures import Figure, absent, family, milliseconds, p95, pss_mb, spread
from app.cli.benchmarks.surroundings import surroundings
from app.conversations.tables import Message
from app.desk import Desk
from app.tickets import commands
from app.tickets.queries import View, ticket_ids
from tests.bench.pauses import Pauses
from ui.bridge import quicken, settle
from ui.theme import Theme
from ui.window import Window

FRAMES, SWITCHES, MAILS, COMMANDS_MS = 300, 60, 1000, 150
PATIENCE_S = 600.0
_TICK_MS = 5


class Driven:
    """A window on a desk, and the page that is looked at."""

    def __init__(self, app: QApplication, desk: Desk) -> None:
        self.app, self.desk = app, desk
        self._beat = QTimer(app, timerType=Qt.TimerType.PreciseTimer, interval=_TICK_MS)
        self._beat.start()
        theme = Theme(app)
        theme.choose("light")  # as a person sees it: a window without its style is another one, and cheaper to draw
        self.window = Window(desk, theme)
        self.window.resize(1440, 900)
        self.window.start()
        self.window.show()
        self.inbox: Any = self.window._pages["inbox"]
        self.until(lambda: self.inbox.model.is_loaded and self.inbox.shown is not None)
        self.rest()

    def turn(self) -> None:
        """One turn of the event loop."""
        self.app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 5)

    def wait(self) -> None:
        """Sleep until an event comes, at most one beat, and deal with it.

        Without a time to end at: with one, Qt polls, and a window that polls takes a whole core from what it is measured
        beside, which no window of a person does.
        """
        self.app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)

    def until(self, holds: Callable[[], Any], patience_s: float = PATIENCE_S) -> None:
        """Turn until something holds."""
        end = time.monotonic() + patience_s
        while not holds():
            self.wait()
            if time.monotonic() > end:
                raise SystemExit("the window waited in vain")

    def rest(self, seconds: float = 0.4) -> None:
        """Turn until nothing has been asked for a while, and let go what was closed from outside the loop, which would otherwise
        stay for ever: no loop of the program's own runs here.
        """
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        calm = time.monotonic()
        while time.monotonic() - calm < seconds:
            self.wait()
            if self.window.tasks.running:
                calm = time.monotonic()

    def close(self) -> None:
        """Close the window."""
        self._beat.stop()
        self.window.close()
        self.window.shut()


def scrolling(driven: Driven) -> list[Figure]:
    """Frames of a list scrolled three rows at a time, then by whole jumps into the unread depth."""
    bar = driven.inbox.list.rows.verticalScrollBar()
    port = driven.inbox.list.rows.viewport()

    def frame(to: int) -> float:
        def shown() -> None:
            bar.setValue(to)
            port.repaint()

        took = milliseconds(shown)
        driven.turn()
        return took

    step = max(1, min(200, bar.maximum() // FRAMES))
    smooth = [frame(n * step) for n in range(FRAMES)]
    jumps = [frame(bar.maximum() * n // 40) for n in range(40)]
    bar.setValue(0)
    driven.rest()
    return [*spread("window", "scroll frame", smooth), *spread("window", "scroll frame after a jump", jumps)]


def switching(driven: Driven) -> list[Figure]:
    """From the key to the other ticket's conversation painted."""
    rows, inbox, times = driven.inbox.list.rows, driven.inbox, []
    for _ in range(SWITCHES):
        began = time.perf_counter()
        before = inbox.ticket
        rows.step(1)
        driven.until(lambda before=before: inbox.ticket != before and inbox.shown.detail.id == inbox.ticket)  # type: ignore[misc]
        inbox.talk.repaint()
        times.append((time.perf_counter() - began) * 1e3)
        driven.rest(0.05)
    return spread("window", "ticket switch", times[5:], "asked, read and painted")


class Working:
    """Somebody who changes a ticket every moment, and how long each change takes from the order to its result."""

    def __init__(self, driven: Driven) -> None:
        self._driven = driven
        self._keys = driven.desk.ask(ticket_ids, View(), 40)
        self._done = 0
        self.times: list[float] = []
        self._timer = QTimer(driven.app, interval=COMMANDS_MS)
        self._timer.timeout.connect(self._change)
        self._timer.start()

    def stop(self) -> None:
        """No more of it."""
        self._timer.stop()

    def _change(self) -> None:
        began = time.perf_counter()
        self._done += 1
        key, word = self._keys[self._done % len(self._keys)], ("high", "normal")[self._done // len(self._keys) % 2]
        then = lambda _result: self.times.append((time.perf_counter() - began) * 1e3)  # noqa: E731
        self._driven.window.tasks.do(commands.set_priority, [key], word, then=then, owner=self._driven.window)


def arriving(driven: Driven, scratch: Path) -> list[Figure]:
    """The event loop and a person's commands, idle and while an engine takes in mails; the engine's memory."""
    from tests.servers.dovecot import Dovecot, find_dovecot

    if find_dovecot() is None:
        return [absent("window", "while mail comes in", "Dovecot is not installed")]
    driven.window.go("inbox")
    idle, at_rest = _observed(driven, lambda: _for(5.0))
    with Dovecot(scratch / "dovecot") as server:
        account = server.new_user("bench")
        engine = _engine(driven.desk, server, account, scratch)
        try:
            driven.rest(3.0)
            found = brought_in(driven, server, account, scratch, engine, MAILS)
        finally:
            engine.terminate()
            engine.wait(60)
    return [
        Figure(
            "window", "longest pause of the event loop, idle", round(max(idle.wall), 1), "ms", len(idle.wall), "5 s"
        ),
        Figure("window", "a command, idle, p95", p95(at_rest), "ms", len(at_rest)),
        *found,
    ]


def brought_in(
    driven: Driven, server: Any, account: Any, scratch: Path, engine: subprocess.Popen[bytes], count: int
) -> list[Figure]:
    """The event loop and a person's commands while an engine takes in `count` mails at once; the engine's memory."""
    source = scratch / "arriving"
    for part in ("cur", "new", "tmp"):
        (source / part).mkdir(parents=True)
    for number, raw in enumerate(mails.mails(count)):
        (source / "new" / f"{1_700_000_000 + number}.{number}.bench").write_bytes(raw)
    before, memory = driven.desk.ask(_messages), [0.0]
    server.deliver_all(account, source)
    began = time.perf_counter()
    busy, meanwhile = _observed(driven, lambda: _all_there(driven, before + count, engine.pid, memory))
    took, own = time.perf_counter() - began, sorted(busy.processor)
    wall, what = sorted(busy.wall), f"while {count:,} mails come in"
    told = f"{took:.0f} s; p99 {wall[int(len(wall) * 0.99)]:.1f} ms"
    return [
        Figure("window", f"longest pause {what}", round(wall[-1], 1), "ms", len(wall), told),
        Figure("window", f"its own part of a pause {what}, at most", round(own[-1], 1), "ms", len(own), "processor time"),
        Figure("window", f"a command {what}, p95", p95(meanwhile), "ms", len(meanwhile)),
        Figure("window", "engine, memory at most", round(max(memory), 1), "MB", 1, f"PSS of {len(family(engine.pid))} processes"),
    ]  # fmt: skip


def _observed(driven: Driven, ends: Callable[[], Callable[[], bool]]) -> tuple[Pauses, list[float]]:
    """(pauses, times of commands) until what `ends` makes says so."""
    over = ends()
    with Pauses(driven) as pauses:
        working = Working(driven)
        while not over():
            driven.wait()
        working.stop()
    driven.rest()
    return pauses, working.times


def _for(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end


def _all_there(driven: Driven, wanted: int, engine: int, memory: list[float]) -> Callable[[], bool]:
    """True once there are so many messages. Asked in a thread of the window's own, so that counting delays nobody."""
    arrived, last = [0], [0.0]
    end = time.monotonic() + PATIENCE_S

    def look() -> tuple[int, float]:
        return driven.desk.ask(_messages), pss_mb(engine) or 0.0

    def take(found: tuple[int, float]) -> None:
        arrived[0] = found[0]
        memory.append(found[1])

    def over() -> bool:
        now = time.monotonic()
        if now - last[0] > 1.0:
            last[0] = now
            driven.window.tasks.run(look, then=take, owner=driven.window, key="bench-look")
        if now > end:
            raise SystemExit(f"only {arrived[0]} of {wanted} messages were there in the end")
        return arrived[0] >= wanted

    return over


def _messages(db: Session) -> int:
    return int(db.execute(select(func.count()).select_from(Message)).scalar_one())


def _engine(desk: Desk, server: Any, account: Any, scratch: Path) -> subprocess.Popen[bytes]:
    around = surroundings(scratch)
    program = [sys.executable, "-m", "app", "--data", str(desk.workspace.folder)]
    box = ["mailbox", "add", "--address", account.address, "--history", "all", "--password-stdin"]
    places = ["--imap", f"imap://127.0.0.1:{server.imap}", "--smtp", f"smtp://127.0.0.1:{server.imap}"]
    given = account.password.encode()
    subprocess.run([*program, *box, *places], env=around, input=given, stdout=subprocess.DEVNULL, check=True)
    return subprocess.Popen([*program, "engine"], env=around)


def lively_figures(folder: Path, scratch: Path) -> list[Figure]:
    """Everything that is measured in one window."""
    from tests.bench.boarding import boarding
    from tests.bench.changing import changing
    from tests.bench.pressing import pressing

    quicken()  # as `ui.main` does
    app = QApplication([])
    with Desk.open(folder) as desk:
        driven = Driven(app, desk)
        settle()
        try:
            figures = scrolling(driven) + switching(driven) + boarding(driven) + pressing(driven)
            figures += changing(driven, scratch)
            figures += arriving(driven, scratch)
        finally:
            driven.close()
    return figures
