"""The window while two hundred visitors write: `python -m tests.bench.chat_window VISITORS` prints its figures as JSON.

A real engine serves them, a process of its own is them, and the window is this one: first with the page of chats in front and a
chat of one's own open, then with the inbox. The pauses of its event loop are measured as in `lively`, by the clock and of its own
processor time; what a shared machine adds is only in the first.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.cli.benchmarks.chat_desk import Scale, process
from app.cli.benchmarks.chatting import free_port, prepare, visit, wait_for
from app.cli.benchmarks.figures import Figure
from app.cli.benchmarks.surroundings import surroundings
from app.desk import Desk
from app.people.commands import add_agent
from tests.bench.window import screen

_FEW = Scale(visitors=3, messages=1, spread_s=0.5)
_MESSAGES = 10


def talked(port: int, scale: Scale) -> None:
    """All of them come, write and go."""
    visit(port, scale, seed=1, places=True)


def figures(folder: Path, port: int, scale: Scale) -> list[Figure]:
    """Both pages in turn, in one window, each with as many visitors who are new to it."""
    from PySide6.QtWidgets import QApplication

    from tests.bench.lively import Driven
    from ui.bridge import quicken, settle

    quicken()
    app = QApplication([])
    with Desk.open(folder) as desk:
        driven = Driven(app, desk)
        settle()
        try:
            return [*_beside(driven, "chats", port, scale), *_beside(driven, "inbox", port, scale)]
        finally:
            driven.close()


def _beside(driven: Any, name: str, port: int, scale: Scale) -> list[Figure]:
    from tests.bench.pauses import Pauses

    driven.window.go(name)
    page = driven.window._pages[name]
    if name == "chats":
        driven.until(lambda: page.overview is not None and page.overview.waiting)
        page.open(page.overview.waiting[0].id)
        driven.until(lambda: page.row is not None)
    driven.rest(1.0)
    with _visitors(port, scale) as people, Pauses(driven) as pauses:
        driven.until(lambda: people.poll() is not None)
    if people.returncode:
        raise SystemExit("the visitors were not answered")
    driven.rest()
    wall, own = sorted(pauses.wall), sorted(pauses.processor)
    what = f"while visitors write, {name} in front"
    told = f"{scale.words}; p99 {wall[int(len(wall) * 0.99)]:.1f} ms; waited for a processor {max(pauses.waiting):.1f} ms at most"
    return [
        Figure("chat", f"longest pause of the window {what}", round(wall[-1], 1), "ms", len(wall), told),
        Figure("chat", f"its own part of a pause {what}, at most", round(own[-1], 1), "ms", len(own), "processor time"),
    ]  # fmt: skip


@contextlib.contextmanager
def _visitors(port: int, scale: Scale) -> Iterator[subprocess.Popen[bytes]]:
    people = subprocess.Popen([sys.executable, "-m", __spec__.name, "--visit", str(port), str(scale.visitors)])
    try:
        yield people
    finally:
        people.terminate()
        people.wait()


def main() -> int:
    """Measure and print; or, with `--visit PORT`, be the visitors."""
    *words, many = sys.argv[1:]
    scale = Scale(visitors=int(many), messages=_MESSAGES)
    if words:
        talked(int(words[1]), scale)
        return 0
    with tempfile.TemporaryDirectory(prefix="deskbell-bench-chat-") as name, screen() as display:
        scratch, port = Path(name), free_port()
        os.environ.update(surroundings(scratch) | display)
        prepare(scratch / "desk", port)
        with Desk.open(scratch / "desk") as desk:
            desk.sit_down(desk.work(add_agent, "Ann"))
        with process("app", "--data", str(scratch / "desk"), "engine"):
            wait_for(port)
            talked(port, _FEW)
            found = figures(scratch / "desk", port, scale)
    print(json.dumps([asdict(figure) for figure in found]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
