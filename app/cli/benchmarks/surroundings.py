"""Where a bench's programs live: a folder, a keyring and a byte-code cache of their own, nothing of the person's."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_PREFIX: Final = "PYTHONPYCACHEPREFIX"


def surroundings(folder: Path) -> dict[str, str]:
    """The environment for programs that a bench starts.

    Byte code is kept in `folder`: start is measured as it is from the second time on, even where the checkout's own
    environment forbids keeping it.
    """
    words = {name: word for name, word in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return words | {
        "PYTHON_KEYRING_BACKEND": "keyrings.alt.file.PlaintextKeyring",
        "XDG_DATA_HOME": str(folder / "keyring"),
        _PREFIX: str(_byte_code(folder)),
    }


@contextlib.contextmanager
def byte_code_in(folder: Path) -> Iterator[None]:
    """Processes of the program that this one starts meanwhile find the byte code that programs with these surroundings kept:
    what is measured inside the bench must not read sources anew for each of its helpers, which no installed program does.
    """
    before = os.environ.get(_PREFIX)
    os.environ[_PREFIX] = str(_byte_code(folder))
    try:
        yield
    finally:
        if before is None:
            del os.environ[_PREFIX]
        else:
            os.environ[_PREFIX] = before


def _byte_code(folder: Path) -> Path:
    return folder / "bytecode"
