"""Where replies and notes are written: a text that grows with its lines, files beneath it, tools and buttons.

Ctrl+Enter submits. Files come by drop, by paste (also a picture from the clipboard) or by the owner's file dialog; they are
handed over as paths, and what is done with them is the owner's. The tools of formatting are a row that is shown when wanted.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QSizePolicy, QVBoxLayout, QWidget

from ui.text import tr
from ui.widgets.attachments import AttachmentStrip
from ui.widgets.filedrop import FileDrop
from ui.widgets.formatbar import FormatBar
from ui.widgets.growingedit import GrowingEdit
from ui.widgets.label import ElidingLabel
from ui.widgets.layout import restyle, row, set_box
from ui.widgets.toggle import Choices


class Composer(QFrame):
    """Mode tabs, recipient line, text, files, tools at the left and buttons at the right.

    `modes` are (key, text); the key "note" turns the ground yellow, because a note must never be taken for a reply.
    `typed` comes 300 ms after the last key, for drafts.
    """

    submitted = Signal()
    typed = Signal(str)
    mode_chosen = Signal(str)

    def __init__(
        self,
        placeholder: str,
        *,
        modes: Sequence[tuple[str, str]] = (),
        tools: Sequence[QWidget] = (),
        buttons: Sequence[QWidget] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        set_box(self, "composer")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.edit = GrowingEdit(placeholder, name=placeholder)
        self.format = FormatBar(self.edit)
        self.format.hide()
        self.strip = AttachmentStrip(removable=True)
        self.modes = Choices(modes, kind="tab", name=tr("What to write"))
        if not modes:
            self.modes.hide()
        self.aside = ElidingLabel("", "small")
        self.aside.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._tools = row(*tools, None, *buttons, spacing=4)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 4, 8, 8)
        layout.setSpacing(6)
        layout.addWidget(row(self.modes, (self.aside, 1), margins=(0, 0, 8, 0)))
        layout.addWidget(self.edit)
        layout.addWidget(self.format)
        layout.addWidget(self.strip)
        layout.addWidget(self._tools)
        self._pause = QTimer(self, singleShot=True, interval=300)
        self._pause.timeout.connect(lambda: self.typed.emit(self.text()))
        self.edit.textChanged.connect(self._pause.start)
        self.edit.submitted.connect(self.submitted)
        self.edit.focused.connect(lambda on: restyle(self, active="true" if on else ""))
        self.modes.chosen.connect(self._mode)
        self.take_files_from(self)

    def take_files_from(self, area: QWidget) -> None:
        """Files that are let go anywhere on `area` are for what is written here."""
        FileDrop(
            area,
            self.edit.files_given.emit,
            lambda on: restyle(self, receiving="true" if on else ""),
            self.isVisible,
            from_here=area is self,
        )

    def text(self) -> str:
        """What is written, without spaces at its end."""
        return self.edit.toPlainText().rstrip()

    def set_text(self, text: str) -> None:
        """Put a text in its place, with the cursor at the end, without telling `typed`."""
        self.edit.set_words(text)
        self.settle()
        cursor = self.edit.textCursor()
        cursor.movePosition(cursor.MoveOperation.End)
        self.edit.setTextCursor(cursor)

    def settle(self) -> None:
        """What was just put in is not typed: `typed` says nothing of it."""
        self._pause.stop()

    def mode(self) -> str:
        """The key of the mode chosen."""
        return self.modes.current()

    def set_mode(self, key: str, placeholder: str = "") -> None:
        """Choose a mode without telling anybody."""
        self.modes.choose(key)
        set_box(self, "composer-note" if key == "note" else "composer")
        if placeholder:
            self.edit.setPlaceholderText(placeholder)
            self.edit.setAccessibleName(placeholder)

    def _mode(self, key: str) -> None:
        self.set_mode(key)
        self.mode_chosen.emit(key)
        self.edit.setFocus(Qt.FocusReason.OtherFocusReason)
