"""Keeps the status lamp true: listens to what changes, looks at most a few times a second, and offers the one act that helps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from app.kernel import clock
from app.kernel.database.changes import Changes
from app.people.queries import agent
from ui.pages import Context
from ui.pages.health.facts import Cause, Facts, gather, judge
from ui.pages.mending import sign_in_again
from ui.widgets.rail import Reason

_PAUSE_MS, _TICK_MS, _WHOLE_EVERY = 300, 5_000, 12
_STARTING_S = 12.0
"""So long an engine that was not met yet is taken to be on its way: it starts after the window."""
_TOPICS = {"mailbox_state", "engine_state", "clock", "other_desk"}


def act_of(context: Context, cause: Cause) -> Callable[[], object] | None:
    """What the button of a cause does."""
    key = cause.mailbox
    if cause.act in {"sign_in", "certificate"} and key is not None:
        return partial(sign_in_again, context, key, certificate=cause.act == "certificate")
    if cause.act == "mailbox":
        return partial(context.go, "settings", category="mailboxes", mailbox=key)
    if cause.act == "connect":
        return partial(context.go, "settings", category="mailboxes", add=True)
    if cause.act == "backup":
        return partial(context.go, "settings", category="data")
    if cause.act in {"outbox", "quarantine", "unaccounted"}:
        return partial(context.go, "health", part=cause.act)
    return None


class StatusLamp(QObject):
    """Sets the lamp from facts; `judged` tells the same causes. `name_agent` hears who works here."""

    judged = Signal(str, object)  # level, causes

    def __init__(self, context: Context, name_agent: Callable[[str], None] = lambda _name: None) -> None:
        super().__init__(context.overlay)
        self._context, self._name_agent = context, name_agent
        self._facts: Facts | None = None
        self._whole_in = 0
        self._began, self._met = clock.elapsed(), False
        self._named = False
        self._soon = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._soon.timeout.connect(self.look)
        self._tick = QTimer(self, interval=_TICK_MS)
        self._tick.timeout.connect(self._ticked)
        self._tick.start()
        context.bridge.changed.connect(self._changed)
        self._soon.start()
        self._ask_name()

    def look(self) -> None:
        """Gather the facts in a task and show what they mean."""
        desk, before, whole = self._context.desk, self._facts, self._whole_in <= 0
        if whole:
            self._whole_in = _WHOLE_EVERY
        self._context.tasks.run(
            lambda: gather(desk, before, whole=whole), then=self._gathered, owner=self, key="lamp.facts"
        )

    def _gathered(self, facts: Facts) -> None:
        self._facts = facts = replace(facts, starting=self._is_starting(facts.engine))
        level, causes = judge(facts)
        context = self._context
        reasons = [
            Reason(each.text, each.detail, each.tone, each.words, act_of(context, each) if each.words else None)
            for each in causes
        ]
        context.status(level, reasons)
        self.judged.emit(level, causes)

    def _is_starting(self, engine: bool) -> bool:
        self._met = self._met or engine  # one that ended is no longer on its way: that is said at once
        return not self._met and clock.elapsed() - self._began < _STARTING_S

    def _ask_name(self) -> None:
        """Who works here stands at the foot of the rail."""
        desk = self._context.desk

        def work() -> str:
            me = desk.me()
            who = desk.ask(agent, me) if me is not None else None
            return who.name if who is not None else ""

        self._context.tasks.run(work, then=self._told_name, owner=self, key="lamp.name")

    def _told_name(self, name: str) -> None:
        self._named = bool(name)
        self._name_agent(name)

    def _changed(self, changes: Changes) -> None:
        if changes.touches("agent", "setting", "mailbox"):
            self._ask_name()
        said = any(signal.topic in _TOPICS for signal in changes.signals)
        if changes.touches("mail_folder", "mail_item"):
            self._whole_in -= 1
        if (said or changes.touches("mailbox", "outbox", "mail_folder")) and not self._soon.isActive():
            self._soon.start()

    def _ticked(self) -> None:
        if not self._named:
            self._ask_name()
        self._whole_in -= 1
        if not self._soon.isActive():
            self._soon.start()
