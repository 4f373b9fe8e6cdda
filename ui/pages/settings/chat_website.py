"""The chat of a website: the lines to copy, how the bubble looks, who may use it, and where its server listens.

The server listens on this computer alone until the owner opens it. What is chosen takes effect when it is saved: the engine
hears of it and listens anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from PySide6.QtCore import QUrl
from PySide6.QtGui import QColor, QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QColorDialog, QFileDialog, QPlainTextEdit

from app.chats.commands import add_channel, change_channel
from app.chats.queries import ChannelInfo, channels
from app.chats.rules import ChannelSettings, Transport, server_topic
from app.chats.snippet import snippet_for
from app.desk.chats import Reached, new_signing_key, reach
from app.kernel import signals
from ui.pages import Context
from ui.pages.settings.form import WIDE_LABEL, NumberField, Pane, TextArea, Values
from ui.text import tr
from ui.widgets.button import Button, ToolButton
from ui.widgets.field import FormRow, Select, TextField
from ui.widgets.label import Label
from ui.widgets.layout import column, row
from ui.widgets.overlay import Dialog, ask
from ui.widgets.pill import Pill
from ui.widgets.state import set_busy
from ui.widgets.toggle import Switch

_HERE, _EVERYWHERE = ("127.0.0.1", "::1"), "0.0.0.0"  # noqa: S104 - where the owner wants to be reached
_COPIED = ("colour", "side", "greeting", "public_url", "certificate", "key")
_SWITCHES = ("prechat", "ask_rating", "show_name", "transcript")


@dataclass(frozen=True, slots=True)
class Website:
    """The website's channel, and what the engine says of its server."""

    channel: ChannelInfo | None
    state: str = ""
    words: str = ""


def website(db: Any) -> Website:
    """The chat of the website, as far as there is one."""
    found = next((one for one in channels(db) if one.transport == Transport.BUILTIN), None)
    said = signals.latest(db, server_topic(found.id)) or {} if found is not None else {}
    return Website(found, str(said.get("state", "")), str(said.get("words", "")))


def values_of(info: ChannelInfo) -> Values:
    """What the fields show."""
    settings = info.settings
    found: Values = {"on": info.on, "open": settings.host not in _HERE, "port": settings.port}
    found |= {key: str(getattr(settings, key)) for key in _COPIED}
    found |= {key: bool(getattr(settings, key)) for key in _SWITCHES}
    found["origins"] = "\n".join(settings.origins)
    found["trusted_proxies"] = ", ".join(settings.trusted_proxies)
    return found


def settings_of(values: Values, before: ChannelSettings) -> ChannelSettings:
    """The settings that the fields say; an address to listen on that was chosen elsewhere stays."""
    kept = before.host if before.host not in _HERE else _EVERYWHERE
    texts = {key: str(values[key]) for key in _COPIED}
    switches = {key: bool(values[key]) for key in _SWITCHES}
    return replace(
        before,
        port=int(values["port"]),
        host=kept if values["open"] else _HERE[0],
        origins=tuple(str(values["origins"]).split()),
        trusted_proxies=tuple(str(values["trusted_proxies"]).replace(",", " ").split()),
        **texts,  # type: ignore[arg-type]
        **switches,  # type: ignore[arg-type]
    )


class WebsitePane(Pane):
    """The form. Until there is a channel it only offers to make one."""

    label_width = WIDE_LABEL

    def __init__(self, context: Context) -> None:
        words = tr("A bubble on your website. Its server is this computer; nothing is loaded from elsewhere.")
        super().__init__(context, tr("Chat on your website"), words)
        self._found = Website(None)
        self._rows: list[FormRow] = []
        self.begin = Button(tr("Set up chat for a website"), "primary", clicked=self._begin)
        self._start = row(self.begin, None)
        self.target.addWidget(self._start)
        self._build_snippet()
        self._build_look()
        self._build_server()
        self._show_found()

    # -- fields

    def _build_snippet(self) -> None:
        self.snippet = QPlainTextEdit()
        self.snippet.setReadOnly(True)
        self.snippet.setProperty("look", "field")
        self.snippet.setFixedHeight(84)
        self.snippet.setAccessibleName(tr("Lines for your website"))
        self.snippet.setTabChangesFocus(True)
        copy = Button(tr("Copy"), icon="content-copy", clicked=self._copy)
        demo = Button(tr("Try it here"), icon="open-in-new", clicked=self._try)
        self._state = Pill("", "plain")
        self._state_words = Label("", "small", wrap=True)
        self._on = self._add("on", tr("Chat is on"), Switch(tr("Chat is on")))
        self._status = FormRow(
            tr("Server"), column(row(self._state, None), self._state_words, spacing=4), label_width=WIDE_LABEL
        )
        hint = tr("Copy this before </body> of every page that shall have the bubble.")
        lines = column(self.snippet, row(copy, demo, None), spacing=8)
        self._lines = FormRow(tr("Lines for your website"), lines, hint=hint, label_width=WIDE_LABEL)
        for one in (self._status, self._lines):
            self.target.addWidget(one)
            self._rows.append(one)
        hint = tr("One a line, as https://shop.example. Other websites are refused.")
        self._add("origins", tr("Websites that may use it"), TextArea(tr("Websites that may use it"), 3), hint)

        self.sign = Button(tr("Make a signing key…"), clicked=self._ask_key)
        hint = tr("A website that knows its customers can sign who they are: such visitors are verified at once.")
        signed = FormRow(tr("Signed visitors"), row(self.sign, None), hint=hint, label_width=WIDE_LABEL)
        self.target.addWidget(signed)
        self._rows.append(signed)

    def _build_look(self) -> None:
        self._heading(tr("The bubble"))
        self.colour = TextField(name=tr("Colour"))
        self._fields["colour"] = self.colour
        self.colour.textEdited.connect(lambda _text: self._colour_changed())
        self.colour.setFixedWidth(120)
        self.swatch = ToolButton("palette-outline", tr("Choose a colour"), clicked=self._choose_colour)
        shown = FormRow(tr("Colour"), row(self.colour, self.swatch, None), label_width=WIDE_LABEL)
        self.target.addWidget(shown)
        self._rows.append(shown)
        sides = [("right", tr("At the right")), ("left", tr("At the left"))]
        self._add("side", tr("Place"), Select(sides, "right", name=tr("Place")))
        self._add("greeting", tr("Greeting"), TextField(name=tr("Greeting")), tr("Empty: in the visitor’s language."))
        for key, words, hint in (
            (
                "prechat",
                tr("Ask for name and address"),
                tr("Before the first message. Both can be left out otherwise."),
            ),
            ("show_name", tr("Show who answers"), ""),
            ("ask_rating", tr("Ask for a rating"), tr("When the chat is over.")),
            ("transcript", tr("Offer a copy by e-mail"), ""),
        ):
            self._add(key, words, Switch(words), hint)

    def _build_server(self) -> None:
        self._heading(tr("Where it can be reached"))
        hint = tr("Without it only this computer reaches the chat: right behind a proxy or a tunnel.")
        self._add("open", tr("Open to the network"), Switch(tr("Open to the network")), hint)
        self._add("port", tr("Port"), NumberField(1, 65_535, "", tr("Port")))
        hint = tr("Where visitors reach it, if that is elsewhere: https://chat.shop.example")
        self._add("public_url", tr("Public address"), TextField(name=tr("Public address")), hint)
        self._file("certificate", tr("Certificate (PEM)"), tr("With its key, the server speaks https by itself."))
        self._file("key", tr("Key of the certificate (PEM)"), "")
        hint = tr("Addresses of proxies whose word about a visitor’s address is believed.")
        self._add("trusted_proxies", tr("Trusted proxies"), TextField(name=tr("Trusted proxies")), hint)
        self.test = Button(tr("Test the address"), clicked=self._test)
        self._tested = Label("", "small", wrap=True)
        shown = FormRow("", row(self.test, (self._tested, 1)), label_width=WIDE_LABEL)
        self.target.addWidget(shown)
        self._rows.append(shown)

    def _add(self, key: str, words: str, field: Any, hint: str = "") -> FormRow:
        made = self.add_field(key, words, field, hint)
        self._rows.append(made)
        return made

    def _heading(self, words: str) -> None:
        self.add_heading(words)
        item = self.target.itemAt(self.target.count() - 1)
        widget = item.widget() if item is not None else None
        if widget is not None:
            self._rows.append(widget)  # type: ignore[arg-type]  # it only comes and goes with the others

    def _file(self, key: str, words: str, hint: str) -> None:
        field = TextField(name=words)
        self._fields[key] = field
        field.textEdited.connect(lambda _text: self._changed())
        choose = ToolButton("folder-outline", tr("Choose a file: {what}", what=words))
        choose.clicked.connect(lambda: self._choose_file(field))
        shown = FormRow(words, row((field, 1), choose), hint=hint, label_width=WIDE_LABEL)
        self.target.addWidget(shown)
        self._rows.append(shown)

    def state_words(self) -> str:
        """What is said of the server."""
        return self._state.text() if self._found.channel is not None else ""

    # -- what is kept

    def load(self) -> None:
        """Ask for what is kept."""
        self.context.tasks.ask(website, then=self._told, owner=self, key="settings-website")

    def _told(self, found: Website) -> None:
        self._found = found
        if found.channel is not None:
            self.show_values(values_of(found.channel))
            self.snippet.setPlainText(snippet_for(found.channel, found.channel.address))
        self._show_found()

    def _show_found(self) -> None:
        has = self._found.channel is not None
        self._start.setVisible(not has)
        for one in self._rows:
            one.setVisible(has)
        if has:
            self._show_state()
            self._tint()

    def _show_state(self) -> None:
        channel, state = self._found.channel, self._found.state
        assert channel is not None
        if not channel.on:
            words, tone, more = tr("Off"), "plain", tr("The bubble shows nothing.")
        elif state == "ok":
            words, tone, more = tr("Running"), "ok", channel.address
        elif state in ("attention", "offline"):
            words, tone, more = tr("Not running"), "bad", self._found.words
        else:
            words, tone, more = tr("Starting"), "plain", tr("The engine has not said anything yet.")
        self._state.set_state(words, tone)
        self._state_words.setText(more)

    def store(self, changes: Values) -> None:
        channel = self._found.channel
        if channel is None:
            return
        wanted, on = settings_of(self.values(), channel.settings), bool(self.values()["on"])
        self.context.tasks.do(
            change_channel, channel.id, settings=wanted, on=on, then=lambda _done: self._kept_now(), owner=self,
            done=tr("Saved."),
        )  # fmt: skip

    def _kept_now(self) -> None:
        self._is_stored()
        self.load()

    def _begin(self) -> None:
        def made(_channel: UUID) -> None:
            self.load()

        self.context.tasks.do(add_channel, then=made, owner=self, done=tr("Your website can have a chat now."))

    # -- small things

    def _copy(self) -> None:
        self._copy_words(self.snippet.toPlainText())

    def _ask_key(self) -> None:
        ask(
            self.context.overlay,
            tr("Make a new signing key?"),
            tr("The key is shown once, to be put into your website. One that was made before is void then."),
            tr("Make the key"),
            self._make_key,
            remark=tr("It is kept in this computer’s keyring."),
        )

    def _make_key(self) -> None:
        channel = self._found.channel
        if channel is not None:
            self.context.tasks.run(lambda: new_signing_key(channel), then=self._show_key, owner=self)

    def _show_key(self, key: str) -> None:
        dialog = Dialog(tr("The signing key"), width=520)
        field = TextField(key, name=tr("The signing key"))
        field.setReadOnly(True)
        field.setCursorPosition(0)
        told = tr("HMAC-SHA256 over address, name and moment; the documentation of the chat has the exact words.")
        dialog.add(Label(tr("It is not shown again."), "muted", wrap=True), field, Label(told, "small", wrap=True))
        copy = Button(tr("Copy"), "primary", icon="content-copy", clicked=lambda: self._copy_words(key))
        dialog.set_foot(Button(tr("Close"), clicked=dialog.close_dialog), copy)
        self.context.overlay.open(dialog, focus=copy)

    def _copy_words(self, words: str) -> None:
        QGuiApplication.clipboard().setText(words)
        self.context.toasts.say(tr("Copied."))

    def _try(self) -> None:
        if self._found.channel is not None:
            QDesktopServices.openUrl(QUrl(f"{self._found.channel.address.rstrip('/')}/demo"))

    def _test(self) -> None:
        if self._found.channel is None:
            return
        address = self._found.channel.address
        set_busy(self.test, True, tr("Testing…"))

        def take(found: Reached) -> None:
            set_busy(self.test, False)
            words = tr("Visitors reach the chat at {address}.", address=address) if found.ok else found.words
            self._tested.setText(words)
            self._tested.set_tone("ok" if found.ok else "bad")

        self.context.tasks.run(lambda: reach(address), then=take, owner=self, key="settings-reach")

    def _choose_colour(self) -> None:
        dialog = QColorDialog(QColor(self.colour.text()), self)
        dialog.colorSelected.connect(self._take_colour)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _take_colour(self, colour: QColor) -> None:
        self.colour.setText(colour.name())
        self._colour_changed()

    def _colour_changed(self) -> None:
        self._tint()
        self._changed()

    def _tint(self) -> None:
        name = self.colour.text().strip()
        self.swatch.set_icon("circle", name if len(name) == 7 and QColor(name).isValid() else "text2")

    def _choose_file(self, field: TextField) -> None:
        dialog = QFileDialog(self, tr("Choose a file"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda path: self._take_file(field, path))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _take_file(self, field: TextField, path: str) -> None:
        field.setText(path)
        self._changed()
