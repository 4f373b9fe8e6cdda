"""A clock that stands still until it is moved or set, and a small desk that sends through a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.outbox.conftest import time
from tests.outbox.small_desk import Clock, SmallDesk
from tests.servers.smtp import SmtpServer

__all__ = ["desk", "time"]


@pytest.fixture
def desk(tmp_path: Path, time: Clock, smtp: SmtpServer) -> Iterator[SmallDesk]:
    """With a mail to be answered."""
    made = SmallDesk(tmp_path, smtp=f"smtp://127.0.0.1:{smtp.port}")
    made.incoming()
    yield made
    made.close()
