"""A process of its own that fetches: what it brings is what the session itself would, and losing it loses nothing."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from app.connectors.email.config import MailServer, Secret, ServerUrl
from app.connectors.email.imap import ImapSession
from app.conversations.queries import raw_ref
from app.inbox import commands
from app.inbox.queries import ledger
from app.kernel.errors import ExternalError
from app.kernel.files.blobs import Packs
from app.workers.receiving.carry import Carrier, CarrierLostError, carry
from app.workers.receiving.mailbox_pass import Receiver, open_session
from tests.inbox.mail_desk import MailDesk, letter, mail_desk
from tests.servers.dovecot import Account, Dovecot
from tests.servers.odd_mailbox import OddMailbox
from tests.servers.ports import wait_until
from tests.workers.odd_desk import odd_desk

_MAILS = 120


def _letters(count: int = _MAILS) -> dict[str, bytes]:
    return {f"{n}@c": letter(f"words {n}\n" * (n % 30), ident=f"{n}@c", subject=f"Nr {n}") for n in range(count)}


@contextmanager
def _receiving(desk: MailDesk, **changes: Any) -> Iterator[Receiver]:
    """A receiver at work, for which a second process is ready to fetch."""
    receiver = Receiver(desk.hands(carry_from=10, **changes))
    plan = receiver.plan()
    assert plan is not None
    with open_session(plan, desk.secret) as session:
        receiver.use(session)
        receiver.watch()
        windows = receiver.fetcher.windows
        windows.hire()
        try:
            carrier = windows._carrier
            assert carrier is not None
            wait_until(lambda: carrier.is_ready, 60, "the second connection")
            yield receiver
        finally:
            windows.let_go()
    assert not _processes()


def _processes() -> list[Any]:
    return [one for one in multiprocessing.active_children() if one.name == "deskbell-fetch"]


def _is_whole(desk: MailDesk, raws: dict[str, bytes]) -> None:
    """Every mail is a message, once, as it was, and the ledger is exact."""
    stored = {}
    for one in desk.messages():
        ref = desk.ask(raw_ref, one.id)
        assert ref is not None
        stored[one.external_id] = desk.packs.read(ref)
    assert stored == raws
    assert len(desk.items()) == len(raws)
    assert {(one.waiting, one.unaccounted, one.gone) for one in desk.ask(ledger)} == {(0, 0, 0)}


@pytest.fixture
def filled(dovecot: Dovecot, account: Account) -> dict[str, bytes]:
    raws = _letters()
    for raw in raws.values():
        dovecot.deliver(account, raw)
    return raws


def _at_receive(desk: MailDesk, act: Callable[[], object]) -> Callable[..., Any]:
    """`do` that also acts, once, when the first window is to get its lines."""
    todo = [act]

    def do(command: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if command is commands.receive and args[2] and todo:
            todo.pop()()
        return desk.do(command, *args, **kwargs)

    return do


def test_it_answers_as_the_session_would(
    tmp_path: Path, dovecot: Dovecot, account: Account, filled: dict[str, bytes]
) -> None:
    server = MailServer(ServerUrl.parse(f"imap://127.0.0.1:{dovecot.imap}"), account.user, Secret(account.password))
    (tmp_path / "packs").mkdir()
    carrier = Carrier(server, tmp_path / "packs", threading.Event())
    try:
        with ImapSession.open(server) as session:
            validity = session.select("INBOX").uidvalidity
            uids = session.uids()
            own = list(carry(session, Packs(tmp_path / "packs"), uids, dated=True))
        wait_until(lambda: carrier.is_ready, 60, "the second connection")
        its = list(carrier.carry("INBOX", validity, uids, dated=True))
        with pytest.raises(CarrierLostError):
            list(carrier.carry("INBOX", validity + 1, uids, dated=False))
    finally:
        carrier.close()
    facts = [(one.uid, one.internal_at, one.size, one.header_hash, one.written_at, one.blob.sha256) for one in its]
    assert facts == [
        (one.uid, one.internal_at, one.size, one.header_hash, one.written_at, one.blob.sha256) for one in own
    ]
    packs = Packs(tmp_path / "packs")
    assert [packs.read(one.blob) for one in its] == list(filled.values())
    assert not {one.blob.pack for one in its} & {one.blob.pack for one in own}, "two writers never meet in a pack"
    assert carrier.traffic[0] > sum(map(len, filled.values()))


def test_many_mails_come_over_a_second_connection(
    tmp_path: Path, dovecot: Dovecot, account: Account, filled: dict[str, bytes]
) -> None:
    with mail_desk(tmp_path / "desk", dovecot, account, history="all") as desk:
        with _receiving(desk) as receiver:
            receiver.take_history()
            assert receiver.fetcher.windows.traffic[0] > sum(map(len, filled.values()))
        _is_whole(desk, filled)
        assert desk.sync().received == 0


@pytest.mark.parametrize(("least", "is_carried"), [(10, True), (1000, False)])
def test_new_mail_has_a_number_of_its_own_from_which_it_is_carried(
    tmp_path: Path, dovecot: Dovecot, account: Account, least: int, is_carried: bool
) -> None:
    with mail_desk(tmp_path / "desk", dovecot, account, history="all") as desk:
        desk.sync()
        raws = _letters(20)
        for raw in raws.values():
            dovecot.deliver(account, raw)
        seen: list[bool] = []
        desk.sync(do=_at_receive(desk, lambda: seen.append(bool(_processes()))), carry_from=1, carry_new_from=least)
        assert seen == [is_carried]
        _is_whole(desk, raws)


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_when_it_is_killed_the_session_goes_on(
    tmp_path: Path, dovecot: Dovecot, account: Account, filled: dict[str, bytes], when: str
) -> None:
    def kill() -> None:
        for process in _processes():
            with contextlib.suppress(ProcessLookupError, ValueError):  # it has ended, and its owner has seen that
                os.kill(process.pid, signal.SIGKILL)

    with mail_desk(tmp_path / "desk", dovecot, account, history="all") as desk:
        with _receiving(desk, do=_at_receive(desk, kill) if when == "meanwhile" else desk.do) as receiver:
            if when == "before":
                kill()
            receiver.take_history()
        _is_whole(desk, filled)


def test_a_server_that_grants_one_connection_is_served_by_that_one(tmp_path: Path) -> None:
    raws = _letters(60)
    odd = OddMailbox({"INBOX": dict(enumerate(raws.values(), 1))})
    with odd_desk(tmp_path / "desk", odd, most=1) as (desk, _):
        desk.sync(carry_from=10)
        _is_whole(desk, raws)
    assert not _processes()


def test_a_line_that_breaks_is_told_and_the_next_look_goes_on(tmp_path: Path) -> None:
    raws = _letters(60)
    odd = OddMailbox({"INBOX": dict(enumerate(raws.values(), 1))}, breaks={50: 1})
    with odd_desk(tmp_path / "desk", odd) as (desk, _):
        with _receiving(desk) as receiver, pytest.raises(ExternalError):
            receiver.take_history()
        folder = next(one for one in receiver.plan().folders if one.name == "INBOX")  # type: ignore[union-attr]
        assert (folder.stuck_uid, folder.stuck_times) == (50, 1)
        desk.sync()
        _is_whole(desk, raws)


def test_at_stop_it_ends_and_the_rest_comes_later(
    tmp_path: Path, dovecot: Dovecot, account: Account, filled: dict[str, bytes]
) -> None:
    stop = threading.Event()
    with mail_desk(tmp_path / "desk", dovecot, account, history="all") as desk:
        with _receiving(desk, stop=stop, do=_at_receive(desk, stop.set)) as receiver:
            receiver.take_history()
        assert len(desk.items()) < len(filled)
        desk.sync()
        _is_whole(desk, filled)
