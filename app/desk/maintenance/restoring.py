"""Restoring a desk: look at a backup, make it ready beside the desk that is here, then exchange the two.

The file may be of somebody else: what comes out of it is compared with our own form before it is opened for writing
(`app.kernel.files.integrity`), and its mailboxes get other places in the keyring, so that a file that names our passwords and
its own servers gets none of them. What waited in the outbox is held: it may have gone out since. All of that happens
beside the desk that is here, which goes on working until the exchange (`app.kernel.files.switching`).
"""

from __future__ import annotations

import contextlib
import secrets as randomness
import shutil
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select, update

from app.conversations.mailboxes import pause_mailbox
from app.conversations.tables import Mailbox
from app.desk.describing import describe, is_empty
from app.desk.maintenance.restored import note_restored
from app.kernel import secrets
from app.kernel.database import migrate
from app.kernel.database.store import Store
from app.kernel.database.tables import DeviceSettingRow, Job, SignalRow
from app.kernel.database.transaction import Tx
from app.kernel.errors import Reason, UserError
from app.kernel.files import integrity, switching
from app.kernel.files.disk import storage_error
from app.kernel.files.paths import Workspace
from app.kernel.maintenance import archive, backup
from app.kernel.maintenance.archive import Going, StoppedError
from app.kernel.maintenance.backup import BackupResult, BackupStoppedError, copy_range
from app.kernel.maintenance.description import About
from app.kernel.sentences import said, words_of
from app.outbox.restored import hold_what_waits
from app.schema import metadata
from app.surveys.tables import SurveyInvite

_PLACES_OF_THIS_COMPUTER: Final = ("backup_folder",)
_ENDED: Final = ("done", "cancelled", "failed")


@dataclass(frozen=True, slots=True)
class Preview:
    """What a backup says of itself, before anything is done. `size`: bytes on this disk afterwards."""

    name: str
    made_at: datetime
    about: About
    program: str
    size: int
    sealed: bool = False
    same_desk: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """A mailbox of the restored desk that needs its password before mail flows again."""

    id: UUID
    address: str


@dataclass(frozen=True, slots=True)
class Ready:
    """A restored desk that waits for the exchange. `held`: messages in the outbox; `damaged`: stored mails and files
    whose bytes were damaged when the backup was made already.
    """

    made_at: datetime
    about: About
    waiting: tuple[Waiting, ...]
    held: int
    damaged: int


def look(source: Path, place: Workspace, passphrase: str | None = None) -> Preview:
    """What a backup is: a `.deskbell` file, or a copy (`….sqlite`) in a folder of backups. Raises UserError."""
    here = describe(place.database).workspace if place.exists else ""
    copy = copy_at(source)
    if copy is not None:
        size = _size(copy.database) + sum(copy.packs.values())
        about, same = copy.about, bool(here) and copy.workspace == here
        return Preview(source.name, copy.at, about, copy.program, size, same_desk=same)
    with archive.opened(source, passphrase) as file:
        known = file.manifest
        same = bool(here) and known.workspace == here
        return Preview(source.name, known.made_at, known.about, known.program, known.size, file.sealed, same)


def copy_at(source: Path) -> BackupResult | None:
    """The finished backup in a folder of backups that this file belongs to, or None."""
    stem = source.with_suffix("")
    if source.suffix not in {".sqlite", ".json"}:
        return None
    return next((one for one in backup.backups_in(source.parent) if one.database.with_suffix("") == stem), None)


def prepare(
    place: Workspace, source: Path, passphrase: str | None = None, going: Going = lambda _done, _of: True
) -> Ready | None:
    """Make a backup ready for the exchange, beside the desk that is here; None when `going` ended it.

    Raises UserError for a file that is damaged, locked, from elsewhere in its form, or too large for this disk; then
    nothing is left of it.
    """
    place.prepare()
    folder = switching.prepared(place)
    try:
        made_at, kept = _fill(folder, source, passphrase, going)
        trusted = source.resolve().parent == place.backups.resolve()
        return _finish(place, folder, made_at, kept, trusted=trusted, going=going)
    except (StoppedError, BackupStoppedError):
        switching.discard(place)
        return None
    except OSError as error:
        switching.discard(place)
        why = words_of(storage_error(error))
        msg = said("The backup {name} could not be restored. {why}", name=source.name, why=why)
        raise UserError(msg) from error
    except BaseException:
        switching.discard(place)
        raise


def exchange(place: Workspace) -> Path | None:
    """Put what was made ready in place. The caller holds the workspace alone; see `app.kernel.files.switching.exchange`."""
    aside = switching.exchange(place)
    place.prepare()
    return aside


def _fill(folder: Path, source: Path, passphrase: str | None, going: Going) -> tuple[datetime, dict[str, str]]:
    """Bring database and packs into `folder`; when the backup was made, and the passwords that were in it."""
    copy = copy_at(source)
    if copy is None:
        with archive.opened(source, passphrase) as file:
            return file.manifest.made_at, file.unpack(folder, going)
    packs = folder / "packs"
    packs.mkdir(mode=0o700)
    total, done = _size(copy.database) + sum(copy.packs.values()), 0
    if shutil.disk_usage(folder).free < total:
        pattern = "The backup needs {wants} MB, and there is less room here. Free some space and try again."
        msg = said(pattern, wants=round(total / 1e6))
        raise UserError(msg)
    files = [(copy.database, folder / "deskbell.sqlite", _size(copy.database))]
    files += [(copy.store / name, packs / name, length) for name, length in copy.packs.items() if _is_pack(name)]
    for from_, to, length in files:
        if _size(from_) < length:
            pattern = "The backup of {when} UTC lacks the file {name}. Choose another one."
            msg = said(pattern, when=f"{copy.at:%Y-%m-%d %H:%M}", name=from_.name)
            raise UserError(msg)
        if not going(done, total):
            raise StoppedError
        copy_range(from_, to, length, going=lambda: going(done, total))  # noqa: B023 - called before the next turn
        done += length
    return copy.at, {}


def _finish(
    place: Workspace, folder: Path, made_at: datetime, kept: Mapping[str, str], *, trusted: bool, going: Going
) -> Ready:
    database = folder / "deskbell.sqlite"
    known = describe(database)
    _refuse_strange(database, known.revision)
    store = Store(database)
    try:
        migrate.upgrade(store.writer, metadata, lambda: None)
        damaged = _damaged(database, folder / "packs", going)
        with store.write("restore") as tx:
            note_restored(tx, made_at)
            held = _settle(tx, forget_device=not trusted)
            waiting = () if trusted else _renew_secrets(tx, kept)
    finally:
        store.close()
    with contextlib.closing(sqlite3.connect(database)) as line:
        line.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
    here = describe(place.database) if place.exists else None
    switching.make_ready(
        place,
        keep_backups=here is not None and here.workspace == known.workspace,
        keep_old=not is_empty(place.database),
    )
    return Ready(made_at, known.about, waiting, held, len(damaged))


def _refuse_strange(database: Path, revision: str) -> None:
    """Only a database of our own form is opened. Raises UserError."""
    if not migrate.is_known(revision):
        msg = "This backup is of a newer version of Deskbell, or of none. Update Deskbell, then restore it."
        raise UserError(msg)
    problems = integrity.examine(database, migrate.form_at(revision, metadata))
    if problems:
        msg = said("This backup is not restored: {why}. Choose another one; nothing was changed.", why=problems[0])
        raise UserError(msg)


def _damaged(database: Path, packs: Path, going: Going) -> list[tuple[str, str]]:
    """Read every stored mail and file of the backup."""
    with contextlib.closing(integrity.connect(database)) as connection:
        blobs = integrity.blobs_of(connection)
    total = sum(ref.length for _, ref in blobs)

    def told() -> Iterable[Any]:
        done = 0
        for name, ref in blobs:
            done += ref.length
            if not going(done, total):
                raise StoppedError
            yield name, ref

    return integrity.damaged(packs, told())


def _settle(tx: Tx, *, forget_device: bool) -> int:
    """What must not go on by itself in a desk of yesterday; how many messages are held."""
    held = hold_what_waits(tx)
    due = select(SurveyInvite).where(SurveyInvite.state == "due", SurveyInvite.due_at <= tx.now)
    for invite in tx.scalars(due):
        invite.state, invite.reason = "skipped", "restored"
    for job in tx.scalars(select(Job).where(Job.state.not_in(_ENDED))):
        job.state, job.ended_at = "cancelled", tx.now
    tx.execute(delete(SignalRow))
    if forget_device:
        tx.execute(delete(DeviceSettingRow).where(DeviceSettingRow.key.in_(_PLACES_OF_THIS_COMPUTER)))
    return held


def _renew_secrets(tx: Tx, kept: Mapping[str, str]) -> tuple[Waiting, ...]:
    """Give every secret another place in the keyring, and put there what the backup held under its passphrase."""
    waiting = []
    for box in tx.scalars(select(Mailbox).order_by(Mailbox.address)).all():
        secret = kept.get(box.secret_ref)
        box.secret_ref = f"mailbox-{randomness.token_hex(8)}"
        if box.deleted_at is not None or box.paused_reason == "sample":
            continue
        if secret is None or not _stored(box.secret_ref, secret):
            waiting.append(Waiting(box.id, box.address))
            tx.flush()
            pause_mailbox(tx, box.id, Reason.SIGN_IN, "")
    for table in metadata.sorted_tables:
        if "secret_ref" in table.columns and table.name != "mailbox":
            renewed = f"{table.name}-{randomness.token_hex(8)}"
            tx.execute(update(table).where(table.c.secret_ref != "").values(secret_ref=renewed))
    return tuple(waiting)


def _stored(ref: str, secret: str) -> bool:
    try:
        secrets.store_secret(ref, secret)
    except secrets.KeyringError:
        return False
    return True


def _is_pack(name: str) -> bool:
    from app.kernel.files.blobs import PACK_NAME

    return PACK_NAME.fullmatch(name) is not None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else -1
