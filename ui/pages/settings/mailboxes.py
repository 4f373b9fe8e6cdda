"""The mailboxes: a list with the state of each in words, the one chosen beside it (`mailbox_editor`), or a new one."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QPushButton, QSizePolicy, QStackedWidget, QWidget

from app.conversations.queries import MailboxInfo
from app.kernel import clock
from ui.pages import Context
from ui.pages.first_run.connect import ConnectForm
from ui.pages.health.facts import SAMPLE, Facts
from ui.pages.settings.form import Values
from ui.pages.settings.mailbox_editor import Editor
from ui.text import ago_text, tr
from ui.widgets.avatar import RoundIcon
from ui.widgets.button import Button, ToolButton, pressed_by_enter
from ui.widgets.label import ElidingLabel, Label, Para
from ui.widgets.layout import clear, column, row, set_box, vertical
from ui.widgets.panel import ScrollPage
from ui.widgets.pill import Dot
from ui.widgets.state import EmptyState

_NARROWEST, _WIDEST = 208, 300  # of the list: an address is to be read whole where there is room


def state_of(box: MailboxInfo, facts: Facts) -> tuple[str, str]:
    """(colour, words) of a mailbox."""
    if box.paused_reason:
        words = {
            "sign_in": tr("Sign-in refused"),
            "tls": tr("Certificate not trusted"),
            "plain": tr("No encrypted connection"),
            "person": tr("Paused"),
            SAMPLE: tr("Sample: nothing is received"),
        }.get(box.paused_reason, tr("Paused"))
        return ("text3" if box.paused_reason in {"person", SAMPLE} else "warn"), words
    state = facts.states.get(box.id)
    if not facts.engine:
        return "warn", tr("Receiving stands still")
    if state is None:
        return "text3", tr("Not looked at yet")
    looked = ago_text(state.at, clock.now())
    return {
        "ok": ("ok", tr("Online, checked {time}", time=looked)),
        "working": ("accent", tr("Receiving")),
        "offline": ("warn", tr("Offline since {time}", time=ago_text(state.since, clock.now()))),
    }.get(state.state, ("warn", tr("Needs attention")))


class Row(QPushButton):
    """One mailbox of the list."""

    def __init__(self, box: MailboxInfo, facts: Facts) -> None:
        super().__init__()
        self.box = box.id
        self.setProperty("kind", "row")
        self.setCheckable(True)
        self.setStyleSheet("QPushButton { min-height: 76px; max-height: 76px; padding: 0; text-align: left; }")
        colour, words = state_of(box, facts)
        texts = column(
            None,
            ElidingLabel(box.name or box.address, "strong"),
            *([ElidingLabel(box.address, "small")] if box.name else []),
            row(
                Dot(colour, box=12),
                (ElidingLabel(words, "small", tone="warn" if colour == "warn" else ""), 1),
                spacing=4,
            ),
            None,
            spacing=2,
        )
        layout = vertical(self)
        inner = row(RoundIcon("email-outline", "plain", 32, 16), (texts, 1), spacing=12, margins=(12, 4, 12, 4))
        layout.addWidget(inner)
        named = f"{box.name}, {box.address}" if box.name else box.address
        self.setAccessibleName(f"{named}, {words}")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setProperty("kind", "nav")

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        if not pressed_by_enter(self, event):
            super().keyPressEvent(event)


class Adding(QFrame):
    """A further mailbox, by the same form as the first."""

    added = Signal(object)  # UUID

    def __init__(self, context: Context, cancel: Callable[[], object]) -> None:
        super().__init__()
        self.form = ConnectForm(context)
        self.test = Button(tr("Test"), icon="refresh", clicked=self.form.test)
        self.cancel = Button(tr("Cancel"), clicked=cancel)
        self.go = Button(tr("Connect"), "primary", clicked=lambda: self.form.save(self.added.emit))
        words = tr("Deskbell copies your mail to this computer. Nothing is moved or deleted in your mailbox.")
        page = ScrollPage(
            Label(tr("Connect a mailbox"), "title"),
            Para(words),
            self.form,
            row(self.test, None, self.cancel, self.go),
            margins=(24, 20, 24, 24),
            spacing=12,
        )
        vertical(self).addWidget(page)
        self.form.changed.connect(self._show)
        self.form.told.connect(lambda: QTimer.singleShot(0, self, self._go_on))
        self._show()

    def _show(self) -> None:
        held: QWidget | None = self.window().focusWidget()
        if self.form.is_busy and not (held is not None and self.isAncestorOf(held)):
            self.setFocus()  # from what is locked meanwhile the keyboard falls somewhere else on the page
        self.test.setEnabled(self.form.can_test)
        self.test.setText(tr("Test again") if self.form.was_tested else tr("Test"))
        self.go.setEnabled(self.form.can_save)

    def _go_on(self) -> None:
        """The keyboard is where one goes on after a test."""
        (self.go if self.form.can_save else self.test).setFocus(Qt.FocusReason.OtherFocusReason)


class MailboxesPage(QFrame):
    """List, and what belongs to the one chosen."""

    def __init__(self, context: Context, look: Callable[[], object]) -> None:
        super().__init__()
        self._context, self._look = context, look
        self._facts: Facts | None = None
        self._wanted: UUID | None = None
        self._owed = False
        """Does the one that is shown next get the keyboard?"""
        self._group = QButtonGroup(self)
        self._rows = column(spacing=4)
        add = ToolButton("plus", tr("Add a mailbox"), clicked=self.add)
        head = row(Label(tr("Mailboxes"), "title"), None, add, margins=(24, 16, 16, 12))
        scroller = ScrollPage(self._rows, margins=(12, 0, 12, 12))
        self.list = column(head, (scroller, 1))
        set_box(self.list, "panel")
        self.editor = Editor(context)
        self.editor.removed.connect(look)
        self._empty = EmptyState(
            tr("No mailbox yet"),
            tr("Connect the one that your customers write to."),
            icon="email-plus-outline",
            tone="info",
            action=(tr("Connect a mailbox"), self.add),
        )
        self.stack = QStackedWidget()
        for widget in (self._empty, self.editor):
            self.stack.addWidget(widget)
        self.adding: Adding | None = None
        layout = row(self.list, (self.stack, 1), spacing=0)
        vertical(self).addWidget(layout)

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        self.list.setFixedWidth(min(_WIDEST, max(_NARROWEST, event.size().width() * 29 // 100)))
        super().resizeEvent(event)

    @property
    def changes(self) -> Values:
        """What is not kept yet."""
        return self.editor.changes if self.editor.box is not None else {}

    def load(self) -> None:
        """Ask for the mailboxes and their states."""
        self._look()

    def choose(self, key: UUID | None) -> None:
        """Show a mailbox."""
        self._wanted = key
        self._end_adding()
        if self._facts is not None:
            self.show_facts(self._facts)

    def add(self) -> None:
        """Begin a new one."""
        if self.adding is None:
            self.adding = Adding(self._context, self._end_adding)
            self.adding.added.connect(self._added)
            self.stack.addWidget(self.adding)
        self.stack.setCurrentWidget(self.adding)
        self.adding.form.address.setFocus()

    def _added(self, key: UUID) -> None:
        self._end_adding()
        self._wanted, self._owed = key, True  # not before: what is shown until the next look does not know it yet
        self._context.toasts.say(tr("Connected. Its mail arrives now."))
        self._look()

    def _end_adding(self) -> None:
        if self.adding is not None:
            self.adding.form.call_off()
            self.stack.removeWidget(self.adding)
            self.adding.hide()
            self.adding.deleteLater()
            self.adding, self._owed = None, True
        if self._facts is not None:
            self.show_facts(self._facts)

    def show_facts(self, facts: Facts) -> None:
        """Show the list as it is now, and the one chosen."""
        self._facts = facts
        layout, focus = self._rows.layout(), self.window().focusWidget()
        assert layout is not None
        current = next((box for box in facts.boxes if box.id == self._wanted), facts.boxes[0] if facts.boxes else None)
        held = current.id if self._owed and current is not None else focus.box if isinstance(focus, Row) else None
        self._owed = False
        clear(layout)
        for box in facts.boxes:
            button = Row(box, facts)
            button.setChecked(box is current)
            button.clicked.connect(lambda _on=False, key=box.id: self.choose(key))
            self._group.addButton(button)
            layout.addWidget(button)
            if box.id == held:
                button.show()  # what is not shown yet takes no keyboard
                button.setFocus(Qt.FocusReason.OtherFocusReason)
        if current is not None:
            self._wanted = current.id
            self.editor.show_box(current)
        if self.adding is None:
            self.stack.setCurrentWidget(self.editor if current is not None else self._empty)
