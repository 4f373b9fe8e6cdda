"""Time spent on a ticket: a timer to start and stop, a span to type, and who spent what when."""

from __future__ import annotations

from uuid import UUID

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout

from app.kernel import clock
from app.tickets import commands
from app.tickets.queries import Spent, Timer, Work
from ui.pages.inbox.beside.acts import Acts
from ui.text import ago_text, tr
from ui.widgets.button import Button, ToolButton
from ui.widgets.field import TextField
from ui.widgets.folding import FoldingSection, KeyedRows
from ui.widgets.label import ElidingLabel
from ui.widgets.layout import horizontal, restyle, row

FEW = 4
"""So many entries are shown at once, the newest; the others behind a word."""
_TICK_MS = 5000


def length_text(seconds: int) -> str:
    """A length of work: "40 s", "15 min", "1 h 30 min"."""
    if seconds < 60:
        return tr("{n} s", n=seconds)
    hours, minutes = divmod(seconds // 60, 60)
    if not hours:
        return tr("{n} min", n=minutes)
    return tr("{h} h {m} min", h=hours, m=minutes) if minutes else tr("{n} h", n=hours)


class EntryRow(QFrame):
    """One entry: how long, whose, when, what for."""

    def __init__(self, entry: Spent, acts: Acts) -> None:
        super().__init__()
        self._length, self._rest = ElidingLabel("", "medium", fixed=True), ElidingLabel("", "small")
        self._note = ElidingLabel("", "small")
        remove = ToolButton("close", tr("Remove this time"), size=24, icon_size=12)
        remove.clicked.connect(lambda: acts.do(commands.remove_time, entry.id, said=tr("Time removed")))
        words = QFrame()
        lines = QVBoxLayout(words)
        lines.setContentsMargins(0, 2, 0, 2)
        lines.setSpacing(0)
        lines.addWidget(row(self._length, (self._rest, 1), spacing=8))
        lines.addWidget(self._note)
        layout = horizontal(self)
        layout.addWidget(words, 1)
        layout.addWidget(remove)
        self.setFocusProxy(remove)
        self.show_entry(entry)

    def show_entry(self, entry: Spent) -> None:
        """Show it as it is now."""
        now = clock.now()
        running = entry.seconds is None
        seconds = int((now - entry.begun_at).total_seconds()) if entry.seconds is None else entry.seconds
        self._length.setText(length_text(max(seconds, 0)))
        who = entry.agent_name or tr("Somebody")
        rest = tr("{name}, running", name=who) if running else f"{who} · {ago_text(entry.begun_at, now)}"
        self._rest.setText(rest)
        self._note.setText(entry.note)
        self._note.setVisible(bool(entry.note))
        self.setAccessibleName(f"{self._length.text()}, {rest} {entry.note}".strip())


class TimeSpent(FoldingSection):
    """The section."""

    ticket_wanted = Signal(object)  # UUID

    def __init__(self, acts: Acts) -> None:
        super().__init__(tr("Time"), tr("Log time"))
        self._acts = acts
        self._work: Work | None = None
        self._timer: Timer | None = None
        self._all = False
        self.field = TextField(placeholder=tr("15m, 1:30, 2h call"), name=tr("Time spent, and what for"))
        restyle(self.field, look="quiet")
        self.timer = Button(tr("Start timer"), "small", icon="play", clicked=self.toggle)
        self.rows = KeyedRows(
            lambda entry: EntryRow(entry, acts), lambda shown, entry: shown.show_entry(entry), self.field.setFocus
        )
        self.elsewhere = Button("", "quiet", icon="timer-outline", clicked=self._go_to_timer)
        self.more = Button("", "chip", clicked=self._show_all)
        for part in (
            row(self.elsewhere, None),
            self.rows,
            row(self.more, None),
            row((self.field, 1), self.timer, spacing=6),
        ):
            self.content.addWidget(part)
        self.field.returnPressed.connect(self._log)
        self.field.textEdited.connect(lambda _text: self.field.set_wrong())
        self.add_wanted.connect(self.begin)
        self._tick = QTimer(self, interval=_TICK_MS)
        self._tick.timeout.connect(self._refresh)

    def show_work(self, work: Work, timer: Timer | None, *, other: bool) -> None:
        """What is logged, and the person's timer wherever it runs; `other`: of another ticket than before."""
        self._work = work
        self._timer = timer if timer is not None and work.running(self._acts.me) is None else None
        if other:
            self._all = False
            self.field.clear()
            self.field.set_wrong()
        self._refresh()

    @property
    def is_empty(self) -> bool:
        """Is nothing logged, and does nothing run, here or elsewhere?"""
        return self._work is None or not (self._work.times or self._timer)

    def begin(self) -> None:
        """Put the keyboard where time is typed."""
        self.fold(False)
        self.field.setFocus()

    def _refresh(self) -> None:
        work = self._work
        if work is None:
            return
        running = [one for one in work.times if one.seconds is None]
        shown = list(work.times) if self._all else list(work.times)[-FEW:]
        self.rows.sync([(one.id, one) for one in reversed(shown)])
        self.more.setText(tr("All {n} entries", n=len(work.times)))
        self.more.setVisible(len(shown) < len(work.times))
        self.set_summary(length_text(work.seconds) if work.seconds else tr("running") if running else "")
        self.elsewhere.setVisible(self._timer is not None)
        if self._timer is not None:
            self.elsewhere.setText(tr("Your timer runs on #{number}", number=self._timer.number))
        mine = work.running(self._acts.me) is not None
        self.timer.setText(tr("Stop timer") if mine else tr("Start timer"))
        self.timer.set_icon("stop" if mine else "play")
        (self._tick.start if running and self.isVisible() else self._tick.stop)()

    def toggle(self) -> None:
        """Start the timer here, or stop it."""
        if self._work is not None and self._work.running(self._acts.me) is not None:
            self._acts.do(commands.stop_timer, said=tr("Timer stopped"))
        else:
            self._acts.here(commands.start_timer, said=tr("Timer started"))

    def _go_to_timer(self) -> None:
        if self._timer is not None:
            self.ticket_wanted.emit(self._timer.ticket)

    def _log(self) -> None:
        span, note = split_typed(self.field.text())
        if span:
            self._acts.here(
                commands.log_time, span, note, said=tr("Time logged"), wrong=self.field.set_wrong, then=self._logged
            )

    def _logged(self, _entry: UUID) -> None:
        self.field.clear()

    def _show_all(self) -> None:
        self._all = True
        self._refresh()
        self.field.setFocus()


def split_typed(typed: str) -> tuple[str, str]:
    """(the span, what for) of a line like `1h 30m on the phone`: words that begin with a digit, then the rest."""
    words = typed.split()
    behind = next((place for place, word in enumerate(words) if place and not word[0].isdigit()), len(words))
    unit = words[behind] if behind < len(words) else ""
    if unit.casefold().rstrip(".") in {
        "m",
        "min",
        "mins",
        "minutes",
        "minuten",
        "h",
        "std",
        "hours",
        "hour",
        "stunden",
    }:
        behind += 1
    return " ".join(words[:behind]), " ".join(words[behind:])
