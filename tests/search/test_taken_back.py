"""What was taken back or moved is told where it lies now, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.inbox.commands import erase_binned
from app.search.queries import ticket_ids
from app.tickets import commands
from app.tickets.queries import ticket
from app.timeline.queries import customer_timeline, timeline_counts
from tests.desk_fixture import SmallDesk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[SmallDesk]:
    """An empty desk."""
    made = SmallDesk(tmp_path)
    yield made
    made.close()


def test_a_note_that_was_undone_is_in_no_timeline_and_found_by_no_search(desk: SmallDesk) -> None:
    key, _ = desk.mail(words="Hello")
    desk.later(minutes=1)
    desk.do(commands.add_note, key, "The parcel is in Rotterdam")
    shown = desk.ask(ticket, key)
    assert shown is not None
    assert shown.row.customer is not None

    def told() -> tuple[int, ...]:
        moments = desk.ask(customer_timeline, shown.row.customer)
        counted = desk.ask(timeline_counts, shown.row.customer)["note"]
        found = [len(desk.ask(ticket_ids, typed)) for typed in ("rotterdam", "has:note")]
        return sum(one.kind == "note" for one in moments), counted, *found

    assert told() == (1, 1, 1, 1)
    desk.do(commands.undo)
    assert told() == (0, 0, 0, 0)
    desk.do(commands.redo)
    assert told() == (1, 1, 1, 1)


def test_a_solving_that_was_undone_is_followed_by_its_reopening(desk: SmallDesk) -> None:
    key, _ = desk.mail(words="Hello")  # new, not open: what comes back need not be called so
    desk.later(minutes=1)
    desk.do(commands.set_status, [key], "solved")
    desk.later(minutes=1)
    desk.do(commands.undo)
    shown = desk.ask(ticket, key)
    assert shown is not None
    assert shown.row.status == "new"
    assert shown.row.customer is not None
    what = [one.what for one in desk.ask(customer_timeline, shown.row.customer) if one.kind == "ticket"]
    assert what == ["reopened", "solved", "created"]
    assert desk.ask(timeline_counts, shown.row.customer)["ticket"] == 3


def test_what_was_split_off_is_still_found_when_its_first_ticket_is_erased(desk: SmallDesk) -> None:
    first, _ = desk.mail(words="Hello")
    desk.later(minutes=1)
    _, message = desk.mail(first, words="The rhubarb is late")
    other, _ = desk.mail(address="b@shop.example", words="Hello")
    desk.do(commands.place_message, message, other)
    assert desk.ask(ticket_ids, "rhubarb") == (other,)
    desk.do(commands.delete_ticket, first)
    desk.later(days=400)
    while desk.work(erase_binned):
        pass
    assert desk.ask(ticket, first) is None
    assert desk.ask(ticket_ids, "rhubarb") == (other,)
