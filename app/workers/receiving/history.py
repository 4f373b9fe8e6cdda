"""The mail that lay in a mailbox when it was connected: counting it before anything is fetched, and the order of coming.

First the young threads, in which New or closed is decided when all of them are in; then the rest in blocks, newest
block first, each block oldest first, so that what is likely to be asked for is there soon and threads still grow in
their own order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from app.connectors.email.folders import Folder, FolderRole
from app.connectors.email.imap import ImapSession, MailFacts
from app.inbox.queries import ReceivePlan
from app.inbox.rules import History
from app.kernel import clock
from app.kernel.errors import ExternalError
from app.workers.receiving.keep import Wanted
from app.workers.receiving.windows import is_about_mail

BLOCK: Final = 1000


@dataclass(frozen=True, slots=True)
class FolderPreview:
    """What a folder holds: mails, bytes as the server says, the time of its oldest and newest mail, mails by year."""

    name: str
    role: str
    mails: int
    size_bytes: int
    oldest_at: datetime | None
    newest_at: datetime | None
    by_year: tuple[tuple[int, int], ...]
    since: int
    """Mails that are as young as asked."""


def preview(session: ImapSession, since: datetime | None = None) -> tuple[FolderPreview, ...]:
    """Count what connecting would bring in, fetching no mail. `since`: also count those that arrived from then on.

    Of a folder with a mail at which the server fails, all mails are counted; sizes and times are those told before it did.
    """
    folders = [one for one in session.folders() if one.role is not FolderRole.OTHER and one.selectable]
    with ExitStack() as opened:
        found = []
        for folder in folders:
            if not session.usable:
                session = opened.enter_context(ImapSession.open(session.server))
            found.append(_counted(session, folder, since))
    return tuple(found)


def _counted(session: ImapSession, folder: Folder, since: datetime | None) -> FolderPreview:
    session.select(folder.name)
    uids = session.uids()
    facts: dict[int, MailFacts] = {}
    try:
        facts.update(session.facts(uids))
    except ExternalError as error:
        if not is_about_mail(error):
            raise
    times = sorted(one.internal_at for one in facts.values() if one.internal_at is not None)
    return FolderPreview(
        folder.name,
        folder.role.value,
        len(uids),
        sum(one.size for one in facts.values()),
        times[0] if times else None,
        times[-1] if times else None,
        tuple(sorted(Counter(at.year for at in times).items())),
        sum(at >= since for at in times) if since else 0,
    )


def young_since(plan: ReceivePlan) -> datetime | None:
    """From when on mail is part of the threads that may be open; None: none is."""
    if plan.history is History.ALL:
        return datetime.min.replace(tzinfo=clock.EPOCH.tzinfo)
    return plan.open_since if plan.history is History.SINCE else None


def in_blocks(
    wanted: Sequence[Wanted], since: datetime | None, junk: set[UUID]
) -> tuple[list[Wanted], list[list[Wanted]]]:
    """The young part, then the rest in blocks, the newest block first; what lies in Junk comes last."""
    young = [one for one in wanted if since is not None and one.at >= since and one.folder not in junk]
    old = sorted(
        (one for one in wanted if one.folder not in junk and (since is None or one.at < since)),
        key=lambda one: (one.at, one.uid),
        reverse=True,
    )
    blocks = [old[start : start + BLOCK] for start in range(0, len(old), BLOCK)]
    rest = [one for one in wanted if one.folder in junk]
    return young, [*blocks, rest] if rest else blocks
