"""Whatever the window offers, in whatever order, with undo and redo in between: each undo gives the desk of before."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from app.desk import reactions
from app.kernel.database.transaction import Tx
from app.kernel.errors import NotFoundError, UserError
from app.people.history import is_marked
from app.tickets import commands, queries
from app.tickets.rules import Status
from tests.desk_export import Export, differences, export
from tests.desk_fixture import SmallDesk
from tests.tickets.offered import Choices
from tests.tickets.offered_chats import begin_chats
from tests.tickets.offered_work import OFFERED

_number = st.integers(0, 11)


class _WholeDesk(SmallDesk):
    """With everything that one thing causes elsewhere."""

    def _wire(self) -> None:
        reactions.wire(self.store)


class WhatIsDone(RuleBasedStateMachine):
    """A desk at which one person works; `past` and `future` are the states that undo and redo must lead to."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = Path(tempfile.mkdtemp(prefix="deskbell-undo-"))
        self.desk = _WholeDesk(self._folder)
        desk = self.desk
        tickets = [desk.mail(address=f"c{n}@shop.example", name="", subject=f"Matter {n}")[0] for n in range(3)]
        desk.later(minutes=1)
        desk.mail(tickets[0], address="c0@shop.example", words="And one thing more")
        tickets.append(desk.mail(address="c1@shop.example", status=Status.WAITING)[0])
        tickets += begin_chats(desk)
        desk.do(commands.mark_seen, tickets)
        self.choices = Choices(desk, tickets)
        self.past: list[Export] = [self.state()]
        self.future: list[Export] = []

    def teardown(self) -> None:
        self.desk.close()
        shutil.rmtree(self._folder)

    def state(self) -> Export:
        return self.desk.ask(export)

    def now_is(self, wanted: Export, what: str) -> None:
        wrong = differences(wanted, self.state())
        assert not wrong, f"{what}:\n" + "\n".join(wrong)

    @rule(name=st.sampled_from(sorted(OFFERED)), a=_number, b=_number)
    def act(self, name: str, a: int, b: int) -> None:
        self.desk.later(minutes=1)

        def step(tx: Tx) -> bool:
            OFFERED[name](tx, self.choices, a, b)
            return is_marked(tx)

        try:
            marked = self.desk.do(step)
        except (UserError, NotFoundError):
            return
        if not marked:
            self.now_is(self.past[-1], f"{name} cannot be undone, but it changed")
        elif differences(self.past[-1], after := self.state()):
            self.past.append(after)
            self.future = []
        else:
            self.past.append(self.past[-1])
            self.future = []

    @precondition(lambda self: len(self.past) > 1)
    @rule()
    def undo(self) -> None:
        self.desk.later(minutes=1)
        result = self.desk.do(commands.undo)
        assert result.kept == ()
        self.future.append(self.past.pop())
        self.now_is(self.past[-1], "undone")

    @precondition(lambda self: self.future)
    @rule()
    def redo(self) -> None:
        self.desk.later(minutes=1)
        result = self.desk.do(commands.redo)
        wanted = self.future.pop()
        if any("draft again" in words for words in result.kept):
            self.now_is(self.past[-1], "not done again")  # what was called back is sent by hand
            self.future = []  # and what was done after it goes on from there
            return
        assert result.kept == ()
        self.past.append(wanted)
        self.now_is(wanted, "done again")

    @rule()
    def restart(self) -> None:
        self.desk.reopen()

    @invariant()
    def numbers_agree(self) -> None:
        assert self.desk.ask(queries.wrong_counters) == {}


WhatIsDone.TestCase.settings = settings(
    max_examples=20,
    stateful_step_count=12,
    suppress_health_check=[HealthCheck.too_slow],
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # a failure is told as it is: making it smaller takes minutes
)
TestWhatIsDone = WhatIsDone.TestCase
