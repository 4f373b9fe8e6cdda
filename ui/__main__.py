"""`deskbell`: the window, or the command line.

What is meant is decided by the words given, before Qt is imported: `deskbell` alone or with `--data DIR` opens the window; any
command is handed to the command line, which works without a display.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str] | None = None) -> int:
    """Open the window or run a command; the exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    start = wanted(words)
    if start is None:
        from app.cli import main as command_line

        return command_line(words)
    data, engine = start
    if sys.platform.startswith("linux") and not _has_display():
        print("deskbell: there is no display here. The command line works: deskbell --help", file=sys.stderr)  # noqa: T201
        return 1
    gc.disable()  # until the first screen is painted, see `ui.bridge.settle`: all that is imported stays anyway
    from ui.main import Options, run

    return run(Options(data, engine))


def wanted(words: Sequence[str]) -> tuple[Path | None, bool] | None:
    """(folder, whether to keep an engine running) if the window is meant, None for the command line."""
    data: Path | None = None
    engine = True
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
        else:
            return None
    return data, engine


def _has_display() -> bool:
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


if __name__ == "__main__":
    sys.exit(main())
