"""The palette finds tickets and customers, and leads to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app.desk import Desk
from app.kernel import ids
from app.kernel.store import Tx
from app.people.commands import add_agent, customer_for
from app.tickets import commands
from ui.bridge import Bridge
from ui.pages.finding import Finder
from ui.tasks import Tasks
from ui.widgets.palette import Entry


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Desk.open(tmp_path / "desk", create=True) as one:
        one.sit_down(one.work(add_agent, "Maya"))
        one.do(_matter)
        yield one


def _matter(tx: Tx) -> None:
    customer = customer_for(tx, "ann@example.org", "Ann Lee", tx.now)
    commands.open_ticket(tx, ticket=ids.new_id(), customer=customer, subject="A broken lamp", mailbox=None, at=tx.now)


def test_words_lead_to_tickets_and_people(desk: Desk, qtbot: QtBot) -> None:
    bridge = Bridge(desk)
    tasks = Tasks(desk, bridge)
    went: list[tuple[str, dict[str, Any]]] = []
    shown: list[Sequence[Entry]] = []
    find = Finder(tasks, lambda page, **where: went.append((page, where)), bridge)
    for words in ("lamp", "ann", "is:", "x"):
        find(words, shown.append)
        qtbot.waitUntil(lambda: tasks.running == 0)
    assert [[entry.text for entry in entries] for entries in shown[:2]] == [["A broken lamp"], ["Ann Lee"]]
    shown[0][0].run()
    shown[1][0].run()
    assert [page for page, _ in went] == ["inbox", "customers"]
    assert set(went[0][1]) == {"ticket"}
    assert list(shown[-1]) == []
    tasks.close()
    bridge.close()
