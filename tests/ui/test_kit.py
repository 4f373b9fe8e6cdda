"""The look and the words: contrast, live switching, icons, numbers and times, and the lint on every board of the gallery."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QLocale, QPointF, QSize
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication, QHBoxLayout, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from tests.ui.gallery import BOARDS
from tests.ui.lint import findings, pale_pairs
from ui.icons import draw_icon, has_icon, icon
from ui.text import (
    ago,
    ago_text,
    count_text,
    date_text,
    day_text,
    moment_format,
    month_text,
    percent_text,
    sentence,
    span_text,
    tr,
    when_text,
)
from ui.theme import Choice, Theme, tokens
from ui.tokens import ALL, DARK, HC_LIGHT, Tokens
from ui.widgets.fuzzy import fuzzy
from ui.widgets.label import ElidingLabel, key_parts
from ui.widgets.paint import initials, pill_text, pill_width

NOW = dt.datetime(2026, 11, 20, 14, 8, tzinfo=dt.UTC)


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    """A theme in the light look."""
    found = qapp.findChild(Theme) or Theme(qapp)
    found.choose("light")
    return found


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Numbers and names of days as in English."""
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedKingdom))
    yield
    QLocale.setDefault(before)


@pytest.mark.parametrize("look", ALL, ids=lambda t: t.name)
def test_every_text_is_readable_on_its_ground(look: Tokens) -> None:
    assert pale_pairs(look) == []


def test_a_switch_is_live_and_is_told_once(theme: Theme, qtbot: QtBot) -> None:
    with qtbot.waitSignal(theme.changed) as told:
        theme.choose("dark")
    assert told.args == [DARK]
    assert tokens() is DARK
    assert QApplication.palette().window().color() == QColor(DARK.canvas)
    with qtbot.assertNotEmitted(theme.changed):
        theme.choose("dark")
    theme.choose("hc_light")
    assert tokens() is HC_LIGHT


def test_an_icon_follows_the_look(theme: Theme) -> None:
    face = icon("check", "accent")
    light = face.pixmap(QSize(16, 16)).toImage()
    theme.choose("hc_dark")
    assert face.pixmap(QSize(16, 16)).toImage() != light


def test_an_icon_is_sharp_on_a_fine_screen() -> None:
    code = (
        "from PySide6.QtWidgets import QApplication; from PySide6.QtCore import QSize; from ui.icons import icon, pixmap;"
        "app = QApplication([]); found = icon('check').pixmap(QSize(16, 16));"
        "print(found.width(), found.devicePixelRatio(), pixmap('check', 'text', 16, 1.5).width())"
    )
    surroundings = os.environ | {"QT_SCALE_FACTOR": "2"}
    ended = subprocess.run([sys.executable, "-c", code], env=surroundings, capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["32", "2.0", "24"]


def test_an_unknown_icon_is_a_bug(theme: Theme) -> None:
    assert not has_icon("no-such-icon")
    with pytest.raises(KeyError):
        icon("no-such-icon")
    canvas = QImage(8, 8, QImage.Format.Format_ARGB32)
    with QPainter(canvas) as painter, pytest.raises(KeyError):
        draw_icon(painter, QPointF(0, 0), "no-such-icon", "text", 8)


def test_words_are_filled_by_name_and_never_raise() -> None:
    assert tr("{a} of {b}", a=1, b=2) == "1 of 2"
    assert tr("{missing} stays") == "{missing} stays"
    assert tr("100 % {sure", sure=1) == "100 % {sure"
    assert tr("{n} ticket|{n} tickets", n=1) == "1 ticket"
    assert tr("{n} ticket|{n} tickets", n=1200) == "1,200 tickets"
    assert count_text(100_000) == "100,000"
    assert percent_text(0.271) == "27\u00a0%"


def test_words_of_a_server_become_a_sentence_that_another_can_follow() -> None:
    assert [sentence(words) for words in ("Invalid credentials", " Try later. ", "Full!", "", "He said “no”")] == [
        *("Invalid credentials.", "Try later.", "Full!", "", "He said “no”"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "short", "long"),
    [
        (dt.timedelta(seconds=20), "now", "just now"),
        (dt.timedelta(seconds=-5), "now", "just now"),
        (dt.timedelta(minutes=57), "57 min", "57 min ago"),
        (dt.timedelta(hours=13), "13 h", "13 h ago"),
        (dt.timedelta(hours=30), "yesterday", "yesterday"),
        (dt.timedelta(days=3), "3 days", "3 days ago"),
        (dt.timedelta(days=45), "6 Oct", "on 6 Oct"),
        (dt.timedelta(days=400), "16 Oct 2025", "on 16 Oct 2025"),
    ],
)
def test_how_long_ago_reads_naturally(before: dt.timedelta, short: str, long: str) -> None:
    assert ago(NOW - before, NOW) == short
    assert ago_text(NOW - before, NOW) == long


def test_points_in_time_and_spans() -> None:
    assert when_text(NOW + dt.timedelta(hours=1), NOW) == "Today 15:08"
    assert when_text(NOW + dt.timedelta(hours=20), NOW) == "Tomorrow 10:08"
    assert when_text(NOW + dt.timedelta(hours=20), NOW, inside=True) == "tomorrow 10:08"
    assert when_text(NOW - dt.timedelta(days=4), NOW) == "Mon 14:08"
    assert [span_text(s) for s in (-3, 40, 1100, 7300, 200_000)] == ["0 s", "40 s", "18 min", "2 h", "2 days"]
    assert moment_format() == "dd/MM/yyyy HH:mm"


@pytest.mark.parametrize(
    ("place", "near", "far", "month"),
    [
        ("C", "6 Oct", "6 Oct 2025", "October 2026"),
        ("en_US", "Oct 6", "Oct 6, 2025", "October 2026"),
        ("de_DE", "6. Okt.", "6. Okt. 2025", "Oktober 2026"),
        ("es_ES", "6 oct", "6 oct 2025", "octubre 2026"),
        ("hu_HU", "okt. 6.", "2025. okt. 6.", "2026. október"),
        ("ru_RU", "6 окт.", "6 окт. 2025", "октябрь 2026"),
        ("ja_JP", "10月6日", "2025年10月6日", "2026年10月"),
        ("ko_KR", "10월 6일", "2025년 10월 6일", "2026년 10월"),
    ],
)
def test_days_are_written_in_the_order_of_the_language(place: str, near: str, far: str, month: str) -> None:
    QLocale.setDefault(QLocale(place))
    at = dt.datetime(2026, 10, 6, 12, tzinfo=dt.UTC)
    assert (date_text(at, NOW), date_text(at.replace(year=2025), NOW), month_text(at)) == (near, far, month)
    assert day_text(dt.date(2025, 10, 6)) == far


def test_initials_and_keys() -> None:
    assert [initials(n) for n in ("Tomás Hughes", "priya", "", "ann@x.example", "健太 森")] == [
        "TH",
        "P",
        "?",
        "AX",
        "健森",
    ]
    assert key_parts("Ctrl+Shift+Return") == ["Ctrl", "Shift", "Enter"]
    assert key_parts("G, U") == ["G", "U"]
    assert key_parts("Ctrl++") == ["Ctrl", "+"]


def test_fuzzy_prefers_beginnings_and_runs() -> None:
    phrases = ["Start a note", "Show not assigned", "Snooze until a reply", "Assign"]
    ranked = sorted(phrases, key=lambda p: -(m.score if (m := fuzzy("sn", p)) else -99))
    assert ranked[0] == "Snooze until a reply"
    found = fuzzy("sn", "Start a note")
    assert found is not None
    assert found.hits == (0, 8)
    assert fuzzy("ns", "Sn") is None
    assert fuzzy("", "anything") is not None
    assert fuzzy("look: dark", "Look: dark") is not None
    assert fuzzy("lamp", "Look: as the computer") is None


@pytest.mark.parametrize("look", ["light", "dark", "hc_dark", "hc_light"])
@pytest.mark.parametrize("name", BOARDS)
def test_no_board_has_a_fault(theme: Theme, qtbot: QtBot, name: str, look: Choice) -> None:
    theme.choose(look)
    build, size = BOARDS[name]
    board = build()
    qtbot.addWidget(board)
    board.resize(size)
    board.show()
    QApplication.processEvents()
    assert [str(f) for f in findings(board)] == []


def test_the_lint_sees_what_it_should(theme: Theme, qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    lane = QVBoxLayout(page)
    cut = ElidingLabel("A long text that has no room")
    short = QPushButton("A long text on a short button")
    short.setFixedWidth(40)
    bare = QPushButton()
    bare.setFixedSize(16, 16)
    wide = QWidget()
    wide.setMinimumWidth(400)
    above, below = QWidget(), QWidget()
    crossing = QWidget()
    crossing_row = QHBoxLayout(crossing)
    crossing_row.addWidget(above)
    crossing_row.addWidget(below)
    for widget in (cut, short, bare, wide, crossing):
        lane.addWidget(widget)
    page.show()
    cut.setFixedWidth(60)
    cut.setToolTip("")
    wide.setGeometry(0, 60, 900, 20)
    above.setGeometry(0, 0, 30, 10)
    below.setGeometry(10, 0, 30, 10)
    assert {f.kind for f in findings(page)} == {"clipped", "nameless", "small", "outside", "overlap"}
    assert sum(f.kind == "clipped" for f in findings(page)) == 2


def test_a_pill_as_wide_as_it_wants_to_be_shows_the_whole_word(qapp: QApplication) -> None:
    words = ("repair", "refund", "wholesale", "question", "Łódź", "tariff", "WWW", "illi")
    assert [pill_text(word, pill_width(word)) for word in words] == list(words)
