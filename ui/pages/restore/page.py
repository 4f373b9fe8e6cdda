"""Restoring a backup, step by step: which one, what is in it, what happens to the desk that is here.

Nothing here is changed until everything is ready beside it: the backup is unpacked and read to its last byte while one
goes on working. Only then the window closes for a moment, the desks are exchanged, and it opens again with a list of what
is left to do. What was here stays, in a folder of its own.
"""

from __future__ import annotations

import threading
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QFrame, QVBoxLayout, QWidget

from app.desk.maintenance.backing_up import chosen, copies
from app.desk.maintenance.restoring import Preview, Ready, look, prepare
from app.kernel import clock
from app.kernel.errors import UserError
from app.kernel.maintenance.archive import SUFFIX, PassphraseNeededError, WrongPassphraseError
from app.kernel.maintenance.backup import DAILY, BackupResult
from app.kernel.sentences import words_of
from ui.pages import BasePage, Context
from ui.text import count_text, size_text, told, tr, when_text
from ui.widgets.avatar import RoundIcon
from ui.widgets.button import Button
from ui.widgets.field import FieldBlock, PasswordField
from ui.widgets.label import Label, Para
from ui.widgets.layout import clear, column, row, set_box, vertical
from ui.widgets.panel import Facts, ScrollPage, Tile, back_button
from ui.widgets.state import Banner, ProgressRow, set_busy

_WIDTH, _MOST = 720, 40


class Page(BasePage):
    """The assistant. `source` is the backup that is looked at."""

    full_window = True

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        set_box(self, "surface")
        self.source: Path | None = None
        self.found: Preview | None = None
        self._stop = threading.Event()
        self._passphrase: str | None = None
        self.choose_button = Button(tr("Choose a file…"), icon="folder-open-outline", clicked=self._choose)
        self.passphrase = PasswordField(name=tr("Passphrase"))
        self._passphrase_block = FieldBlock(
            tr("Passphrase"), self.passphrase, hint=tr("Chosen when the backup was made.")
        )
        self.unlock_button = Button(tr("Unlock"), "primary", clicked=self._unlock)
        self.restore_button = Button(tr("Restore this backup"), "primary", clicked=self.restore)
        self._other_button = Button(tr("Choose another one"), clicked=self.start_over)
        self.progress = ProgressRow(tr("Making the backup ready"), action=(tr("Cancel"), self.call_off))
        self._holder = QFrame()
        self._layout: QVBoxLayout = vertical(self._holder)
        self._layout.setSpacing(16)
        self.passphrase.returnPressed.connect(self._unlock)
        self._build()

    def _build(self) -> None:
        self._keep = QFrame(self)  # what is shown only at times lives here meanwhile
        self._keep.hide()
        layout = vertical(self._keep)
        for widget in self._shared():
            layout.addWidget(widget)
        head = row(back_button(tr("Back"), self._leave), Label(tr("Restore a backup"), "title"), None, spacing=12)
        middle = column(head, self._holder, spacing=20)
        middle.setMaximumWidth(_WIDTH)
        self.scroller = ScrollPage(row(None, (middle, 100), None, spacing=0), margins=(32, 32, 32, 24))
        vertical(self).addWidget(self.scroller)

    # -- being shown --------------------------------------------------------------------------------------------------

    def activate(self) -> None:
        if self.found is None:
            self.start_over()

    def show_place(self, **where: object) -> None:
        """`file`: look at this backup at once."""
        file = where.get("file")
        if isinstance(file, Path):
            self.look_at(file)

    def start_over(self) -> None:
        """Ask which backups there are."""
        self.source = self.found = self._passphrase = None
        self.passphrase.clear()
        self.context.tasks.forget("restore.look")
        desk = self.context.desk
        self.context.tasks.run(
            lambda: copies(desk.workspace, desk.ask(chosen)[1])[:_MOST],
            then=self._show_choice,
            owner=self,
            key="restore.copies",
        )

    def look_at(self, source: Path) -> None:
        """See what a backup is."""
        self.source = source
        self.context.tasks.forget("restore.copies")  # one has been chosen
        desk, passphrase = self.context.desk, self._passphrase
        self.context.tasks.run(
            lambda: look(source, desk.workspace, passphrase),
            then=self._show_preview,
            owner=self,
            key="restore.look",
            failed=self._not_read,
        )

    def restore(self) -> None:
        """Make it ready beside the desk that is here; then the exchange follows by itself."""
        source, passphrase = self.source, self._passphrase
        if source is None:
            return
        self._stop = stop = threading.Event()
        set_busy(self.restore_button, True, tr("Making ready…"))
        self._other_button.setEnabled(False)
        self.progress.set_progress(0, 0)
        self._layout.addWidget(self.progress)
        self.progress.show()
        place, post = self.context.desk.workspace, self.context.bridge.post
        told = [-1]

        def going(done: int, of: int) -> bool:
            share = done * 100 // max(1, of)
            if share != told[0]:
                told[0] = share
                post(lambda: self.progress.set_share(share / 100))
            return not stop.is_set()

        self.context.tasks.run(
            lambda: prepare(place, source, passphrase, going),
            then=self._prepared,
            owner=self,
            failed=self._not_prepared,
        )

    def call_off(self) -> None:
        """Stop; nothing is left of it."""
        self._stop.set()
        self.progress.say(tr("Stopping…"))

    def deactivate(self) -> None:
        self._stop.set()

    # -- steps --------------------------------------------------------------------------------------------------------

    def _show(self, *items: QFrame, focus: QWidget) -> None:
        """Show one step. `focus`: where one goes on from."""
        shared = self._shared()
        kept = [widget for widget in shared if not any(item.isAncestorOf(widget) for item in items)]
        for widget in kept:
            widget.setParent(self._keep)
        clear(self._layout)
        for item in items:
            self._layout.addWidget(item)
            item.show()
        for widget in shared:
            if widget not in kept:
                widget.show()  # given another parent, a widget hides
        focus.setFocus(Qt.FocusReason.OtherFocusReason)

    def _shared(self) -> list[QWidget]:
        """What more than one step shows; meanwhile it lives out of sight."""
        return [self._passphrase_block, self.unlock_button, self.restore_button, self._other_button, self.progress]

    def _show_choice(self, found: list[BackupResult]) -> None:
        words = tr(
            "A backup is one file, or one of the copies that are made every day. You see what is in it before anything is done."
        )
        file = Tile(
            RoundIcon("archive-outline", "info", 40, 18),
            Label(tr("A backup file"), "strong"),
            Para(tr("From another computer, a disk or a USB stick: a file that ends with {suffix}.", suffix=SUFFIX)),
            row(self._fresh_choose_button(), None),
            margins=(24, 20, 24, 20),
        )
        items: list[QFrame] = [column(Para(words)), file]
        if found:
            now = clock.now()
            rows = [self._copy_row(one, when_text(one.at, now)) for one in found]
            title = Label(tr("Copies on this computer"), "strong")
            items.append(Tile(title, *rows, margins=(24, 20, 24, 20), spacing=6))
        self._show(*items, focus=self.choose_button)

    def _fresh_choose_button(self) -> Button:
        self.choose_button = Button(tr("Choose a file…"), icon="folder-open-outline", clicked=self._choose)
        return self.choose_button

    def _copy_row(self, one: BackupResult, when: str) -> QFrame:
        kind = tr("daily") if one.kind == DAILY else tr("before an upgrade")
        here = one.database.parent == self.context.desk.workspace.backups
        where = tr("on this disk") if here else tr("second place")
        told = tr("{n} ticket|{n} tickets", n=one.about.tickets)
        button = Button(tr("Look at it"), "small", clicked=lambda: self.look_at(one.database))
        button.setAccessibleName(tr("Look at the backup of {when}", when=when))
        words = column(Label(when), Label(f"{kind} · {where} · {told}", "caption"))
        return row((words, 1), button, spacing=8)

    def _show_preview(self, found: Preview) -> None:
        self.found = found
        about, now = found.about, clock.now()
        rows = [
            (tr("Made"), when_text(found.made_at, now)),
            (tr("Desk"), about.desk or tr("without a name")),
            (tr("People"), ", ".join(about.people) or "–"),
            (tr("Mailboxes"), ", ".join(about.mailboxes) or "–"),
            (tr("Tickets"), count_text(about.tickets)),
            (tr("Messages"), count_text(about.messages)),
            (tr("Newest message"), when_text(about.newest_at, now) if about.newest_at else "–"),
            (tr("Size"), size_text(found.size)),
        ]
        facts = Facts(rows, name_width=128, wrap=True)
        tile = Tile(Label(found.name, "strong", wrap=True), facts, margins=(24, 20, 24, 20), spacing=12)
        set_busy(self.restore_button, False)
        self.restore_button.setEnabled(True)
        self._other_button.setEnabled(True)
        buttons = row(self._other_button, None, self.restore_button)
        self._show(tile, self._what_happens(found), buttons, focus=self.restore_button)

    def _what_happens(self, found: Preview) -> QFrame:
        lines = [
            tr("It is unpacked and read to the last byte first. You can stop it; nothing here is changed until then.")
        ]
        if not self.context.desk.is_new():
            keeps = tr("The desk that is here now is kept, in a folder of its own beside the restored one.")
            newer = tr("What came after this backup was made is only there.") if found.same_desk else ""
            lines.append(f"{keeps} {newer}".strip())
        lines.append(tr("The window closes for a moment and opens with the restored desk."))
        lines.append(tr("Messages that had not gone out wait for your word, so that nothing is sent twice."))
        return column(*(_bullet(each) for each in lines), spacing=4)

    def _show_locked(self, *, wrong: bool) -> None:
        title = Label(self.source.name if self.source else "", "strong", wrap=True)
        self._other_button.setEnabled(True)
        set_busy(self.unlock_button, False)
        buttons = row(self._other_button, None, self.unlock_button)
        tile = Tile(title, self._passphrase_block, margins=(24, 20, 24, 20), spacing=12)
        self._show(tile, buttons, focus=self.passphrase)
        self._passphrase_block.set_wrong(tr("This is not the passphrase of this backup.") if wrong else "")
        self.passphrase.selectAll()

    def _unlock(self) -> None:
        if self.passphrase.text() and self.source is not None:
            self._passphrase = self.passphrase.text()
            set_busy(self.unlock_button, True, tr("Unlocking…"))
            self.look_at(self.source)

    def _not_read(self, error: Exception) -> bool:
        if isinstance(error, (PassphraseNeededError, WrongPassphraseError)):
            self._show_locked(wrong=isinstance(error, WrongPassphraseError))
            return True
        return self._refused(error)

    def _refused(self, error: Exception) -> bool:
        """Say it where one looks, with the way on."""
        if not isinstance(error, UserError):
            self.start_over()
            return False
        self._other_button.setEnabled(True)
        banner = Banner(tr("This backup cannot be restored"), told(words_of(error)), tone="bad")
        self._show(banner, row(self._other_button, None), focus=self._other_button)
        return True

    def _prepared(self, ready: Ready | None) -> None:
        set_busy(self.restore_button, False)
        if ready is None:
            self.context.toasts.say(tr("Stopped; nothing was changed."), "info")
            if self.found is not None:
                self._show_preview(self.found)
            return
        self.context.actions.refresh()
        self.context.actions.run("restore_now")

    def _not_prepared(self, error: Exception) -> bool:
        set_busy(self.restore_button, False)
        return self._refused(error)

    # -- ways out -----------------------------------------------------------------------------------------------------

    def _choose(self) -> None:
        kinds = tr("Backups") + f" (*{SUFFIX} *.sqlite)"
        name, _ = QFileDialog.getOpenFileName(self, tr("Choose a backup"), str(Path.home()), kinds)
        if name:
            self._passphrase = None
            self.look_at(Path(name))

    def _leave(self) -> None:
        self._stop.set()
        self.source = self.found = None
        self.context.back()


def _bullet(text: str) -> QFrame:
    mark = Label("•", "small")
    line = row(mark, (Label(text, "small", wrap=True), 1), spacing=8)
    layout = line.layout()
    assert layout is not None
    layout.setAlignment(mark, Qt.AlignmentFlag.AlignTop)
    return line
