"""Where a bench's programs live: a folder, a keyring and a byte-code cache of their own, nothing of the person's."""

from __future__ import annotations

import os
from pathlib import Path


def surroundings(folder: Path) -> dict[str, str]:
    """The environment for programs that a bench starts.

    Byte code is kept in `folder`: start is measured as it is from the second time on, even where the checkout's own
    environment forbids keeping it.
    """
    words = {name: word for name, word in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return words | {
        "PYTHON_KEYRING_BACKEND": "keyrings.alt.file.PlaintextKeyring",
        "XDG_DATA_HOME": str(folder / "keyring"),
        "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
    }
