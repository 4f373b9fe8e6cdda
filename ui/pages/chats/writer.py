"""Writing in a chat: the composer with files and canned answers, as a message, a mail or a note.

`/` begins a canned answer wherever a word begins (`answers`). What is typed is kept as the ticket's draft (`Drafting`), so that
it is there in the inbox too. That one types is told the visitor at most every three seconds, and that one stopped.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from app.chats.rules import MAX_CHARS
from app.templates.queries import Canned
from ui.pages.chats.answers import AnswerCaller
from ui.pages.inbox.writing.drafting import Drafting
from ui.pages.inbox.writing.letter import Letter
from ui.text import count_text, tr
from ui.widgets.button import Button, ToolButton
from ui.widgets.composer import Composer
from ui.widgets.label import Label
from ui.widgets.layout import row

TYPING_S = 3.0
STOPPED_MS = 5000

Way = str
"""How an answer goes: `chat`, `mail`, or `` where only notes can be written."""


class ChatWriter(Drafting):
    """The composer beneath a conversation."""

    sent = Signal(object, object)  # Letter, way
    typing = Signal(bool)
    answer_used = Signal(object)  # UUID
    escaped = Signal()

    def __init__(self, page: QWidget, *, compact: bool = False) -> None:
        super().__init__()
        self._way: Way = "chat"
        self._name = ""
        self._told = False
        self._told_at = -TYPING_S
        self._is_forced = False  # in a note only because nothing else could be written
        self._build(page, compact=compact)

    # -- for the owner

    def begin(self, name: str, letters: Sequence[Letter]) -> None:
        """Write to somebody else: what was begun there."""
        self._stop_typing()
        self._name = name
        self._is_forced = False
        # How an answer goes here is told next: it has nothing to do with the chat before.
        self._put(self._begin(letters))

    def set_way(self, way: Way, *, primary: bool = True, address: str = "") -> None:
        """How an answer goes. `primary`: is Send what is to be done here? `address`: of a mail.

        Where no answer can go any more only notes are offered, until it can again; an answer that was begun stays in sight all
        the same.
        """
        self._way, self._address = way, address
        self._primary = primary
        begun = not (self.draft() if self._mode == "reply" else self._letters.get("reply", Letter())).is_empty
        if not way and not begun and self._mode != "note":
            self._remember()
            self._put("note")
            self._is_forced = True
        elif way and self._is_forced:
            self._is_forced = False
            if self.draft().is_empty:
                self._put("reply")  # they are back: whoever writes now means them
        options = [("reply", tr("E-mail") if way == "mail" else tr("Chat")), ("note", tr("Internal note"))]
        self.composer.modes.set_options(options if way or begun else options[1:], self._mode)
        self._dress()

    def set_answers(self, answers: Sequence[Canned], facts: Mapping[str, str]) -> None:
        """The canned answers, and what their placeholders stand for here."""
        self.caller.set_answers(answers, facts)

    @property
    def way(self) -> Way:
        """How an answer goes."""
        return self._way

    def draft(self) -> Letter:
        return Letter(self._mode, self.composer.text(), files=self._files)

    def submit(self) -> None:
        """Send, or write the note down."""
        letter = self.draft()
        if letter.is_empty:
            self.refused.emit(tr("There is nothing to send: write something first."))
            return
        if not self._way and letter.mode != "note":
            self.refused.emit(tr("The visitor cannot be answered any more"))
            return
        if self._way == "chat" and letter.mode == "reply" and len(letter.text) > MAX_CHARS:
            most = count_text(MAX_CHARS)
            self.refused.emit(tr("A message has at most {most} characters. Send it as two.", most=most))
            return
        self.clear()
        self._stop_typing()
        self.sent.emit(letter, "note" if letter.mode == "note" else self._way)

    def set_hint(self, words: str) -> None:
        """What stands beside Send: which key does it, or which one leads here."""
        self._hint.setText(words)
        self._hint.setVisible(bool(words))

    def set_enter_sends(self, on: bool) -> None:
        """Does Enter alone send a message? Shift+Enter then begins a line."""
        self.enter_sends = on

    def eventFilter(self, watched: QObject, event: QEvent, /) -> bool:
        if watched is self.composer.edit and isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            alone = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
            if enter and alone and self.enter_sends and self._mode == "reply" and self._way == "chat":
                self.submit()
                return True
        return False

    def open_answers(self) -> None:
        """Begin a canned answer at the cursor."""
        self.caller.open()

    # -- building

    def _build(self, page: QWidget, *, compact: bool) -> None:
        self._address, self._primary, self.enter_sends = "", True, False
        self.attach = ToolButton("paperclip", tr("Attach a file"), clicked=self.attach_wanted.emit)
        self.canned = ToolButton("text-box-outline", tr("Canned answers"), clicked=self.open_answers)
        self.send = Button(tr("Send"), "primary", clicked=self.submit)
        self._hint = Label("", "caption")
        self._hint.setVisible(False)
        modes = [("reply", tr("Chat")), ("note", tr("Internal note"))]
        self.composer = Composer(
            tr("Write a message…"), modes=modes, tools=[self.attach, self.canned], buttons=[self._hint, self.send]
        )
        edit = self.composer.edit
        edit.set_least(44)
        self._wire()
        edit.escaped.connect(self.escaped)
        self.composer.submitted.connect(self.submit)
        edit.installEventFilter(self)
        # Filters that came last are asked first: the list has its keys before Enter sends.
        self.caller = AnswerCaller(edit, self.composer, page)
        self.caller.used.connect(self.answer_used)
        self._stopped = QTimer(self, singleShot=True, interval=STOPPED_MS)
        self._stopped.timeout.connect(self._stop_typing)
        self._outer.addWidget(row((self.composer, 1)))
        self.set_narrow(compact)

    def set_narrow(self, narrow: bool) -> None:
        """Less air where there is less room."""
        side = 12 if narrow else 24
        self._outer.setContentsMargins(side, 4, side, 12 if narrow else 20)

    # -- what happens

    def _show_rest(self, letter: Letter) -> None:
        self.caller.list.hide()
        self._dress()

    def _dress(self) -> None:
        note = self._mode == "note"
        if note:
            words = tr("Write a note that only your team sees…")
        elif self._way == "mail":
            words = tr("Write an e-mail to {address}…", address=self._address)
        else:
            words = tr("Write to {name}", name=self._name) if self._name else tr("Write a message…")
        self.composer.set_mode(self._mode, words)
        self.send.setText(tr("Add note") if note else tr("Send by e-mail") if self._way == "mail" else tr("Send"))
        self.send.set_kind("primary" if self._primary else "")
        self.send.setEnabled(note or bool(self._way))

    def _changed(self) -> None:
        super()._changed()
        self._tell_typing()

    def _tell_typing(self) -> None:
        if self._mode != "reply" or self._way != "chat":
            return
        if not self.composer.text():
            self._stop_typing()
            return
        self._stopped.start()
        now = time.monotonic()
        if not self._told or now - self._told_at >= TYPING_S:
            self._told, self._told_at = True, now
            self.typing.emit(True)

    def _stop_typing(self) -> None:
        self._stopped.stop()
        if self._told:
            self._told, self._told_at = False, -TYPING_S
            self.typing.emit(False)

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        super().resizeEvent(event)
        self.caller.place()
