"""The outbox: every message that is not simply done, its state in words, and what a person can do about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtWidgets import QFrame, QSizePolicy

from app.kernel import clock
from app.outbox.commands import edit, retry, settle
from app.outbox.queries import OutboxRow
from app.tickets.commands import UndoResult, cancel_reply
from ui.models.words import letter_act_word
from ui.pages import Context
from ui.pages.inbox.conversation.delivery import refused_texts, state_words
from ui.pages.settings.sign_in import open_sign_in
from ui.text import count_text, tr, when_text
from ui.widgets.avatar import RoundIcon
from ui.widgets.button import Button, link_button
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import clear, column, flow, line, row, set_box
from ui.widgets.panel import Tile
from ui.widgets.pill import Pill

_FACES = {
    "queued": ("clock-outline", "plain"),
    "held": ("email-alert-outline", "warn"),
    "sending": ("progress-upload", "info"),
    "retry": ("wifi-strength-alert-outline", "plain"),
    "sent": ("check", "ok"),
    "partial": ("email-alert-outline", "warn"),
    "uncertain": ("help", "warn"),
    "failed": ("email-remove-outline", "bad"),
    "cancelled": ("undo", "plain"),
}


def state_word(state: str, *, was_sent: bool) -> str:
    """The state in a word. `was_sent`: a server had taken it before."""
    return {
        "queued": tr("Queued"),
        "held": tr("Held"),
        "sending": tr("Sending"),
        "retry": tr("Trying again"),
        "sent": tr("Sent"),
        "partial": tr("Partly sent"),
        "uncertain": tr("Uncertain"),
        "failed": tr("Came back") if was_sent else tr("Not sent"),
        "cancelled": tr("Taken back"),
    }.get(state, state)


class OutboxTile(Tile):
    """The list. It is built anew only when what it shows has changed, so that the focus is not lost for nothing."""

    def __init__(self, context: Context, more: Callable[[], object]) -> None:
        super().__init__(margins=(8, 16, 8, 8), spacing=0)
        self._context = context
        self._shown: tuple[object, ...] = ()
        self._facts = Label("", "small")
        self._holder = column(spacing=0)
        self._more = link_button(tr("Show sent mail"), more)
        self.content.addWidget(row(8, Label(tr("Outbox"), "strong"), self._facts, None))
        self.content.addSpacing(8)
        self.content.addWidget(self._holder)
        self.content.addWidget(row(None, self._more))

    def show_rows(self, rows: Sequence[OutboxRow], counts: dict[str, int], *, with_sent: bool) -> None:
        """Show these messages, newest first."""
        under_way = sum(counts.get(state, 0) for state in ("queued", "retry", "sending", "held", "uncertain"))
        not_sent = counts.get("failed", 0)
        parts = [tr("{n} on the way", n=under_way), tr("{n} sent", n=counts.get("sent", 0))]
        parts += [tr("{n} not sent", n=not_sent)] if not_sent else []
        self._facts.setText(", ".join(parts))
        self._more.setText(tr("Hide sent mail") if with_sent else tr("Show sent mail"))
        self._more.setVisible(with_sent or bool(counts.get("sent")))
        if tuple(rows) == self._shown and self._holder.findChildren(QFrame):
            return
        self._shown = tuple(rows)
        layout = self._holder.layout()
        assert layout is not None
        clear(layout)
        if not rows:
            nothing = Label(tr("Nothing waits to be sent."), "muted", wrap=True)
            nothing.setContentsMargins(8, 4, 8, 12)
            layout.addWidget(nothing)
        for place, each in enumerate(rows):
            if place:
                layout.addWidget(line())
            layout.addWidget(self._row(each))

    def _row(self, each: OutboxRow) -> QFrame:
        icon, tone = _FACES.get(each.state, _FACES["queued"])
        if each.state == "cancelled" and each.needs_attention:
            tone = "warn"
        title = ElidingLabel(each.subject or tr("No subject"), "medium")
        names = ", ".join(name or address for name, address in each.to) or tr("nobody")
        at = each.sent_at or each.queued_at
        to = tr("To {names} · {time}", names=names, time=when_text(at, clock.now()))
        said = state_words(each, clock.now())
        words: list[QFrame | Label] = [ElidingLabel(to, "small"), Label(said, "small", wrap=True)]
        if each.state == "sent":
            words = words[:1]
        words += [Label(text, "small", wrap=True, tone="bad") for text in refused_texts(each, said)]
        if each.reached:
            names = ", ".join(each.reached)
            words.append(Label(tr("Accepted for {names}", names=names), "small", wrap=True))
        buttons = [
            Button(letter_act_word(name), "small", clicked=partial(self._act, name, each)) for name in each.buttons
        ]
        if each.ticket is not None and each.state != "uncertain":  # that one asks one question, with two answers
            buttons.append(Button(tr("Open the ticket"), "small", clicked=lambda: self._go(each)))
        ground = "raised" if each.state == "uncertain" else ""  # its row has the pill's own tone
        body = column(
            row((title, 1), Pill(state_word(each.state, was_sent=each.sent_at is not None), tone, ground=ground)),
            *words,
            spacing=2,
        )
        if buttons and each.state != "sent":
            body_layout = body.layout()
            assert body_layout is not None
            holder = flow(*buttons, spacing=8)
            holder.setContentsMargins(0, 6, 0, 0)
            body_layout.addWidget(holder)
        face = column(RoundIcon(icon, tone, 32, 16, ground=ground), None)
        face.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        made = row(face, (body, 1), spacing=12, margins=(8, 10, 8, 10))
        if each.state == "uncertain":
            set_box(made, "warn")
        return made

    def _go(self, each: OutboxRow) -> None:
        if each.ticket is not None:
            self._context.go("inbox", ticket=each.ticket)

    def _write(self, each: OutboxRow) -> None:
        """Where its draft is: in its ticket, or the mail that would have begun it."""
        if each.answers is None:
            self._context.go("inbox", new_to="")
        else:
            self._go(each)

    def _act(self, name: str, each: OutboxRow) -> None:
        tasks = self._context.tasks
        if name == "cancel":
            tasks.do(cancel_reply, each.id, done=_taken_back)
        elif name in {"retry", "send_now", "send_anyway"}:
            tasks.do(retry, each.id, done=tr("It is sent again now."))
        elif name == "settle_sent":
            tasks.do(settle, each.id, "sent", done=tr("Noted as sent."))
        elif name == "settle_queued":
            tasks.do(settle, each.id, "queued", done=tr("It is sent again now."))
        elif name == "edit":
            tasks.do(edit, each.id, then=lambda _draft: self._write(each), owner=self, done=tr("It is a draft again."))
        elif name == "sign_in":
            open_sign_in(self._context, each.mailbox)


def _taken_back(result: UndoResult) -> str:
    return " ".join(result.kept) if result.kept else tr("Taken back. Its words are a draft again.")


def count_words(count: int) -> str:
    """How many things need a person, for the bar."""
    return tr("{n} thing needs you|{n} things need you", n=count) if count else count_text(0)
