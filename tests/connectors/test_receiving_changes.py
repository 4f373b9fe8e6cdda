"""What a session tells of changes: mails that left, sleep of the computer, sizes and names, bytes moved."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, repeat

import pytest

from app.connectors.email import imap_wire
from app.connectors.email.imap import ImapSession
from app.connectors.email.imap_compress import Packed
from app.connectors.email.imap_folder import Seen, folder_name, state_of, uid_ranges
from app.connectors.wake import AwakeClock, Wake
from app.kernel.errors import ExternalError, Reason
from tests.connectors.servers import loopback, receiving
from tests.servers.bad_imap import OK, BadImap
from tests.servers.dovecot import Account, Dovecot, can_compress


def test_opening_a_folder_again_tells_what_left_it_without_a_listing(dovecot: Dovecot, account: Account) -> None:
    for number in range(6):
        dovecot.deliver(account, b"Subject: %d\r\n\r\nx\r\n" % number)
    with ImapSession.open(receiving(dovecot, account)) as session:
        first = session.select("INBOX")
        assert (first.vanished, first.highestmodseq is not None) == (None, True)
        assert first.highestmodseq is not None
        seen = Seen(first.uidvalidity, first.highestmodseq)
        dovecot.delete(account, [2, 3, 5])
        session.select("Sent")
        again = session.select("INBOX", seen)
        assert again.vanished is not None
        assert {uid for low, high in again.vanished for uid in range(low, high + 1)} == {2, 3, 5}
        assert (again.exists, session.uids()) == (3, [1, 4, 6])
        assert session.select("INBOX", Seen(again.uidvalidity + 1, 1)).vanished is None


def test_extensions_are_enabled_before_the_first_folder_is_opened() -> None:
    script = {
        "CAPABILITY": [b"* CAPABILITY IMAP4rev1 AUTH=PLAIN ENABLE CONDSTORE QRESYNC\r\n", OK],
        "ENABLE": [b"* ENABLED QRESYNC\r\n", OK],
    }
    with BadImap(script) as server, ImapSession.open(loopback("imap", server.port)) as session:
        session.select("INBOX", Seen(7, 9))
        said = [one for one in server.commands if one.startswith(("ENABLE", "EXAMINE"))]
    assert said == ["ENABLE QRESYNC", 'EXAMINE "INBOX" (QRESYNC (7 9))']


@pytest.mark.parametrize("answer", [b"{tag} BAD what\r\n", b"{tag} NO not now\r\n"])
def test_a_server_that_balks_at_what_it_promised_is_still_read(answer: bytes) -> None:
    script = {
        "CAPABILITY": [b"* CAPABILITY IMAP4rev1 AUTH=PLAIN ENABLE QRESYNC\r\n", OK],
        "ENABLE": [b"* ENABLED QRESYNC\r\n", OK],
        'EXAMINE "INBOX" (': [answer],
    }
    with BadImap(script) as server, ImapSession.open(loopback("imap", server.port)) as session:
        assert session.select("INBOX", Seen(7, 9)).exists == 1
        assert session.select("INBOX", Seen(7, 9)).vanished is None
        assert sum("QRESYNC (" in one for one in server.commands) == 1


def test_answers_to_opening_a_folder_are_read_with_patience() -> None:
    lines = [
        b"* ok [uidvalidity 5] x\r\n",
        b"* 12 exists\r\n",
        b"* VANISHED (EARLIER) 4,7:9,x,12:11\r\n",
        b"* what\r\n",
    ]
    state = state_of([*lines, b"* OK [HIGHESTMODSEQ 40]\r\n"], Seen(5, 30))
    assert (state.uidvalidity, state.exists, state.uidnext) == (5, 12, None)
    assert state.vanished == ((4, 4), (7, 9), (11, 12))
    assert state_of([*lines, b"* OK [NOMODSEQ] x\r\n"], Seen(5, 30)).vanished is None
    assert state_of([], None).uidvalidity == 1  # none named: it never changes
    assert uid_ranges(b"*") == []


def test_folder_names_are_quoted_and_control_characters_refused() -> None:
    assert folder_name('a "b" \\ & ü') == b'"a \\"b\\" \\\\ &- &APw-"'
    with pytest.raises(ValueError, match="control"):
        folder_name("a\r\nb")


def _jumping(jump_s: float) -> Iterator[float]:
    """A wall clock that stands at 1,000 s and, at its third reading, has gone on by `jump_s`."""
    return chain([1000.0, 1000.0], repeat(1000.0 + jump_s))


@pytest.mark.parametrize("idles", [True, False])
def test_a_computer_that_slept_does_not_trust_its_connection(dovecot: Dovecot, account: Account, idles: bool) -> None:
    with ImapSession.open(receiving(dovecot, account)) as session:
        session.select("INBOX")
        if not idles:
            session.capabilities = type(session.capabilities)(frozenset())
        times = _jumping(3600)
        result = session.idle(60, awake=AwakeClock(lambda: next(times), slice_s=0.01))
        assert (result.slept, session.usable) == (True, False)


def test_a_pause_ends_when_the_computer_wakes_up() -> None:
    wake, times, calm = Wake(), _jumping(3600), _jumping(1)
    assert not wake.wait_awake(600, AwakeClock(lambda: next(times), slice_s=0.01))
    assert not wake.wait_awake(0.05, AwakeClock(lambda: next(calm), slice_s=0.01))
    threading.Timer(0.05, wake.set).start()
    assert wake.wait_awake(600)
    wake.close()


def test_a_line_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap_wire, "LINE_MAX", 10_000)
    script = {"UID SEARCH": [b"* SEARCH " + b"1 " * 400_000, b"\r\n", OK]}
    with BadImap(script) as server, ImapSession.open(loopback("imap", server.port)) as session:
        session.select("INBOX")
        with pytest.raises(ExternalError) as caught:
            session.uids()
        assert (caught.value.reason, session.usable) == (Reason.PROTOCOL, False)


def test_a_literal_of_gigabytes_takes_no_memory_before_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    script = {"UID FETCH": [b"* 1 FETCH (UID 1 BODY[] {3500000000}\r\n", b"x" * 100_000, b"\0hang up"]}
    with BadImap(script) as server, ImapSession.open(loopback("imap", server.port)) as session:
        session.select("INBOX")
        with pytest.raises(ExternalError):
            list(session.fetch([1], cap=50_000))
        assert len(session._client.wire._buffer) < 300_000


def test_names_of_mails_that_are_the_same_in_every_folder() -> None:
    facts = (
        b'* 1 FETCH (UID 1 INTERNALDATE "01-Mar-2026 10:00:00 +0000" RFC822.SIZE 9 "EMAILID" (M6d99ac3275bb4e))\r\n'
        b"* 2 FETCH (FLAGS (\\Seen))\r\n* 2 FETCH (RFC822.SIZE 8 UID 2)\r\n* 3 FETCH (UID 3 FLAGS ())\r\n"
    )
    script = {
        "CAPABILITY": [b"* CAPABILITY IMAP4rev1 AUTH=PLAIN OBJECTID\r\n", OK],
        "UID FETCH": [facts, OK],
    }
    with BadImap(script) as server, ImapSession.open(loopback("imap", server.port)) as session:
        session.select("INBOX")
        found = dict(session.facts([1, 2, 3]))
        assert {uid: (one.size, one.provider_id) for uid, one in found.items()} == {
            1: (9, "id:M6d99ac3275bb4e"),
            2: (8, ""),
        }
        assert "EMAILID" in server.commands[-1]


def test_a_piece_of_a_mail_that_left_is_none_and_behind_the_end_is_nothing(dovecot: Dovecot, account: Account) -> None:
    dovecot.deliver(account, b"Subject: x\r\n\r\n0123456789\r\n")
    with ImapSession.open(receiving(dovecot, account)) as session:
        session.select("INBOX")
        assert session.fetch_piece(1, 14, 4) == b"0123"
        assert session.fetch_piece(1, 500, 4) == b""
        assert session.fetch_piece(9, 0, 4) is None


def test_bytes_are_counted_in_both_directions(dovecot: Dovecot, account: Account) -> None:
    dovecot.deliver(account, b"Subject: x\r\n\r\n" + b"0123456789" * 1000 + b"\r\n")
    with ImapSession.open(receiving(dovecot, account)) as session:
        session.select("INBOX")
        before = session.traffic
        list(session.fetch([1]))
        received, sent = session.traffic[0] - before[0], session.traffic[1] - before[1]
        assert 10_000 < received < 11_000
        assert 20 < sent < 200


def test_over_a_slow_line_both_directions_are_packed(dovecot: Dovecot, account: Account) -> None:
    if not can_compress():
        pytest.skip("this Dovecot cannot compress")
    raw = b"Subject: x\r\n\r\n" + b"The same words again and again.\r\n" * 5_000
    for _ in range(3):
        dovecot.deliver(account, raw)
    for scheme in ("imap", "imaps", "imap+starttls"):
        server = replace(receiving(dovecot, account, scheme), is_slow=True)
        with ImapSession.open(server) as session:
            session.select("INBOX")
            assert [mail.raw for mail in session.fetch([1, 2, 3])] == [raw] * 3
            assert session.fetch_piece(1, 14, 8) == b"The same"
            assert session.traffic[0] < len(raw) // 5
            assert not session.idle(0.01).changed
            threading.Timer(0.1, dovecot.deliver, (account, b"Subject: new\r\n\r\nx\r\n")).start()
            assert session.idle(30).changed


@pytest.mark.parametrize("answer", [b"{tag} NO no\r\n", b"{tag} BAD what\r\n"])
def test_a_server_that_will_not_pack_is_read_as_it_is(answer: bytes) -> None:
    script = {"CAPABILITY": [b"* CAPABILITY IMAP4rev1 AUTH=PLAIN COMPRESS=DEFLATE\r\n", OK], "COMPRESS": [answer]}
    with BadImap(script) as server, ImapSession.open(replace(loopback("imap", server.port), is_slow=True)) as session:
        assert session.select("INBOX").exists == 1


def test_a_damaged_packed_stream_is_told_and_a_huge_one_comes_in_steps() -> None:
    script = {
        "CAPABILITY": [b"* CAPABILITY IMAP4rev1 AUTH=PLAIN COMPRESS=DEFLATE\r\n", OK],
        "COMPRESS": [b"{tag} OK\r\n\xff\xff\xff\xff this is no deflate"],
    }
    with BadImap(script) as server:
        with (
            pytest.raises(ExternalError) as caught,
            ImapSession.open(replace(loopback("imap", server.port), is_slow=True)) as session,
        ):
            session.select("INBOX")
        assert caught.value.reason is Reason.PROTOCOL
    packed, bomb = Packed(), zlib.compressobj(9, zlib.DEFLATED, -15)
    packed.take(bomb.compress(b"\0" * 300_000_000) + bomb.flush(zlib.Z_SYNC_FLUSH))
    assert len(packed.unpack()) <= 1 << 20
    assert packed.has_more
