"""What can be done about backups from anywhere in the window."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject

from ui.pages import Context
from ui.pages.backing_up import backups_of, known_backups
from ui.text import tr


def bind_backups(context: Context, window: QObject) -> None:
    """Bind what can be done from anywhere."""
    idle = partial(_is_idle, context)
    bind = context.actions.bind
    bind(window, "back_up", lambda: backups_of(context).now(), idle)
    bind(window, "save_backup", partial(_save, context), idle)
    bind(window, "restore_backup", partial(context.go, "restore"))
    bind(window, "restore_left", partial(_show_left, context))


def _is_idle(context: Context) -> bool | str:
    found = known_backups(context)
    return tr("A backup is being made.") if found is not None and found.is_running else True


def _save(context: Context) -> None:
    from ui.pages.settings.saving import open_saving

    open_saving(context)


def _show_left(context: Context) -> None:
    from ui.pages.restore.afterwards import open_afterwards

    open_afterwards(context)
