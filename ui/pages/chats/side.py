"""Beside a chat: is it proven who this is, and the inbox's own side panel with everything that ever happened with them.

What somebody only claims is never mixed in: whoever is known by that address is named as a possible match, to be looked at.
"""

from __future__ import annotations

from uuid import UUID

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame

from app.chats.queries import ChatView
from app.kernel import clock
from ui.actions import Actions
from ui.pages import Context
from ui.pages.chats.loading import Match, Talk
from ui.pages.chats.words import GOING_ON, before_text, page_text, seen_text
from ui.pages.inbox.beside.panel import SidePanel
from ui.text import tr
from ui.widgets.avatar import IconView
from ui.widgets.button import Button
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import column, row, set_box, vertical


class Proof(QFrame):
    """What is claimed and what is proven, and the way from one to the other."""

    customer_wanted = Signal(object)  # UUID

    def __init__(self, actions: Actions) -> None:
        super().__init__()
        self._match: UUID | None = None
        self._icon = IconView("shield-alert-outline", "warn", 16)
        self._title, self._words = ElidingLabel("", "small-strong"), Label("", "small", wrap=True)
        self._code = Button(tr("Mail a code"), "small", clicked=lambda: actions.press("chat.verify"))
        actions.explain(self._code, "chat.verify")
        self.known, self.before = Button("", "ghost", clicked=self._go), Label("", "small", wrap=True)
        self._box = column(
            row(self._icon, (self._title, 1), spacing=8), self._words, row(self._code, None), margins=(12, 10, 12, 10),
            spacing=6, box="warn",
        )  # fmt: skip
        self.maybe = column(
            Label(tr("Possibly the same person"), "section"), row(self.known, None), self.before, spacing=0
        )
        layout = vertical(self)
        layout.setContentsMargins(20, 16, 20, 0)  # in line with the panel below
        layout.setSpacing(16)
        layout.addWidget(self._box)
        layout.addWidget(self.maybe)
        self._page_name, self._page = Label(tr("On your website"), "section"), ElidingLabel("", "small")
        self._where = column(self._page_name, self._page, spacing=4)
        layout.addWidget(self._where)

    def show_talk(self, talk: Talk) -> None:
        """Whose chat this is."""
        view = talk.view
        self._show_proof(view)
        self._show_match(talk.match)
        one = view.row
        self._where.setVisible(bool(one.page))
        page = page_text(one.page)
        self._page.setText(page if one.there else tr("{page} (has left)", page=page))
        self._page.setAccessibleName(one.page)

    def _show_proof(self, view: ChatView) -> None:
        one = view.row
        tone = "ok" if one.verified else "warn"
        if one.verified:
            title, words = tr("The address is proven"), one.email
        elif one.email:
            title = tr("Name and address are only claimed")
            words = tr("Claims to be {address}. This chat stays apart until that is proven.", address=one.email)
        else:
            title, words = tr("Unknown visitor"), tr("No address was given. Ask for one to go on by e-mail later.")
        if not one.verified and view.code_sent_at is not None:
            words = f"{words} {seen_text(view.code_sent_at, clock.now())}"
        set_box(self._box, tone if one.verified or one.email else "sunken")
        self._icon.set_icon("shield-check-outline" if one.verified else "shield-alert-outline", tone)
        self._title.setText(title)
        self._words.setText(words)
        self._code.setText(tr("Mail another code") if view.code_sent_at is not None else tr("Mail a code"))
        self._code.setVisible(not one.verified and bool(one.email) and one.state in GOING_ON)

    def _show_match(self, match: Match | None) -> None:
        self._match = match.customer.id if match is not None else None
        self.maybe.setVisible(match is not None)
        if match is not None:
            name = match.customer.name or match.customer.address
            self.known.setText(_short(name))
            self.known.setAccessibleName(tr("Show {name}", name=name))
            self.before.setText(before_text(match.figures, clock.now()))

    def _go(self) -> None:
        if self._match is not None:
            self.customer_wanted.emit(self._match)


class ChatSide(QFrame):
    """The right column."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        set_box(self, "side")
        self.proof = Proof(context.actions)
        self.panel = SidePanel(context)
        set_box(self.panel, "surface")
        self.setFixedWidth(self.panel.width() + 1)
        self.proof.customer_wanted.connect(self.panel.customer_wanted)
        layout = vertical(self)
        layout.setContentsMargins(1, 0, 0, 0)
        layout.addWidget(self.proof)
        layout.addWidget(self.panel, 1)


def _short(name: str) -> str:
    return name if len(name) <= 32 else f"{name[:31]}…"
