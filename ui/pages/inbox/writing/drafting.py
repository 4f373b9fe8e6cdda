"""What every composer of letters does: one text for each mode, kept as a draft two seconds after the last key.

A reply in the inbox and a message in a chat differ in whom they go to and what may stand in them; that nothing typed is ever
lost is the same in both, so it stands here. A letter that leaves the field is gone from it at once; if it is refused it comes
back in front of what was written since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFrame, QVBoxLayout

from app.conversations.commands import NewAttachment
from app.mime.html.rich import Line, from_html, lines_of_text, to_html
from ui.pages.inbox.writing.letter import Letter
from ui.widgets.attachments import Attachment
from ui.widgets.composer import Composer

KEEP_MS = 2000


class Drafting(QFrame):
    """A composer with one letter a mode. Subclasses make `composer` and say what is shown for a letter."""

    kept = Signal(object)  # Letter: keep it as a draft (an empty one: throw the draft away)
    files_chosen = Signal(list)  # paths, dropped on the text
    image_given = Signal(QImage)
    attach_wanted = Signal()
    refused = Signal(str)

    composer: Composer

    def __init__(self, mode: str = "reply") -> None:
        super().__init__()
        self._letters: dict[str, Letter] = {}
        self._files: tuple[NewAttachment, ...] = ()
        self._mode = mode
        self._dirty = False
        self._kept = ""  # the words of the draft, as far as they are known here
        self.turn = 0
        """Counts what is being written: a file that was chosen for something else is not added."""
        self._pause = QTimer(self, singleShot=True, interval=KEEP_MS)
        self._pause.timeout.connect(self.keep_now)
        self._outer = QVBoxLayout(self)

    # -- what each composer says of itself

    def draft(self) -> Letter:
        """What is written, as a draft keeps it."""
        raise NotImplementedError

    def _blank(self, mode: str) -> Letter:
        """A letter that is begun."""
        return Letter(mode)

    def _show_words(self, letter: Letter) -> None:
        """Put the words of a letter into the text."""
        self.composer.set_text(letter.text)

    def _show_rest(self, letter: Letter) -> None:
        """Show whatever else belongs to a letter and its mode."""
        raise NotImplementedError

    # -- for the owner

    @property
    def mode(self) -> str:
        """reply, note or new."""
        return self._mode

    @property
    def dirty(self) -> bool:
        """Is something written that is not kept yet?"""
        return self._dirty

    def set_mode(self, mode: str) -> None:
        """Answer or note, with the keyboard in the text."""
        self._mode_chosen(mode)
        self.take_focus()

    def take_focus(self) -> None:
        """The keyboard comes into the text."""
        self.composer.edit.setFocus()

    def letters(self) -> tuple[Letter, ...]:
        """What is written here, the letter in front and the other ones."""
        others = [one for one in self._letters.values() if one.mode != self.mode]
        return (self.draft(), *others)

    def keep_now(self) -> None:
        """Keep what is written, if it is not kept yet."""
        self._pause.stop()
        if self._dirty:
            self._dirty = False
            letter = self.draft()
            self._kept = letter.text
            self.kept.emit(letter)

    def clear(self) -> None:
        """Empty the text and files of this mode."""
        self._pause.stop()
        self._dirty = False
        self._letters.pop(self.mode, None)
        self._put(self.mode)

    def put_back(self, letter: Letter) -> None:
        """It could not be sent: here it is again, before what was written since."""
        now = self.draft() if letter.mode == self.mode else self._letters.get(letter.mode, Letter(letter.mode))
        self._letters[letter.mode] = letter if now.is_empty else joined(letter, now)
        self._put(letter.mode)
        self._changed()

    def add_file(self, file: NewAttachment) -> None:
        """A file is in the pack: show it."""
        self._files = (*self._files, file)
        self._show_files()
        self._changed()

    # -- for subclasses

    def _wire(self) -> None:
        """The composer has been made: follow it."""
        edit = self.composer.edit
        edit.textChanged.connect(self._changed)
        edit.files_given.connect(self.files_chosen)
        edit.image_given.connect(self.image_given)
        self.composer.strip.removed.connect(self._remove_file)
        self.composer.modes.chosen.connect(self._mode_chosen)

    def _begin(self, letters: Sequence[Letter]) -> str:
        """Write to somebody else: what was begun there. The mode to show."""
        self._pause.stop()
        self._letters = {one.mode: one for one in letters if not one.is_empty}
        return "note" if "note" in self._letters and "reply" not in self._letters else "reply"

    def _mode_chosen(self, mode: str) -> None:
        if mode != self._mode:
            self._remember()
            self._put(mode)

    def _remember(self) -> None:
        letter = self.draft()
        self.keep_now()
        if letter.is_empty:
            self._letters.pop(letter.mode, None)
        else:
            self._letters[letter.mode] = letter

    def _put(self, mode: str) -> None:
        """Show what is written in a mode."""
        letter = self._letters.get(mode) or self._blank(mode)
        self._mode = mode
        self.turn += 1
        edit = self.composer.edit
        blocked = edit.blockSignals(True)
        self._files = letter.files
        self._show_words(letter)
        edit.blockSignals(blocked)
        self._show_files()
        self._show_rest(letter)
        self._dirty, self._kept = False, letter.text

    def _changed(self) -> None:
        self._dirty = True
        self._pause.start()

    def _show_files(self) -> None:
        """The files beneath the text; pictures within it (those with a Content-ID) are not among them."""
        files = [
            Attachment(str(n), one.filename, one.size, one.content_type)
            for n, one in enumerate(self._files)
            if not one.inline
        ]
        self.composer.strip.set_attachments(files)

    def _remove_file(self, key: str) -> None:
        self._files = tuple(one for n, one in enumerate(self._files) if str(n) != key)
        self._show_files()
        self._changed()


def joined(first: Letter, then: Letter) -> Letter:
    """Two letters as one, below each other; whom it goes to is what the first says."""
    text = "\n".join(part for part in (first.text, then.text) if part)
    html = to_html([*_lines(first), *_lines(then)]) if first.html or then.html else ""
    return replace(first, text=text, html=html, files=(*first.files, *then.files))


def _lines(letter: Letter) -> tuple[Line, ...]:
    pictures = [one.content_id for one in letter.files if one.inline]
    lines = from_html(letter.html, pictures) if letter.html else None
    return lines_of_text(letter.text) if lines is None else lines
