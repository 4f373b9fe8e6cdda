"""The bar above a chat: who it is, whether that is proven, where they are, and what can be done. A wide one and a narrow one."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QMenu, QVBoxLayout, QWidget

from app.chats.queries import ChatRow
from app.kernel import clock
from ui.actions import Actions
from ui.pages.chats.words import GOING_ON, facts_text, is_named, page_text, state_pill, state_text, visitor_name
from ui.text import tr
from ui.widgets.avatar import Avatar, IconView
from ui.widgets.button import Button, ToolButton
from ui.widgets.label import ElidingLabel
from ui.widgets.layout import row, set_box, vertical
from ui.widgets.pill import Pill

MENU = (
    "chat.accept",
    "chat.verify",
    "chat.transfer",
    "note",
    "chat.turn",
    "chat.end",
    "chat.mail",
    "chat.ticket",
    "chat.block",
)


def proof_of(one: ChatRow) -> tuple[str, str, str]:
    """(words, tone, icon): is it proven who they are?"""
    if one.verified:
        return tr("Verified"), "ok", "shield-check-outline"
    if one.blocked:
        return tr("Blocked"), "bad", "account-cancel-outline"
    return tr("Not verified"), "warn", "shield-alert-outline"


class ChatHead(QFrame):
    """The bar. What is pressed is an action of the window, done to the chat that has the keyboard."""

    def __init__(self, actions: Actions, *, compact: bool) -> None:
        super().__init__()
        set_box(self, "bar")
        self._actions, self._compact = actions, compact
        self._row: ChatRow | None = None
        self._narrow = False
        self.setFixedHeight(64 if compact else 80)
        self.more = ToolButton("dots-horizontal", tr("More actions"), clicked=self._open_more)
        self.title = ElidingLabel("", "strong" if compact else "title")
        self._facts = ElidingLabel("", "small")
        if compact:
            self._build_compact()
        else:
            self._build_wide()

    def show_chat(self, one: ChatRow) -> None:
        """Show whose chat it is."""
        self._row = one
        self.title.setText(visitor_name(one))
        self.show_time()
        words, tone, icon = proof_of(one)
        if self._compact:
            self._avatar.set_name(visitor_name(one), None if is_named(one) else "account-outline")
            self._shield.set_icon(icon, tone)
            self._shield.setAccessibleName(words)
            self._shield.setToolTip(words)
            return
        self._proof.set_state(words, tone, icon=icon)
        self._show_buttons(one)

    def _show_buttons(self, one: ChatRow) -> None:
        self.accept.setVisible(one.state == "waiting")
        self.transfer.setVisible(one.state in GOING_ON)
        self.turn.setVisible(one.state == "live" and not self._narrow)
        self.end.setVisible(one.state == "live")

    def show_time(self) -> None:
        """What changes with the time alone."""
        one, now = self._row, clock.now()
        if one is None:
            return
        pill = state_pill(one, now)
        if self._compact:
            self._facts.setText(page_text(one.page) or state_text(one, now))
            self._pill.setVisible(pill is not None)
            if pill is not None:
                self._pill.set_state(*pill)
        else:
            self._facts.setText(facts_text(one, now))

    def set_narrow(self, narrow: bool) -> None:
        """In a narrow window what is seldom wanted is in the menu alone."""
        self._narrow = narrow
        if self._row is not None and not self._compact:
            self._show_buttons(self._row)

    # -- building

    def _build_compact(self) -> None:
        self._avatar = Avatar("", 32)
        self._shield = IconView("shield-alert-outline", "warn", 16)
        self._pill = Pill("", "plain")
        names = QFrame()
        column = vertical(names)
        self.title.setSizePolicy(self.title.sizePolicy().Policy.Maximum, self.title.sizePolicy().Policy.Preferred)
        column.addStretch(1)
        column.addWidget(row(self.title, self._shield, None, spacing=6))
        column.addWidget(self._facts)
        column.addStretch(1)
        layout = vertical(self)
        layout.addWidget(row(self._avatar, (names, 1), self._pill, self.more, margins=(14, 0, 8, 0), spacing=10))

    def _build_wide(self) -> None:
        self._proof = Pill("", "warn")
        self.title.setSizePolicy(self.title.sizePolicy().Policy.Maximum, self.title.sizePolicy().Policy.Preferred)
        words = QWidget()
        column = QVBoxLayout(words)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addStretch(1)
        column.addWidget(row(self.title, self._proof, None, spacing=10))
        column.addWidget(self._facts)
        column.addStretch(1)
        self.accept = self._button("chat.accept", tr("Accept"), "primary")
        self.transfer = self._button("chat.transfer", tr("Transfer"), icon="account-arrow-right-outline")
        self.turn = self._button("chat.turn", tr("Make ticket"))
        self.end = self._button("chat.end", tr("End chat"))
        self.side = ToolButton("dock-right", tr("Show or hide the customer"), checkable=True)
        self.side.clicked.connect(lambda: self._actions.press("side"))
        self.side.hide()
        # Transfer comes to stand where Accept stood: a second click in haste opens a list and ends nothing.
        buttons = (self.accept, self.turn, self.transfer, self.end, self.side, self.more)
        layout = vertical(self)
        layout.addWidget(row((words, 1), *buttons, margins=(24, 0, 16, 0), spacing=8))

    def _button(self, key: str, words: str, kind: str = "", *, icon: str = "") -> Button:
        button = Button(words, kind, icon=icon, clicked=lambda: self._actions.press(key))
        self._actions.explain(button, key)
        return button

    def _open_more(self) -> None:
        menu = QMenu(self)
        menu.addActions([self._actions.entry(key, menu) for key in MENU if self._actions[key].isEnabled()])
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))
