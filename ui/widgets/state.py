"""What a list shows when it is not simply full: empty, loading, offline, error; and running work.

Each is a designed screen: it says what is the case, what still works, and offers the one thing that helps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from ui.text import count_text, percent_text, tr
from ui.theme import tokens
from ui.widgets.avatar import IconView, RoundIcon
from ui.widgets.button import Button
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import clear, restyle, row, set_box

Act = tuple[str, Callable[[], object]]

_ICONS = {"warn": "alert-outline", "bad": "alert-circle-outline", "ok": "check", "info": "information-outline"}


class EmptyState(QFrame):
    """The middle of an empty place: what is the case, what happens next, one action."""

    def __init__(
        self, title: str, text: str = "", *, icon: str = "check", tone: str = "ok", action: Act | None = None
    ) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(8)
        layout.addStretch(1)
        middle = Qt.AlignmentFlag.AlignHCenter
        layout.addWidget(RoundIcon(icon, tone, 48, 20), 0, middle)
        layout.addSpacing(8)
        self._title = Label(title, "strong", wrap=True)
        self._text = Label(text, "small", wrap=True)
        for label in (self._title, self._text):
            label.setAlignment(middle)
            label.setMaximumWidth(360)
            layout.addWidget(row(None, (label, 4), None))
        layout.addSpacing(4)
        self.button: Button | None = None
        if action is not None:
            self.button = Button(action[0], clicked=action[1])
            layout.addWidget(self.button, 0, middle)
        layout.addStretch(1)
        self.setAccessibleName(f"{title}. {text}")

    def set_text(self, title: str, text: str) -> None:
        """Say something else."""
        self._title.setText(title)
        self._text.setText(text)
        self.setAccessibleName(f"{title}. {text}")


class ErrorState(EmptyState):
    """A place that could not be shown: the reason and the way to try again."""

    def __init__(self, title: str, text: str, retry: Callable[[], object]) -> None:
        super().__init__(title, text, icon="alert-circle-outline", tone="bad", action=(tr("Try again"), retry))


class Banner(QFrame):
    """A message above a list that stays until its reason is gone.

    Tones: "warn" (offline: what still works, how many wait), "bad" (which account, the server's own words, what is
    safe, the one button that repairs it), "info", "ok".
    """

    def __init__(
        self,
        title: str,
        text: str = "",
        *,
        tone: str = "warn",
        icon: str = "",
        fact: str = "",
        actions: Sequence[Act] = (),
    ) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.setSpacing(4)
        self._icon = IconView(icon or _ICONS[tone], tone, 16)
        self._title = ElidingLabel(title, "small-strong")
        self._fact = Label(fact, "small")
        layout.addWidget(row(self._icon, (self._title, 1), self._fact))
        self._text = Label(text, "small", wrap=True)
        layout.addWidget(self._text)
        self._actions = QHBoxLayout()
        self._actions.setSpacing(8)
        layout.addLayout(self._actions)
        self.set_message(title, text, tone=tone, icon=icon, fact=fact, actions=actions)

    def set_message(
        self,
        title: str,
        text: str = "",
        *,
        tone: str = "warn",
        icon: str = "",
        fact: str = "",
        actions: Sequence[Act] = (),
    ) -> None:
        """Show another message in place."""
        set_box(self, tone)
        self._icon.set_icon(icon or _ICONS[tone], tone if tone != "info" else "accent_text")
        self._title.setText(title)
        self._fact.setText(fact)
        self._fact.setVisible(bool(fact))
        self._text.setText(text)
        self._text.setVisible(bool(text))
        clear(self._actions)
        for words, act in actions:
            self._actions.addWidget(Button(words, "small", clicked=act))
        if actions:
            self._actions.addStretch(1)
        self.setAccessibleName(f"{title}. {text}")


class ProgressRow(QFrame):
    """Work that takes a while: its name, how far it is, and how to pause or cancel it."""

    def __init__(self, title: str, *, note: str = "", action: Act | None = None, box: str = "tile") -> None:
        super().__init__()
        if box:
            set_box(self, box)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 8)
        layout.setSpacing(8)
        self._title = ElidingLabel(title, "small-strong")
        self._count = Label("", "small")
        layout.addWidget(row((self._title, 1), self._count))
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(title)
        layout.addWidget(self.bar)
        self._note = ElidingLabel(note, "small")
        self.button: Button | None = None
        if action is not None:
            self.button = Button(action[0], "ghost", clicked=action[1])
            layout.addWidget(row((self._note, 1), self.button))
        else:
            layout.addWidget(self._note)
            self._note.setVisible(bool(note))
        self.set_progress(0, 0)

    def set_progress(self, done: int, total: int, note: str | None = None) -> None:
        """How many of how many; a total of 0 means that nobody knows yet."""
        self.bar.setRange(0, max(0, total))
        self.bar.setValue(done)
        known = tr("{done} of {total}", done=count_text(done), total=count_text(total))
        self._count.setText(known if total else count_text(done) if done else "")
        self.bar.setAccessibleDescription(self._count.text())
        if note is not None:
            self.say(note)

    def set_share(self, share: float) -> None:
        """How far it is (0–1), where there is nothing to count."""
        self.set_progress(round(share * 100), 100)
        self._count.setText(percent_text(share))
        self.bar.setAccessibleDescription(self._count.text())

    def set_title(self, title: str) -> None:
        """It goes on with something else."""
        self._title.setText(title)
        self.bar.setAccessibleName(title)

    def say(self, note: str) -> None:
        """Another line beneath the bar."""
        self._note.setText(note)
        self._note.setVisible(bool(note))


class Skeleton(QWidget):
    """Grey shapes where rows will be. They do not move: calm, and no timer runs."""

    def __init__(self, row_height: int = 84, *, avatar: bool = True, inset: int = 20) -> None:
        super().__init__()
        self._row, self._avatar, self._inset = row_height, avatar, inset
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("Loading"))

    def sizeHint(self) -> QSize:
        return QSize(280, self._row * 4)

    def paintEvent(self, event: QPaintEvent, /) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens().line))
            left = float(self._inset)
            words = left + (44 if self._avatar else 0)
            room = self.width() - words - self._inset
            for top in range(0, self.height() - 60, self._row):
                if self._avatar:
                    painter.drawEllipse(QRectF(left, top + 12, 32, 32))
                for offset, share in ((14, 0.42), (34, 0.74), (54, 0.66)):
                    if offset + 8 < self._row - 8:
                        painter.drawRoundedRect(QRectF(words, top + offset, room * share, 8), 4, 4)


class Busy(QFrame):
    """A short wait in a place: a line of text that a screen reader hears, with room for Cancel."""

    def __init__(self, text: str, *, action: Act | None = None) -> None:
        super().__init__()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        bar = QProgressBar()
        bar.setRange(0, 0)
        bar.setTextVisible(False)
        bar.setFixedWidth(48)
        bar.setAccessibleName(text)
        layout.addWidget(bar)
        layout.addWidget(Label(text, "small"))
        layout.addStretch(1)
        if action is not None:
            layout.addWidget(Button(action[0], "small", clicked=action[1]))


def set_busy(button: Button, busy: bool, words: str = "") -> None:
    """Show on a button that its work runs: off, with other words; afterwards as before."""
    if busy and button.property("idle_text") is None:
        button.setProperty("idle_text", button.text())
        button.setText(words or button.text())
    elif not busy and button.property("idle_text") is not None:
        button.setText(str(button.property("idle_text")))
        button.setProperty("idle_text", None)
    button.setEnabled(not busy)
    restyle(button, busy=busy)
