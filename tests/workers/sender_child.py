"""A process that sends what is due on a small desk, for tests that kill it in the middle.

    python tests/workers/sender_child.py FOLDER PHASE PORT

At `PHASE` (`claimed`, `connect`, `envelope`, `data`), once it is committed, it says so on standard output and waits to
be killed; `none` runs to the end.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import app.schema  # noqa: F401 - the order of tables is known only when all are
from app.kernel.database.store import Store
from app.kernel.files.blobs import Packs
from app.workers.sending.senders import send_due


def main(folder: Path, phase: str) -> None:
    """Send, stopping for good at `phase`."""
    store, packs = Store(folder / "desk.db"), Packs(folder / "packs")

    def do(command: Any, *args: Any, **kwargs: Any) -> Any:
        with store.write(command.__name__) as tx:
            result = command(tx, *args, **kwargs)
        reached = {"claim": "connect", "set_phase": str(args[1]) if len(args) > 1 else ""}.get(command.__name__)
        if reached == phase:
            print("reached", flush=True)
            threading.Event().wait()
        return result

    def ask(query: Any, *args: Any, **kwargs: Any) -> Any:
        with store.read() as db:
            return query(db, *args, **kwargs)

    counts = send_due(do, ask, packs, lambda _: "password", threading.Event())
    print(counts, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
