"""A desk that is handed its mail without a server, with acknowledgements on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.conversations.mailboxes import update_mailbox
from tests.inbox.paper_desk import PaperDesk, paper_desk


@pytest.fixture
def paper(tmp_path: Path) -> Iterator[PaperDesk]:
    """It acknowledges every new ticket, as far as a program may."""
    with paper_desk(tmp_path) as made:
        made.do(update_mailbox, made.mailbox, ack_on=True)
        yield made
