"""The small categories: you and the desk, sending, notifications."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from app.kernel.program import autostart
from app.kernel.state import options
from app.people.commands import update_agent
from app.people.queries import AgentInfo, agent
from ui.pages import Context
from ui.pages.settings.form import WIDE_LABEL, NumberField, Pane, TextArea, Values
from ui.pages.settings.photo import PhotoField
from ui.text import tr
from ui.widgets.field import FormRow, Select, TextField
from ui.widgets.label import Label
from ui.widgets.layout import row
from ui.widgets.toggle import Switch

_ME: Final = "me."
_AUTOSTART: Final = "autostart"


def languages() -> list[tuple[str, str]]:
    """The languages in which customers are written to by the program itself."""
    return [("en", "English"), ("de", "Deutsch")]


class OptionsPane(Pane):
    """Fields whose keys are settings, with the page to themselves."""

    label_width = WIDE_LABEL

    def load(self) -> None:
        """Ask for what is kept."""
        self.context.tasks.ask(options.every, then=self.show_values, owner=self)


class GeneralPane(OptionsPane):
    """You at this desk, the desk's name and language, the look of the window."""

    def __init__(self, context: Context) -> None:
        super().__init__(context, tr("You and the desk"))
        self._me: UUID | None = None
        self.add_heading(tr("You"))
        self.add_field(f"{_ME}name", tr("Your name"), TextField(name=tr("Your name")))
        self.add_field(f"{_ME}email", tr("Your e-mail address"), TextField(name=tr("Your e-mail address")))
        self.add_field(
            f"{_ME}signature",
            tr("Your signature"),
            TextArea(tr("Your signature")),
            tr("Under every reply of yours. Leave empty for the mailbox’s signature, or else the desk’s."),
        )
        self.photo = PhotoField(context)
        hint = tr("Visitors of the chat see it beside your name.")
        self.target.addWidget(FormRow(tr("Your picture"), self.photo, hint=hint, label_width=self.label_width))
        self.add_heading(tr("Desk"))
        hint = tr("Shown to customers as the sender where a mailbox has no name.")
        self.add_field("desk_name", tr("Name of the desk"), TextField(name=tr("Name of the desk")), hint)
        self.add_field(
            "desk_language",
            tr("Language to customers"),
            Select(languages(), "en", name=tr("Language to customers")),
            tr("For what Deskbell writes by itself, such as surveys."),
        )
        self.add_field("signature", tr("Signature"), TextArea(tr("Signature")))
        self.add_heading(tr("Window"))
        looks = [
            ("system", tr("As the computer")),
            ("light", tr("Light")),
            ("dark", tr("Dark")),
            ("contrast", tr("High contrast")),
        ]
        self.look = Select(looks, "system", name=tr("Look"))
        self.look.chosen.connect(self._look_chosen)
        self.add_field("auto_theme", tr("Look"), self.look, tr("Takes effect at once."))

    def load(self) -> None:
        super().load()
        me = self.context.desk.me()
        if me is not None:
            self.context.tasks.ask(agent, me, then=self._me_told, owner=self)

    def _me_told(self, me: AgentInfo | None) -> None:
        if me is not None:
            self._me = me.id
            self.photo.show_of(me.id, me.name)
            mine: Values = {f"{_ME}name": me.name, f"{_ME}email": me.email, f"{_ME}signature": me.signature}
            self.show_values({**self._kept, **mine})

    def store(self, changes: Values) -> None:
        mine = {key.removeprefix(_ME): value for key, value in changes.items() if key.startswith(_ME)}
        rest = {key: value for key, value in changes.items() if not key.startswith(_ME)}
        if "name" in mine and not mine["name"]:
            self.context.toasts.say(tr("Please give a name."), "bad")
            return
        if mine and self._me is not None:
            desk, me = self.context.desk, self._me
            self.context.tasks.run(
                lambda: desk.do(lambda tx: update_agent(tx, me, **mine)),
                then=lambda _none: self._mine_stored(rest),
                owner=self,
            )
            return
        if rest:
            super().store(rest)

    def _mine_stored(self, rest: Values) -> None:
        if rest:
            super().store(rest)
        else:
            self.stored()

    def _look_chosen(self, key: str) -> None:
        self.context.theme.choose(key)  # type: ignore[arg-type]  # one of the declared looks
        self.context.tasks.do(options.put, "auto_theme", key)
        self._kept["auto_theme"] = key
        self._changed()


class SendingPane(OptionsPane):
    """How replies leave and when tickets end."""

    def __init__(self, context: Context) -> None:
        super().__init__(context, tr("Sending and tickets"))
        self.add_heading(tr("Sending"))
        self.add_field(
            "undo_send_seconds",
            tr("Undo send"),
            NumberField(0, 60, tr("seconds"), tr("Undo send")),
            tr("How long a reply waits in the outbox, so that it can be called back, at most 60. 0 sends at once."),
        )
        self.add_heading(tr("Tickets"))
        self.add_field(
            "close_after_days",
            tr("Close solved tickets"),
            NumberField(0, 3650, tr("days"), tr("Close solved tickets")),
            tr("after this time without mail."),
        )
        ways = [
            ("within", tr("Open it again for some days, later a new ticket")),
            ("reopen", tr("Always open it again")),
            ("new", tr("Always a new ticket, linked to it")),
        ]
        self.add_field(
            "answers_to_done",
            tr("An answer to a solved or closed ticket"),
            Select(ways, "within", name=tr("An answer to a solved or closed ticket")),
        )
        self._days = self.add_field(
            "reopen_days",
            tr("Open it again for"),
            NumberField(0, 3650, tr("days"), tr("Answers open a closed ticket again")),
            tr("after it was closed. A solved one that is not closed yet is always opened again."),
        )
        self.edited.connect(self._follow)

    def _follow(self) -> None:
        """The days mean something only where an answer opens a ticket for some of them."""
        self._days.setVisible(self.values()["answers_to_done"] == "within")


class NoticesPane(Pane):
    """What takes effect at once: notices, and what runs while no window is open."""

    def __init__(self, context: Context) -> None:
        super().__init__(context, tr("Notifications"))
        self._add(
            "notifications",
            tr("New mail"),
            tr("Show a notice when a customer writes. Several at once become one; old and automatic mail shows none."),
        )
        self._add(
            "keep_engine",
            tr("In the background"),
            tr("Go on receiving and sending when the window is closed. The icon in the tray stays, if there is one."),
        )
        if autostart.is_offered():
            self._add(_AUTOSTART, tr("With the computer"), tr("Start when you sign in, without a window."))

    def _add(self, key: str, label: str, text: str) -> None:
        switch = Switch(label)
        words = Label(text, wrap=True)
        switch.toggled.connect(lambda on: self._switched(key, on))
        self._fields[key] = switch
        from ui.widgets.field import FormRow

        self.scroller.content.addWidget(FormRow(label, row(switch, (words, 1), spacing=12), label_width=WIDE_LABEL))

    def load(self) -> None:
        """Ask for what is kept; what starts with the computer is kept by the system."""
        self.context.tasks.ask(options.every, then=self.show_values, owner=self)
        self.context.tasks.run(autostart.is_on, then=lambda on: self.show_values({_AUTOSTART: on}), owner=self)

    def _switched(self, key: str, on: bool) -> None:
        self._kept[key] = on
        if key == _AUTOSTART:
            folder = self.context.desk.workspace.folder
            self.context.tasks.run(lambda: autostart.switch(on, folder), then=lambda _none: None, owner=self)
        else:
            self.context.tasks.do(options.put, key, on)

    def store(self, changes: Values) -> None:
        """Switches keep themselves."""
