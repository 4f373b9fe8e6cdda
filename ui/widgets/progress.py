"""Long work that can be watched and stopped: a line for each with its bar, at the bottom of the page, out of the way.

It never takes the focus and covers no toast. Knows nothing of what is worked on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QFrame, QProgressBar, QVBoxLayout, QWidget

from ui.text import count_text, tr
from ui.widgets.button import Button
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import row, set_box

_WIDTH, _MARGIN = 460, 24
_ABOVE_TOASTS = 64
"""Room for a toast beneath."""


@dataclass(frozen=True, slots=True)
class Work:
    """Something that goes on: what, how far (`total` 0: nobody knows), and a remark. `can_stop`: may it be cancelled?"""

    key: str
    text: str
    done: int
    total: int
    remark: str = ""
    can_stop: bool = True


class WorkLine(QFrame):
    """One of them: words, bar, how far, Cancel."""

    stopped = Signal(str)

    def __init__(self, work: Work) -> None:
        super().__init__()
        self.key = work.key
        self._text = ElidingLabel("", "medium")
        self._far = Label("", "small")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self.stop = Button(tr("Cancel"), "small", clicked=self._stop)
        words = QFrame()
        layout = QVBoxLayout(words)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(row((self._text, 1), self._far, spacing=8))
        layout.addWidget(self._bar)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(16, 10, 12, 10)
        outer.addWidget(row((words, 1), self.stop, spacing=16))
        self.show_work(work)

    def show_work(self, work: Work) -> None:
        """How it stands now."""
        self._text.setText(work.text)
        far = tr("{done} of {all}", done=count_text(work.done), all=count_text(work.total)) if work.total else ""
        self._far.setText(work.remark or far)
        self._bar.setRange(0, work.total)
        self._bar.setValue(min(work.done, work.total))
        self._bar.setAccessibleName(work.text)
        self.stop.setVisible(work.can_stop)
        self.setAccessibleName(f"{work.text} {far}".strip())

    def _stop(self) -> None:
        self.stop.setEnabled(False)
        self.stopped.emit(self.key)


def show_lines(layout: QVBoxLayout, lines: dict[str, WorkLine], works: Sequence[Work]) -> list[WorkLine]:
    """Make a layout show these works, keeping the lines (and their focus) that are there already. The new lines."""
    wanted = {work.key for work in works}
    for key in [key for key in lines if key not in wanted]:
        gone = lines.pop(key)
        layout.removeWidget(gone)
        gone.hide()
        gone.deleteLater()
    made = []
    for work in works:
        if work.key in lines:
            lines[work.key].show_work(work)
        else:
            line = lines[work.key] = WorkLine(work)
            layout.addWidget(line)
            made.append(line)
    return made


class WorkStrip(QFrame):
    """The lines at the bottom right of its parent, above the toasts; hidden while nothing goes on.

    What is done within a moment is not shown at all: it would only flicker.
    """

    stopped = Signal(str)

    def __init__(self, parent: QWidget, *, delay_ms: int = 400) -> None:
        super().__init__(parent)
        set_box(self, "dialog")
        self.setAccessibleName(tr("Work in progress"))
        self._page = parent
        self._works: tuple[Work, ...] = ()
        self._lines: dict[str, WorkLine] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(1, 1, 1, 1)
        self._layout.setSpacing(0)
        self._soon = QTimer(self, singleShot=True, interval=delay_ms)
        self._soon.timeout.connect(self._come)
        parent.installEventFilter(self)
        self.hide()

    @property
    def works(self) -> tuple[Work, ...]:
        """What goes on."""
        return self._works

    def show_works(self, works: Sequence[Work]) -> None:
        """Show what goes on now; none hides the strip."""
        self._works = tuple(works)
        for line in show_lines(self._layout, self._lines, self._works):
            line.stopped.connect(self.stopped)
        if not works:
            self._soon.stop()
            self.hide()
        elif self.isVisible():
            self._place()
        elif not self._soon.isActive():
            self._soon.start()

    def eventFilter(self, watched: QObject, event: QEvent, /) -> bool:
        if watched is self._page and event.type() is QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def _come(self) -> None:
        if self._works:
            self._place()
            self.show()
            self.raise_()

    def _place(self) -> None:
        width = min(_WIDTH, self._page.width() - 2 * _MARGIN)
        self._layout.activate()
        height = self.sizeHint().height()
        x = self._page.width() - width - _MARGIN
        self.setGeometry(x, self._page.height() - height - _MARGIN - _ABOVE_TOASTS, width, height)
