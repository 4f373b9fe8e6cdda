"""The right side of merging: the conversation that results, each line with the number of the ticket that it comes from.

And what was merged, to be taken apart again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from uuid import UUID

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from app.kernel import clock
from app.tickets.commands import unmerge
from app.tickets.queries import MergedLine, MergedPart, MergePreview, merged_parts
from ui.pages import Context
from ui.text import count_text, tr, when_text
from ui.widgets.avatar import Avatar
from ui.widgets.button import Button
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import clear, column, line, row, set_box
from ui.widgets.overlay import Dialog
from ui.widgets.panel import Tile
from ui.widgets.pill import Pill

SHOWN = 60


def scrolled(content: QWidget, name: str) -> QScrollArea:
    """Something that may be higher than its place; the arrow keys move it."""
    area = QScrollArea()
    set_box(content, "clear")  # it stands on whatever is beneath it
    area.setWidget(content)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setAccessibleName(name)
    return area


class Result(Tile):
    """What the conversation will be."""

    def __init__(self) -> None:
        self._count = Label("", "small")
        self._lines = QVBoxLayout()
        self._lines.setSpacing(0)
        self._lines.setContentsMargins(0, 0, 0, 0)
        holder = QWidget()
        holder.setLayout(self._lines)
        area = scrolled(holder, tr("The conversation that results"))
        head = row(Label(tr("Result"), "section"), None, self._count, margins=(0, 0, 12, 0))
        super().__init__(head, (area, 1), margins=(16, 12, 4, 12))

    def show_preview(self, preview: MergePreview, kept: int) -> None:
        """Show these lines; `kept` is the number that stays."""
        n = preview.count
        self._count.setText(tr("{n} message, in order of time|{n} messages, in order of time", n=n))
        clear(self._lines)
        now = clock.now()
        for place, one in enumerate(preview.lines[:SHOWN]):
            if place:
                self._lines.addWidget(line())
            self._lines.addWidget(_line(one, when_text(one.at, now), kept=one.number == kept))
        if n > SHOWN:
            self._lines.addWidget(line())
            self._lines.addWidget(Label(tr("and {all} more", all=count_text(n - SHOWN)), "small"))
        self._lines.addStretch(1)


def _line(one: MergedLine, when: str, *, kept: bool) -> QWidget:
    who = one.who or (tr("We") if one.direction != "in" else tr("Somebody"))
    if one.kind == "note":
        who = tr("{name}, note", name=who)
    name = ElidingLabel(who, "medium", fixed=True)
    name.setMaximumWidth(200)
    head = row(name, Pill(f"#{one.number}", "info" if kept else "plain"), None, Label(when, "small"), spacing=8)
    words = column(head, ElidingLabel(one.snippet, "small"), spacing=2)
    made = row(Avatar(one.who, 24), (words, 1), margins=(0, 8, 12, 8), spacing=10)
    made.setAccessibleName(f"#{one.number}, {who}, {when}: {one.snippet}")
    return made


class UnmergeSheet(Dialog):
    """The tickets that are part of one; each can be taken out again."""

    def __init__(self, parts: Sequence[MergedPart], chosen: Callable[[MergedPart], object]) -> None:
        super().__init__(tr("Take apart"), width=520)
        self.buttons: list[Button] = []
        for part in parts:
            words = tr("Take out #{number}", number=part.number)
            button = Button(words, clicked=partial(self._take, part, chosen))
            self.buttons.append(button)
            n = tr("{n} message|{n} messages", n=part.messages)
            said = [Label(words, "small", wrap=True) for words in since_words(part)]
            facts = column(
                ElidingLabel(part.subject, "strong"), Label(f"#{part.number} · {n}", "small"), *said, spacing=2
            )
            self.add(Tile(row((facts, 1), button, spacing=12), margins=(12, 10, 12, 10)))
        remark = tr("It gets its messages back, also those that came to its number since. Can be undone.")
        self.set_foot(Button(tr("Cancel"), clicked=self.close_dialog), remark=remark)

    def _take(self, part: MergedPart, chosen: Callable[[MergedPart], object]) -> None:
        self.close_dialog()
        chosen(part)


def since_words(part: MergedPart) -> list[str]:
    """What becomes of our words written since it was merged: said before it is taken out."""
    found = []
    if n := part.since.replies:
        found.append(
            tr(
                "{n} reply written since answers its messages and goes with it."
                "|{n} replies written since answer its messages and go with it.",
                n=n,
            )
        )
    if n := part.since.staying:
        found.append(
            tr(
                "{n} reply or note written since stays in #{whole}.|{n} replies and notes written since stay in #{whole}.",
                n=n,
                whole=part.whole,
            )
        )
    return found


def ask_unmerge(context: Context, ticket: UUID, opened: Callable[[UUID], object]) -> None:
    """Take a ticket out of `ticket` again; `opened` shows it.

    The only one goes at once, unless we have written since: then what becomes of that is said first.
    """

    def take(part: MergedPart) -> None:
        words = tr("#{number} is a ticket of its own again.", number=part.number)
        context.tasks.do(
            unmerge, part.ticket, done=words, then=lambda _done: opened(part.ticket), owner=context.overlay
        )

    def show(parts: tuple[MergedPart, ...]) -> None:
        if not parts:
            context.toasts.say(tr("Nothing is merged into this ticket."), "info")
        elif len(parts) == 1 and not since_words(parts[0]):
            take(parts[0])
        else:
            sheet = UnmergeSheet(parts, take)
            context.overlay.open(sheet, focus=sheet.buttons[0])

    context.tasks.ask(merged_parts, ticket, then=show, owner=context.overlay, key="inbox-unmerge")
