"""Reports about what we sent: shown at the very message, with why and for how long, and what follows for the address."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import pytest
from sqlalchemy import select

from app.conversations.tables import Message
from app.kernel import clock
from app.mime.compose import compose
from app.mime.meaning.reasons import in_plain_words
from app.outbox import commands as outbox
from app.outbox.queries import letter as frozen
from app.outbox.queries import outbox_row
from app.people.queries import dead_addresses
from app.people.tables import Event
from app.surveys.commands import is_suppressed
from app.tickets.commands import reply, set_status
from tests.inbox.mail_desk import letter
from tests.inbox.paper_desk import PaperDesk

ANN, BOB, EVE = "ann@customer.example", "bob@customer.example", "eve@elsewhere.example"


def report(ident: str, *recipients: tuple[str, str, str], sender: str = "MAILER-DAEMON@mx.example") -> bytes:
    """A delivery report (RFC 3464) about a mail: (address, status, the server's words) of each recipient."""
    groups = "".join(
        f"Final-Recipient: rfc822; {address}\r\nAction: failed\r\nStatus: {status}\r\nDiagnostic-Code: smtp; {words}\r\n\r\n"
        for address, status, words in recipients
    )
    return (
        f"From: {sender}\r\nTo: support@desk.example\r\nSubject: Undelivered Mail\r\nMessage-ID: <r-{ident}>\r\n"
        "MIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nYour mail could not be delivered.\r\n"
        f"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n{groups}"
        f"--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <{ident}>\r\nSubject: x\r\n\r\nwords\r\n--b--\r\n"
    ).encode()


def complaint(ident: str) -> bytes:
    """A feedback report (RFC 5965) about a mail."""
    return (
        "From: fbl@provider.example\r\nTo: support@desk.example\r\nSubject: FW: spam\r\nMessage-ID: <f@fbl>\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nThis is an abuse report.\r\n"
        "--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nVersion: 1\r\n\r\n"
        f"--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <{ident}>\r\nSubject: x\r\n\r\nwords\r\n--b--\r\n"
    ).encode()


def _send(desk: PaperDesk, to: Sequence[str] = ()) -> Message:
    """Answer the only ticket; the message, which a server took."""
    written = desk.do(reply, desk.ticket().id, text="Is it plugged in?", to=list(to) or None)
    _hand_over(desk, written.message)
    return _message(desk, written.message)


def _hand_over(desk: PaperDesk, message: UUID) -> object:
    made = desk.ask(frozen, message)
    assert made is not None
    ref = desk.packs.append(compose(made.letter))
    desk.packs.flush()
    got = desk.do(outbox.claim, message, ref)
    if isinstance(got, outbox.Claim):
        desk.do(outbox.record_results, message, got.recipients, {})
    desk.later(minutes=5)
    return got


def _message(desk: PaperDesk, key: UUID) -> Message:
    return next(one for one in desk.messages() if one.id == key)


def _told(desk: PaperDesk, message: UUID) -> dict[str, str]:
    row = desk.ask(outbox_row, message, clock.now())
    assert row is not None
    return {each.address: each.meaning for each in row.refused}


@pytest.fixture
def asked(paper: PaperDesk) -> PaperDesk:
    """A desk that Ann and, in a copy, Bob have written to."""
    paper.take(letter("It is broken.", ident="a@c", cc=BOB))
    paper.take(letter("For both of us.", ident="b@c", sender=BOB, answers="a@c"))
    return paper


@pytest.mark.parametrize(
    ("status", "words", "meaning", "dead"),
    [
        ("5.1.1", "550 5.1.1 User unknown", "This address does not exist. It is for good.", True),
        ("5.2.2", "552 5.2.2 Mailbox full", "The recipient's mailbox is full. The address itself may be fine.", False),
        (
            "5.7.1",
            "550 5.7.1 Message rejected as spam",
            "The recipient's server took the mail for spam. The address itself may be fine.",
            False,
        ),
        (
            "5.7.1",
            "550 5.7.1 blocked using zen.spamhaus.org",
            "The recipient's server does not take mail from our mail server. The address itself may be fine.",
            False,
        ),
        (
            "4.4.7",
            "451 4.4.7 Delivery time expired",
            f"{in_plain_words('expired', permanent=True).removesuffix('It is for good.')}The address itself may be fine.",
            False,
        ),
    ],
)
def test_why_and_for_how_long_is_told_and_only_the_reason_makes_an_address_dead(
    asked: PaperDesk, status: str, words: str, meaning: str, dead: bool
) -> None:
    ours = _send(asked, [ANN])
    assert asked.outcome(report(ours.external_id, (ANN, status, words))) == "bounce"
    assert _told(asked, ours.id) == {ANN: meaning}
    assert asked.ask(dead_addresses, [ANN]) == (frozenset({ANN}) if dead else frozenset())


def test_a_report_names_the_very_message_of_several(asked: PaperDesk) -> None:
    first, second = _send(asked, [ANN]), _send(asked, [ANN])
    asked.take(report(first.external_id, (ANN, "5.2.2", "mailbox full")))
    assert (list(_told(asked, first.id)), _told(asked, second.id)) == ([ANN], {})
    shown = asked.messages()[-1]
    assert (shown.kind, shown.ticket, shown.automatic) == ("bounce", asked.ticket().id, True)


@pytest.mark.parametrize("how", ["whole", "headers", "in words"])
def test_a_report_is_known_by_our_own_field_where_the_provider_changed_the_message_id(
    asked: PaperDesk, how: str
) -> None:
    """Some providers send under a Message-ID of their own, which no row here has."""
    ours = _send(asked, [ANN])
    raw = report("changed@provider.example", (ANN, "5.1.1", "550 no such user"))
    field = f"X-Deskbell-Id: {ours.id.hex}".encode()
    if how == "in words":
        said = b"Delivery failed.\r\n\r\n<ann@customer.example>: 550 5.1.1 no such user\r\n\r\n"
        head = b"From: MAILER-DAEMON@mx.example\r\nSubject: failure notice\r\nMessage-ID: <w@mx>\r\n\r\n"
        raw = head + said + b"--- Below this line is a copy of the message.\r\n\r\n" + field + b"\r\n\r\nHello\r\n"
    else:
        raw = raw.replace(b"Subject: x\r\n\r\nwords", field + b"\r\nSubject: x\r\n\r\nwords")
        if how == "headers":
            raw = raw.replace(b"Content-Type: message/rfc822", b"Content-Type: text/rfc822-headers")
    assert asked.outcome(raw) == "bounce"
    assert list(_told(asked, ours.id)) == [ANN]
    assert asked.messages()[-1].ticket == asked.ticket().id


@pytest.mark.parametrize("field", ["", "0" * 32, "f" * 31, "x" * 32, "-" * 4000])
def test_a_field_of_ours_that_names_nothing_is_no_report_of_ours(asked: PaperDesk, field: str) -> None:
    ours = _send(asked, [ANN])
    raw = report("changed@provider.example", (ANN, "5.1.1", "550 no such user"))
    raw = raw.replace(b"Subject: x\r\n", f"X-Deskbell-Id: {field}\r\nSubject: x\r\n".encode())
    assert asked.outcome(raw) == "bounce"
    assert (_told(asked, ours.id), asked.messages()[-1].ticket) == ({}, None)


def test_one_recipient_of_two_fails_and_only_that_one_is_dead(asked: PaperDesk) -> None:
    ours = _send(asked, [ANN, BOB])
    asked.take(report(ours.external_id, (BOB.upper(), "5.1.1", "550 no such user")))
    assert list(_told(asked, ours.id)) == [BOB]
    assert asked.ask(dead_addresses, [ANN, BOB]) == frozenset({BOB})


def test_a_report_about_somebody_to_whom_nothing_went_buries_nobody(asked: PaperDesk) -> None:
    asked.take(letter(ident="e@e", sender=EVE))
    ours = _send_to(asked, [ANN, BOB])
    asked.take(report(ours.external_id, (EVE, "5.1.1", "550 no such user"), sender="mallory@evil.example"))
    assert _told(asked, ours.id) == {}
    assert asked.ask(dead_addresses, [ANN, BOB, EVE]) == frozenset()


def _send_to(desk: PaperDesk, to: list[str]) -> Message:
    written = desk.do(reply, desk.tickets()[0].id, text="Is it plugged in?", to=to)
    _hand_over(desk, written.message)
    return _message(desk, written.message)


def test_an_address_to_which_a_lone_recipient_forwards_is_told_but_not_buried(asked: PaperDesk) -> None:
    ours = _send(asked, [ANN])
    asked.take(report(ours.external_id, ("ann@forwarded.example", "5.1.1", "550 no such user")))
    assert list(_told(asked, ours.id)) == [ANN]
    assert asked.ask(dead_addresses, [ANN]) == frozenset()


def test_a_report_reopens_nothing(asked: PaperDesk) -> None:
    ours = _send(asked, [ANN])
    asked.do(set_status, asked.ticket().id, "solved")
    asked.take(report(ours.external_id, (ANN, "5.1.1", "550 no such user")), complaint(ours.external_id))
    assert asked.ticket().status == "solved"


def test_a_reply_to_a_dead_address_is_held_until_somebody_says_that_it_lives(asked: PaperDesk) -> None:
    ours = _send(asked, [ANN])
    asked.take(report(ours.external_id, (ANN, "5.1.1", "550 no such user")))
    written = asked.do(reply, asked.ticket().id, text="Are you there?", to=[ANN])
    assert _hand_over(asked, written.message) == "dead_address"
    row = asked.ask(outbox_row, written.message, clock.now())
    assert row is not None
    assert (row.state, row.hold_reason) == ("held", "dead_address")
    assert asked.do(outbox.revive_address, ANN.upper()) == 1
    assert asked.ask(dead_addresses, [ANN]) == frozenset()
    assert isinstance(_hand_over(asked, written.message), outbox.Claim)


def test_a_server_that_refuses_an_unknown_user_at_once_marks_it_dead_too(asked: PaperDesk) -> None:
    written = asked.do(reply, asked.ticket().id, text="Hello", to=[ANN, BOB])
    made = asked.ask(frozen, written.message)
    assert made is not None
    ref = asked.packs.append(compose(made.letter))
    asked.packs.flush()
    asked.do(outbox.claim, written.message, ref)
    refused = {ANN: (550, "5.1.1 no such user here"), BOB: (552, "5.2.2 mailbox full")}
    asked.do(outbox.record_results, written.message, [], refused)
    assert asked.ask(dead_addresses, [ANN, BOB]) == frozenset({ANN})
    asked.do(outbox.retry, written.message)  # a person wants it all the same
    assert asked.ask(dead_addresses, [ANN, BOB]) == frozenset()


def test_a_complaint_is_shown_at_its_message_and_stops_surveys(asked: PaperDesk) -> None:
    ours = _send(asked, [ANN])
    assert asked.outcome(complaint(ours.external_id)) == "feedback"
    assert asked.messages()[-1].ticket == asked.ticket().id
    assert [one.field for one in asked.rows(select(Event).where(Event.kind == "problem"))] == ["complaint"]
    assert asked.do(is_suppressed, ANN)
    assert _told(asked, ours.id) == {}


@pytest.mark.parametrize(
    "sign",
    [
        (("Auto-Submitted", "auto-replied"),),
        (("X-Autoreply", "yes"),),
        (("Precedence", "auto_reply"),),
        (("X-Auto-Response-Suppress", "All"), ("Auto-Submitted", "auto-replied; owner-email=x")),
    ],
)
def test_out_of_office_is_shown_at_the_message_that_it_names(
    asked: PaperDesk, sign: tuple[tuple[str, str], ...]
) -> None:
    first = _send(asked, [ANN])
    _send(asked, [ANN])
    asked.take(letter("I am away.", ident="o@c", answers=first.external_id, more=sign))
    assert [row.status for row in asked.tickets()] == ["waiting"]
    assert asked.messages()[-1].kind == "auto_reply"
    assert asked.messages()[-1].in_reply_to == first.external_id


def test_out_of_office_that_names_nothing_is_no_ticket(asked: PaperDesk) -> None:
    assert asked.outcome(letter("I am away.", ident="o@c", more=(("Auto-Submitted", "auto-replied"),))) == "auto_reply"
    assert len(asked.tickets()) == 1
