"""The way from the sample desk to one's own: offered above the list and in the palette, asked for once, then done.

The window closes for a moment, because nobody may have the desk open while an empty one takes its place; then it opens
again with the first page that a new desk shows.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from app.desk.leaving_sample import begin_own, is_sample
from app.kernel.database.changes import Changes
from app.kernel.errors import UserError
from app.kernel.files.paths import Workspace
from app.kernel.sentences import words_of
from ui.pages import Context
from ui.text import told, tr
from ui.widgets.overlay import ask


class LeavingSample(QObject):
    """Binds the action while the desk is a sample and nothing else. Lives as long as the window."""

    def __init__(self, context: Context, parent: QObject, agreed: Callable[[], object]) -> None:
        super().__init__(parent)
        self._context, self._agreed = context, agreed
        context.bridge.changed.connect(self._hear)
        self._look()

    def _hear(self, changes: Changes) -> None:
        if changes.touches("mailbox"):
            self._look()

    def _look(self) -> None:
        self._context.tasks.ask(is_sample, then=self._take, owner=self, key="beginning")

    def _take(self, sample: bool) -> None:
        self._context.actions.release(self)
        if sample:
            self._context.actions.bind(self, "begin_own", self._ask)

    def _ask(self) -> None:
        words = tr(
            "The sample desk is removed with everything in it, what you tried out included. Deskbell closes for a moment "
            "and opens with an empty desk, where you connect your mailbox."
        )
        title, act = tr("Begin your own desk?"), tr("Remove the sample and begin")
        ask(self._context.overlay, title, words, act, self._agreed, remark=tr("This cannot be undone."))


def begin_anew(place: Workspace) -> str:
    """Do it while nobody has the desk open; what to tell the person then: "" if all went well."""
    try:
        begin_own(place)
    except UserError as error:
        return told(words_of(error))
    return ""
