"""The first minutes with Deskbell: one card, read from top to bottom, and a quiet second way beside it.

A name, a mailbox with both directions tested, what to bring in, and the inbox opens. Nothing is kept before the last press,
so leaving in the middle leaves nothing behind.
"""

from __future__ import annotations

import threading
from functools import partial
from uuid import UUID

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout

from app.desk.setup.accounts import disconnect
from app.kernel.errors import UserError
from app.people.commands import add_agent
from ui.pages import BasePage, Context
from ui.pages.first_run.connect import ConnectForm
from ui.text import tr
from ui.widgets.avatar import IconView, Logo, RoundIcon
from ui.widgets.button import Button
from ui.widgets.field import FieldBlock, TextField
from ui.widgets.label import Label, Para
from ui.widgets.layout import column, row, set_box, vertical
from ui.widgets.panel import ScrollPage, Tile
from ui.widgets.state import ProgressRow, set_busy

_WIDTH = 976


class Steps(QFrame):
    """Where we are: each step is a word with a mark, done, now or later."""

    def __init__(self, names: list[str]) -> None:
        super().__init__()
        self._marks = [IconView("circle-outline", "text3", 14, box=16) for _ in names]
        self._labels = [Label(name, "small") for name in names]
        pairs = [row(mark, label, spacing=6) for mark, label in zip(self._marks, self._labels, strict=True)]
        vertical(self).addWidget(row(*pairs, spacing=16))

    def show_done(self, done: list[bool]) -> None:
        """Mark the steps; the first that is not done is the one at hand."""
        now = done.index(False) if False in done else len(done)
        for place, (mark, label) in enumerate(zip(self._marks, self._labels, strict=True)):
            face = "check-circle" if done[place] else "circle-slice-8" if place == now else "circle-outline"
            mark.set_icon(face, "accent_text" if done[place] or place == now else "text3")
            label.set_look("small-strong" if place == now else "small")
            state = tr("done") if done[place] else tr("now") if place == now else tr("later")
            label.setAccessibleName(f"{label.text()}: {state}")


class Page(BasePage):
    """The first run."""

    full_window = True

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        set_box(self, "surface")
        self.name = TextField(placeholder=tr("Maya Lind"), name=tr("Your name"))
        self.form = ConnectForm(context)
        self.steps = Steps([tr("Your name"), tr("Mailbox"), tr("Test")])
        self.test = Button(tr("Test"), icon="refresh", clicked=self.form.test)
        self.open = Button(tr("Open the inbox"), "primary", clicked=self._open)
        self._why = Label("", "small", wrap=True)
        self._filling = False
        self._naming = False  # somebody types their name while the test runs
        self._stop = threading.Event()
        self._build()
        self.name.textChanged.connect(lambda _text: self._show())
        self.name.textEdited.connect(lambda _text: self._types_name())
        self.form.changed.connect(self._show)
        self.form.told.connect(lambda: QTimer.singleShot(0, self, self._reveal))
        self._show()

    # -- building -----------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        head = row(Logo(36), 4, Label("Deskbell", "title"), None, self.steps)
        safe = tr("Everything stays on this computer. No account, no telemetry.")
        foot = row(IconView("lock-outline", "text3", 14), Label(safe, "small"), None)
        self._card = self._main_card()
        self._side = column(self._sample_card(), self._restore_card(), None, spacing=16)
        self._side.setFixedWidth(304)
        body = row((self._card, 1), self._side, spacing=16)
        for frame in (self._card, self._side):
            layout = body.layout()
            assert layout is not None
            layout.setAlignment(frame, Qt.AlignmentFlag.AlignTop)
        middle = column(head, body, foot, spacing=24)
        middle.setMaximumWidth(_WIDTH)
        self.scroller = ScrollPage(row(None, (middle, 100), None, spacing=0), margins=(32, 32, 32, 24))
        inside = self.scroller.widget()
        around = inside.layout() if inside is not None else None
        assert isinstance(around, QVBoxLayout)
        around.insertStretch(0, 1)  # a short card stands a little above the middle
        around.setStretch(around.count() - 1, 2)
        vertical(self).addWidget(self.scroller)

    def _main_card(self) -> Tile:
        words = tr("Deskbell copies your mail to this computer. Nothing is moved or deleted in your mailbox.")
        buttons = row(self.test, (self._why, 1), self.open)
        card = Tile(
            FieldBlock(tr("Your name"), self.name, hint=tr("Shown to your customers as the sender of your replies.")),
            8,
            Label(tr("Connect the mailbox your customers write to"), "title", wrap=True),
            Para(words),
            self.form,
            4,
            buttons,
            margins=(32, 28, 32, 28),
            spacing=12,
        )
        self._locked = [self.name, self.form]
        return card

    def _sample_card(self) -> Tile:
        words = tr(
            "A desk with a few hundred invented tickets and months of answers. Nothing is sent, and you can throw it away."
        )
        self.sample = Button(tr("Explore a sample desk"), clicked=self._explore)
        self.progress = ProgressRow(tr("Filling the sample desk"), action=(tr("Cancel"), self._call_off))
        self.progress.hide()
        return Tile(
            RoundIcon("compass-outline", "info", 40, 18),
            4,
            Label(tr("No mailbox at hand?"), "strong"),
            Para(words),
            4,
            row(self.sample, None),
            self.progress,
            margins=(24, 24, 24, 24),
            spacing=8,
        )

    def _restore_card(self) -> Tile:
        words = tr(
            "From an old computer, or after a mishap: you see what is in the backup first, then the whole desk comes back."
        )
        self.restore = Button(tr("Restore a backup"), clicked=lambda: self.context.go("restore"))
        return Tile(
            RoundIcon("backup-restore", "info", 40, 18),
            4,
            Label(tr("Did you use Deskbell before?"), "strong"),
            Para(words),
            4,
            row(self.restore, None),
            margins=(24, 24, 24, 24),
            spacing=8,
        )

    # -- being shown --------------------------------------------------------------------------------------------------

    def activate(self) -> None:
        self.name.setFocus()

    def showEvent(self, event: QShowEvent, /) -> None:
        super().showEvent(event)
        if not self.name.text():
            self.name.setFocus()

    def deactivate(self) -> None:
        self._stop.set()  # a window that is closed meanwhile leaves no half of a sample behind

    def _types_name(self) -> None:
        self._naming = self.form.is_busy

    def _show(self) -> None:
        named = bool(self.name.text().strip())
        saving = self.form.is_busy
        self.test.setText(tr("Test again") if self.form.was_tested else tr("Test"))
        self.test.setEnabled(self.form.can_test and not self._filling)
        self.open.setEnabled(named and self.form.can_save and not self._filling)
        for way in (self.sample, self.restore):
            way.setEnabled(not self._filling and not saving)
        self.steps.show_done([named, bool(self.form.was_tested), self.form.can_save])
        self._why.setText(tr("Your name is still missing.") if self.form.can_save and not named else "")

    def _reveal(self) -> None:
        """The result of the test is seen in a low window too, and the keyboard is where one goes on.

        While a test runs the fields are locked, and the focus falls from them to the first one that is not, the name.
        """
        if not self._naming:
            (self.open if self.open.isEnabled() else self.name if self.form.can_save else self.test).setFocus()
        self._naming = False
        self.scroller.ensureWidgetVisible(self.open if self.form.can_save else self.form.sending, 0, 24)

    # -- the mailbox --------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        name = self.name.text().strip()
        self.setFocus()  # else the keyboard falls from the locked button into the name, all of it selected
        set_busy(self.open, True, tr("Opening…"))
        self.form.save(partial(self._connected, name), failed=self._not_connected)

    def _not_connected(self, error: Exception) -> bool:
        set_busy(self.open, False)
        self._show()
        return False

    def _connected(self, name: str, key: UUID) -> None:
        desk, email = self.context.desk, self.form.address.text().strip()

        def work() -> None:
            try:
                desk.sit_down(desk.work(add_agent, name, email))
            except UserError:
                disconnect(desk, key)  # without a name there is no desk: nothing is kept
                raise

        self.context.tasks.run(work, then=lambda _none: self._leave(), owner=self, failed=self._not_connected)

    def _leave(self) -> None:
        set_busy(self.open, False)
        self.context.go("inbox")

    # -- the sample desk ----------------------------------------------------------------------------------------------

    def _explore(self) -> None:
        from app.desk.sample import fill_new  # only here: nobody else needs its texts

        self._stop = stop = threading.Event()
        self._filling = True
        self.progress.set_progress(0, 0)
        self.progress.show()
        for widget in self._locked:
            widget.setEnabled(False)
        self._show()
        desk, post = self.context.desk, self.context.bridge.post

        def go_on(share: float) -> bool:
            post(lambda: self._filled_so_far(share))
            return not stop.is_set()

        self.context.tasks.run(lambda: fill_new(desk, go_on), then=self._filled, owner=self, failed=self._not_filled)

    def _filled_so_far(self, share: float) -> None:
        if self._filling:
            self.progress.set_share(share)

    def _call_off(self) -> None:
        """No sample desk after all: what was filled in is taken out again."""
        self._stop.set()
        self.progress.say(tr("Removing it again…"))

    def _filled(self, whole: bool) -> None:
        self._end_filling()
        if not whole:
            self.context.go("first_run")  # also for who went on by a key: there is nothing to see there any more
            self.context.toasts.say(tr("Cancelled. Nothing is left of the sample desk."), "info")
            return
        words = tr(
            "This is a sample desk: nothing is received or sent. “Begin your own desk” above the list takes you back."
        )
        self.context.toasts.say(words, "info")
        self.context.go("inbox")

    def _not_filled(self, _error: Exception) -> bool:
        self._end_filling()
        return False

    def _end_filling(self) -> None:
        self._filling = False
        self.progress.hide()
        for widget in self._locked:
            widget.setEnabled(True)
        self._show()
