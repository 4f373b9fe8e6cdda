"""Fixtures of receiving: a Dovecot, a mailbox on it, a desk that reads it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.inbox.mail_desk import MailDesk, mail_desk
from tests.inbox.paper_desk import PaperDesk, paper_desk
from tests.servers.dovecot import Account, Dovecot
from tests.servers.fixtures import account, dovecot

__all__ = ["account", "desk", "dovecot"]


@pytest.fixture
def desk(tmp_path: Path, dovecot: Dovecot, account: Account) -> Iterator[MailDesk]:
    """A desk whose mailbox was connected with the usual choice: threads of the last 14 days are open."""
    with mail_desk(tmp_path / "desk", dovecot, account) as made:
        yield made


@pytest.fixture
def paper(tmp_path: Path) -> Iterator[PaperDesk]:
    """A desk that is handed its mail without a server."""
    with paper_desk(tmp_path) as made:
        yield made
