"""How frozen dataclasses cross the line between two of our processes: made again with one call, not field by field.

Pickling sends a slotted dataclass as a list of its fields that is set one by one on the other side, three times the work.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from multiprocessing.reduction import ForkingPickler
from operator import attrgetter
from typing import Any


def cross_in_one_call(*kinds: type[Any]) -> None:
    """Whatever of these kinds this process sends to another is made again there with one call."""
    for kind in kinds:
        ForkingPickler.register(kind, _in_one_call(kind))


def _in_one_call(kind: type[Any]) -> Callable[[Any], tuple[type[Any], tuple[Any, ...]]]:
    values = attrgetter(*(field.name for field in fields(kind)))
    return lambda one: (kind, values(one))
