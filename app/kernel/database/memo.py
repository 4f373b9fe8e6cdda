"""What one transaction remembers so that it need not ask twice.

Receiving calls the same look-ups for every mail of a batch. A savepoint that is rolled back may take back what was
remembered, so every rollback forgets all of it; the next look-up asks the database again.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import event

from app.kernel.database.transaction import Tx

_KEY = "memo"


def memo(tx: Tx, name: str) -> dict[Any, Any]:
    """The dictionary called `name` of this transaction; empty at first and after every rollback."""
    found: dict[Any, Any] = tx.info.setdefault(_KEY, {}).setdefault(name, {})
    return found


@event.listens_for(Tx, "after_soft_rollback")
def _forget(tx: Tx, _previous: object) -> None:
    tx.info.pop(_KEY, None)
