"""The satisfaction page: four figures, how the answers fall, the trend, low scores, and every answer."""

from __future__ import annotations

from datetime import UTC, datetime, time
from functools import partial

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QStackedWidget, QWidget

from app.kernel import clock
from app.kernel.database.changes import Changes
from app.surveys.queries import ResponseInfo, Week
from app.tickets.commands import set_follow_up
from ui.pages import BasePage, Context
from ui.pages.satisfaction.answers import AnswerModel, AnswerTable
from ui.pages.satisfaction.reading import ENOUGH, PERIODS, Satisfaction, axis_of, read_satisfaction
from ui.pages.satisfaction.tiles import Distribution, FollowUps, Funnel
from ui.text import count_text, date_text, number_text, percent_text, span_text, tr, when_text
from ui.widgets.chart import ChartTile, Trend
from ui.widgets.field import Select
from ui.widgets.label import Label
from ui.widgets.layout import column, row, vertical
from ui.widgets.panel import BarHeader, FigureTile, Tile
from ui.widgets.state import Banner, EmptyState, ErrorState, Skeleton
from ui.widgets.toggle import Choices

_CALM_MS = 200
_SIDE, _SIDE_NARROW, _WIDE = 320, 264, 1180


class Page(BasePage):
    """Satisfaction."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._period = "30"
        self._data: Satisfaction | None = None
        self.model = AnswerModel()
        self._calm = QTimer(self, singleShot=True, interval=_CALM_MS)
        self._calm.timeout.connect(self.read)
        self._build()

    # -- what the window calls

    def activate(self) -> None:
        bind = self.context.actions.bind
        bind(self, "next", lambda: self.table.step(1))
        bind(self, "previous", lambda: self.table.step(-1))
        bind(self, "open", self.table.open_current)
        self.read()
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def refresh(self, changes: Changes) -> None:
        if changes.touches("survey", "ticket", "suppression", "setting", "customer"):
            self._calm.start()

    def read(self) -> None:
        """Read everything again."""
        ask = self.context.tasks.ask
        days = PERIODS[self._period]
        show = partial(self._show, self._period)
        ask(read_satisfaction, days, then=show, owner=self, key="satisfaction", failed=self._failed)

    # -- what is shown

    def _show(self, period: str, data: Satisfaction) -> None:
        if period != self._period:
            return
        fresh, self._data = self._data is None, data
        if not data.answers_ever:
            self._empty.set_text(*nothing_yet(data))
            self._stack.setCurrentWidget(self._empty)
            self._focus(self._select, fresh)
            return
        self._show_figures(data)
        self._show_charts(data)
        self._low.show_low(data.overview, clock.now())
        self._funnel.show_numbers(data)
        self._show_answers()
        self._stack.setCurrentWidget(self._scroll)
        self._focus(self.table, fresh)

    def _focus(self, widget: QWidget, fresh: bool) -> None:
        if fresh and self.isVisible():
            widget.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_figures(self, data: Satisfaction) -> None:
        seen, now = data.overview, clock.now()
        few = tr("From {n} answers on", n=ENOUGH)
        if data.has_enough and seen.average is not None:
            words, tone, arrow = _direction(data)
            figure = tr("{score} of 5", score=number_text(seen.average))
            self._average.set_figure(figure, words, tone=tone, arrow=arrow)
        else:
            self._average.set_figure("–", few)
        if data.has_enough and seen.satisfied is not None:
            good = seen.distribution.get(4, 0) + seen.distribution.get(5, 0)
            said = tr("{good} of {n} answer|{good} of {n} answers", n=seen.answered, good=count_text(good))
            self._good.set_figure(percent_text(seen.satisfied), said)
        else:
            self._good.set_figure("–", few)
        rate = "–" if seen.response_rate is None else percent_text(seen.response_rate)
        came, sent = count_text(data.answered_of_sent), count_text(seen.invited)
        asked = tr("{answered} of {sent} sent", answered=came, sent=sent)
        self._answered.set_figure(rate, asked)
        waiting = [one.at for one in seen.low if one.follow_up]
        if waiting:
            since = span_text((now - min(waiting)).total_seconds())
            self._open_low.set_figure(count_text(len(waiting)), tr("The oldest waits {span}", span=since), tone="bad")
        else:
            self._open_low.set_figure("0", tr("Nobody waits"))

    def _show_charts(self, data: Satisfaction) -> None:
        enough = data.has_enough
        self._charts.setVisible(enough)
        self._few.setVisible(not enough)
        n = data.overview.answered
        if not enough:
            title = tr("{n} answer so far|{n} answers so far", n=n) if n else tr("No answers in this period")
            text = tr("An average is shown from {n} answers on; fewer say little.", n=ENOUGH)
            self._few.set_message(title, text, tone="info")
            return
        self._bars_tile.set_title(tr("How the {n} answer falls|How the {n} answers fall", n=n))
        self._bars_tile.set_rows(self._bars.show_numbers(data))
        self._trend.set_range(*axis_of(data.weeks))
        self._trend.set_points([(_day(week), week.average if week.answers else None) for week in data.weeks])
        rows = [(_day(w), number_text(w.average) if w.answers else "–", count_text(w.answers)) for w in data.weeks]
        self._trend_tile.set_rows(rows)

    def _show_answers(self) -> None:
        if self._data is None:
            return
        answers = self._data.answers
        kept = tuple(answer for answer in answers if _fits(answer, self._chips.current()))
        left_out = sum(not answer.counted for answer in answers)
        options = [("", tr("All")), ("words", tr("With a comment")), ("low", tr("Low"))]
        if left_out:
            options.append(("out", tr("Not counted {n}", n=left_out)))
        self._chips.set_options(options)
        self.model.show(kept)
        self._below.setCurrentWidget(self.table if kept else self._no_hits)

    def _failed(self, _error: Exception) -> bool:
        if self._data is None:
            self._stack.setCurrentWidget(self._error)
        return False

    # -- acting

    def _choose_period(self, period: str) -> None:
        self._period = period
        self.read()

    def _show_all(self) -> None:
        self._chips.choose("")
        if self._data is not None and not self._data.answers:
            self._select.choose("all")
            self._choose_period("all")
        else:
            self._show_answers()

    def _open(self, answer: ResponseInfo) -> None:
        self.context.go("inbox", ticket=answer.ticket)

    def _done(self, answer: ResponseInfo) -> None:
        words = tr("#{number} needs no follow-up any more", number=answer.ticket_number)
        self.context.tasks.do(set_follow_up, answer.ticket, False, done=words)

    # -- building

    def _build(self) -> None:
        periods = [
            ("30", tr("Last 30 days")),
            ("90", tr("Last 90 days")),
            ("365", tr("Last 12 months")),
            ("all", tr("All time")),
        ]
        self._select = Select(periods, self._period, name=tr("Period"))
        self._select.chosen.connect(self._choose_period)
        header = BarHeader(tr("Satisfaction"), self._select)
        self._make_tiles()
        self._empty = EmptyState("", "", icon="star-outline", tone="plain")
        words = tr("The details are in the log file.")
        self._error = ErrorState(tr("The answers cannot be shown"), words, self.read)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(self._make_body())
        self._stack = QStackedWidget()
        for face in (Skeleton(120, avatar=False), self._scroll, self._empty, self._error):
            self._stack.addWidget(face)
        layout = vertical(self)
        layout.addWidget(header)
        layout.addWidget(self._stack, 1)

    def _make_tiles(self) -> None:
        self._average = FigureTile(tr("Average"))
        self._good = FigureTile(tr("Satisfied (4 or 5)"))
        self._answered = FigureTile(tr("Answered"))
        self._open_low = FigureTile(tr("Needs a follow-up"))
        self._bars = Distribution()
        self._bars_tile = NamedChart("", self._bars, (tr("Score"), tr("Answers"), tr("Share")))
        self._trend = Trend((), low=3.5, high=5, ticks=(3.5, 4, 4.5, 5), name=tr("Average by week"))
        columns = (tr("Week of"), tr("Average"), tr("Answers"))
        self._trend_tile = ChartTile(tr("Average by week"), self._trend, columns)
        self._few = Banner("", "", tone="info")
        self._low = FollowUps()
        self._low.opened.connect(self._open)
        self._low.done.connect(self._done)
        self._funnel = Funnel()
        self.table = AnswerTable(self.model)
        self.table.opened.connect(self._open)

    def _make_body(self) -> QFrame:
        self._chips = Choices([("", tr("All"))], name=tr("Which answers"))
        self._chips.chosen.connect(lambda _key: self._show_answers())
        self._no_hits = EmptyState(
            tr("No such answers"), icon="star-outline", tone="plain", action=(tr("Show all"), self._show_all)
        )
        self._below = QStackedWidget()
        self._below.addWidget(self.table)
        self._below.addWidget(self._no_hits)
        title = row(Label(tr("Latest answers"), "strong"), None, self._chips, margins=(16, 0, 16, 0))
        answers = Tile(title, (self._below, 1), margins=(0, 10, 0, 8), spacing=4)
        answers.setMinimumHeight(300)
        self._charts = row((self._bars_tile, 1), (self._trend_tile, 1), spacing=16)
        self._charts.setMinimumHeight(256)
        self._charts.setMaximumHeight(280)
        figures = row((self._average, 1), (self._good, 1), (self._answered, 1), spacing=16)
        left = column(figures, self._charts, self._few, (answers, 1), spacing=16)
        self._side = column(self._open_low, (self._low, 1), self._funnel, spacing=16)
        self._side.setFixedWidth(_SIDE)
        return row((left, 1), self._side, margins=(24, 20, 24, 24), spacing=16, box="clear")

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        super().resizeEvent(event)
        self._side.setFixedWidth(_SIDE if self.width() >= _WIDE else _SIDE_NARROW)


class NamedChart(ChartTile):
    """A chart whose title tells a number that changes."""

    def set_title(self, text: str) -> None:
        """Another title."""
        label = self.findChild(Label)
        if label is not None:
            label.setText(text)


def nothing_yet(data: Satisfaction) -> tuple[str, str]:
    """Title and text of the page before the first answer: what will happen next."""
    now = clock.now()
    if data.overview.invited:
        asked = tr("{n} customer was asked|{n} customers were asked", n=data.overview.invited)
        return tr("No answers yet"), tr("{asked}. The first answer shows up here at once.", asked=asked)
    if not data.enabled:
        return tr("Nobody is asked"), tr("Surveys are switched off. You can switch them on in the settings.")
    if data.next_due is not None:
        who = data.next_due.customer_name or data.next_due.address
        at = max(data.next_due.due_at, now)
        text = tr("The first question goes out to {who}: {when}.", when=when_text(at, now), who=who)
        return tr("No answers yet"), text
    span = span_text(data.delay_minutes * 60)
    text = tr("When you solve a ticket, its customer is asked {span} later how you did.", span=span)
    return tr("No answers yet"), text


def _direction(data: Satisfaction) -> tuple[str, str, str]:
    """(words, tone, arrow) of the average against the period before."""
    now, before = data.overview.average, data.before
    if now is None or before is None:
        return tr("{n} answer|{n} answers", n=data.overview.answered), "", ""
    change = round(now - before, 1)
    if not change:
        return tr("Same as the period before"), "", ""
    by = number_text(abs(change))
    if change > 0:
        return tr("{change} above the period before", change=by), "ok", "up"
    return tr("{change} below the period before", change=by), "bad", "down"


def _fits(answer: ResponseInfo, chip: str) -> bool:
    if chip == "words":
        return bool(answer.comment.strip())
    if chip == "low":
        return answer.score is not None and answer.score <= 2
    return not answer.counted if chip == "out" else True


def _day(week: Week) -> str:
    return date_text(datetime.combine(week.begins, time(12), UTC), clock.now())
