"""Settings of the whole desk that a person chooses: with history, so that it can be undone and everybody sees who did it.

What belongs to one device (the look, what closing the window does) has none of this: see `app.kernel.state.options`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.kernel.database.transaction import Tx
from app.kernel.state import options, settings
from app.people.history import mark_action, record_event
from app.people.rules import EventKind


def choose(tx: Tx, key: str, value: object) -> UUID:
    """Give a setting another value; returns the action. Raises UserError for a key or a value that there is not."""
    before = options.get(tx, key) if settings.setting(key).scope == "desk" else None
    options.put(tx, key, value)
    if settings.setting(key).scope == "desk" and before != value:
        record_event(tx, EventKind.SETTING, field=key, old=before, new=value)
        mark_action(tx)
    return tx.action


def choose_all(tx: Tx, choices: Mapping[str, object]) -> UUID:
    """Several settings at once, one action; returns it. Raises UserError for a key or a value that there is not."""
    for key, value in choices.items():
        choose(tx, key, value)
    return tx.action


def put_setting_back(tx: Tx, key: str, now: Any, then: Any) -> bool:
    """Undo (or redo) a choice; False when the setting holds another value by now."""
    if options.get(tx, key) != now:
        return False
    options.put(tx, key, then)
    record_event(tx, EventKind.SETTING, field=key, old=now, new=then)
    return True
