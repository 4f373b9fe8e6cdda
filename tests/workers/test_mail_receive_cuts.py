"""The line cut at any byte, again and again: every mail comes once, as it was, and the ledger is exact."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from app.conversations.queries import raw_ref
from app.inbox.queries import ledger
from app.inbox.receiving import large_mails
from app.kernel import clock
from app.kernel.errors import ExternalError
from app.kernel.state import options
from tests.inbox.mail_desk import MailDesk, letter, mail_desk
from tests.servers.dovecot import Account, Dovecot
from tests.servers.wire import Wire

_CUTS = 25


def _sync(desk: MailDesk) -> bool:
    try:
        desk.sync()
    except ExternalError:
        return False
    return True


def test_cut_at_any_byte_nothing_is_lost_and_nothing_doubled(
    tmp_path: Path, dovecot: Dovecot, account: Account
) -> None:
    dice = random.Random(11)
    raws: dict[str, bytes] = {}
    for number in range(40):
        at = clock.now() - timedelta(hours=number * 12)
        words = "\n".join(f"words {dice.random()}" for _ in range(12_000 if number % 8 == 0 else 40))
        raws[f"{number}@c"] = letter(words, ident=f"{number}@c", subject=f"Nr {number}", date=at)
        dovecot.deliver(account, raws[f"{number}@c"], at=at)
    cuts = 0
    with Wire(dovecot.imap) as wire:
        server: Any = SimpleNamespace(imap=wire.port)
        with mail_desk(tmp_path / "desk", server, account, history="all") as desk:
            desk.do(options.put, "low_bandwidth", True)
            while cuts < _CUTS:
                wire.restore()
                if dice.random() < 0.2:
                    wire.cut_after_up = wire.up + dice.randrange(1, 1_500)
                else:
                    wire.cut_after_down = wire.down + dice.choice(
                        [dice.randrange(1, 4_000), dice.randrange(1, 400_000)]
                    )
                if _sync(desk):
                    break
                cuts += 1
            wire.restore()
            while not _sync(desk):
                pass
            assert cuts >= 8
            assert not desk.ask(large_mails, desk.mailbox)
            assert desk.outcomes() == {"message": 40}
            stored = {}
            for one in desk.messages():
                ref = desk.ask(raw_ref, one.id)
                assert ref is not None
                stored[one.external_id] = desk.packs.read(ref)
            assert stored == raws
            assert len(desk.tickets()) == 40
            assert {(one.waiting, one.unaccounted, one.gone) for one in desk.ask(ledger)} == {(0, 0, 0)}
            assert desk.list_again() == 0
