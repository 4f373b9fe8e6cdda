"""The builder's conditions: groups of which all, any or none must hold, of rows and of groups again; one face of a tree."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout

from app.conditions.tree import EVERYTHING, AllOf, AnyOf, Check, Node, Not, canonical
from app.search.catalogue import FieldEntry
from ui.pages.views.condition import Complete, Condition
from ui.pages.views.words import group_words
from ui.text import tr
from ui.widgets.button import Button, ToolButton
from ui.widgets.field import Select
from ui.widgets.layout import row, set_box

DEEPEST = 4
"""Groups in one another that can be made here; deeper ones can be typed, and are shown."""


class ConditionGroup(QFrame):
    """Rows and groups under one word. The outermost one has no cross."""

    changed = Signal()
    removed = Signal()

    def __init__(self, fields: Mapping[str, FieldEntry], complete: Complete, depth: int = 0) -> None:
        super().__init__()
        self._fields, self._complete, self._depth = fields, complete, depth
        self.parts: list[Condition | ConditionGroup] = []
        self.how = Select(group_words(), "all", name=tr("How the conditions go together"))
        self.how.chosen.connect(lambda _key: self.changed.emit())
        self._remove = ToolButton("close", tr("Remove this group"), clicked=self.removed.emit)
        self._remove.setVisible(depth > 0)
        self.add_row = Button(tr("Condition"), "chip", icon="plus", clicked=self._add_row)
        self.add_group = Button(tr("Group"), "chip", icon="plus", clicked=self._add_group)
        self.add_group.setVisible(depth + 1 < DEEPEST)
        self._inner = QVBoxLayout()
        self._inner.setContentsMargins(0, 0, 0, 0)
        self._inner.setSpacing(8)
        layout = QVBoxLayout(self)
        layout.setSpacing(8)
        if depth:
            set_box(self, "tile")
            layout.setContentsMargins(12, 10, 8, 10)
        else:
            layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(row((self.how, 1), None, self._remove, spacing=6))
        layout.addLayout(self._inner)
        layout.addWidget(row(self.add_row, self.add_group, None, spacing=4))

    # -- the tree

    def show_tree(self, tree: Node) -> None:
        """Show a tree, without telling anybody."""
        how, parts = _opened(tree)
        self.how.choose(how)
        for part in list(self.parts):
            self._drop(part)
        for node in parts:
            if isinstance(node, Check) or (isinstance(node, Not) and isinstance(node.part, Check)):
                self._append_row().show_node(node)
            else:
                self._append_group().show_tree(node)

    def tree(self) -> Node:
        """What is said here. Raises QueryError for a row that cannot be."""
        found = [part.node() if isinstance(part, Condition) else part.tree() for part in self.parts]
        nodes = tuple(one for one in found if one is not None and one != EVERYTHING)
        if not nodes:
            return EVERYTHING
        if self.how.current() == "all":
            return canonical(AllOf(nodes))
        return canonical(AnyOf(nodes) if self.how.current() == "any" else Not(AnyOf(nodes)))

    def check(self) -> bool:
        """Say at each row what is wrong with it; True if nothing is anywhere."""
        fine = [part.check() for part in self.parts]
        return all(fine)

    def conditions(self) -> list[Condition]:
        """Every row, from top to bottom."""
        found: list[Condition] = []
        for part in self.parts:
            found += [part] if isinstance(part, Condition) else part.conditions()
        return found

    # -- rows and groups

    def _add_row(self) -> None:
        made = self._append_row()
        made.begin()
        made.field.setFocus()
        self.changed.emit()

    def _add_group(self) -> None:
        made = self._append_group()
        made.how.choose("any")
        made.add_row.click()

    def _append_row(self) -> Condition:
        made = Condition(self._fields, self._complete)
        self._append(made)
        return made

    def _append_group(self) -> ConditionGroup:
        made = ConditionGroup(self._fields, self._complete, self._depth + 1)
        self._append(made)
        return made

    def _append(self, part: Condition | ConditionGroup) -> None:
        self.parts.append(part)
        self._inner.addWidget(part)
        part.changed.connect(self.changed)
        part.removed.connect(lambda: self._take_out(part))

    def _take_out(self, part: Condition | ConditionGroup) -> None:
        place = self.parts.index(part)
        self._drop(part)
        near = self.parts[min(place, len(self.parts) - 1)] if self.parts else None
        (near.field if isinstance(near, Condition) else near.how if near is not None else self.add_row).setFocus()
        self.changed.emit()

    def _drop(self, part: Condition | ConditionGroup) -> None:
        self.parts.remove(part)
        self._inner.removeWidget(part)
        part.hide()
        part.deleteLater()


def _opened(tree: Node) -> tuple[str, tuple[Node, ...]]:
    """A tree as a word and the parts under it."""
    if isinstance(tree, AllOf):
        return "all", tree.parts
    if isinstance(tree, AnyOf):
        return "any", tree.parts
    if isinstance(tree, Not) and isinstance(tree.part, AnyOf):
        return "none", tree.part.parts
    if isinstance(tree, Not) and not isinstance(tree.part, Check):
        return "none", (tree.part,)
    return "all", (tree,)
