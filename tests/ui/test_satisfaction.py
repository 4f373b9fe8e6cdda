# mypy: disable-error-code="no-untyped-call"
"""Satisfaction: what is shown with no, few and many answers, the lists, follow-up, and the way to the ticket."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from app.kernel.database.transaction import Tx
from app.kernel.ids import new_id
from app.kernel.state import options
from app.surveys.queries import Week
from app.surveys.tables import SurveyInvite, SurveyResponse
from app.tickets.commands import set_follow_up, set_status
from app.tickets.queries import ticket
from app.tickets.tables import Ticket
from tests.ui.desk_pages import NOW, Office, office, settle, shown
from tests.ui.lint import findings
from ui.pages.satisfaction.answers import AnswerModel, how_words
from ui.pages.satisfaction.page import nothing_yet
from ui.pages.satisfaction.reading import axis_of, read_satisfaction

KEY = Qt.Key


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Office]:
    """A desk."""
    with office(tmp_path) as made:
        yield made


def answered(place: Office, scores: Sequence[int | None], *, days: float = 3, comment: str = "") -> list[UUID]:
    """A ticket a score, asked about and answered some days ago; None is an answer that came too late."""
    tickets = [place.mail(subject=f"Matter {n}", name="", address=f"p{n}@shop.example") for n in range(len(scores))]

    def write(tx: Tx) -> None:
        for key, score in zip(tickets, scores, strict=True):
            row = tx.get(Ticket, key)
            assert row is not None
            assert row.customer is not None
            at = NOW - timedelta(days=days)
            known = {"ticket": key, "customer": row.customer, "address": "p@shop.example"}
            invite = SurveyInvite(id=new_id(), state="queued", created_at=at, due_at=at, sent_at=at, **known)
            counted = score is not None
            tx.add(invite)
            tx.add(
                SurveyResponse(
                    id=new_id(), invite=invite.id, score=score, comment=comment, counted=counted, at=at,
                    reason="" if counted else "too_late", **known,
                )
            )  # fmt: skip

    place.desk.work(write)
    return tickets


def test_numbers_of_a_period_and_the_one_before(place: Office, qtmodeltester: ModelTester) -> None:
    answered(place, [5, 5, 4, 4, 2, None], comment="早速のご対応")
    answered(place, [3, 3, 3, 3, 3], days=40)
    data = place.desk.ask(read_satisfaction, 30)
    assert data.overview.answered == 5
    assert data.overview.average == 4
    assert data.before == 3
    assert data.has_enough
    assert data.with_comment == 5
    assert len(data.answers) == 6
    assert data.answers_ever == 11
    ever = place.desk.ask(read_satisfaction, 0)
    assert (ever.overview.answered, ever.before) == (10, None)
    model = AnswerModel()
    model.show(data.answers)
    qtmodeltester.check(model)
    late = next(one for one in data.answers if not one.counted)
    assert how_words(late) == "Came too late"
    assert how_words(replace(late, counted=True, latest=True, from_other_address=True)) == "Other address"


def test_the_axis_holds_every_week_and_is_labelled() -> None:
    def weeks(*averages: float) -> list[Week]:
        return [Week(date(2026, 1, 5), 3, value) for value in averages]

    assert axis_of(weeks(4.2, 4.6)) == (3.5, 5.0, [3.5, 4.0, 4.5, 5.0])
    assert axis_of(weeks(1.2, 4.6)) == (1.0, 5.0, [1.0, 2.0, 3.0, 4.0, 5.0])
    low, high, ticks = axis_of(weeks(2.6))
    assert low == 2.5
    assert ticks[0] == low
    assert ticks[-1] == high == 5
    assert axis_of([])[0] == 3.5


def test_before_the_first_answer_it_says_what_will_happen(place: Office, qapp: QApplication, qtbot: QtBot) -> None:
    assert "1 h later" in nothing_yet(place.desk.ask(read_satisfaction, 30))[1]
    place.desk.do(set_status, place.mail(), "solved")
    said = nothing_yet(place.desk.ask(read_satisfaction, 30))[1]
    assert "Mia Wong" in said
    assert "Today 15:00" in said or "Today 3:00" in said
    place.desk.do(options.put, "survey_enabled", False)
    assert nothing_yet(place.desk.ask(read_satisfaction, 30))[0] == "Nobody is asked"
    with shown(place, qapp, qtbot, "satisfaction") as (window, page):
        settle(window, qtbot, lambda: page._stack.currentWidget() is page._empty)
        assert findings(page) == []


def test_few_answers_have_no_average_but_a_list(place: Office, qapp: QApplication, qtbot: QtBot) -> None:
    answered(place, [5, 1, 4, 3])
    with shown(place, qapp, qtbot, "satisfaction") as (window, page):
        settle(window, qtbot, lambda: page.model.rowCount() == 4)
        assert page._average._figure.text() == "–"
        assert page._good._figure.text() == "–"
        assert not page._charts.isVisible()
        assert page._few.isVisible()


@pytest.mark.parametrize("width", [960, 1440])
def test_enough_answers_show_everything_and_lead_to_the_ticket(
    place: Office, qapp: QApplication, qtbot: QtBot, width: int
) -> None:
    tickets = answered(place, [5, 5, 4, 4, 1, None], comment="Nobody told me it was lost until I asked again.")
    place.desk.do(set_follow_up, tickets[4], True)
    with shown(place, qapp, qtbot, "satisfaction") as (window, page):
        window.resize(width, 700)
        settle(window, qtbot, lambda: page.model.rowCount() == 6)
        assert page._average._figure.text() == "3.8 of 5"
        assert page._good._figure.text() == "80\u00a0%"
        assert page._bars._bars[5][1].text() == "2"
        assert page._open_low._figure.text() == "1"
        assert findings(page) == []
        page._chips.button("out").click()
        settle(window, qtbot, lambda: page.model.rowCount() == 1)
        page._chips.button("low").click()
        settle(window, qtbot, lambda: page.model.rowCount() == 1)
        opened: list[Any] = []
        page.table.opened.connect(lambda answer: opened.append(answer.ticket))
        page.table.opened.disconnect(page._open)
        page.table.setCurrentIndex(page.model.index(0, 0))
        qtbot.keyClick(page.table, KEY.Key_Return)
        assert opened == [tickets[4]]
        page._done(page.model.answer_at(0))
        settle(window, qtbot, lambda: page._open_low._figure.text() == "0")
        found = place.desk.ask(ticket, tickets[4])
        assert found is not None
        assert not found.row.follow_up
