"""The chat of a website: the lines to copy, how the bubble looks, who may use it, and where its server listens.

The server listens on this computer alone until the owner opens it. What is chosen takes effect when it is saved: the engine
hears of it and listens anew.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from PySide6.QtCore import QUrl
from PySide6.QtGui import QColor, QDesktopServices
from PySide6.QtWidgets import QColorDialog, QFileDialog

from app.chats.commands import add_channel
from app.chats.rules import ChannelSettings, Transport
from app.desk.setup.chats import Reached, new_signing_key, reach
from ui.pages import Context
from ui.pages.settings.chat_channel import ChannelPane
from ui.pages.settings.form import NumberField, TextArea, Values
from ui.text import tr
from ui.widgets.button import Button, ToolButton
from ui.widgets.field import Select, TextField
from ui.widgets.label import Label
from ui.widgets.layout import row
from ui.widgets.overlay import ask
from ui.widgets.toggle import Switch

_HERE, _EVERYWHERE = ("127.0.0.1", "::1"), "0.0.0.0"  # noqa: S104 - where the owner wants to be reached
_COPIED = ("colour", "side", "greeting", "public_url", "certificate", "key")
_SWITCHES = ("prechat", "ask_rating", "show_name", "transcript")


class WebsitePane(ChannelPane):
    """The form. Until there is a channel it only offers to make one."""

    transport = Transport.BUILTIN

    def __init__(self, context: Context) -> None:
        words = tr("A bubble on your website. Its server is this computer; nothing is loaded from elsewhere.")
        super().__init__(context, tr("Chat on your website"), words)
        self.begin = Button(tr("Set up chat for a website"), "primary", clicked=self._begin)
        self.first.append(row(self.begin, None))
        self.target.addWidget(self.first[0])
        self._build_snippet()
        self._build_look()
        self._build_server()
        self.show_found()

    # -- fields

    def _build_snippet(self) -> None:
        demo = Button(tr("Try it here"), icon="open-in-new", clicked=self._try)
        self.add_standing(tr("Paste this before </body> on every page that should show the bubble."), demo)
        hint = tr("One per line, such as https://shop.example. Other websites are refused.")
        self.add_field("origins", tr("Websites that may use it"), TextArea(tr("Websites that may use it"), 3), hint)
        self.sign = Button(tr("Make a signing key…"), clicked=self._ask_key)
        hint = tr("A website that knows its customers can sign who they are: such visitors are verified at once.")
        self.add_row(tr("Signed visitors"), row(self.sign, None), hint)

    def _build_look(self) -> None:
        self.add_heading(tr("The bubble"))
        self.colour = TextField(name=tr("Colour"))
        self.colour.textEdited.connect(lambda _text: self._tint())
        self.colour.setFixedWidth(120)
        self.swatch = ToolButton("palette-outline", tr("Choose a colour"), clicked=self._choose_colour)
        self.add_field("colour", tr("Colour"), self.colour, "", self.swatch)
        sides = [("right", tr("On the right")), ("left", tr("On the left"))]
        self.add_field("side", tr("Place"), Select(sides, "right", name=tr("Place")))
        hint = tr("Leave empty for a greeting in the visitor’s language.")
        self.add_field("greeting", tr("Greeting"), TextField(name=tr("Greeting")), hint)
        before = tr("Before the first message. Otherwise visitors may leave both out.")
        for key, words, hint in (
            ("prechat", tr("Ask for name and address"), before),
            ("show_name", tr("Show who answers"), ""),
            ("ask_rating", tr("Ask for a rating"), tr("When the chat is over.")),
            ("transcript", tr("Offer a copy by e-mail"), ""),
        ):
            self.add_field(key, words, Switch(words), hint)

    def _build_server(self) -> None:
        self.add_heading(tr("Where it can be reached"))
        hint = tr("Without it only this computer reaches the chat, as it should behind a proxy or a tunnel.")
        self.add_field("open", tr("Open to the network"), Switch(tr("Open to the network")), hint)
        self.add_field("port", tr("Port"), NumberField(1, 65_535, "", tr("Port")))
        hint = tr("Where visitors reach it, if that is elsewhere: https://chat.shop.example")
        self.add_field("public_url", tr("Public address"), TextField(name=tr("Public address")), hint)
        self._file("certificate", tr("Certificate (PEM)"), tr("With its key, the server speaks https by itself."))
        self._file("key", tr("Key of the certificate (PEM)"), "")
        hint = tr("Addresses of proxies whose word about a visitor’s address is believed.")
        self.add_field("trusted_proxies", tr("Trusted proxies"), TextField(name=tr("Trusted proxies")), hint)
        self.add_test(tr("Test the address"), self._test)

    def _file(self, key: str, words: str, hint: str) -> None:
        field = TextField(name=words)
        choose = ToolButton("folder-outline", tr("Choose a file: {what}", what=words))
        choose.clicked.connect(lambda: self._choose_file(field))
        self.add_field(key, words, field, hint, choose)

    # -- what is kept

    def read(self, settings: ChannelSettings) -> Values:
        found: Values = {"open": settings.host not in _HERE, "port": settings.port}
        found |= {key: str(getattr(settings, key)) for key in _COPIED}
        found |= {key: bool(getattr(settings, key)) for key in _SWITCHES}
        found["origins"] = "\n".join(settings.origins)
        found["trusted_proxies"] = ", ".join(settings.trusted_proxies)
        return found

    def written(self, settings: ChannelSettings) -> ChannelSettings:
        """What the fields say; an address to listen on that was chosen elsewhere stays."""
        values = self.values()
        kept = settings.host if settings.host not in _HERE else _EVERYWHERE
        texts = {key: str(values[key]) for key in _COPIED}
        switches = {key: bool(values[key]) for key in _SWITCHES}
        return replace(
            settings,
            port=int(values["port"]),
            host=kept if values["open"] else _HERE[0],
            origins=tuple(str(values["origins"]).split()),
            trusted_proxies=tuple(str(values["trusted_proxies"]).replace(",", " ").split()),
            **texts,  # type: ignore[arg-type]
            **switches,  # type: ignore[arg-type]
        )

    def running_words(self) -> tuple[str, str, str]:
        channel = self.found.channel
        return tr("Running"), tr("Not running"), channel.address if channel is not None else ""

    def show_found(self) -> None:
        super().show_found()
        self._tint()

    def _begin(self) -> None:
        def made(_channel: UUID) -> None:
            self.load()

        self.context.tasks.do(add_channel, then=made, owner=self, done=tr("Your website can have a chat now."))

    # -- small things

    def _ask_key(self) -> None:
        ask(
            self.context.overlay,
            tr("Make a new signing key?"),
            tr("The key is shown once, for you to put into your website. A key made earlier stops working."),
            tr("Make the key"),
            self._make_key,
            remark=tr("It is kept in this computer’s own password store."),
        )

    def _make_key(self) -> None:
        channel = self.found.channel
        if channel is not None:
            self.context.tasks.run(lambda: new_signing_key(channel), then=self._show_key, owner=self)

    def _show_key(self, key: str) -> None:
        told = tr("HMAC-SHA256 over address, name and moment; the documentation of the chat has the exact words.")
        above, below = Label(tr("It is not shown again."), "muted", wrap=True), Label(told, "small", wrap=True)
        self.show_once(tr("The signing key"), key, tr("The signing key"), above=(above,), below=(below,))

    def _try(self) -> None:
        if self.found.channel is not None:
            QDesktopServices.openUrl(QUrl(f"{self.found.channel.address.rstrip('/')}/demo"))

    def _test(self) -> None:
        if self.found.channel is None:
            return
        address = self.found.channel.address
        self.begin_test()

        def take(found: Reached) -> None:
            words = tr("Visitors reach the chat at {address}.", address=address) if found.ok else found.words
            self.tell_test(words, ok=found.ok)

        self.context.tasks.run(lambda: reach(address), then=take, owner=self, key="settings-reach")

    def _choose_colour(self) -> None:
        dialog = QColorDialog(QColor(self.colour.text()), self)
        dialog.colorSelected.connect(self._take_colour)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _take_colour(self, colour: QColor) -> None:
        self.colour.setText(colour.name())
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
