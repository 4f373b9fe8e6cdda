"""Writing a reply, a note or a new mail: the composer with its recipients, files, signature and draft.

A letter may be formatted and have pictures in its text; a note is plain words, and its pictures are files. That nothing typed
is ever lost is `Drafting`; a letter that was called back is a draft again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from PySide6.QtCore import Signal
from PySide6.QtGui import QImage, QTextCursor
from PySide6.QtWidgets import QVBoxLayout

from app.conversations.commands import NewAttachment
from app.kernel.errors import UserError
from app.kernel.sentences import words_of
from app.mime.html.rich import from_html, is_plain, trimmed
from app.outbox.rules import wire_size
from ui.pages.inbox.loading import Sender
from ui.pages.inbox.words import names_text
from ui.pages.inbox.writing import formatted
from ui.pages.inbox.writing.drafting import KEEP_MS, Drafting, joined
from ui.pages.inbox.writing.elsewhere import Begun, Elsewhere
from ui.pages.inbox.writing.letter import Letter, Person
from ui.pages.inbox.writing.recipients import Recipients
from ui.text import size_text, told, tr
from ui.widgets.button import Button, ToolButton
from ui.widgets.composer import Composer
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import row

__all__ = ["KEEP_MS", "USUAL_LIMIT", "Letter", "Writer"]

USUAL_LIMIT = 25_000_000
"""Bytes that nearly every mail server takes."""


class Writer(Drafting):
    """The composer of the conversation; with `new` the one of a mail to somebody."""

    sent = Signal(object, bool)  # Letter, solve
    pictures_chosen = Signal()  # the person wants to choose some from the disk
    pictures_missing = Signal(list)  # list[NewAttachment]: their points are wanted
    later_wanted = Signal()
    canned_wanted = Signal()
    completion_wanted = Signal(object, str)

    def __init__(self, *, new: bool = False) -> None:
        super().__init__("new" if new else "reply")
        self._new = new
        self._default: tuple[tuple[Person, ...], tuple[Person, ...]] = ((), ())
        self._senders: tuple[Sender, ...] = ()
        self._sender = ""
        self.newcomers: frozenset[str] = frozenset()
        """Addresses in copy that are new in this conversation: a reply would let them in, so they are marked."""
        self._about: tuple[UUID, UUID] | None = None
        self._home: UUID | None = None
        self._chat: str | None = None
        self._read: tuple[int, tuple[str, str]] = (-1, ("", ""))
        self._build()

    # -- for the page

    @property
    def takes_pictures(self) -> bool:
        """May pictures stand in the text?"""
        return self.mode != "note" and not self.by_chat

    @property
    def by_chat(self) -> bool:
        """Does what is written go by chat?"""
        return self._chat is not None and self.mode == "reply"

    def set_chat(self, name: str | None, *, other: bool = False) -> None:
        """A reply goes by chat to the visitor of this name; None: by e-mail. `other`: of the ticket that is begun next.

        What is typed in the same ticket stays.
        """
        if name == self._chat:
            return
        if not other:
            self._remember()
        self._chat = name
        options = [("reply", tr("Reply") if name is None else tr("Chat")), ("note", tr("Internal note"))]
        self.composer.modes.set_options(options, self.mode)
        if not other:
            self._put(self.mode)

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
        begun = self._begin(drafts)
        self._default = (tuple(to), tuple(cc))
        self._senders, self._sender = tuple(senders), sender
        self._hint.hide()
        self._put("new" if self._new else mode or begun)

    def take_up(self, letters: Sequence[Letter]) -> None:
        """Drafts that came from elsewhere; what is being typed here stays, and a reply that was called back comes below it."""
        for letter in (one for one in letters if not one.is_empty):
            here = self.draft()
            if letter.mode != here.mode:
                self._letters[letter.mode] = letter
            elif here.is_empty:
                self._letters[letter.mode] = letter
                self._put(letter.mode)
            elif letter.home == here.home and letter.text.startswith(f"{self._kept}\n\n"):
                self._go_below(here, letter)

    def _go_below(self, here: Letter, letter: Letter) -> None:
        """The draft has become longer than it was kept from here: the rest is a letter that was called back."""
        kept = self._kept
        self._letters[letter.mode] = letter
        if here.text != kept:
            files = tuple(one for one in letter.files if one not in here.files)
            rest = replace(letter, text=letter.text[len(kept) :].lstrip("\n"), html="", files=files)
            self._letters[letter.mode] = joined(here, rest)
        self._put(letter.mode)
        if here.text != kept:
            self._changed()

    def offer(self, begun: Sequence[Begun], number: int) -> None:
        """What has been begun in the ticket of this number and its parts: what is not in front is offered."""
        self._elsewhere.set_begun(begun, number)
        self._elsewhere.show_besides(self._words())

    def _bring(self, letter: Letter) -> None:
        """Another letter comes to the front; the one that was there stays what it is."""
        self.keep_now()
        self._elsewhere.put_aside(self.draft())
        self._letters[letter.mode] = letter
        self._put(letter.mode)
        self.take_focus()

    def set_recipients(self, to: Sequence[Person], cc: Sequence[Person]) -> None:
        """Whom an untouched reply goes to."""
        untouched = not self.recipients.copies_shown and not self._new
        self._default = (tuple(to), tuple(cc))
        if untouched and self.mode == "reply":
            self.recipients.set_people(to, cc)
            self._say_to()

    def letter(self, *, mark: bool = False) -> Letter:
        """What is written. Raises UserError for an address that is none; its field may be marked."""
        people = (self.recipients.to, self.recipients.cc, self.recipients.bcc)
        to, cc, bcc = (one.persons(mark=mark) for one in people) if self.takes_pictures else ((), (), ())
        sender = self._chosen_sender() if self.mode != "note" else ""
        subject = self.recipients.subject.text().strip() if self._new else ""
        return replace(self._words(), to=to, cc=cc, bcc=bcc, subject=subject, sender=sender, about=self._about)

    def draft(self) -> Letter:
        """The same for a draft: half-typed addresses are left out."""
        try:
            return self.letter()
        except UserError:
            return replace(self._words(), to=self._default[0], cc=self._default[1], about=self._about)

    def _words(self) -> Letter:
        """What is written, with the files, and of the pictures those that stand in the text."""
        text, html = self._content()
        files = tuple(one for one in self._files if not one.inline or f'"cid:{one.content_id}"' in html)
        return Letter(self.mode, text, files=files, html=html, home=self._home)

    def _content(self) -> tuple[str, str]:
        """Text and HTML; read anew only when something was typed."""
        if not self.takes_pictures:
            return self.composer.text(), ""
        document = self.composer.edit.document()
        if self._read[0] != document.revision():
            self._read = (document.revision(), formatted.content(document))
        return self._read[1]

    def place_picture(self, file: NewAttachment, image: QImage) -> None:
        """A picture is in the pack: it stands in the text from now on, where the cursor is."""
        self._files = (*self._files, file)
        self.composer.edit.insert_picture(f"cid:{file.content_id}", file.filename, image)

    def show_picture(self, file: NewAttachment, image: QImage) -> None:
        """The points of a picture that the text names already."""
        self.composer.edit.set_picture(f"cid:{file.content_id}", image)

    def warn(self, words: str) -> None:
        """A line above the text: the customer has written again."""
        self._hint_words.setText(words)
        self._hint.setVisible(bool(words))

    def submit(self, *, solve: bool = False, send_at: datetime | None = None) -> None:
        """Send (at a time, if one is given), or write the note down."""
        try:
            letter = replace(self.letter(mark=True), send_at=send_at)
        except UserError as error:
            self.recipients.show_copies(True)
            self.refused.emit(told(words_of(error)))
            return
        if letter.is_empty:
            self.refused.emit(tr("There is nothing to send: write something first."))
            return
        if self._new and not letter.subject:
            self.recipients.subject.set_wrong(tr("Please give the message a subject."))
            self.recipients.subject.setFocus()
            return
        self.clear()
        self.sent.emit(letter, solve)

    def clear(self) -> None:
        self._hint.hide()
        self._elsewhere.put_aside(Letter(self.mode, home=self._home))
        super().clear()

    def _chosen_sender(self) -> str:
        """The address chosen; nothing while it is the one that the desk would take anyway."""
        chosen = self.recipients.mailbox.current()
        return chosen if chosen != self._sender or self._new else ""

    # -- building

    def _build(self) -> None:
        self.attach = ToolButton("paperclip", tr("Attach a file"), clicked=self.attach_wanted.emit)
        self.copies = ToolButton("account-plus-outline", tr("Recipients, Cc and Bcc"), checkable=True)
        self.copies.toggled.connect(self._show_copies)
        self.formatting = ToolButton("format-letter-case", tr("Formatting"), checkable=True)
        self.canned = ToolButton("text-box-outline", tr("Canned answers"), clicked=self.canned_wanted.emit)
        self.canned.hide()
        self.later = ToolButton("send-clock-outline", tr("Send later"), clicked=self.later_wanted.emit)
        self.send = Button(tr("Send"), "primary", clicked=self.submit)
        self.send_solve = Button(tr("Send and solve"), clicked=lambda: self.submit(solve=True))
        modes = [] if self._new else [("reply", tr("Reply")), ("note", tr("Internal note"))]
        self.composer = Composer(
            self._placeholder("reply"),
            modes=modes,
            tools=[self.formatting, self.attach, self.canned, self.copies, self.later],
            buttons=[self.send_solve, self.send],
        )
        self.formatting.toggled.connect(self.composer.format.setVisible)
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
        self._elsewhere = Elsewhere()
        self._elsewhere.wanted.connect(self._bring)
        inner.insertWidget(3, self._elsewhere)
        inner.insertWidget(5, self._signature)
        self._size_words = Label("", "small", tone="warn", wrap=True)
        self._size_words.hide()
        inner.insertWidget(inner.count() - 1, self._size_words)
        self._wire()
        edit = self.composer.edit
        edit.paste_html = self._paste
        self.composer.format.picture_wanted.connect(self.pictures_chosen)
        edit.focused.connect(lambda _on: self._show_signature())
        self.composer.submitted.connect(self.submit)
        self._outer.addWidget(self.composer)
        self.set_narrow(False)
        self._put(self.mode)

    def set_narrow(self, narrow: bool) -> None:
        """Less air in a narrow window."""
        self._outer.setContentsMargins(16 if narrow else 24, 4, 16 if narrow else 24, 16 if narrow else 20)

    # -- what happens

    def _placeholder(self, mode: str) -> str:
        if mode == "note":
            return tr("Write a note that only your team sees…")
        if mode != "reply":
            return tr("Write an e-mail…") if self.canned.isHidden() else tr("Write an e-mail…  / for a canned answer")
        if self.canned.isHidden():
            return tr("Write in the chat…") if self.by_chat else tr("Write a reply…")
        return (
            tr("Write in the chat…  / for a canned answer")
            if self.by_chat
            else tr("Write a reply…  / for a canned answer")
        )

    def offer_canned(self, *, on: bool) -> None:
        """There are canned answers to insert, or there are none (yet)."""
        if on is self.canned.isHidden():
            self.canned.setVisible(on)
            self.composer.set_mode(self.mode, self._placeholder(self.mode))

    def _blank(self, mode: str) -> Letter:
        return Letter(mode, "", *self._default)

    def _show_rest(self, letter: Letter) -> None:
        note = self.mode == "note"
        plain = note or self.by_chat
        self.composer.set_mode(self.mode, self._placeholder(self.mode))
        self.formatting.setVisible(not plain)
        self.composer.format.setVisible(not plain and self.formatting.isChecked())
        self._about, self._home = letter.about, letter.home
        self._elsewhere.show_besides(letter)
        self.recipients.set_people(letter.to or self._default[0], letter.cc, letter.bcc)
        self.recipients.set_senders([(one.address, one.words) for one in self._senders], letter.sender or self._sender)
        if self._new:
            self.recipients.subject.setText(letter.subject)
        self.copies.setChecked(False)
        self.copies.setVisible(not plain)
        self.recipients.show_copies(False)
        if letter.bcc or (letter.sender and letter.sender != self._sender):
            self.copies.setChecked(True)
        self.later.setVisible(not plain)
        self.send.setText(tr("Add note") if note else tr("Send"))
        self.send_solve.setVisible(not plain)
        self._say_to()
        self._show_signature()

    def _show_words(self, letter: Letter) -> None:
        self._read = (-1, ("", ""))
        pictures = [one for one in letter.files if one.inline]
        if not letter.html or not self.takes_pictures:
            self.composer.set_text(letter.text)
            return
        edit = self.composer.edit
        formatted.show(edit, letter.html, [one.content_id for one in pictures], letter.text)
        edit.moveCursor(QTextCursor.MoveOperation.End)
        self.composer.settle()
        if pictures:
            self.pictures_missing.emit(pictures)

    def _paste(self, markup: str) -> bool:
        """Formatted text from the clipboard: as much of it as a letter has means for."""
        if not self.takes_pictures:
            return False
        known = [one.content_id for one in self._files if one.inline]
        lines = from_html(markup, known)
        if lines is None or is_plain(lines):
            return False
        formatted.insert(self.composer.edit.textCursor(), trimmed(lines))
        return True

    def _say_to(self) -> None:
        aside: ElidingLabel = self.composer.aside
        if self.mode != "reply":
            aside.setText("")
            return
        if self.by_chat:
            aside.setText(tr("To {names}, in the chat", names=self._chat) if self._chat else tr("In the chat"))
            return
        letter = self.draft()
        said = [tr("To {names}", names=names_text(letter.to)) if letter.to else tr("No recipient yet")]
        if letter.cc:
            said.append(tr("Cc {names}", names=self._marked(letter.cc)))
        if letter.bcc:
            said.append(tr("Bcc {names}", names=self._marked(letter.bcc)))
        aside.setText(" · ".join(said))

    def _marked(self, people: Sequence[tuple[str, str]]) -> str:
        new = self.newcomers
        names = [
            tr("{name} (new here)", name=one[0] or one[1]) if one[1].casefold() in new else one[0] for one in people
        ]
        return names_text(list(zip(names, (address for _, address in people), strict=True)))

    def _show_copies(self, on: bool) -> None:
        self.recipients.show_copies(on)
        if on:
            (self.recipients.cc if self.recipients.to.text() else self.recipients.to).setFocus()

    def _show_signature(self) -> None:
        chosen = self.recipients.mailbox.current() or self._sender
        text = next((one.signature for one in self._senders if one.address == chosen), "").strip()
        self._signature.setText(text)
        active = self._new or self.composer.edit.hasFocus() or bool(self.composer.text())
        self._signature.setVisible(bool(self._signature.text()) and self.takes_pictures and active)

    def _show_files(self) -> None:
        super()._show_files()
        self._say_size()

    def _say_size(self) -> None:
        """Warn while files are chosen, not after they have been uploaded."""
        letter = self._words()
        sizes, words = [one.size for one in letter.files], letter.text + letter.html
        chosen = self.recipients.mailbox.current() or self._sender
        sender = next((one for one in self._senders if one.address == chosen), None)
        limit = (sender.size_limit if sender is not None else 0) or USUAL_LIMIT
        too_much = bool(sizes) and self.takes_pictures and wire_size(words, sizes) > limit
        self._size_words.setVisible(too_much)
        if not too_much:
            return
        size = size_text(wire_size(words, sizes))
        if sender is not None and sender.size_limit:
            takes = tr("{host} takes {limit} at most. Leave a file out.", host=sender.host, limit=size_text(limit))
        else:
            takes = tr("Many mail servers take no more than {limit}.", limit=size_text(limit))
        self._size_words.setText(f"{tr('This message has about {size}.', size=size)} {takes}")

    def _changed(self) -> None:
        super()._changed()
        self._say_to()
        self._say_size()
        self._show_signature()
