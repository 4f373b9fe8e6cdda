"""Connecting a mailbox: find its servers, test both directions, keep it only then.

Used by the first run and by Settings. Nothing here waits: looking for servers and the test are tasks, both can be called
off, and a late answer to an old question is thrown away. What is typed by hand is never overwritten by what was found.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame

from app.conversations.queries import mailbox
from app.desk.setup.accounts import PASSWORD, Account, CheckResult, Found, Tested, check, connect, find_servers, ways_in
from app.kernel.errors import ExternalError, UserError
from app.kernel.secrets import keyring_problem
from app.kernel.sentences import words_of
from ui.pages import Context
from ui.pages.first_run.history import HistoryChoice
from ui.pages.first_run.results import Act, ResultRow
from ui.pages.first_run.servers import ServerFields, described, with_urls
from ui.pages.first_run.ways import WaysIn
from ui.pages.first_run.words import refused
from ui.text import told, tr
from ui.widgets.button import link_button
from ui.widgets.field import FieldBlock, PasswordField, TextField
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import column, line, row, set_box, vertical
from ui.widgets.state import Busy
from ui.widgets.toggle import CheckBox

_NONE = Account("", "", "")


class ConnectForm(QFrame):
    """The form. Its owner has the buttons: it asks `can_test`, `can_save` after each `changed` and calls `test`, `save`."""

    changed = Signal()
    told = Signal()  # the test has ended: its result is to be seen

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self._account = _NONE
        self._searched = ""
        self._tested_with: tuple[Account, str] | None = None
        self._result: Tested | None = None
        self._without_sending = False
        self._by_hand = self._unfolded = False
        self._cancel: threading.Event | None = None
        self._busy = ""
        self._keyring_problem: str | None = None
        self._build()
        self._ask_keyring()
        self._show()

    # -- what the owner asks ------------------------------------------------------------------------------------------

    @property
    def is_busy(self) -> bool:
        """Is something being looked for, tested or kept?"""
        return bool(self._busy)

    @property
    def can_test(self) -> bool:
        """Is there enough to test?"""
        return bool(not self._busy and self._address() and self._secret())

    @property
    def was_tested(self) -> bool:
        """Has what is entered now been tested?"""
        return self._result is not None and self._tested_with == (self._entered(), self._secret())

    @property
    def can_save(self) -> bool:
        """Did both directions work (or only receiving, by the person's decision), and can the password be kept?"""
        if self._busy or self._result is None or not self.was_tested:
            return False
        sending = self._result.sending.ok or self._without_sending
        kept = not self._keyring_problem or self.this_run.isChecked()
        return self._result.receiving.ok and sending and kept

    # -- building -----------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.address = TextField(placeholder="support@example.com", name=tr("E-mail address"))
        self.password = PasswordField()
        self._address_block = FieldBlock(tr("E-mail address"), self.address)
        self._password_block = FieldBlock(tr("Password"), self.password)
        self._kept = Label(tr("Kept in this computer’s own password store, nowhere else."), "caption", wrap=True)
        self._found = ElidingLabel("", "strong")
        self._edit = link_button(tr("Edit"), self.edit_servers)
        self._head = row((self._found, 1), self._edit)
        self.ways = WaysIn(self.context)
        self._looking = Busy(tr("Looking for the servers…"), action=(tr("Cancel"), self.call_off))
        self._testing = Busy(tr("Signing in to both servers…"), action=(tr("Cancel"), self.call_off))
        self.imap = ServerFields("imap", tr("Receiving"))
        self.smtp = ServerFields("smtp", tr("Sending"))
        self._server_blocks = (
            FieldBlock(tr("Receiving (IMAP)"), self.imap),
            FieldBlock(tr("Sending (SMTP)"), self.smtp),
        )
        self.user = TextField(name=tr("User name"))
        self._hand = column(
            *self._server_blocks,
            FieldBlock(tr("User name"), self.user, hint=tr("Only if it is not the e-mail address.")),
            spacing=12,
        )
        self.receiving, self.sending = ResultRow(tr("Receiving")), ResultRow(tr("Sending"))
        self._results = column(self.receiving, line(), self.sending)
        set_box(self._results, "sunken")
        self.this_run = CheckBox(tr("Keep the password only until Deskbell closes"))
        self._keyring_text = Label("", "small", wrap=True)
        self._keyring = column(self._keyring_text, self.this_run, margins=(12, 10, 12, 10), spacing=8, box="warn")
        self.history = HistoryChoice(self.context)
        self._fill()
        self._connect()

    def _fill(self) -> None:
        layout = vertical(self)
        layout.setSpacing(12)
        for item in (
            row((self._address_block, 1), (self._password_block, 1), spacing=16),
            self._kept, self._looking, self._head, self.ways, self._hand,
            self._results, self._testing, self._keyring, self.history,
        ):  # fmt: skip
            layout.addWidget(item)

    def _connect(self) -> None:
        self.address.textEdited.connect(lambda _text: self._address_edited())
        self.address.editingFinished.connect(self.search)
        self.password.textEdited.connect(lambda _text: self._show())
        self.password.returnPressed.connect(self.test)
        for fields in (self.imap, self.smtp):
            fields.edited.connect(self._hand_edited)
            fields.host.returnPressed.connect(self.test)
        self.user.textEdited.connect(lambda _text: self._hand_edited())
        self.ways.signed_in.connect(self._signed_in)
        self.ways.changed.connect(self._show)
        self.this_run.toggled.connect(lambda _on: self.changed.emit())

    def _ask_keyring(self) -> None:
        self.context.tasks.run(keyring_problem, then=self._keyring_told, owner=self)

    def _keyring_told(self, problem: str | None) -> None:
        self._keyring_problem = problem
        self._keyring_text.setText(problem or "")
        self._show()

    # -- the account entered ------------------------------------------------------------------------------------------

    def _address(self) -> str:
        return self.address.text().strip()

    def _entered(self) -> Account:
        """The account as the fields say it now."""
        account = replace(self._account, address=self._address(), auth=self.ways.way)
        if not self._by_hand:
            return account
        return replace(with_urls(account, self.imap.url(), self.smtp.url()), user=self.user.text().strip())

    def _secret(self) -> str:
        return self.ways.sign_in if self.ways.by_browser else self.password.text()

    def _address_edited(self) -> None:
        if self._busy == "search":
            self.call_off()
        if not self._by_hand and self._address() != self._searched:
            self._account, self._searched = _NONE, ""
            self.ways.show_found(None)
            self.ways.choose((PASSWORD,), self._address())
        self._address_block.set_wrong("")
        self._show()

    def _hand_edited(self) -> None:
        self._by_hand = True
        self._without_sending = False
        for block, field in zip(self._server_blocks, (self.imap, self.smtp), strict=True):
            if field.url():
                field.host.set_wrong()
                block.set_wrong("")
        self.ways.show_found(None)
        self.ways.choose(ways_in(self._entered()), self._address())
        self._show()

    def _signed_in(self) -> None:
        self._show()
        self.test()

    # -- looking for servers ------------------------------------------------------------------------------------------

    def search(self) -> None:
        """Look for the servers of the address, unless they are known or typed by hand."""
        address = self._address()
        if self._busy or self._by_hand or "@" not in address or address == self._searched:
            return
        self._searched = address
        self._cancel = cancel = threading.Event()
        self._set_busy("search")
        self.context.tasks.run(
            lambda: find_servers(address, cancel),
            then=self._servers_found,
            owner=self,
            key="connect.search",
            failed=self._no_search,
        )

    def _servers_found(self, found: Found) -> None:
        self._set_busy("")
        account = found.account
        self.ways.show_found(found)
        if account is None and found.provider:  # it is known, and offers nothing: entering servers would not help
            self._found.setText(tr("{name} cannot be connected.", name=found.provider))
        elif account is None:
            self._account = replace(_NONE, address=self._address())
            self._found.setText(tr("No servers were found. Enter the ones that your provider names."))
            self._open_fields()
        else:
            self._account = account
            self.ways.choose(found.ways, self._address())
            self._found.setText(tr("Servers found for {name}", name=found.provider or _domain(account.address)))
        self._show()
        if account is not None and not found.confirm and self._secret() and not self.password.hasFocus():
            self.test()

    def _no_search(self, error: Exception) -> bool:
        self._set_busy("")
        self._searched = ""
        if isinstance(error, UserError):
            self._address_block.set_wrong(told(words_of(error)))
            return True
        if isinstance(error, ExternalError):
            self._found.setText(told(words_of(error)))
            self._open_fields()
            return True
        return False

    def edit_servers(self) -> None:
        """Enter the servers by hand, beginning with those found."""
        if self._busy == "search":
            self.call_off()
        self._open_fields()
        self.imap.host.setFocus()

    def _open_fields(self) -> None:
        if not self._by_hand:
            self.imap.set_url(self._account.imap_url)
            self.smtp.set_url(self._account.smtp_url)
            self.user.setText(self._account.user if self._account.user != self._address() else "")
        self._by_hand = self._unfolded = True
        self._show()

    def call_off(self) -> None:
        """End what is under way; what is entered stays."""
        if self._cancel is not None:
            self._cancel.set()
            self._cancel = None
        self.context.tasks.forget("connect.search")
        self.context.tasks.forget("connect.test")
        was, self._busy = self._busy, ""
        if was == "search":
            self._found.setText(tr("The search was cancelled. Enter the servers that your provider names."))
            self._open_fields()
        self._set_busy("")

    # -- the test -----------------------------------------------------------------------------------------------------

    def test(self) -> None:
        """Sign in to both servers, looking for them first where they are not known."""
        if not self.can_test:
            return
        if not self._by_hand and not self._account.imap_url:
            self._searched = ""
            self.search()
            return
        account, password = self._entered(), self._secret()
        if not self._complete(account):
            return
        self._tested_with, self._result = (account, password), None
        self._without_sending = False
        self._set_busy("test")
        self.receiving.busy(described(account.imap_url))
        self.sending.busy(described(account.smtp_url))
        self.context.tasks.run(
            lambda: check(account, password), then=self._tested, owner=self, key="connect.test", failed=self._no_test
        )

    def _complete(self, account: Account) -> bool:
        """Are both servers named? The first field that lacks is shown."""
        urls, fields = (account.imap_url, account.smtp_url), (self.imap, self.smtp)
        for url, block, field in zip(urls, self._server_blocks, fields, strict=True):
            missing = "" if url else tr("The server’s name is missing. Your provider’s help pages tell it.")
            field.host.set_wrong(missing)
            block.set_wrong(missing)
            if missing:
                self._open_fields()
                field.host.setFocus()
                return False
        return True

    def _no_test(self, error: Exception) -> bool:
        self._set_busy("")
        if isinstance(error, UserError):
            self._tested(Tested(refused(error), refused(error)))
            return True
        return False

    def _tested(self, result: Tested) -> None:
        self._result = result
        self._unfolded = self._unfolded and not result.ok
        self._set_busy("")
        account = self._tested_with[0] if self._tested_with else self._entered()
        if result.ok and self._by_hand:
            self._found.setText(tr("The servers that you entered"))
        self.receiving.result(
            tr("Receiving works") if result.receiving.ok else tr("Receiving does not work"),
            described(account.imap_url),
            result.receiving,
            trust=lambda: self._trust(imap_pin=_pin(result.receiving)),
            acts=self._again(result.receiving),
        )
        skip = ((tr("Go on without sending"), self._go_on),) if result.receiving.ok else ()
        self.sending.result(
            tr("Sending works") if result.sending.ok else tr("Sending does not work"),
            described(account.smtp_url),
            result.sending,
            trust=lambda: self._trust(smtp_pin=_pin(result.sending)),
            acts=(*self._again(result.sending), *skip),
        )
        if result.receiving.ok and self._tested_with:
            self.history.count(*self._tested_with)
        self._show()
        self.told.emit()

    def _again(self, result: CheckResult) -> tuple[Act, ...]:
        """Another sign-in by the browser, where this one was not taken."""
        refused_there = self.ways.by_browser and result.reason == "sign_in"
        return ((tr("Sign in again"), self.ways.begin_again),) if refused_there else ()

    def _trust(self, *, imap_pin: str | None = None, smtp_pin: str | None = None) -> None:
        account = self._entered()
        imap, smtp = imap_pin or account.imap_pin, smtp_pin or account.smtp_pin
        self._account = replace(account, imap_pin=imap, smtp_pin=smtp)
        self.test()

    def _go_on(self) -> None:
        self._without_sending = True
        account = self._entered()
        words = tr("Replies wait in the outbox until sending works. You can set it up later in Settings.")
        self.sending.skipped(described(account.smtp_url), words)
        self._show()

    # -- keeping it ---------------------------------------------------------------------------------------------------

    def save(self, then: Callable[[UUID], object], failed: Callable[[Exception], bool] | None = None) -> None:
        """Keep the mailbox and its password; `then` gets its id. Only what was tested is kept."""
        if not self.can_save:
            return
        account, password = self._entered(), self._secret()
        history, remember = self.history.current(), not self.this_run.isChecked()
        desk, hand = self.context.desk, self.context.engine_secret

        def work() -> UUID:
            key = connect(desk, account, password, history=history, remember=remember)
            info = desk.ask(mailbox, key)
            if not remember and info is not None:
                hand(info.secret_ref, password)
            return key

        def failing(error: Exception) -> bool:
            self._set_busy("")
            return bool(failed and failed(error))

        self._set_busy("save")
        self.context.tasks.run(work, then=lambda key: self._saved(key, then), owner=self, failed=failing)

    def _saved(self, key: UUID, then: Callable[[UUID], object]) -> None:
        self._set_busy("")
        self.password.clear()
        self.ways.forget()
        self._result = None
        then(key)

    # -- showing ------------------------------------------------------------------------------------------------------

    def _set_busy(self, what: str) -> None:
        self._busy = what
        for field in (self.address, self.password, self.history, self.user, self.imap, self.smtp, self.ways):
            field.setEnabled(what in {"", "search"})
        self._show()

    def _show(self) -> None:
        known = bool(self._account.imap_url)
        tested = self.was_tested or self._busy == "test"
        self._looking.setVisible(self._busy == "search")
        self._testing.setVisible(self._busy == "test")
        self._head.setVisible((known or self._by_hand) and self._busy != "search")
        self._edit.setVisible(not self._unfolded)
        if self._by_hand and not self._found.text():
            self._found.setText(tr("Servers"))
        by_browser = self.ways.by_browser
        self._password_block.setVisible(not by_browser)
        self._hand.setVisible(self._unfolded)
        self._results.setVisible((known or tested or self._by_hand) and (not by_browser or bool(self.ways.sign_in)))
        if not tested:
            entered = self._entered()
            self.receiving.rest(described(entered.imap_url))
            self.sending.rest(described(entered.smtp_url))
        self._keyring.setVisible(bool(self._keyring_problem))
        self._kept.setVisible(not self._keyring_problem and not by_browser)
        self.history.setVisible(self.was_tested and not self._busy and self._receives())
        self.changed.emit()

    def _receives(self) -> bool:
        return self._result is not None and self._result.receiving.ok


def _domain(address: str) -> str:
    return address.rpartition("@")[2]


def _pin(result: CheckResult) -> str:
    return result.certificate.sha256 if result.certificate else ""
