"""The program as it is shipped: one executable that is window, command line, engine and readers, with all libraries beside it.

Its loader puts its own folder in front of the paths on which libraries are looked for. That is meant for this process only: a
browser or a file manager that we start would load our libraries instead of its own and fail, so the surroundings are put back
as soon as Python runs. (The loader has read them by then, and a second one of ours sets them anew.)
"""

from __future__ import annotations

import os
import sys
from collections.abc import MutableMapping
from pathlib import Path

_LOADER_PATHS = ("LD_LIBRARY_PATH", "LIBPATH")
_LOADER_WORDS = "_PYI_"


def is_frozen() -> bool:
    """Is this the shipped program, and not Python running the sources?"""
    return bool(getattr(sys, "frozen", False))


def restore_surroundings(surroundings: MutableMapping[str, str] = os.environ) -> None:
    """Take out of the environment what the loader put into it for this process."""
    for name in _LOADER_PATHS:
        before = surroundings.pop(f"{name}_ORIG", None)
        if before:
            surroundings[name] = before
        elif is_frozen():
            surroundings.pop(name, None)
    for name in [name for name in surroundings if name.startswith(_LOADER_WORDS)]:
        del surroundings[name]


def command(*words: str) -> list[str]:
    """How to run this very program with some words, without a window of its own: shipped, or from the sources."""
    if not is_frozen():
        return [sys.executable, "-m", "app", *words]
    console = Path(sys.executable).with_name("deskbell-cli.exe")
    return [str(console) if os.name == "nt" and console.exists() else sys.executable, *words]


def window_command(*words: str) -> list[str]:
    """How to start the window."""
    return [sys.executable, *words] if is_frozen() else [sys.executable, "-m", "ui", *words]
