"""What to do with the mail that is there already: counted first, then chosen."""

from __future__ import annotations

from datetime import timedelta

from PySide6.QtWidgets import QFrame

from app.desk.setup.accounts import Account, HistoryCount, count_history
from app.kernel import clock
from ui.pages import Context
from ui.text import count_text, date_text, size_text, tr
from ui.widgets.field import FieldBlock, Select
from ui.widgets.label import Label
from ui.widgets.layout import column, vertical

DAYS = 14


class HistoryChoice(QFrame):
    """The choice, with what it means for this mailbox beneath it."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._found: HistoryCount | None = None
        self.choice = Select(_histories(), "since", name=tr("Mail that is already there"))
        self.choice.chosen.connect(lambda _key: self._show())
        self._text = Label("", "small", wrap=True)
        block = FieldBlock(tr("Mail that is already there"), self.choice)
        vertical(self).addWidget(column(block, self._text, spacing=6))

    def current(self) -> str:
        """since, archive, all or none."""
        return self.choice.current()

    def text(self) -> str:
        """What stands under the choice."""
        return self._text.text()

    def count(self, account: Account, secret: str) -> None:
        """Look what is there; the choice can be made meanwhile."""
        self._found = None
        self._text.setText(tr("Counting what is there…"))
        since = clock.now() - timedelta(days=DAYS)
        self._context.tasks.run(
            lambda: count_history(account, secret, since),
            then=self._counted,
            owner=self,
            key="connect.count",
            failed=self._not_counted,
        )

    def _counted(self, found: HistoryCount) -> None:
        self._found = found
        self._show()

    def _not_counted(self, _error: Exception) -> bool:
        self._text.setText("")  # it works without the figure; receiving itself has just been tested
        return True

    def _show(self) -> None:
        found = self._found
        if found is None:
            return
        if not found.mails:
            self._text.setText(tr("The mailbox is empty."))
            return
        there = tr(
            "There are {count} messages ({size}), the oldest from {date}.",
            count=count_text(found.mails),
            size=size_text(found.size_bytes),
            date=date_text(found.oldest_at, clock.now()) if found.oldest_at else "?",
        )
        old = count_text(found.mails - found.since)
        then = {
            "since": tr("{new} are from the last {days} days; {old} become history.",
                        new=count_text(found.since), days=DAYS, old=old),
            "archive": tr("All of them become history; none opens as a ticket."),
            "all": tr("Every conversation among them opens as a ticket."),
            "none": tr("None of them is copied."),
        }.get(self.current(), "")  # fmt: skip
        self._text.setText(f"{there} {then}".strip())


def _histories() -> list[tuple[str, str]]:
    return [
        ("since", tr("Open the last 14 days; older mail becomes searchable history")),
        ("archive", tr("Keep everything as searchable history")),
        ("all", tr("Open every conversation as a ticket")),
        ("none", tr("Leave it out: only new mail")),
    ]
