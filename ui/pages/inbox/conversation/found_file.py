"""A line beneath a message: what was looked for stands in one of its files, and where in it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame

from app.mime.files.dangers import plain_name
from app.search.files import FoundFile
from ui.text import tr
from ui.widgets.avatar import IconView
from ui.widgets.button import Button
from ui.widgets.layout import horizontal, set_box
from ui.widgets.mailview import MailView, Marks


class FoundFileLine(QFrame):
    """One file. Its text is marked and gone to like that of the message."""

    def __init__(self, found: FoundFile, marks: Marks | None, opened: Callable[[], object]) -> None:
        super().__init__()
        set_box(self, "sunken")
        name = plain_name(found.name)
        self.text = MailView()
        self.text.show_text(f"{name}: {found.around}" if found.around else name)
        self.text.mark(marks)
        self.text.setAccessibleName(tr("Found in {name}", name=name))
        show = Button(tr("Open"), "small", clicked=opened)
        show.setAccessibleName(tr("Open {name}", name=name))
        layout = horizontal(self)
        layout.setContentsMargins(10, 6, 8, 6)
        layout.setSpacing(8)
        layout.addWidget(IconView("paperclip", "text3", 14, name=tr("Found in a file")))
        layout.addWidget(self.text, 1, Qt.AlignmentFlag.AlignVCenter)
        layout.addWidget(show)
