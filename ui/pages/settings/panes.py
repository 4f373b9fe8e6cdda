"""The small categories: you and the desk, sending, notifications, data and backup, about."""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from app.desk.backing_up import write_file
from app.desk.room import to_give_back
from app.kernel import clock, options
from app.kernel.archive import SUFFIX
from app.kernel.backup import last_backup
from app.people.commands import update_agent
from app.people.queries import AgentInfo, agent
from ui.pages import Context
from ui.pages.settings.form import WIDE_LABEL, NumberField, Pane, TextArea, Values, fact
from ui.text import size_text, tr, when_text
from ui.widgets.field import Select, TextField
from ui.widgets.label import Label, Para
from ui.widgets.layout import clear, column, row
from ui.widgets.toggle import Switch

_ME: Final = "me."


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
            tr("Under every reply of yours. Empty: the mailbox’s signature, else the desk’s."),
        )
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
            tr("How long a reply waits in the outbox, so that it can be called back. 0 sends at once."),
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
        self.add_field(
            "reopen_days",
            tr("For some days"),
            NumberField(0, 3650, tr("days"), tr("Answers open a closed ticket again")),
            tr("after it was closed. A solved one that is not closed yet is always opened again."),
        )


class NoticesPane(Pane):
    """What takes effect at once: notices, and whether mail goes on flowing with the window closed."""

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
            tr("Go on receiving and sending when the window is closed."),
        )

    def _add(self, key: str, label: str, text: str) -> None:
        switch = Switch(label)
        words = Label(text, wrap=True)
        switch.toggled.connect(lambda on: self._switched(key, on))
        self._fields[key] = switch
        from ui.widgets.field import FormRow

        self.scroller.content.addWidget(FormRow(label, row(switch, (words, 1), spacing=12), label_width=WIDE_LABEL))

    def load(self) -> None:
        """Ask for what is kept."""
        self.context.tasks.ask(options.every, then=self.show_values, owner=self)

    def _switched(self, key: str, on: bool) -> None:
        self._kept[key] = on
        self.context.tasks.do(options.put, key, on)

    def store(self, changes: Values) -> None:
        """Switches keep themselves."""


class DataPane(Pane):
    """Where everything lies, the last backup, a backup to carry away, the log files."""

    def __init__(self, context: Context) -> None:
        super().__init__(context, tr("Data and backup"), tr("Everything is in one folder on this computer."))
        self._holder = column(spacing=12)
        self._at: Any = None
        self._is_told = False
        self._waste = tr("Counting what is left of it on the disk…")
        self.scroller.content.addWidget(self._holder)

    def load(self) -> None:
        """Look when the last backup was made."""
        folder = self.context.desk.workspace.backups
        self.context.tasks.run(lambda: last_backup(folder), then=self._told, owner=self, failed=lambda _e: self._no())
        desk = self.context.desk
        self.context.tasks.run(lambda: to_give_back(desk), then=self._waste_told, owner=self, key="settings.waste")

    def _no(self) -> bool:
        self._told(None)
        return True

    def _waste_told(self, size: int) -> None:
        self._waste = tr(
            "About {size} of the desk’s files hold what was erased, or nothing. Daily backups keep theirs for a week.",
            size=size_text(size),
        )
        if self._is_told:
            self._told(self._at)

    def _told(self, at: Any) -> None:
        self._at, self._is_told = at, True
        space = self.context.desk.workspace
        layout = self._holder.layout()
        assert layout is not None
        clear(layout)
        when = when_text(at, clock.now()) if at else tr("None yet. One is made every day.")
        for item in (
            fact(tr("Folder"), str(space.folder), (tr("Open the folder"), _opener(space.folder))),
            fact(tr("Last daily backup"), when, (tr("Open the backups"), _opener(space.backups))),
            fact(
                tr("To carry away"),
                tr("The whole desk in one file, without passwords. Bring it back with: deskbell restore FILE"),
                (tr("Save a backup file…"), self.save_file),
            ),
            fact(
                tr("Erased for good"), self._waste, (tr("Give back room…"), lambda: self.context.actions.run("compact"))
            ),
            fact(
                tr("Log files"),
                tr("For finding faults. They hold no letters and no passwords."),
                (tr("Open the log files"), _opener(space.logs)),
            ),
        ):
            layout.addWidget(item)

    def save_file(self) -> None:
        """Ask where to, and write the archive in a task."""
        suggested = str(Path.home() / f"desk-{clock.now():%Y-%m-%d}{SUFFIX}")
        name, _ = QFileDialog.getSaveFileName(self, tr("Save a backup file"), suggested, f"Deskbell (*{SUFFIX})")
        if name:
            self.write_file(Path(name))

    def write_file(self, target: Path) -> None:
        """Write the archive to `target`; an existing file was agreed to in the dialog."""
        desk = self.context.desk
        self.context.toasts.say(tr("The backup is being written…"), "info")
        self.context.tasks.run(
            lambda: write_file(desk, target, replace=True),
            then=lambda made: self.context.toasts.say(tr("Backup written: {size}.", size=size_text(made.size))),
            owner=self,
        )


class AboutPane(Pane):
    """Which version this is, and under which terms."""

    def __init__(self, context: Context) -> None:
        super().__init__(context, tr("About"))
        try:
            version = metadata.version("deskbell")
        except metadata.PackageNotFoundError:
            version = tr("from source")
        self.scroller.content.addWidget(fact(tr("Version"), version))
        self.scroller.content.addWidget(fact(tr("Licence"), "MIT"))
        words = tr(
            "Deskbell keeps your desk on your own computer. It talks to your mail provider and to nobody else, unless you ask "
            "for the remote pictures of a mail."
        )
        self.scroller.content.addWidget(Para(words))

    def load(self) -> None:
        """Nothing to ask."""


def _opener(folder: Path) -> Callable[[], object]:
    return lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
