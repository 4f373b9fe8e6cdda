"""Large mails of which only the beginning is here, and what receiving cost the line today.

A mail above the limit waits until a person asks for it; what is asked for comes in pieces, and the bar says how far it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFrame

from app.inbox.commands import fetch_whole
from app.inbox.receiving import LargeMail, traffic
from app.kernel import clock
from ui.text import size_text, tr
from ui.widgets.avatar import RoundIcon
from ui.widgets.button import Button, link_button
from ui.widgets.chart import Bar
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import clear, column, line, row
from ui.widgets.panel import Tile

if TYPE_CHECKING:
    from app.conversations.queries import MailboxInfo
    from app.desk import Desk
    from ui.pages import Context

SHOWN = 20
"""Large mails that are shown unasked; the rest are behind “Show all”."""


def traffic_today(desk: Desk, boxes: Sequence[MailboxInfo]) -> dict[str, tuple[int, int]]:
    """Bytes (received, sent) of this day (UTC) by the address of the mailbox; those that moved nothing are left out."""
    today = f"{clock.now():%Y-%m-%d}"
    newest = {box.address: desk.ask(traffic, box.id, days=1) for box in boxes}
    return {address: (one.received, one.sent) for address, days in newest.items() for one in days if one.day == today}


def traffic_words(moved: dict[str, tuple[int, int]]) -> str:
    """The same as a line to read, or ""."""
    return "\n".join(
        tr(
            "{address} today: {received} received, {sent} sent by looking for mail",
            address=address,
            received=size_text(received),
            sent=size_text(sent),
        )
        for address, (received, sent) in moved.items()
    )


class LargeTile(Tile):
    """Large mails with how much of each is here; hidden while there are none."""

    def __init__(self, context: Context) -> None:
        super().__init__(margins=(16, 14, 16, 12), spacing=8)
        self._context = context
        self._shown: tuple[LargeMail, ...] = ()
        self._is_whole = False
        self._more = link_button("", self._show_all)
        self._holder = column(spacing=0)
        words = Label(tr("Their beginning is here, the rest is still on the server"), "small")
        self.content.addWidget(row(Label(tr("Large mails"), "strong"), words, None))
        self.content.addWidget(self._holder)
        self.content.addWidget(row(self._more, None))
        self.hide()

    def show_mails(self, mails: Sequence[LargeMail]) -> None:
        """Show these, those on their way first."""
        found = tuple(sorted(mails, key=lambda mail: mail.is_held))
        self.setVisible(bool(found))
        if found != self._shown:
            self._shown = found
            self._build()

    def _show_all(self) -> None:
        self._is_whole = True
        self._build()

    def _build(self) -> None:
        found = self._shown if self._is_whole else self._shown[:SHOWN]
        layout = self._holder.layout()
        assert layout is not None
        clear(layout)
        for mail in found:
            layout.addWidget(line())
            layout.addWidget(self._row(mail))
        rest = len(self._shown) - len(found)
        self._more.setText(tr("Show {n} more|Show {n} more", n=max(0, rest)))
        self._more.setVisible(rest > 0)

    def _row(self, mail: LargeMail) -> QFrame:
        here = tr("{here} of {whole} here", here=size_text(mail.here), whole=size_text(mail.size))
        facts = " · ".join((mail.sender or tr("Unknown sender"), here, mail.folder))
        subject = " ".join(mail.subject.split()) or tr("No subject")
        words = column(ElidingLabel(subject, "medium"), ElidingLabel(facts, "small"), spacing=2)
        if mail.is_held:
            fetch = partial(self._context.tasks.do, fetch_whole, mail.item, done=tr("It is fetched now."))
            button = Button(tr("Fetch now"), "small", clicked=fetch)
            button.setAccessibleName(tr("Fetch now: {subject}", subject=subject))
            beside: QFrame = row(button)
        else:
            bar = Bar(mail.here / max(1, mail.size), name=tr("Being fetched: {subject}", subject=subject))
            bar.setFixedWidth(120)
            beside = column(Label(tr("Being fetched"), "small"), bar, spacing=0)
        return row(
            column(RoundIcon("paperclip", "plain", 32, 16), None), (words, 1), beside, spacing=12, margins=(0, 8, 0, 8)
        )
