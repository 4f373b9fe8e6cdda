"""What anybody does to tickets at random, for tests that compare the desk afterwards with what it should be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from hypothesis import strategies as st

from app.tickets import commands
from app.tickets.rules import Priority, Status

Step = tuple[str, int, Any]
"""What is done, to which of some tickets, with what value."""

SIMPLE: Final[dict[str, Callable[..., commands.Changed]]] = {
    "status": commands.set_status,
    "priority": commands.set_priority,
    "tag": commands.add_tag,
    "untag": commands.remove_tag,
    "follow": commands.set_follow_up,
}
"""Verbs that are called with a ticket and the value as it is."""


def ordinary(which: st.SearchStrategy[int]) -> list[st.SearchStrategy[Step]]:
    """The steps that every such test takes. "assign" has `ann`, `bob` or nobody, "merge" another ticket."""
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "status": st.sampled_from(Status),
        "assign": st.sampled_from(["ann", "bob", None]),
        "priority": st.sampled_from(Priority),
        "tag": st.sampled_from(["vip", "VIP", "late"]),
        "untag": st.sampled_from(["vip", "late"]),
        "follow": st.booleans(),
        "delete": st.none(),
        "restore": st.none(),
        "note": st.none(),
        "merge": which,
    }
    return [st.tuples(st.just(name), which, value) for name, value in kinds.items()]
