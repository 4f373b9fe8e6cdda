"""The tiles of the page: how the answers fall, who needs a follow-up, what was sent and answered."""

from __future__ import annotations

import html
from datetime import datetime

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QFrame, QSizePolicy, QVBoxLayout

from app.surveys.queries import Overview, ResponseInfo
from ui.pages.satisfaction.answers import score_tone
from ui.pages.satisfaction.reading import Satisfaction
from ui.text import ago, count_text, percent_text, tr
from ui.theme import SMALL, font
from ui.widgets.button import Button, pressed_by_enter
from ui.widgets.chart import Bar
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import Item, clear, column, line, row
from ui.widgets.paint import draw_focus, draw_text
from ui.widgets.panel import ScrollPage, Tile
from ui.widgets.pill import Pill, ScoreChip

MOST_LOW = 30


def score_word(score: int) -> str:
    """What a score of 1 to 5 means."""
    return {5: tr("Great"), 4: tr("Good"), 3: tr("Okay"), 2: tr("Poor"), 1: tr("Bad")}.get(score, str(score))


class Distribution(QFrame):
    """One bar a score, each a share of all answers."""

    def __init__(self) -> None:
        super().__init__()
        self._bars: dict[int, tuple[Bar, Label, Label]] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for score in range(5, 0, -1):
            word = Label(score_word(score), "small")
            word.setMinimumWidth(56)
            colour = {"ok": "accent", "bad": "bad"}.get(score_tone(score), "text3")
            bar = Bar(colour=colour, name=score_word(score))
            count, share = Label("0", "strong"), Label("", "small")
            for label, width in ((count, 36), (share, 48)):
                label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                label.setMinimumWidth(width)
            layout.addWidget(row(ScoreChip(score, size=24), word, (bar, 1), count, share))
            self._bars[score] = (bar, count, share)
        layout.addWidget(line())
        self._foot = Label("", "small", wrap=True)
        layout.addWidget(self._foot)

    def show_numbers(self, data: Satisfaction) -> list[list[str]]:
        """Show the numbers; returns them as the rows of the table twin."""
        overview = data.overview
        rows = []
        for score, (bar, count, label) in self._bars.items():
            number = overview.distribution.get(score, 0)
            share = number / overview.answered if overview.answered else 0.0
            bar.set_share(share)
            count.setText(count_text(number))
            label.setText(percent_text(share))
            rows.append([f"{score} {score_word(score)}", count_text(number), percent_text(share)])
        self._foot.setText(" · ".join(foot_words(data)))
        return rows


def foot_words(data: Satisfaction) -> list[str]:
    """What became of the invitations, in words; what never happened is left out."""
    overview = data.overview
    words = [tr("{n} sent", n=overview.invited), tr("{n} of them answered", n=data.answered_of_sent)]
    if data.failed:
        words.append(tr("{n} not delivered", n=data.failed))
    if overview.uncounted:
        words.append(tr("{n} not counted", n=overview.uncounted))
    if data.refused:
        words.append(tr("{n} do not want to be asked", n=data.refused))
    return words


class FollowUps(Tile):
    """Low scores with their words; the ones that nobody has looked after come first."""

    opened = Signal(object)  # ResponseInfo
    done = Signal(object)  # ResponseInfo

    def __init__(self) -> None:
        super().__init__(margins=(0, 14, 0, 8), spacing=8)
        self._pill = Pill("0", "bad")
        head = row(Label(tr("Needs a follow-up"), "strong"), self._pill, None, margins=(16, 0, 16, 0))
        self.content.addWidget(head)
        self._scroll = ScrollPage(margins=(16, 4, 16, 8), spacing=12)
        self.content.addWidget(self._scroll, 1)
        self._shown: tuple[ResponseInfo, ...] | None = None

    def show_low(self, overview: Overview, now: datetime) -> None:
        """Show the low scores of the period."""
        waiting = overview.to_follow_up
        self._pill.set_state(count_text(waiting), "bad" if waiting else "ok")
        low = tuple(sorted(overview.low, key=lambda one: (not one.follow_up, -one.at.timestamp())))[:MOST_LOW]
        if low == self._shown:
            return
        self._shown = low
        clear(self._scroll.content)
        if not low:
            text = tr("Nobody was dissatisfied in this period.")
            self._scroll.content.addWidget(Label(text, "small", wrap=True))
        for place, answer in enumerate(low):
            if place:
                self._scroll.content.addWidget(line())
            self._scroll.content.addWidget(self._entry(answer, now))

    def _entry(self, answer: ResponseInfo, now: datetime) -> QFrame:
        who = answer.customer_name or answer.address
        head = row((ElidingLabel(who, "strong"), 1), Label(ago(answer.at, now), "small"))
        words: list[Item] = [head, self._link(answer)]
        if answer.comment.strip():
            words.append(Label(tr("“{text}”", text=_short(answer.comment)), "small", wrap=True))
        words.append(4)
        if answer.follow_up:
            write = Button(tr("Write"), "small", clicked=lambda: self.opened.emit(answer))
            done = Button(tr("Done"), "small", clicked=lambda: self.done.emit(answer))
            for button in (write, done):
                button.setAccessibleName(f"{button.text()}, {who}")
            words.append(row(write, done, None))
        else:
            words.append(row(Pill(tr("Dealt with"), "ok", icon="check"), None))
        text = column(*words, spacing=3)
        chip = column(ScoreChip(answer.score or 0), None)
        return row(chip, (text, 1), spacing=12)

    def _link(self, answer: ResponseInfo) -> TicketLink:
        link = TicketLink(f"#{answer.ticket_number} {answer.ticket_subject}")
        link.clicked.connect(lambda: self.opened.emit(answer))
        return link


class TicketLink(QAbstractButton):
    """A ticket to press, in the accent's colour, cut with an ellipsis where it does not fit."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.setText(text)
        self.setAccessibleName(text)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMinimumHeight(24)

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        if not pressed_by_enter(self, event):
            super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        return QSize(QFontMetrics(font(SMALL, QFont.Weight.Medium)).horizontalAdvance(self.text()), 24)

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        super().resizeEvent(event)
        self.setToolTip(html.escape(self.text()) if self.sizeHint().width() > self.width() else "")

    def paintEvent(self, event: QPaintEvent, /) -> None:
        with QPainter(self) as painter:
            rect = QRectF(self.rect())
            draw_text(painter, rect, self.text(), px=SMALL, weight=QFont.Weight.Medium, colour="accent_text")
            if self.hasFocus():
                draw_focus(painter, rect.adjusted(-4, 0, 4, 0), 4)


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 240 else flat[:239].rstrip() + "…"


class Funnel(Tile):
    """Sent, answered, with a comment: each as a share of what was sent."""

    def __init__(self) -> None:
        super().__init__(Label(tr("Sent and answered"), "strong"), margins=(16, 14, 16, 14), spacing=6)
        self._rows: list[tuple[Label, Label, Bar]] = []
        for name, colour in ((tr("Sent"), "text3"), (tr("Answered"), "accent"), (tr("With a comment"), "accent")):
            count, share = Label("0", "strong"), Label("", "small")
            share.setMinimumWidth(44)
            share.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            bar = Bar(colour=colour, name=name, thick=6)
            bar.setFixedHeight(8)
            self.content.addWidget(row((ElidingLabel(name, "small"), 1), count, share))
            self.content.addWidget(bar)
            self._rows.append((count, share, bar))

    def show_numbers(self, data: Satisfaction) -> None:
        """Show the numbers. Comments on invitations sent before the period count too, so they may be more."""
        sent = data.overview.invited
        for (count, share, bar), number in zip(
            self._rows, (sent, data.answered_of_sent, data.with_comment), strict=True
        ):
            part = number / sent if sent else 0.0
            count.setText(count_text(number))
            share.setText(percent_text(min(1.0, part)) if sent else "–")
            bar.set_share(part)
