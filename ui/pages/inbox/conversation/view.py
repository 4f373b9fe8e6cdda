"""The conversation: message cards under each other, the older ones folded, the place kept while things change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

import shiboken6
from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from app.chats.queries import Line
from app.conversations.queries import MessageView
from app.kernel import clock
from app.outbox.rules import FORWARD
from app.search.files import FoundFile
from ui.pages.inbox.conversation.card import MessageCard
from ui.pages.inbox.conversation.mail_files import MailFiles
from ui.pages.inbox.loading import Opened
from ui.pages.inbox.words import names_text
from ui.text import ago_text, date_text, tr
from ui.widgets.button import Button
from ui.widgets.label import Label
from ui.widgets.layout import Scrolled, clear, line, row
from ui.widgets.mailview import Marks
from ui.widgets.pill import ScoreChip
from ui.widgets.state import Banner

if TYPE_CHECKING:
    from app.desk.viewing.reading import Reading
    from ui.pages.inbox.conversation.chat_card import ChatCard

OPEN_AT_FIRST = 3
MOST_CARDS = 40
GAP = timedelta(days=7)
_DELIVERIES = 15_000
_QUIET_MS = 250
"""A ticket that was just opened keeps its place until nothing has changed its layout for so long, or somebody scrolls."""


class Conversation(QScrollArea):
    """Shows a ticket's messages; tells what the person wants done with one."""

    html_wanted = Signal(object)
    delivery_wanted = Signal(object, str)
    file_opened = Signal(object)
    file_saved = Signal(object)
    file_dragged = Signal(object)
    mail_saved = Signal(object)
    pictures_wanted = Signal(object, str)
    pictures_refused = Signal(str)
    link_clicked = Signal(str)
    original_wanted = Signal(object)
    raw_wanted = Signal(object)
    score_given = Signal(object, int)
    forward_wanted = Signal(object)
    split_wanted = Signal(object, bool)
    unmerge_wanted = Signal()
    joined = Signal(object, object)  # message, ticket: "Belongs here"
    ticket_wanted = Signal(object)
    restore_wanted = Signal()
    marks_changed = Signal()  # what is marked may lie elsewhere now

    def __init__(self, files: MailFiles) -> None:
        super().__init__()
        self._files = files
        self._cards: dict[UUID, MessageCard | ChatCard] = {}
        self._shown: Opened | None = None
        self._marks: Marks | None = None
        self._found: dict[UUID, list[FoundFile]] = {}
        self._goal: tuple[QWidget, Callable[[], int]] | None = None
        self._all = False
        self._stick = False
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Conversation"))
        self.verticalScrollBar().setSingleStep(28)
        self.verticalScrollBar().actionTriggered.connect(self._forget_goal)
        self._inner = Scrolled()
        self._inner.installEventFilter(self)
        self._layout = QVBoxLayout(self._inner)
        self._layout.setContentsMargins(24, 16, 22, 16)
        self._layout.setSpacing(12)
        self._top, self._list, self._end = QVBoxLayout(), QVBoxLayout(), QVBoxLayout()
        for part in (self._top, self._list, self._end):
            part.setSpacing(12)
            self._layout.addLayout(part)
        self._layout.addStretch(1)
        self.setWidget(self._inner)
        self._quiet = QTimer(self, singleShot=True, interval=_QUIET_MS)
        self._quiet.timeout.connect(self._let_go)
        self._age = QTimer(self, interval=_DELIVERIES)
        self._age.timeout.connect(self._say_ages)
        self._age.start()

    # -- for the page

    def show_ticket(self, opened: Opened) -> None:
        """Show a ticket: another one from its newest message on, the same one with what is new in it."""
        same = self._shown is not None and self._shown.detail.id == opened.detail.id
        at_end = self._at_end()
        before = len(self._cards)
        if not same:
            self._forget()
        self._shown = opened
        self._show_top(opened)
        self._show_messages(opened, fresh=not same)
        self._show_end(opened)
        if not same or (at_end and len(self._cards) > before):
            self._stick = True
            self._to_end()
            QTimer.singleShot(0, self, self._to_end)
            self._quiet.start()
        self.marks_changed.emit()

    def clear(self) -> None:
        """Show nothing."""
        self._forget()
        self._shown = None

    @property
    def newest(self) -> UUID | None:
        """The newest message that was shown to the person."""
        messages = self._shown.messages if self._shown else ()
        return messages[-1].id if messages else None

    def card(self, message: UUID) -> MessageCard | ChatCard | None:
        """The card of a message."""
        return self._cards.get(message)

    def set_reading(self, message: UUID, reading: Reading) -> None:
        """The raw mail of a message has been read."""
        card = self._cards.get(message)
        if card is not None:
            card.set_reading(reading, as_text=self._files.marks.died(message))
            self.marks_changed.emit()

    def reveal(self, message: UUID) -> None:
        """Open a message and bring it into view."""
        if message not in self._cards and self._shown is not None:
            self._all = True
            self._show_messages(self._shown, fresh=False)
        card = self._cards.get(message)
        if card is not None:
            card.set_open(True)
            self._go_to(card, lambda: -16)

    def show_problem(self) -> None:
        """Bring the newest message of ours that needs a person into view, with what can be done about it, which stands below it."""
        told = self._shown.deliveries if self._shown is not None else {}
        troubled = [one.id for one in self.messages if one.id in told and told[one.id].needs_attention]
        if not troubled:
            return
        self.reveal(troubled[-1])
        card = self._cards[troubled[-1]]
        self._go_to(card, lambda: max(-16, card.height() - self.viewport().height() + 16))

    @property
    def messages(self) -> Sequence[MessageView]:
        """All messages of the ticket shown."""
        return self._shown.messages if self._shown is not None else ()

    def mark(self, marks: Marks | None) -> None:
        """Mark stretches of all texts, whatever is shown from now on; None marks nothing."""
        self._marks = marks
        for card in self._cards.values():
            card.mark(marks)

    def show_found(self, files: Sequence[FoundFile]) -> None:
        """Say beneath each message in which of its files stands what was looked for."""
        self._found = {}
        for one in files:
            self._found.setdefault(one.message, []).append(one)
        for key, card in self._cards.items():
            card.show_found(self.found_in(key))

    def found_in(self, message: UUID) -> Sequence[FoundFile]:
        """The files of a message in which stands what was looked for."""
        return self._found.get(message, ())

    def show_place(self, widget: QWidget, y: Callable[[], int]) -> None:
        """Bring a place in a text into view, `y()` pixels below the top of its widget: asked whenever the layout changes."""
        self._go_to(widget, lambda: y() - self.viewport().height() // 3)

    def _go_to(self, widget: QWidget, y: Callable[[], int]) -> None:
        """Scroll so that this place is at the top, also while what stands above it still gets its height, until somebody
        scrolls.
        """
        self._stick, self._goal = False, (widget, y)
        QTimer.singleShot(0, self, self._to_goal)

    def _to_goal(self) -> None:
        if self._goal is not None and shiboken6.isValid(self._goal[0]):
            widget, y = self._goal
            self.verticalScrollBar().setValue(widget.mapTo(self._inner, QPoint(0, y())).y())

    def _forget_goal(self) -> None:
        self._goal, self._stick = None, False

    def apply_tokens(self) -> None:
        """Follow another look."""
        for card in self._cards.values():
            card.apply_tokens()

    def set_narrow(self, narrow: bool) -> None:
        """Less air at the sides in a narrow window."""
        self._layout.setContentsMargins(16 if narrow else 24, 16, 14 if narrow else 22, 16)

    # -- messages

    def _forget(self) -> None:
        self._all, self._goal = False, None
        self._cards = {}
        for part in (self._top, self._list, self._end):
            clear(part)

    def _show_messages(self, opened: Opened, *, fresh: bool) -> None:
        messages = self._those_shown(opened)
        ids = {message.id for message in messages}
        if not fresh and any(key not in ids for key in self._cards):
            clear(self._list)
            self._cards, fresh = {}, False
        if not self._cards:
            clear(self._list)
            self._offer_older(len(opened.messages) - len(messages))
        now = clock.now()
        open_ones = _open_at_first(opened.messages) if fresh or not self._cards else {m.id for m in messages}
        before: datetime | None = None
        said = {one.message: one for one in opened.chat.lines} if opened.chat is not None else {}
        for message in messages:
            card = self._cards.get(message.id)
            if message.kind == "chat" and message.id in said:
                self._show_line(message, said[message.id], now)
                before = message.at
                continue
            if card is None or (card.message != message and card.message.extra != message.extra):
                card = self._add(message, now, expanded=message.id in open_ones, before=before)
            if isinstance(card, MessageCard):
                card.may_be_split = len(opened.messages) > 1
                card.may_be_split_from = message is not opened.messages[0]
            card.set_delivery(opened.deliveries.get(message.id), now)
            before = message.at

    def _show_line(self, message: MessageView, line: Line, now: datetime) -> None:
        """A line of a chat."""
        card = self._cards.get(message.id)
        if card is not None and not isinstance(card, MessageCard):
            card.show_line(line)
            return
        from ui.pages.inbox.conversation.chat_card import ChatCard

        card = self._cards[message.id] = ChatCard(message, line, now)
        card.file_opened.connect(self.file_opened)
        card.link_clicked.connect(self.link_clicked)
        self._list.addWidget(card)

    def _those_shown(self, opened: Opened) -> Sequence[MessageView]:
        return opened.messages if self._all else opened.messages[-MOST_CARDS:]

    def _add(self, message: MessageView, now: datetime, *, expanded: bool, before: datetime | None) -> MessageCard:
        if before is not None and message.at - before >= GAP:
            self._list.addWidget(_pause(message.at - before))
        files = self._files
        card = MessageCard(
            message,
            now,
            loader=lambda url: files.picture(message.id, url),
            guard=lambda: files.marks.guard(message.id),
        )
        for signal, relay in (
            (card.opened, self.html_wanted),
            (card.delivery_wanted, self.delivery_wanted),
            (card.file_opened, self.file_opened),
            (card.file_saved, self.file_saved),
            (card.file_dragged, self.file_dragged),
            (card.mail_saved, self.mail_saved),
            (card.pictures_wanted, self.pictures_wanted),
            (card.pictures_refused, self.pictures_refused),
            (card.link_clicked, self.link_clicked),
            (card.original_wanted, self.original_wanted),
            (card.raw_wanted, self.raw_wanted),
            (card.score_given, self.score_given),
            (card.split_wanted, self.split_wanted),
            (card.forward_wanted, self.forward_wanted),
        ):
            signal.connect(relay)
        card.mark(self._marks)
        card.show_found(self.found_in(message.id))
        self._cards[message.id] = card
        self._list.addWidget(card)
        card.set_open(expanded)
        return card

    def _offer_older(self, hidden: int) -> None:
        if hidden > 0:
            words = tr("Show {n} earlier message|Show {n} earlier messages", n=hidden)
            self._list.addWidget(row(None, Button(words, "ghost", clicked=self._show_all), None))

    def _show_all(self) -> None:
        self._all = True
        if self._shown is not None:
            clear(self._list)
            self._cards = {}
            self._show_messages(self._shown, fresh=True)

    # -- above and below

    def _show_top(self, opened: Opened) -> None:
        clear(self._top)
        if opened.detail.row.deleted_at is not None:
            now = clock.now()
            words = [tr("Deleted {when}.", when=ago_text(opened.detail.row.deleted_at, now))]
            if opened.erased_at is not None:
                day = date_text(opened.erased_at, now)
                words.append(
                    tr(
                        "It is kept until {day}, then erased for good; backups hold it up to six months longer.",
                        day=day,
                    )
                )
            self._top.addWidget(
                Banner(
                    tr("In the Bin"),
                    " ".join(words),
                    icon="trash-can-outline",
                    actions=[(tr("Restore"), self.restore_wanted.emit)],
                )
            )
        for draft in (one.draft for one in opened.begun if one.draft.kind == FORWARD):
            about = names_text(draft.to) or draft.subject
            go_on = (tr("Go on writing"), partial(self.forward_wanted.emit, draft.answers))
            self._top.addWidget(
                Banner(tr("Forwarding begun"), about, tone="info", icon="share-outline", actions=[go_on])
            )
        if others := opened.detail.numbers[1:]:
            some = ", ".join(f"#{number}" for number in others)
            part = tr("{some} is part of this ticket.|{some} are part of this ticket.", n=len(others), some=some)
            apart = (tr("Take apart"), self.unmerge_wanted.emit)
            self._top.addWidget(Banner(part, tone="info", icon="call-merge", actions=[apart]))
        for link in opened.detail.links:
            if link.kind == "possible_match":
                self._top.addWidget(self._possible_match(opened, link.message, link.ticket, link.number, link.subject))

    def _possible_match(self, opened: Opened, message: UUID | None, ticket: UUID, number: int, subject: str) -> Banner:
        here = message is not None and any(one.id == message for one in opened.messages)
        show = (tr("Show #{number}", number=number), lambda: self.ticket_wanted.emit(ticket))
        if here:
            words = tr(
                "This message names that conversation, but its sender takes no part in it: “{subject}”.",
                subject=subject,
            )
            join = (tr("It belongs to #{number}", number=number), lambda: self.joined.emit(message, ticket))
        else:
            words = tr("A message from a stranger names this conversation: “{subject}”.", subject=subject)
            join = (tr("Belongs here"), lambda: self.joined.emit(message, opened.detail.id))
        acts = [join, show] if message is not None else [show]
        return Banner(tr("Possibly the same matter"), words, tone="info", icon="help-circle-outline", actions=acts)

    def _show_end(self, opened: Opened) -> None:
        clear(self._end)
        now = clock.now()
        for answer in opened.surveys.responses:
            if answer.score is not None and answer.counted and answer.latest:
                words = tr(
                    "{name} scored {when}", name=answer.customer_name or answer.address, when=ago_text(answer.at, now)
                )
                notes = [f"“{answer.comment}”"] if answer.comment else []
                if answer.from_other_address:
                    notes.append(tr("answered from {address}", address=answer.address))
                self._end.addWidget(_survey_line(answer.score, words, " · ".join(notes)))
        if not opened.surveys.responses and opened.surveys.invites:
            invite = opened.surveys.invites[0]
            if invite.sent_at is not None:
                words = tr("Asked how it went {when}; no answer yet", when=ago_text(invite.sent_at, now))
                self._end.addWidget(row(None, Label(words, "caption"), None))

    def _say_ages(self) -> None:
        now = clock.now()
        for card in self._cards.values():
            card.set_now(now)

    # -- the place

    def eventFilter(self, watched: QObject, event: QEvent, /) -> bool:
        inner = getattr(self, "_inner", None)  # Qt filters before this object is complete
        if watched is inner and event.type() is QEvent.Type.Resize:
            if self._stick:
                self._quiet.start()
            QTimer.singleShot(0, self, self._to_end if self._stick else self._to_goal)
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        """A composer that grows takes room here: who reads the end goes on reading the end."""
        at_end = self._at_end()
        super().resizeEvent(event)
        if self._stick:
            self._to_end()
        elif at_end:
            self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())

    def _at_end(self) -> bool:
        bar = self.verticalScrollBar()
        return bar.value() >= bar.maximum() - 24

    def _to_end(self) -> None:
        """The end of the conversation; a newest message that is longer than the view is shown from its beginning."""
        if self._stick:
            bar, newest = self.verticalScrollBar(), self.card(self.newest) if self.newest is not None else None
            end = bar.maximum()
            if isinstance(newest, MessageCard):  # a chat is read from its end
                end = min(end, newest.mapTo(self._inner, QPoint(0, -16)).y())
            bar.setValue(end)

    def _let_go(self) -> None:
        self._stick = False


def _open_at_first(messages: Sequence[MessageView]) -> set[UUID]:
    """The last few, and the newest word of the customer."""
    found = {message.id for message in messages[-OPEN_AT_FIRST:]}
    newest = next((message.id for message in reversed(messages) if message.direction == "in"), None)
    return found | ({newest} if newest else set())


def _pause(span: timedelta) -> QWidget:
    days = span.days
    words = (
        tr("{n} day later|{n} days later", n=days)
        if days < 60
        else tr("{n} month later|{n} months later", n=days // 30)
    )
    return row((line(), 1), Label(words, "caption"), (line(), 1), spacing=12)


def _survey_line(score: int, words: str, notes: str) -> QWidget:
    labels = [Label(words, "medium")]
    if notes:
        labels.append(Label(notes, "small", wrap=True))
    inner = QFrame()
    column = QVBoxLayout(inner)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2)
    for label in labels:
        column.addWidget(label)
    return row(ScoreChip(score), (inner, 1), margins=(16, 12, 16, 12), spacing=12, box="sunken")
