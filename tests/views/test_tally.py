"""Whatever happens on a desk: the numbers beside the views are what a recount says, and what the lists hold."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.kernel.store import Tx
from app.people.commands import update_customer
from app.tickets import commands, queries
from app.tickets.queries import Pile
from app.tickets.rules import Priority, Status
from app.views.commands import add_view
from app.views.queries import view_id, views
from app.views.tally import EVERY, Tally, recount
from tests.desk_fixture import SmallDesk, mail_in, small_desk

CONDITIONS = (
    "is:open tag:vip",
    "assignee:none OR priority:urgent",
    "from:mia -tag:late",
    "from:0@shop is:unread",
    "assignee:bob",
    "has:note",
    "messages>1",
    "is:overdue OR due<2d",
    "created<2h is:active",
    "older:30m",
    "parcel -tag:vip",
    "is:deleted",
    "-(is:snoozed OR is:waiting)",
)
PILES = {
    "to_do": Pile.TO_DO, "unassigned": Pile.UNASSIGNED, "mine": Pile.MINE, "unread": Pile.UNREAD,
    "overdue": Pile.OVERDUE, "follow_up": Pile.FOLLOW_UP, "snoozed": Pile.SNOOZED, "waiting": Pile.WAITING,
    "open": Pile.ACTIVE, "closed": Pile.CLOSED, "all": Pile.ALL, "bin": Pile.BIN,
}  # fmt: skip

_which = st.integers(0, 3)
_steps = st.lists(
    st.one_of(
        st.tuples(st.just("status"), _which, st.sampled_from(Status)),
        st.tuples(st.just("assign"), _which, st.sampled_from(["ann", "bob", None])),
        st.tuples(st.just("priority"), _which, st.sampled_from(Priority)),
        st.tuples(st.just("tag"), _which, st.sampled_from(["vip", "VIP", "late"])),
        st.tuples(st.just("untag"), _which, st.sampled_from(["vip", "late"])),
        st.tuples(st.just("follow"), _which, st.booleans()),
        st.tuples(st.just("due"), _which, st.integers(-60, 4000)),
        st.tuples(st.just("snooze"), _which, st.integers(1, 600)),
        st.tuples(st.just("delete"), _which, st.none()),
        st.tuples(st.just("restore"), _which, st.none()),
        st.tuples(st.just("note"), _which, st.none()),
        st.tuples(st.just("seen"), _which, st.sampled_from(["ann", "bob"])),
        st.tuples(st.just("unseen"), _which, st.none()),
        st.tuples(st.just("mail"), _which, st.booleans()),
        st.tuples(st.just("merge"), _which, _which),
        st.tuples(st.just("rename"), _which, st.sampled_from(["Mia Wong", "Ada King"])),
        st.tuples(st.just("undo"), _which, st.none()),
        st.tuples(st.just("wait"), _which, st.integers(1, 3000)),
        st.tuples(st.just("view"), _which, st.sampled_from(CONDITIONS)),
    ),
    max_size=12,
)


def _do(tx: Tx, desk: SmallDesk, tickets: list[UUID], step: tuple[str, int, Any]) -> None:
    name, which, value = step
    ticket = tickets[which]
    who = {"ann": desk.ann, "bob": desk.bob}
    simple: dict[str, Any] = {
        "status": commands.set_status,
        "priority": commands.set_priority,
        "tag": commands.add_tag,
        "untag": commands.remove_tag,
        "follow": commands.set_follow_up,
    }
    detail = queries.ticket(tx, ticket)
    assert detail is not None
    if name in simple:
        simple[name](tx, ticket, value)
    elif name == "assign":
        commands.assign(tx, ticket, who.get(value))
    elif name == "due":
        commands.set_fields(tx, ticket, due_at=desk.now + timedelta(minutes=value))
    elif name == "snooze" and detail.row.status in {"new", "open", "waiting"}:
        commands.snooze(tx, ticket, desk.now + timedelta(minutes=value))
    elif name == "delete":
        commands.delete_ticket(tx, ticket)
    elif name == "restore":
        commands.restore_ticket(tx, ticket)
    elif name == "note":
        commands.add_note(tx, ticket, "Words")
    elif name == "seen":
        commands.mark_seen(tx, ticket, who[value])
    elif name == "unseen":
        commands.mark_unseen(tx, ticket)
    elif name == "mail":
        mail_in(tx, ticket if value and detail.row.deleted_at is None else None, mailbox=desk.mailbox)
    elif name == "merge" and queries.living_ticket(tx, ticket) != queries.living_ticket(tx, tickets[value]):
        commands.merge(tx, ticket, tickets[value])
    elif name == "rename" and detail.row.customer is not None:
        update_customer(tx, detail.row.customer, name=value)
    elif name == "undo":
        commands.undo(tx)
    elif name == "view":
        add_view(tx, "Another", value)


def _agree(desk: SmallDesk, tally: Tally) -> None:
    """What is remembered is what is counted; where it may not be, it says so."""
    with desk.store.read() as db:
        kept = tally.read(db, desk.ann)
        known = views(db, desk.ann)
        counted = recount(db, known, desk.ann)
        assert kept.keys() == counted.keys()
        for one in known:
            number = kept[one.id]
            if not number.stale and number.as_of == desk.now:
                assert (one.text, number.total, number.unread) == (one.text, *counted[one.id])
            else:
                assert number.stale or desk.now - number.as_of < EVERY
        piles = queries.counts(db, desk.ann)
        for key, pile in PILES.items():
            assert (key, kept[view_id(key)].total) == (key, piles[pile]) or kept[view_id(key)].as_of < desk.now


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(steps=_steps)
def test_numbers_are_what_a_recount_says(steps: list[tuple[str, int, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder, small_desk(Path(folder)) as desk:
        tickets = [desk.mail(address=f"{number}@shop.example")[0] for number in range(4)]
        for number, condition in enumerate(CONDITIONS):
            desk.do(add_view, f"View {number}", condition)
        tally = Tally()
        _agree(desk, tally)
        for step in steps:
            desk.later(minutes=step[2] if step[0] == "wait" else 1)
            desk.do(_do, desk, tickets, step)
            _agree(desk, tally)
        desk.later(minutes=2)
        with desk.store.read() as db:  # after a minute nothing is old any more
            assert {key: (one.total, one.unread) for key, one in tally.read(db, desk.ann).items()} == recount(
                db, views(db, desk.ann), desk.ann
            )
