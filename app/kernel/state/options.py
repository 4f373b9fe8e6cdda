"""Reading and writing the settings that `app.kernel.state.settings` declares, in their tables."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.kernel.database.tables import DeviceSettingRow, SettingRow
from app.kernel.database.transaction import Tx
from app.kernel.state import settings

ALL = UUID(int=0)
"""What the change log calls "the settings": there is one set of them."""


_VALUES = {  # made once: they are asked with nearly every command
    table: select(table.value).where(table.key == bindparam("key")) for table in (DeviceSettingRow, SettingRow)
}


def get(db: Session, key: str) -> Any:
    """The value of a declared setting, or its default. Raises UserError for one that is not declared."""
    return settings.parse(key, db.scalar(_VALUES[_table(key)], {"key": key}))


def put(tx: Tx, key: str, value: object) -> None:
    """Store a setting; raises UserError when the value does not fit."""
    raw = settings.dump(key, value)
    table = _table(key)
    row: Any = tx.get(table, key)
    if row is None:
        tx.add(table(key=key, value=raw))
    else:
        row.value = raw
    tx.touch("setting", ALL)


def every(db: Session) -> dict[str, Any]:
    """Every declared setting with its value."""
    return {declared.key: get(db, declared.key) for declared in settings.all_settings()}


def _table(key: str) -> type[DeviceSettingRow] | type[SettingRow]:
    return DeviceSettingRow if settings.setting(key).scope == "device" else SettingRow
