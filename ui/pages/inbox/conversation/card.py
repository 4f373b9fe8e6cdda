"""One message of a conversation: folded to a line, or open with its text, files, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from app.conversations.queries import MessageView
from app.mime.files.dangers import plain_name
from app.outbox.queries import OutboxRow
from app.search.files import FoundFile
from ui.icons import icon
from ui.pages.inbox.conversation.body import MessageBody
from ui.pages.inbox.conversation.delivery import DeliveryLine
from ui.pages.inbox.conversation.found_file import FoundFileLine
from ui.pages.inbox.conversation.mail_files import danger_word
from ui.pages.inbox.words import channel_word, names_text
from ui.text import ago_text, date_text, tr, when_text
from ui.widgets.attachments import Attachment, AttachmentStrip
from ui.widgets.avatar import Avatar, IconView
from ui.widgets.button import Button, ToolButton
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import clear, row, set_box
from ui.widgets.mailview import Guard, MailView, Marks
from ui.widgets.pill import Pill

if TYPE_CHECKING:
    from app.desk.viewing.reading import Reading

_INSET = 38
_BOXES = {"in": "message", "out": "outgoing", "internal": "note"}


def author(message: MessageView) -> str:
    """Who wrote, as it is shown."""
    if message.direction == "in":
        return message.author_name or message.author_address or tr("Unknown sender")
    return message.agent_name or message.author_name or message.author_address or tr("Desk")


def way(message: MessageView) -> str:
    """How it came or went, in a word or two."""
    if message.direction == "internal":
        return tr("Internal note")
    if message.kind == "survey":
        return tr("Satisfaction survey")
    if message.kind == "forward":
        return tr("Forwarded to {names}", names=names_text(message.to))
    if message.automatic:
        return tr("Automatic mail")
    if message.direction == "out":
        return tr("Reply") if message.agent is not None else tr("Reply from another program")
    return channel_word(message.channel)


class MessageCard(QFrame):
    """A message. It folds and opens by itself; whoever makes one says by `set_open` which it is at first.

    Every widget gets its parent before it gets children, and is told once whether it is shown: built from the leaves to the root, or
    shown and hidden again, the same card took twice as long.
    """

    opened = Signal(object)  # UUID: the formatted text is wanted
    delivery_wanted = Signal(object, str)  # UUID, what to do
    file_opened = Signal(object)  # UUID of an attachment
    file_saved = Signal(object)
    file_dragged = Signal(object)
    mail_saved = Signal(object)
    pictures_wanted = Signal(object, str)  # UUID, domain from which they are always loaded or ""
    pictures_refused = Signal(str)  # domain
    link_clicked = Signal(str)
    original_wanted = Signal(object)
    raw_wanted = Signal(object)
    score_given = Signal(object, int)
    split_wanted = Signal(object, bool)  # message; and everything after it?
    forward_wanted = Signal(object)

    def __init__(
        self,
        message: MessageView,
        now: datetime,
        *,
        loader: Callable[[str], bytes | None],
        guard: Guard = nullcontext,
    ) -> None:
        super().__init__()
        self.message = message
        self._loader, self._guard = loader, guard
        self._reading: Reading | None = None
        self._body: MessageBody | None = None
        self._delivery: DeliveryLine | None = None
        self.may_be_split = self.may_be_split_from = True
        """Would anything be left where it came from, if it became a ticket of its own; if everything from it on did?"""

        self._is_open: bool | None = None
        self._doubt: Pill | None = None
        self._row: OutboxRow | None = None
        self._marks: Marks | None = None
        self._found: tuple[FoundFile, ...] = ()
        self._lines: list[FoundFileLine] = []
        set_box(self, _BOXES.get(message.direction, "message"))
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(16, 10, 16, 10)
        self._layout.setSpacing(6)
        self._build_head(now)

    # -- for the owner

    @property
    def key(self) -> UUID:
        """The message's id."""
        return self.message.id

    @property
    def is_open(self) -> bool:
        """Is the text shown?"""
        return bool(self._is_open)

    def set_open(self, on: bool) -> None:
        """Show the text, or one line."""
        is_new, self._is_open = self._is_open is None, on
        parts: list[tuple[QWidget, bool]] = [(self._snippet, not on), (self._gap, on), (self._more, on)]
        if self._body is not None:
            parts.append((self._below, on))
        elif on:
            self._build_body()
            self.opened.emit(self.key)
        for part, shown in parts:
            if not (is_new and shown):
                part.setVisible(shown)
        self.setCursor(Qt.CursorShape.ArrowCursor if on else Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus if on else Qt.FocusPolicy.TabFocus)
        state = "" if on else tr("folded")
        self.setAccessibleName(". ".join(p for p in (author(self.message), self._when.text(), state) if p))

    def mark(self, marks: Marks | None) -> None:
        """Mark stretches of the text, now or once it is shown; None marks nothing."""
        self._marks = marks
        if self._body is not None:
            self._body.mark(marks)
        for line in self._lines:
            line.text.mark(marks)

    def show_found(self, files: Sequence[FoundFile]) -> None:
        """Say in which of its files stands what was looked for; nothing says nothing."""
        if tuple(files) == self._found:
            return
        self._found = tuple(files)
        if self._body is not None:
            self._show_found_files()

    def text_views(self) -> list[MailView]:
        """The texts that are in sight, those of files behind that of the message."""
        return [*self._body.views(), *(line.text for line in self._lines)] if self._body is not None else []

    def set_reading(self, reading: Reading, *, as_text: bool) -> None:
        """The mail has been read: its formatted text, and what is known of its sender."""
        self._reading = reading
        if reading.forged:
            self._doubt_sender()
        if self._body is not None:
            self._body.offer(reading, as_text=as_text)

    def set_delivery(self, found: OutboxRow | None, now: datetime) -> None:
        """What became of it; called again when that changes."""
        self._row = found
        if self._body is None:
            return
        if self._delivery is None:
            if found is None:
                return
            self._delivery = DeliveryLine()
            self._delivery.wanted.connect(lambda what: self.delivery_wanted.emit(self.key, what))
            self._below_layout.addWidget(self._delivery)
        self._delivery.show_state(found, now)

    def set_now(self, now: datetime) -> None:
        """Say the age anew."""
        self._when.setText(f"{way(self.message)} · {ago_text(self.message.at, now)}")

    def apply_tokens(self) -> None:
        """Follow another look."""
        if self._body is not None:
            self._body.apply_tokens()

    # -- building

    def _build_head(self, now: datetime) -> None:
        message = self.message
        head = self._head = QHBoxLayout()
        self._layout.addLayout(head)
        head.setSpacing(10)
        name = author(message)
        head.addWidget(Avatar(name, 28, icon=None if name else "account-outline"))
        head.addWidget(Label(name, "strong") if len(name) < 30 else ElidingLabel(name, "strong", fixed=True))
        self._before_doubt = head.count()
        if message.attachments and any(not one.inline for one in message.attachments):
            head.addWidget(IconView("paperclip", "text3", 14, name=tr("Has files")))
        self._snippet = ElidingLabel(self._preview(), "small")
        head.addWidget(self._snippet, 1)
        self._gap = QFrame()
        head.addWidget(self._gap, 1)
        self._when = Label("", "small")
        self._when.setToolTip(self._exact(now))
        head.addWidget(self._when)
        self._more = ToolButton("dots-vertical", tr("More about this message"), size=24, icon_size=16)
        self._more.clicked.connect(self._menu)
        head.addWidget(self._more)
        self.set_now(now)

    def _doubt_sender(self) -> None:
        if self._doubt is None:
            self._doubt = Pill(tr("sender not verified"), "warn", icon="alert-outline")
            self._doubt.setToolTip(tr("Your mail provider could not confirm that this sender is who it says."))
            self._head.insertWidget(self._before_doubt, self._doubt)

    def _build_body(self) -> None:
        message = self.message
        self._below = QFrame()
        self._layout.addWidget(self._below)
        self._below_layout = QVBoxLayout(self._below)
        self._below_layout.setContentsMargins(_INSET, 0, 0, 2)
        self._below_layout.setSpacing(8)
        copies = [(tr("To"), message.to), (tr("Cc"), message.cc), (tr("Bcc"), message.bcc)]
        said = [
            f"{word} {names_text(people)}"
            for word, people in copies
            if people and (word != tr("To") or len(people) > 1)
        ]
        if said:
            self._below_layout.addWidget(ElidingLabel(" · ".join(said), "caption"))
        whole = message.direction == "internal"
        text = message.text or self._instead()
        self._body = MessageBody(text, self._below, loader=self._loader, whole=whole, guard=self._guard)
        self._body.mark(self._marks)
        self._body.pictures_wanted.connect(lambda domain: self.pictures_wanted.emit(self.key, domain))
        self._body.link_clicked.connect(self.link_clicked)
        self._body.original_wanted.connect(lambda: self.original_wanted.emit(self.key))
        self._below_layout.addWidget(self._body)
        files = [one for one in message.attachments if not one.inline]
        if files:
            strip = AttachmentStrip(
                [
                    Attachment(
                        str(one.id),
                        plain_name(one.filename),
                        one.size,
                        one.content_type,
                        danger_word(one.filename, one.content_type),
                    )
                    for one in files
                ],
                load=lambda key: self._loader(f"attachment:{key}"),
            )
            strip.dragged.connect(lambda key: self.file_dragged.emit(UUID(key)))
            strip.opened.connect(lambda key: self.file_opened.emit(UUID(key)))
            self._below_layout.addWidget(strip)
        self._found_layout = QVBoxLayout()
        self._found_layout.setSpacing(6)
        self._below_layout.addLayout(self._found_layout)
        self._show_found_files()
        for warning in self._remarks():
            self._below_layout.addWidget(Label(warning, "caption", wrap=True))
        self._add_score_chip()

    def _show_found_files(self) -> None:
        clear(self._found_layout)
        self._lines = [FoundFileLine(one, self._marks, partial(self.file_opened.emit, one.id)) for one in self._found]
        for line in self._lines:
            self._found_layout.addWidget(line)

    @property
    def _is_encrypted(self) -> bool:
        return self.message.extra.get("class") == "encrypted"

    def _instead(self) -> str:
        """What stands where there are no words."""
        return tr("(encrypted)") if self._is_encrypted else tr("(no text)")

    def _preview(self) -> str:
        if self._is_encrypted:
            return tr("Encrypted message")
        return self.message.snippet or self.message.text[:200].replace("\n", " ")

    def _remarks(self) -> list[str]:
        message = self.message
        remarks = []
        if message.sent_date is not None:
            remarks.append(tr("The sender dated this message {date}.", date=date_text(message.sent_date, message.at)))
        if self._is_encrypted:
            remarks.append(tr("This message is encrypted; open the file in your mail program."))
        elif any(warning.startswith("signed;") for warning in message.warnings):
            remarks.append(tr("This message is signed. The signature is not verified."))
        return remarks

    def _add_score_chip(self) -> None:
        score = self.message.extra.get("maybe_score")
        if isinstance(score, int):
            button = Button(tr("Count as {score}", score=score), "small")
            button.clicked.connect(lambda: self.score_given.emit(self.key, score))
            button.clicked.connect(lambda: button.setEnabled(False))
            self._below_layout.addWidget(row(Label(tr("Is this a score?"), "small"), button, None))

    def _exact(self, now: datetime) -> str:
        return when_text(self.message.at, now)

    # -- what happens

    def _menu(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        body = self._body
        if body is not None and body.has_html:
            menu.addAction(icon("format-text"), tr("Show as text"), body.show_text)
            menu.addAction(icon("language-html5"), tr("Show with formatting"), body.show_html)
        if self.message.has_raw:
            menu.addAction(icon("open-in-new"), tr("View original"), lambda: self.original_wanted.emit(self.key))
            menu.addAction(icon("code-tags"), tr("Show source"), lambda: self.raw_wanted.emit(self.key))
            menu.addAction(icon("email-outline"), tr("Save as .eml"), lambda: self.mail_saved.emit(self.key))
        reading = self._reading
        if reading is not None and reading.allowed:
            words = tr("Load no pictures from {domain} any more", domain=reading.domain)
            menu.addAction(icon("image-outline"), words, lambda: self.pictures_refused.emit(reading.domain))
        files = [one for one in self.message.attachments if not one.inline]
        for one in files:
            words = tr("Save {name}", name=plain_name(one.filename))
            menu.addAction(icon("download-outline"), words, lambda key=one.id: self.file_saved.emit(key))
        if self.message.kind == "mail":
            menu.addAction(icon("share-outline"), tr("Forward…"), lambda: self.forward_wanted.emit(self.key))
        if self.message.direction == "in" and self.may_be_split:
            own = tr("Make this a ticket of its own")
            menu.addAction(icon("call-split"), own, lambda: self.split_wanted.emit(self.key, False))
        if self.message.direction == "in" and self.may_be_split_from:
            rest = tr("Split off from here on")
            menu.addAction(icon("call-split"), rest, lambda: self.split_wanted.emit(self.key, True))
        menu.addAction(icon("chevron-up"), tr("Fold"), lambda: self.set_open(False))
        menu.popup(self._more.mapToGlobal(self._more.rect().bottomLeft()))

    def mouseReleaseEvent(self, event: QMouseEvent, /) -> None:
        on_head = event.position().y() < 48
        if event.button() is Qt.MouseButton.LeftButton and (not self._is_open or on_head):
            self.set_open(not self._is_open)
            if self._is_open:
                self.set_delivery(self._row, self.message.at)
        super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        if not self._is_open and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.set_open(True)
        else:
            super().keyPressEvent(event)
