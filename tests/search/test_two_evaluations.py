"""What a condition means is said twice, as SQL and in memory: both find the same tickets, whatever is asked."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given
from sqlalchemy import text

from app.conditions.tree import Node, QueryError
from app.conditions.typed import parse, to_text
from app.conversations.commands import NewAttachment
from app.fields.commands import add_field
from app.kernel.database.transaction import Tx
from app.outbox.drafts import DraftContent, save_draft
from app.search.filters import Filter
from app.states.commands import add_state
from app.tickets import commands, queries
from app.tickets.commands.spam import mark_spam
from tests.conditions.trees import trees
from tests.desk_fixture import SmallDesk, small_desk
from tests.search.facts import facts_of
from tests.search.in_memory import fits_condition

_PEOPLE = (("mia@shop.example", "Mia Wong"), ("ärger@müller.example", "Jörg Ärger"), ("0@shop.example", ""))
_SUBJECTS = ("Where is my parcel?", "Ärger mit 50% Rabatt", "a_b (x) OR", "日本語 vip", "from:x", "12")
_OWN: dict[str, tuple[str, list[Any], str]] = {
    "colour": ("choice", ["Ann", "Ärger", "vip"], "Ann\nÄrger\nvip"),
    "order no": ("text", ["say hi", "a_b", "ärger"], ""),
    "size": ("number", [0, 3, 4.5], ""),
    "when": ("date", ["2026-03-01", "2026-03-02", "2026-03-05"], ""),
    "ok": ("checkbox", [True], ""),
    "parts": ("multi", [["me"], ["me", "parcel"]], "me\nparcel"),
}


@pytest.fixture(scope="module")
def desk() -> Iterator[SmallDesk]:
    """A desk with some of everything, made once."""
    with tempfile.TemporaryDirectory() as folder, small_desk(Path(folder)) as made:
        dice = random.Random(7)
        fields = {name: made.do(add_field, name, kind, choices=choices) for name, (kind, _, choices) in _OWN.items()}
        state = made.do(add_state, "Waiting for Ann", "waiting")
        tickets = [_ticket(made, dice) for _ in range(24)]
        for ticket in tickets:
            made.later(minutes=dice.randrange(600))
            made.do(_change, made, ticket, dice, fields, state)
        made.do(commands.merge, tickets[0], tickets[1])
        made.do(commands.merge, tickets[1], tickets[2])
        made.do(save_draft, DraftContent("Begun before it was merged"), ticket=tickets[0])
        made.do(commands.delete_ticket, tickets[3])
        made.do(mark_spam, tickets[4])
        yield made


def _ticket(desk: SmallDesk, dice: random.Random) -> UUID:
    address, name = dice.choice(_PEOPLE)
    file = NewAttachment(filename="a.txt", content_type="text/plain", size=3, part="2")
    files = (file,) if dice.random() < 0.3 else ()
    words = dice.choice(("Hello parcel", "nothing (x) here", "日本語 ärger"))
    return desk.mail(address=address, name=name, subject=dice.choice(_SUBJECTS), words=words, files=files)[0]


def _change(tx: Tx, desk: SmallDesk, ticket: UUID, dice: random.Random, fields: dict[str, UUID], state: UUID) -> None:
    """Some of everything that conditions can ask for."""

    def perhaps() -> bool:
        return dice.random() < 0.4

    if perhaps():
        commands.assign(tx, ticket, dice.choice([desk.ann, desk.bob]))
    for tag in ("vip", "Ärger", "none"):
        if perhaps():
            commands.add_tag(tx, ticket, tag)
    if perhaps():
        commands.add_note(tx, ticket, "A note about the parcel")
    if perhaps():
        commands.set_fields(
            tx, ticket, team=dice.choice(["Ann", "ärger"]), due_at=desk.now + timedelta(hours=dice.randrange(-50, 50))
        )
    commands.set_priority(tx, ticket, dice.choice(["low", "normal", "urgent"]))
    commands.set_follow_up(tx, ticket, perhaps())
    for name, (_, values, _) in _OWN.items():
        if perhaps():
            commands.set_custom(tx, ticket, fields[name], dice.choice(values))
    if perhaps():
        commands.snooze(tx, ticket, desk.now + timedelta(hours=dice.randrange(1, 80)))
    if perhaps():
        commands.set_status(tx, ticket, dice.choice(["open", "waiting", "solved", "closed", state.hex]))
    if perhaps():
        commands.mark_seen(tx, ticket)
    if perhaps():
        save_draft(tx, DraftContent("Begun"), ticket=ticket, agent=dice.choice([desk.ann, desk.bob]))


@given(tree=trees)
@example(tree=parse("-assignee:none OR -from:mia"))
@example(tree=parse("-(waiting<3d) -state:ann -organisation:any"))
@example(tree=parse("updated>=2026-03-02 -updated>1h"))
@example(tree=parse("#1 OR #2 OR #3"))
@example(tree=parse("has:draft #3"))
@example(tree=parse("parc hello -not"))
@example(tree=parse("-(:: OR !!) (parcel OR 日) -par"))
@example(tree=parse("-(hello OR is:open) OR hell"))
@example(tree=parse("tag:ÄRGER subject:ÄRGER -from:ärger"))
@example(tree=parse('field.colour:ÄRGER OR field.parts=parcel OR field."order no":none field.ok:no'))
def test_sql_and_memory_agree(desk: SmallDesk, tree: Node) -> None:
    with desk.store.read() as db:
        everybody = [UUID(bytes=row[0]) for row in db.execute(text("SELECT id FROM ticket"))]
        found = []
        for each in (False, True):
            filters = Filter.of(db, desk.ann, each=each)
            try:
                where = filters.where(tree)
            except QueryError:  # a field of the desk's own with a value that it cannot have
                return
            rows = db.execute(text(f"SELECT t.id FROM ticket t WHERE {where}"), filters.values)
            found.append({UUID(bytes=row[0]) for row in rows})
            opposite = filters.holds(tree)
            unclear = f"SELECT count(*) FROM ticket t WHERE ({opposite}) IS NULL"
            assert db.execute(text(unclear), filters.values).scalar() == 0
        facts = facts_of(db, everybody, tree, desk.ann)
        remembered = {key for key in everybody if fits_condition(tree, facts[key], desk.now)}
        assert found == [remembered, remembered], to_text(tree)


def test_every_leaf_finds_something_and_leaves_something_out(desk: SmallDesk) -> None:
    """The comparison above would also hold on an empty desk."""
    asked = (
        "is:open", "is:unread", "is:snoozed", "is:overdue", "is:followup", "is:unassigned", "is:mine", "is:deleted", "is:spam",
        "has:note", "has:attachment", "has:draft", "tag:vip", "tag:none", "from:mia", "from:ärger", "assignee:bob", "assignee:any", "state:ann",
        "team:ärger", "priority:urgent", "due<2d", "due:none", "snoozed:any", "waiting>1h", "created>2026-03-01", "messages>1",
        "#3", "parcel", "organisation:any", "field.size>=3", "field.when=2026-03-02", "field.ok:yes", "field.parts:parcel",
    )  # fmt: skip
    with desk.store.read() as db:
        total = db.execute(text("SELECT count(*) FROM ticket")).scalar_one()
        for typed in asked:
            filters = Filter.of(db, desk.ann)
            where = filters.where(parse(typed))
            found = db.execute(text(f"SELECT count(*) FROM ticket t WHERE {where}"), filters.values).scalar_one()
            assert 0 < found < total, typed


def test_a_field_or_a_choice_that_there_is_not_is_said_to_be_so(desk: SmallDesk) -> None:
    for typed, said in (
        ("is:open field.colr:red", "no field “colr”"),
        ("field.colour=red", "no choice “red”"),
        ("field.size:big", "not a number"),
        ("field.ok:perhaps", "yes or no"),
        ("field.when<soon", "not a span or a date"),
        ("field.colour>3", "no number and no date"),
    ):
        with desk.store.read() as db, pytest.raises(QueryError) as caught:
            Filter.of(db, desk.ann).where(parse(typed))
        assert said in str(caught.value)
        assert caught.value.position == typed.index("field")


def test_a_merged_number_finds_the_ticket_that_it_became(desk: SmallDesk) -> None:
    with desk.store.read() as db:
        filters = Filter.of(db, desk.ann)
        rows = db.execute(text(f"SELECT t.id FROM ticket t WHERE {filters.where(parse('#1'))}"), filters.values)
        assert [UUID(bytes=row[0]) for row in rows] == [queries.ticket_id(db, 1)]
