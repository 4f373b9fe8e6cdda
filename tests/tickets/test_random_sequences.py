"""Whatever people do, in whatever order: the counters are what a recount says, and undoing it all is as if nothing was."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.kernel import ids
from app.kernel.database.transaction import Tx
from app.tickets import commands, queries
from app.tickets.rules import Status
from app.views.tally import kept_totals
from tests.desk_fixture import SmallDesk, mail_in, small_desk
from tests.piles import PILES, numbers
from tests.tickets.doing import SIMPLE, ordinary

_which = st.integers(0, 2)
_steps = st.lists(
    st.one_of(
        *ordinary(_which),
        st.tuples(st.just("reply"), _which, st.booleans()),
        st.tuples(st.just("together"), _which, st.sampled_from(Status)),
    ),
    max_size=8,
)


def _do(tx: Tx, desk: SmallDesk, tickets: list[UUID], step: tuple[str, int, Any]) -> UUID | None:
    """One step as the window does it; the action that can be undone, None when nothing changed."""
    name, which, value = step
    ticket = tickets[which]
    if name == "reply":
        detail = queries.ticket(tx, queries.living_ticket(tx, ticket))
        if detail is None or detail.row.deleted_at is not None:
            return None
        return commands.reply(tx, ticket, text="Words", solve=value).action
    if name == "note":
        return commands.add_note(tx, ticket, "Words").action
    if name == "merge":
        both = {queries.living_ticket(tx, one) for one in (ticket, tickets[value])}
        in_bin = any(row.deleted_at for row in queries.ticket_rows(tx, list(both)))
        changed = None if in_bin or len(both) == 1 else commands.merge(tx, ticket, tickets[value])
    elif name == "together":
        changed = commands.set_fields(tx, tickets, status=value, priority="high")
    elif name == "assign":
        changed = commands.assign(tx, ticket, {"ann": desk.ann, "bob": desk.bob}.get(value))
    elif name in SIMPLE:
        changed = SIMPLE[name](tx, ticket, value)
    else:
        changed = (commands.delete_ticket if name == "delete" else commands.restore_ticket)(tx, ticket)
    return changed.action if changed is not None and changed.tickets else None


def _state(desk: SmallDesk, tickets: list[UUID]) -> list[Any]:
    return [
        (desk.ask(queries.ticket, ticket), desk.ask(queries.message_ids, ticket), desk.ask(kept_totals))
        for ticket in tickets
    ]


def _numbers_agree(desk: SmallDesk) -> None:
    """Beside every list stands how many tickets are in it, and the counters are what a recount says."""
    with desk.store.read() as db:
        assert queries.wrong_counters(db) == {}
        for agent in (desk.ann, None):
            lists = {pile: queries.ticket_ids(db, queries.View(pile, agent)) for pile in PILES}
            assert {pile: one.total for pile, one in numbers(db, agent).items()} == {
                pile: len(found) for pile, found in lists.items()
            }
        for few, whole in zip(queries.board(db, limit=1), queries.board(db), strict=True):
            assert (few.key, few.count) == (whole.key, len(whole.ids))


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=_steps)
def test_undoing_everything_is_as_if_nothing_was(steps: list[tuple[str, int, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder, small_desk(Path(folder)) as desk:
        tickets = [desk.mail(address=f"{number}@shop.example")[0] for number in range(3)]
        before = _state(desk, tickets)
        actions = []
        for step in steps:
            desk.later(minutes=1)
            action = desk.do(_do, desk, tickets, step)
            actions += [action] if action else []
            _numbers_agree(desk)
        for action in reversed(actions):
            result = desk.do(commands.undo)
            assert (result.action, result.kept) == (action, ())
            _numbers_agree(desk)
        assert _state(desk, tickets) == before


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(steps=_steps, mails=st.lists(st.tuples(_which, st.integers(0, 3)), max_size=8))
def test_counters_hold_within_one_transaction_and_when_it_fails(
    steps: list[tuple[str, int, Any]], mails: list[tuple[int, int]]
) -> None:
    with tempfile.TemporaryDirectory() as folder, small_desk(Path(folder)) as desk:
        with desk.store.write("ingest", agent=desk.ann) as tx:
            tickets = [mail_in(tx, mailbox=desk.mailbox, address=f"{number}@shop.example")[0] for number in range(3)]
            for number, step in enumerate(steps):
                tx.action = ids.new_id()
                nested = tx.begin_nested()
                _do(tx, desk, tickets, step)
                if number % 3 == 2:
                    nested.rollback()
                else:
                    nested.commit()
                for which, _ in mails[number : number + 1]:
                    mail_in(tx, tickets[which], mailbox=desk.mailbox)
            for which, status in mails:
                opened = list(Status)[status]
                mail_in(tx, None, mailbox=desk.mailbox, address=f"{which}@shop.example", status=opened)
        assert desk.ask(queries.wrong_counters) == {}
