"""A mail that the server has and cannot read: Dovecot ends the connection where it is only asked for its size. No other mail waits."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.connectors.wake import Wake
from app.desk.setup.accounts import Account as MailAccount
from app.desk.setup.accounts import count_history
from app.inbox import commands
from app.inbox.queries import receive_plan
from app.kernel import clock
from app.kernel.errors import ExternalError, Reason
from app.kernel.state import signals
from app.workers.receiving.live import run_mailbox
from app.workers.receiving.windows import is_about_mail
from tests.inbox.mail_desk import MailDesk, letter, mail_desk
from tests.servers.dovecot import Account, Dovecot
from tests.servers.ports import wait_until


@pytest.fixture
def desk(tmp_path: Path, dovecot: Dovecot, account: Account) -> Iterator[MailDesk]:
    with mail_desk(tmp_path / "desk", dovecot, account) as made:
        yield made


def _deliver_some(desk: MailDesk) -> list[Path]:
    """Three good mails and two that cannot be read between them."""
    unreadable = []
    for number in range(3):
        desk.deliver(letter(ident=f"{number}@c", subject=f"Nr {number}"))
        if number < 2:
            raw = letter(ident=f"bad{number}@c", subject=f"Bad {number}")
            unreadable.append(desk.server.deliver_unreadable(desk.account, raw))
    return unreadable


def test_one_pass_brings_all_the_others_and_the_two_are_asked_for_again(desk: MailDesk) -> None:
    desk.sync()
    unreadable = _deliver_some(desk)
    desk.sync()
    assert desk.outcomes() == {"message": 3, "quarantined": 2}
    assert (desk.ledger().waiting, desk.ledger().unaccounted) == (0, 0)
    lost = [item for item in desk.items() if item.outcome == "quarantined"]
    assert all(item.reason.startswith("The server failed to give this mail. FETCH") for item in lost)
    for path in unreadable:
        path.chmod(0o600)
    for item in lost:
        desk.do(commands.retry_item, item.id)
    desk.sync()
    assert (desk.outcomes(), desk.ledger().unaccounted) == ({"message": 5}, 0)


def test_what_lay_there_before_comes_too_and_can_be_counted(dovecot: Dovecot, account: Account, tmp_path: Path) -> None:
    with mail_desk(tmp_path / "desk", dovecot, account, history="all") as desk:
        _deliver_some(desk)
        urls = f"imap://127.0.0.1:{dovecot.imap}", "smtp://127.0.0.1:9"
        counted = count_history(MailAccount(account.address, *urls, account.user), account.password, clock.now())
        assert counted.mails == 5
        desk.sync()
        assert desk.outcomes() == {"message": 3, "quarantined": 2}
        plan = desk.ask(receive_plan, desk.mailbox)
        assert plan is not None
        assert plan.first_import_done


def test_after_the_server_gave_new_numbers_nothing_is_lost_or_doubled(desk: MailDesk) -> None:
    desk.sync()
    for number in range(3):
        desk.deliver(letter(ident=f"{number}@c", subject=f"Nr {number}"))
    desk.sync()
    desk.server.new_uidvalidity(desk.account)
    _ = desk.server.deliver_unreadable(desk.account, letter(ident="bad@c"))
    desk.deliver(letter(ident="3@c", subject="Nr 3"))
    desk.sync()
    assert sorted(row.subject for row in desk.tickets()) == ["Nr 0", "Nr 1", "Nr 2", "Nr 3"]
    assert [row.message_count for row in desk.tickets()] == [1, 1, 1, 1]
    assert (desk.outcomes()["quarantined"], desk.ledger().unaccounted) == (1, 0)


def test_a_mailbox_that_is_kept_live_goes_on_at_once(desk: MailDesk) -> None:
    stop, wake = threading.Event(), Wake()
    live = threading.Thread(target=run_mailbox, args=(desk.hands(stop), wake))
    live.start()
    states: set[str] = set()

    def is_live() -> bool:
        word = desk.ask(signals.latest, "mailbox_state")
        states.add(str(word["state"]) if word else "")
        return "ok" in states

    try:
        wait_until(is_live, 120, "the mailbox to be live")
        states.clear()
        _deliver_some(desk)
        wake.set()
        wait_until(lambda: is_live() and len(desk.tickets()) == 3, 120, "the mails that can be read")
        assert "offline" not in states
    finally:
        stop.set()
        wake.set()
        live.join(120)
        wake.close()
    assert not live.is_alive()


@pytest.mark.parametrize(
    ("words", "reason", "is_about"),
    [
        ("FETCH failed: Internal error occurred.", Reason.BUSY, True),
        ("[SERVERBUG] UID FETCH failed", Reason.BUSY, True),
        ("Message cannot be opened", Reason.PROTOCOL, True),
        ("", Reason.PROTOCOL, False),
        ("Disconnected for inactivity.", Reason.BUSY, False),
        ("[EXPUNGEISSUED] Some of the requested messages no longer exist.", Reason.PROTOCOL, False),
    ],
)
def test_only_what_the_server_says_of_a_mail_is_held_against_it(words: str, reason: Reason, is_about: bool) -> None:
    assert is_about_mail(ExternalError("It failed.", reason=reason, retryable=True, words=words)) is is_about
