"""The bar above a conversation: subject, status, number, who has it, how much it presses, and what can be done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QMenu, QVBoxLayout, QWidget

from app.kernel import clock
from app.people.queries import AgentInfo
from app.states.queries import StateInfo
from app.tickets.queries import TicketDetail
from ui.actions import Actions
from ui.icons import icon
from ui.pages.inbox.words import (
    PRIORITIES,
    priority_word,
    problem_pill,
    sleep_pill,
    state_text,
    state_tone,
    status_word,
)
from ui.text import tr
from ui.widgets.button import Button, ToolButton
from ui.widgets.label import ElidingLabel
from ui.widgets.layout import row, set_box
from ui.widgets.pill import Pill, PillButton


class ConversationHeader(QFrame):
    """80 px high; every button also has a key."""

    assigned = Signal(object)  # UUID | None
    status_chosen = Signal(str, str)  # its key, and its name if it is one of the desk's own
    priority_chosen = Signal(str)
    follow_up_chosen = Signal(bool)
    unread_wanted = Signal()
    restore_wanted = Signal()
    subject_wanted = Signal()
    problem_wanted = Signal()  # to the message of ours that needs a person

    def __init__(self, actions: Actions) -> None:
        super().__init__()
        set_box(self, "bar")
        self._actions = actions
        self._agents: Sequence[AgentInfo] = ()
        self._states: Sequence[StateInfo] = ()
        self._detail: TicketDetail | None = None
        self.title = ElidingLabel("", "title")
        self._pill = Pill("", "plain")
        self.problem = PillButton(tr("Show the message"))
        self.problem.clicked.connect(self.problem_wanted)
        self.asleep = PillButton(tr("Wake it or let it sleep longer"))
        self.asleep.clicked.connect(lambda: actions.press("snooze"))
        self._facts = ElidingLabel("", "small")
        self.assign = Button(tr("Assign"), clicked=self.open_assign)
        self.solve = Button(tr("Mark solved"), clicked=self._solve)
        actions.explain(self.assign, "assign")
        actions.rebound.connect(self._hint_of_solve)
        self.side = ToolButton("dock-right", tr("Show or hide the customer"), checkable=True)
        self.side.clicked.connect(lambda: actions.press("side"))
        self.more = ToolButton("dots-horizontal", tr("More actions"), clicked=self._open_more)
        words = QWidget()
        column = QVBoxLayout(words)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addStretch(1)
        column.addWidget(self.title)
        line = row(self._pill, self.problem, self.asleep, (self._facts, 1), spacing=10)
        line.setMinimumHeight(
            self.problem.sizeHint().height()
        )  # the subject stays where it is, whatever is told below it
        column.addWidget(line)
        column.addStretch(1)
        self._outer = QVBoxLayout(self)
        self._outer.addWidget(row((words, 1), self.assign, self.solve, self.side, self.more, spacing=8))
        self.set_narrow(False)
        self.setFixedHeight(80)

    def set_agents(self, agents: Sequence[AgentInfo]) -> None:
        """Who may be given a ticket."""
        self._agents = agents

    def set_states(self, states: Sequence[StateInfo]) -> None:
        """Which statuses a ticket may be put into."""
        self._states = states

    def show_ticket(self, detail: TicketDetail) -> None:
        """Show a ticket's head."""
        self._detail = detail
        ticket = detail.row
        self.title.setText(ticket.subject)
        self._pill.set_state(state_text(ticket), state_tone(ticket))
        problem = problem_pill(ticket.problem)
        self.problem.setVisible(problem is not None)
        if problem is not None:
            self.problem.set_state(problem[0], problem[1], icon=problem[2])
        asleep = sleep_pill(ticket, clock.now())
        self.asleep.setVisible(asleep is not None)
        if asleep is not None:
            self.asleep.set_state(asleep[0], asleep[1], icon=asleep[2])
        facts = [f"#{ticket.number}", ticket.assignee_name or tr("Unassigned"), priority_word(ticket.priority)]
        facts += [tr("To follow up")] if ticket.follow_up else []
        self._facts.setText("  ·  ".join(facts))
        self._facts.set_tone("bad" if ticket.priority == "urgent" else "")
        done = ticket.status in ("solved", "closed")
        self.solve.setText(tr("Open again") if done else tr("Mark solved"))
        self._hint_of_solve()
        deleted = ticket.deleted_at is not None
        self.assign.setVisible(not deleted)
        self.solve.setVisible(not deleted)

    def set_narrow(self, narrow: bool) -> None:
        """Below 1200 px the customer is behind a button; the margin is smaller."""
        self._outer.setContentsMargins(20 if narrow else 24, 0, 12, 0)

    def _hint_of_solve(self) -> None:
        if self._detail is not None:
            done = self._detail.row.status in ("solved", "closed")
            self.solve.setToolTip(self._actions.hint("reopen" if done else "solve"))

    # -- menus

    def open_assign(self) -> None:
        """Who shall have it."""
        menu = self._menu()
        current = self._detail.row.assignee if self._detail else None
        for agent in self._agents:
            self._choice(menu, agent.name, current == agent.id, partial(self.assigned.emit, agent.id))
        menu.addSeparator()
        self._choice(menu, tr("Nobody"), current is None, lambda: self.assigned.emit(None))
        _drop(menu, self.assign)

    def _open_more(self) -> None:
        if self._detail is None:
            return
        ticket, menu = self._detail.row, self._menu()
        if ticket.deleted_at is not None:
            menu.addAction(icon("restore"), tr("Restore"), self.restore_wanted.emit)
            _drop(menu, self.more)
            return
        status = menu.addMenu(tr("Status"))
        for one in self._states:
            if one.category != "new" or ticket.status == "new":
                chosen = (ticket.status, ticket.state) == (one.category, one.id)
                words = one.name or status_word(one.category)
                self._choice(status, words, chosen, partial(self.status_chosen.emit, one.key, one.name))
        self._add_priorities(menu.addMenu(tr("Priority")))
        follow = menu.addAction(tr("To follow up"))
        follow.setCheckable(True)
        follow.setChecked(ticket.follow_up)
        follow.triggered.connect(self.follow_up_chosen.emit)
        for key in ("due", "tag"):
            menu.addAction(self._actions[key])
        menu.addAction(self._actions["snooze"])
        for key in ("merge", "unmerge", "split"):
            menu.addAction(self._actions[key])
        menu.addAction(self._actions["own_window"])
        menu.addAction(self._actions["changes"])
        menu.addAction(self._actions["print"])
        menu.addAction(tr("Change subject"), self.subject_wanted.emit)
        menu.addAction(tr("Mark unread"), self.unread_wanted.emit)
        menu.addSeparator()
        menu.addAction(self._actions["delete"])
        _drop(menu, self.more)

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        return menu

    def _add_priorities(self, menu: QMenu) -> None:
        current = self._detail.row.priority if self._detail else ""
        for word in reversed(PRIORITIES):
            self._choice(menu, priority_word(word), current == word, partial(self.priority_chosen.emit, word))

    def _choice(self, menu: QMenu, words: str, chosen: bool, act: Callable[[], object]) -> None:
        action = QAction(words, menu)
        action.setCheckable(True)
        action.setChecked(chosen)
        action.triggered.connect(lambda _on=False: act())
        menu.addAction(action)

    def _solve(self) -> None:
        if self._detail is not None:
            done = self._detail.row.status in ("solved", "closed")
            self.status_chosen.emit("open" if done else "solved", "")


def _drop(menu: QMenu, anchor: QWidget) -> None:
    """Open a menu under its button, within the screen."""
    menu.popup(anchor.mapToGlobal(QPoint(0, anchor.height() + 4)))
