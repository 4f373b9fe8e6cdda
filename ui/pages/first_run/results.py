"""What the test of a mailbox says: one row for receiving, one for sending, each with the true reason when it fails."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFrame

from app.desk.setup.accounts import Advice, CertificateInfo, CheckResult
from ui.pages.first_run.words import advice_text, result_text, said_text
from ui.text import day_text, tr
from ui.widgets.avatar import IconView
from ui.widgets.button import Button
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import column, flow, row, set_box, vertical

Act = tuple[str, Callable[[], object]]

_FACES = {
    "idle": ("circle-outline", "text3"),
    "busy": ("dots-horizontal-circle-outline", "accent_text"),
    "ok": ("check-circle", "ok"),
    "bad": ("close-circle", "bad"),
    "skipped": ("minus-circle-outline", "text3"),
}


class ResultRow(QFrame):
    """One direction: a mark, what it is, the server, and beneath it the result in words with what can be done."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setProperty("state", "idle")
        self._name = name
        self._mark = IconView("circle-outline", "text3", 18, box=20)
        self._title = Label(name, "strong")
        self._server = ElidingLabel("", "small")
        self._text = Label("", "small", wrap=True)
        self._words = Label("", "caption", wrap=True)
        self._more = QFrame()
        vertical(self._more)
        words = column(row(self._title, (self._server, 1)), self._text, self._words, self._more, spacing=2)
        layout = vertical(self)
        layout.setContentsMargins(16, 10, 16, 10)
        beside = row(self._mark, (words, 1), spacing=16)
        inside = beside.layout()
        assert inside is not None
        inside.setAlignment(self._mark, Qt.AlignmentFlag.AlignTop)  # by its title, however long the words get
        layout.addWidget(beside)
        self.rest("")

    @property
    def state(self) -> str:
        """idle, busy, ok, bad or skipped."""
        return str(self.property("state"))

    def text(self) -> str:
        """The result in words, as shown."""
        return f"{self._text.text()} {self._words.text()}".strip()

    def rest(self, server: str) -> None:
        """Not tested yet."""
        self._show("idle", self._name, server, tr("Not tested yet."))

    def busy(self, server: str) -> None:
        """The test runs."""
        self._show("busy", self._name, server, tr("Testing…"))

    def skipped(self, server: str, text: str) -> None:
        """The person goes on without it."""
        self._show("skipped", self._name, server, text)

    def result(
        self, title: str, server: str, result: CheckResult, *, trust: Callable[[], object], acts: tuple[Act, ...] = ()
    ) -> None:
        """What the test found; `trust` is offered with a certificate, `acts` are further ways on."""
        if result.ok:
            self._show("ok", title, server, result_text(result))
            return
        text = f"{result_text(result)} {advice_text(result.advice)}".strip()
        self._show("bad", title, server, text, said_text(result))
        found: list[QFrame] = []
        if result.advice is not None and result.advice.page:
            acts = (page_act(result.advice), *acts)
        if result.certificate is not None:
            found.append(certificate_box(result.certificate))
            acts = ((tr("Trust this certificate"), trust), *acts)
        if acts:
            found.append(flow(*[Button(words, "small", clicked=act) for words, act in acts]))
        layout = self._more.layout()
        assert layout is not None
        for each in found:
            layout.addWidget(each)
        layout.setContentsMargins(0, 6 if found else 0, 0, 0)
        layout.setSpacing(8)
        self._more.setVisible(bool(found))

    def _show(self, state: str, title: str, server: str, text: str, words: str = "") -> None:
        self.setProperty("state", state)
        self._mark.set_icon(*_FACES[state])
        self._title.setText(title)
        self._server.setText(server)
        self._text.setText(text)
        self._text.set_tone("bad" if state == "bad" else "")
        self._words.setText(words)
        self._words.setVisible(bool(words))
        for child in self._more.findChildren(QFrame) + self._more.findChildren(Button):
            child.hide()
            child.deleteLater()
        self._more.hide()
        self.setAccessibleName(f"{title}. {text}")


def page_act(advice: Advice) -> Act:
    """Opens the provider's page where what it wants is made."""
    page = QUrl(advice.page)
    return tr("Open {provider}’s page", provider=advice.provider), lambda: QDesktopServices.openUrl(page)


def fingerprint_text(sha256: str) -> str:
    """A fingerprint in groups that can be read aloud, on two lines."""
    groups = [sha256[start : start + 4].upper() for start in range(0, len(sha256), 4)]
    return " ".join(groups[:8]) + "\n" + " ".join(groups[8:])


def certificate_box(shown: CertificateInfo) -> QFrame:
    """A certificate for a person to judge: names, dates and the whole fingerprint, in groups that can be read aloud."""
    dates = " – ".join(day_text(at.astimezone().date()) if at else "?" for at in (shown.not_before, shown.not_after))
    facts = (
        (tr("Certificate for"), shown.subject or "?"),
        (tr("Issued by"), shown.issuer or "?"),
        (tr("Valid"), dates),
        (tr("Fingerprint (SHA-256)"), fingerprint_text(shown.sha256)),
    )
    lines = []
    for name, value in facts:
        told = Label(value, "small", wrap=True)
        told.setAccessibleName(f"{name}: {value}")
        label = Label(name, "caption", wrap=True)
        label.setFixedWidth(128)
        lines.append(row(label, (told, 1), spacing=8))
    note = tr("Trust it only if your provider or administrator confirms this fingerprint.")
    box = column(*lines, Label(note, "small", wrap=True), margins=(12, 10, 12, 10), spacing=4)
    set_box(box, "tile")
    return box
