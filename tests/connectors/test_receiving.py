"""Receiving from a real Dovecot: what the session shows, and that it leaves no trace."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

from app.connectors.contracts import Incoming
from app.connectors.email.folders import FolderRole
from app.connectors.email.imap import IdleResult, ImapSession
from app.connectors.email.imap_fetch import uid_sets
from app.connectors.email.imap_wire import Client
from app.connectors.wake import Wake
from app.kernel.errors import ExternalError, Reason
from tests.connectors.servers import receiving
from tests.servers.dovecot import Account, Dovecot
from tests.servers.wire import Wire


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


def test_folders_with_names_in_any_script(dovecot: Dovecot, account: Account) -> None:
    dovecot.deliver(account, b"Subject: x\r\n\r\n\r\n", "Büro & 受信")
    with ImapSession.open(receiving(dovecot, account)) as session:
        assert "Büro & 受信" in [folder.name for folder in session.folders()]
        assert session.status("Büro & 受信").exists == session.select("Büro & 受信").exists == 1
        with pytest.raises(ExternalError) as caught:
            session.select("no such folder")
        assert (caught.value.reason, session.usable) == (Reason.PROTOCOL, True)
        assert session.status("INBOX").exists == 0


def test_a_large_mail_comes_in_pieces_and_under_a_cap(dovecot: Dovecot, account: Account) -> None:
    raw = b"Subject: big\r\n\r\n" + b"0123456789abcdef\r\n" * 20_000
    dovecot.deliver(account, raw)
    dovecot.deliver(account, b"Subject: small\r\n\r\nx\r\n")
    with ImapSession.open(receiving(dovecot, account)) as session:
        session.select("INBOX")
        assert {uid: facts.size for uid, facts in session.facts([1, 2, 3])} == {1: len(raw), 2: 21}
        big, small = session.fetch([1, 2], cap=1000)
        assert (big.raw, big.size, big.truncated) == (raw[:1000], len(raw), True)
        assert not small.truncated
        pieces, at = bytearray(big.raw), 1000
        while piece := session.fetch_piece(1, at, 65_536):
            pieces += piece
            at += len(piece)
        assert bytes(pieces) == raw
        assert dict(session.headers([1, 2], ("Subject",))) == {1: b"Subject: big\r\n\r\n", 2: b"Subject: small\r\n\r\n"}


def test_a_wait_ends_by_new_mail_by_a_wake_up_call_and_by_time(dovecot: Dovecot, account: Account) -> None:
    wake = Wake()
    with ImapSession.open(receiving(dovecot, account)) as session:
        session.select("INBOX")
        assert session.idle(0.05, wake) == IdleResult(changed=False, woken=False)
        threading.Timer(0.1, wake.set).start()
        assert session.idle(30, wake) == IdleResult(changed=False, woken=True)
        wake.clear()
        threading.Timer(0.1, dovecot.deliver, (account, b"Subject: new\r\n\r\nx\r\n")).start()
        assert session.idle(30, wake) == IdleResult(changed=True, woken=False)
        assert session.uids() == [1]
    wake.close()


def test_uids_start_anew_after_a_change_of_uidvalidity(dovecot: Dovecot, account: Account) -> None:
    dovecot.deliver(account, b"Subject: x\r\n\r\n\r\n")
    with ImapSession.open(receiving(dovecot, account)) as session:
        before = session.select("INBOX").uidvalidity
    dovecot.new_uidvalidity(account)
    with ImapSession.open(receiving(dovecot, account)) as session:
        assert session.select("INBOX").uidvalidity != before


def test_a_changed_password_is_a_matter_of_signing_in(dovecot: Dovecot, account: Account) -> None:
    old = receiving(dovecot, account)
    dovecot.change_password(account)
    with pytest.raises(ExternalError) as caught:
        ImapSession.open(old)
    assert (caught.value.reason, caught.value.retryable) == (Reason.SIGN_IN, False)
    assert old.secret.reveal() not in f"{caught.value!r}{caught.value.words}{old!r}"
    ImapSession.open(receiving(dovecot, account)).close()


def test_a_line_cut_in_the_middle_of_a_mail_is_an_error_and_not_a_short_mail(
    dovecot: Dovecot, account: Account
) -> None:
    for _ in range(3):
        dovecot.deliver(account, b"Subject: x\r\n\r\n" + b"y" * 70 * 1000 + b"\r\n")
    with Wire(dovecot.imap) as wire, ImapSession.open(receiving(dovecot, account, "imap", wire.port)) as session:
        session.select("INBOX")
        wire.cut_after_down = wire.down + 100_000
        whole: list[Incoming] = []
        with pytest.raises(ExternalError) as caught:
            whole.extend(session.fetch([1, 2, 3]))
        assert caught.value.retryable
        assert [mail.uid for mail in whole] == [1]
        assert not whole[0].truncated


def test_a_wait_notices_that_the_line_was_cut(dovecot: Dovecot, account: Account) -> None:
    with Wire(dovecot.imap) as wire, ImapSession.open(receiving(dovecot, account, "imap", wire.port)) as session:
        session.select("INBOX")
        threading.Timer(0.1, wire.cut).start()
        with pytest.raises(ExternalError) as caught:
            session.idle(30)
        assert caught.value.retryable


def test_another_thread_can_cut_a_wait_short(dovecot: Dovecot, account: Account) -> None:
    with ImapSession.open(receiving(dovecot, account)) as session:
        session.select("INBOX")
        threading.Timer(0.1, session.abort).start()
        with pytest.raises(ExternalError):
            session.idle(30)


def test_a_reader_who_stops_early_gets_no_stale_answers_later(dovecot: Dovecot, account: Account) -> None:
    dovecot.deliver(account, b"Subject: 1\r\n\r\n\r\n")
    dovecot.deliver(account, b"Subject: 2\r\n\r\n\r\n")
    with ImapSession.open(receiving(dovecot, account)) as session:
        session.select("INBOX")
        stream = session.fetch([1, 2])
        assert next(iter(stream)).uid == 1
        del stream
        with pytest.raises(ExternalError):
            session.uids()


def test_imaplib_neither_formats_nor_keeps_what_passes(dovecot: Dovecot, account: Account) -> None:
    client = Client(receiving(dovecot, account))
    client.login(account.user, account.password)
    assert client.wire.debug == 0
    assert account.password not in repr(vars(client.wire))
    client.logout()


def test_uid_sets_join_neighbours_keep_the_order_and_stay_short() -> None:
    assert list(uid_sets([5, 6, 7, 9, 1, 2])) == [b"5:7,9,1:2"]
    assert list(uid_sets([])) == []
    chunks = list(uid_sets(range(1_000_000, 1_050_000, 2)))
    assert max(map(len, chunks)) < 4000
    assert [int(uid) for chunk in chunks for uid in chunk.split(b",")] == list(range(1_000_000, 1_050_000, 2))
    assert len(list(uid_sets(range(1, 10_001)))) == 10
