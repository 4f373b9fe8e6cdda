"""Writing a reply, a note or a new mail: the composer with its recipients, files, signature and draft.

Nothing typed is ever lost: two seconds after the last key a draft is kept, so is it when another ticket is opened, and a
letter that was called back is a draft again. What is sent leaves the field at once; if it cannot be queued it comes back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFrame, QVBoxLayout

from app.conversations.commands import NewAttachment
from app.kernel.errors import UserError
from app.outbox.queries import DraftView
from app.outbox.rules import FORWARD, wire_size
from ui.pages.inbox.loading import Sender
from ui.pages.inbox.recipients import Person, Recipients
from ui.pages.inbox.words import names_text
from ui.text import size_text, tr
from ui.widgets.button import Button, ToolButton
from ui.widgets.composer import Attachment, Composer
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import row

KEEP_MS = 2000

USUAL_LIMIT = 25_000_000
"""Bytes that nearly every mail server takes."""


@dataclass(frozen=True)
class Letter:
    """What is being written. `files` have their bytes in a pack already; `sender` is the address to write from.

    `send_at`: the time that the rep chose; `about`: (ticket, message) of what is passed on to somebody else.
    """

    mode: str = "reply"
    text: str = ""
    to: tuple[Person, ...] = ()
    cc: tuple[Person, ...] = ()
    bcc: tuple[Person, ...] = ()
    subject: str = ""
    sender: str = ""
    files: tuple[NewAttachment, ...] = field(default=())
    send_at: datetime | None = None
    about: tuple[UUID, UUID] | None = None

    @property
    def is_empty(self) -> bool:
        """Is there nothing to keep?"""
        return not self.text.strip() and not self.files

    @classmethod
    def of_draft(cls, draft: DraftView) -> Letter:
        """What a draft holds."""
        files = tuple(map(_file, draft.files))
        passed = draft.kind == FORWARD and draft.ticket is not None and draft.answers is not None
        return cls(
            "new" if draft.kind == FORWARD else draft.kind, draft.text, draft.to, draft.cc, draft.bcc, draft.subject,
            draft.sender, files, about=(draft.ticket, draft.answers) if passed else None,  # type: ignore[arg-type]
        )  # fmt: skip


def _file(stored: Any) -> NewAttachment:
    return NewAttachment(
        filename=stored["filename"],
        content_type=stored["content_type"],
        size=int(stored["size"]),
        blob=UUID(hex=stored["blob"]),
    )


class Writer(QFrame):
    """The composer of the conversation; with `new` the one of a mail to somebody."""

    sent = Signal(object, bool)  # Letter, solve
    kept = Signal(object)  # Letter: keep it as a draft (an empty one: throw the draft away)
    files_chosen = Signal(list)  # paths
    image_given = Signal(QImage)
    attach_wanted = Signal()
    later_wanted = Signal()
    completion_wanted = Signal(object, str)
    refused = Signal(str)

    def __init__(self, *, new: bool = False) -> None:
        super().__init__()
        self._new = new
        self._letters: dict[str, Letter] = {}
        self._default: tuple[tuple[Person, ...], tuple[Person, ...]] = ((), ())
        self._files: tuple[NewAttachment, ...] = ()
        self._senders: tuple[Sender, ...] = ()
        self._sender = ""
        self._about: tuple[UUID, UUID] | None = None
        self._dirty = False
        self._shown_mode = "new" if new else "reply"
        self._build()

    # -- for the page

    @property
    def mode(self) -> str:
        """reply, note or new."""
        return self._shown_mode

    @property
    def dirty(self) -> bool:
        """Is something written that is not kept yet?"""
        return self._dirty

    def begin(
        self,
        to: Sequence[Person],
        cc: Sequence[Person],
        drafts: Sequence[Letter],
        *,
        senders: Sequence[Sender] = (),
        sender: str = "",
        mode: str = "",
    ) -> None:
        """Write in another ticket: its recipients, the addresses to write from, and what was begun there."""
        self._pause.stop()
        self._default = (tuple(to), tuple(cc))
        self._letters = {one.mode: one for one in drafts if not one.is_empty}
        self._senders, self._sender = tuple(senders), sender
        self._hint.hide()
        chosen = mode or ("note" if "note" in self._letters and "reply" not in self._letters else "reply")
        self._put("new" if self._new else chosen)

    def take_up(self, letters: Sequence[Letter]) -> None:
        """Drafts that came from elsewhere (a reply was called back); what is being typed here stays."""
        for letter in letters:
            if letter.is_empty or (letter.mode == self.mode and not self.letter_or_none().is_empty):
                continue
            self._letters[letter.mode] = letter
            if letter.mode == self.mode:
                self._put(letter.mode)

    def set_recipients(self, to: Sequence[Person], cc: Sequence[Person]) -> None:
        """Whom an untouched reply goes to."""
        untouched = not self.recipients.copies_shown and not self._new
        self._default = (tuple(to), tuple(cc))
        if untouched and self.mode == "reply":
            self.recipients.set_people(to, cc)
            self._say_to()

    def set_mode(self, mode: str) -> None:
        """Reply or note, with the keyboard in the text."""
        if mode != self.mode:
            self._remember()
            self._put(mode)
        self.composer.edit.setFocus()

    def letter(self) -> Letter:
        """What is written. Raises UserError for an address that is none."""
        people = (self.recipients.to, self.recipients.cc, self.recipients.bcc)
        to, cc, bcc = (one.persons() for one in people) if self.mode != "note" else ((), (), ())
        sender = self._chosen_sender() if self.mode != "note" else ""
        subject = self.recipients.subject.text().strip() if self._new else ""
        return Letter(self.mode, self.composer.text(), to, cc, bcc, subject, sender, self._files, about=self._about)

    def letter_or_none(self) -> Letter:
        """The same for a draft: half-typed addresses are left out."""
        try:
            return self.letter()
        except UserError:
            return Letter(self.mode, self.composer.text(), *self._default, files=self._files, about=self._about)

    def letters(self) -> tuple[Letter, ...]:
        """What is written in this ticket, the letter in front and the other ones."""
        others = [one for one in self._letters.values() if one.mode != self.mode]
        return (self.letter_or_none(), *others)

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
            self.kept.emit(self.letter_or_none())

    def warn(self, words: str) -> None:
        """A line above the text: the customer has written again."""
        self._hint_words.setText(words)
        self._hint.setVisible(bool(words))

    def submit(self, *, solve: bool = False, send_at: datetime | None = None) -> None:
        """Send (at a time, if one is given), or write the note down."""
        try:
            letter = replace(self.letter(), send_at=send_at)
        except UserError as error:
            self.recipients.show_copies(True)
            self.refused.emit(str(error))
            return
        if letter.is_empty:
            self.refused.emit(tr("There is nothing to send: write something first."))
            return
        if self._new and not letter.subject:
            self.recipients.subject.set_wrong(tr("Please give the mail a subject."))
            self.recipients.subject.setFocus()
            return
        self.clear()
        self.sent.emit(letter, solve)

    def clear(self) -> None:
        """Empty the text and files of this mode."""
        self._pause.stop()
        self._dirty = False
        self._letters.pop(self.mode, None)
        self._hint.hide()
        self._put(self.mode)

    def put_back(self, letter: Letter) -> None:
        """It could not be sent: here it is again."""
        self._letters[letter.mode] = letter
        self._put(letter.mode)
        self._changed()

    def _chosen_sender(self) -> str:
        """The address chosen; nothing while it is the one that the desk would take anyway."""
        chosen = self.recipients.mailbox.current()
        return chosen if chosen != self._sender or self._new else ""

    # -- building

    def _build(self) -> None:
        self.attach = ToolButton("paperclip", tr("Attach a file"), clicked=self.attach_wanted.emit)
        self.copies = ToolButton("account-plus-outline", tr("Recipients, Cc and Bcc"), checkable=True)
        self.copies.toggled.connect(self._show_copies)
        self.later = ToolButton("send-clock-outline", tr("Send later"), clicked=self.later_wanted.emit)
        self.send = Button(tr("Send"), "primary", clicked=self.submit)
        self.send_solve = Button(tr("Send and solve"), clicked=lambda: self.submit(solve=True))
        modes = [] if self._new else [("reply", tr("Reply")), ("note", tr("Internal note"))]
        self.composer = Composer(
            self._placeholder("reply"),
            modes=modes,
            tools=[self.attach, self.copies, self.later],
            buttons=[self.send_solve, self.send],
        )
        self.recipients = Recipients(new=self._new)
        self.recipients.changed.connect(self._changed)
        self.recipients.completion_wanted.connect(self.completion_wanted)
        self._signature = Label("", "caption", wrap=True)
        self._signature.setToolTip(tr("Your signature, as it will be sent"))
        self._hint_words = Label("", "small", tone="warn", wrap=True)
        self._hint = row((self._hint_words, 1))
        self._hint.hide()
        inner = self.composer.layout()
        assert isinstance(inner, QVBoxLayout)
        head = inner.itemAt(0)
        if self._new and head is not None and (line := head.widget()) is not None:
            line.hide()  # there is nothing to choose
            inner.setContentsMargins(16, 16, 8, 8)
        inner.insertWidget(1, self.recipients)
        inner.insertWidget(2, self._hint)
        inner.insertWidget(4, self._signature)
        self._size_words = Label("", "small", tone="warn", wrap=True)
        self._picture_words = Label(
            tr("Pictures go along as files: the letter itself is plain text."), "caption", wrap=True
        )
        for place, label in enumerate((self._size_words, self._picture_words)):
            label.hide()
            inner.insertWidget(inner.count() - 1 - place, label)
        self._pause = QTimer(self, singleShot=True, interval=KEEP_MS)
        self._pause.timeout.connect(self.keep_now)
        edit = self.composer.edit
        edit.textChanged.connect(self._changed)
        edit.files_given.connect(self.files_chosen)
        edit.image_given.connect(self.image_given)
        edit.focused.connect(lambda _on: self._show_signature())
        self.composer.submitted.connect(self.submit)
        self.composer.strip.removed.connect(self._remove_file)
        self.composer.modes.chosen.connect(self._mode_chosen)
        self._outer = QVBoxLayout(self)
        self._outer.addWidget(self.composer)
        self.set_narrow(False)
        self._put("new" if self._new else "reply")

    def set_narrow(self, narrow: bool) -> None:
        """Less air in a narrow window."""
        self._outer.setContentsMargins(16 if narrow else 24, 4, 16 if narrow else 24, 16 if narrow else 20)

    # -- what happens

    def _placeholder(self, mode: str) -> str:
        return {"note": tr("Write a note that only your team sees…"), "new": tr("Write a mail…")}.get(
            mode, tr("Write a reply…")
        )

    def _mode_chosen(self, mode: str) -> None:
        if mode != self._shown_mode:
            self._remember()
            self._put(mode)

    def _remember(self) -> None:
        letter = self.letter_or_none()
        self.keep_now()
        if letter.is_empty:
            self._letters.pop(letter.mode, None)
        else:
            self._letters[letter.mode] = letter

    def _put(self, mode: str) -> None:
        """Show what is written in a mode."""
        letter = self._letters.get(mode, Letter(mode, "", *self._default))
        self._shown_mode = mode
        note = mode == "note"
        self.composer.set_mode(mode, self._placeholder(mode))
        self.composer.edit.blockSignals(True)
        self.composer.set_text(letter.text)
        self.composer.edit.blockSignals(False)
        self._files = letter.files
        self._show_files()
        self._about = letter.about
        self.recipients.set_people(letter.to or self._default[0], letter.cc, letter.bcc)
        self.recipients.set_senders([(one.address, one.words) for one in self._senders], letter.sender or self._sender)
        if self._new:
            self.recipients.subject.setText(letter.subject)
        self.copies.setChecked(False)
        self.copies.setVisible(not note)
        self.recipients.show_copies(False)
        if letter.bcc or (letter.sender and letter.sender != self._sender):
            self.copies.setChecked(True)
        self.later.setVisible(not note)
        self.send.setText(tr("Add note") if note else tr("Send"))
        self.send_solve.setVisible(not note)
        self._say_to()
        self._show_signature()
        self._dirty = False

    def _say_to(self) -> None:
        aside: ElidingLabel = self.composer.aside
        if self.mode != "reply":
            aside.setText("")
            return
        letter = self.letter_or_none()
        words = tr("To {names}", names=names_text(letter.to)) if letter.to else tr("No recipient yet")
        copies = (*letter.cc, *letter.bcc)
        aside.setText(f"{words} · {tr('Cc {names}', names=names_text(copies))}" if copies else words)

    def _show_copies(self, on: bool) -> None:
        self.recipients.show_copies(on)
        if on:
            (self.recipients.cc if self.recipients.to.text() else self.recipients.to).setFocus()

    def _show_signature(self) -> None:
        chosen = self.recipients.mailbox.current() or self._sender
        text = next((one.signature for one in self._senders if one.address == chosen), "").strip()
        self._signature.setText(text)
        active = self._new or self.composer.edit.hasFocus() or bool(self.composer.text())
        self._signature.setVisible(bool(self._signature.text()) and self.mode != "note" and active)

    def _show_files(self) -> None:
        files = [Attachment(str(n), one.filename, one.size, one.content_type) for n, one in enumerate(self._files)]
        self.composer.strip.set_attachments(files)
        self._picture_words.setVisible(any(one.content_type.startswith("image/") for one in self._files))
        self._say_size()

    def _say_size(self) -> None:
        """Warn while files are chosen, not after they have been uploaded."""
        sizes = [one.size for one in self._files]
        chosen = self.recipients.mailbox.current() or self._sender
        sender = next((one for one in self._senders if one.address == chosen), None)
        limit = (sender.size_limit if sender is not None else 0) or USUAL_LIMIT
        too_much = bool(sizes) and self.mode != "note" and wire_size(self.composer.text(), sizes) > limit
        self._size_words.setVisible(too_much)
        if not too_much:
            return
        size = size_text(wire_size(self.composer.text(), sizes))
        if sender is not None and sender.size_limit:
            takes = tr("{host} takes {limit} at most. Leave a file out.", host=sender.host, limit=size_text(limit))
        else:
            takes = tr("Many mail servers take no more than {limit}.", limit=size_text(limit))
        words = f"{tr('This mail has about {size}.', size=size)} {takes}"
        self._size_words.setText(words)

    def _remove_file(self, key: str) -> None:
        self._files = tuple(one for n, one in enumerate(self._files) if str(n) != key)
        self._show_files()
        self._changed()

    def _changed(self) -> None:
        self._dirty = True
        self._pause.start()
        self._say_to()
        self._say_size()
        self._show_signature()
