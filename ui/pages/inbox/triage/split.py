"""Splitting a conversation: which message becomes a ticket of its own, and whether what came after it goes along."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from PySide6.QtWidgets import QButtonGroup

from app.conversations.queries import MessageView
from app.kernel import clock
from app.tickets.commands import Written, split
from ui.pages import Context
from ui.pages.inbox.triage.merge_parts import scrolled
from ui.text import tr, when_text
from ui.widgets.button import Button
from ui.widgets.field import TextField
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import column, row
from ui.widgets.overlay import Dialog
from ui.widgets.panel import Tile
from ui.widgets.toggle import CheckBox, Radio

OFFERED = 40
"""The newest of a longer conversation; any other is split off from its own menu."""


class SplitSheet(Dialog):
    """`chosen(message, following, subject)` is called with what was decided. The customer's newest message is offered first."""

    def __init__(
        self, messages: Sequence[MessageView], subject: str, chosen: Callable[[UUID, bool, str], object]
    ) -> None:
        super().__init__(tr("Split off a ticket"), width=600)
        self._messages, self._chosen = messages[-OFFERED:], chosen
        self._group = QButtonGroup(self)
        tiles = column(*(self._tile(one, place) for place, one in enumerate(self._messages)), None, spacing=8)
        area = scrolled(tiles, tr("Messages"))
        area.setMinimumHeight(min(300, 72 * len(self._messages)))
        self.following = CheckBox(tr("And everything that came after it"))
        self.subject = TextField(subject, name=tr("Subject of the new ticket"))
        self.add(Label(tr("Which message becomes a ticket of its own?"), "section"), (area, 1), self.following)
        self.add(Label(tr("Subject of the new ticket"), "small"), self.subject)
        self.go = Button(tr("Split off"), "primary", clicked=self._split)
        remark = tr("The two are linked, and later answers follow. Can be undone. The customer is not told.")
        self.set_foot(Button(tr("Cancel"), clicked=self.close_dialog), self.go, remark=remark)
        newest = [place for place, one in enumerate(self._messages) if one.direction == "in"]
        self.radios[newest[-1] if newest else -1].setChecked(True)

    @property
    def radios(self) -> list[Radio]:
        """One for each message."""
        return [button for button in self._group.buttons() if isinstance(button, Radio)]

    @property
    def first(self) -> Radio:
        """The one that is chosen when the sheet comes up."""
        return next(radio for radio in self.radios if radio.isChecked())

    def _tile(self, message: MessageView, place: int) -> Tile:
        who = message.agent_name or message.author_name or message.author_address or tr("We")
        when = when_text(message.at, clock.now())
        radio = Radio(name=f"{who}, {when}: {message.snippet}")
        radio.setFixedSize(24, 24)
        self._group.addButton(radio, place)
        head = row((ElidingLabel(who, "medium"), 1), Label(when, "small"), spacing=8)
        words = column(head, ElidingLabel(message.snippet, "small"), spacing=2)
        return Tile(row(column(radio, None), (words, 1), spacing=8), margins=(12, 8, 12, 8))

    def _split(self) -> None:
        message = self._messages[self._group.checkedId()].id
        following, subject = self.following.isChecked(), " ".join(self.subject.text().split())
        self.close_dialog()
        self._chosen(message, following, subject)


def split_off(
    context: Context, message: UUID, following: bool, subject: str = "", then: Callable[[UUID], object] | None = None
) -> None:
    """Make a message a ticket of its own, and say which; `then(ticket)` may show it."""

    def said(written: Written) -> str:
        return tr("Now ticket #{number}.", number=written.ticket_number)

    shown = (lambda written: then(written.ticket)) if then is not None else None
    context.tasks.do(split, message, following=following, subject=subject, done=said, then=shown, owner=context.overlay)


def ask_split(
    context: Context, messages: Sequence[MessageView], subject: str, opened: Callable[[UUID], object]
) -> None:
    """Open the sheet; `opened(ticket)` shows the new ticket."""
    sheet = SplitSheet(
        messages, subject, lambda message, following, words: split_off(context, message, following, words, opened)
    )
    context.overlay.open(sheet, focus=sheet.first)
