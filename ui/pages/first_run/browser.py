"""Signing in by the browser: one button, a quiet wait with a way out, a code where the browser is elsewhere.

The wait happens on a task; hiding this box calls it off, so that no wait outlives its window. Where no client id is
entered yet, the box says why one is needed and takes it on the spot.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication, QHideEvent
from PySide6.QtWidgets import QFrame

from app.desk.setup import signing_in
from app.desk.setup.signing_in import CalledOffError, DeviceCode, Way
from app.kernel.errors import ExternalError, UserError
from app.kernel.sentences import words_of
from ui.pages import Context
from ui.text import told, tr
from ui.widgets.button import Button, link_button
from ui.widgets.field import FieldBlock, PasswordField, TextField
from ui.widgets.label import Label, Para
from ui.widgets.layout import column, row, set_box, vertical
from ui.widgets.state import Busy


class BrowserSignIn(QFrame):
    """The box. `offer` begins; `signed_in` brings what is kept in the password's place."""

    signed_in = Signal(str)
    changed = Signal()

    def __init__(self, context: Context, *, primary: bool = False) -> None:
        super().__init__()
        self.context = context
        self._way: Way | None = None
        self._wanted = self._address = self._page = ""
        self._begin = False
        self._cancel: threading.Event | None = None
        self._build(primary)
        self._show("")

    def _build(self, primary: bool) -> None:
        self.go = Button("", "primary" if primary else "", icon="open-in-new", clicked=self.begin)
        self.text = Para("")
        self._fault = Label("", "small", wrap=True)
        self._fault.set_tone("bad")
        self._offer = column(self.text, self._fault, row(self.go, None), spacing=8)
        self._waiting = Label("", "small", wrap=True)
        self._busy = Busy(tr("Waiting for your browser…"), action=(tr("Cancel"), self.call_off))
        self._copy = link_button(tr("Copy the page’s address"), self._copy_page)
        self.by_code = link_button(tr("Use a code instead"), self.begin_with_code)
        self._code = Label("", "title")
        self._open = link_button(tr("Open the page"), self._open_page)
        self._code_row = row(self._code, self._open, None, spacing=12)
        ways = row(self._copy, self.by_code, None, spacing=4)
        self._wait = column(self._busy, self._waiting, self._code_row, ways, spacing=8)
        self.client_id = TextField(name=tr("Client id"))
        self.client_secret = PasswordField(name=tr("Client secret"))
        self._secret_block = FieldBlock(tr("Client secret"), self.client_secret)
        self._client_block = FieldBlock(tr("Client id"), self.client_id)
        self._why = Para("")
        register = link_button(tr("Open the registration page"), self._register)
        self.keep = Button(tr("Keep the client id"), clicked=self._keep_client)
        fields = row((self._client_block, 1), (self._secret_block, 1), spacing=16)
        self._client = column(self._why, fields, row(self.keep, register, None), spacing=8)
        box = column(self._offer, self._wait, self._client, margins=(16, 12, 16, 12), spacing=8)
        set_box(box, "sunken")
        vertical(self).addWidget(box)

    # -- what its owner asks and says ---------------------------------------------------------------------------------

    @property
    def is_waiting(self) -> bool:
        """Is a sign-in under way?"""
        return self._cancel is not None

    def offer(self, identity: str, address: str, *, begin: bool = False) -> None:
        """Offer to sign in this address, or `begin` at once where a client id is known."""
        self._address, self._begin = address, begin
        if identity != self._wanted:
            self.call_off()
            self._wanted, self._way = identity, None
            self._fault.setText("")
            desk = self.context.desk
            self.context.tasks.run(
                lambda: signing_in.way(desk, identity), then=self._told_way, owner=self, key="browser.way"
            )

    def begin(self) -> None:
        """Open the browser and wait."""
        desk, wanted, address = self.context.desk, self._wanted, self._address
        self._start(lambda cancel: signing_in.by_browser(desk, wanted, address, cancel, self._on_page))
        self._waiting.setText(tr("Sign in there as {address}, then come back here.", address=address))

    def begin_with_code(self) -> None:
        """Show a code to type on any device, and wait."""
        self.call_off()
        desk, wanted = self.context.desk, self._wanted
        self._start(lambda cancel: signing_in.by_code(desk, wanted, self._on_code, cancel))
        self._waiting.setText(tr("Asking for a code…"))

    def call_off(self) -> None:
        """End the wait."""
        if self._cancel is not None:
            self._cancel.set()
            self._cancel = None
            self.context.tasks.forget("browser.wait")
            self._show("offer")

    def hideEvent(self, event: QHideEvent, /) -> None:
        super().hideEvent(event)
        if not event.spontaneous():
            self.call_off()

    # -- waiting ------------------------------------------------------------------------------------------------------

    def _start(self, work: Callable[[threading.Event], str]) -> None:
        self._cancel = cancel = threading.Event()
        self._page = ""
        self._code.setText("")
        self._fault.setText("")
        self._show("wait")
        self.context.tasks.run(
            lambda: work(cancel), then=self._done, owner=self, key="browser.wait", failed=self._failed
        )

    def _on_page(self, page: str) -> None:
        self.context.bridge.post(lambda: self._told_page(page))

    def _told_page(self, page: str) -> None:
        self._page = page
        self._show("wait" if self.is_waiting else "offer")

    def _on_code(self, code: DeviceCode) -> None:
        self.context.bridge.post(lambda: self._told_code(code))

    def _told_code(self, code: DeviceCode) -> None:
        self._page = code.url
        self._code.setText(code.code)
        self._waiting.setText(tr("Type this code at {page}, on this computer or another:", page=code.url))
        self._show("wait" if self.is_waiting else "offer")

    def _done(self, kept: str) -> None:
        self._cancel = None
        self._show("offer")
        self.signed_in.emit(kept)

    def _failed(self, error: Exception) -> bool:
        self._cancel = None
        if isinstance(error, (UserError, ExternalError)):
            self._fault.setText("" if isinstance(error, CalledOffError) else told(words_of(error)))
            said = error.words if isinstance(error, ExternalError) else ""
            self._fault.setToolTip(tr("The server said: “{words}”", words=said) if said else "")
            self._show("offer")
            return True
        self._show("offer")
        return False

    # -- the client id ------------------------------------------------------------------------------------------------

    def _told_way(self, way: Way) -> None:
        self._way = way
        self.go.setText(tr("Sign in with {name}", name=way.name))
        self.text.setText(tr("Your browser opens {name}’s own page. Deskbell never sees your password.", name=way.name))
        self._why.setText(
            tr(
                "To sign in with {name}, this desk has to be registered there once as a desktop program. The "
                "registration gives a client id; enter it here.",
                name=way.name,
            )
        )
        self._show("offer" if way.client_id else "client")
        if self._begin and way.client_id:
            self._begin = False
            self.begin()

    def _keep_client(self) -> None:
        desk, wanted = self.context.desk, self._wanted
        client_id, secret = self.client_id.text(), self.client_secret.text()

        def work() -> Way:
            signing_in.set_client(desk, wanted, client_id, secret)
            return signing_in.way(desk, wanted)

        self.context.tasks.run(work, then=self._told_way, owner=self, failed=self._not_kept)

    def _not_kept(self, error: Exception) -> bool:
        if isinstance(error, UserError):
            self._client_block.set_wrong(told(words_of(error)))
            return True
        return False

    # -- showing ------------------------------------------------------------------------------------------------------

    def _show(self, state: str) -> None:
        self.setProperty("state", state)
        way = self._way
        self._offer.setVisible(state == "offer")
        self._wait.setVisible(state == "wait")
        self._client.setVisible(state == "client")
        self._secret_block.setVisible(bool(way and way.wants_secret))
        self._code_row.setVisible(bool(self._code.text()))
        self._copy.setVisible(bool(self._page) and not self._code.text())
        self.by_code.setVisible(bool(way and way.has_code) and not self._code.text())
        self._fault.setVisible(bool(self._fault.text()))
        self.changed.emit()

    def _copy_page(self) -> None:
        QGuiApplication.clipboard().setText(self._page)
        self.context.toasts.say(tr("Copied. Paste it into the browser of your choice."))

    def _open_page(self) -> None:
        QDesktopServices.openUrl(QUrl(self._page))

    def _register(self) -> None:
        if self._way is not None:
            QDesktopServices.openUrl(QUrl(self._way.page))
