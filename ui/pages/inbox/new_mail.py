"""A new mail to somebody, in the place of the conversation."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout

from app.outbox.queries import DraftView
from ui.pages.inbox.loading import Surroundings
from ui.pages.inbox.recipients import Person
from ui.pages.inbox.writer import Letter, Writer
from ui.text import tr
from ui.widgets.button import ToolButton
from ui.widgets.layout import set_box
from ui.widgets.panel import BarHeader

_LETTER = 240


class NewMail(QFrame):
    """Header and composer; what is typed is a draft like any other."""

    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        set_box(self, "canvas")
        close = ToolButton("close", tr("Close; the draft is kept"), clicked=self._close)
        self.header = BarHeader(tr("New mail"), close)
        self.header.setFixedHeight(80)
        self.writer = Writer(new=True)
        self.writer.composer.edit.set_least(_LETTER)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(16)
        layout.addWidget(self.header)
        layout.addWidget(self.writer)
        layout.addStretch(1)

    def begin(self, around: Surroundings | None, draft: DraftView | None, to: tuple[Person, ...] = ()) -> None:
        """Write to somebody, or go on with what was begun."""
        letters = [Letter.of_draft(draft)] if draft is not None else []
        self.writer.begin(to, (), letters, signature=_signature(around))
        fields = self.writer.recipients
        if around is not None:
            fields.set_senders([(str(box.id), _box(box.name, box.address)) for box in around.mailboxes])
        fields.subject.setText(draft.subject if draft is not None else "")
        (self.writer.composer.edit if fields.to.text() and fields.subject.text() else
         fields.subject if fields.to.text() else fields.to).setFocus()  # fmt: skip

    def _close(self) -> None:
        self.writer.keep_now()
        self.closed.emit()


def _signature(around: Surroundings | None) -> str:
    return next((box.signature for box in around.mailboxes if box.signature), "") if around else ""


def _box(name: str, address: str) -> str:
    return f"{name} <{address}>" if name else address
