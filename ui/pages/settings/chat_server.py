"""Chat over a server of the owner's own (XMPP), for a desk that nobody can reach from outside: planning it, and how it does.

The assistant makes an account that nobody can guess and writes the files for the server; the owner copies them there. The
password is shown once and kept in the keyring.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtWidgets import QFileDialog

from app.chats.rules import ChannelSettings, Transport
from app.desk.setup.chat_server import ServerPlan, plan_server, sign_in_at, write_plan
from app.kernel.sentences import words_of
from ui.pages import Context
from ui.pages.settings.chat_channel import ChannelPane
from ui.pages.settings.form import WIDE_LABEL, TextArea, Values
from ui.text import told, tr
from ui.widgets.button import Button
from ui.widgets.field import FormRow, TextField
from ui.widgets.label import Label
from ui.widgets.layout import row

_TEXTS = ("account", "server", "authority", "public_url")


class ServerPane(ChannelPane):
    """First the assistant, then the form of what it made."""

    transport = Transport.XMPP

    def __init__(self, context: Context) -> None:
        words = tr(
            "For a computer that cannot be reached from outside: visitors write to a server that you rent (Prosody), and the"
            " desk fetches their messages. What comes while the desk is off waits there."
        )
        super().__init__(context, tr("Chat over a server"), words)
        self._build_assistant()
        self._build_form()
        self.show_found()

    def _build_assistant(self) -> None:
        self.domain = TextField(placeholder="chat.example.com", name=tr("The server’s name"))
        self.sites = TextArea(tr("Websites that may use it"), 3)
        self.plan = Button(tr("Make the account and the files…"), "primary", clicked=self._ask_folder)
        hint = tr("One per line, such as https://shop.example. Other websites are refused.")
        for words, field, more in (
            (tr("The server’s name"), self.domain, tr("The address by which it is found on the internet.")),
            (tr("Websites that may use it"), self.sites, hint),
            ("", row(self.plan, None), tr("You choose the folder for the files; nothing is sent anywhere.")),
        ):
            shown = FormRow(words, field, hint=more, label_width=WIDE_LABEL)
            self.target.addWidget(shown)
            self.first.append(shown)

    def _build_form(self) -> None:
        self.add_standing(tr("Put deskbell-chat-xmpp.js from the folder onto your website too."))
        self._text("account", tr("The desk’s account"), "")
        hint = tr("As host or host:port, if it is not found by the account’s domain.")
        self._text("server", tr("Address of the server"), hint)
        hint = tr("Where browsers reach it, if that is not port 5281: https://chat.example.com")
        self._text("public_url", tr("Public address"), hint)
        hint = tr("A PEM file to trust beside the authorities of this computer; usually empty.")
        self._text("authority", tr("Authority (PEM)"), hint)
        self.add_test(tr("Test the server"), self._test)

    def _text(self, key: str, words: str, hint: str) -> None:
        self.add_field(key, words, TextField(name=words), hint)

    # -- what is kept

    def read(self, settings: ChannelSettings) -> Values:
        return {key: str(getattr(settings, key)) for key in _TEXTS}

    def written(self, settings: ChannelSettings) -> ChannelSettings:
        now = self.values()
        account, host, authority, public_url = (str(now[key]).strip() for key in _TEXTS)
        return replace(settings, account=account, server=host, authority=authority, public_url=public_url)

    def running_words(self) -> tuple[str, str, str]:
        return tr("Connected"), tr("Not connected"), ""

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
        above = (
            Label(tr("Copy the files in {folder} there; each says where it goes.", folder=folder), "muted", wrap=True),
            Label(tr("Then make the desk’s account. This line is not shown again:"), "muted", wrap=True),
        )
        name = tr("The line that makes the account")
        self.show_once(tr("Two things to do at the server"), plan.command, name, above=above)

    def _test(self) -> None:
        channel = self.found.channel
        if channel is None:
            return
        self.begin_test()

        def failed(error: Exception) -> bool:
            self.tell_test(told(words_of(error)), ok=False)
            return True

        self.context.tasks.run(
            lambda: sign_in_at(channel), then=lambda _ok: self.tell_test(tr("The server lets the desk in."), ok=True),
            owner=self, key="settings-chat-test", failed=failed,
        )  # fmt: skip
