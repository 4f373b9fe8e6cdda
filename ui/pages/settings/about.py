"""About: which version this is, whether there is a newer one, and everything that is shipped with it under whose terms."""

from __future__ import annotations

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFrame, QPlainTextEdit

from app import VERSION
from app.desk.updates import Release, channel, newer
from app.kernel.errors import ExternalError
from app.kernel.program.licences import Shipped, shipped
from app.kernel.sentences import words_of
from app.kernel.state import options
from ui.pages import Context
from ui.pages.settings.form import WIDE_LABEL, Pane, TextArea, fact
from ui.pages.updating import open_page
from ui.text import told, tr
from ui.widgets.button import Button
from ui.widgets.field import FormRow, SearchField
from ui.widgets.label import ElidingLabel, Label, Para
from ui.widgets.layout import clear, column, row
from ui.widgets.overlay import Dialog
from ui.widgets.toggle import Switch

_TEXT_LINES = 18
_NAME_WIDTH = 300
_VERSION_WIDTH = 110


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
            "for it, as for the remote pictures of a message."
        )
        content.addWidget(Para(words))
        self._where = channel()
        if self._where is not None:
            content.addWidget(self._updates())
        heading = Label(tr("Shipped with Deskbell"), "section")
        heading.setContentsMargins(0, 16, 0, 4)
        content.addWidget(heading)
        self.finder = SearchField(tr("Find a library or a licence"), pause_ms=50)
        self.finder.searched.connect(lambda _typed: self._fill())
        content.addWidget(self.finder)
        self.rows: QFrame = column(spacing=0)
        content.addWidget(self.rows)

    def _updates(self) -> QFrame:
        """Whether to look for newer releases, and a look right now."""
        name = tr("Look for a newer Deskbell once a day")
        self.daily = Switch(name)
        self.daily.toggled.connect(lambda on: self.context.tasks.do(options.put, "look_for_updates", on))
        self.found = Label("", "small", wrap=True)
        self.look = Button(tr("Look now"), "small", clicked=self.look_now)
        words = Label(tr("{name}. Nothing is sent and nothing is installed by it.", name=name), wrap=True)
        block = column(row(self.daily, (words, 1), spacing=12), row(self.look, (self.found, 1), spacing=12), spacing=8)
        return FormRow(tr("Updates"), block, label_width=WIDE_LABEL)

    def look_now(self) -> None:
        """Ask the place where releases are announced."""
        where = self._where
        if where is not None:
            self.found.setText(tr("Looking…"))
            self.context.tasks.run(
                lambda: newer(where), then=self._looked, failed=self._not_found, owner=self, key="settings.newer"
            )

    def _looked(self, release: Release | None) -> None:
        if release is None:
            self.found.setText(tr("This is the newest."))
            return
        self.found.setText(tr("Deskbell {version} is there.", version=release.version))
        self.look.setText(tr("Open its page"))
        self.look.clicked.disconnect()
        self.look.clicked.connect(lambda: open_page(release))

    def _not_found(self, error: Exception) -> bool:
        self.found.setText(told(words_of(error)))
        return isinstance(error, ExternalError)

    def load(self) -> None:
        """Read what is shipped; it does not change while the program runs."""
        if self._where is not None:
            self.context.tasks.ask(options.get, "look_for_updates", then=self._daily_told, owner=self)
        if not self._all:
            self.context.tasks.run(shipped, then=self._told, owner=self, key="settings.shipped")

    def open_terms(self, one: Shipped) -> None:
        """Show the terms of one of them."""
        sheet = TermsSheet(one)
        self.context.overlay.open(sheet, focus=sheet.text)

    def _daily_told(self, on: bool) -> None:
        blocked = self.daily.blockSignals(True)
        self.daily.setChecked(on)
        self.daily.blockSignals(blocked)

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
        first, version = row(name, None), Label(one.version, "caption")
        first.setFixedWidth(_NAME_WIDTH)
        version.setFixedWidth(_VERSION_WIDTH)
        return row(first, version, (ElidingLabel(one.licence, "small"), 1), spacing=8)
