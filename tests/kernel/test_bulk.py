"""Plain rows wait in a transaction: whoever reads sees them, whatever is rolled back takes its own with it; turns are fair."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from app.conversations.tables import Mailbox, Message
from app.kernel import clock, ids
from app.kernel.database.fair_lock import FairLock
from app.kernel.database.rows import insert_row, insert_rows
from app.kernel.database.store import Store
from app.kernel.database.tables import Change, Counter
from tests.empty_desk import empty_store
from tests.servers.ports import wait_until


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = empty_store(tmp_path / "desk.sqlite")
    yield made
    made.close()


def test_what_waits_is_seen_by_whoever_reads(store: Store) -> None:
    with store.write("x") as tx:
        insert_row(tx, Counter, {"name": "a", "value": 1})
        assert tx.execute(select(Counter.value).where(Counter.name == "a")).scalar() == 1
        insert_row(tx, Counter, {"name": "b", "value": 2})
        row = tx.get(Counter, "b")
        assert row is not None
        assert row.value == 2
        insert_row(tx, Counter, {"name": "c", "value": 3})
        assert tx.connection().execute(select(Counter.value).where(Counter.name == "c")).scalar() == 3
        insert_row(tx, Counter, {"name": "d", "value": 4})
    with store.read() as db:
        assert {row.name: row.value for row in db.execute(select(Counter.name, Counter.value))} == {
            "a": 1,
            "b": 2,
            "c": 3,
            "d": 4,
        }


def test_a_savepoint_takes_only_its_own_rows_back(store: Store) -> None:
    with store.write("x") as tx:
        insert_row(tx, Counter, {"name": "before", "value": 1})
        nested = tx.begin_nested()
        insert_row(tx, Counter, {"name": "inside", "value": 1})
        nested.rollback()
        insert_row(tx, Counter, {"name": "after", "value": 1})
    with store.read() as db:
        assert set(db.execute(select(Counter.name)).scalars()) == {"before", "after"}


def test_nothing_of_a_failed_transaction_stays(store: Store) -> None:
    def fail() -> None:
        with store.write("x") as tx:
            insert_row(tx, Counter, {"name": "a", "value": 1})
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    with store.read() as db:
        assert db.execute(select(Counter.name)).first() is None
        assert db.execute(select(Change.seq)).first() is None


def test_rows_get_the_defaults_and_types_of_their_table(store: Store) -> None:
    """Two ways into the same table: row by row with the unit of work, and in bulk with only the columns that matter."""
    at = clock.now()
    plain, unit = ids.new_id(), ids.new_id()
    with store.write("x") as tx:
        given = {"direction": "in", "occurred_at": at, "refs": ("a", "ü"), "automatic": True}
        insert_rows(tx, Message, [{"id": plain, **given}])
        tx.add(Message(id=unit, **{**given, "refs": ["a", "ü"]}))
    columns = [column for column in Message.__table__.c if column.name != "id"]
    with store.read() as db:
        one, two = (db.execute(select(*columns).where(Message.id == key)).one() for key in (plain, unit))
        assert tuple(one) == tuple(two)


def test_tables_are_written_before_those_that_point_to_them(store: Store) -> None:
    from app.people.tables import Customer, Identity

    who, at = ids.new_id(), clock.now()
    with store.write("x") as tx:
        insert_row(
            tx, Identity, {"id": ids.new_id(), "kind": "email", "handle": "a@b", "customer": who, "created_at": at}
        )
        insert_row(tx, Customer, {"id": who, "created_at": at})
    with store.read() as db:
        assert db.execute(select(Identity.customer)).scalar() == who
        assert db.execute(select(Mailbox.id)).first() is None


def test_a_bulk_insert_of_an_unknown_column_fails_at_once(store: Store) -> None:
    with store.write("x") as tx, pytest.raises(ValueError, match="valeu"):
        insert_row(tx, Counter, {"name": "a", "valeu": 1})


def test_who_came_first_is_served_first() -> None:
    turns = FairLock()
    served: list[int] = []
    threads = []

    def wait_for_it(number: int) -> None:
        with turns, turns:  # whoever has it may take it again
            served.append(number)

    with turns:
        for number in range(5):
            threads.append(threading.Thread(target=wait_for_it, args=(number,)))
            threads[-1].start()
            wait_until(lambda: len(turns._waiting) == len(threads), 10, "a thread in line")
        assert turns.is_wanted
        assert served == []
    for thread in threads:
        thread.join(10)
    assert served == [0, 1, 2, 3, 4]
    assert not turns.is_wanted
