"""Which mail was being drawn: a mail that ended the window is shown as text the next time.

Before a stranger's markup is laid out or painted, a file with the message's id is put into a folder; afterwards it is taken
away again. A file that is still there when the window starts belongs to a mail that the window did not survive. It stays until
that mail has been drawn after all, because somebody asked for it.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

log = logging.getLogger(__name__)


class RenderMarks:
    """The marks of one window."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._died = {UUID(path.name) for path in folder.iterdir() if _is_key(path.name)}
        if self._died:
            log.warning("%d mail(s) were being drawn when a window ended; they are shown as text", len(self._died))

    def died(self, message: UUID) -> bool:
        """Did the window end while this message was drawn?"""
        return message in self._died

    @contextlib.contextmanager
    def guard(self, message: UUID) -> Iterator[None]:
        """Around laying out and painting a message. A disk that takes no mark keeps nobody from reading."""
        mark = self._folder / message.hex
        with contextlib.suppress(OSError):
            mark.touch(mode=0o600)
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                mark.unlink(missing_ok=True)
            self._died.discard(message)


def _is_key(name: str) -> bool:
    return len(name) == 32 and all(sign in "0123456789abcdef" for sign in name)
