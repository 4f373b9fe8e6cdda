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
from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID

from app.desk import Desk
from app.desk.maintenance import backup_job
from app.inbox.queries import receiving_mailboxes
from app.kernel import clock, secrets
from app.kernel.database.changes import Changes
from app.kernel.errors import UserError
from app.kernel.program import file_limit, relaunch
from app.kernel.state import jobs, signals
from app.live_mailboxes import LiveMailboxes
from app.passes import Pass, due_backups, engine_lock, receive_from, reconcile, told
from app.workers import timers
from app.workers.clock_watch import ClockWatch
from app.workers.index_tidying import IndexTidying
from app.workers.parsing import ParsePool
from app.workers.receiving.intake import WITH_WINDOW
from app.workers.sending import senders

log = logging.getLogger(__name__)

TIMER_S = 15.0
AGAIN_S: Final = 5.0
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
        self._live = LiveMailboxes(desk, self._stop, self._clock.servers.arrived)
        self._passes: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._sender = senders.Sender(*work, doubt, lambda mailbox: self._live.look_into([mailbox]))
        self._timer_wake = threading.Event()
        self._tidying = IndexTidying(desk.land, desk.ask)
        self._files_wake = threading.Event()
        self._backup_wake, self._leaves = threading.Event(), threading.Event()
        from app.workers.chat.service import ChatThread  # a pass of the command line does without

        self._chat = ChatThread(desk, desk.packs, secrets.load_secret, desk.workspace.arrivals)
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
                self._live.see(self._pool)  # before anything is sent: what waited is sent after a look for new mail
                self._begin("send", self._send)
                self._begin("passes", self._make_passes)
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
            self._live.see(self._pool)
            self._send_wake.set()
        elif topic == "pass_wanted":
            self._passes.put(payload)
        else:
            self._live.wake_all()
            self._sender.try_again()
            self._send_wake.set()
            self._timer_wake.set()

    # -- passes

    def _make_passes(self) -> None:
        """One after the other, on a thread of its own: a server that says nothing holds up no other word."""
        while (payload := self._passes.get()) is not _END:
            self._pass(payload)

    def _pass(self, payload: dict[str, Any]) -> None:
        """Do what the command line waits for. Each mailbox is live again as soon as the pass has done with it."""
        wanted = UUID(payload["mailbox"]) if payload.get("mailbox") else None
        done, keys = Pass(), [wanted] if wanted else list(self._desk.ask(receiving_mailboxes))
        try:
            self._live.lend(keys)
            if payload["what"] == "reconcile":
                done.problems += reconcile(self._desk, wanted, self._stop, ended=self._give_back)
            else:
                self._work_through(keys, done)
        except Exception as error:  # noqa: BLE001 - told to who waits
            done.problems.append(told(error))
        finally:
            self._live.give_back(keys, self._pool)
        self._desk.work(signals.send, "pass_done", {"id": payload["id"], **vars(done)}, ttl_s=300)

    def _work_through(self, keys: Sequence[UUID], done: Pass) -> None:
        """Receive, timers, send; and receive what was sent."""
        receive_from(self._desk, keys, self._pool, self._stop, done, WITH_WINDOW, ended=self._give_back)
        timers.timers_pass(self._desk.work, self._desk.ask, doubt=self._clock.doubt)
        self._sender.try_again()
        done.gave(self._sender.send_due())
        if done.sent:
            self._live.look_into(keys)

    def _give_back(self, mailbox: UUID) -> None:
        self._live.give_back([mailbox], self._pool)

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

    def _end(self) -> None:
        self._stop.set()
        self._send_wake.set()
        self._timer_wake.set()
        self._files_wake.set()
        self._backup_wake.set()
        self._passes.put(_END)
        self._chat.stop()
        self._live.end()
        for thread in self._threads:
            thread.join(30)

    def _say(self, state: str) -> None:
        self._desk.work(signals.send, "engine_state", {"state": state}, ttl_s=86_400)


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
