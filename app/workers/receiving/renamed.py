"""Folders that got another name on the server, known again, so that whoever chose one need not choose it again.

IMAP says nothing of a renaming: one name is missing, another one is new. The UIDVALIDITY goes with the folder (RFC 3501,
section 6.3.5), but many servers give the same to all, so the headers of its newest mails have to be the same as well.
Of several renamings in a row (A to B, then C to A) a name that stays may be another folder's by now: where one is missed,
the others are asked whether they are who they were.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from typing import Final
from uuid import UUID

from app.connectors.email.imap import FolderState, ImapSession
from app.inbox.queries import FolderPlan
from app.inbox.receiving import newest_headers
from app.inbox.rules import FolderRole
from app.kernel.errors import ExternalError
from app.workers.receiving.hands import Ask

_PROOFS: Final = 20
"""Of the newest mails of the lost folder so many are looked for; some may have left meanwhile."""


def renamed(
    session: ImapSession, ask: Ask, known: Sequence[FolderPlan], names: Collection[str]
) -> tuple[tuple[UUID, str], ...]:
    """(folder, its name now) for each of the known folders that goes by another of the names that there are.

    Raises ExternalError.
    """
    left = [one for one in known if one.uidvalidity and one.name not in names]
    before = {one.name for one in known}
    new = [name for name in names if name not in before]
    if any(is_missed(one, names) for one in known):
        changed = _changed(session, [one for one in known if one.name in names])
        left += [one for one in changed if one.uidvalidity]
        new += [one.name for one in changed]
    return _matched(session, ask, left, new)


def is_missed(folder: FolderPlan, names: Collection[str]) -> bool:
    """Was it there at the last look, and is it not now?"""
    return folder.name not in names and (folder.uidnext is not None or folder.server_count > 0)


def _changed(session: ImapSession, folders: Iterable[FolderPlan]) -> list[FolderPlan]:
    """Those behind whose name there may be another folder now: never looked into, or with another UIDVALIDITY."""
    inner = (one for one in folders if one.role is not FolderRole.INBOX)
    return [one for one in inner if not one.uidvalidity or _validity(session, one) != one.uidvalidity]


def _validity(session: ImapSession, folder: FolderPlan) -> int:
    try:
        return session.status(folder.name).uidvalidity
    except ExternalError:
        if not session.usable:
            raise
        return folder.uidvalidity


def _matched(
    session: ImapSession, ask: Ask, left: list[FolderPlan], names: Sequence[str]
) -> tuple[tuple[UUID, str], ...]:
    found: list[tuple[UUID, str]] = []
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
