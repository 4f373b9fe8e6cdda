"""One chat: its bar, the conversation, what is to be known before one answers, and the composer."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QApplication, QFrame, QVBoxLayout, QWidget

from app.chats.queries import ChatRow
from app.kernel import clock
from app.templates.queries import Canned
from ui.actions import Actions
from ui.pages.chats.head import ChatHead
from ui.pages.chats.loading import Talk
from ui.pages.chats.words import GOING_ON, bubbles_of
from ui.pages.chats.writer import ChatWriter
from ui.pages.inbox.writing.letter import Letter
from ui.text import tr
from ui.widgets.bubbleview import BubbleView
from ui.widgets.button import Button
from ui.widgets.label import Label
from ui.widgets.layout import row, set_box

_SEEN_MS = 400


class ChatColumn(QFrame):
    """Shows one chat, alone (`compact` False) or beside others. It tells what the person wants; the page does it."""

    focused = Signal()  # the keyboard came in here
    seen = Signal(object, int)  # conversation, seq: the newest was before somebody's eyes
    mail_wanted = Signal()

    def __init__(self, actions: Actions, *, compact: bool) -> None:
        super().__init__()
        self._compact = compact
        self.conversation: UUID | None = None
        self.talk: Talk | None = None
        self._typing = self._by_mail = False
        self.head = ChatHead(actions, compact=compact)
        self.lines = BubbleView(tr("Conversation"))
        self.lines.set_margin(12 if compact else 24)
        self.writer = ChatWriter(self, compact=compact)
        self._notice_words = Label("", "small", wrap=True)
        self._notice_act = Button(tr("Answer by e-mail"), "small", clicked=self.mail_wanted.emit)
        side = 12 if compact else 24
        self._inner = row((self._notice_words, 1), self._notice_act, margins=(12, 8, 12, 8), box="warn")
        self._notice = row((self._inner, 1), margins=(side, 4, side, 4))
        self._notice.hide()
        layout = QVBoxLayout(self)
        layout.setSpacing(0)
        layout.addWidget(self.head)
        layout.addWidget(self.lines, 1)
        layout.addWidget(self._notice)
        layout.addWidget(self.writer)
        self.writer.composer.take_files_from(self)
        self.set_active(False)
        if not compact:
            layout.setContentsMargins(0, 0, 0, 0)
        self._seen = QTimer(self, singleShot=True, interval=_SEEN_MS)
        self._seen.timeout.connect(self._mark_seen)
        self.lines.at_end.connect(self._seen.start)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._focus_moved)

    # -- for the page

    def set_conversation(self, conversation: UUID | None) -> bool:
        """Show this one from now on; True if it is another one than before. What is typed for the one before is kept."""
        if conversation == self.conversation:
            return False
        self.writer.keep_now()
        self.conversation, self.talk, self._by_mail = conversation, None, False
        return True

    def set_enter_sends(self, on: bool) -> None:
        """Which key sends."""
        self.writer.set_enter_sends(on)
        if not self._compact:
            self.writer.set_hint(tr("Enter sends") if on else tr("Ctrl+Enter sends"))

    def show_talk(self, talk: Talk, letters: Sequence[Letter], answers: Sequence[Canned], *, typing: bool) -> None:
        """The chat has been read. `letters`: what was begun in it, shown only when it was not shown before."""
        fresh = self.talk is None
        self.talk, self._typing = talk, typing
        view = talk.view
        self.head.show_chat(view.row)
        self._show_lines()
        if fresh:
            self.writer.begin(view.row.name, letters)
        self._show_way()
        self.writer.set_answers(answers, talk.facts)
        self._seen.start()

    def set_typing(self, typing: bool) -> None:
        """The visitor types, or has stopped."""
        if typing != self._typing and self.talk is not None:
            self._typing = typing
            self._show_lines()

    def set_by_mail(self, by_mail: bool) -> None:
        """Answer somebody who has left by e-mail, although the chat goes on."""
        self._by_mail = by_mail
        self._show_way()
        self.writer.take_focus()

    @property
    def row(self) -> ChatRow | None:
        """The chat shown."""
        return self.talk.view.row if self.talk is not None else None

    @property
    def by_mail(self) -> bool:
        """Does an answer go by e-mail?"""
        return self.writer.way == "mail"

    def set_active(self, active: bool, keys: str = "") -> None:
        """Beside others: is this the one that the keyboard acts on? `keys` lead to it otherwise."""
        if self._compact:
            self.writer.set_hint("" if active else keys)
            set_box(self, "chosen" if active else "tile")
            edge = 2 if active else 1
            layout = self.layout()
            assert layout is not None
            layout.setContentsMargins(edge, edge, edge, edge)
            self.writer.send.setVisible(active)

    def go_on(self) -> None:
        """Time went by."""
        self.head.show_time()

    # -- what is shown

    def _show_lines(self) -> None:
        assert self.talk is not None
        bubbles = bubbles_of(self.talk.view, clock.now(), typing=self._typing)
        self.lines.show_bubbles(self.conversation, bubbles)

    def _show_way(self) -> None:
        """How an answer would go, and what is to be known about that."""
        if self.talk is None:
            return
        view = self.talk.view
        one, going = view.row, view.row.state in GOING_ON
        mail = bool(view.mail_to)
        way = "mail" if mail and (self._by_mail or not view.can_send) else "chat" if view.can_send else ""
        self.writer.set_way(way, primary=self._compact or one.state != "waiting", address=view.mail_to)
        words = ""
        if one.blocked:
            words = tr("This visitor is blocked. What they write is not received.")
        elif way == "mail":
            words = tr("Your answer goes by e-mail to {address}.", address=view.mail_to)
        elif going and not one.there:
            words = tr("The visitor is not connected. What you write is kept until they are back.")
        elif not going and not view.can_send and one.there:
            words = tr("The chat is over, and the visitor gave no address. You can still write a note.")
        elif not going and not view.can_send:
            words = tr("The visitor has left and gave no address. You can still write a note.")
        set_box(self._inner, "info" if way == "mail" and not one.blocked else "warn")
        self._notice_words.setText(words)
        self._notice_act.setVisible(going and mail and way != "mail" and not one.there)
        self._notice.setVisible(bool(words))

    def _mark_seen(self) -> None:
        """What stands at the end has been read, if the window and this chat are before somebody's eyes."""
        if self.talk is None or not self.lines.is_at_end or not self.isVisible() or not self.window().isActiveWindow():
            return
        view = self.talk.view
        if view.last_seq > view.desk_read_seq and view.row.state != "waiting":
            self.seen.emit(view.row.id, view.last_seq)

    def look(self) -> None:
        """The window has the keyboard again: what is shown is read now."""
        self._seen.start()

    def _focus_moved(self, _old: QWidget | None, now: QWidget | None) -> None:
        if now is not None and self.isAncestorOf(now):
            self.focused.emit()
