"""A category of the settings that is a list of things: each change takes effect at once, and can be undone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QFrame, QHBoxLayout

from app.kernel.errors import UserError
from app.kernel.sentences import words_of
from ui.pages import Context
from ui.pages.acting import acted
from ui.pages.settings.form import Values
from ui.text import told
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import row, vertical
from ui.widgets.panel import ScrollPage


class ListPane(QFrame):
    """A title with a few words, and a list that scrolls."""

    def __init__(self, context: Context, title: str, text: str) -> None:
        super().__init__()
        self.context = context
        self.acts = QHBoxLayout()  # at the right of the title
        self.acts.setSpacing(8)
        head = QFrame()
        words = vertical(head)
        words.setSpacing(2)
        words.addWidget(ElidingLabel(title, "title"))
        words.addWidget(Label(text, "small", wrap=True))
        self.scroller = ScrollPage(margins=(24, 8, 24, 24), spacing=4)
        layout = vertical(self)
        layout.addWidget(row((head, 1), self.acts, margins=(24, 20, 24, 8)))
        layout.addWidget(self.scroller, 1)

    @property
    def changes(self) -> Values:
        """Nothing is typed and not kept."""
        return {}

    def load(self) -> None:
        """Ask for what is kept."""
        raise NotImplementedError

    def do(
        self,
        command: Callable[..., Any],
        *args: Any,
        said: str,
        wrong: Callable[[str], object] | None = None,
        then: Callable[[Any], object] | None = None,
        **named: Any,
    ) -> None:
        """Run a command; `wrong(words)` shows why it was refused where it was typed."""

        def failed(error: Exception) -> bool:
            self.load()
            if wrong is None or not isinstance(error, UserError):
                return False
            wrong(told(words_of(error)))
            return True

        def deliver(what: Any) -> None:
            self.load()
            if then is not None:
                then(what.result)

        self.context.tasks.do(acted, command, *args, done=said, failed=failed, then=deliver, owner=self, **named)
