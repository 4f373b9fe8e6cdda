"""What became of a message that left: one sentence and what a person can do about it."""

from __future__ import annotations

from datetime import datetime, timedelta

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout

from app.outbox.queries import OutboxRow, Refused
from app.outbox.rules import FORWARD, Hold
from app.outbox.words import copy_words
from ui.models.words import letter_act_word
from ui.text import clock_text, date_text, told, tr, when_text
from ui.widgets.avatar import IconView
from ui.widgets.button import Button
from ui.widgets.label import Label
from ui.widgets.layout import clear, flow, row

_ICONS = {
    "queued": ("clock-outline", "text3"),
    "retry": ("clock-alert-outline", "warn"),
    "sending": ("send-outline", "text3"),
    "sent": ("check", "text3"),
    "held": ("pause-circle-outline", "warn"),
    "partial": ("alert-circle-outline", "bad"),
    "uncertain": ("help-circle-outline", "warn"),
    "failed": ("alert-circle-outline", "bad"),
}


class DeliveryLine(QFrame):
    """One line under our message; quiet once it is sent."""

    wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(6)
        self._shown: tuple[str, tuple[str, ...]] | None = None

    def show_state(self, found: OutboxRow | None, now: datetime) -> None:
        """Show a state; the same one again changes nothing."""
        self.setVisible(found is not None)
        if found is None:
            return
        words = _words(found, now)
        if self._shown == (words, found.buttons):
            return
        self._shown = (words, found.buttons)
        clear(self._layout)
        name, colour = _ICONS.get(found.state, ("information-outline", "text3"))
        look = "caption" if not found.needs_attention else "small"
        tone = "" if not found.needs_attention else colour
        label = Label(words, look, tone=tone, wrap=True)
        self._layout.addWidget(row(IconView(name, colour, 16), (label, 1), spacing=6))
        for text in refused_texts(found, words):
            self._layout.addWidget(Label(text, "caption", wrap=True))
        if found.reached:
            names = ", ".join(found.reached)
            self._layout.addWidget(Label(tr("Accepted for {names}", names=names), "caption", wrap=True))
        if found.buttons:
            buttons = [Button(letter_act_word(what), "small") for what in found.buttons]
            for what, button in zip(found.buttons, buttons, strict=True):
                button.clicked.connect(lambda _on=False, what=what: self.wanted.emit(what))
            self._layout.addWidget(flow(*buttons, spacing=6))


def _words(found: OutboxRow, now: datetime) -> str:
    if found.state == "sent" and found.sent_at is not None:
        if found.delivered_at is not None:
            return tr("Delivered {when}", when=when_text(found.delivered_at, now, inside=True))
        sent = tr("Sent {when}", when=when_text(found.sent_at, now, inside=True))
        about_copy, why = copy_words(found.copy_state, found.last_error)
        return f"{sent} · {tr(about_copy)} {why}".rstrip() if about_copy else sent
    return state_words(found, now)


def refused_texts(found: OutboxRow, words: str) -> list[str]:
    """Whom it did not reach and why, as far as `words`, which stand before, have not said it."""
    return [_refused_text(one) for one in found.refused if one.address not in words or one.words not in words]


def _refused_text(one: Refused) -> str:
    """`ann@shop.example: This address does not exist. (550 5.1.1 No such user)`"""
    words = f"({one.words})" if one.words and one.meaning else one.words
    why = " ".join(part for part in (one.meaning, words) if part)
    return f"{one.address}: {why}" if why else one.address


def planned_text(at: datetime, now: datetime) -> str:
    """A chosen time, always with its hour."""
    return when_text(at, now) if abs(at - now) < timedelta(days=6) else f"{date_text(at, now)} {clock_text(at)}"


def state_words(found: OutboxRow, now: datetime) -> str:
    """The state in a sentence; a time that the rep chose is named."""
    if (
        found.state in ("queued", "retry")
        and found.send_at is not None
        and found.not_before > now
        and not found.attempts
    ):
        when = planned_text(found.send_at, now)
        if found.kind == FORWARD:
            return tr("Waits for its time: {when}.", when=when)
        return tr("Waits for its time: {when}. It is not sent if the customer writes before.", when=when)
    if found.hold_reason == Hold.OVERTAKEN and found.send_at is not None:
        when = planned_text(found.send_at, now)
        return tr("Not sent: the customer wrote before its time ({when}). Its words are a draft again.", when=when)
    text = found.text.removesuffix(found.last_error).rstrip() if found.last_error else found.text
    return f"{tr(text)} {told(found.last_error)}" if text != found.text else tr(text)
