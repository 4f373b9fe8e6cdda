"""Where replies and notes are written: a text that grows with its lines, files beneath it, tools and buttons.

Ctrl+Enter submits. Files come by drop, by paste (also a picture from the clipboard) or by the owner's file dialog; they are
handed over as paths, and what is done with them is the owner's. The tools of formatting are a row that is shown when wanted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from ui.text import size_text, tr
from ui.widgets.avatar import IconView
from ui.widgets.button import ToolButton
from ui.widgets.formatbar import FormatBar
from ui.widgets.growingedit import GrowingEdit
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import FlowLayout, clear, restyle, row, set_box
from ui.widgets.toggle import Choices

_ICON_OF = {
    "image": "image-outline",
    "audio": "music-note-outline",
    "video": "video-outline",
    "text": "file-document-outline",
}


@dataclass(frozen=True)
class Attachment:
    """A file in the strip: a key that the owner knows it by, its name, size in bytes and kind ("image/png").

    `warning`: a word or two about what it could do when it is opened.
    """

    key: str
    name: str
    size: int
    kind: str = ""
    warning: str = ""


class AttachmentChip(QFrame):
    """One file: icon, name, size; opens on click, and may be taken off."""

    opened = Signal(str)
    removed = Signal(str)
    dragged = Signal(str)  # the person begins to drag it out

    def __init__(self, attachment: Attachment, *, removable: bool = False) -> None:
        super().__init__()
        set_box(self, "file")
        self._key = attachment.key
        self._pressed: QPointF | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setMaximumWidth(380 if attachment.warning else 280)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        told = (attachment.name, size_text(attachment.size), attachment.warning)
        self.setAccessibleName(", ".join(one for one in told if one))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 2, 2 if removable else 8, 2)
        layout.setSpacing(6)
        kind = _ICON_OF.get(attachment.kind.partition("/")[0], "file-outline")
        layout.addWidget(
            IconView("alert-outline" if attachment.warning else kind, "warn" if attachment.warning else "text2", 16)
        )
        name = ElidingLabel(attachment.name, "small-strong", fixed=True, middle=True)
        name.setFixedWidth(min(180, name.fontMetrics().horizontalAdvance(attachment.name) + 6))
        layout.addWidget(name)
        layout.addWidget(Label(size_text(attachment.size), "caption"))
        if attachment.warning:
            layout.addWidget(Label(attachment.warning, "caption", tone="warn"))
        if removable:
            off = ToolButton("close", tr("Remove {name}", name=attachment.name), size=24, icon_size=12)
            off.clicked.connect(lambda: self.removed.emit(self._key))
            layout.addWidget(off)
        self.setFixedHeight(30)

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.opened.emit(self._key)
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit(self._key)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent, /) -> None:
        self._pressed = event.position() if event.button() is Qt.MouseButton.LeftButton else None

    def mouseMoveEvent(self, event: QMouseEvent, /) -> None:
        if self._pressed is None:
            return
        if (event.position() - self._pressed).manhattanLength() >= QApplication.startDragDistance():
            self._pressed = None
            self.dragged.emit(self._key)

    def mouseReleaseEvent(self, _event: QMouseEvent, /) -> None:
        if self._pressed is not None:
            self._pressed = None
            self.opened.emit(self._key)

    def event(self, event: QEvent, /) -> bool:
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            restyle(self, box="chosen" if event.type() is QEvent.Type.FocusIn else "file")
        return super().event(event)


class AttachmentStrip(QFrame):
    """Files side by side, wrapping; hidden while there are none."""

    opened = Signal(str)
    removed = Signal(str)
    dragged = Signal(str)

    def __init__(self, attachments: Sequence[Attachment] = (), *, removable: bool = False) -> None:
        super().__init__()
        self._removable = removable
        self._flow = FlowLayout(self, spacing=8)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.set_attachments(attachments)

    def set_attachments(self, attachments: Sequence[Attachment]) -> None:
        """Show other files."""
        clear(self._flow)
        for attachment in attachments:
            chip = AttachmentChip(attachment, removable=self._removable)
            chip.opened.connect(self.opened)
            chip.removed.connect(self.removed)
            chip.dragged.connect(self.dragged)
            self._flow.addWidget(chip)
        if self.parentWidget() is not None or not attachments:  # showing it without a parent would open a window
            self.setVisible(bool(attachments))
        self.updateGeometry()


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
