"""Writing in a chat: the composer with files and canned answers, as a message, a mail or a note.

`/` begins a canned answer wherever a word begins (`answers`). What is typed is kept as the ticket's draft, so that it is there
in the inbox too. That one types is told the visitor at most every three seconds, and that one stopped.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from app.chats.rules import MAX_CHARS
from app.conversations.commands import NewAttachment
from app.templates.queries import Canned
from ui.pages.chats.answers import AnswerCaller
from ui.pages.inbox.letter import Letter
from ui.text import count_text, tr
from ui.widgets.button import Button, ToolButton
from ui.widgets.composer import Attachment, Composer
from ui.widgets.label import Label
from ui.widgets.layout import row

KEEP_MS = 2000
TYPING_S = 3.0
STOPPED_MS = 5000

Way = str
"""How an answer goes: `chat`, `mail`, or `` where only notes can be written."""


class ChatWriter(QFrame):
    """The composer beneath a conversation."""

    sent = Signal(object, object)  # Letter, way
    kept = Signal(object)  # Letter: keep it as a draft (an empty one: throw the draft away)
    typing = Signal(bool)
    files_chosen = Signal(list)
    image_given = Signal(QImage)
    attach_wanted = Signal()
    answer_used = Signal(object)  # UUID
    refused = Signal(str)
    escaped = Signal()

    def __init__(self, page: QWidget, *, compact: bool = False) -> None:
        super().__init__()
        self._letters: dict[str, Letter] = {}
        self._files: tuple[NewAttachment, ...] = ()
        self._way: Way = "chat"
        self._mode = "reply"
        self._name = ""
        self._dirty = self._told = False
        self._told_at = -TYPING_S
        self.turn = 0
        """Counts what is being written: a file that was chosen for something else is not added."""
        self._build(page, compact=compact)

    # -- for the owner

    def begin(self, name: str, letters: Sequence[Letter]) -> None:
        """Write to somebody else: what was begun there."""
        self._pause.stop()
        self._stop_typing()
        self._name = name
        self._letters = {one.mode: one for one in letters if not one.is_empty}
        only_note = "note" in self._letters and "reply" not in self._letters
        self._put("note" if only_note or not self._way else "reply")

    def set_way(self, way: Way, *, primary: bool = True, address: str = "") -> None:
        """How an answer goes. `primary`: is Send what is to be done here? `address`: of a mail.

        Where no answer can go any more only notes are offered; an answer that was begun stays in sight all the same.
        """
        self._way, self._address = way, address
        self._primary = primary
        begun = not (self.letter() if self._mode == "reply" else self._letters.get("reply", Letter())).is_empty
        if not way and not begun and self._mode != "note":
            self._remember()
            self._put("note")
        options = [("reply", tr("E-mail") if way == "mail" else tr("Chat")), ("note", tr("Internal note"))]
        self.composer.modes.set_options(options if way or begun else options[1:], self._mode)
        self._dress()

    def set_answers(self, answers: Sequence[Canned], facts: Mapping[str, str]) -> None:
        """The canned answers, and what their placeholders stand for here."""
        self.caller.set_answers(answers, facts)

    def set_mode(self, mode: str) -> None:
        """Message or note, with the keyboard in the text."""
        if mode != self._mode:
            self._remember()
            self._put(mode)
        self.take_focus()

    @property
    def mode(self) -> str:
        """reply or note."""
        return self._mode

    @property
    def way(self) -> Way:
        """How an answer goes."""
        return self._way

    def take_focus(self) -> None:
        """The keyboard comes into the text."""
        self.composer.edit.setFocus()

    def letter(self) -> Letter:
        """What is written."""
        return Letter(self._mode, self.composer.text(), files=self._files)

    def add_file(self, file: NewAttachment) -> None:
        """A file is in the pack: show it."""
        self._files = (*self._files, file)
        self._show_files()
        self._changed()

    def keep_now(self) -> None:
        """Keep what is written, if it is not kept yet."""
        self._pause.stop()
        if self._dirty:
            self._dirty = False
            self.kept.emit(self.letter())

    def put_back(self, letter: Letter) -> None:
        """It could not be sent: here it is again, before what was written since."""
        now = self.letter() if letter.mode == self._mode else self._letters.get(letter.mode, Letter(letter.mode))
        text = "\n".join(part for part in (letter.text, now.text) if part)
        self._letters[letter.mode] = replace(letter, text=text, files=(*letter.files, *now.files))
        self._put(letter.mode)
        self._changed()

    def submit(self) -> None:
        """Send, or write the note down."""
        letter = self.letter()
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
        self._pause.stop()
        self._dirty = False
        self._letters.pop(self._mode, None)
        self._put(self._mode)
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
        edit.textChanged.connect(self._changed)
        edit.files_given.connect(self.files_chosen)
        edit.image_given.connect(self.image_given)
        edit.escaped.connect(self.escaped)
        self.composer.submitted.connect(self.submit)
        self.composer.strip.removed.connect(self._remove_file)
        self.composer.modes.chosen.connect(self._mode_chosen)
        edit.installEventFilter(self)
        # Filters that came last are asked first: the list has its keys before Enter sends.
        self.caller = AnswerCaller(edit, self.composer, page)
        self.caller.used.connect(self.answer_used)
        self._pause = QTimer(self, singleShot=True, interval=KEEP_MS)
        self._pause.timeout.connect(self.keep_now)
        self._stopped = QTimer(self, singleShot=True, interval=STOPPED_MS)
        self._stopped.timeout.connect(self._stop_typing)
        self._outer = QVBoxLayout(self)
        self._outer.addWidget(row((self.composer, 1)))
        self.set_narrow(compact)

    def set_narrow(self, narrow: bool) -> None:
        """Less air where there is less room."""
        side = 12 if narrow else 24
        self._outer.setContentsMargins(side, 4, side, 12 if narrow else 20)

    # -- what happens

    def _mode_chosen(self, mode: str) -> None:
        if mode != self._mode:
            self._remember()
            self._put(mode)

    def _remember(self) -> None:
        letter = self.letter()
        self.keep_now()
        if letter.is_empty:
            self._letters.pop(letter.mode, None)
        else:
            self._letters[letter.mode] = letter

    def _put(self, mode: str) -> None:
        """Show what is written in a mode."""
        letter = self._letters.get(mode, Letter(mode))
        self._mode = mode
        self.turn += 1
        self.caller.list.hide()
        edit = self.composer.edit
        blocked = edit.blockSignals(True)
        self.composer.set_text(letter.text)
        edit.blockSignals(blocked)
        self._files = letter.files
        self._show_files()
        self._dress()
        self._dirty = False

    def _dress(self) -> None:
        note = self._mode == "note"
        if note:
            words = tr("Write a note that only your team sees…")
        elif self._way == "mail":
            words = tr("Write a mail to {address}…", address=self._address)
        else:
            words = tr("Write to {name}", name=self._name) if self._name else tr("Write a message…")
        self.composer.set_mode(self._mode, words)
        self.send.setText(tr("Add note") if note else tr("Send by e-mail") if self._way == "mail" else tr("Send"))
        self.send.set_kind("primary" if self._primary else "")
        self.send.setEnabled(note or bool(self._way))

    def _changed(self) -> None:
        self._dirty = True
        self._pause.start()
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

    def _show_files(self) -> None:
        files = [Attachment(str(n), one.filename, one.size, one.content_type) for n, one in enumerate(self._files)]
        self.composer.strip.set_attachments(files)

    def _remove_file(self, key: str) -> None:
        self._files = tuple(one for n, one in enumerate(self._files) if str(n) != key)
        self._show_files()
        self._changed()

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        super().resizeEvent(event)
        self.caller.place()
