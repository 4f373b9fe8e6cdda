"""A desk whose mailbox lies on the scripted server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.inbox.mail_desk import MailDesk, mail_desk
from tests.servers.bad_imap import BadImap
from tests.servers.odd_mailbox import OddMailbox


@contextmanager
def odd_desk(folder: Path, odd: OddMailbox, *, most: int = 99, **fields: Any) -> Iterator[tuple[MailDesk, BadImap]]:
    """A desk and the server behind it, which grants `most` connections; `odd` may be changed while it runs."""
    account: Any = SimpleNamespace(user="support@desk.example", password="secret")
    with BadImap(odd.script(), most=most) as bad:
        server: Any = SimpleNamespace(imap=bad.port)
        with mail_desk(folder, server, account, **{"history": "all", **fields}) as desk:
            yield desk, bad
