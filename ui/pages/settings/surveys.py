"""Surveys: whether, when and how often customers are asked, with the very mail that they get beside it."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFrame, QTextBrowser, QVBoxLayout

from app.kernel.state import options
from app.people.queries import agent
from app.surveys.letters import Ask, Invitation, invitation
from app.surveys.rules import Kind
from ui.pages import Context
from ui.pages.settings.form import NumberField, Values
from ui.pages.settings.panes import OptionsPane, languages
from ui.text import tr
from ui.widgets.button import Button
from ui.widgets.field import Select
from ui.widgets.label import Label
from ui.widgets.layout import column, horizontal, row, set_box
from ui.widgets.toggle import Choices, Switch

_TOKEN = "a" * 26  # the preview's own; no invitation has it
_CELL = re.compile(r'<td style="padding:0 4px"><a ([^>]*?)style="[^"]*"')


def delays() -> list[tuple[str, str]]:
    """When to ask, as (minutes, words)."""
    return [
        ("0", tr("At once")),
        ("60", tr("1 hour after solving")),
        ("120", tr("2 hours after solving")),
        ("1440", tr("1 day after solving")),
        ("4320", tr("3 days after solving")),
    ]


class SurveysPane(OptionsPane):
    """The rules at the left."""

    def __init__(self, context: Context) -> None:
        words = tr("What your customers are asked, when, and how often at most.")
        super().__init__(context, tr("Surveys"), words)
        self.enabled = Switch(tr("Ask how it went when a ticket is solved"))
        self.add_field(
            "survey_enabled", tr("Satisfaction"), self.enabled, tr("Asked by mail after a ticket is solved.")
        )
        self.delay = Select(delays(), "60", name=tr("Ask"))
        self.add_field("survey_delay_minutes", tr("Ask"), self.delay)
        self.add_field(
            "survey_cooldown_days",
            tr("Not more than once in"),
            NumberField(0, 3650, tr("days"), tr("Not more than once in")),
            tr("Per person, answered or not."),
        )
        lows = [("0", tr("Never")), ("1", tr("A score of 1")), ("2", tr("A score of 1 or 2")), ("3", tr("1 to 3"))]
        self.add_field(
            "low_score_follow_up",
            tr("Marked for follow-up"),
            Select(lows, "2", name=tr("Marked for follow-up")),
            tr("A low score puts the ticket on the list “To follow up”."),
        )
        how = tr(
            "Each score is a button that opens a ready reply in the customer’s mail program. It needs no server, and merely opening it records nothing."
        )
        self.scroller.content.addWidget(Label(how, "small", wrap=True))

    def show_values(self, kept: object) -> None:
        assert isinstance(kept, dict)
        minutes = str(kept.get("survey_delay_minutes", "60"))
        if minutes not in dict(delays()):
            self.delay.set_options([*delays(), (minutes, tr("{n} minutes after solving", n=int(minutes)))])
        super().show_values({key: str(value) if key in _NUMBERS else value for key, value in kept.items()})

    def store(self, changes: Values) -> None:
        super().store({key: int(value) if key in _NUMBERS else value for key, value in changes.items()})


_NUMBERS = {"survey_delay_minutes", "low_score_follow_up"}


class Preview(QFrame):
    """The mail as it will be: made by the same words, shown as far as Qt can draw it, whole in the browser."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        set_box(self, "side")
        self.setFixedWidth(300)
        self._context = context
        self._letter: Invitation | None = None
        self.language = Choices(languages(), "en", kind="segment", name=tr("Language of the preview"))
        self.language.chosen.connect(lambda _key: self.load())
        self._subject = Label("", "small-strong", wrap=True)
        self.view = QTextBrowser()
        self.view.setAccessibleName(tr("Preview of the mail"))
        self.view.setOpenLinks(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 20, 16, 20)
        layout.setSpacing(12)
        layout.addWidget(row(Label(tr("Preview"), "strong"), None, self.language))
        layout.addWidget(self._subject)
        card = column(self.view, margins=(4, 4, 4, 4))
        set_box(card, "tile")
        layout.addWidget(card, 1)
        layout.addWidget(row(Button(tr("Open in the browser"), icon="open-in-new", clicked=self.open_whole), None))

    def load(self) -> None:
        """Ask for the names that stand in the mail, and write it."""
        desk, language = self._context.desk, self.language.current()

        def work() -> Invitation:
            me = desk.me()
            who = desk.ask(agent, me) if me is not None else None
            ask = Ask(
                kind=Kind.CSAT,
                language=language,
                customer=tr("Tomás Hughes"),
                subject=tr("Order 10998 arrived damaged"),
                agent=who.name.split()[0] if who is not None and who.name else "",
                desk=str(desk.ask(options.get, "desk_name")),
                address="support@example.com",
                token=_TOKEN,
                cool_down_days=int(desk.ask(options.get, "survey_cooldown_days")),
            )
            return invitation(ask)

        self._context.tasks.run(work, then=self._show, owner=self, key="survey.preview")

    def _show(self, letter: Invitation) -> None:
        self._letter = letter
        self._subject.setText(tr("Subject: {subject}", subject=letter.subject))
        self.view.setHtml(drawable(letter.html))

    def open_whole(self) -> None:
        """Write the mail to a file of this user's and show it in the browser."""
        if self._letter is not None:
            with tempfile.NamedTemporaryFile("w", suffix=".html", delete=False, encoding="utf-8") as file:
                file.write(self._letter.html)
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(file.name))))


def drawable(html: str) -> str:
    """The same mail with frames where Qt's text engine can draw them: around cells, not around links."""
    framed = (
        '<td align="center" style="border:1px solid #CDD3DC;padding:10px 0"><a \\1style="font-size:17px;color:#2B45B8"'
    )
    plain = html.replace("border:1px solid #E6E9EE;", "").replace("background:#F1F3F6", "background:#FFFFFF")
    return _CELL.sub(framed, plain).replace("padding:24px 16px", "padding:0").replace("32px", "12px")


class SurveysPage(QFrame):
    """Rules and preview side by side."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.pane, self.preview = SurveysPane(context), Preview(context)
        layout = horizontal(self)
        layout.addWidget(self.pane, 1)
        layout.addWidget(self.preview)

    def load(self) -> None:
        """Ask for both."""
        self.pane.load()
        self.preview.load()

    @property
    def changes(self) -> Values:
        """What is not kept yet."""
        return self.pane.changes
