"""Plain inserts for what arrives in bulk: without the unit of work, which costs three times as much a row.

The flush listener does not see such rows: whoever writes them says what changed with `tx.touch`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Insert, insert

from app.kernel.store import Base, Tx


def insert_row(tx: Tx, model: type[Base], row: Mapping[str, Any]) -> None:
    """Insert one row; columns that are left out get their defaults."""
    tx.connection().execute(_insert(model), row)


def insert_rows(tx: Tx, model: type[Base], rows: Sequence[Mapping[str, Any]], *, ignore: bool = False) -> None:
    """Insert rows with the same columns each; `ignore`: those that are there already stay as they are."""
    if rows:
        tx.connection().execute(_insert(model, ignore), rows)


@lru_cache(maxsize=64)
def _insert(model: type[Base], ignore: bool = False) -> Insert:
    statement = insert(model.__table__)  # type: ignore[arg-type]
    if ignore:
        from sqlalchemy.dialects.sqlite import insert as upsert

        statement = upsert(model.__table__).on_conflict_do_nothing()  # type: ignore[arg-type]
    return statement
