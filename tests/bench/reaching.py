"""How soon mail that the server has just got is in an open window, and how that window does while thousands come in:
`python -m tests.bench.reaching`.

A small desk, its engine as a process of its own on a private Dovecot, a window on the list. Mails are delivered, and
the time runs until the list shows them all, painted. Then 10,000 are delivered at once, while somebody goes on working.
Prints the figures as JSON in its last line.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from dataclasses import asdict, replace
from email.utils import format_datetime
from pathlib import Path

from app.cli.benchmarks import mails
from app.cli.benchmarks.figures import Figure, absent, median
from app.cli.benchmarks.surroundings import surroundings
from app.desk import Desk
from app.desk.sample import fill_many
from app.kernel import clock
from tests.bench.window import screen
from tests.servers.dovecot import Dovecot, find_dovecot

MAILS, ROUNDS, TICKETS = 10, 7, 400
THOUSANDS = 10_000


def measured(folder: Path) -> tuple[list[float], list[Figure]]:
    """Seconds from the last delivery to the painted list, for each round; and how the window does in an import."""
    from PySide6.QtWidgets import QApplication

    from tests.bench.lively import Driven, _engine, brought_in
    from ui.bridge import quicken, settle

    quicken()
    app = QApplication([])
    with Dovecot(folder / "dovecot") as server, Desk.open(folder / "desk", create=True) as desk:
        fill_many(desk, TICKETS)
        account = server.new_user("bench")
        driven = Driven(app, desk)
        settle()
        engine = _engine(desk, server, account, folder)
        try:
            rows, shown = driven.inbox.list.rows, driven.inbox.model.rowCount
            times = []
            for _ in range(ROUNDS + 1):
                letters = [_letter() for _ in range(MAILS)]
                before = shown()
                for raw in letters:
                    server.deliver(account, raw)
                began = time.perf_counter()
                driven.until(lambda before=before: shown() >= before + MAILS)  # type: ignore[misc]
                rows.viewport().repaint()
                times.append(time.perf_counter() - began)
                driven.rest()
            busy = brought_in(driven, server, account, folder, engine, THOUSANDS)
            return times[1:], busy  # the first waits for the engine to be there
        finally:
            engine.terminate()
            engine.wait(60)
            driven.close()


def _letter() -> bytes:
    """A small mail from somebody new: each makes a ticket."""
    mark = os.urandom(6).hex()
    return (
        f"From: Somebody <{mark}@bench.example>\r\nTo: {mails.SHOP}\r\nSubject: New {mark}\r\n"
        f"Message-ID: <{mark}@bench.example>\r\nDate: {format_datetime(clock.now())}\r\n\r\nHello.\r\n"
    ).encode()


def main() -> int:
    """Measure and print."""
    figures = [absent("mail", "new mails in an open window", "Dovecot is not installed")]
    if find_dovecot() is not None:
        with tempfile.TemporaryDirectory(prefix="deskbell-bench-") as name, screen() as display:
            os.environ.update(surroundings(Path(name)) | display)
            times, busy = measured(Path(name))
        words = f"at most {max(times):.2f} s"
        figures = [Figure("mail", f"{MAILS} new mails in an open window", median(times), "s", len(times), words)]
        figures += [replace(one, bench="mail") for one in busy]
    print(json.dumps([asdict(figure) for figure in figures]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
