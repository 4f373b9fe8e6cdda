"""About: which version this is, whether there is a newer one, and everything that is shipped with it under whose terms."""

from __future__ import annotations

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFrame, QPlainTextEdit

from app import VERSION
from app.kernel.licences import Shipped, shipped
from ui.pages import Context
from ui.pages.settings.form import Pane, TextArea, fact
from ui.text import tr
from ui.widgets.button import Button
from ui.widgets.field import SearchField
from ui.widgets.label import ElidingLabel, Label, Para
from ui.widgets.layout import clear, column, row
from ui.widgets.overlay import Dialog

_TEXT_LINES = 18


class TermsSheet(Dialog):
    """One library and the whole of its terms."""

    def __init__(self, one: Shipped) -> None:
        title = f"{one.name} {one.version}".strip()
        super().__init__(title, width=720)
        self.text: QPlainTextEdit = TextArea(tr("Terms"), _TEXT_LINES)
        self.text.setReadOnly(True)
        self.text.setPlainText(one.text or tr("Its terms are those named above."))
        words = "  ·  ".join(part for part in (one.licence, one.url) if part)
        self.add(Label(words, "small", wrap=True))
        if one.note:
            self.add(Label(tr(one.note), wrap=True))
        self.add(self.text)
        buttons = [Button(tr("Close"), "primary", clicked=self.close_dialog)]
        if one.url.startswith("https://"):
            website = Button(tr("Open its website"), clicked=lambda: QDesktopServices.openUrl(QUrl(one.url)))
            buttons.insert(0, website)
        self.set_foot(*buttons)


class AboutPane(Pane):
    """The category."""

    def __init__(self, context: Context) -> None:
        super().__init__(context, tr("About"))
        self._all: tuple[Shipped, ...] = ()
        content = self.scroller.content
        content.addWidget(fact(tr("Version"), VERSION))
        content.addWidget(fact(tr("Licence"), "MIT"))
        words = tr(
            "Deskbell keeps your desk on your own computer. It talks to your mail provider and to nobody else, unless you ask "
            "for the remote pictures of a mail."
        )
        content.addWidget(Para(words))
        heading = Label(tr("Shipped with Deskbell"), "section")
        heading.setContentsMargins(0, 16, 0, 4)
        content.addWidget(heading)
        self.finder = SearchField(tr("Find a library or a licence"), pause_ms=50)
        self.finder.searched.connect(lambda _typed: self._fill())
        content.addWidget(self.finder)
        self.rows: QFrame = column(spacing=0)
        content.addWidget(self.rows)

    def load(self) -> None:
        """Read what is shipped; it does not change while the program runs."""
        if not self._all:
            self.context.tasks.run(shipped, then=self._told, owner=self, key="settings.shipped")

    def open_terms(self, one: Shipped) -> None:
        """Show the terms of one of them."""
        sheet = TermsSheet(one)
        self.context.overlay.open(sheet, focus=sheet.text)

    def _told(self, all_of: tuple[Shipped, ...]) -> None:
        self._all = all_of
        self._fill()

    def _fill(self) -> None:
        layout = self.rows.layout()
        assert layout is not None
        clear(layout)
        typed = self.finder.text().casefold().split()
        for one in self._all:
            if all(word in f"{one.name} {one.licence}".casefold() for word in typed):
                layout.addWidget(self._line(one))

    def _line(self, one: Shipped) -> QFrame:
        name = Button(one.name, "quiet", clicked=lambda: self.open_terms(one))
        name.setAccessibleName(tr("Terms of {name}", name=one.name))
        return row(name, Label(one.version, "caption"), None, (ElidingLabel(one.licence, "small"), 1), spacing=8)
