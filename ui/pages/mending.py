"""What ends a mailbox's trouble: the sheet to sign in again or to look at a certificate, else its settings."""

from __future__ import annotations

from uuid import UUID

from app.conversations.queries import MailboxInfo
from ui.pages import Context


def sign_in_again(context: Context, mailbox: UUID, *, certificate: bool = False) -> None:
    """Open the sheet. Loaded when somebody signs in: it brings everything that talks to mail servers with it."""
    from ui.pages.settings.sign_in import open_sign_in

    open_sign_in(context, mailbox, certificate=certificate)


def mend(context: Context, box: MailboxInfo) -> None:
    """Go to where a person can end what has paused this mailbox."""
    if box.paused_reason in {"sign_in", "tls"}:
        sign_in_again(context, box.id, certificate=box.paused_reason == "tls")
    else:
        context.go("settings", category="mailboxes", mailbox=box.id)
