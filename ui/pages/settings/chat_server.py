"""Chat over a server of the owner's own (XMPP), for a desk that nobody can reach from outside: planning it, and how it does.

The assistant makes an account that nobody can guess and writes the files for the server; the owner copies them there. The
password is shown once and kept in the keyring.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QPlainTextEdit

from app.chats.commands import change_channel
from app.chats.queries import ChannelInfo, channels
from app.chats.rules import Transport, server_topic
from app.chats.snippet import snippet_for
from app.desk.chat_server import ServerPlan, plan_server, sign_in_at, write_plan
from app.kernel import signals
from app.kernel.errors import ExternalError
from ui.pages import Context
from ui.pages.settings.form import WIDE_LABEL, Pane, TextArea, Values
from ui.text import tr
from ui.widgets.button import Button
from ui.widgets.field import FormRow, TextField
from ui.widgets.label import Label
from ui.widgets.layout import column, row
from ui.widgets.overlay import Dialog
from ui.widgets.pill import Pill
from ui.widgets.state import set_busy
from ui.widgets.toggle import Switch

_TEXTS = ("account", "server", "authority", "public_url")


@dataclass(frozen=True, slots=True)
class Server:
    """The channel over a server, and what the engine says of it."""

    channel: ChannelInfo | None
    state: str = ""
    words: str = ""


def server(db: Any) -> Server:
    """The chat over a server, as far as there is one."""
    found = next((one for one in channels(db) if one.transport == Transport.XMPP), None)
    said = (signals.latest(db, server_topic(found.id)) if found is not None else None) or {}
    return Server(found, str(said.get("state", "")), str(said.get("words", "")))


class ServerPane(Pane):
    """First the assistant, then the form of what it made."""

    label_width = WIDE_LABEL

    def __init__(self, context: Context) -> None:
        words = tr(
            "For a computer that cannot be reached from outside: visitors write to a server that you rent (Prosody), and the"
            " desk fetches it from there. What comes while the desk is off waits there."
        )
        super().__init__(context, tr("Chat over a server"), words)
        self._found = Server(None)
        self._first: list[FormRow] = []
        self._rows: list[FormRow] = []
        self._build_assistant()
        self._build_form()
        self._show_found()

    def _build_assistant(self) -> None:
        self.domain = TextField(placeholder="chat.example.com", name=tr("The server’s name"))
        self.sites = TextArea(tr("Websites that may use it"), 3)
        self.plan = Button(tr("Make the account and the files…"), "primary", clicked=self._ask_folder)
        hint = tr("One a line, as https://shop.example. Other websites are refused.")
        for words, field, more in (
            (tr("The server’s name"), self.domain, tr("The address by which it is found in the internet.")),
            (tr("Websites that may use it"), self.sites, hint),
            ("", row(self.plan, None), tr("You choose the folder for the files; nothing is sent anywhere.")),
        ):
            shown = FormRow(words, field, hint=more, label_width=WIDE_LABEL)
            self.target.addWidget(shown)
            self._first.append(shown)

    def _build_form(self) -> None:
        self._state, self._words = Pill("", "plain"), Label("", "small", wrap=True)
        self._add("on", tr("Chat is on"), Switch(tr("Chat is on")))
        self._show_row(tr("Server"), column(row(self._state, None), self._words, spacing=4))
        self.snippet = QPlainTextEdit()
        self.snippet.setReadOnly(True)
        self.snippet.setProperty("look", "field")
        self.snippet.setFixedHeight(84)
        self.snippet.setAccessibleName(tr("Lines for your website"))
        self.snippet.setTabChangesFocus(True)
        copy = Button(tr("Copy"), icon="content-copy", clicked=lambda: self._copy(self.snippet.toPlainText()))
        hint = tr("Put deskbell-chat-xmpp.js from the folder onto your website too.")
        self._show_row(tr("Lines for your website"), column(self.snippet, row(copy, None), spacing=8), hint)
        self._add("account", tr("The desk’s account"), TextField(name=tr("The desk’s account")))
        hint = tr("host or host:port, if it is not found by the account’s domain.")
        self._add("server", tr("Address of the server"), TextField(name=tr("Address of the server")), hint)
        hint = tr("Where browsers reach it, if that is not port 5281: https://chat.example.com")
        self._add("public_url", tr("Public address"), TextField(name=tr("Public address")), hint)
        hint = tr("A PEM file to trust beside the authorities of this computer; usually empty.")
        self._add("authority", tr("Authority (PEM)"), TextField(name=tr("Authority (PEM)")), hint)
        self.test = Button(tr("Test the server"), clicked=self._test)
        self._tested = Label("", "small", wrap=True)
        self._show_row("", row(self.test, (self._tested, 1)))

    def _add(self, key: str, words: str, field: Any, hint: str = "") -> None:
        self._rows.append(self.add_field(key, words, field, hint))

    def _show_row(self, words: str, widget: Any, hint: str = "") -> None:
        shown = FormRow(words, widget, hint=hint, label_width=WIDE_LABEL)
        self.target.addWidget(shown)
        self._rows.append(shown)

    # -- what is kept

    def load(self) -> None:
        """Ask for what is kept."""
        self.context.tasks.ask(server, then=self._told, owner=self, key="settings-chat-server")

    def _told(self, found: Server) -> None:
        self._found = found
        if found.channel is not None:
            texts: Values = {key: str(getattr(found.channel.settings, key)) for key in _TEXTS}
            self.show_values({"on": found.channel.on, **texts})
            self.snippet.setPlainText(snippet_for(found.channel))
        self._show_found()

    def _show_found(self) -> None:
        channel = self._found.channel
        for one in self._first:
            one.setVisible(channel is None)
        for one in self._rows:
            one.setVisible(channel is not None)
        if channel is None:
            return
        if not channel.on:
            words, tone, more = tr("Off"), "plain", tr("The bubble shows nothing.")
        elif self._found.state == "ok":
            words, tone, more = tr("Connected"), "ok", ""
        elif self._found.state in ("attention", "offline"):
            words, tone, more = tr("Not connected"), "bad", tr(self._found.words)
        else:
            words, tone, more = tr("Starting"), "plain", tr("The engine has not said anything yet.")
        self._state.set_state(words, tone)
        self._words.setText(more)

    def store(self, changes: Values) -> None:
        channel = self._found.channel
        if channel is None:
            return
        now = self.values()
        account, host, authority, public_url = (str(now[key]).strip() for key in _TEXTS)
        wanted = replace(channel.settings, account=account, server=host, authority=authority, public_url=public_url)
        self.context.tasks.do(
            change_channel, channel.id, settings=wanted, on=bool(now["on"]), then=lambda _done: self._kept_now(),
            owner=self, done=tr("Saved."),
        )  # fmt: skip

    def _kept_now(self) -> None:
        self._is_stored()
        self.load()

    # -- the assistant

    def _ask_folder(self) -> None:
        dialog = QFileDialog(self, tr("Where to put the files for the server"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self.make_plan)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def make_plan(self, folder: str) -> None:
        """Make the account, and write the files into this folder."""
        desk, domain, sites = self.context.desk, self.domain.text(), self.sites.toPlainText().split()

        def work() -> ServerPlan:
            made = plan_server(desk, domain, sites)
            write_plan(made, Path(folder))
            return made

        def take(made: ServerPlan) -> None:
            self.load()
            self._show_plan(made, folder)

        self.context.tasks.run(work, then=take, owner=self, key="settings-chat-plan")

    def _show_plan(self, plan: ServerPlan, folder: str) -> None:
        dialog = Dialog(tr("Two things to do at the server"), width=560)
        field = TextField(plan.command, name=tr("The line that makes the account"))
        field.setReadOnly(True)
        field.setCursorPosition(0)
        dialog.add(
            Label(tr("Copy the files in {folder} there; each says where it goes.", folder=folder), "muted", wrap=True),
            Label(tr("Then make the desk’s account. This line is not shown again:"), "muted", wrap=True),
            field,
        )
        copy = Button(tr("Copy"), "primary", icon="content-copy", clicked=lambda: self._copy(plan.command))
        dialog.set_foot(Button(tr("Close"), clicked=dialog.close_dialog), copy)
        self.context.overlay.open(dialog, focus=copy)

    def _copy(self, words: str) -> None:
        QGuiApplication.clipboard().setText(words)
        self.context.toasts.say(tr("Copied."))

    def _test(self) -> None:
        channel = self._found.channel
        if channel is None:
            return
        set_busy(self.test, True, tr("Testing…"))

        def told(words: str, tone: str) -> None:
            set_busy(self.test, False)
            self._tested.setText(words)
            self._tested.set_tone(tone)

        def failed(error: Exception) -> bool:
            told(tr(str(error)) if isinstance(error, ExternalError) else str(error), "bad")
            return True

        self.context.tasks.run(
            lambda: sign_in_at(channel), then=lambda _ok: told(tr("The server lets the desk in."), "ok"), owner=self,
            key="settings-chat-test", failed=failed,
        )  # fmt: skip
