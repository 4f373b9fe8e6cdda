"""When chat is open: always, or by a week's hours on the clock of a place, with days on which it is closed."""

from __future__ import annotations

import re
from datetime import date, timedelta

from PySide6.QtCore import QLocale, QTimeZone

from app.automation.rules import DAYS, Hours, from_text, hours_of, to_text
from app.kernel.errors import UserError
from app.kernel.sentences import words_of
from app.kernel.state import options
from app.people.choosing import choose
from ui.pages import Context
from ui.pages.settings.form import WIDE_LABEL, Pane, TextArea, Values
from ui.text import told, tr
from ui.widgets.field import Select, TextField
from ui.widgets.toggle import Switch

_SPAN = re.compile(r"^\s*(\d{1,2}(?::\d{2})?)\s*(?:-|–|—|to|bis)\s*(\d{1,2}(?::\d{2})?)\s*$")
_USUAL = dict.fromkeys(DAYS[:5], "09:00 – 17:00")


def spans_text(spans: tuple[tuple[int, int], ...]) -> str:
    """The hours of a day as they are typed: "09:00 – 12:00, 13:00 – 17:00"."""
    return ", ".join(f"{_clock(start)} – {_clock(end % 1440)}" for start, end in spans)


def spans_of(typed: str) -> list[list[str]]:
    """The hours of a day from what is typed. Raises UserError for what cannot be read."""
    found = []
    for part in (one for one in re.split(r"[,;]", typed) if one.strip()):
        match = _SPAN.match(part)
        if match is None:
            raise UserError(tr("“{words}” are not hours. Write them like 09:00 – 17:00.", words=part.strip()))
        found.append([_full(match[1]), _full(match[2])])
    return found


def _full(clock: str) -> str:
    hours, _, minutes = clock.partition(":")
    return f"{int(hours):02}:{minutes or '00'}"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def day_name(number: int) -> str:
    """A day of the week (0 is Monday), as the person's language has it."""
    return QLocale().dayName(number + 1, QLocale.FormatType.LongFormat)


class HoursPane(Pane):
    """The form."""

    label_width = WIDE_LABEL

    def __init__(self, context: Context) -> None:
        words = tr("Outside of these hours visitors are asked to leave a message, which becomes a ticket.")
        super().__init__(context, tr("Hours of the chat"), words)
        self.add_field("away", tr("Away"), Switch(tr("Away")), tr("Nobody is here, whatever the hours say."))
        kinds = [("always", tr("Always open")), ("week", tr("By the hours below"))]
        self.kind = Select(kinds, "always", name=tr("Open"))
        self.kind.chosen.connect(self._kind_chosen)
        self.add_field("kind", tr("Open"), self.kind)
        self._rows = [
            self.add_field(day, day_name(number), TextField(placeholder=tr("Closed"), name=day_name(number)))
            for number, day in enumerate(DAYS)
        ]
        zones = [bytes(one.data()).decode() for one in QTimeZone.availableTimeZoneIds()]
        self.zone = Select([(one, one) for one in zones], "UTC", name=tr("Time zone"))
        self._rows.append(self.add_field("zone", tr("Time zone"), self.zone, tr("The clock that the hours follow.")))
        hint = tr("One day per line, such as 2026-12-25, or a span such as 2026-12-24 – 2026-12-31.")
        self._rows.append(self.add_field("holidays", tr("Closed on"), TextArea(tr("Closed on"), 4), hint))
        self._show_rows()

    def load(self) -> None:
        """Ask for what is kept."""
        self.context.tasks.ask(options.every, then=self._told, owner=self)

    def _told(self, kept: dict[str, object]) -> None:
        hours = from_text(str(kept.get("chat_hours", "")))
        self.show_values({"away": bool(kept.get("chat_away")), **_values(hours)})
        self._show_rows()

    def store(self, changes: Values) -> None:
        try:
            hours = self._hours()
        except UserError as error:
            self.context.toasts.say(told(words_of(error)), "bad")
            return
        away, words = bool(self.values()["away"]), to_text(hours)

        def keep(tx: object) -> None:
            choose(tx, "chat_away", away)  # type: ignore[arg-type]
            choose(tx, "chat_hours", words)  # type: ignore[arg-type]

        keep.__name__ = "set_chat_hours"  # so the history calls it
        self.context.tasks.do(keep, then=lambda _done: self._is_stored(), owner=self, done=tr("Saved."))

    def _hours(self) -> Hours:
        values = self.values()
        if values["kind"] == "always":
            return from_text("")
        week = {day: spans_of(str(values[day])) for day in DAYS}
        if not any(week.values()):
            raise UserError(tr("Chat would never be open. Give hours for at least one day."))
        return hours_of(str(values["zone"]), week, _days(str(values["holidays"])))

    def _kind_chosen(self, key: str) -> None:
        """Whoever gives hours for the first time begins with the usual ones."""
        values = self.values()
        if key == "week" and not any(values[day] for day in DAYS):
            local = bytes(QTimeZone.systemTimeZoneId().data()).decode()
            for day, words in _USUAL.items():
                field = self._fields[day]
                assert isinstance(field, TextField)
                field.setText(words)
            self.zone.choose(local)
        self._show_rows()
        self._changed()

    def _show_rows(self) -> None:
        for one in self._rows:
            one.setVisible(self.kind.current() == "week")

    def discard(self) -> None:
        super().discard()
        self._show_rows()


def _values(hours: Hours) -> Values:
    found: Values = {"kind": "always" if hours.always else "week", "zone": hours.zone}
    for number, day in enumerate(DAYS):
        found[day] = "" if hours.always else spans_text(hours.week[number])
    found["holidays"] = "\n".join(one.isoformat() for one in sorted(hours.holidays))
    return found


def _days(typed: str) -> list[str]:
    """Days from lines; a line may be a stretch of them. Raises UserError."""
    found: list[str] = []
    for line in (one.strip() for one in typed.splitlines() if one.strip()):
        parts = [one for one in re.split(r"\s*(?:–|—|\.\.|\bto\b|\s-\s)\s*", line) if one]
        try:
            first, last = date.fromisoformat(parts[0]), date.fromisoformat(parts[-1])
        except ValueError:
            raise UserError(tr("“{words}” is not a day. Write it like 2026-12-25.", words=line)) from None
        if len(parts) > 2 or not 0 <= (last - first).days <= 366:
            raise UserError(tr("“{words}” is not a day. Write it like 2026-12-25.", words=line))
        found += [(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]
    return found
