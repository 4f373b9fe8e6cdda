"""The left side of a customer: who this is, how to reach them, their company, and notes."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QVBoxLayout, QWidget

from app.people.queries import Address
from ui.models.customers import Dossier
from ui.pages.customers.edit import language_name
from ui.text import month_text, tr
from ui.widgets.avatar import Avatar, IconView, RoundIcon
from ui.widgets.button import ToolButton
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import clear, column, flow, line, row, set_box
from ui.widgets.panel import ScrollPage
from ui.widgets.pill import Pill

WIDTH = 328
NARROW = 272
KEEP_MS = 2000
"""Notes are kept when typing has paused for so long."""
_HANDLES = {"email": "email-outline", "phone": "phone-outline", "chat": "message-outline"}


class NoteEdit(QPlainTextEdit):
    """Free words about a customer; they are kept in every pause of typing and when the focus leaves."""

    paused = Signal()
    finished = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("look", "field")
        self.setTabChangesFocus(True)
        self.setFixedHeight(112)
        self.setPlaceholderText(tr("What is good to know about this person"))
        self.setAccessibleName(tr("Notes"))
        self.pause = QTimer(self, singleShot=True, interval=KEEP_MS)
        self.pause.timeout.connect(self.paused)
        self.textChanged.connect(self.pause.start)

    @property
    def is_in_hand(self) -> bool:
        """Is somebody typing here? Then no reading of the customer puts other words under the fingers, be it late or not."""
        return self.hasFocus() and self.document().isModified()

    def focusOutEvent(self, event: QFocusEvent, /) -> None:
        super().focusOutEvent(event)
        self.pause.stop()
        self.finished.emit()
        self.document().setModified(False)


class ProfilePanel(QFrame):
    """Identity, addresses, organisation, notes."""

    edit_wanted = Signal()
    notes_changed = Signal(str, bool)
    """The words, and whether somebody has ended typing them, which is said."""

    def __init__(self) -> None:
        super().__init__()
        set_box(self, "panel")
        self.setFixedWidth(WIDTH)
        self._face = Avatar("", 56)
        self._name = Label("", "title", wrap=True, longest=12)
        self._company = ElidingLabel("", "small")
        self._pills = QFrame()
        edit = ToolButton("pencil-outline", tr("Edit customer"), clicked=self.edit_wanted.emit)
        self._handles = column(spacing=6)
        self._organisation = column(spacing=8)
        self.notes = NoteEdit()
        self.notes.paused.connect(lambda: self._hand_over(ended=False))
        self.notes.finished.connect(self.keep)
        self._kept = ""
        names = column(None, self._name, self._company, None, spacing=4)
        self._scroll = ScrollPage(margins=(0, 0, 0, 24), spacing=0)
        top = column(
            row(self._face, (names, 1), (edit, 0), spacing=16),
            self._pills,
            self._handles,
            margins=(24, 24, 16, 20),
            spacing=16,
        )
        notes = column(Label(tr("Notes"), "section"), self.notes, margins=(24, 20, 24, 8), spacing=10)
        for part in (top, self._organisation, line(), notes):
            self._scroll.content.addWidget(part)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._scroll)

    def show_dossier(self, dossier: Dossier) -> None:
        """Show another customer, or the same one read again; notes that are being typed stay."""
        profile = dossier.profile
        name = profile.name or profile.address or tr("Unknown")
        self._face.set_name(name)
        self._name.setText(name)
        self._company.setText(profile.organisation_name)
        self._company.setVisible(bool(profile.organisation_name))
        self._show_pills(dossier)
        _fill(self._handles, [_handle(address) for address in profile.addresses], self._language(dossier))
        self._show_organisation(dossier)
        if not self.notes.is_in_hand:
            self._kept = profile.notes
            if self.notes.toPlainText() != profile.notes:
                self.notes.setPlainText(profile.notes)

    def keep(self) -> None:
        """Hand over notes that were changed."""
        self._hand_over(ended=True)

    def _hand_over(self, *, ended: bool) -> None:
        text = self.notes.toPlainText()
        if text != self._kept:
            self._kept = text
            self.notes_changed.emit(text, ended)

    def _show_pills(self, dossier: Dossier) -> None:
        since = tr("Since {month}", month=month_text(dossier.profile.created_at))
        fresh = flow(Pill(since, "raised"), *[Pill(word, "raised") for word in _fields(dossier)])
        parent = self._pills.parentWidget()
        layout = parent.layout() if parent is not None else None
        if layout is not None:
            layout.replaceWidget(self._pills, fresh)
            self._pills.hide()
            self._pills.deleteLater()
            self._pills = fresh
            fresh.show()

    def _language(self, dossier: Dossier) -> list[QWidget]:
        code = dossier.profile.language
        return [_fact("translate", language_name(code))] if code else []

    def _show_organisation(self, dossier: Dossier) -> None:
        profile = dossier.profile
        if profile.organisation is None:
            _fill(self._organisation, [], [])
            self._organisation.hide()
            return
        people = tr("{n} person|{n} people", n=dossier.colleagues)
        tickets = tr("{n} ticket|{n} tickets", n=dossier.organisation.tickets)
        said = f"{people} · {tickets}"
        if dossier.organisation.unfinished:
            said += ", " + tr("{n} open", n=dossier.organisation.unfinished)
        words = column(ElidingLabel(profile.organisation_name, "strong"), ElidingLabel(said, "small"), spacing=2)
        company = row(RoundIcon("domain", "plain", 32, 16), (words, 1), spacing=12)
        block = column(Label(tr("Organisation"), "section"), company, margins=(24, 20, 24, 20), spacing=10)
        _fill(self._organisation, [line(), block], [])
        self._organisation.show()


def _fields(dossier: Dossier) -> list[str]:
    """Fields that a mail or an import brought, as far as they are plain words."""
    found = dossier.profile.fields.items()
    return [f"{name}: {value}" for name, value in found if isinstance(value, str) and 0 < len(value) <= 40][:4]


def _handle(address: Address) -> QWidget:
    icon = _HANDLES.get(address.kind, "at")
    shown = ElidingLabel(address.address)
    shown.setAccessibleName(address.address)
    shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    parts: list[QWidget | tuple[QWidget, int]] = [IconView(icon, "text3", 16), (shown, 1)]
    if address.dead:
        parts.append(Pill(tr("Bounces"), "bad"))
    made = row(*parts, spacing=12)
    made.setMinimumHeight(26)
    return made


def _fact(icon: str, text: str) -> QWidget:
    made = row(IconView(icon, "text3", 16), (ElidingLabel(text), 1), spacing=12)
    made.setMinimumHeight(26)
    return made


def _fill(frame: QFrame, first: list[QWidget], then: list[QWidget]) -> None:
    layout = frame.layout()
    assert isinstance(layout, QVBoxLayout)
    clear(layout)
    for widget in (*first, *then):
        layout.addWidget(widget)
