"""Which folders are watched, how far each is received, and the comparison with a fresh listing of the server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from app.inbox import rules
from app.inbox.queries import Difference, listing_difference
from app.inbox.tables import MailFolder, MailItem
from app.kernel import ids
from app.kernel.database.transaction import Tx
from app.kernel.errors import NotFoundError
from app.kernel.sentences import said

_CHUNK = 500


def watch_folders(tx: Tx, mailbox: UUID, found: Sequence[tuple[str, rules.FolderRole]]) -> None:
    """Remember the folders of a mailbox; INBOX, Sent and Junk are received unless a person said otherwise.

    A folder that the server lost keeps its lines.
    """
    known = {row.name: row for row in tx.execute(select(MailFolder).where(MailFolder.mailbox == mailbox)).scalars()}
    taken = {row.id for row in known.values()}
    for name, role in found:
        row = known.get(name)
        if row is None:
            key, chosen = rules.folder_id(mailbox, name), role is not rules.FolderRole.OTHER
            if key in taken:  # by one that bore this name before
                key = ids.new_id()
            tx.add(MailFolder(id=key, mailbox=mailbox, name=name, role=role, is_received=chosen))
        elif row.role != role:
            row.role = role


def rename_folders(tx: Tx, mailbox: UUID, names: Sequence[tuple[UUID, str, rules.FolderRole]]) -> None:
    """The server has folders (id, name, role) by other names now, be it those that others bore until then.

    Each is received as before, unless its name gives it another role.
    """
    moved = {key for key, _, _ in names}
    others = tx.execute(select(MailFolder).where(MailFolder.mailbox == mailbox, MailFolder.id.not_in(moved))).scalars()
    taken = {row.name: row for row in others}
    for key, name, role in names:
        if name in taken:
            _make_way(tx, taken[name], set(taken))
        row = _folder(tx, key)
        if row.role != role:
            row.role, row.is_received = role, role is not rules.FolderRole.OTHER
        row.name = key.hex  # its name may still be that of the next one
    tx.flush()
    for key, name, _ in names:
        _folder(tx, key).name = name
    tx.touch("mailbox", mailbox)


def _make_way(tx: Tx, row: MailFolder, taken: set[str]) -> None:
    """Another folder has its name now, and nobody knows where it is: what came from it is kept under a name of the past."""
    if not row.uidvalidity:
        tx.delete(row)
        return
    while row.name in taken:
        row.name = f"{row.name} (before)"
    lose_folder(tx, row.id)


def choose_folder(tx: Tx, mailbox: UUID, name: str, *, receive: bool) -> None:
    """Receive a folder from now on, or no longer; what is here stays. Raises NotFoundError for one that is not known."""
    query = select(MailFolder).where(MailFolder.mailbox == mailbox, MailFolder.name == name)
    row = tx.execute(query).scalar_one_or_none()
    if row is None:
        msg = said("The mailbox has no folder “{name}”, as far as is known.", name=name)
        raise NotFoundError(msg)
    if row.is_received != receive:
        row.is_received = receive
        tx.touch("mailbox", mailbox)
        tx.signal("check_now")


def lose_folder(tx: Tx, folder: UUID) -> None:
    """The server has a folder no more: its mails are gone there, and stay here."""
    row = _folder(tx, folder)
    tx.execute(update(MailItem).where(MailItem.folder == folder, MailItem.gone_at.is_(None)).values(gone_at=tx.now))
    row.server_count = row.unaccounted = 0
    row.uidnext = row.highestmodseq = None
    row.listed_at = tx.now


def begin_folder(tx: Tx, folder: UUID, uidvalidity: int, first_uid: int) -> None:
    """The first look into a folder: mail below `first_uid` was there already, what comes from there on is new."""
    row = _folder(tx, folder)
    if row.uidvalidity == 0:
        row.uidvalidity, row.first_uid, row.received_uid = uidvalidity, first_uid, first_uid - 1


def start_over(tx: Tx, folder: UUID, uidvalidity: int, moved: Sequence[tuple[UUID, int]], first_uid: int) -> None:
    """The server gave a folder new UIDs. `moved`: (ledger line, new UID) of the mails known again by header and size.

    Their lines go on under the new UID. Other lines are of mail that is gone; other UIDs are received again, and their
    messages are known by their identity. What is below `first_uid` counts as new only if it was written since the
    mailbox was connected.
    """
    row = _folder(tx, folder)
    before = row.uidvalidity
    for key, uid in moved:
        tx.execute(update(MailItem).where(MailItem.id == key).values(uidvalidity=uidvalidity, uid=uid, gone_at=None))
    tx.execute(
        update(MailItem)
        .where(MailItem.folder == folder, MailItem.uidvalidity == before, MailItem.gone_at.is_(None))
        .values(gone_at=tx.now)
    )
    row.uidvalidity, row.first_uid, row.received_uid = uidvalidity, first_uid, first_uid - 1
    row.unaccounted = max(row.unaccounted, 1)  # until the next listing says otherwise: look for what is missing


def note_listing(tx: Tx, folder: UUID, difference: Difference, *, uidnext: int | None, modseq: int | None) -> None:
    """Remember what a fresh listing showed: how many mails there are, which lines are of mail that is gone."""
    row = _folder(tx, folder)
    if row.uidvalidity != difference.uidvalidity:
        return  # the folder was started over meanwhile
    for keys, gone_at in ((difference.gone, tx.now), (difference.back, None)):
        for start in range(0, len(keys), _CHUNK):
            tx.execute(update(MailItem).where(MailItem.id.in_(keys[start : start + _CHUNK])).values(gone_at=gone_at))
    row.server_count, row.unaccounted = difference.server, len(difference.missing)
    row.uidnext, row.highestmodseq, row.listed_at = uidnext, modseq, tx.now


def note_received(
    tx: Tx, folder: UUID, uidvalidity: int, uids: Sequence[int], *, server: int, uidnext: int | None, modseq: int | None
) -> None:
    """Remember a look at which only `uids` were new and nothing was gone: cheaper than a listing, and as exact.

    `server`: how many mails the server counted. Those of `uids` that got no line are unaccounted for.
    """
    row = _folder(tx, folder)
    if row.uidvalidity != uidvalidity or not uids:
        return
    written = 0
    for start in range(0, len(uids), _CHUNK):
        written += tx.execute(
            select(func.count()).where(
                MailItem.folder == folder,
                MailItem.uidvalidity == uidvalidity,
                MailItem.uid.in_(uids[start : start + _CHUNK]),
            )
        ).scalar_one()
    row.server_count, row.unaccounted = server, len(uids) - written
    row.uidnext, row.highestmodseq = uidnext, modseq
    if written == len(uids):
        row.received_uid = max(row.received_uid, *uids)


def note_look(
    tx: Tx,
    folder: UUID,
    uidvalidity: int,
    vanished: Sequence[tuple[int, int]],
    *,
    uidnext: int | None = None,
    modseq: int | None = None,
) -> int:
    """Remember what the server told by itself since the last look: runs of UIDs that left. How many mails are gone now.

    With `modseq`, nothing else is new, and the next look asks from there on.
    """
    row = _folder(tx, folder)
    if row.uidvalidity != uidvalidity:
        return 0
    gone = 0
    for low, high in vanished:
        lines = update(MailItem).where(
            MailItem.folder == folder,
            MailItem.uidvalidity == uidvalidity,
            MailItem.uid.between(low, high),
            MailItem.gone_at.is_(None),
        )
        left: Any = tx.execute(lines.values(gone_at=tx.now))
        gone += left.rowcount
    if gone:
        row.server_count -= gone
    if modseq is not None:
        row.uidnext, row.highestmodseq = uidnext, modseq
    return gone


def note_stuck(tx: Tx, folder: UUID, uidvalidity: int, uid: int, words: str, *, is_sure: bool = False) -> bool:
    """The server failed to give a mail, or the line broke at it. At the third time in a row it is set aside: True; at
    once where it `is_sure` that the mail is the matter, because the server said so.

    The line in quarantine has no bytes; trying again asks the server again. `attempts` of that line counts how often
    it was set aside.
    """
    row = _folder(tx, folder)
    row.stuck_times = row.stuck_times + 1 if row.stuck_uid == uid else 1
    row.stuck_uid = uid
    said_times = row.stuck_times
    if is_sure:
        row.stuck_times = max(row.stuck_times, rules.MOST_ATTEMPTS)
    if row.stuck_times < rules.MOST_ATTEMPTS or row.uidvalidity != uidvalidity:
        return False
    rounds = row.stuck_times - rules.MOST_ATTEMPTS + 1
    row.stuck_uid = row.stuck_times = 0
    key = rules.item_id(folder, uidvalidity, uid)
    if tx.get(MailItem, key) is None:
        times = f" {rules.MOST_ATTEMPTS} times" if said_times >= rules.MOST_ATTEMPTS else ""
        reason = f"The server failed to give this mail{times}. {words}".strip()[:500]
        line = MailItem(
            id=key, mailbox=row.mailbox, folder=folder, uidvalidity=uidvalidity, uid=uid, received_at=tx.now
        )
        line.header_hash, line.size, line.outcome, line.reason = b"", 0, rules.Outcome.QUARANTINED, reason
        line.attempts = rounds
        tx.add(line)
    return True


def try_lost_again(tx: Tx, items: Sequence[UUID]) -> None:
    """Forget these lines of mails that the server failed to give, so that it is asked for them again.

    A mail that has been set aside before goes back there at the next failure: it holds up the others only once.
    """
    for line in tx.execute(select(MailItem).where(MailItem.id.in_(items), MailItem.blob.is_(None))).scalars().all():
        row = _folder(tx, line.folder)
        row.unaccounted = max(row.unaccounted, 1)
        row.stuck_uid, row.stuck_times = line.uid, rules.MOST_ATTEMPTS - 1 + max(line.attempts, 1)
        tx.delete(line)


def reconcile(tx: Tx, folder: UUID, uidvalidity: int, uids: Sequence[int]) -> Difference:
    """Compare the ledger with a fresh listing and remember the result; what has no line is `missing`."""
    difference = listing_difference(tx, folder, uidvalidity, uids)
    note_listing(tx, folder, difference, uidnext=None, modseq=None)
    return difference


def _folder(tx: Tx, folder: UUID) -> MailFolder:
    row = tx.get(MailFolder, folder)
    if row is None:
        msg = "This folder is not watched any more."
        raise NotFoundError(msg)
    return row
