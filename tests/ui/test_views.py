# mypy: disable-error-code="no-untyped-call"
"""Views in the window: choosing, building by rows and by typing, saving a search, order, headings, density, order by keys."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QMimeData, QModelIndex, QPoint, Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from app.conditions.fields import checked
from app.conditions.tree import AllOf, AnyOf, Node, Not, Op, QueryError, canonical
from app.conditions.typed import parse, to_text
from app.search.catalogue import catalogue
from app.search.queries import Scope
from app.tickets import commands
from app.views.commands import add_view, change_view, delete_view
from app.views.queries import ViewInfo, view_id, views
from app.views.rules import Sort
from app.views.tally import recount
from tests.ui.inbox_desk import InboxDesk, inbox_window
from tests.ui.lint import findings
from ui.models.tickets import HEADING_ROLE
from ui.pages.inbox.page import Page
from ui.pages.inbox.ticket_list.painter import COMPACT_HEIGHT
from ui.pages.views.builder import Builder
from ui.pages.views.chooser import Chooser
from ui.pages.views.groups import ConditionGroup
from ui.pages.views.lines import Line, LinesModel
from ui.pages.views.manage import ManageViews, OrderModel
from ui.pages.views.preview import RowsModel

KEY = Qt.Key
FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal


@pytest.fixture
def page(made: InboxDesk, qapp: QApplication, qtbot: QtBot) -> Iterator[Page]:
    """The inbox with four tickets: two of Ann's, one of them tagged and urgent."""
    keys = made.some(4)
    made.desk.do(commands.assign, keys[:2], made.ann)
    made.desk.do(commands.set_priority, [keys[1]], "urgent")
    made.desk.do(commands.add_tag, [keys[1]], "vip")
    with inbox_window(made, qapp, qtbot) as found:
        settled(found, qtbot)
        yield found


def settled(page: Page, qtbot: QtBot) -> None:
    """Nothing is under way, and the list is there."""
    qtbot.waitUntil(lambda: page.model.is_loaded and page.context.tasks.running == 0)


def shown(page: Page, qtbot: QtBot, view: object) -> None:
    """Wait until a view is shown with its rows."""

    def there() -> bool:
        current = page.lists.current
        known = current is not None and view in (current.id, current.key, current.name)
        return known and page.model.is_loaded and page.context.tasks.running == 0

    qtbot.waitUntil(there)


def builder(page: Page, qtbot: QtBot) -> Builder:
    """The builder, when it is open."""
    qtbot.waitUntil(lambda: isinstance(page.context.overlay.current(), Builder))
    sheet = page.context.overlay.current()
    assert isinstance(sheet, Builder)
    qtbot.waitUntil(lambda: page.context.tasks.running == 0 and bool(sheet.preview.count.text()))
    return sheet


def take_back(page: Page, qtbot: QtBot, words: str) -> None:
    """Undo by the toast that says so; it comes after what it tells of."""
    toasts = page.context.toasts
    qtbot.waitUntil(lambda: toasts.current is not None and words in toasts.current.text)
    assert toasts.act()


def own(made: InboxDesk) -> dict[str, ViewInfo]:
    """The desk's own views by name."""
    return {one.name: one for one in made.desk.ask(views, made.ann) if not one.is_built_in}


def test_a_view_is_chosen_by_a_few_letters_and_numbers_are_exact(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    made.desk.do(add_view, "Important people", "tag:vip")
    qtbot.waitUntil(lambda: len(page.lists.views) > 0 and not page.lists.views[-1].is_built_in)
    qtbot.waitUntil(lambda: len(page.lists.numbers) == len(page.lists.views))
    assert page.context.actions.run("views")
    chooser = page.view_offers.chooser
    assert isinstance(chooser, Chooser)
    found = {one.text: one.total for one in chooser.list.lines.shown if one.view}
    assert (found["Important people"], found["Mine"], found["All"]) == (1, 2, 4)

    def numbers_are_exact() -> bool:  # what is unread changes while somebody looks at a ticket
        shown = {key: (number.total, number.unread) for key, number in page.lists.numbers.items()}
        return shown == made.desk.ask(recount, page.lists.views, made.ann)

    qtbot.waitUntil(numbers_are_exact)
    qtbot.waitUntil(lambda: findings(chooser) == [])
    qtbot.keyClicks(chooser.field, "peop")
    assert [one.text for one in chooser.list.lines.shown] == ["Important people"]
    qtbot.keyClick(chooser.field, KEY.Key_Return)
    shown(page, qtbot, "Important people")
    assert page.model.rowCount() == 1
    assert page.list.title.text() == "Important people"


def test_g_and_a_digit_show_an_own_view(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    made.desk.do(add_view, "First", "priority:urgent")
    made.desk.do(add_view, "Second", "assignee:none")
    qtbot.waitUntil(lambda: len([one for one in page.lists.views if not one.is_built_in]) == 2)
    page.context.actions.refresh()
    qtbot.keyClick(page.list.rows, KEY.Key_G)
    qtbot.keyClick(page.list.rows, KEY.Key_2)
    shown(page, qtbot, "Second")
    assert page.model.rowCount() == 2


def test_rows_and_the_typed_form_are_two_faces_of_one_tree(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    assert page.context.actions.run("view.new")
    sheet = builder(page, qtbot)
    sheet.typed.selectAll()
    qtbot.keyClicks(sheet.typed, "assignee:me (tag:vip OR priority:urgent)")
    inner = sheet.group.parts[1]
    assert isinstance(inner, ConditionGroup)
    assert inner.how.current() == "any"
    assert len(sheet.group.conditions()) == 3
    inner.how.setCurrentIndex(2)
    inner.how.chosen.emit("none")
    assert sheet.typed.text() == "assignee:me -(tag:vip OR priority:urgent)"
    qtbot.keyClick(sheet.typed, Qt.Key.Key_Escape)  # a condition that was made is not gone for one key
    question = page.context.overlay.current()
    assert question is not sheet
    page.context.overlay.close_sheet(question)
    last = sheet.group.conditions()[-1]
    last.choice.choose("low")
    last.choice.chosen.emit("low")
    assert sheet.typed.text() == "assignee:me -(tag:vip OR priority:low)"
    qtbot.waitUntil(lambda: sheet.preview.count.text() == "1 ticket")
    qtbot.waitUntil(lambda: findings(sheet) == [])
    picture = sheet.grab().toImage()
    in_a_row, beside = (
        picture.pixelColor(one.mapTo(sheet, QPoint(2, 6))) for one in (sheet.preview.rows, sheet.preview)
    )
    assert in_a_row == beside, "the rows stand on the ground of the sheet"
    sheet.name.setText("Mine but not important")
    sheet.save.click()
    shown(page, qtbot, "Mine but not important")
    assert to_text(own(made)["Mine but not important"].listing.condition) == "assignee:me -(tag:vip OR priority:low)"
    take_back(page, qtbot, "Mine but not important")
    qtbot.waitUntil(lambda: own(made) == {})
    shown(page, qtbot, "to_do")


def test_an_error_is_said_at_its_place_and_nothing_unreadable_is_saved(page: Page, qtbot: QtBot) -> None:
    assert page.context.actions.run("view.new")
    sheet = builder(page, qtbot)
    qtbot.keyClicks(sheet.typed, "is:open priority:hot")
    assert "priority:hot" in sheet._wrong.text()
    assert sheet.typed.property("wrong") == "true"
    assert not sheet.save.isEnabled()
    assert (
        len(sheet.group.conditions()) == 2
    )  # what could be read last: “priority:h” never could, “is:open priority” could
    sheet.typed.selectAll()
    qtbot.keyClicks(sheet.typed, "created<3d")
    assert sheet._wrong.isHidden()
    row = sheet.group.conditions()[0]
    row.value.setText("soon")
    assert "soon" in row._wrong.text()
    assert not row._wrong.isHidden()
    assert not sheet.save.isEnabled()
    row.value.setText("7d")
    assert row._wrong.isHidden()
    assert sheet.typed.text() == "created<7d"
    assert sheet.save.isEnabled()
    sheet.save.click()
    assert sheet.name.property("wrong") == "true"
    sheet.close_dialog()


def test_a_search_is_saved_as_a_view(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    assert not page.context.actions.run("view.save_search")
    page.list.search.setText("priority:urgent")
    qtbot.waitUntil(lambda: page.list.searching and page.context.tasks.running == 0)
    assert page.context.actions.run("view.save_search")
    sheet = builder(page, qtbot)
    assert sheet.typed.text() == "priority:urgent"
    sheet.close_dialog()
    page.list.search.setText("priority:urgent lamp bro")
    page.list.finding.look_in(Scope.NOTES)
    assert page.context.actions.run("view.save_search")
    sheet = builder(page, qtbot)
    assert sheet.typed.text() == 'note:"lamp bro" priority:urgent'
    sheet.close_dialog()
    page.list.search.setText("matter")
    page.list.finding.look_in(Scope.ALL)
    page.list.finding.turn()
    qtbot.waitUntil(lambda: page.list.searching and page.context.tasks.running == 0)
    assert page.context.actions.run("view.save_search")
    sheet = builder(page, qtbot)
    assert any("What fits best comes first" in label.text() for label in sheet.findChildren(QLabel))
    sheet.name.setText("Burning")
    sheet.save.click()
    shown(page, qtbot, "Burning")
    assert page.list.search.text() == ""
    assert page.model.rowCount() >= 1
    assert page.lists.current is not None
    assert page.lists.current.listing.sort is Sort.BEST


def test_headings_stand_above_their_tickets_and_follow_what_changes(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    QAbstractItemModelTester(page.model, FATAL)
    made.desk.do(change_view, view_id("to_do"), group="priority", density="compact")

    def headings() -> list[tuple[str, int]]:
        indexes = [page.model.index(n, 0) for n in range(page.model.rowCount())]
        return [(one.key, one.count) for index in indexes if (one := index.data(HEADING_ROLE)) is not None]

    qtbot.waitUntil(lambda: headings() == [("urgent", 1), ("normal", 3)])
    settled(page, qtbot)
    assert page.list.rows.measures.height == COMPACT_HEIGHT
    rows = page.list.rows
    rows.setFocus()
    page.list.focus_rows()
    qtbot.keyClick(rows, KEY.Key_Home)
    assert rows.currentIndex().row() == 1
    qtbot.keyClick(rows, KEY.Key_J)
    assert rows.currentIndex().row() == 3
    key = page.model.ticket_near(3)
    assert key is not None
    made.desk.do(commands.set_priority, [key], "high")
    qtbot.waitUntil(lambda: headings() == [("urgent", 1), ("high", 1), ("normal", 2)])
    settled(page, qtbot)
    assert page.model.place_of(key) == 3
    assert page.list.selected() == [key]
    made.desk.do(commands.set_status, [key], "solved")
    qtbot.waitUntil(lambda: headings() == [("urgent", 1), ("normal", 2)])
    assert page.model.rowCount() - len(page.model.headings()[0]) == 3


def test_order_is_remembered_with_the_view(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    settled(page, qtbot)
    before = [page.model.id_at(n) for n in range(4)]
    made.desk.do(change_view, view_id("to_do"), ascending=True)
    qtbot.waitUntil(lambda: page.model.rowCount() == 4 and [page.model.id_at(n) for n in range(4)] == before[::-1])
    page.show_pile("mine")
    shown(page, qtbot, "mine")
    page.show_pile("to_do")
    shown(page, qtbot, "to_do")
    assert [page.model.id_at(n) for n in range(4)] == before[::-1]


def test_a_list_of_any_condition_follows_what_changes(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    view = made.desk.do(add_view, "Very important", "tag:vip")
    page.show_pile(view)
    shown(page, qtbot, view)
    fresh, _ = made.mail(address="new@shop.example", name="Somebody New", subject="Fresh")
    made.desk.do(commands.add_tag, [fresh], "vip")
    qtbot.waitUntil(lambda: page.model.rowCount() == 2)
    made.desk.do(change_view, view, condition="tag:vip priority:urgent")
    qtbot.waitUntil(lambda: page.model.is_loaded and page.model.rowCount() == 1)
    made.desk.do(delete_view, view)
    shown(page, qtbot, "to_do")


def test_views_are_ordered_hidden_and_deleted_by_keys(page: Page, made: InboxDesk, qtbot: QtBot) -> None:
    made.desk.do(add_view, "Mine alone", "tag:vip")
    assert page.context.actions.run("view.manage")
    qtbot.waitUntil(lambda: isinstance(page.context.overlay.current(), ManageViews))
    sheet = page.context.overlay.current()
    assert isinstance(sheet, ManageViews)
    settled(page, qtbot)
    qtbot.waitUntil(lambda: findings(sheet) == [])
    sheet.list.setCurrentIndex(sheet.model.index(1))
    qtbot.keyClick(sheet.list, KEY.Key_Up, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: made.desk.ask(views, made.ann)[0].key == "unassigned")
    settled(page, qtbot)
    assert sheet.list.currentIndex().row() == 0
    qtbot.keyClick(sheet.list, KEY.Key_Space)
    qtbot.waitUntil(lambda: made.desk.ask(views, made.ann)[0].key == "to_do")
    settled(page, qtbot)
    sheet.list.setCurrentIndex(sheet.model.index(sheet.model.rowCount() - 1))
    assert sheet.list.currentIndex().data() == "Mine alone"
    qtbot.keyClick(sheet.list, KEY.Key_Delete)
    qtbot.waitUntil(lambda: own(made) == {})
    sheet.close_dialog()
    take_back(page, qtbot, "Mine alone")
    qtbot.waitUntil(lambda: list(own(made)) == ["Mine alone"])


def test_a_view_is_dragged_to_another_place(made: InboxDesk, qapp: QApplication) -> None:
    model = OrderModel()
    QAbstractItemModelTester(model, FATAL)
    found = made.desk.ask(views, made.ann, hidden=True)[:4]
    model.show(found)
    told: list[list[object]] = []
    model.ordered.connect(told.append)
    dragged = model.mimeData([model.index(3, 0)])
    assert isinstance(dragged, QMimeData)
    model.dropMimeData(dragged, Qt.DropAction.MoveAction, 1, 0, QModelIndex())
    assert [one.key for one in model.shown] == [found[n].key for n in (0, 3, 1, 2)]
    assert told == [[found[n].id for n in (0, 3, 1, 2)]]


def test_the_models_keep_qts_promises(qapp: QApplication) -> None:
    lines, rows = LinesModel(), RowsModel()
    for model in (lines, rows):
        QAbstractItemModelTester(model, FATAL)
    lines.show((Line("Heading"), Line("Spam", "alert-octagon-outline", part="spam")))
    lines.show((Line("Heading"), Line("Spam", "alert-octagon-outline", part="spam", total=3)))
    assert not lines.index(0).flags() & Qt.ItemFlag.ItemIsSelectable
    assert lines.index(1).data(Qt.ItemDataRole.AccessibleTextRole) == "Spam, 3 mails"


_CHECKS = st.sampled_from(
    [
        ("status", Op.IS, "open"),
        ("status", Op.IS_NOT, "closed"),
        ("is", Op.IS, "unread"),
        ("has", Op.IS, "attachment"),
        ("assignee", Op.IS, "me"),
        ("assignee", Op.CONTAINS, "ann"),
        ("tag", Op.IS, "vip"),
        ("tag", Op.EMPTY, ""),
        ("subject", Op.CONTAINS, "two words"),
        ("created", Op.BELOW, "3d"),
        ("older", Op.IS, "2w"),
        ("number", Op.AT_LEAST, "7"),
        ("words", Op.CONTAINS, "lamp"),
        ("words", Op.IS, "exact words"),
        ("field.Gone", Op.IS, "x"),
    ]
).map(lambda one: checked(*one))
_TREES: st.SearchStrategy[Node] = st.recursive(
    _CHECKS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: AllOf(tuple(parts))),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
        inner.map(Not),
    ),
    max_leaves=6,
).map(canonical)


@given(_TREES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
def test_the_builder_shows_every_tree_as_it_is(qapp: QApplication, shared_desk: InboxDesk, tree: Node) -> None:
    fields = {one.name: one for one in shared_desk.desk.ask(catalogue)}
    group = ConditionGroup(fields, lambda _field, _typed, _offer: None)
    group.show_tree(tree)
    assert group.check()
    assert group.tree() == tree
    group.show_tree(parse(to_text(tree)))
    assert group.tree() == tree
    group.deleteLater()


@pytest.fixture(scope="module")
def shared_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InboxDesk]:
    """A desk that is only read."""
    made = InboxDesk(tmp_path_factory.mktemp("views") / "desk")
    yield made
    made.desk.close()


def test_a_row_without_a_value_says_nothing_yet(qapp: QApplication, shared_desk: InboxDesk) -> None:
    fields = {one.name: one for one in shared_desk.desk.ask(catalogue)}
    group = ConditionGroup(fields, lambda _field, _typed, _offer: None)
    group.show_tree(parse("is:open subject:lamp"))
    row = group.conditions()[1]
    row.value.setText("")
    assert group.tree() == parse("is:open")
    row.value.setText("\x00")
    with pytest.raises(QueryError):
        group.tree()
    group.deleteLater()
