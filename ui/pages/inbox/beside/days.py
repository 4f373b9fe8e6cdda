"""A day: typed as people write it, or taken from a calendar.

A field that only opened a calendar left whoever fills in a form by Tab with single letters, each of which is a key of the
ticket's: a date begun to be typed solved it.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from PySide6.QtCore import QDate, QLocale, Qt
from PySide6.QtGui import QAction, QColor, QKeyEvent, QTextCharFormat
from PySide6.QtWidgets import QCalendarWidget, QLineEdit, QToolButton

from app.fields.queries import FieldInfo
from app.fields.rules import Value
from app.kernel import clock
from ui.icons import icon
from ui.pages.inbox.beside.editors import Commit, LineEditor
from ui.text import day_text, tr
from ui.theme import tokens
from ui.widgets.button import Button
from ui.widgets.overlay import Popover

_NUMBERS = re.compile(r"\s*(\d{1,4})\s*[-./年]\s*(\d{1,2})(?:\s*[-./月]\s*(\d{1,4})?)?\s*日?\s*")
_WIDE = 300  # px: seven days that nothing cuts
_LONG = ("d MMM yyyy", "d. MMM yyyy", "MMM d, yyyy", "d MMMM yyyy", "d. MMMM yyyy", "MMMM d, yyyy")


def day_of(typed: str, today: date) -> date | None:
    """The day that somebody means who types this: a word, 2026-01-31, or as the person's language writes days, the year left
    out for this one. None for what cannot be read.
    """
    words = typed.strip().casefold()
    for said, days in (("yesterday", -1), ("today", 0), ("tomorrow", 1)):
        if words in {said, tr(said).casefold()}:
            return today + timedelta(days=days)
    if found := _NUMBERS.fullmatch(typed):
        return _of_numbers([int(part) for part in found.groups() if part], today)
    for pattern in _LONG:
        if (day := QLocale().toDate(typed.strip(), pattern)).isValid():
            return date(day.year(), day.month(), day.day())
    return None


def _of_numbers(numbers: list[int], today: date) -> date | None:
    order = [one for one in dict.fromkeys(QLocale().dateFormat(QLocale.FormatType.ShortFormat)) if one in "yMd"]
    if len(numbers) == 3 and numbers[0] > 31:
        order = ["y", "M", "d"]
    elif len(numbers) == 2:
        order.remove("y")
    parts = dict(zip(order, numbers, strict=True))
    year = parts.get("y", today.year)
    try:
        return date(year + 2000 if year < 100 else year, parts["M"], parts["d"])
    except ValueError:
        return None


def plain_calendar(name: str) -> QCalendarWidget:
    """A calendar that looks like the rest of the window: Qt's own has red weekends, and dark letters on the accent."""
    t, calendar = tokens(), QCalendarWidget()
    calendar.setAccessibleName(name)
    calendar.setVerticalHeaderFormat(QCalendarWidget.VerticalHeaderFormat.NoVerticalHeader)
    calendar.setHorizontalHeaderFormat(QCalendarWidget.HorizontalHeaderFormat.SingleLetterDayNames)
    head, day = QTextCharFormat(), QTextCharFormat()
    head.setForeground(QColor(t.text2))
    head.setBackground(QColor(t.raised))
    day.setForeground(QColor(t.text))
    calendar.setHeaderTextFormat(head)
    for weekday in (Qt.DayOfWeek.Saturday, Qt.DayOfWeek.Sunday):
        calendar.setWeekdayTextFormat(weekday, day)
    calendar.setStyleSheet(
        f"#qt_calendar_navigationbar {{ background: {t.raised}; }}"
        f"QToolButton {{ background: transparent; color: {t.text}; border: none; padding: 4px; }}"
        f"QToolButton:hover, QToolButton:focus {{ background: {t.selected}; }}"
        f"QTableView {{ background: {t.raised}; selection-background-color: {t.accent}; selection-color: {t.on_accent}; }}"
    )
    for button, which in (("qt_calendar_prevmonth", "chevron-left"), ("qt_calendar_nextmonth", "chevron-right")):
        if (found := calendar.findChild(QToolButton, button)) is not None:
            found.setIcon(icon(which, "text2"))
    return calendar


class DayEditor(LineEditor):
    """A day. Down, or the icon, opens a calendar."""

    def __init__(self, info: FieldInfo, commit: Commit) -> None:
        super().__init__(info, lambda typed: commit(self._read(typed)))
        self._give = commit
        self._value: Value = None
        opening = QAction(icon("calendar-blank-outline", "text2"), tr("Calendar"), self)
        opening.triggered.connect(self.ask)
        self.addAction(opening, QLineEdit.ActionPosition.TrailingPosition)

    def show_value(self, value: Value, *, fresh: bool = False) -> None:
        self._value = value
        is_it = value is not None and self._read(self.text()) == value  # typed in another way than it is shown
        super().show_value(value, fresh=fresh or is_it)

    def words(self, value: Value) -> str:
        """The day as the person's language writes it."""
        return day_text(date.fromisoformat(str(value))) if value else ""

    def keyPressEvent(self, event: QKeyEvent, /) -> None:
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_F4):
            self.ask()
            return
        super().keyPressEvent(event)

    def ask(self) -> None:
        """Open the calendar."""
        calendar = plain_calendar(self._info.name)
        if self._value:
            calendar.setSelectedDate(QDate.fromString(str(self._value), Qt.DateFormat.ISODate))
        parts: tuple[Any, ...] = (calendar, Button(tr("No day"), "ghost", clicked=lambda: take(None)))
        box = Popover(*parts, width=_WIDE, name=self._info.name)

        def take(day: QDate | None) -> None:
            box.close()
            self._give(day.toString(Qt.DateFormat.ISODate) if day is not None else None)

        calendar.activated.connect(take)
        calendar.clicked.connect(take)
        box.show_beside(self)

    def _read(self, typed: Value) -> Value:
        """What is kept of what was typed; what cannot be read is refused with a reason by whoever keeps it."""
        day = day_of(str(typed), clock.now().astimezone().date()) if typed else None
        return day.isoformat() if day is not None else typed
