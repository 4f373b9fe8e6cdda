"""A channel of chat in the settings, whichever way visitors come: its form, what the engine says of it, the lines to copy.

Every channel is switched on and off, has lines for the owner's website, and a place that can be tested. What it is beyond
that, a website's own server or an account on a rented one, is said by a subclass for each transport. Until there is a channel
only that which makes one is shown (`first`); afterwards only its form.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from app.chats.commands import change_channel
from app.chats.queries import ChannelInfo, channels
from app.chats.rules import ChannelSettings, Transport, server_topic
from app.chats.snippet import snippet_for
from app.kernel.state import signals
from ui.pages import Context
from ui.pages.settings.form import WIDE_LABEL, Pane, Values
from ui.text import tr
from ui.widgets.button import Button
from ui.widgets.field import FormRow, TextField
from ui.widgets.label import Label
from ui.widgets.layout import column, row
from ui.widgets.overlay import Dialog
from ui.widgets.pill import Pill
from ui.widgets.state import set_busy
from ui.widgets.toggle import Switch


@dataclass(frozen=True, slots=True)
class Standing:
    """The channel of a transport, if there is one, and what the engine last said of it (`signals`)."""

    channel: ChannelInfo | None
    state: str = ""
    words: str = ""


def standing_of(db: Any, transport: Transport) -> Standing:
    """How the channel of this transport stands."""
    found = next((one for one in channels(db) if one.transport == transport), None)
    said = (signals.latest(db, server_topic(found.id)) if found is not None else None) or {}
    return Standing(found, str(said.get("state", "")), str(said.get("words", "")))


class ChannelPane(Pane):
    """What the panes of all channels share."""

    label_width = WIDE_LABEL
    transport: ClassVar[Transport]

    def __init__(self, context: Context, title: str, text: str) -> None:
        super().__init__(context, title, text)
        self.found = Standing(None)
        self.first: list[QWidget] = []
        """What is shown until there is a channel."""
        self._parts: list[QWidget] = []

    # -- what each channel says of itself

    def read(self, settings: ChannelSettings) -> Values:
        """What its fields show, without `on`."""
        raise NotImplementedError

    def written(self, settings: ChannelSettings) -> ChannelSettings:
        """The settings that its fields say."""
        raise NotImplementedError

    def running_words(self) -> tuple[str, str, str]:
        """How it is called when it runs, when it does not, and what stands beneath while it runs."""
        raise NotImplementedError

    # -- building

    def add_part(self, shown: QWidget) -> None:
        """Something that is there once there is a channel."""
        self.target.addWidget(shown)
        self._parts.append(shown)

    def add_row(self, words: str, widget: QWidget, hint: str = "") -> None:
        """A line of the form that is no field of its own."""
        self.add_part(FormRow(words, widget, hint=hint, label_width=WIDE_LABEL))

    def add_heading(self, text: str) -> QWidget:
        """A heading within the form."""
        heading = super().add_heading(text)
        self._parts.append(heading)
        return heading

    def add_field(self, key: str, label: str, field: QWidget, hint: str = "", *beside: QWidget) -> FormRow:
        """A field of the form."""
        made = super().add_field(key, label, field, hint, *beside)
        self._parts.append(made)
        return made

    def add_standing(self, hint: str, *more: QWidget) -> None:
        """On or off, how it does, and the lines for the website with what can be done with them."""
        self._state, self._words = Pill("", "plain"), Label("", "small", wrap=True)
        self.add_field("on", tr("Chat is on"), Switch(tr("Chat is on")))
        self.add_row(tr("Server"), column(row(self._state, None), self._words, spacing=4))
        self.snippet = QPlainTextEdit()
        self.snippet.setReadOnly(True)
        self.snippet.setProperty("look", "field")
        self.snippet.setFixedHeight(84)
        self.snippet.setAccessibleName(tr("Lines for your website"))
        self.snippet.setTabChangesFocus(True)
        copy = Button(tr("Copy"), icon="content-copy", clicked=lambda: self.copy_words(self.snippet.toPlainText()))
        lines = column(self.snippet, row(copy, *more, None), spacing=8)
        self.add_row(tr("Lines for your website"), lines, hint)

    def add_test(self, words: str, act: Callable[[], object]) -> None:
        """A button that tries what is kept; what came of it stands beside it (`tell_test`)."""
        self.test = Button(words, clicked=act)
        self._tested = Label("", "small", wrap=True)
        self.add_row("", row(self.test, (self._tested, 1)))

    # -- what is kept

    def load(self) -> None:
        """Ask for what is kept."""
        kind = self.transport
        key = f"settings-chat-{kind}"
        self.context.tasks.ask(lambda db: standing_of(db, kind), then=self._told, owner=self, key=key)

    def _told(self, found: Standing) -> None:
        self.found = found
        channel = found.channel
        if channel is not None:
            self.show_values({"on": channel.on, **self.read(channel.settings)})
            self.snippet.setPlainText(snippet_for(channel))
        self.show_found()

    def show_found(self) -> None:
        """Show what there is: the way to a channel, or its form."""
        has = self.found.channel is not None
        for one in self.first:
            one.setVisible(not has)
        for one in self._parts:
            one.setVisible(has)
        if has:
            self._show_state()

    def _show_state(self) -> None:
        channel, state = self.found.channel, self.found.state
        assert channel is not None
        running, stopped, beneath = self.running_words()
        if not channel.on:
            words, tone, more = tr("Off"), "plain", tr("Your website shows no bubble.")
        elif state == "ok":
            words, tone, more = running, "ok", beneath
        elif state in ("attention", "offline"):
            words, tone, more = stopped, "bad", tr(self.found.words)
        else:
            words, tone, more = tr("Starting"), "plain", tr("It has not started yet.")
        self._state.set_state(words, tone)
        self._words.setText(more)
        self._words.setVisible(bool(more))

    def state_words(self) -> str:
        """What is said of the channel."""
        return self._state.text() if self.found.channel is not None else ""

    def store(self, changes: Values) -> None:
        channel = self.found.channel
        if channel is None:
            return
        wanted, on = self.written(channel.settings), bool(self.values()["on"])
        self.context.tasks.do(
            change_channel, channel.id, settings=wanted, on=on, then=lambda _done: self._kept_now(), owner=self,
            done=tr("Saved."),
        )  # fmt: skip

    def _kept_now(self) -> None:
        self._is_stored()
        self.load()

    # -- what a channel's buttons do

    def copy_words(self, words: str) -> None:
        """Onto the clipboard."""
        QGuiApplication.clipboard().setText(words)
        self.context.toasts.say(tr("Copied."))

    def show_once(
        self, title: str, secret: str, name: str, *, above: tuple[Label, ...], below: tuple[Label, ...] = ()
    ) -> None:
        """A sheet with something that is not shown again, to be copied."""
        dialog = Dialog(title, width=560)
        field = TextField(secret, name=name)
        field.setReadOnly(True)
        field.setCursorPosition(0)
        dialog.add(*above, field, *below)
        copy = Button(tr("Copy"), "primary", icon="content-copy", clicked=lambda: self.copy_words(secret))
        dialog.set_foot(Button(tr("Close"), clicked=dialog.close_dialog), copy)
        self.context.overlay.open(dialog, focus=copy)

    def begin_test(self) -> None:
        """The test is under way."""
        set_busy(self.test, True, tr("Testing…"))

    def tell_test(self, words: str, *, ok: bool) -> None:
        """What came of it."""
        set_busy(self.test, False)
        self._tested.setText(words)
        self._tested.set_tone("ok" if ok else "bad")
