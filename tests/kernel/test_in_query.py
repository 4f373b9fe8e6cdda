"""One question about many keys: however many they are, the answer is that of the plain query."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import BindParameter, bindparam, create_engine, insert, select
from sqlalchemy.orm import Session

from app.kernel import ids
from app.kernel.database.base import Base
from app.kernel.database.in_query import InQuery
from app.kernel.database.tables import Job

_START = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
_WANTED: BindParameter[Any] = bindparam("keys", expanding=True)
_COLUMNS = (Job.id, Job.name, Job.payload, Job.agent, Job.created_at, Job.ended_at, Job.done)


def _jobs(count: int) -> list[dict[str, Any]]:
    return [
        {
            "id": uuid4(),
            "name": "even" if n % 2 == 0 else "odd",
            "state": "done",
            "payload": {"n": n} if n % 3 else [],
            "cursor": {},
            "agent": uuid4() if n % 5 else None,
            "action": uuid4(),
            "created_at": _START + timedelta(minutes=n),
            "ended_at": None,
            "done": n,
        }
        for n in range(count)
    ]


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 128, 499, 500, 501, 1100])
def test_it_answers_as_the_plain_query(tmp_path: Path, count: int) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'desk'}")
    Base.metadata.create_all(engine, [Job.__table__])  # type: ignore[list-item]
    rows = _jobs(1200)
    query = select(*_COLUMNS).where(Job.id.in_(_WANTED), Job.done >= bindparam("least"), Job.name == "even")
    asked = InQuery(query)
    with Session(engine) as line:
        line.execute(insert(Job), rows)
        keys: list[UUID] = [row["id"] for row in rows[:count]]
        plain = line.execute(query, {"keys": keys, "least": 6})
        found = list(asked.rows(line, [*keys, uuid4()], least=6))
        assert sorted(found, key=lambda row: row.done) == sorted(map(tuple, plain), key=lambda row: row[-1])
        assert len(found) == len([row for row in rows[:count] if row["done"] >= 6 and row["name"] == "even"])
        assert list(asked.rows(line, [], least=0)) == []
    engine.dispose()


def test_keys_may_come_once_only_and_in_any_collection(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'desk'}")
    Base.metadata.create_all(engine, [Job.__table__])  # type: ignore[list-item]
    asked = InQuery(select(Job.done).where(Job.done.in_(_WANTED)))
    with Session(engine) as line:
        line.execute(insert(Job), _jobs(9))
        assert sorted(row.done for row in asked.rows(line, {3, 5, 99})) == [3, 5]
        assert sorted(row.done for row in asked.rows(line, dict.fromkeys([8, 1]))) == [1, 8]
    engine.dispose()


def test_a_query_with_another_list_is_refused(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'desk'}")
    asked = InQuery(select(Job.done).where(Job.done.in_(_WANTED), Job.name.in_(("even", "odd"))))
    with Session(engine) as line, pytest.raises(ValueError, match="one list"):
        list(asked.rows(line, [1]))
    engine.dispose()


def test_a_uuid_made_quickly_is_one_like_any_other() -> None:
    for usual in (uuid4(), UUID(int=0), UUID(int=(1 << 128) - 1)):
        quick = ids.from_bytes(usual.bytes)
        assert (quick, hash(quick), str(quick), quick.bytes) == (usual, hash(usual), str(usual), usual.bytes)
        assert quick.is_safe is usual.is_safe
        assert {quick: 1}[usual] == 1
