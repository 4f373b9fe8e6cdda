"""`sync` and `engine`: making things happen, here or in the engine that is running."""

from __future__ import annotations

import argparse
import secrets
import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from app import engine as engines
from app import passes
from app.cli.opening import mailbox_of, opened
from app.cli.output import Output
from app.conversations.queries import mailboxes
from app.desk import Desk
from app.desk.entering import ENGINE
from app.desk.supervisor import end_engine, engine_pid
from app.kernel import log
from app.kernel.database.changes import Changes
from app.kernel.errors import UserError
from app.kernel.files.paths import Workspace, default_folder
from app.kernel.program import frozen, relaunch
from app.kernel.state import jobs, signals

PATIENCE_S = 60.0
PROGRESS_S = 2.0


def engine(args: argparse.Namespace, out: Output) -> int:
    """Receive and send until told to stop, or have the engine that does so come to its end."""
    if args.stop:
        ended = end_engine(Workspace((args.data or default_folder()).expanduser().absolute()))
        out.one({"ended": ended}, "The engine has ended." if ended else "No engine is running.")
        return 0
    with opened(args, role=ENGINE) as desk:
        log.configure("engine", desk.workspace.logs)
        comes_back = engines.run_until_told(desk)
        folder = desk.workspace.folder
    if comes_back:
        relaunch.come_back(frozen.command("engine", "--data", str(folder)))
    return 0


def sync(args: argparse.Namespace, out: Output) -> int:
    """One pass; 1 when a mailbox could not be reached or signed in to."""
    with opened(args) as desk:
        if not desk.ask(mailboxes):
            msg = "No mailbox is connected. Connect one: deskbell mailbox add --help"
            raise UserError(msg)
        done = ask_or_do(desk, "sync", args.mailbox)
    problems = done.pop("problems")
    for words in problems:
        out.progress(f"deskbell: {words}")
    out.one(
        done, ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in done.items() if count) or "Nothing new."
    )
    return 1 if problems else 0


def ask_or_do(desk: Desk, what: str, address: str) -> dict[str, Any]:
    """Have a pass (`sync` or `reconcile`) done by the running engine, or do it here under the engine lock.

    Its counts, and under `problems` what could not be done, in sentences. Raises UserError with the holder's pid when
    neither works within a minute.
    """
    key = _mailbox_id(desk, address)
    deadline = time.monotonic() + PATIENCE_S
    while True:
        if engine_pid(desk.workspace) is None:
            try:
                with passes.engine_lock(desk):
                    return _do(desk, what, key)
            except UserError as error:
                if "Another engine" not in str(error) or time.monotonic() > deadline:
                    raise
        answer = _ask(desk, what, key, deadline)
        if answer is not None:
            return answer
        if time.monotonic() > deadline:
            msg = f"The engine of this desk (process {engine_pid(desk.workspace)}) did not answer within a minute."
            raise UserError(msg)


def finish_job(desk: Desk, job: UUID, progress: Callable[[str], object] = lambda _words: None) -> jobs.JobInfo:
    """Wait until a job has ended; without an engine running it is worked off here, under the engine lock.

    `progress` is told every now and then how far it is. Raises UserError with the job's own words when it failed.
    """
    moved = threading.Event()
    told = [time.monotonic()]

    def heard(changes: Changes) -> None:
        if not changes.touches("job"):
            return
        moved.set()
        if time.monotonic() - told[0] > PROGRESS_S:
            told[0] = time.monotonic()
            now = desk.ask(jobs.info, job)
            progress(f"{now.done:,} of {now.total:,}")

    quit_listening = desk.listen(heard)
    try:
        while (info := desk.ask(jobs.info, job)).state in (jobs.WAITING, jobs.RUNNING):
            if engine_pid(desk.workspace) is None:
                with passes.engine_lock(desk, wait_s=2.0):
                    jobs.work_off(desk.store)
            else:
                moved.wait(1.0)
                moved.clear()
    finally:
        quit_listening()
    if info.state == jobs.FAILED:
        raise UserError(info.error)
    return info


def _do(desk: Desk, what: str, key: UUID | None) -> dict[str, Any]:
    if what == "reconcile":
        return {"problems": passes.reconcile(desk, key)}
    return vars(passes.one_pass(desk, key))


def _ask(desk: Desk, what: str, key: UUID | None, deadline: float) -> dict[str, Any] | None:
    """The running engine's answer; None when it is gone or time is up."""
    token = secrets.token_hex(8)
    answers: list[dict[str, Any]] = []
    answered = threading.Event()

    def heard(changes: Changes) -> None:
        for word in changes.signals:
            if word.topic == "pass_done" and word.payload.get("id") == token:
                answers.append(dict(word.payload))
                answered.set()

    quit_listening = desk.listen(heard)
    try:
        desk.work(signals.send, "pass_wanted", {"id": token, "what": what, "mailbox": str(key) if key else None})
        while not answered.wait(0.2):
            if time.monotonic() > deadline or engine_pid(desk.workspace) is None:
                return None
    finally:
        quit_listening()
    answers[0].pop("id")
    return answers[0]


def _mailbox_id(desk: Desk, address: str) -> UUID | None:
    if not address:
        return None
    return mailbox_of(desk, address).id
