"""Reading and writing the settings that `app.kernel.settings` declares."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.kernel import settings
from app.kernel.store import Tx
from app.kernel.tables import DeviceSettingRow, SettingRow

_ALL = UUID(int=0)


def get(db: Session, key: str) -> Any:
    """The value of a declared setting, or its default. Raises KeyError for one that is not declared."""
    declared = settings.declared(key)
    row = db.get(DeviceSettingRow if declared.scope == "device" else SettingRow, key)
    return declared.default if row is None else settings.parse(key, row.value)


def put(tx: Tx, key: str, value: object) -> None:
    """Store a setting; raises UserError when the value does not fit."""
    declared = settings.declared(key)
    raw = settings.dump(key, value)
    table = DeviceSettingRow if declared.scope == "device" else SettingRow
    row = tx.get(table, key)
    if row is None:
        tx.add(table(key=key, value=raw))
    else:
        row.value = raw
    tx.touch("setting", _ALL)


def every(db: Session) -> dict[str, Any]:
    """Every declared setting with its value."""
    return {key: get(db, key) for key in settings.all_settings()}
