"""What is done with tickets from the inbox: each a command, a sentence in a toast, and a way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from PySide6.QtCore import QObject

from app.kernel import clock
from app.outbox import commands as outbox
from app.outbox.queries import OutboxRow, outbox_row
from app.surveys.answers import count_as_score
from app.tickets import commands
from app.tickets.bulk import Act
from ui.pages import Context
from ui.pages.changing import Tickets, change
from ui.pages.inbox.words import priority_word, status_word
from ui.pages.mending import sign_in_again
from ui.text import tr
from ui.widgets.overlay import ask


class Triage(QObject):
    """Sends commands; what the page shows follows from the change that each makes."""

    def __init__(self, context: Context, owner: QObject) -> None:
        super().__init__(owner)
        self._context = context

    def set_status(self, tickets: Tickets, status: str, name: str = "") -> None:
        """Put tickets into a status; `name` is what one of the desk's own is called."""

        def words(n: int) -> str:
            if status == "solved":
                return tr("{n} ticket solved.|{n} tickets solved.", n=n)
            if status == "open":
                return tr("{n} ticket opened again.|{n} tickets opened again.", n=n)
            word = name or status_word(status)
            return tr("{n} ticket set to “{status}”.|{n} tickets set to “{status}”.", n=n, status=word)

        self._change(tickets, words, Act("status", status))

    def solve(self, tickets: Tickets) -> None:
        """Solve those that are not done: what was closed long ago stays closed."""
        words = lambda n: tr("{n} ticket solved.|{n} tickets solved.", n=n)  # noqa: E731
        self._change(tickets, words, Act("solve"))

    def assign(self, tickets: Tickets, agent: UUID | None, name: str) -> None:
        """Give tickets to somebody, or to nobody."""

        def words(n: int) -> str:
            who = name if agent is not None else tr("nobody")
            return tr("Assigned to {name}.|{n} tickets assigned to {name}.", n=n, name=who)

        self._change(tickets, words, Act("assignee", agent.hex if agent else None))

    def set_priority(self, tickets: Tickets, priority: str) -> None:
        """Say how much they press."""
        word = priority_word(priority)
        self._change(tickets, lambda n: tr("{word}.|{n} tickets: {word}.", n=n, word=word), Act("priority", priority))

    def set_follow_up(self, tickets: Tickets, on: bool) -> None:
        """To be looked at again, or not."""
        words = tr("Marked to follow up.") if on else tr("No follow-up any more.")
        self._change(tickets, words, Act("follow_up", on))

    def add_tag(self, tickets: Tickets, name: str) -> None:
        """Put a tag on."""

        def words(n: int) -> str:
            return tr("Tag “{name}” added.|Tag “{name}” added to {n} tickets.", n=n, name=name)

        self._change(tickets, words, Act("tag+", name))

    def remove_tag(self, tickets: Tickets, name: str) -> None:
        """Take a tag off."""

        def words(n: int) -> str:
            return tr("Tag “{name}” removed.|Tag “{name}” removed from {n} tickets.", n=n, name=name)

        self._change(tickets, words, Act("tag-", name))

    def delete(self, tickets: Tickets) -> None:
        """Into the Bin."""
        words = lambda n: tr("{n} ticket moved to the Bin.|{n} tickets moved to the Bin.", n=n)  # noqa: E731
        self._change(tickets, words, Act("delete"))

    def restore(self, tickets: Tickets) -> None:
        """Out of the Bin."""
        words = lambda n: tr("{n} ticket restored.|{n} tickets restored.", n=n)  # noqa: E731
        self._change(tickets, words, Act("restore"))

    def spam(self, tickets: Tickets, *, block: bool) -> None:
        """Into the Bin as spam, and their mails onto the spam pile; `block`: and whatever their senders write from now on."""

        def words(n: int) -> str:
            if block:
                return tr(
                    "Marked as spam, and the sender is blocked.|{n} tickets marked as spam, and their senders are blocked.",
                    n=n,
                )
            return tr("Marked as spam.|{n} tickets marked as spam.", n=n)

        self._change(tickets, words, Act("spam", block))

    def block_senders(self, tickets: Tickets) -> None:
        """Whatever their senders write from now on goes to the spam pile; the tickets stay as they are."""
        words = lambda n: tr("The sender is blocked.|The senders of {n} tickets are blocked.", n=n)  # noqa: E731
        self._change(tickets, words, Act("block"))

    def mark_seen(self, ticket: UUID) -> None:
        """The person has looked at it."""
        self._context.tasks.do(commands.mark_seen, ticket)

    def mark_unread(self, tickets: Tickets) -> None:
        """As if nobody had looked at them."""
        words = lambda n: tr("Marked unread.|{n} tickets marked unread.", n=n)  # noqa: E731
        self._change(tickets, words, Act("seen", False))

    def mark_read(self, tickets: Tickets) -> None:
        """As if they had been looked at."""
        change(self._context, tickets, [Act("seen", True)], "")

    def set_subject(self, ticket: UUID, subject: str) -> None:
        """Another subject."""
        self._context.tasks.do(commands.set_fields, [ticket], subject=subject, done=tr("Subject changed"))

    def join(self, message: UUID, ticket: UUID) -> None:
        """A message belongs to that ticket."""
        self._context.tasks.do(commands.place_message, message, ticket, done=tr("Moved to where it belongs"))

    def count_score(self, message: UUID, score: int) -> None:
        """An ordinary answer was a score."""
        self._context.tasks.do(count_as_score, message, score, done=tr("Counted as {score}", score=score))

    def deliver(self, message: UUID, what: str) -> None:
        """What a person decides about an outgoing message (the names are the outbox's)."""
        tasks = self._context.tasks
        if what == "cancel":
            tasks.do(commands.cancel_reply, message, done=_called_back)
        elif what == "edit":
            tasks.do(outbox.edit, message, done=tr("It is a draft again"))
        elif what in ("retry", "send_now"):
            tasks.do(outbox.retry, message, done=tr("It is tried now"))
        elif what == "send_anyway":
            tasks.do(outbox.retry, message, done=tr("It will be sent"))
        elif what == "settle_sent":
            tasks.do(outbox.settle, message, "sent", done=tr("Noted: it arrived"))
        elif what == "settle_queued":
            self._send_again(message)
        elif what == "sign_in":
            self._sign_in(message)

    def _sign_in(self, message: UUID) -> None:
        """To the mailbox by which a letter is to leave."""

        def show(found: OutboxRow | None) -> None:
            if found is not None:
                sign_in_again(self._context, found.mailbox)

        self._context.tasks.ask(outbox_row, message, clock.now(), then=show, owner=self._context.overlay)

    def _send_again(self, message: UUID) -> None:
        ask(
            self._context.overlay,
            tr("Send it again?"),
            tr("If the first one did arrive after all, the customer gets it twice."),
            tr("Send again"),
            lambda: self._context.tasks.do(outbox.settle, message, "queued", done=tr("It will be sent again")),
            remark=tr("What has left cannot be called back."),
        )

    def _change(self, tickets: Tickets, done: str | Callable[[int], str], *acts: Act) -> None:
        change(self._context, tickets, acts, done)


def _called_back(result: Any) -> str:
    return tr("Called back; it is a draft again") if result.undone else " ".join(result.kept)
