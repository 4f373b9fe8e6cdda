"""What is done from the side panel: each a command on the ticket shown, a sentence in a toast, and a way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from PySide6.QtCore import QObject

from app.kernel.errors import UserError
from app.kernel.sentences import words_of
from ui.pages import Context
from ui.pages.acting import Acted, acted
from ui.text import told


class Acts(QObject):
    """Does things to the ticket shown."""

    def __init__(self, context: Context, parent: QObject) -> None:
        super().__init__(parent)
        self._context = context
        self.ticket: UUID | None = None
        self.me: UUID | None = None

    @property
    def context(self) -> Context:
        """What the window offers."""
        return self._context

    def do(
        self,
        command: Callable[..., Any],
        *args: Any,
        said: str = "",
        wrong: Callable[[str], object] | None = None,
        then: Callable[[Any], object] | None = None,
        **named: Any,
    ) -> None:
        """Run a command; `said` is the toast's sentence, `wrong(words)` shows why it was refused where it was typed, `then(result)` follows."""

        def failed(error: Exception) -> bool:
            if wrong is None or not isinstance(error, UserError):
                return False
            wrong(told(words_of(error)))
            return True

        def deliver(what: Acted) -> None:
            if then is not None:
                then(what.result)

        self._context.tasks.do(acted, command, *args, done=said, failed=failed, then=deliver, owner=self, **named)

    def here(self, command: Callable[..., Any], *args: Any, **how: Any) -> None:
        """The same on the ticket shown."""
        if self.ticket is not None:
            self.do(command, self.ticket, *args, **how)
