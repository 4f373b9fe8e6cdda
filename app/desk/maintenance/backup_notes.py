"""What is known of the backups of a desk beside the backups themselves: why the last try failed and when, where a file went.

It lies beside them and not in the database, so that it can be written when the database cannot, and is there when it is gone.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from app.kernel import clock
from app.kernel.errors import UserError
from app.kernel.files.paths import Workspace
from app.kernel.sentences import kept, read, words_of

log = logging.getLogger(__name__)

HERE, ELSEWHERE, FILE = "here", "elsewhere", "file"
AGAIN: Final = timedelta(minutes=15)
"""After so long a scheduled backup that failed is tried again: each try copies the whole database."""
_NOTES: Final = "notes.json"
_unwritten: Final[dict[Path, dict[str, Any]]] = {}
"""What a full disk did not take: a backup that fails for that is not to be tried all the time."""


class Notes:
    """The notes of one desk. Never raises: what cannot be written down is known to this process alone."""

    def __init__(self, place: Workspace) -> None:
        self._file = place.backups / _NOTES
        try:
            found = json.loads(self._file.read_bytes())
        except (OSError, ValueError):
            found = {}
        self._known: dict[str, Any] = (found if isinstance(found, dict) else {}) | _unwritten.get(self._file, {})

    @property
    def problem(self) -> str:
        """Why the last try failed, in words; "" when all is well."""
        return next(
            (read(str(text)) for where in (HERE, ELSEWHERE, FILE) if (text := self._known.get(f"problem_{where}"))), ""
        )

    def elsewhere_at(self, folder: str) -> datetime | None:
        """When a copy was last made in this second place."""
        return _time(self._known.get("elsewhere_at")) if self._known.get("elsewhere_folder") == folder else None

    def file_at(self) -> datetime | None:
        """When a file was last written."""
        return _time(self._known.get("file_at"))

    def file_apart_at(self) -> datetime | None:
        """When a file was last written, if that lay on another disk."""
        return self.file_at() if self._known.get("file_apart") else None

    def waits(self, where: str, folder: Path, now: datetime) -> bool:
        """Has it failed in this folder a moment ago, so that trying again can wait?"""
        failed_at = _time(self._known.get(f"failed_{where}_at"))
        same = self._known.get(f"failed_{where}_in") == str(folder)
        return same and failed_at is not None and timedelta(0) <= now - failed_at < AGAIN

    def write(self, **changes: object) -> bool:
        """Write down what is known; is it news?"""
        if all(self._known.get(key, "") == value for key, value in changes.items()):
            return False
        self._known |= changes
        part = self._file.with_name(f"{_NOTES}.{os.getpid()}.part")
        try:
            self._file.parent.mkdir(mode=0o700, exist_ok=True)
            part.write_text(json.dumps(self._known, indent=1), encoding="utf-8")
            part.replace(self._file)
        except OSError:
            _unwritten.setdefault(self._file, {}).update(changes)
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
        else:
            _unwritten.pop(self._file, None)
        return True


@contextlib.contextmanager
def noted(place: Workspace, where: str, folder: Path) -> Iterator[None]:
    """Keep in mind why a backup failed, until one succeeds; that no file could be written, until there is any other one."""
    try:
        yield
    except UserError as error:
        words = {f"problem_{where}": kept(words_of(error))}
        if Notes(place).write(
            **words, **{f"failed_{where}_at": clock.now().isoformat(), f"failed_{where}_in": str(folder)}
        ):
            log.info("a backup failed (%s): %s", where, type(error).__name__)
        raise
    Notes(place).write(**{f"problem_{where}": "", "problem_file": "", f"failed_{where}_at": ""})


def note_missing(place: Workspace, words: str) -> None:
    """The second place is not there; that is looked at again and again, and said once."""
    if Notes(place).write(problem_elsewhere=kept(words)):
        log.info("the second place for backups is not there")


def _time(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text)) if text else None
    except ValueError:
        return None
