"""The equation itself and the table of folders behind it. Every number that stands for mails leads to them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QSizePolicy, QWidget

from app.inbox.queries import LedgerFolder
from app.kernel import clock
from ui.models.ledger import outcome_word
from ui.pages.health.sums import GONE, MISSING, SERVER, WAITING, Sums, by_outcome, name_of, summed
from ui.text import ago_text, count_text, tr
from ui.widgets.avatar import IconView
from ui.widgets.button import Button, link_button
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import clear, column, flow, line, row
from ui.widgets.panel import Tile

_FOLDER_ICONS = {"inbox": "inbox-outline", "sent": "send-outline", "junk": "alert-octagon-outline"}
_TONES = {"quarantine": "warn", MISSING: "bad"}


class Figure(QFrame):
    """A number over its name; the name is a button where there are mails to show."""

    pressed = Signal()

    def __init__(self, count: int, name: str, *, tone: str = "", leads: bool = True) -> None:
        super().__init__()
        number = Label(count_text(count), "figure", tone=tone if count else "")
        self.button: Button | None = None
        if leads and count:
            self.button = Button(name, "ghost", clicked=self.pressed.emit)
            self.button.setAccessibleName(f"{count_text(count)} {name}")
            self.setCursor(Qt.CursorShape.PointingHandCursor)
            under: QWidget = self.button
            number.setContentsMargins(8, 0, 8, 0)
        else:
            under = Label(name, "muted")
            under.setFixedHeight(32)  # as high as the buttons beside it
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(number, 0, 0)
        layout.addWidget(under, 1, 0, Qt.AlignmentFlag.AlignLeft)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def mouseReleaseEvent(self, event: QMouseEvent, /) -> None:
        if self.button is not None and self.rect().contains(event.position().toPoint()):
            self.pressed.emit()


class Equation(Tile):
    """server = tickets + spam + … and, beneath it, in words whether anything is missing."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__(margins=(16, 16, 16, 12), spacing=12)
        self._holder = column(spacing=0)
        self._mark = IconView("check-circle", "ok", 16, box=20)
        self._title = Label("", "strong")
        self._text = Label("", "muted", wrap=True)
        self._text.setMinimumWidth(360)  # else Qt reckons with one word a line, and the page with that height
        self.content.addWidget(self._holder)
        self.content.addWidget(line())
        self.content.addWidget(row(8, self._mark, self._title, (self._text, 1)))

    def show_sums(self, sums: Sums, *, busy: bool = False) -> None:
        """Show an equation; `busy`: a pass is running over a mailbox of it."""
        layout = self._holder.layout()
        assert layout is not None
        clear(layout)
        server = Figure(sums.server, name_of(SERVER))
        server.pressed.connect(lambda: self.chosen.emit(SERVER))
        found: list[QWidget] = [server]
        for place, (sign, part, count) in enumerate(sums.terms):
            sign_label = Label("=" if place == 0 else sign, "sign")
            sign_label.setContentsMargins(8, 3, 8, 0)
            figure = Figure(count, name_of(part), tone=_TONES.get(part, ""))
            figure.pressed.connect(lambda part=part: self.chosen.emit(part))
            found.append(row(column(sign_label, None), figure, spacing=16))  # a sign stays with its number
        terms = flow(*found, spacing=16)
        policy = terms.sizePolicy()
        policy.setVerticalPolicy(
            QSizePolicy.Policy.Preferred
        )  # as high as its width asks for, not as if it were narrow
        terms.setSizePolicy(policy)
        layout.addWidget(terms)
        self._say(sums, busy=busy)

    def _say(self, sums: Sums, *, busy: bool) -> None:
        if sums.listed_at is None and not sums.server:
            self._tell("clock-outline", "text3", tr("Not counted yet."), tr("The first look at the server comes soon."))
        elif busy and not sums.missing and (sums.off or sums.parts[WAITING]):
            text = tr("What is waiting is on its way; the numbers agree when this look at the server is finished.")
            self._tell("progress-clock", "text3", tr("Mail is being received."), text)
        elif sums.missing:
            title = tr("{n} message is not accounted for.|{n} messages are not accounted for.", n=sums.missing)
            self._tell(
                "alert-circle", "bad", title, tr("They are fetched at the next look. “Check now” looks at once.")
            )
        elif sums.off:
            text = tr("Mail is moving; the numbers agree as soon as the server has been looked through again.")
            self._tell("progress-clock", "text3", tr("Being counted."), text)
        else:
            text = tr("The difference is 0. Compared with the server folder by folder, then with what is stored here.")
            self._tell("check-circle", "ok", tr("Every message is accounted for."), text)

    def _tell(self, icon: str, colour: str, title: str, text: str) -> None:
        self._mark.set_icon(icon, colour)
        self._title.setText(title)
        self._text.setText(text)


class FolderTable(Tile):
    """One line a folder, the columns in the order of the equation, and their sum."""

    chosen = Signal(str, object)  # part or outcome, LedgerFolder or None for all

    def __init__(self) -> None:
        super().__init__(margins=(16, 8, 16, 8), spacing=8)
        self._holder = column(spacing=0)
        self.more = link_button(tr("Every outcome"), self._toggle)
        self._outcomes = column(spacing=0)
        self._outcomes.hide()
        self.traffic = Label("", "small", wrap=True)
        self.traffic.hide()
        self._busy: Collection[str] = ()
        self._heads: list[Label] = []
        self._looked: list[Label] = []
        self._has_room = True
        self.content.addWidget(row(Label(tr("By folder"), "strong"), None, self.more))
        for widget in (self._holder, self._outcomes, self.traffic):
            self.content.addWidget(widget)

    def show_folders(
        self, folders: Sequence[LedgerFolder], *, addresses: bool, busy: Collection[str] = (), traffic: str = ""
    ) -> None:
        """Show these folders; `addresses` names their mailboxes too, a pass runs over those in `busy`."""
        layout = self._holder.layout()
        assert layout is not None
        clear(layout)
        self._busy = busy
        self.traffic.setText(traffic)
        self.traffic.setVisible(bool(traffic))
        self._show_outcomes(folders)
        total = summed(folders, busy)
        parts = [part for _, part, _ in total.terms if part != MISSING]
        table = QFrame()
        grid = QGridLayout(table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(1, 1)
        heads = [tr("On server"), *[_short(part) for part in parts], tr("Difference"), tr("Counted")]
        grid.addWidget(Label(tr("Folder"), "small"), 0, 0, 1, 2)
        self._heads = [_right(Label(head, "small")) for head in heads]
        for place, label in enumerate(self._heads):
            grid.addWidget(label, 0, place + 2)
        self._looked = self._heads[-1:]
        grid.setRowMinimumHeight(0, 28)
        for index, folder in enumerate(folders):
            self._add(grid, 2 * index + 1, folder, parts, address=addresses)
        self._sum(grid, 2 * len(folders) + 1, total, parts)
        self.set_room(self._has_room)
        layout.addWidget(table)

    def set_room(self, has_room: bool) -> None:
        """In a narrow window heads take two lines, and when a folder was counted is left out: the page's bar says it."""
        self._has_room = has_room
        for label in self._looked:
            label.setVisible(has_room)
        for label in self._heads:
            label.setWordWrap(not has_room)

    def _add(self, grid: QGridLayout, at: int, folder: LedgerFolder, parts: list[str], *, address: bool) -> None:
        grid.addWidget(line(), at, 0, 1, grid.columnCount())
        at += 1
        grid.setRowMinimumHeight(at, 40)
        grid.addWidget(IconView(_FOLDER_ICONS.get(folder.role, "folder-outline"), "text2", 16, box=24), at, 0)
        name = f"{_name(folder)} · {folder.mailbox}" if address else _name(folder)
        label = ElidingLabel(name)
        label.setMinimumWidth(72)
        grid.addWidget(label, at, 1)
        sums = summed([folder], self._busy)
        grid.addWidget(self._number(folder, name, SERVER, sums.server), at, 2, Qt.AlignmentFlag.AlignRight)
        for place, part in enumerate(parts):
            count = sums.gone if part == GONE else sums.parts[part]
            grid.addWidget(self._number(folder, name, part, count), at, place + 3, Qt.AlignmentFlag.AlignRight)
        grid.addWidget(_difference(sums.missing), at, len(parts) + 3)
        looked = ago_text(folder.listed_at, clock.now()) if folder.listed_at else tr("not yet")
        self._looked.append(_right(Label(looked, "muted")))
        grid.addWidget(self._looked[-1], at, len(parts) + 4)

    def _toggle(self) -> None:
        self._outcomes.setVisible(self._outcomes.isHidden())
        self.more.setText(tr("Every outcome") if self._outcomes.isHidden() else tr("Fewer"))

    def _show_outcomes(self, folders: Sequence[LedgerFolder]) -> None:
        layout = self._outcomes.layout()
        assert layout is not None
        clear(layout)
        found = []
        for outcome, count in by_outcome(folders):
            words = f"{outcome_word(outcome)}  {count_text(count)}"
            found.append(Button(words, "small", clicked=partial(self.chosen.emit, outcome, None)))
        self.more.setVisible(bool(found))
        layout.addWidget(flow(*found))

    def _number(self, folder: LedgerFolder | None, name: str, part: str, count: int) -> QWidget:
        if not count:
            return _right(Label(count_text(count), "muted"))
        button = Button(count_text(count), "plain", clicked=lambda: self.chosen.emit(part, folder))
        button.setMinimumWidth(24)
        button.setAccessibleName(f"{name}: {count_text(count)} {name_of(part)}")
        return button

    def _sum(self, grid: QGridLayout, at: int, total: Sums, parts: list[str]) -> None:
        grid.addWidget(line(), at, 0, 1, grid.columnCount())
        at += 1
        grid.setRowMinimumHeight(at, 40)
        grid.addWidget(Label(tr("All folders"), "strong"), at, 0, 1, 2)
        for place, part in enumerate([SERVER, *parts]):
            count = {SERVER: total.server, GONE: total.gone}.get(part, total.parts.get(part, 0))
            number = self._number(None, tr("All folders"), part, count)
            grid.addWidget(number, at, place + 2, Qt.AlignmentFlag.AlignRight)
        grid.addWidget(_difference(total.missing), at, len(parts) + 3)


def _difference(count: int) -> QWidget:
    mark = IconView("alert" if count else "check", "bad" if count else "ok", 14)
    number = Label(count_text(count), "strong", tone="bad" if count else "")
    number.setAccessibleName(tr("Difference: {count}", count=count_text(count)))
    return row(None, number, mark, spacing=6)


def _right(label: Label) -> Label:
    label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    label.setContentsMargins(4, 0, 8, 0)
    return label


def _name(folder: LedgerFolder) -> str:
    return {"inbox": tr("Inbox"), "sent": tr("Sent"), "junk": tr("Junk")}.get(folder.role, folder.folder)


def _short(part: str) -> str:
    return {
        "tickets": tr("In tickets"),
        "spam": tr("Spam"),
        "newsletters": tr("Newsletters"),
        "automatic": tr("Automatic"),
        "other": tr("Elsewhere"),
        "erased": tr("Erased"),
        "quarantine": tr("Unreadable"),
        "waiting": tr("Waiting"),
        GONE: tr("Left"),
    }[part]
