# mypy: disable-error-code="no-untyped-call"
"""Customers: the list and its search, one customer with figures and history, editing with undo, states."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from app.kernel.database.transaction import Tx
from app.people.commands import update_customer
from app.people.queries import customer, customer_of
from app.tickets.commands import set_status
from app.tickets.queries.people import figures_of
from app.timeline.queries import Moment
from tests.desk_fixture import mail_in
from tests.ui.desk_pages import NOW, Office, office, settle, shown
from tests.ui.lint import findings
from ui.models.customers import LINE_ROLE, PAGE, CustomerModel, TimelineModel, lay_out, read_customers, read_moments
from ui.pages.customers.edit import EditDialog
from ui.pages.customers.rows import kind_words

KEY = Qt.Key


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Office]:
    """A desk."""
    with office(tmp_path) as made:
        yield made


def who(place: Office, address: str) -> UUID:
    """A customer by address."""
    found = place.desk.ask(customer_of, address)
    assert found is not None
    return found


def moment(days: float, **fields: Any) -> Moment:
    """Something that happened some days ago."""
    given: dict[str, Any] = {"kind": "mail", "what": "in", "title": "Lamp", "line": "Hello", "status": "open"}
    given |= {"channel": "email", "ticket": uuid4(), "number": 7, **fields}
    return Moment(at=NOW - timedelta(days=days), **given)


def test_rows_tell_tickets_and_the_last_contact_page_by_page(place: Office, qtmodeltester: ModelTester) -> None:
    place.many(60)
    place.desk.do(set_status, place.mail(address="c3@shop.example", name=""), "solved")
    first = place.desk.ask(read_customers, "", 15, None)
    assert (len(first.lines), first.total) == (15, 40)
    busy = next(line for line in first.lines if line.row.address == "c3@shop.example")
    assert (busy.figures.tickets, busy.figures.unfinished) == (3, 2)
    assert busy.figures.last_at is not None
    model = CustomerModel()
    model.show(first)
    while model.rowCount() < model.total:
        model.append(place.desk.ask(read_customers, "", 15, model.last))
    names = [model.line_at(n).name for n in range(model.rowCount())]
    assert names == sorted(names)
    assert len(set(names)) == 40
    qtmodeltester.check(model)
    assert place.desk.ask(read_customers, "c39@", 15, None).total == 1
    assert place.desk.ask(figures_of, [uuid4()]) == {}


def test_a_history_stands_under_headings_and_tells_a_status_once(place: Office, qtmodeltester: ModelTester) -> None:
    one = uuid4()
    some = [moment(0, ticket=one), moment(1, ticket=one), moment(3, kind="note", what="note"), moment(40)]
    lines = lay_out(some, NOW)
    assert [line.heading for line in lines if line.heading] == ["This week", "January 2026"]
    assert [line.show_status for line in lines if line.moment] == [True, False, False, True]
    assert [line.last for line in lines if line.moment] == [False, False, True, True]
    model = TimelineModel()
    model.show(some[:2], whole=False)
    model.append(some[1:], whole=True)  # the last one comes twice and is shown once
    assert len(model.moments) == 4
    said = [model.index(n).data(Qt.ItemDataRole.AccessibleTextRole) for n in range(model.rowCount())]
    assert said[0] == "This week"
    assert said[1].startswith("Lamp. “Hello”.")
    qtmodeltester.check(model)


def test_moments_of_the_same_instant_are_not_lost_between_pages(place: Office) -> None:
    def write(tx: Tx) -> None:
        for n in range(7):
            mail_in(tx, subject=f"At once {n}", at=NOW)

    place.desk.work(write)
    key = who(place, "mia@shop.example")
    model = TimelineModel()
    model.show(place.desk.ask(read_moments, key, "mail", None, 4), whole=False)
    limit = model.next_limit
    assert limit == PAGE + 4
    model.append(place.desk.ask(read_moments, key, "mail", model.moments[-1].at, limit), whole=True)
    assert {one.title for one in model.moments} == {f"At once {n}" for n in range(7)}


def test_chips_sum_to_all() -> None:
    assert kind_words({"mail": 31, "note": 3, "survey": 0, "ticket": 4}) == [
        ("", "All 38"),
        ("mail", "E-mail 31"),
        ("note", "Notes 3"),
        ("ticket", "Tickets 4"),
    ]


def test_searching_and_opening_a_customer_and_a_ticket(place: Office, qapp: QApplication, qtbot: QtBot) -> None:
    ticket = place.mail(address="ines@haushof.example", name="Ines Bauer", subject="Replacement for the lamp")
    place.mail()
    with shown(place, qapp, qtbot, "customers") as (window, page):
        gone: list[Any] = []
        page.context = page.context.__class__(**{**_fields(page.context), "go": lambda *a, **k: gone.append((a, k))})
        page.dossier._context = page.context
        settle(window, qtbot, lambda: page.people.model.rowCount() == 2)
        page.people.field.setText("haushof")
        settle(window, qtbot, lambda: page.people.model.rowCount() == 1)
        qtbot.keyClick(page.people.table, KEY.Key_Return)
        settle(window, qtbot, lambda: page.shows_one and page.dossier.model.rowCount() > 1)
        assert page.dossier._write.text() == "Write to Ines"
        assert findings(page) == []
        qtbot.keyClick(page.dossier.history, KEY.Key_Down)
        qtbot.keyClick(page.dossier.history, KEY.Key_Return)
        page.dossier.write()
        assert [call[1].get("ticket") or call[1].get("new_to") for call in gone] == [ticket, "ines@haushof.example"]
        page.people.field.setText("nobody at all")
        page._back()
        settle(window, qtbot, lambda: page.people._stack.currentWidget() is page.people._no_hits)


def _fields(context: Any) -> dict[str, Any]:
    return {name: getattr(context, name) for name in context.__dataclass_fields__}


def test_notes_and_names_are_kept_and_can_be_taken_back(place: Office, qapp: QApplication, qtbot: QtBot) -> None:
    place.mail()
    key = who(place, "mia@shop.example")
    with shown(place, qapp, qtbot, "customers", customer=key) as (window, page):
        settle(window, qtbot, lambda: page.dossier._dossier is not None)
        page.dossier.profile.notes.setPlainText("Prefers a call.")
        page.deactivate()
        settle(window, qtbot, lambda: notes(place, key) == "Prefers a call.")
        window.actions_.run("undo")
        settle(window, qtbot, lambda: page.dossier.profile.notes.toPlainText() == "")
        page.dossier._edit()
        settle(window, qtbot, lambda: window.overlay.is_open)
        dialog = window.overlay.current()
        assert isinstance(dialog, EditDialog)
        assert findings(dialog) == []
        dialog.name.setText("Mia  Wong-Li")
        dialog.language.choose("de")
        dialog.address.setText("mia@home.example")
        dialog._done()
        settle(window, qtbot, lambda: page.dossier.profile._name.text() == "Mia Wong-Li")
        found = place.desk.ask(customer, key)
        assert found is not None
        assert found.language == "de"
        assert [one.address for one in found.addresses] == ["mia@shop.example", "mia@home.example"]


def test_notes_are_kept_while_they_are_typed_and_nothing_is_put_under_the_fingers(
    place: Office, qapp: QApplication, qtbot: QtBot
) -> None:
    place.mail()
    place.mail(address="ines@haushof.example", name="Ines Bauer")
    mia, ines = who(place, "mia@shop.example"), who(place, "ines@haushof.example")
    with shown(place, qapp, qtbot, "customers", customer=mia) as (window, page):
        settle(window, qtbot, lambda: page.dossier._dossier is not None)
        field = page.dossier.profile.notes
        field.pause.setInterval(1)
        field.setFocus()
        qtbot.waitUntil(field.hasFocus)
        qtbot.keyClicks(field, "Prefers a call")
        settle(window, qtbot, lambda: notes(place, mia) == "Prefers a call")
        place.desk.do(_somebody_else, mia)
        settle(window, qtbot, lambda: page.dossier.profile._name.text() == "Mia W")
        assert field.toPlainText() == "Prefers a call"
        assert window.toasts.current is None
        field.pause.setInterval(60_000)
        qtbot.keyClicks(field, ", never a letter")
        window.go("customers", customer=ines)  # by a link, while it is typed
        settle(window, qtbot, lambda: notes(place, mia) == "Prefers a call, never a letter")
        settle(window, qtbot, lambda: page.dossier._dossier is not None and page.dossier._dossier.profile.id == ines)
        assert (field.toPlainText(), notes(place, ines)) == ("", "")


def _somebody_else(tx: Tx, customer: UUID) -> None:
    update_customer(tx, customer, notes="Words of somebody else", name="Mia W")


def notes(place: Office, key: UUID) -> str:
    """What is noted of a customer."""
    found = place.desk.ask(customer, key)
    assert found is not None
    return found.notes


def test_filters_of_the_history_and_what_arrives_meanwhile(place: Office, qapp: QApplication, qtbot: QtBot) -> None:
    place.mail()
    key = who(place, "mia@shop.example")
    with shown(place, qapp, qtbot, "customers", customer=key) as (window, page):
        face = page.dossier
        settle(window, qtbot, lambda: len(face.model.moments) == 2)
        face._chips.button("mail").click()
        settle(window, qtbot, lambda: [one.kind for one in face.model.moments] == ["mail"])
        place.mail(subject="Another matter")
        settle(window, qtbot, lambda: len(face.model.moments) == 2)
        assert face._chips.button("").text() == "All 4"


def test_older_moments_come_while_scrolling(place: Office, qapp: QApplication, qtbot: QtBot) -> None:
    def write(tx: Tx) -> None:
        for n in range(PAGE + 20):
            mail_in(tx, subject=f"Letter {n}", at=NOW - timedelta(days=n))

    place.desk.work(write)
    with shown(place, qapp, qtbot, "customers", customer=who(place, "mia@shop.example")) as (window, page):
        face = page.dossier
        settle(window, qtbot, lambda: len(face.model.moments) == PAGE)
        bar = face.history.verticalScrollBar()

        def at_the_end() -> bool:
            bar.setValue(bar.maximum())
            return len(face.model.moments) == 2 * PAGE + 40  # a letter and a ticket's beginning each

        settle(window, qtbot, at_the_end)
        assert not face.model.canFetchMore(QModelIndex())


@pytest.mark.parametrize("width", [960, 1440])
def test_the_lint_finds_nothing(place: Office, qapp: QApplication, qtbot: QtBot, width: int) -> None:
    long = "Maximiliane Oberlandesgerichtsratswitwe-Donaudampfschifffahrt"
    place.mail(address="m@donaudampfschifffahrtsgesellschaft.example", name=long, subject="領収書の再発行" * 9)
    with shown(place, qapp, qtbot, "customers") as (window, page):
        window.resize(width, 700)
        settle(window, qtbot, lambda: page.people.model.rowCount() == 1)
        assert findings(page) == []
        page.people.table.open_current()
        settle(window, qtbot, lambda: bool(page.dossier.model.moments))
        assert findings(page) == []


def test_nobody_yet(place: Office, qapp: QApplication, qtbot: QtBot) -> None:
    assert PAGE > 50
    with shown(place, qapp, qtbot, "customers") as (window, page):
        settle(window, qtbot, lambda: page.people._stack.currentWidget() is page.people._nobody)
        assert page.people.model.data(page.people.model.index(0, 0), LINE_ROLE) is None
