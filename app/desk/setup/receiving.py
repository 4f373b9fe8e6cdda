"""What a person decides about receiving: which folders, how much history. These talk to the mail server, on a task thread."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from app.connectors.email.imap import ImapSession
from app.inbox.commands import choose_folder
from app.inbox.queries import ReceivePlan, receive_plan
from app.inbox.receiving import FolderChoice, folder_choices
from app.kernel import secrets
from app.kernel.errors import NotFoundError
from app.workers.parsing import ParsePool
from app.workers.receiving.fetch import Fetcher
from app.workers.receiving.hands import line_of
from app.workers.receiving.history import FolderPreview, preview
from app.workers.receiving.mailbox_pass import Hands, open_session

if TYPE_CHECKING:
    from app.desk.desk import Desk

__all__ = ["FolderChoice", "FolderPreview", "choose", "count_history", "find_folders"]


def count_history(desk: Desk, mailbox: UUID, since: datetime | None = None) -> tuple[FolderPreview, ...]:
    """How many mails, how many bytes, since when: what lies in INBOX, Sent and Junk. Nothing is fetched.

    `since`: also count the mails from then on. Raises ExternalError. Takes seconds in a large mailbox.
    """
    with _session(desk, mailbox) as session:
        return preview(session, since)


def find_folders(desk: Desk, mailbox: UUID) -> tuple[FolderChoice, ...]:
    """Ask the server for its folders, remember them, and say which are received. Raises ExternalError."""
    with contextlib.closing(ParsePool(desk.workspace.packs)) as pool, _session(desk, mailbox) as session:
        hands = Hands(mailbox, desk.work, desk.ask, desk.packs, secrets.load_secret, pool, threading.Event())
        Fetcher(session, hands, line_of(desk.ask)).watch()
    return desk.ask(folder_choices, mailbox)


def choose(desk: Desk, mailbox: UUID, *, receive: Sequence[str] = (), ignore: Sequence[str] = ()) -> None:
    """Receive these folders from now on, and no longer those. Raises NotFoundError for a name that is not known."""
    for names, wanted in ((receive, True), (ignore, False)):
        for name in names:
            desk.do(choose_folder, mailbox, name, receive=wanted)


def _session(desk: Desk, mailbox: UUID) -> ImapSession:
    plan: ReceivePlan | None = desk.ask(receive_plan, mailbox)
    if plan is None:
        msg = "There is no such mailbox."
        raise NotFoundError(msg)
    return open_session(plan, secrets.load_secret, is_slow=line_of(desk.ask).is_slow)
