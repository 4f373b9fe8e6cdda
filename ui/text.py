"""Words, numbers and times as the person's language writes them.

Every visible string passes through `tr` from the first screen on, so that a translation is a file and never a
hunt. Placeholders are named (`{name}`), because another language may need another order. Times come in as aware
UTC and leave as local text; `now` is always handed in, so that a test or a screenshot can freeze it.
"""

from __future__ import annotations

import datetime as dt
import functools
import re

from PySide6.QtCore import QCoreApplication, QDate, QLocale, QTime

CONTEXT = "deskbell"
_PLACE = re.compile(r"\{(\w+)\}")
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_QUOTED = re.compile(r"\s*'[^']*'\.?")
_WEEKDAY = re.compile(r"d{3,}")
_FIELD = re.compile(r"(d{1,2}|M{1,4}|y{2,4})([^dMy]*)")
_MARKS, _TIGHT = ".,،年月日년일", "年月日"


def tr(source: str, /, n: int | None = None, **values: object) -> str:
    """Translate `source` and fill its `{placeholders}`.

    With `n` the source may hold both English forms, `"{n} ticket|{n} tickets"`; a translation brings as many forms
    as its language has. An unknown placeholder stays as it is: a wrong translation may look odd but never raises.
    """
    said = QCoreApplication.translate(CONTEXT, source, None, -1 if n is None else n)
    if n is not None:
        if "|" in said:
            one, _, many = said.partition("|")
            said = one if n == 1 else many
        values.setdefault("n", count_text(n))
    if "{" not in said:
        return said
    return _PLACE.sub(lambda found: str(values.get(found.group(1), found.group(0))), said)


def told(words: str) -> str:
    """A sentence from within the program in the person's language, if it knows what it was made of (`app.kernel.sentences.Said`).

    Words of others are what they are. Widgets use this file and know nothing of `app`, therefore the look at what it has.
    """
    pattern, values = getattr(words, "pattern", None), getattr(words, "values", None)
    if not isinstance(pattern, str) or not isinstance(values, dict):
        return tr(words) if words else ""
    number = values.get("n")
    filled = {name: _value_text(one) for name, one in values.items() if name != "n"}
    return tr(pattern, number if isinstance(number, int) else None, **filled)


def _value_text(value: object) -> str:
    if isinstance(value, int):
        return count_text(value)
    return told(value) if hasattr(value, "pattern") and isinstance(value, str) else str(value)


def sentence(words: str) -> str:
    """Words of others, such as a server's, so that another sentence can follow them: with a full stop where they have no end."""
    words = told(words).strip()
    return words if not words or words[-1] in ".!?…”)" else f"{words}."


def _locale() -> QLocale:
    """The person's locale; "C", as bare systems have it, groups no digits and counts as English."""
    locale = QLocale()
    return QLocale(QLocale.Language.English) if locale.language() is QLocale.Language.C else locale


def count_text(n: int) -> str:
    """12345 → "12,345" (grouped as the locale does)."""
    return _locale().toString(n)


def number_text(value: float, digits: int = 1) -> str:
    """4.6 → "4.6" or "4,6"; whole values lose their zero."""
    return _locale().toString(float(value), "f", 0 if float(value).is_integer() else digits)


def percent_text(share: float) -> str:
    """0.27 → "27 %" (a no-break space between)."""
    return f"{_locale().toString(round(share * 100))}\u00a0%"


def size_text(size: int) -> str:
    """Bytes → "31 kB" (decimal units, as mail programs write them)."""
    fmt = QLocale.DataSizeFormat.DataSizeSIFormat
    return _locale().formattedDataSize(size, 0 if size < 1_000_000 else 1, fmt)


def clock_text(at: dt.datetime) -> str:
    """Aware UTC → local time of day, "14:08" or "2:08 PM"."""
    local = at.astimezone()
    return _locale().toString(QTime(local.hour, local.minute), QLocale.FormatType.ShortFormat)


def moment_format() -> str:
    """How a field shows a day and an hour to be typed over: in figures, in the locale's order, with the whole year."""
    short = QLocale.FormatType.ShortFormat
    day = _locale().dateFormat(short)
    if "yyyy" not in day:
        day = day.replace("yy", "yyyy")
    return f"{day} {_locale().timeFormat(short)}"


@functools.cache
def _day_pattern(spoken: QLocale, parts: str) -> str:
    """Qt's pattern for some of day, month and year ("dMy") in the order and with the marks of a language.

    Qt has only whole patterns ("dddd, d. MMMM yyyy", "yyyy年M月d日dddd"): the long one, without weekday and little words ("de"),
    says how these parts follow each other. The month is short beside a day; without one it is in full, and in the form in which it
    stands alone ("ноябрь", not "ноября").
    """
    long = _WEEKDAY.sub("", _QUOTED.sub("", spoken.dateFormat(QLocale.FormatType.LongFormat)))
    made, space = "", ""
    for field, after in _FIELD.findall(long):
        if field[0] in parts:
            mark = "".join(one for one in after if one in _MARKS and ("d" in parts or one not in ",،"))
            made += space + {"dd": "d", "MMMM": "MMM" if "d" in parts else "MMMM"}.get(field, field) + mark
            space = "" if mark and mark in _TIGHT else " "
    return made.rstrip(",،")


def _day_in(parts: str, day: dt.date) -> str:
    pattern = _day_pattern(QLocale(), parts)  # in the locale "C" as the British write it, "6 Oct"
    if "d" not in parts:
        pattern = pattern.replace("MMMM", f"'{_locale().standaloneMonthName(day.month)}'")
    return _locale().toString(QDate(day.year, day.month, day.day), pattern)


def date_text(at: dt.datetime, now: dt.datetime) -> str:
    """Day and month, "6 Oct" (in the language's own order), with the year when it is not this year's."""
    local = at.astimezone()
    return _day_in("dM" if local.year == now.astimezone().year else "dMy", local.date())


def day_text(day: dt.date) -> str:
    """A day with its year, "6 Oct 2026"."""
    return _day_in("dMy", day)


def month_text(at: dt.datetime) -> str:
    """Month and year, "October 2026", for headings of a timeline."""
    return _day_in("My", at.astimezone().date())


def when_text(at: dt.datetime, now: dt.datetime, *, inside: bool = False) -> str:
    """A point in time to plan by: "Today 11:20", "Tomorrow 8:00", "Mon 16:42" within a week, else a date.

    `inside`: within a sentence, where "today" has a small letter (in languages that make such a difference).
    """
    local = at.astimezone()
    days = (local.date() - now.astimezone().date()).days
    if days in (-1, 0, 1):
        alone = {-1: tr("Yesterday"), 0: tr("Today"), 1: tr("Tomorrow")}[days]
        within = {-1: tr("yesterday"), 0: tr("today"), 1: tr("tomorrow")}[days]
        return f"{within if inside else alone} {clock_text(at)}"
    if abs(days) < 7:
        return f"{_locale().dayName(local.isoweekday(), QLocale.FormatType.ShortFormat)} {clock_text(at)}"
    return date_text(at, now)


def span_text(seconds: float) -> str:
    """A length of time in its largest sensible unit: "40 s", "18 min", "3 h", "2 days". Never negative."""
    left = int(max(0, seconds))
    if left < _MINUTE:
        return tr("{n} s", n=left)
    if left < _HOUR:
        return tr("{n} min", n=left // _MINUTE)
    if left < _DAY:
        return tr("{n} h", n=left // _HOUR)
    return tr("{n} day|{n} days", n=left // _DAY)


def ago(at: dt.datetime, now: dt.datetime) -> str:
    """How long ago, short enough for a row: "now", "4 min", "3 h", "yesterday", "5 days", "6 Oct"."""
    seconds = (now - at).total_seconds()
    if seconds < _MINUTE:
        return tr("now")
    if seconds < _DAY:
        return span_text(seconds)
    days = (now.astimezone().date() - at.astimezone().date()).days
    if days == 1:
        return tr("yesterday")
    return tr("{n} day|{n} days", n=days) if days < 7 else date_text(at, now)


def ago_text(at: dt.datetime, now: dt.datetime) -> str:
    """The same inside a sentence: "just now", "4 min ago", "yesterday", "on 6 Oct"."""
    seconds = (now - at).total_seconds()
    if seconds < _MINUTE:
        return tr("just now")
    days = (now.astimezone().date() - at.astimezone().date()).days
    if seconds < _DAY or 1 < days < 7:
        return tr("{span} ago", span=span_text(seconds) if seconds < _DAY else ago(at, now))
    return tr("yesterday") if days == 1 else tr("on {date}", date=date_text(at, now))
