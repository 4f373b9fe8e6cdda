"""Sign in again: one sheet for a password that changed, a sign-in by the browser that ended, or a certificate that changed.

Opened from the status lamp, a banner or Settings. A mailbox that signs in by the browser has it opened at once: the press
in the lamp was the one click. What is new is tried before it is kept; what the server says stands in the sheet, so nobody
has to guess.
"""

from __future__ import annotations

from uuid import UUID

from app.conversations.queries import MailboxInfo, mailbox
from app.desk.setup import accounts
from app.desk.setup.accounts import Tested
from app.kernel.errors import UserError
from app.kernel.secrets import keyring_problem
from app.kernel.sentences import words_of
from ui.pages import Context
from ui.pages.first_run.browser import BrowserSignIn
from ui.pages.first_run.results import ResultRow
from ui.pages.first_run.servers import described
from ui.text import told, tr
from ui.widgets.button import Button
from ui.widgets.field import FieldBlock, PasswordField
from ui.widgets.label import Label, Para
from ui.widgets.layout import column, line
from ui.widgets.overlay import Dialog
from ui.widgets.state import set_busy
from ui.widgets.toggle import CheckBox


class SignInSheet(Dialog):
    """The sheet for one mailbox."""

    def __init__(self, context: Context, info: MailboxInfo, *, certificate: bool = False) -> None:
        super().__init__(tr("Sign in to {address}", address=info.address), width=520)
        self.context, self._info = context, info
        self._done = False
        said = told(info.paused_words)
        self.password = PasswordField()
        self._block = FieldBlock(tr("Password"), self.password, hint=tr("Kept in this computer’s own password store."))
        self.receiving, self.sending = ResultRow(tr("Receiving")), ResultRow(tr("Sending"))
        self._results = column(self.receiving, line(), self.sending, box="sunken")
        self._keyring = Label("", "small", wrap=True)
        self.this_run = CheckBox(tr("Keep the password only until Deskbell closes"))
        self._keyring_box = column(self._keyring, self.this_run, margins=(12, 10, 12, 10), spacing=8, box="warn")
        for frame in (self._keyring_box, self._results):
            frame.hide()
        words = tr("Your mail is safe on the server. Receiving and sending go on as soon as you are signed in.")
        self.browser = BrowserSignIn(context, primary=True)
        by_browser = info.auth != accounts.PASSWORD
        self.browser.setVisible(by_browser and not certificate)
        self._block.setVisible(not by_browser)
        self.add(Para(f"{words} {said}".strip()), self._block, self.browser, self._keyring_box, self._results)
        self.go = Button(tr("Sign in"), "primary", clicked=self.sign_in)
        self.go.setEnabled(False)
        self.go.setVisible(not by_browser)
        self.set_foot(Button(tr("Cancel"), clicked=self.close_dialog), *([] if by_browser else [self.go]))
        if by_browser:
            self.browser.signed_in.connect(self._test)
            self.browser.offer(info.auth, info.address, begin=not certificate)
        self.password.textChanged.connect(lambda _text: self._typed())
        context.tasks.run(keyring_problem, then=self._keyring_told, owner=self)
        if certificate:
            self._test(None)

    def sign_in(self) -> None:
        """Try the password, and keep it if it works."""
        if self.password.text():
            self._test(self.password.text())

    def _typed(self) -> None:
        self.go.setEnabled(bool(self.password.text()))

    def _keyring_told(self, problem: str | None) -> None:
        self._keyring.setText(problem or "")
        self._keyring_box.setVisible(bool(problem))
        self.this_run.setChecked(bool(problem))

    def _test(self, password: str | None) -> None:
        set_busy(self.go, True, tr("Signing in…"))
        self._results.show()
        self.receiving.busy(described(self._info.imap_url))
        self.sending.busy(described(self._info.smtp_url))
        desk, key = self.context.desk, self._info.id
        self.context.tasks.run(
            lambda: accounts.check_again(desk, key, password),
            then=lambda result: self._told(result, password),
            owner=self,
            failed=self._failed,
        )

    def _failed(self, error: Exception) -> bool:
        set_busy(self.go, False)
        self._typed()
        if isinstance(error, UserError):
            self._results.hide()
            self._block.set_wrong(told(words_of(error)))
            return True
        return False

    def _told(self, result: Tested, password: str | None) -> None:
        set_busy(self.go, False)
        self._typed()
        info = self._info
        receiving, sending = result.receiving, result.sending
        self.receiving.result(
            tr("Receiving works") if receiving.ok else tr("Receiving does not work"),
            described(info.imap_url),
            receiving,
            trust=lambda: self._trust(imap_pin=receiving.certificate.sha256 if receiving.certificate else None),
        )
        self.sending.result(
            tr("Sending works") if sending.ok else tr("Sending does not work"),
            described(info.smtp_url),
            sending,
            trust=lambda: self._trust(smtp_pin=sending.certificate.sha256 if sending.certificate else None),
        )
        if receiving.ok:
            self._keep(password, close=sending.ok)

    def _trust(self, *, imap_pin: str | None = None, smtp_pin: str | None = None) -> None:
        desk, key = self.context.desk, self._info.id

        def work() -> MailboxInfo | None:
            accounts.trust(desk, key, imap_pin=imap_pin, smtp_pin=smtp_pin)
            return desk.ask(mailbox, key)

        self.context.tasks.run(work, then=self._trusted, owner=self)

    def _trusted(self, info: MailboxInfo | None) -> None:
        if info is not None:
            self._info = info
        self._test(self.password.text() or None)

    def _keep(self, password: str | None, *, close: bool) -> None:
        desk, info, remember = self.context.desk, self._info, not self.this_run.isChecked()

        def work() -> None:
            if password is not None:
                accounts.change_password(desk, info.id, password, remember=remember)
                if not remember:
                    self.context.engine_secret(info.secret_ref, password)
            else:
                accounts.trust(desk, info.id)  # nothing new to accept: it only lets the mailbox go on

        self.context.tasks.run(work, then=lambda _none: self._kept(close=close), owner=self)

    def _kept(self, *, close: bool) -> None:
        self._done = True
        if close:
            self.context.toasts.say(tr("Signed in. Receiving and sending go on."))
            self.close_dialog()


def open_sign_in(context: Context, key: UUID, *, certificate: bool = False) -> None:
    """Look the mailbox up and open its sheet."""

    def show(info: MailboxInfo | None) -> None:
        if info is not None:
            sheet = SignInSheet(context, info, certificate=certificate)
            context.overlay.open(sheet, focus=None if certificate else sheet.password)

    context.tasks.ask(mailbox, key, then=show, owner=context.overlay)
