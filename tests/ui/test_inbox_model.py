# mypy: disable-error-code="no-untyped-call"
"""The list's model: it keeps Qt's promises, moves single rows, and never loses or doubles a ticket."""

from __future__ import annotations

import gc
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn
from uuid import UUID, uuid4

import pytest
import shiboken6
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QItemSelectionModel, QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.kernel.database.changes import Changes
from app.tickets import commands
from app.tickets.queries import ticket_ids, ticket_rows
from tests.ui.inbox_desk import InboxDesk
from ui.bridge import Bridge
from ui.models import blocks, sources
from ui.models import tickets as module
from ui.models.blocks import block_of
from ui.models.cache import TicketCache
from ui.models.hits import Found, HitModel, near
from ui.models.sources import Have, all_of, first_of
from ui.models.tickets import ID_ROLE, ROW_ROLE, TicketModel
from ui.pages.inbox import loading
from ui.tasks import Tasks


class Reading:
    """A desk, its tasks and a model over it that hears of changes."""

    def __init__(self, made: InboxDesk) -> None:
        self.made = made
        self.bridge = Bridge(made.desk)
        self.tasks = Tasks(made.desk, self.bridge)
        self.cache = TicketCache(self.tasks, lambda: made.ann)
        self.model = TicketModel(self.tasks, self.cache)
        self.tester = QAbstractItemModelTester(self.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
        self.bridge.changed.connect(self.hear)

    def hear(self, changes: Changes) -> None:
        """What the page does with changes."""
        self.cache.apply(changes)
        self.model.apply(changes)

    def ids(self) -> list[UUID]:
        """What the model shows."""
        return [self.model.id_at(n) for n in range(self.model.rowCount())]


@pytest.fixture
def reading(tmp_path: Path, qapp: QApplication) -> Iterator[Reading]:
    """An empty desk with a model over it."""
    made = InboxDesk(tmp_path / "desk")
    found = Reading(made)
    yield found
    assert found.tasks.close()
    found.bridge.close()
    made.desk.close()


def have(model: TicketModel) -> Have:
    """What a read is told of the list that is here."""
    return Have(model._ids, model._known)


def shown(reading: Reading, qtbot: QtBot) -> None:
    """A list as the page shows it, whose first rows come with it; what is asked for then has come, too."""
    first = reading.made.desk.ask(loading.first, "to_do", reading.made.ann)
    reading.model.start_with(first.ids, first.rows, first.source)
    qtbot.waitUntil(lambda: reading.model.is_loaded and reading.tasks.running == 0)


def calm(reading: Reading, qtbot: QtBot) -> None:
    """All that was changed was told, and what was asked for then has come; nobody looks at a row the moment it changes, as
    the tester does.
    """
    shiboken6.delete(reading.tester)
    bridge = reading.bridge
    qtbot.waitUntil(lambda: not bridge._calm.isActive() and bridge._pending is None and reading.tasks.running == 0)


def test_rows_come_by_pages_in_the_background(reading: Reading, qtbot: QtBot) -> None:
    """The first page is there with the list; of the others each comes when one of its rows is painted."""
    keys = reading.made.some(70)
    shown(reading, qtbot)
    assert reading.ids() == keys
    assert reading.cache.row(keys[63]) is not None
    assert reading.cache.row(keys[65]) is None
    later = reading.model.index(66, 0)
    qtbot.waitUntil(lambda: later.data(ROW_ROLE) is not None)
    assert later.data(Qt.ItemDataRole.DisplayRole) == "Matter 66"
    assert "Customer 66" in later.data(Qt.ItemDataRole.AccessibleTextRole)
    assert reading.cache.row(keys[65]) is not None


def test_a_row_that_changed_is_shown_old_until_the_new_one_is_here(reading: Reading, qtbot: QtBot) -> None:
    keys = reading.made.some(3)
    shown(reading, qtbot)
    index = reading.model.index(1, 0)
    qtbot.waitUntil(lambda: index.data(ROW_ROLE) is not None)
    reading.made.desk.do(commands.set_fields, [keys[1]], subject="Another matter")

    def subject() -> str:
        row = index.data(ROW_ROLE)
        assert row is not None
        return str(row.subject)

    qtbot.waitUntil(lambda: subject() == "Another matter")


def test_an_old_row_comes_with_its_list_and_one_that_leaves_is_not_read(reading: Reading, qtbot: QtBot) -> None:
    keys = reading.made.some(3)
    shown(reading, qtbot)
    calm(reading, qtbot)
    before = [reading.cache.row(key) for key in keys]
    told: list[frozenset[UUID] | None] = []
    reading.cache.aged.connect(told.append)
    with qtbot.waitSignal(reading.model.followed):
        reading.made.desk.do(commands.set_follow_up, keys[1], follow_up=True)
    row = reading.cache.row(keys[1])
    assert (told, row is not None and row.follow_up) == ([frozenset({keys[1]})], True), (
        "told old once, and here at once"
    )
    with qtbot.waitSignal(reading.model.followed):
        reading.made.desk.do(commands.set_status, keys[0], "solved")
    assert reading.ids() == keys[1:]
    assert reading.cache.row(keys[0]) == before[0], "nobody looks at it here any more"
    assert reading.cache.lacks(keys[0])


def test_a_claimed_row_that_changes_again_or_is_not_read_stays_old(reading: Reading, qtbot: QtBot) -> None:
    (key,) = reading.made.some(1)
    shown(reading, qtbot)
    calm(reading, qtbot)
    cache, (row,) = reading.cache, reading.made.desk.ask(ticket_rows, [key])
    change = Changes({"ticket": frozenset({key})})
    cache.apply(change)
    assert (cache.claim([key]), cache.claim([key]), cache.lacks(key)) == ((key,), (), False)
    cache.apply(change)
    cache.bring([key], [row])
    assert cache.lacks(key), "it is older than its last change"
    assert cache.claim([key]) == (key,)
    cache.release([key])
    assert cache.lacks(key)
    cache.claim([key])
    cache.bring([key], [row])
    assert not cache.lacks(key)


def test_an_answer_moves_its_ticket_up_and_the_choice_goes_with_it(reading: Reading, qtbot: QtBot) -> None:
    keys = reading.made.some(5)
    shown(reading, qtbot)
    selection = QItemSelectionModel(reading.model)
    selection.select(reading.model.index(3, 0), QItemSelectionModel.SelectionFlag.Select)
    resets: list[int] = []
    reading.model.modelReset.connect(lambda: resets.append(1))
    reading.made.mail(keys[3], address="c3@shop.example", name="Customer 3")
    qtbot.waitUntil(lambda: reading.ids()[0] == keys[3])
    assert [index.data(ID_ROLE) for index in selection.selectedIndexes()] == [keys[3]]
    assert not resets
    assert reading.ids() == reading.made.desk.ask(ticket_ids)


def test_a_ticket_that_leaves_the_list_goes_alone(reading: Reading, qtbot: QtBot) -> None:
    keys = reading.made.some(5)
    shown(reading, qtbot)
    kept = QPersistentModelIndex(reading.model.index(4, 0))
    reading.made.desk.do(commands.set_status, [keys[1]], "solved")
    qtbot.waitUntil(lambda: reading.model.rowCount() == 4)
    assert kept.row() == 3
    assert reading.ids() == [keys[0], *keys[2:]]


def test_what_is_beyond_the_first_ids_follows(reading: Reading, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    for where in (loading, module):
        monkeypatch.setattr(where, "FIRST", 4)
    keys = reading.made.some(9)
    shown(reading, qtbot)
    qtbot.waitUntil(lambda: reading.ids() == keys)
    reading.made.mail(keys[7], address="c7@shop.example", name="Customer 7")
    reading.made.desk.do(commands.delete_ticket, [keys[6]])
    qtbot.waitUntil(lambda: reading.ids() == reading.made.desk.ask(ticket_ids) and reading.tasks.running == 0)
    assert len(reading.ids()) == 8


def test_what_is_done_far_down_in_a_list_is_seen_at_once(
    reading: Reading, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    for where in (loading, module):
        monkeypatch.setattr(where, "FIRST", 4)
    monkeypatch.setattr(module, "REST_MS", 3_600_000)
    keys = reading.made.some(9)
    shown(reading, qtbot)
    qtbot.waitUntil(lambda: reading.ids() == keys)
    reading.made.desk.do(commands.set_status, [keys[7]], "solved")
    qtbot.waitUntil(lambda: reading.ids() == [*keys[:7], keys[8]])


def test_what_a_read_knows_before_its_change_is_told_goes_alone_too(reading: Reading, qtbot: QtBot) -> None:
    """The answer to one change may have seen the next one already."""
    keys = reading.made.some(5)
    shown(reading, qtbot)
    kept = QPersistentModelIndex(reading.model.index(4, 0))
    without = [*keys[:1], *keys[2:]]
    reading.model._take(all_of(block_of(without), have(reading.model)), frozenset([keys[4]]))
    assert kept.row() == 3
    assert reading.ids() == without


@given(st.integers(0, 10**6))
def test_any_change_ends_in_the_list_as_it_is_and_what_stays_keeps_being_chosen(seed: int) -> None:
    """The single moves and the three steps, against the plain answer."""
    dice = random.Random(seed)
    pool = [uuid4() for _ in range(40)]
    before = dice.sample(pool, dice.randint(0, 40))
    after = list(before)
    changed = set(dice.sample(pool, dice.choice((1, 4, 30))))
    for key in changed:
        if key in after:
            after.remove(key)
        if dice.random() < 0.7:
            after.insert(dice.randint(0, len(after)), key)
    tasks = Tasks(_NoDesk(), Bridge())
    model = TicketModel(tasks, TicketCache(tasks, lambda: None))
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model._take(all_of(block_of(before), None), None)
    chosen, kept = QItemSelectionModel(model), {}
    for key in dice.sample(before, len(before) // 3):
        index = model.index(model.place_of(key), 0)
        chosen.select(index, QItemSelectionModel.SelectionFlag.Select)
        kept[key] = QPersistentModelIndex(index)
    told = frozenset(changed) if dice.random() < 0.7 else None
    model._take(all_of(block_of(after), have(model)), told)
    assert [model.id_at(n) for n in range(model.rowCount())] == after
    assert {index.data(ID_ROLE) for index in chosen.selectedIndexes()} == kept.keys() & set(after)
    assert all((index.data(ID_ROLE) == key) if key in after else not index.isValid() for key, index in kept.items())


@given(st.integers(0, 10**6))
def test_the_first_ids_and_then_the_rest_end_in_the_list_as_it_is(seed: int) -> None:
    dice = random.Random(seed)
    pool = [uuid4() for _ in range(40)]
    now = dice.sample(pool, 30)
    tasks = Tasks(_NoDesk(), Bridge())
    model = TicketModel(tasks, TicketCache(tasks, lambda: None))
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "FIRST", 8)
        patch.setattr(sources, "MANY", dice.choice((2, 2000)))
        model._take(all_of(block_of(now), None), None)
        for _ in range(4):
            changed = set(dice.sample(pool, dice.choice((1, 3, 12))))
            now = [key for key in now if key not in changed]
            for key in dice.sample(sorted(changed), len(changed) // 2 + 1):
                now.insert(dice.randint(0, 12), key)
            told = frozenset(changed) if dice.random() < 0.7 else None
            if len(now) > 8 and dice.random() < 0.8:
                model._take(first_of(block_of(now[:8]), have(model)), told)
                shown = [model.id_at(n) for n in range(model.rowCount())]
                assert shown[:8] == now[:8]
                assert len(shown) == len(set(shown))
            else:
                model._take(all_of(block_of(now), have(model)), told)
                assert [model.id_at(n) for n in range(model.rowCount())] == now
        model._take(all_of(block_of(now), have(model)), frozenset())
    assert [model.id_at(n) for n in range(model.rowCount())] == now
    assert set(model._known) == {key.bytes for key in now}
    assert not gc.is_tracked(model._known), "looking for garbage would go through all ids"


class _Asked(dict[bytes, None]):
    """All ids of a list: whether one is among them may be asked; going through them takes tens of ms with 300,000."""

    def _gone_through(self, _other: object = None) -> NoReturn:
        raise AssertionError("all ids of the list were gone through")

    __iter__ = keys = items = values = copy = __or__ = __ror__ = __eq__ = _gone_through


def test_what_changes_in_a_long_list_does_not_go_through_all_of_it() -> None:
    now = [uuid4() for _ in range(module.FIRST + 100)]
    tasks = Tasks(_NoDesk(), Bridge())
    model = TicketModel(tasks, TicketCache(tasks, lambda: None))
    model._take(all_of(block_of(now), None), None)
    model._known = _Asked(model._known)
    for place in range(0, 200, 5):  # more than are taken by single steps, and one from far behind
        now.insert(place, uuid4())
    now.insert(7, now.pop())
    del now[100]
    model._take(first_of(block_of(now[: module.FIRST]), have(model)), None)
    now.insert(3, uuid4())
    del now[-50]
    model._take(all_of(block_of(now), have(model)), frozenset(now[3:4]))
    assert [model.id_at(n) for n in range(model.rowCount())] == now


class _Sliced(bytes):
    """Counts what is copied of it."""

    copied = 0

    def __getitem__(self, which: Any, /) -> Any:
        found = super().__getitem__(which)
        _Sliced.copied += len(found)
        return found


def test_two_long_lists_are_compared_by_copying_each_once_at_most() -> None:
    one = random.Random(1).randbytes(blocks.WIDTH * 40_000)
    other = blocks.replaced(blocks.replaced(one, 39_000, 39_000, bytes(16)), 2_000, 2_000, bytes(32))
    _Sliced.copied = 0
    assert blocks.common(_Sliced(one), _Sliced(other)) == 2_000
    assert blocks.common_end(_Sliced(one), _Sliced(other), 38_000) == 1_000
    assert blocks.common(_Sliced(one), _Sliced(one)) == 40_000
    assert blocks.common_end(_Sliced(one), _Sliced(one), 40_000) == 40_000
    assert _Sliced.copied < 3 * len(one)


class _NoDesk:
    """Nothing is asked in this test."""

    def do(self, *_args: object, **_more: object) -> object:
        raise AssertionError

    def ask(self, *_args: object, **_more: object) -> tuple[()]:
        return ()


def test_headings_of_results_cannot_be_chosen(qapp: QApplication) -> None:
    model = HitModel()
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.show((Found("heading", "Customers"), Found("customer", "Ida", uuid4(), "ida@berg.example")))
    assert not model.index(0, 0).flags() & Qt.ItemFlag.ItemIsSelectable
    assert model.index(1, 0).flags() & Qt.ItemFlag.ItemIsSelectable
    assert model.index(1, 0).data(Qt.ItemDataRole.AccessibleTextRole) == "Ida. ida@berg.example"


def test_a_snippet_begins_near_what_was_searched_for() -> None:
    text = "… we keep every part of every lamp that we ever sold, the glass included"
    assert near(text, ("glass",)) == "… sold, the glass included"
    assert near("the glass is broken", ("glass",)) == "the glass is broken"
    assert near("nothing of it", ("glass",)) == "nothing of it"


def test_a_mail_that_comes_while_the_first_screen_is_on_its_way_is_shown(reading: Reading, qtbot: QtBot) -> None:
    made = reading.made
    heard: list[Changes] = []
    made.mail(subject="Old")
    first = made.desk.ask(loading.first, "to_do", made.ann)
    reading.bridge.changed.connect(heard.append)
    fresh, _ = made.mail(subject="Fresh", address="new@shop.example")
    qtbot.waitUntil(lambda: any(changes.touches("ticket") for changes in heard) and reading.tasks.running == 0)
    reading.model.start_with(first.ids, first.rows, first.source)
    qtbot.waitUntil(lambda: reading.model.rowCount() == 2)
    assert reading.ids()[0] == fresh
