"""Every screen in several sizes, looks and languages, under the lints: what the test of all screens and a look by hand share.

`python -m tests.ui.screens [SCENE …]` prints what it finds; with `QT_SCALE_FACTOR=1.5` it does so at that scale, which Qt
only learns when a program starts. `--desk FOLDER` takes the sample desk that lies there, instead of filling one.
"""

from __future__ import annotations

import argparse
import functools
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("PYTHON_KEYRING_BACKEND", "keyrings.alt.file.PlaintextKeyring")

from PySide6.QtCore import QCoreApplication, QTranslator
from PySide6.QtWidgets import QApplication

from app.desk import Desk
from tests.screenshots.scenes import SCENES
from tests.screenshots.studio import Studio, stand_still
from tests.screenshots.world import Desks
from tests.ui.lint import Finding, findings, painted_faults
from ui.theme import Choice

TICKETS = 60
CALM_S = 0.05
WIDTHS = (960, 1280, 1720)
HEIGHT, LOWEST = 800, 640
"""A window as it usually is, and as low as it can be made: sheets must fit into that, too."""

Look = tuple[Choice, int, int]
"""Colours, width, height."""
LOOKS: dict[str, tuple[Look, ...]] = {
    "en": tuple(("light", width, HEIGHT) for width in WIDTHS),
    "de": (("dark", WIDTHS[0], LOWEST),),
}
"""What a window is looked at in. It is opened in the first look: to change that of a full window costs most of all."""

SCALED: dict[str, tuple[Look, ...]] = {"en": (("contrast", WIDTHS[0], HEIGHT),), "ja": (("light", WIDTHS[0], LOWEST),)}
"""The same at another scale."""

_PARTS = re.compile(r"(\{\w+\}|\|)")


class Stretched(QTranslator):
    """A language that nobody speaks: as long as German (+40 %), or in Japanese letters. Placeholders stay as they are."""

    def __init__(self, tongue: str) -> None:
        super().__init__()
        self._tongue = tongue

    def isEmpty(self, /) -> bool:  # noqa: N802 - Qt's name
        return False

    def translate(self, context: str, source: str, disambiguation: str | None = None, n: int = -1, /) -> str:
        return _stretched(source, self._tongue)


@functools.cache  # every window asks for the same few thousand texts
def _stretched(source: str, tongue: str) -> str:
    return "".join(part if _PARTS.fullmatch(part) else _said(part, tongue) for part in _PARTS.split(source))


def _said(text: str, tongue: str) -> str:
    letters = sum(one.isalpha() for one in text)
    if tongue == "ja":
        kana = "設定の受信箱をお客様に返信する予定です"
        return "".join(
            kana[n % len(kana)] if one.isalpha() else one for n, one in enumerate(text[: len(text) // 2 + 1])
        )
    more = round(letters * 0.4)
    return text + "ungsbedarf"[:more] if more else text


@contextmanager
def speaking(tongue: str) -> Iterator[None]:
    """The program's words in a stretched language (`en`: as they are)."""
    translator = Stretched(tongue)
    if tongue != "en":
        QCoreApplication.installTranslator(translator)
    try:
        yield
    finally:
        QCoreApplication.removeTranslator(translator)


def faults(studio: Studio, desk: Desk, name: str, tongue: str, looks: tuple[Look, ...]) -> list[str]:
    """What the lints find on a scene in these looks and widths, in words that say where."""
    found: list[str] = []
    with speaking(tongue), studio.opened(desk, looks[0][0], looks[0][1:]):
        SCENES[name].go(studio, desk)
        for look, width, height in looks:
            studio.show(look, (width, height))
            found += [f"{name} {tongue} {look} {width}: {one}" for one in _lasting(studio)]
    return found


def _lasting(studio: Studio) -> list[Finding]:
    """What is found and stays: layouts take some turns of the event loop to come to rest."""
    for calm_s in (0.2, 0.5, 1):
        if not _look(studio):
            return []
        studio.settle(calm_s)
    return _look(studio)


def _look(studio: Studio) -> list[Finding]:
    window, sheet = studio.shown, studio.shown.overlay.current()
    painted = painted_faults(sheet if sheet is not None else window)  # what lies behind a sheet is dimmed on purpose
    return [
        *findings(window),
        *painted,
        *(one for over in studio.over() for one in (*findings(over), *painted_faults(over))),
    ]


def main(arguments: list[str]) -> int:
    """Print what is found on the scenes that are named (default: all)."""
    parser = argparse.ArgumentParser(description="Look at screens under the lints.")
    parser.add_argument("names", nargs="*", default=[])
    parser.add_argument("--desk", type=Path)
    options = parser.parse_args(arguments)
    os.environ["XDG_DATA_HOME"] = tempfile.mkdtemp(prefix="deskbell-screens-keyring-")
    stand_still()
    studio = Studio(QApplication(["deskbell"]), calm_s=CALM_S)
    count, wanted = 0, SCALED if "QT_SCALE_FACTOR" in os.environ else LOOKS
    with Desks(TICKETS, options.desk) as desks:
        for name in options.names or SCENES:
            for tongue, looks in wanted.items():
                with desks.of(SCENES[name].desk) as desk:
                    for line in faults(studio, desk, name, tongue, looks):
                        count += 1
                        print(line, flush=True)
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
