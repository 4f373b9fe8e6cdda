"""A standing clock, and a small desk that sends through a real server: for whatever is tested of sending."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.workers.mail_send import SendCounts, send_due
from tests.outbox.conftest import time
from tests.outbox.small_desk import Clock, SmallDesk
from tests.servers.smtp import SmtpServer

__all__ = ["desk", "send", "time"]


@pytest.fixture
def desk(tmp_path: Path, time: Clock, smtp: SmtpServer) -> Iterator[SmallDesk]:
    """With a mail to be answered."""
    made = SmallDesk(tmp_path, smtp=f"smtp://127.0.0.1:{smtp.port}")
    made.incoming()
    yield made
    made.close()


def send(desk: SmallDesk) -> SendCounts:
    """One pass over everything that is due."""
    return send_due(desk.do, desk.ask, desk.packs, desk.secrets, desk.stop)
