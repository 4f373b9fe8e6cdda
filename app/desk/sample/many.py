"""A desk of any size, fast, for measuring. (Filled in below.)"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.desk.desk import Desk


def fill_many(desk: Desk, tickets: int) -> None:
    """Fill a desk with `tickets` tickets."""
    raise NotImplementedError
