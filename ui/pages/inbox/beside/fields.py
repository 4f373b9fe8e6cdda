"""The ticket's own facts in the side panel: when it is due, and the desk's own fields, edited in place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QWidget

from app.fields.queries import FieldInfo
from app.fields.rules import Kind, Value
from app.kernel import clock
from app.tickets import commands
from app.tickets.queries import TicketRow
from ui.pages.inbox.beside.acts import Acts
from ui.pages.inbox.beside.days import DayEditor
from ui.pages.inbox.beside.editors import Editor, editor_of
from ui.text import span_text, tr, when_text
from ui.widgets.button import Button
from ui.widgets.folding import FoldingSection, KeyedRows
from ui.widgets.label import ElidingLabel, Label
from ui.widgets.layout import horizontal, vertical

NAME_WIDTH = 92


class FieldRow(QFrame):
    """A field's name and what stands in it; beneath it, why something is not kept or is wanted."""

    def __init__(self, name: str, editor: QWidget, hint: str = "") -> None:
        super().__init__()
        self.editor = editor
        label = ElidingLabel(name, "small", fixed=True)
        label.setFixedWidth(NAME_WIDTH)
        if hint:
            label.setToolTip(hint)
            editor.setAccessibleDescription(hint)
        self._reason = Label("", "caption", tone="bad", wrap=True)
        self._reason.setContentsMargins(NAME_WIDTH + 16, 0, 0, 4)
        self._reason.hide()
        line = QFrame()
        layout = horizontal(line)
        layout.setSpacing(8)
        layout.addWidget(label)
        layout.addWidget(editor, 1)
        whole = vertical(self)
        whole.addWidget(line)
        whole.addWidget(self._reason)
        self.setFocusProxy(editor)

    def set_reason(self, words: str) -> None:
        """Say what is wrong or wanted here; "" for nothing."""
        self._reason.setText(words)
        self._reason.setVisible(bool(words))


class TicketFields(FoldingSection):
    """The section: due, then the desk's fields in their order."""

    due_wanted = Signal()

    def __init__(self, acts: Acts) -> None:
        super().__init__(tr("Ticket"))
        self._acts = acts
        self._fields: dict[UUID, FieldInfo] = {}
        self._wanted: set[UUID] = set()
        self.due = Button("", "quiet", clicked=self.due_wanted.emit)
        self._due_row = FieldRow(tr("Due"), self.due)
        self.rows = KeyedRows(self._make, lambda _row, _item: None, spacing=2)  # frames of high contrast do not touch
        self.content.addWidget(self._due_row)
        self.content.addWidget(self.rows)

    def show_ticket(
        self, ticket: TicketRow, fields: Sequence[FieldInfo], custom: Mapping[str, Any], *, other: bool
    ) -> None:
        """What stands in them; `other`: of another ticket than before."""
        if other:
            self._wanted.clear()
        self._fields = {one.id: one for one in fields}
        self._show_due(ticket)
        self.rows.sync([(one, one) for one in fields])
        for one in fields:
            row = cast(FieldRow, self.rows.row(one))
            value = custom.get(one.key)
            editor = cast(Editor, row.editor)
            if other:
                editor.set_wrong()
            editor.show_value(value, fresh=other)
            if value is not None:
                self._wanted.discard(one.id)
            row.set_reason(tr("Needed before it is solved") if one.id in self._wanted else "")
        filled = sum(one.key in custom for one in fields)
        self.set_summary(tr("{done} of {all}", done=filled, all=len(fields)) if self.is_folded and fields else "")

    @property
    def is_empty(self) -> bool:
        """Is there neither a date nor a field?"""
        return self._due_row.isHidden() and not self._fields

    def want(self, fields: Sequence[UUID]) -> None:
        """These must be filled in first: say so and put the keyboard into the first."""
        self._wanted = set(fields)
        self.fold(False)
        first: FieldRow | None = None
        for key in fields:
            info = self._fields.get(key)
            row = self.rows.row(info) if info is not None else None
            if isinstance(row, FieldRow):
                row.set_reason(tr("Needed before it is solved"))
                first = first or row
        if first is not None:
            first.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_due(self, ticket: TicketRow) -> None:
        self._due_row.setVisible(ticket.due_at is not None)
        if ticket.due_at is None:
            return
        now = clock.now()
        late = now - ticket.due_at
        is_late = late > timedelta(0) and ticket.status not in ("solved", "closed")
        self.due.setText(when_text(ticket.due_at, now))
        self.due.setAccessibleName(f"{tr('Due')}: {self.due.text()}")
        self._due_row.set_reason(tr("Overdue {span}", span=span_text(late.total_seconds())) if is_late else "")

    def _make(self, info: FieldInfo) -> FieldRow:
        row: FieldRow

        def commit(value: Value) -> None:
            self._acts.here(
                commands.set_custom,
                info.id,
                value,
                said=tr("“{name}” changed", name=info.name),
                wrong=lambda words: self._refused(row, words),
            )

        editor = DayEditor(info, commit) if info.kind == Kind.DATE else editor_of(info, commit)
        row = FieldRow(info.name, editor, info.hint)
        return row

    def _refused(self, row: FieldRow, words: str) -> None:
        row.set_reason(words.partition(": ")[2] or words)
        cast(Editor, row.editor).set_wrong(words)
