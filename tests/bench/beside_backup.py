"""`python -m tests.bench.beside_backup MB`: a backup file of a desk of so many megabytes, alone and beside a running import.

A real window shows the desk and somebody works in it; an engine takes in mails from a Dovecot and makes the backup, as it does
for a person. Measured: how long the event loop does not turn, idle, while only mail comes in, and while the backup is made, too;
how long a person's commands take; and the time beside `cp -r` and `sync` of the same folder. Prints the figures as JSON.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from PySide6.QtWidgets import QApplication

from app.cli.benchmarks import mails
from app.cli.benchmarks.figures import Figure, in_turns, median, p95, ratio
from app.conversations.commands import add_blob
from app.desk import Desk
from app.desk.maintenance import backup_job
from app.desk.sample import fill_many
from app.desk.viewing.files import take_bytes
from app.kernel.database.transaction import Tx
from app.kernel.files.blobs import BlobRef
from tests.bench.lively import Driven, _engine, _for, _observed
from tests.bench.pauses import Pauses
from tests.bench.window import screen
from tests.servers.dovecot import Dovecot
from ui.bridge import quicken, settle
from ui.pages.backing_up import backups_of

BENCH, TICKETS, FILE = "backup", 20_000, 4_000_000
LONG_MS = 50
FEWEST, MOST = 1_000, 10_000
"""Mails that wait to be taken in while it is measured."""


def filled(folder: Path, size: int) -> None:
    """A desk of `size` megabytes, most of it packed attachments."""
    with Desk.open(folder, create=True) as desk:
        fill_many(desk, TICKETS)
        for _ in range(size * 1_000_000 // FILE // 10 + 1):
            refs = [take_bytes(desk, "file.bin", os.urandom(FILE)).ref for _ in range(10)]
            desk.work(_known, refs)


def _known(tx: Tx, refs: list[BlobRef]) -> None:
    for ref in refs:
        add_blob(tx, ref)


def alone(folder: Path, scratch: Path, rounds: int) -> list[Figure]:
    """The file, plain and locked, beside a copy of the same folder; nothing else is at work."""
    target, copy = scratch / "alone.deskbell", scratch / "copy"

    def timed(work: Callable[[], object]) -> float:
        target.unlink(missing_ok=True)
        shutil.rmtree(copy, ignore_errors=True)
        os.sync()
        began = time.perf_counter()
        work()
        os.sync()
        return time.perf_counter() - began

    def write(passphrase: str | None) -> None:
        with Desk.open(folder) as desk:
            backup_job.make_here(
                desk,
                backup_job.file_order(target, replace=True, passphrase=passphrase, with_passwords=False),
            )

    times = in_turns(
        {
            "copy": lambda: timed(lambda: subprocess.run(["cp", "-r", folder, copy], check=True)),
            "plain": lambda: timed(lambda: write(None)),
            "locked": lambda: timed(lambda: write("four plain words here")),
        },
        rounds,
    )
    target.unlink()
    shutil.rmtree(copy, ignore_errors=True)
    return [
        Figure(BENCH, "cp -r and sync of the folder", median(times["copy"]), "s", rounds),
        Figure(BENCH, "one file, read again", median(times["plain"]), "s", rounds),
        Figure(BENCH, "one file under a passphrase, read again", median(times["locked"]), "s", rounds),
        ratio(BENCH, "one file beside cp", times["plain"], times["copy"]),
    ]


def beside_import(folder: Path, scratch: Path, count: int) -> list[Figure]:
    """The window while mail comes in, and while the engine makes a backup as well."""
    source = scratch / "arriving"
    for part in ("cur", "new", "tmp"):
        (source / part).mkdir(parents=True)
    for number, raw in enumerate(mails.mails(count)):
        (source / "new" / f"{1_700_000_000 + number}.{number}.bench").write_bytes(raw)
    quicken()  # as `ui.main` does
    app = QApplication([])
    with Desk.open(folder) as desk, Dovecot(scratch / "dovecot") as server:
        driven = Driven(app, desk)
        settle()
        account = server.new_user("bench")
        idle, _ = _observed(driven, lambda: _for(5.0))
        engine = _engine(desk, server, account, scratch)
        try:
            driven.rest(3.0)
            server.deliver_all(account, source)
            importing, at_import = _observed(driven, lambda: _for(5.0))
            target = scratch / "beside.deskbell"
            began = time.perf_counter()
            both, at_both = _observed(driven, lambda: _written(driven, target))
            took = time.perf_counter() - began
        finally:
            engine.terminate()
            engine.wait(60)
            driven.close()
        size = target.stat().st_size / 1e6
    return [
        *_gaps("idle", idle),
        *_gaps("while mail comes in", importing),
        *_gaps("while mail comes in and a backup is made", both),
        Figure(BENCH, "a command while mail comes in, p95", p95(at_import), "ms", len(at_import)),
        Figure(BENCH, "a command while a backup is made, too, p95", p95(at_both), "ms", len(at_both)),
        Figure(BENCH, "one file beside the import", round(took, 1), "s", 1, f"{size:,.0f} MB, {size / took:,.0f} MB/s"),
    ]


def _written(driven: Driven, target: Path) -> Callable[[], bool]:
    """Ask for the file in the window; true once the window knows that it is done."""
    backups = backups_of(driven.window.context)
    backups.write(target)
    return lambda: not backups.is_running and target.exists()


def _gaps(what: str, pauses: Pauses) -> list[Figure]:
    wall, seconds = sorted(pauses.wall), sum(pauses.wall) / 1e3
    long = [(wait, whole) for wait, whole in zip(pauses.waiting, pauses.wall, strict=True) if whole > LONG_MS]
    parts = [
        f"p99 {wall[int(len(wall) * 0.99)]:.1f} ms",
        f"{len(long)} above {LONG_MS} ms in {seconds:.1f} s",
        f"its own processor time at most {max(pauses.processor):.1f} ms",
    ]
    if long:
        share = sum(wait for wait, _ in long) / sum(whole for _, whole in long)
        parts.append(f"{share:.0%} of the long ones without a free processor")
    note = "; ".join(parts)
    return [Figure(BENCH, f"longest pause of the event loop {what}", round(wall[-1], 1), "ms", len(wall), note)]


def main(size: int) -> list[Figure]:
    """Everything, in a folder of its own that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="deskbell-bench-") as name, screen() as around:
        os.environ.update(around)
        folder, scratch = Path(name) / "desk", Path(name)
        print(f"making a desk of {size} MB …", file=sys.stderr, flush=True)
        filled(folder, size)
        figures = alone(folder, scratch, 3 if size <= 1_000 else 1)
        return figures + beside_import(folder, scratch, min(MOST, max(FEWEST, 4 * size)))


if __name__ == "__main__":
    print(json.dumps([asdict(figure) for figure in main(int(sys.argv[1]))]))
