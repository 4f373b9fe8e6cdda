"""Folders that got another name on the server, known again, so that whoever chose one need not choose it again.

IMAP says nothing of a renaming: one name is missing, another one is new. The UIDVALIDITY goes with the folder (RFC 3501,
section 6.3.5), but many servers give the same to all, so the headers of its newest mails have to be the same as well.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from app.connectors.email.imap import FolderState, ImapSession
from app.inbox.queries import FolderPlan
from app.inbox.receiving import newest_headers
from app.kernel.errors import ExternalError
from app.workers.mail_hands import Ask

_PROOFS: Final = 20
"""Of the newest mails of the lost folder so many are looked for; some may have left meanwhile."""


def renamed(
    session: ImapSession, ask: Ask, lost: Sequence[FolderPlan], names: Sequence[str]
) -> tuple[tuple[UUID, str], ...]:
    """(folder, its name now) for each lost folder that goes by one of these new names. Raises ExternalError."""
    left, found = [one for one in lost if one.uidvalidity], list[tuple[UUID, str]]()
    for name in names:
        if not left:
            break
        try:
            state = session.status(name)
            same = next((one for one in left if _may_be(one, state) and _is_same(session, ask, one, name)), None)
        except ExternalError:
            if not session.usable:
                raise
            continue
        if same is not None:
            left.remove(same)
            found.append((same.id, name))
    return tuple(found)


def _may_be(folder: FolderPlan, state: FolderState) -> bool:
    never_less = folder.uidnext is None or state.uidnext is None or state.uidnext >= folder.uidnext
    return state.uidvalidity == folder.uidvalidity and never_less


def _is_same(session: ImapSession, ask: Ask, folder: FolderPlan, name: str) -> bool:
    known: dict[int, bytes] = ask(newest_headers, folder.id, folder.uidvalidity, _PROOFS)
    state = session.select(name)
    if not known:
        return state.uidvalidity > 1 and state.uidnext is not None and state.uidnext == folder.uidnext
    there = {uid: hashlib.sha256(header).digest() for uid, header in session.headers(known)}
    return bool(there) and all(known.get(uid) == digest for uid, digest in there.items())
