"""Mails that could not be read: kept whole, shown first, removed by nobody but a person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtWidgets import QFrame, QWidget

from app.inbox.queries import LedgerItem
from app.kernel import clock
from ui.pages import Context
from ui.pages.health.acts import actions_of, title_of
from ui.pages.health.items import show_raw
from ui.text import size_text, tr, when_text
from ui.widgets.avatar import RoundIcon
from ui.widgets.button import Button, link_button
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import clear, column, flow, line, row
from ui.widgets.panel import Tile

SHOWN = 5


class QuarantineTile(Tile):
    """The newest mails in quarantine with what can be done."""

    def __init__(self, context: Context, every: Callable[[], object]) -> None:
        super().__init__(margins=(16, 14, 16, 12), spacing=8)
        self._context = context
        self._shown: tuple[LedgerItem, ...] | None = None
        self._holder = column(spacing=0)
        self._all = link_button(tr("Show all"), every)
        kept = Label(tr("Kept whole, looked at with care"), "small")
        self.content.addWidget(row(Label(tr("Quarantine"), "strong"), kept, None, self._all))
        self.content.addWidget(self._holder)

    def show_items(self, items: Sequence[LedgerItem]) -> None:
        """Show these (one more than are shown means that there are more)."""
        self._all.setVisible(len(items) > SHOWN)
        if tuple(items) == self._shown:
            return
        self._shown = tuple(items)
        layout = self._holder.layout()
        assert layout is not None
        clear(layout)
        if not items:
            layout.addWidget(Label(tr("Nothing is in quarantine. Every mail could be read."), "muted", wrap=True))
        for item in items[:SHOWN]:
            layout.addWidget(line())
            layout.addWidget(self._row(item))

    def _row(self, item: LedgerItem) -> QFrame:
        at = when_text(item.internal_at or item.received_at, clock.now())
        acts: list[QWidget] = [*actions_of(self._context, item)]
        if item.blob is None:  # it is still on the server, and nothing is known of it but where
            facts = [at, item.folder, tr("asked for again by itself")]
        else:
            facts = [item.sender or tr("Unknown sender"), size_text(item.size), at, item.folder]
            acts.append(Button(tr("Show raw mail"), "small", clicked=partial(show_raw, self._context, item)))
        buttons = flow(*acts)
        buttons.setContentsMargins(0, 4, 0, 0)
        words = column(
            ElidingLabel(title_of(item), "medium"),
            ElidingLabel(" · ".join(facts), "small"),
            Label(item.reason or tr("It could not be read."), "small", wrap=True),
            buttons,
            spacing=2,
        )
        face = column(RoundIcon("email-alert-outline", "warn", 32, 16), None)
        return row(face, (words, 1), spacing=12, margins=(0, 10, 0, 10))
