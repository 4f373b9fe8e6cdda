"""Where threads meet Qt: coalescing, order, owners that are gone, newer questions, and the one path of errors."""

from __future__ import annotations

import functools
import gc
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from PySide6.QtCore import QObject, QThread, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.desk import Desk
from app.kernel.database.changes import Changes
from app.kernel.errors import ExternalError, Reason, UserError
from app.people.commands import block, unblock
from tests.ui.conftest import PATIENCE_MS
from ui.bridge import _SLICE_S, Bridge, Sweeper
from ui.tasks import Tasks
from ui.threads import Threads


class Feed:
    """Something that tells about changes, as a desk does."""

    def __init__(self) -> None:
        self.listeners: list[Callable[[Changes], None]] = []

    def listen(self, listener: Callable[[Changes], None]) -> Callable[[], None]:
        """Remember the listener."""
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def tell(self, changes: Changes) -> None:
        """Tell everybody."""
        for listener in self.listeners:
            listener(changes)


class Inline:
    """A desk without a store: the function gets None for its connection."""

    def do(self, command: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Run it."""
        return command(None, *args, **kwargs)

    ask = do


@pytest.fixture
def bridge(qapp: QApplication) -> Iterator[Bridge]:
    """A bridge without a desk."""
    made = Bridge()
    yield made
    made.close()


@pytest.fixture
def tasks(bridge: Bridge) -> Iterator[Tasks]:
    """Tasks over functions."""
    made = Tasks(Inline(), bridge)
    yield made
    assert made.close()


def changed(*ids: UUID) -> Changes:
    """Tickets have changed."""
    return Changes({"ticket": frozenset(ids)})


def test_a_storm_of_changes_becomes_few_signals_and_loses_none(qtbot: QtBot) -> None:
    feed = Feed()
    bridge = Bridge(feed)
    seen: list[Changes] = []
    bridge.changed.connect(seen.append)
    ids = [uuid4() for _ in range(400)]

    def tell_some(start: int) -> None:
        for one in ids[start::4]:
            feed.tell(changed(one))

    threads = [threading.Thread(target=tell_some, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [], "nothing is delivered outside the window's thread"
    qtbot.waitUntil(lambda: bool(seen))
    assert len(seen) == 1
    assert seen[0].of("ticket") == frozenset(ids)
    bridge.close()
    assert feed.listeners == []
    with qtbot.assertNotEmitted(bridge.changed, wait=20):
        bridge.on_changes(changed(uuid4()))


def test_what_follows_a_change_waits_a_moment_and_what_a_person_does_waits_for_nothing(
    bridge: Bridge, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.bridge.CALM_MS", 60_000)
    seen: list[frozenset[UUID] | None] = []
    bridge.changed.connect(lambda changes: seen.append(changes.of("ticket")))
    first, later, last, own = (uuid4() for _ in range(4))
    bridge.on_changes(changed(first))
    qtbot.waitUntil(lambda: seen == [frozenset({first})])
    for one in (later, last):
        bridge.on_changes(changed(one))
        QApplication.processEvents()
    assert len(seen) == 1
    bridge.hurry()
    qtbot.waitUntil(lambda: len(seen) == 2)
    assert seen[1] == frozenset({later, last})
    bridge.hurry()
    bridge.on_changes(changed(own))
    qtbot.waitUntil(lambda: len(seen) == 3)
    assert seen[2] == frozenset({own})


def test_while_mail_is_brought_in_the_pages_are_told_less_often_until_it_rests(
    bridge: Bridge, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ui.bridge.CALM_MS", 5)
    monkeypatch.setattr("ui.bridge.LONG_CALM_MS", 25)
    intervals: list[int] = []

    def go_on(_changes: Changes) -> None:
        intervals.append(bridge._calm.interval())
        if len(intervals) < 8:
            bridge.on_changes(changed(uuid4()))

    bridge.changed.connect(go_on)
    bridge.on_changes(changed(uuid4()))
    qtbot.waitUntil(lambda: len(intervals) == 8 and not bridge._calm.isActive())
    bridge.on_changes(changed(uuid4()))
    qtbot.waitUntil(lambda: len(intervals) == 9)
    assert intervals == [5] * 5 + [25] * 3 + [5]


def test_a_thread_has_let_go_of_what_it_did_once_that_is_said_to_be_done() -> None:
    class Held:
        """Something that must not end in another thread."""

    threads = Threads(1)
    for _ in range(50):
        held = Held()
        gone = weakref.ref(held)
        threads.start(functools.partial(lambda _held: None, held))
        del held
        assert threads.wait(60)
        assert gone() is None


def test_what_was_dropped_before_it_began_is_let_go_of_at_once() -> None:
    class Held:
        """Something that must not end in another thread."""

    threads, busy, gate = Threads(1), threading.Event(), threading.Event()

    def work() -> None:
        busy.set()
        gate.wait(60)

    threads.start(work)
    assert busy.wait(60)
    held = Held()
    gone = weakref.ref(held)
    threads.start(functools.partial(lambda _held: None, held))
    del held
    threads.drop()
    assert gone() is None  # while the thread has not even come to it
    gate.set()
    assert threads.wait(60)


def test_many_results_leave_the_keys_their_turn(bridge: Bridge, qtbot: QtBot) -> None:
    came: list[str] = []

    def heavy() -> None:
        end = time.monotonic() + _SLICE_S
        while time.monotonic() <= end:
            pass
        came.append("result")

    for _ in range(3):
        bridge.post(heavy)
    QTimer.singleShot(0, lambda: came.append("key"))
    qtbot.waitUntil(lambda: len(came) == 4)
    assert came[-1] == "result"


def test_posts_come_in_order_and_one_failure_stops_none(
    bridge: Bridge, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    came: list[int] = []
    bridge.post(lambda: came.append(1))
    bridge.post(lambda: came.append(1 // 0))
    bridge.post(lambda: came.append(2))
    qtbot.waitUntil(lambda: came == [1, 2])
    assert "could not be shown" in caplog.text


def test_answers_come_in_the_windows_thread(tasks: Tasks, qtbot: QtBot) -> None:
    owner = QObject()
    seen: list[Any] = []
    tasks.ask(
        lambda _db, n: (n, QThread.currentThread()),
        7,
        then=lambda r: seen.append((r, QThread.currentThread())),
        owner=owner,
    )
    qtbot.waitUntil(lambda: bool(seen))
    (value, asked_in), came_in = seen[0]
    assert value == 7
    assert asked_in != came_in
    assert came_in == owner.thread()


class Lingering(Bridge):
    """The thread that brings a result does not come back from it for a while."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()

    def post(self, act: Callable[[], object]) -> None:
        """Wait afterwards."""
        given = [act]
        del act
        super().post(given.pop())
        self.gate.wait(60)


def test_whose_question_it_was_does_not_end_in_the_thread_that_answered(desk: Desk, qtbot: QtBot) -> None:
    bridge = Lingering()
    tasks, owner, seen = Tasks(desk, bridge), QObject(), list[int]()
    gone = weakref.ref(owner)
    tasks.ask(lambda _db: 7, then=functools.partial(lambda _owner, n: seen.append(n), owner), owner=owner)
    del owner
    qtbot.waitUntil(lambda: seen == [7])
    qtbot.waitUntil(lambda: gone() is None)
    bridge.gate.set()
    assert tasks.close()
    bridge.close()


def test_commands_keep_their_order(tasks: Tasks, qtbot: QtBot) -> None:
    done: list[int] = []
    for n in range(50):
        tasks.do(lambda _tx, n: done.append(n), n)
    qtbot.waitUntil(lambda: tasks.running == 0)
    assert done == list(range(50))


def test_a_newer_question_makes_the_older_void(tasks: Tasks, qtbot: QtBot) -> None:
    owner, gate = QObject(), threading.Event()
    seen: list[str] = []
    tasks.ask(lambda _db: gate.wait(10) and "old", then=seen.append, owner=owner, key="list")
    tasks.ask(lambda _db: "new", then=seen.append, owner=owner, key="list")
    qtbot.waitUntil(lambda: bool(seen))
    gate.set()
    qtbot.waitUntil(lambda: tasks.running == 0)
    assert seen == ["new"]


def test_an_answer_for_nobody_is_dropped(tasks: Tasks, qtbot: QtBot) -> None:
    parent = QObject()
    seen: list[object] = []
    owner = QObject(parent)
    gate = threading.Event()
    tasks.ask(lambda _db: gate.wait(10), then=seen.append, owner=owner)
    del parent
    gate.set()
    qtbot.waitUntil(lambda: tasks.running == 0)
    assert seen == []


def raiser(error: Exception) -> Callable[..., None]:
    """A command that fails."""

    def fail(_tx: object) -> None:
        raise error

    return fail


def test_each_kind_of_failure_has_its_end(tasks: Tasks, qtbot: QtBot, caplog: pytest.LogCaptureFixture) -> None:
    with qtbot.waitSignal(tasks.said) as told:
        tasks.do(raiser(UserError("This ticket is merged.")))
    assert told.args == ["This ticket is merged.", "bad"]
    outside = ExternalError("no line", reason=Reason.OFFLINE, retryable=True)
    with qtbot.waitSignal(tasks.trouble) as trouble:
        tasks.do(raiser(outside))
    assert trouble.args == [outside]
    with qtbot.waitSignal(tasks.said) as told:
        tasks.do(raiser(RuntimeError("a bug")))
    assert "Something went wrong" in told.args[0]
    assert "a task failed" in caplog.text


def test_the_owner_may_deal_with_an_error(tasks: Tasks, qtbot: QtBot) -> None:
    dealt: list[Exception] = []

    def deal(error: Exception) -> bool:
        dealt.append(error)
        return True

    with qtbot.assertNotEmitted(tasks.said):
        tasks.do(raiser(UserError("used")), failed=deal)
        qtbot.waitUntil(lambda: bool(dealt))


def test_whoever_waits_for_the_end_is_told_of_it_where_a_result_cannot_be_shown(tasks: Tasks, qtbot: QtBot) -> None:
    def show(_result: object) -> None:
        raise KeyError("a mistake of ours")

    with qtbot.waitSignal(tasks.idle, timeout=PATIENCE_MS):
        tasks.ask(lambda _db: 1, then=show, owner=tasks, key="one")


def test_what_can_be_undone_is_offered(desk: Desk, qtbot: QtBot) -> None:
    bridge = Bridge(desk)
    tasks = Tasks(desk, bridge)
    try:
        with qtbot.waitSignal(tasks.undo_offered, timeout=PATIENCE_MS) as offered:
            tasks.do(block, "@spam.example", done=lambda handle: f"{handle} is blocked")
        assert offered.args[0] == "@spam.example is blocked"
        with qtbot.waitSignal(tasks.said, timeout=PATIENCE_MS) as told:
            tasks.do(block, "@spam.example", done="Blocked")  # it is so already: there is nothing to undo
        assert told.args == ["Blocked", "ok"]
        with qtbot.waitSignal(tasks.undo_offered, timeout=PATIENCE_MS):
            tasks.do(unblock, "@spam.example", done="Let in")
    finally:
        assert tasks.close()
        bridge.close()


class Knot:
    """Garbage that says in which thread it was taken apart."""

    def __init__(self, said: list[threading.Thread]) -> None:
        self.itself, self.said = self, said

    def __del__(self) -> None:
        self.said.append(threading.current_thread())


def test_garbage_is_taken_apart_in_the_thread_of_the_window(qapp: QApplication, qtbot: QtBot) -> None:
    """Whichever thread made it: widgets may be among it."""
    gc.enable()
    sweeper = Sweeper(qapp)
    said: list[threading.Thread] = []
    other = threading.Thread(target=lambda: [Knot(said) for _ in range(10_000)])
    other.start()
    other.join()
    assert not said
    qtbot.waitUntil(lambda: len(said) == 10_000)
    assert set(said) == {threading.current_thread()}
    sweeper.deleteLater()
