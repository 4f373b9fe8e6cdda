"""Receiving from a real Dovecot: what the session shows, and that it leaves no trace."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.connectors.email.config import MailServer, Secret, ServerUrl
from app.connectors.email.folders import FolderRole
from app.connectors.email.imap import ImapSession
from tests.servers.dovecot import Account, Dovecot


def receiving(dovecot: Dovecot, account: Account, scheme: str = "imaps") -> MailServer:
    port = dovecot.imaps if scheme == "imaps" else dovecot.imap
    url = ServerUrl.parse(f"{scheme}://localhost:{port}")
    return MailServer(
        url, account.user, Secret(account.password), cafile=dovecot.cafile, timeout_s=10, mailbox="support"
    )


@pytest.mark.parametrize("scheme", ["imaps", "imap+starttls", "imap"])
def test_a_mail_comes_as_it_is_and_nothing_changes_on_the_server(
    dovecot: Dovecot, account: Account, scheme: str
) -> None:
    raw = b"Subject: =?utf-8?q?caf=C3=A9?=\r\n\r\nbytes \xff\x01 {12}\r\n* 3 FETCH (UID 9)\r\n"
    at = datetime(2024, 2, 29, 23, 59, 58, tzinfo=UTC)
    dovecot.deliver(account, raw, at=at)
    dovecot.deliver(account, b"Subject: two\r\n\r\n\r\n", flags=("\\Seen",))
    before = dovecot.flags(account)
    with ImapSession.open(receiving(dovecot, account, scheme)) as session:
        state = session.select("INBOX")
        assert (state.exists, state.uidnext) == (2, 3)
        assert session.uids() == [1, 2]
        assert session.uids(after=2) == []  # the server itself answers `3:*` with 2
        first, second = session.fetch([1, 2, 77])
    assert (first.raw, first.size, first.truncated, first.internal_at) == (raw, len(raw), False, at)
    assert (first.mailbox, first.folder, first.uidvalidity, first.uid) == ("support", "INBOX", state.uidvalidity, 1)
    assert "\\Seen" in second.flags
    assert dovecot.flags(account) == before


def test_special_folders_are_known_and_a_sent_copy_is_found_again(dovecot: Dovecot, account: Account) -> None:
    with ImapSession.open(receiving(dovecot, account)) as session:
        roles = {folder.role: folder.name for folder in session.folders()}
        assert roles[FolderRole.SENT] == "Sent"
        assert roles[FolderRole.JUNK] == "Junk"
        uid = session.append("Sent", b"X-Deskbell-Id: abc123\r\nSubject: x\r\n\r\nhello\r\n")
        assert uid is not None
        assert session.find_by_header("Sent", "X-Deskbell-Id", "abc123") == [uid]
        assert session.find_by_header("Sent", "X-Deskbell-Id", "abc124") == []
        assert session.status("Sent").exists == 1
