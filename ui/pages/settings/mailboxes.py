"""The mailboxes: a list with the state of each in words, and the one chosen to change, test or remove; or a new one."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QPushButton, QSizePolicy, QStackedWidget

from app.conversations.mailboxes import pause_mailbox, resume_mailbox, update_mailbox
from app.conversations.queries import MailboxInfo
from app.desk import accounts
from app.desk.accounts import Tested
from app.kernel import clock, signals
from ui.pages import Context
from ui.pages.first_run.connect import ConnectForm
from ui.pages.first_run.results import ResultRow
from ui.pages.first_run.servers import ServerFields, described
from ui.pages.health.facts import SAMPLE, Facts
from ui.pages.settings.form import LABEL_WIDTH, Pane, TextArea, Values
from ui.pages.settings.sign_in import open_sign_in
from ui.text import ago_text, tr
from ui.widgets.avatar import RoundIcon
from ui.widgets.button import Button, ToolButton
from ui.widgets.field import FormRow, TextField
from ui.widgets.label import ElidingLabel, Label, Para
from ui.widgets.layout import clear, column, line, row, set_box, vertical
from ui.widgets.overlay import ask
from ui.widgets.panel import ScrollPage
from ui.widgets.pill import Dot
from ui.widgets.state import EmptyState, set_busy


def state_of(box: MailboxInfo, facts: Facts) -> tuple[str, str]:
    """(colour, words) of a mailbox."""
    if box.paused_reason:
        words = {
            "sign_in": tr("Sign-in refused"),
            "tls": tr("Certificate not trusted"),
            "plain": tr("No protected line"),
            "person": tr("Paused"),
            SAMPLE: tr("Sample: nothing is received"),
        }.get(box.paused_reason, tr("Paused"))
        return ("text3" if box.paused_reason in {"person", SAMPLE} else "warn"), words
    state = facts.states.get(box.id)
    if not facts.engine:
        return "warn", tr("Receiving stands still")
    if state is None:
        return "text3", tr("Not looked at yet")
    looked = ago_text(state.at, clock.now())
    return {
        "ok": ("ok", tr("Online, looked at {time}", time=looked)),
        "working": ("accent", tr("Receiving")),
        "offline": ("warn", tr("Offline since {time}", time=ago_text(state.since, clock.now()))),
    }.get(state.state, ("warn", tr("Needs attention")))


class Row(QPushButton):
    """One mailbox of the list."""

    def __init__(self, box: MailboxInfo, facts: Facts) -> None:
        super().__init__()
        self.setProperty("kind", "row")
        self.setCheckable(True)
        self.setStyleSheet("QPushButton { min-height: 76px; max-height: 76px; padding: 0; text-align: left; }")
        colour, words = state_of(box, facts)
        texts = column(
            None,
            ElidingLabel(box.name or box.address, "strong"),
            ElidingLabel(box.address if box.name else "", "small"),
            row(
                Dot(colour, box=12),
                (ElidingLabel(words, "small", tone="warn" if colour == "warn" else ""), 1),
                spacing=4,
            ),
            None,
            spacing=2,
        )
        layout = vertical(self)
        inner = row(RoundIcon("email-outline", "plain", 32, 16), (texts, 1), spacing=12, margins=(12, 4, 12, 4))
        layout.addWidget(inner)
        self.setAccessibleName(f"{box.name or box.address}, {box.address}, {words}")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setProperty("kind", "nav")


class Editor(Pane):
    """One mailbox: identity, servers, password, test, pause, remove."""

    removed = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__(context, "", "")
        self.box: MailboxInfo | None = None
        self.text.setVisible(True)
        self.test_button = Button(tr("Test again"), icon="lan-connect", clicked=self.test)
        self.pause_button = Button(tr("Pause"), clicked=self._pause)
        self.receiving, self.sending = ResultRow(tr("Receiving")), ResultRow(tr("Sending"))
        self._results = column(self.receiving, line(), self.sending, box="sunken")
        self._results.hide()
        self.imap = ServerFields("imap", tr("Receiving"))
        self.smtp = ServerFields("smtp", tr("Sending"))
        self._build()

    def _build(self) -> None:
        self.acts.addWidget(self.test_button)
        self.acts.addWidget(self.pause_button)
        self.scroller.content.addWidget(self._results)
        self.add_heading(tr("Identity"))
        self.add_field("name", tr("Sender’s name"), TextField(name=tr("Sender’s name")))
        aliases = TextField(name=tr("Also answers as"), placeholder="hello@example.com, shop@example.com")
        self.add_field("aliases", tr("Also answers as"), aliases, tr("Further addresses of this mailbox, by commas."))
        self.add_field("signature", tr("Signature"), TextArea(tr("Signature")), tr("Under replies from this mailbox."))
        self.add_heading(tr("Servers"))
        content = self.scroller.content
        for label, fields in ((tr("Receiving"), self.imap), (tr("Sending"), self.smtp)):
            content.addWidget(FormRow(label, fields, label_width=LABEL_WIDTH))
            fields.edited.connect(self._changed)
        self.add_field("user", tr("User name"), TextField(name=tr("User name")))
        change = Button(tr("Change…"), clicked=self._password)
        kept = Label(tr("In this computer’s keyring"), "muted")
        content.addWidget(FormRow(tr("Password"), row((kept, 1), change), label_width=LABEL_WIDTH))
        self._history = Label("", "muted", wrap=True)
        content.addWidget(FormRow(tr("Mail brought in"), self._history, label_width=LABEL_WIDTH))
        remove = Button(tr("Remove mailbox…"), "danger", clicked=self._remove)
        content.addSpacing(12)
        content.addWidget(row(remove, None))

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

    def show_box(self, box: MailboxInfo) -> None:
        """Show a mailbox; what is typed and not saved stays while it is the same one."""
        same = self.box is not None and self.box.id == box.id
        self.box = box
        self.title.setText(box.name or box.address)
        self.text.setText(box.address)
        self.pause_button.setText(tr("Go on") if box.paused_reason else tr("Pause"))
        self.pause_button.setEnabled(box.paused_reason != SAMPLE)
        self._history.setText(_history_words(box))
        if same and self.changes:
            return
        if not same:
            self._results.hide()
        self.show_values(
            {
                "name": box.name,
                "aliases": ", ".join(box.aliases),
                "signature": box.signature,
                "user": box.user,
                "imap_url": box.imap_url,
                "smtp_url": box.smtp_url,
            }
        )

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
                    self.context.toasts.say(tr("The server’s name is missing."), "bad")
                    return
                fields[pin] = ""  # a pinned certificate belongs to its server
        desk, moved = self.context.desk, bool({"imap_url", "smtp_url", "user"} & set(fields))

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
            sheet = self._certificate
            shown.result(good if found.ok else poor, described(url), found, trust=sheet)

    def _certificate(self) -> None:
        if self.box is not None:
            open_sign_in(self.context, self.box.id, certificate=True)

    def _password(self) -> None:
        if self.box is not None:
            open_sign_in(self.context, self.box.id)

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
            "Deskbell stops reading and sending {address} and forgets its password. Its tickets and mails stay here, and "
            "nothing changes on the server.",
            address=box.address,
        )
        title = tr("Remove {address}?", address=box.address)
        ask(self.context.overlay, title, words, tr("Remove mailbox"), lambda: self._removing(box.id), danger=True)

    def _removing(self, key: UUID) -> None:
        desk = self.context.desk
        self.context.tasks.run(lambda: accounts.disconnect(desk, key), then=lambda _none: self._gone(), owner=self)

    def _gone(self) -> None:
        self.box = None
        self.context.toasts.say(tr("The mailbox was removed. Its tickets stay."))
        self.removed.emit()


class Adding(QFrame):
    """A further mailbox, by the same form as the first."""

    added = Signal(object)  # UUID

    def __init__(self, context: Context, cancel: Callable[[], object]) -> None:
        super().__init__()
        self.form = ConnectForm(context)
        self.test = Button(tr("Test"), icon="refresh", clicked=self.form.test)
        self.cancel = Button(tr("Cancel"), clicked=cancel)
        self.go = Button(tr("Connect"), "primary", clicked=lambda: self.form.save(self.added.emit))
        words = tr("Deskbell only reads; nothing changes in your mailbox. Your mail is copied to this computer.")
        page = ScrollPage(
            Label(tr("Connect a mailbox"), "title"),
            Para(words),
            self.form,
            row(self.test, None, self.cancel, self.go),
            margins=(24, 20, 24, 24),
            spacing=12,
        )
        vertical(self).addWidget(page)
        self.form.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        self.test.setEnabled(self.form.can_test)
        self.test.setText(tr("Test again") if self.form.was_tested else tr("Test"))
        self.go.setEnabled(self.form.can_save)


class MailboxesPage(QFrame):
    """List, and what belongs to the one chosen."""

    def __init__(self, context: Context, look: Callable[[], object]) -> None:
        super().__init__()
        self._context, self._look = context, look
        self._facts: Facts | None = None
        self._wanted: UUID | None = None
        self._group = QButtonGroup(self)
        self._rows = column(spacing=4)
        add = ToolButton("plus", tr("Add a mailbox"), clicked=self.add)
        head = row(Label(tr("Mailboxes"), "title"), None, add, margins=(24, 16, 16, 12))
        scroller = ScrollPage(self._rows, margins=(12, 0, 12, 12))
        self.list = column(head, (scroller, 1))
        set_box(self.list, "panel")
        self.list.setFixedWidth(236)
        self.editor = Editor(context)
        self.editor.removed.connect(look)
        self._empty = EmptyState(
            tr("No mailbox yet"),
            tr("Connect the one that your customers write to."),
            icon="email-plus-outline",
            tone="info",
            action=(tr("Connect a mailbox"), self.add),
        )
        self.stack = QStackedWidget()
        for widget in (self._empty, self.editor):
            self.stack.addWidget(widget)
        self.adding: Adding | None = None
        layout = row(self.list, (self.stack, 1), spacing=0)
        vertical(self).addWidget(layout)

    @property
    def changes(self) -> Values:
        """What is not kept yet."""
        return self.editor.changes if self.editor.box is not None else {}

    def load(self) -> None:
        """Ask for the mailboxes and their states."""
        self._look()

    def choose(self, key: UUID | None) -> None:
        """Show a mailbox."""
        self._wanted = key
        self._end_adding()
        if self._facts is not None:
            self.show_facts(self._facts)

    def add(self) -> None:
        """Begin a new one."""
        if self.adding is None:
            self.adding = Adding(self._context, self._end_adding)
            self.adding.added.connect(self._added)
            self.stack.addWidget(self.adding)
        self.stack.setCurrentWidget(self.adding)
        self.adding.form.address.setFocus()

    def _added(self, key: UUID) -> None:
        self._wanted = key
        self._context.toasts.say(tr("Connected. Its mail arrives now."))
        self._end_adding()
        self._look()

    def _end_adding(self) -> None:
        if self.adding is not None:
            self.adding.form.call_off()
            self.stack.removeWidget(self.adding)
            self.adding.hide()
            self.adding.deleteLater()
            self.adding = None
        if self._facts is not None:
            self.show_facts(self._facts)

    def show_facts(self, facts: Facts) -> None:
        """Show the list as it is now, and the one chosen."""
        self._facts = facts
        layout = self._rows.layout()
        assert layout is not None
        clear(layout)
        current = next((box for box in facts.boxes if box.id == self._wanted), facts.boxes[0] if facts.boxes else None)
        for box in facts.boxes:
            button = Row(box, facts)
            button.setChecked(box is current)
            button.clicked.connect(lambda _on=False, key=box.id: self.choose(key))
            self._group.addButton(button)
            layout.addWidget(button)
        if current is not None:
            self._wanted = current.id
            self.editor.show_box(current)
        if self.adding is None:
            self.stack.setCurrentWidget(self.editor if current is not None else self._empty)


def _history_words(box: MailboxInfo) -> str:
    return {
        "since": tr("Conversations of the first days open, older mail as searchable history"),
        "archive": tr("Everything as searchable history"),
        "all": tr("Every conversation as a ticket"),
        "none": tr("Only mail that arrived after connecting"),
    }.get(box.history, box.history)
