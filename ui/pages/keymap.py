"""A person's own keys: kept as one setting of this device, in force in every window at once.

Kept are only keys that differ from the usual ones, by the action's name; an odd or old entry is passed over.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from PySide6.QtCore import QObject
from PySide6.QtGui import QKeySequence

from app.kernel.database.changes import Changes
from app.kernel.state import options
from ui.actions import Actions
from ui.pages import Context

SETTING = "own_keys"
FIXED = frozenset({"palette", "shortcuts", "undo", "redo", "quit"})
"""Keys that everybody must be able to rely on, whoever sits down here."""


def read_keys(kept: str) -> dict[str, str]:
    """The keys in a setting's text; nothing of what is odd."""
    try:
        found = json.loads(kept) if kept else {}
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {str(key): keys for key, keys in found.items() if isinstance(keys, str) and key not in FIXED}


def write_keys(own: Mapping[str, str]) -> str:
    """The text of a setting for these keys; empty for none."""
    return json.dumps(dict(sorted(own.items()))) if own else ""


def clash(actions: Actions, key: str, keys: str) -> str:
    """The action that has these keys already, or whose keys begin with them or the other way round; "" without one."""
    wanted = QKeySequence(keys)
    for other in actions.declared:
        theirs = actions.keys_of(other)
        if other == key or not theirs:
            continue
        has = QKeySequence(theirs)
        exact = QKeySequence.SequenceMatch.NoMatch
        if wanted.matches(has) != exact or has.matches(wanted) != exact:
            return other
    return ""


class KeyKeeper(QObject):
    """Keeps a window's keys as the setting says."""

    def __init__(self, context: Context) -> None:
        super().__init__(context.overlay)
        self._context = context
        context.bridge.changed.connect(self._changed)
        self._look()

    def keep(self, own: Mapping[str, str]) -> None:
        """These are the person's own keys from now on: at once here, in a moment in other windows."""
        self._context.actions.set_keys(own)
        self._context.tasks.do(options.put, SETTING, write_keys(own))

    def _changed(self, changes: Changes) -> None:
        if changes.touches("setting"):
            self._look()

    def _look(self) -> None:
        take = lambda kept: self._context.actions.set_keys(read_keys(kept))  # noqa: E731
        self._context.tasks.ask(options.get, SETTING, then=take, owner=self, key="own-keys")
