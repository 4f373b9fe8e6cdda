"""`python -m tests.screenshots [FOLDER [SCENE …]]`: the screens of the sample desk, at one frozen moment.

Without scenes, all of them in light and dark and the first run; with scenes, only those, in light.

A scene is a name and how to get there. The pictures are for looking at: open each beside
its forerunner after every visible change.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("PYTHON_KEYRING_BACKEND", "keyrings.alt.file.PlaintextKeyring")

from PySide6.QtWidgets import QApplication

from app.desk import Desk
from app.desk.sample import fill
from app.search.queries import search
from tests.screenshots.studio import NARROW, WIDE, Studio, stand_still
from ui.pages.inbox.page import Page as Inbox
from ui.theme import Choice

HERE = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
LOOKS: tuple[Choice, ...] = ("light", "dark")
TICKETS = 200

Scene = Callable[[Studio, Desk], object]


def _ticket(studio: Studio, desk: Desk, words: str) -> None:
    """Open the newest ticket that has these words."""
    hit = next(hit for hit in desk.ask(search, words, limit=20) if hit.ticket is not None)
    studio.go("inbox", ticket=hit.ticket)


def _inbox(studio: Studio, _desk: Desk) -> None:
    studio.go("inbox", view="to_do")
    page = studio.page(Inbox)
    page.list.rows.step(1)
    studio.wait(lambda: page.shown is not None, "a ticket")


def _long(studio: Studio, desk: Desk) -> None:
    _ticket(studio, desk, "is:waiting has:attachment")


def _found(studio: Studio, _desk: Desk) -> None:
    studio.go("inbox", view="to_do")
    studio.page(Inbox).list.search.setText("lamp")
    studio.settle()


def _customer(studio: Studio, desk: Desk) -> None:
    hit = next(hit for hit in desk.ask(search, "has:survey", limit=5))
    studio.go("customers", customer=hit.customer)


def _palette(studio: Studio, _desk: Desk) -> None:
    studio.go("inbox", view="to_do")
    studio.shown.open_palette()
    studio.settle()


def _shortcuts(studio: Studio, _desk: Desk) -> None:
    studio.go("board")
    studio.shown.open_shortcuts()
    studio.settle()


SCENES: dict[str, Scene] = {
    "inbox": _inbox,
    "conversation": _long,
    "search": _found,
    "new_mail": lambda studio, _desk: studio.go("inbox", new_to="ana@lindqvist.example"),
    "bin": lambda studio, _desk: studio.go("inbox", view="bin"),
    "board": lambda studio, _desk: studio.go("board"),
    "customers": lambda studio, _desk: studio.go("customers"),
    "customer": _customer,
    "satisfaction": lambda studio, _desk: studio.go("satisfaction"),
    "mail_health": lambda studio, _desk: studio.go("health"),
    "settings_mailboxes": lambda studio, _desk: studio.go("settings", category="mailboxes"),
    "settings_surveys": lambda studio, _desk: studio.go("settings", category="surveys"),
    "palette": _palette,
    "shortcuts": _shortcuts,
}


@contextmanager
def _desk(*, full: bool) -> Iterator[Desk]:
    with (
        tempfile.TemporaryDirectory(prefix="deskbell-pictures-") as folder,
        Desk.open(Path(folder), create=True) as desk,
    ):
        if full:
            fill(desk, tickets=TICKETS)
        yield desk


def _take(studio: Studio, desk: Desk, target: Path, look: Choice, size: tuple[int, int], names: dict[str, str]) -> None:
    """Take scenes in a window of their own each, so that none sees what another left."""
    for scene, name in names.items():
        studio.open(desk, look, size)
        try:
            if scene in SCENES:
                SCENES[scene](studio, desk)
            studio.settle()
            studio.take(target / f"{name}.png")
            print(name, flush=True)
        finally:
            studio.close()


def main(target: Path, scenes: list[str]) -> int:
    """Take the pictures into `target`."""
    os.environ["XDG_DATA_HOME"] = tempfile.mkdtemp(prefix="deskbell-pictures-keyring-")
    stand_still()
    studio = Studio(QApplication(["deskbell"]))
    if scenes:
        with _desk(full=True) as desk:
            _take(studio, desk, target, "light", WIDE, {scene: scene for scene in scenes})
        return 0
    with _desk(full=False) as empty:
        for look in LOOKS:
            _take(studio, empty, target, look, WIDE, {"first_run": f"first_run_{look}"})
    with _desk(full=True) as desk:
        for look in LOOKS:
            _take(studio, desk, target, look, WIDE, {scene: f"{scene}_{look}" for scene in SCENES})
        _take(studio, desk, target, "light", NARROW, {"inbox": "inbox_1024_light", "board": "board_1024_light"})
        _take(studio, desk, target, "contrast", WIDE, {"inbox": "inbox_contrast"})
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE, sys.argv[2:]))
