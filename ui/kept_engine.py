"""The engine beside a window: started after the first rows, and left to go on alone where somebody wants that.

A person may have chosen that mail comes in without a window, or a backup may be under way. Where the desk is closed for a moment
only, no engine may have it open, not even one that an earlier window left.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from app.kernel.errors import UserError
from app.kernel.files.paths import Workspace

if TYPE_CHECKING:
    from app.desk import Desk
    from app.desk.supervisor import Supervisor

log = logging.getLogger(__name__)


class KeptEngine:
    """The engine of an open desk, as its window sees it; before `start` there is none."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._supervisor: Supervisor | None = None

    def start(self, died: Callable[[int], None]) -> None:
        """Keep one running from now on. `died` hears of one that ended by itself, on another thread."""
        from app.desk.supervisor import Supervisor

        self._supervisor = Supervisor(self._desk, died)
        self._supervisor.start()

    def hand_secret(self, ref: str, secret: str) -> bool:
        """Give it a secret that no store keeps; False if there is nobody to take it."""
        return self._supervisor is not None and self._supervisor.hand_secret(ref, secret)

    def is_wanted_alone(self) -> bool:
        """Is mail to come in without a window, too?"""
        from app.kernel.state import options

        try:
            return bool(self._desk.ask(options.get, "keep_engine"))
        except UserError:  # nothing may keep a damaged desk from being closed
            log.exception("whether the engine goes on without a window could not be read; it does not")
            return False

    def close(self, *, may_stay: bool, may_finish: bool) -> None:
        """The window goes, and the engine with it; `may_stay`: it may go on for good where that is wanted, `may_finish`: it may
        go on until a backup that is being made is done.
        """
        if self._supervisor is not None:
            stays = may_stay and self.is_wanted_alone()
            self._supervisor.close(leave_engine=stays or (may_finish and self._finishes_backup()))

    def _finishes_backup(self) -> bool:
        from app.desk.maintenance import backup_job
        from app.kernel.state import signals

        if self._supervisor is None or not self._supervisor.is_ours:
            return False
        try:
            if self._desk.ask(backup_job.under_way) is None:
                return False
            self._desk.work(signals.send, "stop_after_backup")
        except UserError:
            log.exception("whether a backup is being made could not be read; the engine is stopped")
            return False
        return True


def end_left_over(folder: Path) -> None:
    """End an engine that an earlier window left to go on. Whoever wants the desk for itself needs it gone."""
    from app.desk.supervisor import end_engine

    try:
        end_engine(Workspace(folder))
    except UserError:
        log.exception("the engine did not end; what is to be done now says who has the desk open")
