"""IMAP servers that do what no good server does: a clear reason, no hanging, nothing lost."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.connectors.email import imap_fetch
from app.connectors.email.config import AuthKind, Secret
from app.connectors.email.folders import FolderRole, with_roles
from app.connectors.email.imap import ImapSession
from app.kernel.errors import ExternalError, Reason
from tests.connectors.servers import loopback
from tests.servers.bad_imap import HANG_UP, NO, OK, SILENCE, BadImap
from tests.servers.certs import Authority
from tests.servers.ports import free_ports


def failure(server: BadImap, scheme: str = "imap", **trust: object) -> ExternalError:
    """What opening a session and reading the inbox raises."""
    with pytest.raises(ExternalError) as caught:
        read(server, scheme, **trust)
    return caught.value


def read(server: BadImap, scheme: str = "imap", **trust: object) -> list[tuple[int, bytes]]:
    with ImapSession.open(loopback(scheme, server.port, **trust)) as session:  # type: ignore[arg-type]
        session.select("INBOX")
        return [(mail.uid, mail.raw) for mail in session.fetch(session.uids())]


SEARCH = {"UID SEARCH": [b"* SEARCH 1\r\n", OK]}


@pytest.mark.parametrize(
    ("answer", "mails"),
    [
        (b'* 1 FETCH ("UID" 1 "FLAGS" (\\Seen) "BODY[]" {4}\r\nmail)\r\n', [(1, b"mail")]),
        (b"* 1 FETCH (BODY[] {4}\r\nmail FLAGS () UID 1)\r\n", [(1, b"mail")]),
        (b'* 1 FETCH (UID 1 BODY[] "ma\\"il")\r\n', [(1, b'ma"il')]),
        (b"* 1 FETCH (FLAGS (\\Seen))\r\n* 2 EXISTS\r\n* 1 FETCH (UID 1 BODY[] {4}\r\nmail)\r\n", [(1, b"mail")]),
        (b"* 1 FETCH (FLAGS (UID 7) UID 1 BODY[] {4}\r\nmail)\r\n", [(1, b"mail")]),
        (b"* 1 FETCH (UID 1 BODY[] NIL)\r\n", []),
        (b"* 1 FETCH (UID 1 FLAGS ())\r\n", []),
        (b"* OK [ALERT] disk is full\r\n", []),
    ],
    ids=["quoted keys", "uid last", "quoted body", "unasked", "flag named UID", "nil", "no body", "nothing"],
)
def test_fetch_answers_of_all_kinds(answer: bytes, mails: list[tuple[int, bytes]]) -> None:
    with BadImap({**SEARCH, "UID FETCH": [answer, OK]}) as server:
        assert read(server) == mails


@pytest.mark.parametrize(
    ("script", "greeting", "reason"),
    [
        ({}, b"* BYE too many connections\r\n", Reason.BUSY),
        ({}, b"HTTP/1.1 400 Bad Request\r\n\r\n", Reason.PROTOCOL),
        ({"AUTHENTICATE": [b"{tag} NO [AUTHENTICATIONFAILED] wrong\r\n"]}, b"", Reason.SIGN_IN),
        ({"AUTHENTICATE": [b"{tag} NO [UNAVAILABLE] later\r\n"]}, b"", Reason.BUSY),
        ({"CAPABILITY": [b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n", OK]}, b"", Reason.PLAIN),
        ({"EXAMINE": [SILENCE]}, b"", Reason.OFFLINE),
        ({"EXAMINE": [NO]}, b"", Reason.PROTOCOL),
        ({"UID SEARCH": [b"* BYE shutting down\r\n", HANG_UP]}, b"", Reason.BUSY),
        ({**SEARCH, "UID FETCH": [b"* 1 FETCH (UID 1 BODY[] {4000}\r\nmai", HANG_UP]}, b"", Reason.PROTOCOL),
        ({**SEARCH, "UID FETCH": [b"* 1 FETCH (UID 1 BODY[] {99999999999999}\r\nmail)\r\n", OK]}, b"", Reason.PROTOCOL),
        ({**SEARCH, "UID FETCH": [b"* 1 FETCH (UID 1 BODY[] {4000}\r\nmai", SILENCE]}, b"", Reason.OFFLINE),
    ],
    ids=[
        "bye as greeting", "no imap", "wrong password", "busy sign-in", "login disabled", "silence", "no such folder",
        "bye", "hang-up in a mail", "endless mail", "silence in a mail",
    ],
)  # fmt: skip
def test_the_reason_is_told(script: dict[str, list[bytes]], greeting: bytes, reason: Reason) -> None:
    with BadImap(script, greeting=greeting or b"* OK ready\r\n") as server:
        error = failure(server, timeout_s=0.5 if reason is Reason.OFFLINE else 10)
    assert error.reason is reason
    assert "pässword" not in f"{error!r} {error.words}"


def test_a_server_that_repeats_the_password_does_not_get_it_into_our_words() -> None:
    with BadImap({"AUTHENTICATE": [b"{tag} NO p\xc3\xa4ssword is wrong\r\n"]}) as server:
        assert failure(server).words.endswith("… is wrong")


def test_encryption_that_is_not_offered_stops_before_the_password() -> None:
    with BadImap() as server:
        error = failure(server, "imap+starttls")
        assert (error.reason, error.retryable) == (Reason.PLAIN, False)
        assert not [said for said in server.commands if said.startswith(("AUTHENTICATE", "LOGIN "))]


def test_words_put_in_before_the_handshake_are_not_believed(authority: Authority) -> None:
    script = {
        "CAPABILITY": [b"* CAPABILITY IMAP4rev1 STARTTLS\r\n", OK],
        "STARTTLS": [b"{tag} OK go\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n"],
    }
    with BadImap(script) as server:
        assert failure(server, "imap+starttls", cafile=authority.ca).reason in {Reason.PROTOCOL, Reason.TLS}
        assert not [said for said in server.commands if said.startswith("AUTHENTICATE")]


def test_only_a_trusted_or_the_pinned_certificate_is_accepted(authority: Authority) -> None:
    good, expired, other = authority.leaf(), authority.leaf(expired=True), authority.leaf("mail.example.test")
    with BadImap(leaf=good) as server:
        ImapSession.open(loopback("imaps", server.port, cafile=authority.ca)).close()
        assert failure(server, "imaps").reason is Reason.TLS  # signed by nobody this machine knows
        ImapSession.open(loopback("imaps", server.port, pinned=good.sha256.upper())).close()
        assert failure(server, "imaps", pinned=other.sha256).reason is Reason.TLS
    for leaf in (expired, other):
        with BadImap(leaf=leaf) as server:
            error = failure(server, "imaps", cafile=authority.ca)
            assert (error.reason, error.retryable, server.commands) == (Reason.TLS, False, [])


def test_a_token_is_handed_over_as_a_token() -> None:
    script = {"CAPABILITY": [b"* CAPABILITY IMAP4rev1 AUTH=XOAUTH2 AUTH=PLAIN\r\n", OK]}
    with BadImap(script) as server:
        ImapSession.open(replace(loopback("imap", server.port), auth=AuthKind.XOAUTH2, secret=Secret("ya29"))).close()
        said = server.commands[server.commands.index("AUTHENTICATE XOAUTH2") + 1]
    assert base64.b64decode(said) == b"user=user@example.test\1auth=Bearer ya29\1\1"


@given(st.binary(max_size=300))
def test_no_answer_makes_the_reader_stumble(line: bytes) -> None:
    wrapped = b'* 1 FETCH (UID 5 "INTERNALDATE" "' + line + b'" FLAGS (' + line + b") BODY[] " + line
    for text in (line, wrapped):
        imap_fetch.uid_of(text)
        imap_fetch.size_of(text)
        imap_fetch.flags_of(text)
        imap_fetch.internal_at_of(text)
        imap_fetch.quoted_body_of(text)


def test_nobody_at_home() -> None:
    with pytest.raises(ExternalError) as caught:
        ImapSession.open(loopback("imap", free_ports(1)[0]))
    assert caught.value.reason is Reason.HOST


def test_a_server_without_idle_is_looked_at_once_in_a_while() -> None:
    script = {
        "CAPABILITY": [b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n", OK],
        "NOOP": [b"* 2 EXISTS\r\n", OK],
        "EXAMINE": [b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n", b"{tag} OK [READ-ONLY] no UIDNEXT here\r\n"],
    }
    with BadImap(script) as server, ImapSession.open(loopback("imap", server.port)) as session:
        assert session.select("INBOX").uidnext is None
        assert session.idle(0.01).changed


def test_news_sent_with_the_idle_answer_are_not_overlooked() -> None:
    idle = [b"+ idling\r\n* 5 EXISTS\r\n", b"\0await done", OK]
    with BadImap({"IDLE": idle}) as server, ImapSession.open(loopback("imap", server.port)) as session:
        session.select("INBOX")
        assert session.idle(60).changed


def test_a_server_that_says_ok_and_no_more_is_understood() -> None:
    script = {"UID SEARCH": [b"* SEARCH 1\r\n", b"{tag} ok\r\n"], "NOOP": [b"{tag} OK\r\n"]}
    with BadImap(script) as server, ImapSession.open(loopback("imap", server.port)) as session:
        session.select("INBOX")
        assert (session.uids(), session.noop()) == ([1], False)


def test_arrival_times_that_are_none_do_not_lose_the_mail() -> None:
    fetch = (
        b'* 1 FETCH (UID 1 INTERNALDATE "31-Foo-2024 10:00:00 +0000" BODY[] {1}\r\na)\r\n'
        b'* 2 FETCH (UID 2 INTERNALDATE " 1-Jan-2024 00:30:00 +0130" BODY[] {1}\r\nb)\r\n'
    )
    script = {"UID SEARCH": [b"* SEARCH 1 2\r\n", OK], "UID FETCH": [fetch, OK]}
    with BadImap(script) as server, ImapSession.open(loopback("imap", server.port)) as session:
        session.select("INBOX")
        assert [mail.internal_at for mail in session.fetch([1, 2])] == [None, datetime(2023, 12, 31, 23, 0, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("listed", "sent", "junk"),
    [
        ([("INBOX", (), "."), ("Sent", ("\\sent",), "."), ("x", ("\\JUNK",), ".")], "Sent", "x"),
        ([("INBOX", (), "."), ("INBOX.Gesendete Objekte", (), "."), ("INBOX.Spam", (), ".")], "INBOX.Gesendete Objekte", "INBOX.Spam"),
        ([("送信済みメール", (), "/"), ("迷惑メール", (), "/")], "送信済みメール", "迷惑メール"),
        ([("Отправленные", (), "/"), ("Project/Sent", (), "/")], "Отправленные", None),
        ([("Old", ("\\Sent",), "/"), ("Sent", (), "/")], "Old", None),
        ([("Sent", ("\\Noselect",), "/"), ("Sent Items", (), "/")], "Sent Items", None),
    ],
)  # fmt: skip
def test_special_folders_by_flag_and_by_name(
    listed: list[tuple[str, tuple[str, ...], str]], sent: str | None, junk: str | None
) -> None:
    roles = {folder.role: folder.name for folder in with_roles(listed)}
    assert (roles.get(FolderRole.SENT), roles.get(FolderRole.JUNK)) == (sent, junk)
