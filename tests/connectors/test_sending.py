"""Handing over to a real SMTP server that behaves, refuses, or breaks off at every phase."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.connectors.contracts import Outgoing, Phase, Receipt, Refusal
from app.connectors.email.faults import SendError
from app.connectors.email.smtp import SmtpSession
from app.kernel.errors import ExternalError, Reason, UserError
from tests.connectors.servers import loopback
from tests.servers.certs import Authority
from tests.servers.ports import free_ports
from tests.servers.smtp import SmtpServer
from tests.servers.wire import Wire

LETTER = b"From: me@example.test\r\nSubject: hello\r\n\r\n.a line that begins with a dot\r\n.\r\nlast\r\n"


def outgoing(*recipients: str, raw: bytes = LETTER) -> Outgoing:
    return Outgoing(raw, "me@example.test", recipients or ("ann@example.test",))


def send(server: SmtpServer, mail: Outgoing, phases: list[Phase] | None = None, port: int = 0) -> None:
    with SmtpSession.open(loopback("smtp", port or server.port)) as session:
        session.send(mail, (phases if phases is not None else []).append)


@pytest.mark.parametrize(("security", "scheme"), [("plain", "smtp"), ("starttls", "smtp+starttls"), ("tls", "smtps")])
def test_the_bytes_arrive_as_they_are_after_signing_in(authority: Authority, security: str, scheme: str) -> None:
    phases: list[Phase] = []
    with SmtpServer(security=security, leaf=authority.leaf(), auth=True) as server:
        server.orders.password = "pässword"
        with SmtpSession.open(loopback(scheme, server.port, cafile=authority.ca), phases.append) as session:
            receipt = session.send(outgoing("ann@example.test", "bob@example.test"), phases.append)
        letter = server.wait_for(1)[0]
    assert phases == [Phase.CONNECT, Phase.ENVELOPE, Phase.DATA]
    assert (receipt.accepted, receipt.refused) == (("ann@example.test", "bob@example.test"), {})
    assert receipt.response.startswith("250 ")
    assert (letter.raw, letter.sender, letter.recipients) == (LETTER, "me@example.test", receipt.accepted)
    assert letter.user == "user@example.test"


def test_a_refused_recipient_is_named_and_the_others_get_the_mail(smtp: SmtpServer) -> None:
    smtp.refuse["bob@example.test"] = "550 5.1.1 No such user"
    smtp.refuse["cat@example.test"] = "451 4.3.0 Try later"
    with SmtpSession.open(loopback("smtp", smtp.port)) as session:
        receipt = session.send(outgoing("ann@example.test", "bob@example.test", "cat@example.test"))
    assert receipt.accepted == ("ann@example.test",)
    assert receipt.refused["bob@example.test"] == Refusal(550, "5.1.1 No such user", permanent=True)
    assert not receipt.refused["cat@example.test"].permanent
    assert smtp.wait_for(1)[0].recipients == ("ann@example.test",)


def test_when_all_are_refused_nothing_is_sent_and_the_line_stays_usable(smtp: SmtpServer) -> None:
    smtp.refuse["bob@example.test"] = "550 5.1.1 No such user"
    phases: list[Phase] = []
    with SmtpSession.open(loopback("smtp", smtp.port)) as session:
        receipt = session.send(outgoing("bob@example.test"), phases.append)
        assert (receipt.accepted, phases, smtp.letters) == ((), [Phase.ENVELOPE], [])
        assert session.send(outgoing("ann@example.test")).accepted == ("ann@example.test",)


@pytest.mark.parametrize(
    ("drop", "phase", "uncertain", "kept"),
    [
        ("mail", Phase.ENVELOPE, False, 0),
        ("rcpt", Phase.ENVELOPE, False, 0),
        ("data", Phase.DATA, True, 0),
        ("data-kept", Phase.DATA, True, 1),
    ],
)
def test_only_a_break_in_the_data_phase_is_uncertain(
    smtp: SmtpServer, drop: str, phase: Phase, uncertain: bool, kept: int
) -> None:
    smtp.orders.drop = drop
    phases: list[Phase] = []
    with pytest.raises(SendError) as caught:
        send(smtp, outgoing(), phases)
    assert (caught.value.phase, caught.value.uncertain, caught.value.retryable) == (phase, uncertain, True)
    assert phases[-1] is phase  # told before the step, so that it could be stored
    assert len(smtp.letters) == kept


def test_a_line_cut_while_the_bytes_flow_is_uncertain(smtp: SmtpServer) -> None:
    with Wire(smtp.port) as wire:
        wire.cut_after_up = 500_000
        with pytest.raises(SendError) as caught:
            send(smtp, outgoing(raw=b"Subject: big\r\n\r\n" + b"x" * 70 * 20_000 + b"\r\n"), port=wire.port)
    assert (caught.value.phase, caught.value.uncertain, smtp.letters) == (Phase.DATA, True, [])


def test_a_server_that_says_nothing_after_the_final_dot_leaves_it_uncertain(smtp: SmtpServer) -> None:
    smtp.orders.hold = "data-kept"
    with SmtpSession.open(loopback("smtp", smtp.port)) as session:
        session._server = replace(session._server, timeout_s=0.1)  # from here on
        with pytest.raises(SendError) as caught:
            session.send(outgoing())
    assert (caught.value.phase, caught.value.uncertain) == (Phase.DATA, True)
    assert len(smtp.wait_for(1)) == 1
    smtp.orders.hold = ""


def test_a_silent_server_ends_in_good_time(smtp: SmtpServer) -> None:
    with Wire(smtp.port) as wire:
        wire.stall()
        with pytest.raises(SendError) as caught:
            SmtpSession.open(loopback("smtp", wire.port, timeout_s=0.5))
    assert (caught.value.reason, caught.value.uncertain) == (Reason.OFFLINE, False)


@pytest.mark.parametrize(
    ("answer", "reason", "retryable"),
    [
        ("554 5.7.1 looks like spam", Reason.REFUSED, False),
        ("452 4.2.2 mailbox full", Reason.BUSY, True),
        ("530 5.7.0 sign in first", Reason.SIGN_IN, False),
    ],
)
def test_a_server_that_says_no_is_definite(smtp: SmtpServer, answer: str, reason: Reason, retryable: bool) -> None:
    for place in ("refuse_mail", "refuse_data"):
        smtp.orders.refuse_mail = smtp.orders.refuse_data = ""
        setattr(smtp.orders, place, answer)
        with pytest.raises(SendError) as caught:
            send(smtp, outgoing())
        error = caught.value
        assert (error.reason, error.retryable, error.uncertain, error.code) == (
            reason,
            retryable,
            False,
            int(answer[:3]),
        )
        assert answer[4:] in error.words


def test_a_mail_that_is_too_large_is_not_even_begun() -> None:
    with SmtpServer(size_limit=1000) as server, pytest.raises(SendError) as caught:
        send(server, outgoing(raw=b"Subject: x\r\n\r\n" + b"y" * 900 + b"\r\n" + b"z" * 200))
    assert (caught.value.phase, caught.value.reason, caught.value.retryable) == (Phase.ENVELOPE, Reason.REFUSED, False)
    assert "1,000" in str(caught.value)


def test_letters_beyond_ascii_are_used_only_where_the_server_takes_them() -> None:
    mail = outgoing("jürgen@example.test", "ann@bücher.example")
    with SmtpServer() as server:
        send(server, mail)
        letter = server.wait_for(1)[0]
        assert letter.recipients == ("jürgen@example.test", "ann@xn--bcher-kva.example")
        assert "SMTPUTF8" in letter.options
    with SmtpServer(utf8=False) as server:
        with pytest.raises(SendError) as caught:
            send(server, mail)
        assert (caught.value.reason, server.letters) == (Reason.REFUSED, [])
        send(server, outgoing("ann@bücher.example"))  # a domain has an ASCII form
        assert server.wait_for(1)[0].recipients == ("ann@xn--bcher-kva.example",)


@pytest.mark.parametrize("address", ["a@b.test>\r\nRCPT TO:<c@d.test", "a b@c.test", "a@b.test\n"])
def test_an_address_cannot_carry_a_command(smtp: SmtpServer, address: str) -> None:
    with pytest.raises(UserError):
        send(smtp, outgoing(address))
    assert smtp.letters == []


def test_a_bare_line_end_cannot_smuggle_in_a_second_mail(smtp: SmtpServer) -> None:
    send(smtp, outgoing(raw=b"Subject: x\r\n\r\nbody\n.\nMAIL FROM:<evil@example.test>\r.\r\nend"))
    assert smtp.wait_for(1)[0].raw == b"Subject: x\r\n\r\nbody\r\n.\r\nMAIL FROM:<evil@example.test>\r\n.\r\nend\r\n"
    assert len(smtp.letters) == 1


def test_dots_are_doubled_wherever_a_large_mail_is_cut_into_pieces(
    smtp: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.connectors.email.smtp._PIECE", 3)
    raw = b"Subject: dots\r\n\r\n.\r\n..\r\na.b\r\n.\r\nfour letters.\r\n\r\n.end\r\n"
    send(smtp, outgoing(raw=raw))
    assert smtp.wait_for(1)[0].raw == raw


def test_what_on_phase_raises_stops_before_the_step(smtp: SmtpServer) -> None:
    def lost(phase: Phase) -> None:
        if phase is Phase.DATA:
            raise UserError("somebody cancelled it")

    with SmtpSession.open(loopback("smtp", smtp.port)) as session, pytest.raises(UserError):
        session.send(outgoing(), lost)
    assert smtp.letters == []


def test_signing_in_fails_and_encryption_is_missing(authority: Authority) -> None:
    with SmtpServer(auth=True) as server:
        server.orders.password = "another"
        with pytest.raises(SendError) as caught:
            SmtpSession.open(loopback("smtp", server.port))
        assert (caught.value.reason, caught.value.phase) == (Reason.SIGN_IN, Phase.CONNECT)
        assert "pässword" not in f"{caught.value!r}{caught.value.words}"
        with pytest.raises(ExternalError) as plain:
            SmtpSession.open(loopback("smtp+starttls", server.port, cafile=authority.ca))
        assert plain.value.reason is Reason.PLAIN
    with pytest.raises(ExternalError) as nobody:
        SmtpSession.open(loopback("smtp", free_ports(1)[0]))
    assert nobody.value.reason is Reason.HOST


@pytest.mark.parametrize(("security", "scheme"), [("starttls", "smtp+starttls"), ("tls", "smtps")])
def test_certificates_are_checked_or_pinned(authority: Authority, security: str, scheme: str) -> None:
    leaf, other = authority.leaf(), authority.leaf()
    with SmtpServer(security=security, leaf=leaf) as server:
        SmtpSession.open(loopback(scheme, server.port, pinned=leaf.sha256)).close()
        for pinned in (None, other.sha256):
            with pytest.raises(ExternalError) as caught:
                SmtpSession.open(loopback(scheme, server.port, pinned=pinned))
            assert (caught.value.reason, caught.value.retryable) == (Reason.TLS, False)


def test_an_answer_cut_off_at_any_byte_is_no_answer(smtp: SmtpServer) -> None:
    """Half a code ("25") is neither yes nor no. Taken for a refusal, it once made an unsent reply look sent."""

    def handed_over(port: int) -> Receipt | SendError:
        try:
            with SmtpSession.open(loopback("smtp", port)) as session:
                return session.send(outgoing())
        except SendError as error:
            return error

    with Wire(smtp.port) as wire:
        send(smtp, outgoing(), port=wire.port)
        for place in range(1, wire.down):
            before = len(smtp.letters)
            wire.cut_after_down = wire.down + place
            end = handed_over(wire.port)
            arrived = len(smtp.letters) - before
            if isinstance(end, SendError):
                assert end.uncertain or (end.retryable and not arrived), f"cut after {place} bytes: {end}"
            else:
                assert (end.accepted, end.refused, arrived) == (("ann@example.test",), {}, 1), f"cut after {place}"
            wire.restore()
