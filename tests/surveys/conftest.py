"""The small desk of the outbox tests serves here too."""

from __future__ import annotations

from tests.outbox.conftest import desk, time

__all__ = ["desk", "time"]
