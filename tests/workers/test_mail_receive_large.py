"""Large mails and slow lines: the beginning is shown first, the rest comes in pieces that survive whatever breaks."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from app.conversations.queries import raw_ref
from app.conversations.tables import Attachment
from app.inbox import commands
from app.inbox.receiving import large_mails, traffic
from app.inbox.tables import MailPiece
from app.kernel.errors import ExternalError, UserError
from app.kernel.state import options
from tests.inbox.mail_desk import MailDesk, mail_desk
from tests.servers.dovecot import Account, Dovecot
from tests.servers.wire import Wire


@pytest.fixture
def desk(tmp_path: Path, dovecot: Dovecot, account: Account) -> Iterator[MailDesk]:
    """A desk on a slow line, already connected."""
    with mail_desk(tmp_path / "desk", dovecot, account) as made:
        made.do(options.put, "low_bandwidth", True)
        made.sync()
        yield made


def _large(size: int, ident: str = "big@c", words: str = "Here is the plan of the garden.") -> bytes:
    """A mail with an attached file of `size` random bytes, behind a text."""
    head = (
        "From: Ann <ann@customer.example>\r\nTo: support@desk.example\r\nSubject: The plan\r\n"
        f"Message-ID: <{ident}>\r\nDate: Sun, 01 Mar 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
        f"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{words}\r\n"
        '--b\r\nContent-Type: application/pdf; name="plan.pdf"\r\nContent-Transfer-Encoding: base64\r\n'
        'Content-Disposition: attachment; filename="plan.pdf"\r\n\r\n'
    )
    lines = base64.encodebytes(os.urandom(size)).replace(b"\n", b"\r\n")
    return head.encode() + lines + b"--b--\r\n"


def _is_whole(desk: MailDesk, raw: bytes) -> bool:
    """Is the newest message whole: its raw bytes as sent, its file, its words, nothing left over?"""
    message = desk.messages()[-1]
    ref = desk.ask(raw_ref, message.id)
    assert ref is not None
    files = desk.rows(select(Attachment).where(Attachment.message == message.id))
    is_same = desk.packs.read(ref) == raw and [one.filename for one in files] == ["plan.pdf"]
    return is_same and not message.warnings and "large_mail" not in message.extra and not desk.rows(select(MailPiece))


def test_a_large_mail_comes_whole_byte_for_byte_in_pieces(desk: MailDesk) -> None:
    raw = _large(500_000)
    desk.deliver(raw)
    desk.sync()
    assert _is_whole(desk, raw)
    (ticket,) = desk.tickets()
    assert (ticket.subject, ticket.has_attachment, ticket.message_count) == ("The plan", True, 1)
    assert [one.blob for one in desk.items()] != [None]
    assert (desk.ledger().by_outcome, desk.ledger().unaccounted) == ({"message": 1}, 0)
    words = text(
        "SELECT d.kind FROM search_fts f JOIN search_doc d ON d.rowid = f.rowid WHERE search_fts MATCH 'pdf garden'"
    )
    assert desk.ask(lambda db: db.execute(words).scalars().all()) == ["message"]  # once, with its file's name


def test_small_mails_do_not_wait_for_large_ones_and_the_text_is_shown_first(desk: MailDesk) -> None:
    desk.deliver(_large(400_000))
    desk.deliver(_large(1_000, ident="small@c"))
    shown: list[tuple[int, list[str]]] = []

    def do(command: Any, *args: Any, **kwargs: Any) -> Any:
        if command is commands.add_piece and not shown:
            shown.append((len(desk.tickets()), [one.text.strip() for one in desk.messages()]))
        return desk.do(command, *args, **kwargs)

    desk.sync(do=do)
    assert shown == [(2, ["Here is the plan of the garden."] * 2)]


def test_a_cut_line_costs_one_piece_and_a_restart_none(tmp_path: Path, dovecot: Dovecot, account: Account) -> None:
    raw = _large(600_000)
    with Wire(dovecot.imap) as wire, mail_desk(tmp_path / "desk", wired(wire), account) as desk:
        desk.do(options.put, "low_bandwidth", True)
        desk.sync()
        dovecot.deliver(account, raw)
        cuts = 0
        while not desk.messages() or "large_mail" in desk.messages()[-1].extra:
            wire.restore()
            wire.cut_after_down = wire.down + 250_000
            try:
                desk.sync()
            except ExternalError:
                cuts += 1
            desk.packs.close()  # as a restart: whatever is known stands in the database and in the packs
            assert cuts < 12
        assert cuts >= 2
        assert _is_whole(desk, raw)
        assert wire.down < len(raw) * 2
        assert desk.outcomes() == {"message": 1}


def wired(wire: Wire) -> Any:
    """A server whose only address leads through the wire."""

    class Through:
        imap = wire.port

    return Through()


def test_above_the_limit_only_the_beginning_comes_until_a_person_asks(desk: MailDesk) -> None:
    desk.do(options.put, "mail_size_cap_mb", 1)
    raw = _large(1_000_000)
    desk.deliver(raw)
    desk.sync()
    desk.sync()
    (message,), (mail,) = desk.messages(), desk.ask(large_mails, desk.mailbox)
    assert (message.text.strip(), len(desk.tickets())) == ("Here is the plan of the garden.", 1)
    assert any("Only the beginning" in words and "1.4 MB" in words for words in message.warnings)
    assert (mail.is_held, mail.size, mail.here, mail.subject) == (True, len(raw), 65536, "The plan")
    assert message.extra["large_mail"] == mail.item.hex
    desk.do(commands.fetch_whole, mail.item)
    desk.sync()
    assert _is_whole(desk, raw)
    with pytest.raises(UserError):
        desk.do(commands.fetch_whole, mail.item)


def test_a_large_mail_that_left_meanwhile_keeps_its_beginning(desk: MailDesk) -> None:
    desk.do(options.put, "mail_size_cap_mb", 1)
    desk.deliver(_large(1_000_000))
    desk.sync()
    (mail,) = desk.ask(large_mails, desk.mailbox)
    desk.server.delete(desk.account, [mail.uid])
    desk.do(commands.fetch_whole, mail.item)
    desk.sync()
    assert (len(desk.tickets()), desk.ledger().gone, desk.ask(large_mails, desk.mailbox)) == (1, 1, ())


def test_the_rest_of_large_spam_is_not_fetched(desk: MailDesk) -> None:
    desk.deliver(_large(400_000), "Junk")
    desk.sync()
    assert desk.outcomes() == {"spam": 1}
    assert [mail.here for mail in desk.ask(large_mails, desk.mailbox)] == [65536]


def test_a_large_text_is_not_shown_with_half_a_line(desk: MailDesk) -> None:
    desk.do(options.put, "mail_size_cap_mb", 1)
    lines = "\r\n".join(f"line {number:06d}" for number in range(100_000))
    head = _large(0, words=lines).split(b"\r\n\r\n")[0].replace(b'multipart/mixed; boundary="b"', b"text/plain")
    desk.deliver(head + b"\r\n\r\n" + lines.encode())
    desk.sync()
    shown = desk.messages()[-1].text.splitlines()
    assert len(shown) > 1_000
    assert shown[-1] == f"line {len(shown) - 1:06d}"


def test_bytes_are_counted_by_mailbox_and_day(desk: MailDesk) -> None:
    before = desk.ask(traffic, desk.mailbox)[0].received
    desk.deliver(_large(100_000))
    desk.sync()
    (today,) = desk.ask(traffic, desk.mailbox)
    assert 100_000 < today.received - before < 200_000  # packed, if the server can
