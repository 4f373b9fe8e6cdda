"""What can be done with a line of the ledger: make a ticket of it, try again, block its sender or let it in again."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from app.inbox.commands import make_ticket_anyway, retry_item
from app.inbox.queries import LedgerItem
from app.inbox.rules import BLOCKED
from app.mime.parse import parse
from app.people.commands import block, welcome
from ui.pages import Context
from ui.text import tr
from ui.widgets.button import Button

_NO_TICKET = ("spam", "bulk", "auto_reply", "bounce", "feedback", "sent_other", "quarantined", "survey_answer")


def title_of(item: LedgerItem) -> str:
    """What a mail is called. Of one that the server never gave nothing is known."""
    if item.outcome == "quarantined" and item.blob is None:
        return tr("A mail that the server did not give")
    return " ".join(item.subject.split()) or tr("No subject")


def make_ticket(context: Context, item: LedgerItem) -> None:
    """Open a ticket for a mail that went elsewhere, and go there."""
    desk, blob = context.desk, item.blob
    if blob is None:
        context.toasts.say(tr("The text of this message is not kept."), "bad")
        return

    def work() -> UUID:
        return desk.do(make_ticket_anyway, item.id, parse(desk.packs.read(blob)))

    def made(ticket: UUID) -> None:
        context.toasts.say(tr("A ticket was made."))
        context.go("inbox", ticket=ticket)

    context.tasks.run(work, then=made, owner=context.overlay)


def try_again(context: Context, item: LedgerItem) -> None:
    """Have a mail in quarantine looked at once more."""
    said = tr("The server is asked for it again.") if item.blob is None else tr("It is being read again.")
    context.tasks.do(retry_item, item.id, done=said)


def block_sender(context: Context, item: LedgerItem) -> None:
    """From now on this sender's mail goes to the spam pile; what is here stays as it is."""
    done = tr("Mail from {sender} goes to the spam pile from now on.", sender=item.sender)
    context.tasks.do(block, item.sender, done=done)


def let_in(context: Context, item: LedgerItem) -> None:
    """Take a sender off the block list again."""
    done = tr("Mail from {sender} is welcome again.", sender=item.sender)
    context.tasks.do(welcome, item.sender, done=done)


def actions_of(context: Context, item: LedgerItem, *, is_blocked: bool | None = None) -> list[Button]:
    """What can be done with a line, as small buttons. `is_blocked`: its sender is (None: as far as the line itself tells)."""
    is_blocked = item.reason == BLOCKED if is_blocked is None else is_blocked
    buttons = []
    if item.ticket is not None:
        go = partial(context.go, "inbox", ticket=item.ticket)
        buttons.append(Button(tr("Open the ticket"), "small", clicked=go))
    elif item.outcome in _NO_TICKET and item.blob is not None:
        words = tr("Not spam") if item.outcome == "spam" else tr("Make a ticket anyway")
        buttons.append(Button(words, "small", clicked=partial(make_ticket, context, item)))
    if is_blocked:
        buttons.append(Button(tr("Unblock sender"), "small", clicked=partial(let_in, context, item)))
    elif item.outcome in ("spam", "bulk") and item.sender:
        buttons.append(Button(tr("Block sender"), "small", clicked=partial(block_sender, context, item)))
    if item.outcome == "quarantined":
        buttons.append(Button(tr("Try again"), "small", clicked=partial(try_again, context, item)))
    return buttons
