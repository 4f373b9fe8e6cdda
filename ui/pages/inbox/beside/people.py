"""Who follows a ticket, and which other tickets have to do with it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QFrame, QMenu

from app.people.queries import AgentInfo
from app.tickets import commands, queries
from app.tickets.queries import FollowerInfo, LinkView
from app.tickets.work_rules import LINKS
from ui.pages.inbox.beside.acts import Acts
from ui.text import tr
from ui.widgets.button import Button, ToolButton
from ui.widgets.field import Select, TextField
from ui.widgets.folding import FoldingSection, KeyedRows
from ui.widgets.label import ElidingLabel
from ui.widgets.layout import FlowLayout, clear, flow, horizontal, restyle, row, vertical
from ui.widgets.pill import Tag


def link_word(kind: str, *, older: bool | None = None) -> str:
    """What a link says of the other ticket. `older`: is that one the older one, where it is known?"""
    if kind == "continues" and older is not None:
        return tr("Follow-up to") if older else tr("Continued in")
    return {
        "related": tr("Related"),
        "blocks": tr("Blocks"),
        "blocked_by": tr("Blocked by"),
        "duplicates": tr("Duplicate of"),
        "duplicated_by": tr("Has the duplicate"),
        "continues": tr("Follow-up"),
        "possible_match": tr("May belong to"),
    }.get(kind, kind)


class Followers(FoldingSection):
    """The agents who hear of news in this ticket."""

    def __init__(self, acts: Acts) -> None:
        super().__init__(tr("Followers"), tr("Add a follower"))
        self._acts = acts
        self._agents: Sequence[AgentInfo] = ()
        self._people: tuple[FollowerInfo, ...] = ()
        self._flow = flow(spacing=4)
        self.content.addWidget(self._flow)
        self.add_wanted.connect(self.begin)

    def show_people(self, people: tuple[FollowerInfo, ...], agents: Sequence[AgentInfo]) -> None:
        """Who follows, and who might."""
        if (people, tuple(agents)) == (self._people, tuple(self._agents)):
            return
        self._people, self._agents = people, tuple(agents)
        layout = self._flow.layout()
        assert isinstance(layout, FlowLayout)
        clear(layout)
        for one in people:
            tag = Tag(one.name, "plain")
            tag.removed.connect(partial(self._leave, one.agent))
            layout.addWidget(tag)
        self.set_summary("")
        self._flow.updateGeometry()

    @property
    def has_any(self) -> bool:
        """Does anybody follow?"""
        return bool(self._people)

    def begin(self) -> None:
        """Ask who: a menu of those who do not follow yet, oneself first."""
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        there = {one.agent for one in self._people}
        waiting = sorted((one for one in self._agents if one.id not in there), key=lambda one: one.id != self._acts.me)
        for one in waiting:
            words = tr("{name} (you)", name=one.name) if one.id == self._acts.me else one.name
            menu.addAction(words, partial(self._follow, one.id))
        if not waiting:
            menu.addAction(tr("Everybody follows already")).setEnabled(False)
        anchor = self.plus if self.plus.isVisible() else self
        menu.popup(anchor.mapToGlobal(QPoint(0, anchor.height())))

    def toggle_me(self) -> None:
        """Follow, or stop."""
        me = self._acts.me
        if me is not None:
            following = any(one.agent == me for one in self._people)
            (self._leave if following else self._follow)(me)

    def _follow(self, agent: UUID) -> None:
        self._acts.here(commands.follow, agent, said=tr("Follows this ticket now"))

    def _leave(self, agent: UUID, _name: str = "") -> None:
        self._acts.here(commands.unfollow, agent, said=tr("Does not follow any more"))


class LinkRow(QFrame):
    """Another ticket: what it is to this one, its number and subject, to be opened."""

    def __init__(self, link: LinkView, section: Links) -> None:
        super().__init__()
        self._link, self._section = link, section
        self._kind, self._subject = ElidingLabel("", "small"), Button("", "quiet")
        self._subject.clicked.connect(lambda: section.ticket_wanted.emit(self._link.ticket))
        remove = ToolButton("close", tr("Remove this link"), size=24, icon_size=12)
        remove.clicked.connect(lambda: section.remove(self._link))
        words = QFrame()
        lines = vertical(words)
        lines.addWidget(self._kind)
        self._kind.setContentsMargins(8, 0, 0, 0)  # as the words of a button
        lines.addWidget(self._subject)
        layout = horizontal(self)
        layout.addWidget(words, 1)
        layout.addWidget(remove)
        self.setFocusProxy(self._subject)
        self.show_link(link)

    def show_link(self, link: LinkView) -> None:
        """Show it as it is now."""
        self._link = link
        kind = link_word(link.kind, older=link.number < self._section.number)
        self._kind.setText(kind)
        words = f"#{link.number}  {link.subject}"
        self._subject.setText(words if len(words) <= _SHORT else f"{words[: _SHORT - 1]}…")
        self._subject.setToolTip(words)
        self._subject.setAccessibleName(f"{kind} {words}")


_SHORT = 32


class Links(FoldingSection):
    """The other tickets."""

    ticket_wanted = Signal(object)  # UUID

    def __init__(self, acts: Acts) -> None:
        super().__init__(tr("Linked tickets"), tr("Link a ticket"))
        self._acts = acts
        self.number = 0
        self.kind = Select([(kind, link_word(kind)) for kind in LINKS], "related", name=tr("Kind of link"))
        self.field = TextField(placeholder=tr("Ticket number"), name=tr("Number of the other ticket"))
        self.rows = KeyedRows(lambda link: LinkRow(link, self), lambda shown, link: shown.show_link(link), self._leave)
        self.entry = row((self.kind, 1), (self.field, 1), spacing=6)
        self.entry.hide()
        for one in (self.kind, self.field):
            restyle(one, look="quiet")
        self.content.addWidget(self.rows)
        self.content.addWidget(self.entry)
        self.field.returnPressed.connect(self._add_link)
        self.field.textEdited.connect(lambda _text: self.field.set_wrong())
        self.add_wanted.connect(self.begin)

    def show_links(self, number: int, links: Sequence[LinkView], *, other: bool) -> None:
        """The links of the ticket of this number; `other`: of another ticket than before."""
        self.number = number
        if other:
            self.field.clear()
            self.entry.hide()
        self.rows.sync([((link.kind, link.ticket), link) for link in links])
        self.set_summary(str(len(links)) if len(links) > 1 else "")

    def begin(self) -> None:
        """Ask which ticket."""
        self.fold(False)
        self.entry.show()
        self.field.setFocus()

    def remove(self, link: LinkView) -> None:
        """Take a link away."""
        self._acts.here(commands.unlink, link.ticket, said=tr("Link removed"))

    def _leave(self) -> None:
        self.head.setFocus()

    def _add_link(self) -> None:
        digits = self.field.text().strip().lstrip("#")
        if not digits.isdigit():
            self.field.set_wrong(tr("Give the number of a ticket."))
            return
        number = int(digits[:12])

        def found(key: UUID | None) -> None:
            if key is None:
                self.field.set_wrong(tr("There is no ticket #{number}.", number=number))
                return
            self._acts.here(
                commands.link,
                key,
                self.kind.current(),
                said=tr("Linked with #{number}", number=number),
                wrong=self.field.set_wrong,
                then=lambda _changed: self._linked(),
            )

        self._acts.context.tasks.ask(queries.ticket_id, number, then=found, owner=self, key="link-number")

    def _linked(self) -> None:
        self.field.clear()
        self.entry.hide()
        rows = self.rows.rows()
        (rows[-1] if rows else self.head).setFocus()
