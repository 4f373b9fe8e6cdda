"""What is done with tickets from the inbox: each a command, a sentence in a toast, and a way back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from PySide6.QtCore import QObject

from app.outbox import commands as outbox
from app.surveys.answers import count_as_score
from app.tickets import commands
from ui.pages import Context
from ui.pages.inbox.words import priority_word, status_word
from ui.text import tr
from ui.widgets.overlay import ask


class Triage(QObject):
    """Sends commands; what the page shows follows from the change that each makes."""

    def __init__(self, context: Context, owner: QObject) -> None:
        super().__init__(owner)
        self._context = context

    def set_status(self, tickets: Sequence[UUID], status: str) -> None:
        """Put tickets into a status."""
        words = {
            "solved": tr("{n} ticket solved|{n} tickets solved", n=len(tickets)),
            "open": tr("{n} ticket opened again|{n} tickets opened again", n=len(tickets)),
        }.get(status, tr("Status: {status}", status=status_word(status)))
        self._do(tickets, commands.set_status, status, done=words)

    def assign(self, tickets: Sequence[UUID], agent: UUID | None, name: str) -> None:
        """Give tickets to somebody, or to nobody."""
        words = tr("Assigned to {name}", name=name) if agent is not None else tr("Assigned to nobody")
        self._do(tickets, commands.assign, agent, done=words)

    def set_priority(self, tickets: Sequence[UUID], priority: str) -> None:
        """Say how much they press."""
        self._do(tickets, commands.set_priority, priority, done=priority_word(priority))

    def set_follow_up(self, tickets: Sequence[UUID], on: bool) -> None:
        """To be looked at again, or not."""
        words = tr("Marked to follow up") if on else tr("No follow-up any more")
        self._do(tickets, commands.set_follow_up, on, done=words)

    def add_tag(self, tickets: Sequence[UUID], name: str) -> None:
        """Put a tag on."""
        self._do(tickets, commands.add_tag, name, done=tr("Tag “{name}” added", name=name))

    def remove_tag(self, tickets: Sequence[UUID], name: str) -> None:
        """Take a tag off."""
        self._do(tickets, commands.remove_tag, name, done=tr("Tag “{name}” removed", name=name))

    def set_subject(self, ticket: UUID, subject: str) -> None:
        """Another subject."""
        self._context.tasks.do(commands.set_fields, [ticket], subject=subject, done=tr("Subject changed"))

    def delete(self, tickets: Sequence[UUID]) -> None:
        """Into the Bin."""
        words = tr("{n} ticket moved to the Bin|{n} tickets moved to the Bin", n=len(tickets))
        self._do(tickets, commands.delete_ticket, done=words)

    def restore(self, tickets: Sequence[UUID]) -> None:
        """Out of the Bin."""
        words = tr("{n} ticket restored|{n} tickets restored", n=len(tickets))
        self._do(tickets, commands.restore_ticket, done=words)

    def mark_seen(self, ticket: UUID) -> None:
        """The person has looked at it."""
        self._context.tasks.do(commands.mark_seen, ticket)

    def mark_unread(self, tickets: Sequence[UUID]) -> None:
        """As if nobody had looked at them."""
        self._do(tickets, commands.mark_unseen)

    def join(self, message: UUID, ticket: UUID) -> None:
        """A message belongs to that ticket."""
        self._context.tasks.do(commands.place_message, message, ticket, done=tr("Moved to where it belongs"))

    def split(self, message: UUID) -> None:
        """A message becomes a ticket of its own."""

        def said(written: Any) -> str:
            return tr("Now ticket #{number}", number=written.ticket_number)

        self._context.tasks.do(commands.split, message, done=said)

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
            self._context.go("settings", section="mailboxes")

    def _send_again(self, message: UUID) -> None:
        ask(
            self._context.overlay,
            tr("Send it again?"),
            tr("If the first one did arrive after all, the customer gets it twice."),
            tr("Send again"),
            lambda: self._context.tasks.do(outbox.settle, message, "queued", done=tr("It will be sent again")),
        )

    def _do(self, tickets: Sequence[UUID], command: Callable[..., Any], *args: Any, done: str = "") -> None:
        if tickets:
            self._context.tasks.do(command, list(tickets), *args, done=done)


def _called_back(result: Any) -> str:
    return tr("Called back; it is a draft again") if result.undone else " ".join(result.kept)
