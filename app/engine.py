"""The engine: the process that talks to the world. It receives, stores, sends, fires timers and works off jobs.

Whoever runs it holds the engine lock, which the system frees the instant the process dies. Before anything else it
settles what the last holder left half-sent. One thread a mailbox receives, another sends while there is something to
send, one looks after timers and jobs; the main thread listens for words from other processes: stop, check now, a
mailbox that came or went, a pass that the command line waits for. There is no Qt here.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import signal
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from app.connectors.wake import Wake
from app.desk import Desk
from app.desk.maintenance import backup_job
from app.inbox.queries import receiving_mailboxes
from app.kernel import clock, secrets
from app.kernel.database.changes import Changes
from app.kernel.errors import UserError
from app.kernel.program import file_limit, relaunch
from app.kernel.state import jobs, signals
from app.passes import Pass, due_backups, engine_lock, hands_of, receive_from, reconcile, told
from app.workers import timers
from app.workers.clock_watch import ClockWatch
from app.workers.index_tidying import IndexTidying
from app.workers.parsing import ParsePool
from app.workers.receiving.hands import Arrived, Hands
from app.workers.receiving.intake import WITH_WINDOW
from app.workers.receiving.live import Looks, Sessions, run_mailbox
from app.workers.sending import senders

log = logging.getLogger(__name__)

TIMER_S = 15.0
AGAIN_S: Final = 5.0
GRACE_S: Final = 2.0
"""So long a mailbox may take to its end before its lines are cut: what it was told then comes again."""
LOOK_S: Final = 20.0
"""So long a reply that has waited waits for a look into its mailbox."""
SIGNALS_S: Final = 1.0
"""The system may hand a signal to any thread; Python answers it on this one, once it wakes: so it does now and then."""
_END = object()
_WORDS = ("stop_engine", "stop_after_backup", "check_now", "mailboxes_changed", "pass_wanted")


class Engine:
    """Everything that runs while the engine runs. `stop()` may be called from any thread and from a signal handler."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._stop = threading.Event()
        self._words: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._send_wake = threading.Event()
        self._clock = ClockWatch(desk.work, desk.ask)
        doubt = self._clock.doubt
        work = (desk.work, desk.ask, desk.packs, secrets.load_secret, self._stop)
        self._sender = senders.Sender(*work, doubt, self._look_into)
        self._timer_wake = threading.Event()
        self._tidying = IndexTidying(desk.land, desk.ask)
        self._files_wake = threading.Event()
        self._backup_wake, self._leaves = threading.Event(), threading.Event()
        from app.workers.chat.service import ChatThread  # a pass of the command line does without

        self._chat = ChatThread(desk, desk.packs, secrets.load_secret, desk.workspace.arrivals)
        self._mailboxes: dict[UUID, _Mailbox] = {}
        self._threads: list[threading.Thread] = []

    def stop(self) -> None:
        """Come to a clean end soon."""
        self._stop.set()
        self._words.put(_END)

    def run(self) -> None:
        """Work until told to stop. Raises UserError when another engine holds the lock."""
        desk = self._desk
        with engine_lock(desk, wait_s=2.0), contextlib.closing(ParsePool(desk.workspace.packs)) as self._pool:
            quit_listening = desk.listen(self._heard)
            secrets.for_this_run.listen(changed=lambda _ref: self._words.put("mailboxes_changed"))
            self._say("running")
            try:
                self._see_mailboxes()  # before anything is sent: what waited is sent after a look for new mail
                self._begin("send", self._send)
                self._begin("timers", self._timers)
                self._begin("files", self._files)
                self._begin("backups", self._backups)
                self._begin("chat", self._chat.run)
                self._listen()
            finally:
                quit_listening()
                self._end()
                self._say("stopped")

    # -- listening

    def _heard(self, changes: Changes) -> None:
        """On the watcher's thread: pass on what concerns us."""
        for word in changes.signals:
            if word.topic in _WORDS:
                self._words.put((word.topic, word.payload))
        if changes.touches("mailbox"):
            self._words.put("mailboxes_changed")
        if changes.touches("outbox", "mailbox"):
            self._send_wake.set()
        if changes.touches("message"):
            self._files_wake.set()
            self._tidying.something_came()
        self._chat.heard(changes)
        if changes.touches("job", "setting", "survey"):
            self._timer_wake.set()
        if changes.touches("job", "setting"):
            self._backup_wake.set()

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                word = self._words.get(timeout=SIGNALS_S)
            except queue.Empty:
                continue
            if word is _END:
                return
            topic, payload = word if isinstance(word, tuple) else (word, {})
            try:
                self._obey(topic, payload)
            except Exception:
                log.exception("the word %s could not be followed", topic)

    def _obey(self, topic: str, payload: dict[str, Any]) -> None:
        if topic == "stop_engine":
            self._stop.set()
        elif topic == "stop_after_backup":
            self._leaves.set()
            self._backup_wake.set()
        elif topic == "mailboxes_changed":
            self._see_mailboxes()
            self._send_wake.set()
        elif topic == "pass_wanted":
            self._pass(payload)
        else:
            for one in self._mailboxes.values():
                one.wake.set()
            self._sender.try_again()
            self._send_wake.set()
            self._timer_wake.set()

    def _pass(self, payload: dict[str, Any]) -> None:
        """Do what the command line waits for, with the live connection of each mailbox out of the way meanwhile."""
        wanted = UUID(payload["mailbox"]) if payload.get("mailbox") else None
        done, keys = Pass(), self._keys(wanted)
        _end_all([self._mailboxes.pop(key) for key in keys if key in self._mailboxes])
        try:
            if payload["what"] == "reconcile":
                done.problems += reconcile(self._desk, wanted)
            else:
                self._work_through(keys, done)
        except Exception as error:  # noqa: BLE001 - told to who waits
            done.problems.append(told(error))
        finally:
            self._see_mailboxes()
        self._desk.work(signals.send, "pass_done", {"id": payload["id"], **vars(done)}, ttl_s=300)

    def _work_through(self, keys: Sequence[UUID], done: Pass) -> None:
        """Receive, timers, send; and receive once more what was sent."""
        receive_from(self._desk, keys, self._pool, self._stop, done, WITH_WINDOW)
        timers.timers_pass(self._desk.work, self._desk.ask, doubt=self._clock.doubt)
        self._sender.try_again()
        done.gave(self._sender.send_due())
        if done.sent:
            receive_from(self._desk, keys, self._pool, self._stop, Pass(), WITH_WINDOW)

    def _look_into(self, mailbox: UUID) -> None:
        """Look for new mail, and wait for it; not for long, since the server may say nothing."""
        one = self._mailboxes.get(mailbox)
        if one is not None:
            one.look(LOOK_S, self._stop)

    def _keys(self, wanted: UUID | None) -> list[UUID]:
        return [wanted] if wanted else list(self._desk.ask(receiving_mailboxes))

    # -- threads

    def _begin(self, name: str, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=keep_going, args=(name, work, self._stop), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _send(self) -> None:
        senders.run(self._sender, self._stop, self._send_wake)

    def _timers(self) -> None:
        desk, doubt = self._desk, self._clock.doubt
        while not self._stop.is_set():
            self._timer_wake.clear()
            try:
                self._clock.look()
                timers.timers_pass(desk.work, desk.ask, doubt=doubt)
                jobs.work_off(desk.store, self._stop)
                self._tidying.look()
            except Exception:
                log.exception("timers failed; they go on at their next turn")
            self._timer_wake.wait(TIMER_S)

    def _backups(self) -> None:
        """A thread of its own: a large backup takes minutes, and nobody waits for it with anything else."""
        desk, make_due = self._desk, due_backups(self._desk, self._stop)
        while not self._stop.is_set():
            self._backup_wake.clear()
            kinds: tuple[Callable[[], object], ...] = (
                lambda: make_due(clock.now()),
                lambda: backup_job.work_off(desk, self._stop),
            )
            for make in kinds:  # neither keeps the other from being made
                try:
                    make()
                except UserError:
                    log.warning("a backup failed; how the backups stand tells why")
                except Exception:
                    log.exception("a backup failed; the next try comes by itself")
            if self._leaves.is_set() and desk.ask(backup_job.under_way) is None:
                self.stop()
            self._backup_wake.wait(TIMER_S)

    def _files(self) -> None:
        from app.workers import file_texts

        desk = self._desk
        file_texts.run(desk.work, desk.ask, desk.workspace.packs, self._stop, self._files_wake)

    def _see_mailboxes(self) -> None:
        """Start what is new, end what is gone, wake the rest: a new sign-in may have come."""
        wanted = set(self._desk.ask(receiving_mailboxes))
        for key in set(self._mailboxes) - wanted:
            self._mailboxes.pop(key).end()
        for key in wanted:
            running = self._mailboxes.get(key)
            if running is None or not running.thread.is_alive():
                self._mailboxes[key] = _Mailbox(self._desk, key, self._pool, self._clock.servers.arrived)
            else:
                running.wake.set()

    def _end(self) -> None:
        self._stop.set()
        self._send_wake.set()
        self._timer_wake.set()
        self._files_wake.set()
        self._backup_wake.set()
        self._chat.stop()
        _end_all(self._mailboxes.values())
        for thread in self._threads:
            thread.join(30)

    def _say(self, state: str) -> None:
        self._desk.work(signals.send, "engine_state", {"state": state}, ttl_s=86_400)


class _Mailbox:
    """One mailbox's live thread, and how to end it."""

    def __init__(self, desk: Desk, key: UUID, pool: ParsePool, arrived: Arrived) -> None:
        self.stop, self.wake, self._sessions, self._looks = threading.Event(), Wake(), Sessions(), Looks()
        work = (replace(hands_of(desk, key, pool, self.stop), arrived=arrived),)
        self.thread = threading.Thread(target=self._run, args=work, name=f"mailbox-{key.hex[-4:]}", daemon=True)
        self.thread.start()

    def _run(self, hands: Hands) -> None:
        with contextlib.closing(self.wake):
            run_mailbox(hands, self.wake, sessions=self._sessions, looks=self._looks)

    def look(self, seconds: float, stop: threading.Event) -> None:
        """Have it look for new mail now, and wait for that, at most so long."""
        self._looks.wait_for_next(self.wake, seconds, lambda: stop.is_set() or not self.thread.is_alive())

    def tell(self) -> None:
        """Say that it is to end once it has finished what it writes."""
        self.stop.set()
        self.wake.set()

    def end(self) -> None:
        """Let the thread finish what it writes, and wait for it. For a server that says nothing only a moment: the line to
        it is cut, and a thread that still dials it ends by itself, later, and does nothing any more.
        """
        self.tell()
        self.thread.join(GRACE_S)
        self._sessions.cut()
        if not self._sessions.is_dialling:
            self.thread.join(30)


def _end_all(mailboxes: Iterable[_Mailbox]) -> None:
    """End them all at the same time."""
    ending = list(mailboxes)
    for one in ending:
        one.tell()
    for one in ending:
        one.end()


def keep_going(name: str, work: Callable[[], None], stop: threading.Event, pause_s: float = AGAIN_S) -> None:
    """Do the work of a thread. A mistake that ends it is logged, and it begins anew: without it mail or chat would stand
    still until somebody starts the engine again.
    """
    while not stop.is_set():
        try:
            work()
        except Exception:
            log.exception("the thread “%s” ended by mistake; it begins anew", name)
            stop.wait(pause_s)
        else:
            return


def run_until_told(desk: Desk) -> bool:
    """Run an engine until SIGTERM, SIGINT or (Windows) Ctrl-Break, or until another process says stop.

    True if a package asked it to leave and come back.
    """
    file_limit.allow_enough()
    engine, comes_back = Engine(desk), threading.Event()

    def leave() -> None:
        comes_back.set()
        engine.stop()

    relaunch.on_request(leave)
    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        number = getattr(signal, name, None)
        if number is not None:
            signal.signal(number, lambda *_: engine.stop())
    engine.run()
    return comes_back.is_set()
