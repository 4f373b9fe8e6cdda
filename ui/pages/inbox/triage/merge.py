"""Merging: which ticket stays, decided with the conversation that results before one's eyes; it can be taken apart again.

With several tickets chosen in the list, one of them stays. With one, it goes into another ticket of the same customer.
At the left what is decided, at the right what comes of it, where every line says which ticket it is from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QButtonGroup, QWidget

from app.kernel import clock
from app.tickets.commands import merge
from app.tickets.queries import MergePreview, TicketRow, merge_preview, ticket_rows, tickets_of
from app.tickets.rules import Priority
from ui.pages import Context
from ui.pages.inbox.triage.merge_parts import Result, scrolled
from ui.pages.inbox.words import channel_word, priority_word, status_word
from ui.text import ago_text, date_text, tr
from ui.widgets.button import Button
from ui.widgets.field import Select, TextField
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import clear, column, flow, row
from ui.widgets.overlay import Dialog
from ui.widgets.panel import Tile
from ui.widgets.pill import Pill
from ui.widgets.state import Banner
from ui.widgets.toggle import Choices, Radio

MOST = 50
"""More than these are not merged by hand: nobody could look at them."""
FEW = 5
"""More than these deserve a second look."""
OFFERED = 6
_NAME_WIDTH, _SIDE_BY_SIDE = 76, 3


@dataclass(frozen=True, slots=True)
class Plan:
    """`moving` are merged, one of `into` stays; with one moving, `into` are other tickets of its customer."""

    moving: tuple[TicketRow, ...]
    into: tuple[TicketRow, ...]

    def together(self, kept: TicketRow) -> tuple[TicketRow, ...]:
        """What becomes one, the one that stays first."""
        return (kept, *(one for one in self.moving if one.id != kept.id))


Merged = Callable[[UUID, list[UUID], dict[str, Any]], object]


class _Choice(Tile):
    """A ticket that may stay; a click anywhere on it chooses it."""

    def __init__(self, radio: Radio, words: QWidget) -> None:
        super().__init__(row(column(radio, None), (words, 1), spacing=8), margins=(12, 10, 12, 10))
        self._radio = radio

    def mouseReleaseEvent(self, event: QMouseEvent, /) -> None:
        self._radio.setChecked(True)
        super().mouseReleaseEvent(event)


class MergeSheet(Dialog):
    """`merged(kept, gone, settled)` is called with what was decided; `look(sheet, tickets)` asks for the conversation."""

    def __init__(self, plan: Plan, merged: Merged, look: Callable[[MergeSheet, list[UUID]], object]) -> None:
        super().__init__(tr("Merge into one ticket"), width=960)
        self._plan, self._merged, self._look = plan, merged, look
        self._group = QButtonGroup(self)
        self._stays = [Pill(tr("Stays"), "info") for _ in plan.into]
        several = len(plan.moving) > 1
        number = plan.moving[0].number
        ask = tr("Which one stays?") if several else tr("Which ticket does #{number} go into?", number=number)
        tiles = column(*(self._tile(one, place) for place, one in enumerate(plan.into)), spacing=8)
        shown = scrolled(tiles, tr("Tickets")) if len(plan.into) > 3 else tiles
        self._warnings, self._decided = column(spacing=8), column(spacing=8)
        self.subject = TextField(name=tr("Subject"))
        self.filled, self.begun = Label("", "small", wrap=True), Label("", "small", wrap=True)
        self.filled.hide()
        self.begun.hide()
        rest = (self._warnings, self._decided, self.filled, self.begun)
        if len(plan.into) > 3:
            left = column(Label(ask, "section", wrap=True), (shown, 1), *rest, spacing=10)
        else:
            left = column(Label(ask, "section", wrap=True), shown, *rest, None, spacing=10)
        self.result = Result()
        both = row((left, 4), (self.result, 5), spacing=24)
        both.setMinimumHeight(420)
        self.add((both, 1))
        self.go = Button(tr("Merge"), "primary", clicked=self._merge)
        remark = tr("Can be taken apart again at any time. The customer is not told.")
        self.set_foot(Button(tr("Cancel"), clicked=self.close_dialog), self.go, remark=remark)
        self.radios[0].setChecked(True)
        self._group.idToggled.connect(lambda _place, on: self._decide() if on else None)
        self._decide()

    @property
    def radios(self) -> list[Radio]:
        """One for each ticket that may stay."""
        return [button for button in self._group.buttons() if isinstance(button, Radio)]

    @property
    def kept(self) -> TicketRow:
        """The ticket that stays, as decided now."""
        return self._plan.into[max(0, self._group.checkedId())]

    def _tile(self, ticket: TicketRow, place: int) -> Tile:
        radio = Radio(name=f"#{ticket.number} {ticket.subject}")
        radio.setFixedSize(24, 24)
        self._group.addButton(radio, place)
        who = ticket.assignee_name or tr("nobody yet")
        n = tr("{n} message|{n} messages", n=ticket.messages)
        when = ago_text(ticket.last_message_at, clock.now())
        facts = f"{n} · {who} · {channel_word(ticket.channel)} · {when}"
        number = ElidingLabel(f"#{ticket.number} · {status_word(ticket.status)} · {ticket.customer_name}", "small")
        head = row((number, 1), self._stays[place], spacing=8)
        words = column(head, ElidingLabel(ticket.subject, "strong"), ElidingLabel(facts, "small"), spacing=2)
        return _Choice(radio, words)

    # -- what is decided

    def _decide(self) -> None:
        """Another one stays: show what differs, and the conversation."""
        kept = self.kept
        together = self._plan.together(kept)
        for place, pill in enumerate(self._stays):
            pill.setVisible(self._plan.into[place].id == kept.id)
        self.go.setText(tr("Merge {n} ticket|Merge {n} tickets", n=len(together)))
        typed = self.subject.text() if self.subject.isModified() else kept.subject
        self.subject = TextField(typed, name=tr("Subject"))
        self.subject.setModified(typed != kept.subject)
        self._show_warnings(together)
        self._show_decided(kept, together)
        self._look(self, [one.id for one in together])

    def show_preview(self, preview: MergePreview) -> None:
        """The conversation that results has been read."""
        self.result.show_preview(preview, self.kept.number)
        taken = " · ".join(f"{name}: {value}" for name, value in preview.filled)
        self.filled.setText(tr("Also taken over: {fields}", fields=taken))
        self.filled.setVisible(bool(taken))
        some = ", ".join(f"#{number}" for number in preview.begun)
        words = tr(
            "{some} has an unsent draft. It is kept, and can be gone on with here."
            "|{some} have unsent drafts. They are kept, and can be gone on with here.",
            n=len(preview.begun),
            some=some,
        )
        self.begun.setText(words)
        self.begun.setVisible(bool(some))

    def _show_warnings(self, together: Sequence[TicketRow]) -> None:
        layout = self._warnings.layout()
        assert layout is not None
        clear(layout)
        people = {one.customer for one in together}
        if len(people) > 1:
            words = tr("Replies go to {who} alone.", who=_who(together[0]))
            layout.addWidget(Banner(tr("These are tickets of different customers"), words))
        if len(together) > FEW:
            words = tr("Look twice: is it really one matter?")
            layout.addWidget(Banner(tr("{n} ticket at once|{n} tickets at once", n=len(together)), words))

    def _show_decided(self, kept: TicketRow, together: Sequence[TicketRow]) -> None:
        layout = self._decided.layout()
        assert layout is not None
        clear(layout)
        self.priority = self._choice(
            tr("Priority"),
            [(word, priority_word(word)) for word in Priority if word in {one.priority for one in together}],
        )
        self.priority.choose(
            max((one.priority for one in together), key=lambda word: list(Priority).index(Priority(word)))
        )
        people = {str(one.assignee): one.assignee_name for one in together if one.assignee}
        self.assignee = self._choice(tr("Assignee"), list(people.items()) or [("None", tr("nobody yet"))])
        if kept.assignee:
            self.assignee.choose(str(kept.assignee))
        tags = sorted({tag for one in together for tag in one.tags})
        due = min((one.due_at for one in together if one.due_at), default=None)
        rows: list[tuple[str, QWidget]] = [
            (tr("Subject"), self.subject),
            (tr("Priority"), _shown(self.priority)),
            (tr("Assignee"), _shown(self.assignee)),
            (tr("Tags"), flow(*(Pill(tag) for tag in tags)) if tags else Label(tr("none"), "small")),
        ]
        if due is not None:
            rows.append((tr("Due"), Label(tr("{when}, the earliest", when=date_text(due, clock.now())))))
        rows.append((tr("Replies to"), ElidingLabel(_who(kept))))
        layout.addWidget(Label(tr("After merging"), "section"))
        names = [Label(name, "small") for name, _ in rows]
        width = max(_NAME_WIDTH, *(label.sizeHint().width() for label in names))
        for label, (_, widget) in zip(names, rows, strict=True):
            label.setFixedWidth(width)
            layout.addWidget(row(label, widget, None) if isinstance(widget, Choices) else row(label, (widget, 1)))

    def _choice(self, name: str, options: list[tuple[str, str]]) -> Choices | Select:
        """Side by side as long as they are few."""
        if len(options) > _SIDE_BY_SIDE:
            return Select(options, name=name)
        return Choices(options, kind="segment", name=name)

    def settled(self) -> dict[str, Any]:
        """The fields of the ticket that stays which were decided otherwise than it has them."""
        kept = self.kept
        together = self._plan.together(kept)
        due = min((one.due_at for one in together if one.due_at), default=None)
        assignee = self.assignee.current()
        wanted: dict[str, Any] = {
            "subject": " ".join(self.subject.text().split()) or kept.subject,
            "priority": self.priority.current() or kept.priority,
            "assignee": None if assignee in ("", "None") else UUID(assignee),
            "due_at": due,
        }
        return {name: value for name, value in wanted.items() if value != getattr(kept, name)}

    def _merge(self) -> None:
        kept, settled = self.kept, self.settled()
        gone = [one.id for one in self._plan.moving if one.id != kept.id]
        self.close_dialog()
        self._merged(kept.id, gone, settled)


def _shown(choice: Choices | Select) -> QWidget:
    """A choice, or the words alone where there is nothing to choose."""
    if isinstance(choice, Choices) and choice.count == 1:
        return Label(choice.button(choice.current()).text())
    return choice


def _who(ticket: TicketRow) -> str:
    name, address = ticket.customer_name, ticket.customer_address
    return f"{name} <{address}>" if address and name != address else name or address or tr("nobody")


def plan_of(db: Any, chosen: Sequence[UUID], me: UUID | None) -> Plan:
    """What can be merged: the chosen ones, or one of them with the other tickets of its customer, newest first."""
    moving = tuple(one for one in ticket_rows(db, chosen, me) if one.deleted_at is None)
    if len(moving) != 1 or moving[0].customer is None:
        return Plan(moving, moving if len(moving) > 1 else ())
    others = [key for key in tickets_of(db, moving[0].customer, OFFERED + 1) if key != moving[0].id]
    return Plan(moving, ticket_rows(db, others[:OFFERED], me))


def ask_merge(context: Context, chosen: Sequence[UUID], me: UUID | None, opened: Callable[[UUID], object]) -> None:
    """Open the sheet; `opened(ticket)` shows the one that stays. The first of `chosen` stays unless another is taken."""

    def merged(kept: UUID, gone: list[UUID], settled: dict[str, Any]) -> None:
        words = tr("{n} ticket merged.|{n} tickets merged.", n=len(gone) + 1)
        shown = lambda _done: opened(kept)  # noqa: E731
        context.tasks.do(merge, gone, kept, settled=settled, done=words, then=shown, owner=context.overlay)

    def show(plan: Plan) -> None:
        if not plan.into:
            words = tr("This customer has no other ticket. Choose several in the list (X) to merge them.")
            context.toasts.say(words, "info")
            return

        def look(sheet: MergeSheet, tickets: list[UUID]) -> None:
            context.tasks.ask(merge_preview, tickets, then=sheet.show_preview, owner=sheet, key="inbox-merge-preview")

        sheet = MergeSheet(plan, merged, look)
        context.overlay.open(sheet, focus=sheet.radios[0])

    context.tasks.ask(plan_of, list(chosen), me, then=show, owner=context.overlay, key="inbox-merge")
