"""The tools of formatting below a text: bold, italic, lists, a link, a picture. Every one has a key as well.

The address of a link is typed in a field of the same row: no window opens over what is being written.
"""

from __future__ import annotations

from urllib.parse import quote

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout

from ui.text import tr
from ui.widgets.button import Button, ToolButton
from ui.widgets.field import TextField
from ui.widgets.growingedit import BULLETS, NUMBERS, GrowingEdit
from ui.widgets.layout import row

_SCHEMES = ("http://", "https://", "mailto:", "tel:")


def address_of(words: str) -> str:
    """What a person types as a link, as an address that may be opened; "" if it is none."""
    words = words.strip()
    if not words or any(char.isspace() or ord(char) < 32 for char in words):
        return ""
    if words.lower().startswith(_SCHEMES):
        return quote(words, safe="%/:=&?~#+!$,;'@()*[]") if len(words) > len("https://") else ""
    name, at, domain = words.partition("@")
    if at and name and "." in domain and "/" not in domain and ":" not in words:
        return f"mailto:{words}"
    host = words.partition("/")[0]
    if "." in host.strip(".") and ":" not in host.partition(":")[0] and not host.startswith("."):
        return address_of(f"https://{words}")
    return ""


class LinkField(TextField):
    """Where the address is typed; Enter takes it, Esc leaves."""

    taken = Signal()
    left = Signal()

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.taken.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


class FormatBar(QFrame):
    """Works on one text. `picture_wanted`: the person wants to choose a picture from the disk."""

    picture_wanted = Signal()

    def __init__(self, edit: GrowingEdit) -> None:
        super().__init__()
        self.edit = edit

        def tool(icon: str, name: str, keys: str, act: object, *, checkable: bool = True) -> ToolButton:
            button = ToolButton(icon, name, shortcut=keys, checkable=checkable, size=28, icon_size=16)
            button.clicked.connect(act)
            return button

        self.bold = tool("format-bold", tr("Bold"), "Ctrl+B", edit.set_bold)
        self.italic = tool("format-italic", tr("Italic"), "Ctrl+I", edit.set_italic)
        self.bullets = tool("format-list-bulleted", tr("List"), "Ctrl+Shift+8", lambda on: self._list(BULLETS, on))
        self.numbers = tool(
            "format-list-numbered", tr("Numbered list"), "Ctrl+Shift+7", lambda on: self._list(NUMBERS, on)
        )
        self.link = tool("link-variant", tr("Link"), "Ctrl+Shift+K", lambda _on: self.ask_link(), checkable=False)
        self.picture = tool(
            "image-outline", tr("Picture in the text"), "", lambda _on: self.picture_wanted.emit(), checkable=False
        )
        self.plain = tool(
            "format-clear", tr("Remove the formatting"), "", lambda _on: edit.set_plain(), checkable=False
        )
        self.address = LinkField(placeholder=tr("Address of the link"))
        self.address.taken.connect(self._take_link)
        self.address.left.connect(self.leave_link)
        self._asking = row(self.address, Button(tr("Set link"), "small", clicked=self._take_link), spacing=6)
        self._asking.hide()
        tools = (self.bold, self.italic, self.bullets, self.numbers, self.link, self.picture, self.plain)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 8, 0)
        layout.setSpacing(4)
        layout.addWidget(row(*tools, None, spacing=2))
        layout.addWidget(self._asking)
        edit.format_moved.connect(self._show)

    def toggle_bold(self) -> None:
        """Bold, or no longer."""
        self.edit.set_bold(not self.edit.is_bold())
        self._show()

    def toggle_italic(self) -> None:
        """In italics, or no longer."""
        self.edit.set_italic(not self.edit.is_italic())
        self._show()

    def toggle_items(self, kind: str) -> None:
        """A list of this kind (`bullets`, `numbers`), or plain lines again."""
        self._list(kind, self.edit.items() != kind)

    def ask_link(self) -> None:
        """Type where the words chosen shall lead."""
        self.show()
        self.address.setText(self.edit.link())
        self.address.set_wrong("")
        self._asking.show()
        self.address.setFocus(Qt.FocusReason.OtherFocusReason)
        self.address.selectAll()

    def leave_link(self) -> None:
        """Back to the text."""
        self._asking.hide()
        self.edit.setFocus(Qt.FocusReason.OtherFocusReason)

    def _take_link(self) -> None:
        typed = self.address.text().strip()
        address = address_of(typed)
        if typed and not address:
            self.address.set_wrong(tr("This is not the address of a page or a mailbox."))
            return
        self.edit.set_link(address)
        self.leave_link()

    def _list(self, kind: str, on: bool) -> None:
        self.edit.set_items(kind if on else "")
        self._show()

    def _show(self) -> None:
        kind = self.edit.items()
        for button, on in (
            (self.bold, self.edit.is_bold()),
            (self.italic, self.edit.is_italic()),
            (self.bullets, kind == BULLETS),
            (self.numbers, kind == NUMBERS),
        ):
            button.setChecked(on)
