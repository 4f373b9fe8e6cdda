"""From a real server into tickets: every mail once, whatever the server, the clock or a crash does in between."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from app.inbox import commands
from app.inbox.commands import MailToIngest
from app.inbox.queries import receive_plan
from app.inbox.tables import MailItem
from app.kernel import clock
from app.kernel.database.tables import Blob
from app.kernel.errors import ExternalError, Reason
from tests.inbox.mail_desk import MailDesk, letter, mail_desk
from tests.servers.dovecot import Account, Dovecot
from tests.servers.ports import wait_until

MAILS = sorted((Path(__file__).parent.parent / "mail").glob("*.eml"))


def _ago(days: float) -> datetime:
    return clock.now() - timedelta(days=days)


def test_a_mail_becomes_a_ticket_and_its_answer_joins_it(desk: MailDesk) -> None:
    desk.sync()
    desk.deliver(letter("My lamp is broken.", ident="a@c", subject="Lamp"))
    first = desk.sync()
    assert (first.received, first.new_tickets) == (1, 1)
    desk.deliver(letter("Any news?", ident="b@c", answers="a@c", subject="something else"))
    second = desk.sync()
    assert (second.received, second.new_tickets, second.appended) == (1, 0, 1)
    (ticket,) = desk.tickets()
    assert (ticket.subject, ticket.status, ticket.message_count) == ("Lamp", "new", 2)
    assert desk.ledger().by_outcome == {"message": 2}
    assert desk.sync().received == 0


def test_the_first_connection_opens_young_threads_and_touches_nothing(desk: MailDesk) -> None:
    desk.deliver(letter(ident="1@c", subject="young", date=_ago(2)), at=_ago(2))
    desk.deliver(letter(ident="2@c", subject="old", date=_ago(40)), at=_ago(40))
    desk.deliver(letter(ident="3@c", subject="answered", date=_ago(3)), at=_ago(3))
    ours = letter(ident="4@d", answers="3@c", sender=desk.account.user, to="ann@customer.example", date=_ago(1))
    desk.deliver(ours, "Sent", at=_ago(1))
    desk.deliver(letter(ident="5@s", subject="spam"), "Junk")
    before = desk.server.flags(desk.account)
    counts = desk.sync()
    assert counts.received == 5
    assert {row.subject: row.status for row in desk.tickets()} == {
        "young": "new",
        "old": "closed",
        "answered": "closed",
    }
    assert desk.outcomes() == {"message": 1, "history": 3, "spam": 1}
    assert desk.server.flags(desk.account) == before
    assert desk.facts == []
    assert (desk.sync().received, desk.ledger().unaccounted, desk.ledger("Sent").server) == (0, 0, 1)


def test_only_new_mail(tmp_path: Path, dovecot: Dovecot, account: Account) -> None:
    with mail_desk(tmp_path / "desk", dovecot, account, history="none") as desk:
        desk.deliver(letter(ident="1@c"))
        assert desk.sync().received == 0
        desk.deliver(letter(ident="2@c"))
        assert desk.sync().received == 1
        assert desk.list_again() == 0
        assert (desk.ledger().unaccounted, len(desk.tickets())) == (0, 1)


def test_the_desk_s_own_awkward_mails_all_have_an_outcome(desk: MailDesk) -> None:
    desk.sync()
    for path in MAILS:
        desk.deliver(path.read_bytes())
    counts = desk.sync()
    assert counts.received == len(MAILS) >= 60
    assert desk.list_again() == 0
    account = desk.ledger()
    assert (account.waiting, account.unaccounted, sum(account.by_outcome.values())) == (0, 0, len(MAILS))
    assert "quarantined" not in account.by_outcome


def test_lines_deleted_behind_our_back_are_missed_and_fetched_again(desk: MailDesk) -> None:
    for number in range(4):
        desk.deliver(letter(ident=f"{number}@c"))
    desk.sync()

    def forget(tx: Any) -> None:
        tx.execute(delete(MailItem).where(MailItem.uid.in_([2, 3])))

    desk.do(forget)
    assert desk.list_again() == 2
    assert desk.ledger().unaccounted == 2
    again = desk.sync()
    assert (again.received, again.outcomes["duplicate"], len(desk.tickets())) == (2, 2, 4)
    assert (desk.ledger().unaccounted, desk.list_again()) == (0, 0)


def test_what_left_the_server_is_gone_and_stays_here(desk: MailDesk) -> None:
    for number in range(3):
        desk.deliver(letter(ident=f"{number}@c"))
    desk.sync()
    desk.server.delete(desk.account, [2])
    desk.sync()
    account = desk.ledger()
    assert (account.server, account.gone, account.unaccounted, len(desk.tickets())) == (2, 1, 0, 3)


def test_new_uids_bring_nothing_twice(desk: MailDesk) -> None:
    for number in range(5):
        desk.deliver(letter(ident=f"{number}@c", subject=f"Nr {number}"))
    desk.sync()
    blobs = len(desk.rows(select(Blob)))
    desk.server.new_uidvalidity(desk.account)
    desk.deliver(
        letter(ident="new@c", subject="written since", date=clock.now() + timedelta(seconds=2)),
        at=clock.now() + timedelta(seconds=2),
    )
    counts = desk.sync()
    assert {row.subject: row.status for row in desk.tickets()}["written since"] == "new"
    assert len(desk.tickets()) == 6
    assert counts.received == 1 == len(desk.rows(select(Blob))) - blobs
    assert (desk.list_again(), desk.ledger().unaccounted, desk.ledger().gone) == (0, 0, 0)


def test_the_same_mail_in_two_folders_is_one_message(desk: MailDesk) -> None:
    desk.sync()
    raw = letter(ident="a@c")
    desk.deliver(raw)
    desk.deliver(raw, "INBOX")
    assert desk.sync().duplicates == 1
    assert len(desk.messages()) == 1


def test_a_mail_that_cannot_be_stored_is_set_aside_alone(desk: MailDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.sync()
    for number in range(12):
        desk.deliver(letter(ident=f"{number}@c", subject="poison" if number == 5 else "fine"))

    def ingest(tx: Any, mails: list[MailToIngest], **how: Any) -> commands.Ingested:
        if any(each.mail.subject == "poison" for each in mails):
            msg = "a bug"
            raise ValueError(msg)
        return commands.ingest(tx, mails, **how)

    def do(command: Any, *args: Any, **kwargs: Any) -> Any:
        return desk.do(ingest if command is commands.ingest else command, *args, **kwargs)

    counts = desk.sync(do=do)
    assert (counts.quarantined, len(desk.tickets())) == (1, 11)
    (bad,) = [item for item in desk.items() if item.outcome == "quarantined"]
    assert "ValueError" in bad.reason
    desk.do(commands.retry_item, bad.id)
    assert desk.sync().new_tickets == 1


def test_a_mail_begun_three_times_is_not_begun_again(desk: MailDesk) -> None:
    desk.sync()
    desk.deliver(letter(ident="a@c"))

    def crash(command: Any, *args: Any, **kwargs: Any) -> Any:
        if command is commands.ingest:
            raise KeyboardInterrupt
        return desk.do(command, *args, **kwargs)

    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            desk.sync(do=crash)
    assert [item.attempts for item in desk.items()] == [3]
    assert desk.sync().quarantined == 1
    assert desk.outcomes() == {"quarantined": 1}


def test_a_wrong_password_pauses_the_mailbox_and_a_right_one_ends_that(desk: MailDesk) -> None:
    with pytest.raises(ExternalError) as caught:
        desk.sync(secrets=lambda _ref: "wrong")
    assert caught.value.reason is Reason.SIGN_IN
    plan = desk.ask(receive_plan, desk.mailbox)
    assert plan is not None
    assert plan.paused_reason == "sign_in"
    desk.sync()
    plan = desk.ask(receive_plan, desk.mailbox)
    assert plan is not None
    assert plan.paused_reason == ""


@pytest.mark.slow
def test_killed_at_any_moment_nothing_is_lost_and_nothing_doubled(
    tmp_path: Path, dovecot: Dovecot, account: Account
) -> None:
    folder = tmp_path / "desk"
    total = 150
    for number in range(total):
        dovecot.deliver(account, letter("x" * 3000, ident=f"{number}@c", subject=f"Nr {number}"))
    with mail_desk(folder, dovecot, account) as desk:
        pass
    order = random.Random(7)
    kills = 0
    for _ in range(4):
        child = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.inbox.run_sync",
                str(folder),
                str(dovecot.imap),
                account.user,
                account.password,
            ],
            cwd=Path(__file__).parents[2],
        )
        started = folder / "started"
        wait_until(lambda: started.exists() or child.poll() is not None, 30, "the child to begin")  # noqa: B023
        started.unlink(missing_ok=True)
        with_luck = time.monotonic() + order.uniform(0.0, 0.5)
        while child.poll() is None and time.monotonic() < with_luck:
            os.sched_yield()
        if child.poll() is None:
            child.send_signal(signal.SIGKILL)
            kills += 1
        child.wait(30)
    with mail_desk(folder, dovecot, account) as desk:
        desk.sync()
        assert kills
        assert desk.list_again() == 0
        assert sorted(item.uid for item in desk.items()) == list(range(1, total + 1))
        assert desk.outcomes() == {"message": total}
        assert len(desk.tickets()) == len(desk.messages()) == total
        assert desk.ledger().unaccounted == 0


@pytest.mark.real
@pytest.mark.slow
def test_every_collected_mail_has_an_outcome(desk: MailDesk, real_mail: Path) -> None:
    paths = sorted(
        path for folder in ("parse", "bounces", "tnef", "bombs") for path in (real_mail / folder).rglob("*.eml")
    )
    desk.sync()
    for path in paths:
        desk.deliver(path.read_bytes())
    counts = desk.sync()
    assert counts.received == len(desk.server.list_uids(desk.account)) >= 500
    assert desk.list_again() == 0
    assert (counts.quarantined, desk.ledger().waiting, desk.ledger().unaccounted) == (0, 0, 0)
    assert sum(desk.ledger().by_outcome.values()) == counts.received
