"""Plain inserts for what arrives in bulk: without the unit of work, which costs three times as much a row.

Such rows wait in the transaction and go out together, one statement a table (`Tx.unwritten`).

The flush listener does not see such rows: whoever writes them says what changed with `tx.touch`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import insert

from app.kernel.database.base import Base
from app.kernel.database.bulk import Bulk
from app.kernel.database.transaction import Tx


def insert_row(tx: Tx, model: type[Base], row: dict[str, Any]) -> None:
    """Insert one row, when the transaction next writes; columns that are left out get their defaults."""
    waiting = tx.unwritten(_insert(model, False, tuple(row)))
    waiting[len(waiting)] = row


def insert_rows(tx: Tx, model: type[Base], rows: Sequence[dict[str, Any]], *, ignore: bool = False) -> None:
    """Insert rows with the same columns each; `ignore`: those that are there already stay as they are."""
    if rows:
        waiting = tx.unwritten(_insert(model, ignore, tuple(rows[0])))
        waiting.update(enumerate(rows, len(waiting)))


@lru_cache(maxsize=256)
def _insert(model: type[Base], ignore: bool, columns: tuple[str, ...]) -> Bulk:
    statement = insert(model.__table__)  # type: ignore[arg-type]
    if ignore:
        from sqlalchemy.dialects.sqlite import insert as upsert

        statement = upsert(model.__table__).on_conflict_do_nothing()  # type: ignore[arg-type]
    return Bulk(statement, columns)
