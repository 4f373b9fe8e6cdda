"""Programs that answer each other: real desks on a real IMAP server, restarted before every pass, and peers that
answer everything without saying that a program wrote. The number of mails is known beforehand, and small.
"""

from __future__ import annotations

from collections.abc import Callable
from email.utils import formatdate, make_msgid
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.desk import Desk
from app.tickets.commands import new_mail
from app.tickets.queries import TicketRow, View, ticket_ids, ticket_rows
from tests.answering.post import Place, Post, until_quiet
from tests.journeys.test_engine import engine
from tests.journeys.test_main_job import desk_on
from tests.servers.dovecot import Account, Dovecot
from tests.servers.ports import wait_until
from tests.servers.smtp import Letter, SmtpServer

MOST_AN_HOUR = 2


def _tickets(place: Place) -> list[str]:
    """The status of every ticket of a desk."""
    with place.open() as desk:
        return [row.status for row in desk.ask(_rows)]


def _rows(db: Session) -> tuple[TicketRow, ...]:
    return ticket_rows(db, ticket_ids(db, View()))


def _write(desk: Desk, to: str) -> None:
    desk.do(new_mail, customer_address=to, subject="An order", text="We would like ten of these.")


def test_two_desks_that_acknowledge_everything_exchange_one_acknowledgement(
    tmp_path: Path, dovecot: Dovecot, smtp: SmtpServer
) -> None:
    post = Post(dovecot, smtp)
    north, south = Place(tmp_path / "north", post, "north"), Place(tmp_path / "south", post, "south")
    with north.open() as desk:
        _write(desk, south.address)
    until_quiet(post, north, south)
    assert [len(post.sent_by(place.address)) for place in (north, south)] == [1, 1]
    assert post.sent_by(south.address)[0].message["Auto-Submitted"] == "auto-replied"
    assert _tickets(north) == ["waiting"]
    assert _tickets(south) == ["new"]


def test_two_desks_behind_a_gateway_that_takes_every_header_away_are_stopped_by_the_caps(
    tmp_path: Path, dovecot: Dovecot, smtp: SmtpServer
) -> None:
    post = Post(dovecot, smtp, plain=True)
    north, south = Place(tmp_path / "north", post, "north"), Place(tmp_path / "south", post, "south")
    with north.open() as desk:
        _write(desk, south.address)
    assert until_quiet(post, north, south) < 8
    assert [len(post.sent_by(place.address)) for place in (north, south)] == [1 + MOST_AN_HOUR, MOST_AN_HOUR]


def _answers_everything(peer: str) -> Callable[[Letter], bytes]:
    def answer(one: Letter) -> bytes:
        head = (
            f"From: Peer <{peer}>\r\nTo: {one.sender}\r\nSubject: Thank you for your mail\r\n"
            f"Date: {formatdate()}\r\nMessage-ID: {make_msgid(domain='peer.example')}\r\n\r\n"
        )
        return (head + "We have received your mail and will read it soon.\r\n").encode()

    return answer


def test_a_peer_that_answers_everything_and_says_nothing_about_it_is_stopped_by_the_caps(
    tmp_path: Path, dovecot: Dovecot, smtp: SmtpServer
) -> None:
    post = Post(dovecot, smtp)
    desk = Place(tmp_path / "desk", post, "desk")
    peer = "robot@peer.example"
    post.peers[peer] = _answers_everything(peer)
    first = Letter(desk.address, (peer,), b"")
    dovecot.deliver(post.boxes[desk.address], post.peers[peer](first))
    assert until_quiet(post, desk) < 6
    assert len(post.sent_by(desk.address)) == MOST_AN_HOUR
    assert _tickets(desk) == ["new"] * (1 + MOST_AN_HOUR)
    for _ in range(3):  # it goes on by itself: it is never answered any more
        dovecot.deliver(post.boxes[desk.address], post.peers[peer](first))
    desk.one_pass()
    assert len(post.sent_by(desk.address)) == MOST_AN_HOUR
    assert len(_tickets(desk)) == 4 + MOST_AN_HOUR


@pytest.mark.slow
def test_the_caps_survive_an_engine_that_is_killed_and_started_again(
    tmp_path: Path, dovecot: Dovecot, account: Account, smtp: SmtpServer
) -> None:
    cli = desk_on(tmp_path / "desk", account, dovecot, smtp)
    cli("mailbox", "set", account.address, "acknowledge=yes")
    cli("sync")
    mail = _answers_everything("robot@peer.example")
    for turn in range(3):
        with engine(cli) as process:
            for _ in range(2):
                dovecot.deliver(account, mail(Letter(account.address, (), b"")))
            wait_until(lambda: len(cli("tickets")) == 2 * (turn + 1))  # noqa: B023
            wait_until(lambda: len(smtp.letters) >= MOST_AN_HOUR and cli("outbox") == [])
            process.kill()
            process.wait(60)
    assert len(smtp.letters) == MOST_AN_HOUR
