"""`deskbell`: the window, or the command line.

What is meant is decided by the words given, before Qt is imported: `deskbell` alone, with options of the window or with a link
or backup file opens the window; any command is handed to the command line, which works without a display.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.kernel.program.activation import Asked, asked_by, is_meant_for_window


@dataclass(frozen=True, slots=True)
class Start:
    """How to start the window: on which folder (None: the usual one), with an engine or not, shown or not, and for what."""

    data: Path | None = None
    engine: bool = True
    background: bool = False
    asked: Asked | None = None


def main(argv: Sequence[str] | None = None) -> int:
    """Open the window or run a command; the exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    start = wanted(words)
    if start is None:
        from app.cli import main as command_line

        return command_line(words)
    if sys.platform.startswith("linux") and not _has_display():
        print("deskbell: there is no display here. The command line works: deskbell --help", file=sys.stderr)  # noqa: T201
        return 1
    gc.disable()  # until the first screen is painted, see `ui.bridge.settle`: all that is imported stays anyway
    from ui.main import Options, run

    return run(Options(start.data, start.engine, start.background, start.asked))


def wanted(words: Sequence[str]) -> Start | None:
    """How to start the window if it is meant, None for the command line."""
    data: Path | None = None
    engine, background = True, False
    asked: Asked | None = None
    rest = iter(words)
    for word in rest:
        if word == "--data":
            value = next(rest, None)
            if value is None:
                return None
            data = Path(value)
        elif word.startswith("--data="):
            data = Path(word.partition("=")[2])
        elif word == "--no-engine":
            engine = False
        elif word == "--background":
            background = True
        elif asked is None and is_meant_for_window(word):
            asked = asked_by(word, Path.cwd())
        else:
            return None
    return Start(data, engine, background, asked)


def _has_display() -> bool:
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


if __name__ == "__main__":
    sys.exit(main())
