"""What the world outside does in a scene: servers that answer so or so, a line that is gone, a mail that comes."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from unittest import mock
from uuid import UUID

from sqlalchemy import select

from app.connectors.email.certificates import CertificateInfo
from app.connectors.email.words import Fault
from app.conversations.mailboxes import pause_mailbox, resume_mailbox
from app.conversations.queries import MailboxInfo, mailboxes
from app.desk import Desk
from app.desk.describing import source_of
from app.desk.sample import fill
from app.desk.setup.accounts import Account, CheckResult, Found, HistoryCount, Tested
from app.inbox import commands as inbox
from app.inbox.rules import folder_id
from app.inbox.tables import MailFolder, MailItem
from app.kernel import clock
from app.kernel.database.transaction import Tx
from app.kernel.errors import Reason
from app.kernel.files.locks import FileLock
from app.kernel.maintenance.backup import scheduled_backup
from app.kernel.state import signals
from app.mime.parse import parse
from app.tickets.queries import ticket_ids, ticket_rows, view_named
from tests.screenshots.studio import NOW
from ui.pages.first_run import connect, history

_SHOP = "nordlicht.example"
_RECEIVES, _SENDS = CheckResult(ok=True, mails=4812), CheckResult(ok=True)


def _refused(server: str, words: str) -> CheckResult:
    host = {"host": f"{server}.{_SHOP}"}
    return CheckResult(ok=False, reason=Reason.SIGN_IN, fault=Fault.WRONG_PASSWORD, values=host, words=words)


_SHOWN = CertificateInfo(
    subject=f"mail.{_SHOP}",
    issuer="Nordlicht office router",
    not_before=NOW - timedelta(days=200),
    not_after=NOW + timedelta(days=165),
    sha256=hashlib.sha256(b"a certificate").hexdigest(),
)
WORKS = Tested(_RECEIVES, _SENDS)
WRONG_PASSWORD = Tested(
    _refused("imap", "[AUTHENTICATIONFAILED] Invalid credentials"),
    _refused("smtp", "5.7.8 Authentication credentials invalid"),
)
_HOST = {"host": f"imap.{_SHOP}", "port": "993"}
WRONG_HOST = Tested(CheckResult(ok=False, reason=Reason.HOST, fault=Fault.NO_SUCH_HOST, values=_HOST), _SENDS)
CERTIFICATE = Tested(
    CheckResult(ok=False, reason=Reason.TLS, fault=Fault.CERT_SELF_SIGNED, values=_HOST, certificate=_SHOWN), _SENDS
)


@contextmanager
def servers_that_say(answer: Tested) -> Iterator[None]:
    """Every address has servers, and their test ends like this: no picture may depend on the network."""

    def found(address: str, _cancel: object = None) -> Found:
        return Found(Account(address, f"imaps://imap.{_SHOP}:993", f"smtps://smtp.{_SHOP}:465"), "guess", "Nordlicht")

    there = HistoryCount(4812, 310_000_000, NOW - timedelta(days=2800), 214)
    with (
        mock.patch.multiple(connect, find_servers=found, check=lambda _account, _password: answer),
        mock.patch.object(history, "count_history", return_value=there),
    ):
        yield


class Desks:
    """The desks that scenes play on: made when first wanted, gone in the end. `there`: a folder with a sample desk already."""

    def __init__(self, tickets: int, there: Path | None = None) -> None:
        self._tickets, self._there = tickets, there
        self._kept = ExitStack()
        self._sample: Desk | None = None

    def __enter__(self) -> Desks:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._kept.close()

    @contextmanager
    def of(self, kind: str) -> Iterator[Desk]:
        """An `empty` desk, the `sample` one, or a copy of that (`own`) for this scene alone."""
        if kind == "empty":
            with _opened(_folder()) as desk:
                yield desk
        elif kind == "sample":
            yield self.sample()
        else:
            with _copy(self.sample()) as desk:
                yield desk

    def sample(self) -> Desk:
        """The sample desk."""
        if self._sample is None and self._there is not None:
            self._sample = self._kept.enter_context(Desk.open(self._there))
        elif self._sample is None:
            self._sample = self._kept.enter_context(_opened(_folder()))
            fill(self._sample, tickets=self._tickets)
        return self._sample


def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="deskbell-scenes-"))


@contextmanager
def _opened(folder: Path) -> Iterator[Desk]:
    try:
        with Desk.open(folder, create=True) as desk:
            yield desk
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def copy_files(desk: Desk, there: Path) -> None:
    """What a desk consists of, and a backup of it, in another folder."""
    here = desk.workspace
    made = scheduled_backup(source_of(here), there / "backups", clock.now())
    shutil.copytree(here.packs, there / here.packs.name)
    shutil.copy(made.database, there / here.database.name)


@contextmanager
def _copy(desk: Desk) -> Iterator[Desk]:
    """A copy to let things go wrong on; an engine seems to run on it, and it is backed up."""
    there = _folder()
    copy_files(desk, there)
    with _opened(there) as copy:
        engine = FileLock(copy.workspace.engine_lock, role="engine")
        assert engine.acquire(timeout_s=5)
        try:
            yield copy
        finally:
            engine.release()


def _mailbox(desk: Desk) -> MailboxInfo:
    return desk.ask(mailboxes)[0]


def refuse_sign_in(desk: Desk) -> None:
    """The provider takes the password no more."""
    desk.work(pause_mailbox, _mailbox(desk).id, "sign_in", "[AUTHENTICATIONFAILED] Invalid credentials")


def pull_the_plug(desk: Desk) -> None:
    """There is no line, as the engine says it."""
    box = _mailbox(desk)
    desk.work(resume_mailbox, box.id)
    since = clock.now() - timedelta(minutes=47)
    said = {"mailbox": str(box.id), "state": "offline", "reason": "offline", "words": "", "at": since.isoformat()}
    desk.work(signals.send, "mailbox_state", said, ttl_s=86_400)


def letters(desk: Desk) -> list[UUID]:
    """What is to do and came by e-mail, newest first."""
    rows = desk.ask(ticket_rows, desk.ask(ticket_ids, view_named("to_do")), desk.me())
    return [row.id for row in rows if row.channel == "email"]


def html_mail(desk: Desk) -> UUID:
    """A mail with formatting and a picture from elsewhere comes in; its ticket. Comes once."""
    box = _mailbox(desk).id
    folder = folder_id(box, "INBOX")
    return desk.work(_take_in, folder, desk)


def _take_in(tx: Tx, folder: UUID, desk: Desk) -> UUID:
    digest = hashlib.sha256(_HTML.partition(b"\r\n\r\n")[0]).digest()
    ref = desk.packs.append(_HTML)
    desk.packs.flush()
    row = tx.get(MailFolder, folder)
    assert row is not None
    uid = 900_001
    mail = inbox.ReceivedMail(uid, clock.now() - timedelta(minutes=9), len(_HTML), digest, ref, was_there=False)
    made = inbox.receive(tx, folder, row.uidvalidity, [mail], cursor=uid)
    tx.flush()
    if made:
        inbox.count_attempt(tx, [made[uid]])
        inbox.ingest(tx, [inbox.MailToIngest(made[uid], parse(_HTML, want_html=False))], budget_s=60)
        tx.flush()
    found = tx.execute(select(MailItem.ticket).where(MailItem.folder == folder, MailItem.uid == uid)).scalar_one()
    assert found is not None
    return found


_HTML = """\
From: Ana Lindqvist <ana@lindqvist.example>
To: support@harbourlamp.example
Subject: The order for our three rooms
Message-ID: <rooms-three@lindqvist.example>
Date: Fri, 20 Nov 2026 13:59:00 +0000
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8

<html><body style="font-family:Georgia">
<h2 style="color:#7a3b00">Three rooms, one order</h2>
<p>Dear all, below is what we <b>agreed by telephone</b>. Could you confirm the dates?</p>
<table border="1" cellpadding="6"><tr><th>Room</th><th>Lamp</th><th align="right">Pieces</th><th>By</th></tr>
<tr><td>Reading room</td><td>Clamp lamp, sea green</td><td align="right">6</td><td>27 Nov</td></tr>
<tr><td>Foyer</td><td>Pendant, large</td><td align="right">2</td><td>4 Dec</td></tr>
<tr><td>Workshop</td><td>Swing arm, black</td><td align="right">4</td><td>4 Dec</td></tr></table>
<ul><li>Deliver to the <i>back</i> entrance</li><li>Ring twice</li></ul>
<blockquote>Whoever reads by good light reads longer.</blockquote>
<p><img src="https://pictures.lindqvist.example/logo.png" alt="Lindqvist"> <a href="https://lindqvist.example/orders/3">The order in our shop</a></p>
</body></html>
""".replace("\n", "\r\n").encode()
