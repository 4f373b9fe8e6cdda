"""Receiving from servers that err: every mail that can be had is had, once, and what cannot be had is told."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from app.connectors.wake import Wake
from app.inbox import commands
from app.inbox.tables import MailItem
from app.kernel import clock
from app.kernel.errors import ExternalError
from app.workers.receiving.live import run_mailbox
from tests.inbox.mail_desk import letter
from tests.servers.odd_mailbox import OddMailbox
from tests.servers.ports import wait_until
from tests.workers.odd_desk import odd_desk


def _mails(*uids: int, words: str = "Hello") -> dict[int, bytes]:
    return {uid: letter(f"{words} {uid}", ident=f"{uid}@c", subject=f"Nr {uid}") for uid in uids}


@pytest.mark.parametrize(
    "odd",
    [
        OddMailbox({"INBOX": {}}, tells_uidnext=False),
        OddMailbox({"INBOX": {}}, knows_status=False),
        OddMailbox({"INBOX": {}}, quotes_keys=True),
        OddMailbox({"INBOX": {}}, chatters=True),
        OddMailbox({"INBOX": {}}, sizes={1: 3, 2: 0, 3: 900}),
        OddMailbox({"INBOX": {}}, sizes={1: 3_000_000_000, 2: 40_000_000}),
        OddMailbox({"INBOX": {}}, uidvalidity=0),
    ],
    ids=[
        "no UIDNEXT",
        "no STATUS",
        "quoted keys",
        "unasked answers",
        "sizes too small",
        "sizes of gigabytes",
        "no UIDVALIDITY",
    ],
)
def test_every_mail_comes_once_from_a_server_with(tmp_path: Path, odd: OddMailbox) -> None:
    with odd_desk(tmp_path / "desk", odd) as (desk, _):
        odd.folders["INBOX"] = _mails(1, 2)
        desk.sync()
        odd.folders["INBOX"] |= _mails(3)
        desk.sync()
        assert desk.sync().received == 0
        assert (desk.outcomes(), len(desk.tickets())) == ({"message": 3}, 3)
        assert (desk.ledger().server, desk.ledger().unaccounted, desk.list_again()) == (3, 0, 0)


def test_only_what_may_be_asked_is_asked_and_no_structure_is_believed(tmp_path: Path) -> None:
    odd = OddMailbox({"INBOX": _mails(1), "Sent": {}}, flags={"Sent": "\\sent"})
    with odd_desk(tmp_path / "desk", odd) as (desk, server):
        desk.sync()
        said = [command.upper() for command in server.commands]
    assert [one for one in said if one.startswith(("SELECT", "STORE", "UID STORE", "EXPUNGE", "APPEND", "COPY"))] == []
    assert [
        one for one in said if "BODYSTRUCTURE" in one or "BODY[" in one or "RFC822 " in one or "RFC822)" in one
    ] == []
    assert any(one.startswith('EXAMINE "SENT"') for one in said)


def test_a_mail_at_which_the_line_breaks_comes_in_pieces_next_time(tmp_path: Path) -> None:
    odd = OddMailbox({"INBOX": _mails(1, 2, 3)}, breaks={2: 1})
    with odd_desk(tmp_path / "desk", odd) as (desk, server):
        with pytest.raises(ExternalError):
            desk.sync()
        assert [item.uid for item in desk.items()] == [1]  # what came before the break is safe
        desk.sync()
        assert sorted(row.subject for row in desk.tickets()) == ["Nr 1", "Nr 2", "Nr 3"]
        assert any("BODY.PEEK[]<0." in said and said.startswith("UID FETCH 2 ") for said in server.commands)


@pytest.mark.parametrize("fault", ["refused", "breaks"])
def test_a_mail_that_the_server_never_gives_does_not_hold_up_the_rest(tmp_path: Path, fault: str) -> None:
    odd = OddMailbox({"INBOX": _mails(1, 2, 3)})
    setattr(odd, fault, {2} if fault == "refused" else {2: 99})
    with odd_desk(tmp_path / "desk", odd) as (desk, _):
        for _ in range(
            2 if fault == "breaks" else 0
        ):  # a line that breaks may be to blame; a refusal is about the mail
            with pytest.raises(ExternalError):
                desk.sync()
        desk.sync()
        assert desk.outcomes() == {"message": 2, "quarantined": 1}
        (line,) = [item for item in desk.items() if item.outcome == "quarantined"]
        assert (line.uid, line.blob) == (2, None)
        times = "failed to give this mail 3 times." if fault == "breaks" else "failed to give this mail."
        assert times in line.reason
        assert (desk.ledger().unaccounted, desk.sync().received) == (0, 0)
        odd.refused, odd.breaks = set(), {}
        desk.do(commands.retry_item, line.id)
        desk.sync()
        assert (desk.outcomes(), desk.ledger().unaccounted) == ({"message": 3}, 0)


def test_a_mail_that_is_listed_and_never_given_is_told(tmp_path: Path) -> None:
    odd = OddMailbox({"INBOX": _mails(1, 2, 3)}, silent={2})
    with odd_desk(tmp_path / "desk", odd) as (desk, _):
        for _ in range(5):
            desk.sync()
        assert desk.outcomes() == {"message": 2, "quarantined": 1}
        assert desk.ledger().unaccounted == 0


def test_a_mail_that_was_not_given_is_asked_for_again_soon_and_then_ever_later(tmp_path: Path) -> None:
    """A server that is busy fails at some mail for a while: that mail is not to be missing for a day."""
    odd = OddMailbox({"INBOX": _mails(1, 2)}, silent={2})
    with odd_desk(tmp_path / "desk", odd) as (desk, _):

        def age(by: timedelta) -> None:
            lines = update(MailItem).where(MailItem.blob.is_(None))
            desk.do(lambda tx: tx.execute(lines.values(received_at=clock.now() - by)))

        for _ in range(5):
            desk.sync()
        assert desk.outcomes() == {"message": 1, "quarantined": 1}
        for waited in (timedelta(minutes=6), timedelta(hours=2), timedelta(hours=7)):
            age(waited)
            for _ in range(2):  # set aside again at once: it holds up the others only once
                desk.sync()
            assert desk.outcomes() == {"message": 1, "quarantined": 1}
            age(waited)
            assert (desk.sync().received, desk.outcomes()["quarantined"]) == (0, 1)  # by now it has to wait longer
        odd.silent = set()
        age(timedelta(days=2))
        assert desk.sync().received == 1
        assert desk.outcomes() == {"message": 2}


def test_a_folder_that_cannot_be_opened_does_not_hold_up_the_others(tmp_path: Path) -> None:
    odd = OddMailbox({"INBOX": _mails(1), "Junk": _mails(5), "Sent": {}}, closed={"Junk"})
    with odd_desk(tmp_path / "desk", odd) as (desk, _):
        assert desk.sync().received == 1
        assert desk.sync().received == 0
        odd.closed = set()
        assert desk.sync().received == 1
        assert desk.outcomes() == {"message": 1, "spam": 1}


def test_a_folder_that_the_server_lost_is_gone_and_its_mail_stays(tmp_path: Path) -> None:
    odd = OddMailbox({"INBOX": _mails(1), "Sent": _mails(5)})
    with odd_desk(tmp_path / "desk", odd) as (desk, _):
        desk.sync()
        kept = odd.folders.pop("Sent")
        desk.sync()
        assert (desk.ledger("Sent").server, desk.ledger("Sent").gone, desk.ledger("Sent").unaccounted) == (0, 1, 0)
        odd.folders["Sent"] = kept
        assert desk.sync().received == 0
        assert (desk.ledger("Sent").server, desk.ledger("Sent").gone) == (1, 0)


def test_of_gmail_only_inbox_sent_and_spam_are_read_and_a_mail_in_two_of_them_is_fetched_once(tmp_path: Path) -> None:
    mail = letter("To myself", ident="1@c", sender="support@desk.example", to="support@desk.example")
    odd = OddMailbox(
        {"INBOX": {1: mail}, "[Gmail]/Sent Mail": {4: mail}, "[Gmail]/All Mail": {9: mail}, "Receipts": {2: mail}},
        flags={"[Gmail]/Sent Mail": "\\Sent", "[Gmail]/All Mail": "\\All"},
        capabilities=b"IMAP4rev1 AUTH=PLAIN IDLE X-GM-EXT-1",
        names={("INBOX", 1): 1278455344230334865, ("[Gmail]/Sent Mail", 4): 1278455344230334865},
    )
    with odd_desk(tmp_path / "desk", odd) as (desk, server):
        desk.sync()
        odd.folders["INBOX"][2] = letter("Hello", ident="2@c")
        odd.names["INBOX", 2] = 99
        desk.sync()
        assert sorted((item.uid, item.provider_id) for item in desk.items()) == [
            (1, "gm:1278455344230334865"),
            (2, "gm:99"),
            (4, "gm:1278455344230334865"),
        ]
        assert len({item.blob for item in desk.items()}) == 2
        bodies = [said for said in server.commands if said.startswith("UID FETCH") and "BODY.PEEK[]" in said]
        assert len(bodies) == 2
        assert not any("All Mail" in said or "Receipts" in said for said in server.commands)
        assert (desk.ledger().unaccounted, desk.ledger("[Gmail]/Sent Mail").unaccounted) == (0, 0)


def test_new_uids_on_a_server_that_errs_about_sizes_cost_no_second_download(tmp_path: Path) -> None:
    odd = OddMailbox({"INBOX": _mails(1, 2, 3)}, sizes={1: 5, 2: 5, 3: 5})
    with odd_desk(tmp_path / "desk", odd) as (desk, server):
        desk.sync()
        odd.uidvalidity, odd.folders["INBOX"] = 8, {uid + 10: raw for uid, raw in odd.folders["INBOX"].items()}
        server.commands.clear()
        assert desk.sync().received == 0
        assert sorted(item.uid for item in desk.items()) == [11, 12, 13]
        assert not any("BODY.PEEK[]" in said for said in server.commands)
        assert (desk.outcomes(), desk.ledger().gone, desk.ledger().unaccounted) == ({"message": 3}, 0, 0)


def test_a_server_that_grants_one_connection_gives_history_and_new_mail_over_it(tmp_path: Path) -> None:
    odd = OddMailbox({"INBOX": _mails(*range(1, 41)), "Sent": {}})
    with odd_desk(tmp_path / "desk", odd, most=1) as (desk, server):
        stop, wake = threading.Event(), Wake()
        thread = threading.Thread(target=run_mailbox, args=(desk.hands(stop), wake))
        thread.start()
        try:
            wait_until(lambda: len(desk.items()) == 40, 60, "history")
            odd.folders["INBOX"] |= _mails(50)

            def came() -> bool:
                wake.set()
                return len(desk.items()) == 41

            wait_until(came, 60, "new mail")
        finally:
            stop.set()
            wake.set()
            thread.join(60)
            wake.close()
        assert not thread.is_alive()
        wait_until(lambda: not server.talking, 60, "the server has seen that the connection is over")
        assert (desk.sync().received, desk.outcomes()) == (0, {"message": 41})
