"""`python -m tests.screenshots [FOLDER [SCENE …]]`: the screens of the sample desk, at one frozen moment.

Without scenes, all of them in light and dark, and some in other sizes and looks; with scenes, only those, in light. The
pictures are for looking at: open each beside its forerunner after every visible change.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("PYTHON_KEYRING_BACKEND", "keyrings.alt.file.PlaintextKeyring")

from PySide6.QtWidgets import QApplication

from tests.screenshots.scenes import SCENES
from tests.screenshots.studio import NARROW, WIDE, Studio, stand_still
from tests.screenshots.widget import POSES, take_widget
from tests.screenshots.world import Desks
from ui.theme import Choice

HERE = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
TICKETS = 200

Shot = tuple[str, str, Choice, tuple[int, int]]
"""Scene, name of the picture, look, size."""

_EXTRA: tuple[Shot, ...] = (
    ("inbox", "inbox_1024_light", "light", NARROW),
    ("board", "board_1024_light", "light", NARROW),
    ("inbox", "inbox_contrast", "contrast", WIDE),
)


def _all() -> list[Shot]:
    looks: tuple[Choice, ...] = ("light", "dark")
    return [*((scene, f"{scene}_{look}", look, WIDE) for look in looks for scene in SCENES), *_EXTRA]


def take(target: Path, shots: Iterable[Shot]) -> None:
    """Take pictures in a window of its own each, so that none sees what another left."""
    studio = Studio(QApplication.instance() or QApplication(["deskbell"]))  # type: ignore[arg-type]
    with Desks(TICKETS) as desks:
        for scene, name, look, size in shots:
            with desks.of(SCENES[scene].desk) as desk, studio.opened(desk, look, size):
                SCENES[scene].go(studio, desk)
                studio.settle()
                studio.take(target / f"{name}.png")
                print(name, flush=True)


def main(target: Path, scenes: list[str]) -> int:
    """Take the pictures into `target`; with a scene that there is not, none."""
    if unknown := [scene for scene in scenes if scene not in SCENES and scene not in POSES]:
        print(
            f"There is no scene {', '.join(unknown)}. There are:",
            *sorted([*SCENES, *POSES]),
            sep="\n  ",
            file=sys.stderr,
        )
        return 2
    os.environ["XDG_DATA_HOME"] = tempfile.mkdtemp(prefix="deskbell-pictures-keyring-")
    stand_still()
    ours = [scene for scene in scenes if scene not in POSES]
    if ours or not scenes:
        take(target, [(scene, scene, "light", WIDE) for scene in ours] if scenes else _all())
    take_widget(target, [scene for scene in scenes if scene in POSES] if scenes else tuple(POSES))
    return 0


if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1].startswith("-"):
        print(__doc__, *SCENES, *POSES)
        sys.exit()
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE, sys.argv[2:]))
