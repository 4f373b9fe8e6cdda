"""One mailbox in four parts, one at a time: who writes, what is answered by itself, the servers, what is brought in.

Save and Discard are for the whole mailbox, whichever part is shown; a part with something unsaved says so. Tests, sign-in
and pausing act at once.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QWidget

from app.conversations.mailboxes import pause_mailbox, resume_mailbox, update_mailbox
from app.conversations.queries import MailboxInfo
from app.desk.setup import accounts
from app.desk.setup.accounts import Tested
from app.kernel.state import signals
from ui.pages import Context
from ui.pages.first_run.results import ResultRow, fingerprint_text
from ui.pages.first_run.servers import ServerFields, described
from ui.pages.health.facts import SAMPLE
from ui.pages.settings.form import LABEL_WIDTH, Pane, TextArea, Values
from ui.pages.settings.mailbox_mail import MailPart
from ui.pages.settings.sign_in import open_sign_in
from ui.text import tr
from ui.widgets.button import Button
from ui.widgets.field import FormRow, TextField
from ui.widgets.label import Label
from ui.widgets.layout import column, line, row
from ui.widgets.overlay import ask
from ui.widgets.state import set_busy
from ui.widgets.toggle import Switch

_MOVES = frozenset({"imap_url", "smtp_url", "user"})


class Editor(Pane):
    """One mailbox: identity, automatic answers, servers and sign-in, receiving; test, pause, remove."""

    removed = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__(context, "", "")
        self.box: MailboxInfo | None = None
        self.text.setVisible(True)
        self.test_button = Button(tr("Test again"), clicked=self.test)
        self.pause_button = Button(tr("Pause"), clicked=self._pause)
        self.receiving, self.sending = ResultRow(tr("Receiving")), ResultRow(tr("Sending"))
        self._results = column(self.receiving, line(), self.sending, box="sunken")
        self._results.hide()
        self.imap = ServerFields("imap", tr("Receiving"))
        self.smtp = ServerFields("smtp", tr("Sending"))
        self.mail = MailPart(context)
        self._parts: dict[str, QFrame] = {}
        self._tabs: dict[str, Button] = {}
        self._build()
        self.show_part("identity")

    # -- building -----------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.acts.addWidget(self.test_button)
        self.acts.addWidget(self.pause_button)
        group = QButtonGroup(self)
        names = {
            "identity": tr("Identity"),
            "answers": tr("Automatic"),
            "servers": tr("Servers"),
            "mail": tr("Receiving"),
        }
        for key, words in names.items():
            tab = Button(words, "tab", checkable=True, clicked=partial(self.show_part, key))
            group.addButton(tab)
            self._tabs[key] = tab
            self._parts[key] = column(spacing=12)
        page = self.scroller.content
        page.addWidget(self._results)
        page.addWidget(row(*self._tabs.values(), None, spacing=0))
        for key, fill in (
            ("identity", self._build_identity),
            ("answers", self._build_answers),
            ("servers", self._build_servers),
            ("mail", self._build_mail),
        ):
            page.addWidget(self._parts[key])
            layout = self._parts[key].layout()
            assert layout is not None
            self.target = layout
            fill()

    def _build_identity(self) -> None:
        self.add_field("name", tr("Sender’s name"), TextField(name=tr("Sender’s name")))
        aliases = TextField(name=tr("Also answers as"), placeholder="hello@example.com, shop@example.com")
        hint = tr("Other addresses of this mailbox, separated by commas. Mail to them counts as mail to you.")
        self.add_field("aliases", tr("Also answers as"), aliases, hint)
        self.add_field("signature", tr("Signature"), TextArea(tr("Signature")), tr("Under replies from this mailbox."))

    def _build_answers(self) -> None:
        hint = tr("Once for each new ticket; never to newsletters, robots or bounces, and never twice in a row.")
        self.add_field("ack_on", tr("Acknowledge"), Switch(tr("Acknowledge new tickets")), hint)
        words = tr("Leave empty for Deskbell’s own words. {name}, {number}, {subject} and {desk} are filled in.")
        self.add_field("ack_text", tr("In these words"), TextArea(tr("Words of the acknowledgement"), 7), words)
        hint = tr(
            "Replies are then found by their address too. Only if your provider delivers mail for {example}.",
            example="name+anything@",
        )
        self.add_field("plus_addressing", tr("Plus addresses"), Switch(tr("Plus addresses")), hint)

    def _build_servers(self) -> None:
        for label, fields in ((tr("Receiving"), self.imap), (tr("Sending"), self.smtp)):
            self.target.addWidget(FormRow(label, fields, label_width=LABEL_WIDTH))
            fields.edited.connect(self._changed)
        self.add_field("user", tr("User name"), TextField(name=tr("User name")))
        self._signed = Label("", "muted", wrap=True)
        self.sign_in_button = Button(tr("Change…"), clicked=self._password)
        self.target.addWidget(
            FormRow(tr("Sign-in"), row((self._signed, 1), self.sign_in_button), label_width=LABEL_WIDTH)
        )
        self._pins = Label("", "small", wrap=True)
        self._unpin = Button(tr("Trust it no longer"), "small", clicked=self._forget_pins)
        self._pins_row = FormRow(
            tr("Certificate"), column(self._pins, row(self._unpin, None), spacing=6), label_width=LABEL_WIDTH
        )
        self.target.addWidget(self._pins_row)
        remove = Button(tr("Remove mailbox…"), "danger", clicked=self._remove)
        self.target.addWidget(row(remove, None, margins=(0, 16, 0, 0)))

    def _build_mail(self) -> None:
        self.target.addWidget(self.mail)
        self._history = Label("", "muted", wrap=True)
        self.target.addWidget(FormRow(tr("As connected"), self._history, label_width=LABEL_WIDTH))

    def show_part(self, key: str) -> None:
        """Show one part: identity, answers, servers or mail."""
        self._tabs[key].setChecked(True)
        for name, part in self._parts.items():
            part.setVisible(name == key)
        if key == "mail" and self.box is not None:
            self.mail.show_mailbox(self.box.id)

    # -- values: the servers are two of them --------------------------------------------------------------------------

    def values(self) -> Values:
        found = super().values()
        if hasattr(self, "imap"):
            found |= {"imap_url": self.imap.url(), "smtp_url": self.smtp.url()}
        return found

    def show_values(self, kept: object) -> None:
        assert isinstance(kept, dict)
        self.imap.set_url(str(kept.get("imap_url", "")))
        self.smtp.set_url(str(kept.get("smtp_url", "")))
        super().show_values(kept)

    def _changed(self) -> None:
        super()._changed()
        for key, tab in getattr(self, "_tabs", {}).items():
            changed = any(self._part_of(field) == key for field in self.changes)
            words = tab.text().removesuffix(" •")
            tab.setText(f"{words} •" if changed else words)
            tab.setAccessibleName(f"{words}: {tr('Not saved yet')}" if changed else words)

    def _part_of(self, field: str) -> str:
        widget: QWidget | None = self._fields.get(field)
        if widget is None:
            return "servers"
        return next((key for key, part in self._parts.items() if part.isAncestorOf(widget)), "")

    def show_box(self, box: MailboxInfo) -> None:
        """Show a mailbox; what is typed and not saved stays while it is the same one."""
        same = self.box is not None and self.box.id == box.id
        self.box = box
        self.title.setText(box.name or box.address)
        self.text.setText(box.address if box.name else "")
        self.text.setVisible(bool(box.name))
        self.pause_button.setText(tr("Go on") if box.paused_reason else tr("Pause"))
        self.pause_button.setEnabled(box.paused_reason != SAMPLE)
        self._history.setText(_history_words(box))
        self._show_sign_in(box)
        if self._parts["mail"].isVisibleTo(self):
            self.mail.show_mailbox(box.id)
        if same and self.changes:
            return
        if not same:
            self._results.hide()
            self._forget()
        self.show_values(_values(box))

    def _show_sign_in(self, box: MailboxInfo) -> None:
        by_browser = box.auth != accounts.PASSWORD
        names = {"microsoft": "Microsoft", "google": "Google"}
        said = tr("By {name}’s page in the browser", name=names.get(box.auth, box.auth))
        self._signed.setText(said if by_browser else tr("Password in this computer’s own password store"))
        self.sign_in_button.setText(tr("Sign in again…") if by_browser else tr("Change…"))
        pins = ((tr("Receiving"), box.imap_pin), (tr("Sending"), box.smtp_pin))
        lines = [f"{name}:\n{fingerprint_text(pin)}" for name, pin in pins if pin]
        self._pins.setText("\n".join([tr("Only this certificate is accepted for this mailbox."), *lines]))
        self._pins_row.setVisible(bool(lines))

    def store(self, changes: Values) -> None:
        box = self.box
        if box is None:
            return
        fields: dict[str, object] = dict(changes)
        if "aliases" in fields:
            fields["aliases"] = [each for each in str(fields["aliases"]).replace(",", " ").split() if "@" in each]
        for url, pin in (("imap_url", "imap_pin"), ("smtp_url", "smtp_pin")):
            if url in fields:
                if not fields[url]:
                    self.show_part("servers")
                    self.context.toasts.say(tr("The server’s name is missing."), "bad")
                    return
                fields[pin] = ""  # a pinned certificate belongs to its server
        self._keep(box, fields)

    def _keep(self, box: MailboxInfo, fields: dict[str, object]) -> None:
        desk, moved = self.context.desk, bool(_MOVES & set(fields))

        def work() -> None:
            desk.do(update_mailbox, box.id, **fields)
            if moved and box.paused_reason != SAMPLE:
                desk.do(resume_mailbox, box.id)
            desk.work(signals.send, "mailboxes_changed")

        self.context.tasks.run(work, then=lambda _none: self.stored(), owner=self)

    # -- doing --------------------------------------------------------------------------------------------------------

    def test(self) -> None:
        """Sign in to both servers as they are kept."""
        box = self.box
        if box is None:
            return
        set_busy(self.test_button, True, tr("Testing…"))
        self._results.show()
        self.receiving.busy(described(box.imap_url))
        self.sending.busy(described(box.smtp_url))
        desk, key = self.context.desk, box.id
        self.context.tasks.run(
            lambda: accounts.check_again(desk, key), then=self._tested, owner=self, failed=self._not_tested
        )

    def _not_tested(self, _error: Exception) -> bool:
        set_busy(self.test_button, False)
        self._results.hide()
        return False

    def _tested(self, result: Tested) -> None:
        set_busy(self.test_button, False)
        box = self.box
        if box is None:
            return
        both = (
            (self.receiving, result.receiving, box.imap_url, tr("Receiving works"), tr("Receiving does not work")),
            (self.sending, result.sending, box.smtp_url, tr("Sending works"), tr("Sending does not work")),
        )
        for shown, found, url, good, poor in both:
            acts = ((tr("Sign in again"), self._password),) if found.reason == "sign_in" else ()
            shown.result(good if found.ok else poor, described(url), found, trust=self._certificate, acts=acts)

    def _certificate(self) -> None:
        if self.box is not None:
            open_sign_in(self.context, self.box.id, certificate=True)

    def _password(self) -> None:
        if self.box is not None:
            open_sign_in(self.context, self.box.id)

    def _forget_pins(self) -> None:
        if self.box is not None:
            self._keep(self.box, {"imap_pin": "", "smtp_pin": ""})

    def _pause(self) -> None:
        box = self.box
        if box is None:
            return
        if box.paused_reason:
            self.context.tasks.do(resume_mailbox, box.id, done=tr("Receiving and sending go on."))
        else:
            self.context.tasks.do(pause_mailbox, box.id, "person", "", done=tr("Paused. Nothing is received or sent."))

    def _remove(self) -> None:
        box = self.box
        if box is None:
            return
        words = tr(
            "Deskbell stops receiving and sending for {address} and forgets its password. Its tickets and messages stay here, and "
            "nothing changes on the server.",
            address=box.address,
        )
        title = tr("Remove {address}?", address=box.address)
        ask(self.context.overlay, title, words, tr("Remove mailbox"), lambda: self._removing(box), danger=True)

    def _removing(self, box: MailboxInfo) -> None:
        desk = self.context.desk
        self.context.tasks.run(lambda: accounts.disconnect(desk, box.id), then=lambda _none: self._gone(), owner=self)

    def _gone(self) -> None:
        self.box = None
        self.context.toasts.say(tr("The mailbox was removed. Its tickets stay."))
        self.removed.emit()


def _values(box: MailboxInfo) -> Values:
    return {
        "name": box.name,
        "aliases": ", ".join(box.aliases),
        "signature": box.signature,
        "user": box.user,
        "imap_url": box.imap_url,
        "smtp_url": box.smtp_url,
        "ack_on": box.ack_on,
        "ack_text": box.ack_text,
        "plus_addressing": box.plus_addressing,
    }


def _history_words(box: MailboxInfo) -> str:
    return {
        "since": tr("Conversations of the first days open, older mail as searchable history"),
        "archive": tr("Everything as searchable history"),
        "all": tr("Every conversation as a ticket"),
        "none": tr("Only mail that arrived after connecting"),
    }.get(box.history, box.history)
