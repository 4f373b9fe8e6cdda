"""Beside the conversation: the customer, the ticket's own facts and work, and everything that ever happened with them.

Sections fold, and stay so on this machine. What a ticket has nothing of is one word in a quiet line, not an empty section.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QApplication, QFrame, QLineEdit, QVBoxLayout

from app.fields.rules import FieldsMissingError
from app.kernel import clock
from app.kernel.state import options
from app.tickets.queries import TicketDetail, TicketRow
from ui.pages import Context
from ui.pages.inbox.beside.acts import Acts
from ui.pages.inbox.beside.checklist import Checklist
from ui.pages.inbox.beside.due import ask_due
from ui.pages.inbox.beside.fields import TicketFields
from ui.pages.inbox.beside.history import History
from ui.pages.inbox.beside.people import Followers, Links
from ui.pages.inbox.beside.spent import TimeSpent
from ui.pages.inbox.loading import Beside
from ui.pages.inbox.words import tickets_text
from ui.text import tr
from ui.theme import tokens
from ui.widgets.avatar import Avatar
from ui.widgets.button import Button, ToolButton
from ui.widgets.field import TextField
from ui.widgets.folding import FoldingSection
from ui.widgets.label import ElidingLabel
from ui.widgets.layout import FlowLayout, clear, flow, row, set_box, vertical
from ui.widgets.panel import Facts, ScrollPage
from ui.widgets.pill import Tag

WIDTH = 304


class SidePanel(QFrame):
    """The right column."""

    moment_chosen = Signal(object)
    customer_wanted = Signal(object)  # UUID
    ticket_wanted = Signal(object)  # UUID
    wanted = Signal()  # to be seen
    tag_added = Signal(str)
    tag_removed = Signal(str)

    def __init__(self, context: Context) -> None:
        super().__init__()
        set_box(self, "side")
        self.setFixedWidth(WIDTH)
        self._context = context
        self._who: UUID | None = None
        self._ticket: TicketRow | None = None
        self.acts = Acts(context, self)
        self.history = History()
        self.history.chosen.connect(self.moment_chosen)
        self._make_customer()
        self._make_sections()
        self._build()
        context.tasks.refused.connect(self._refused)  # a bound method: it goes with the panel
        context.tasks.ask(lambda db: str(options.get(db, "side_folded")), then=self._take_folded, owner=self)

    # -- what the page calls

    def show_ticket(self, detail: TicketDetail) -> None:
        """Another ticket is in front, or this one has changed: what is done here is done to it from now on.

        What was being typed in a field belongs to the ticket before, and is kept there.
        """
        focus = QApplication.focusWidget()
        if detail.id != self.acts.ticket and isinstance(focus, QLineEdit) and self.isAncestorOf(focus):
            focus.clearFocus()
            focus.setFocus()
        self.acts.ticket = detail.id
        self.show_tags(detail.row.tags)

    def show_beside(self, beside: Beside, detail: TicketDetail) -> None:
        """Show a ticket's work and its customer."""
        ticket, other = detail.row, self._ticket is None or self._ticket.id != detail.id
        self._ticket = ticket
        self.acts.ticket, self.acts.me = ticket.id, beside.me
        self._show_customer(beside)
        self.fields.show_ticket(ticket, beside.fields, detail.custom, other=other)
        self.checklist.show_items(beside.work.checklist)
        self.time.show_work(beside.work, beside.timer, other=other)
        self.followers.show_people(beside.work.followers, beside.agents)
        self.links.show_links(detail.row.number, detail.links, other=other)
        self._show_sections(begun=set() if other else self._begun())
        self._scroller.show()
        self.history.moments.show(beside.moments)
        self.past.setVisible(bool(beside.moments))  # beside a first chat there is none

    def show_tags(self, tags: Sequence[str]) -> None:
        """The ticket's tags."""
        layout = self._tag_row.layout()
        assert isinstance(layout, FlowLayout)
        clear(layout)
        for name in tags:
            tag = Tag(name, "info" if name.casefold() == "vip" else "raised" if tokens().dark else "plain")
            tag.removed.connect(self.tag_removed)
            layout.addWidget(tag)
        layout.addWidget(Button(tr("Add tag"), "chip", icon="plus", clicked=self.edit_tags))
        indent = 10 if tags else 0  # alone, its plus stands above those of the next row
        self._tag_row.setContentsMargins(indent, 0, 0, 0)
        self._tag_row.updateGeometry()

    def edit_tags(self) -> None:
        """Ask for a tag."""
        self._field.show()
        self._field.setFocus(Qt.FocusReason.OtherFocusReason)

    def take_focus(self) -> None:
        """The keyboard comes here: to the first section that is shown."""
        first = next((one for one in self._sections.values() if not one.isHidden()), None)
        if first is not None:
            first.head.setFocus(Qt.FocusReason.OtherFocusReason)

    def begin(self, what: str) -> None:
        """Put the keyboard where a kind of work is begun: due, checklist, time, timer, follow, link, fields."""
        if what == "due":
            self._ask_due()
        elif what == "follow":
            self.followers.toggle_me()
        elif what == "timer":
            self.time.toggle()
        elif what == "fields":
            self._fill_in()
        else:
            self._begin(self._sections[what])

    # -- how it is made

    def _make_customer(self) -> None:
        self._avatar = Avatar("", 44)
        self._name, self._company = ElidingLabel("", "strong"), ElidingLabel("", "small")
        self._open = ToolButton("chevron-right", tr("Show this customer"), clicked=self._go_to_customer)
        self._facts = Facts(name_width=64)
        self._tag_row = flow(spacing=4)
        self._field = TextField(placeholder=tr("Name of the tag"), name=tr("New tag"))
        self._field.returnPressed.connect(self._add_tag)
        self._field.hide()

    def _make_sections(self) -> None:
        self.fields = TicketFields(self.acts)
        self.fields.due_wanted.connect(self._ask_due)
        self.checklist, self.time = Checklist(self.acts), TimeSpent(self.acts)
        self.followers, self.links = Followers(self.acts), Links(self.acts)
        self.links.ticket_wanted.connect(self.ticket_wanted)
        self.time.ticket_wanted.connect(self.ticket_wanted)
        self.past = FoldingSection(tr("History"))
        self.past.content.addWidget(self.history)
        self._sections: dict[str, FoldingSection] = {
            "fields": self.fields,
            "checklist": self.checklist,
            "time": self.time,
            "followers": self.followers,
            "link": self.links,
            "history": self.past,
        }
        for section in self._sections.values():
            section.folded.connect(self._keep_folded)
        self._quiet = flow(spacing=2)
        self._chips = {
            "due": Button(tr("Due date"), "chip", icon="plus", clicked=self._ask_due),
            "checklist": Button(tr("Checklist"), "chip", icon="plus", clicked=lambda: self.begin("checklist")),
            "time": Button(tr("Time"), "chip", icon="plus", clicked=lambda: self.begin("time")),
            "followers": Button(tr("Follower"), "chip", icon="plus", clicked=lambda: self.begin("followers")),
            "link": Button(tr("Link"), "chip", icon="plus", clicked=lambda: self.begin("link")),
        }
        for chip in self._chips.values():
            layout = self._quiet.layout()
            assert layout is not None
            layout.addWidget(chip)

    def _build(self) -> None:
        names = QFrame()
        column = vertical(names)
        column.setSpacing(4)
        column.addWidget(self._name)
        column.addWidget(self._company)
        self._scroller = ScrollPage(margins=(0, 18, 0, 12), spacing=0)
        self._scroller.hide()  # until there is something to show: no empty sections of nobody
        content: QVBoxLayout = self._scroller.content
        content.addWidget(row(self._avatar, (names, 1), self._open, margins=(20, 0, 12, 0), spacing=14))
        content.addWidget(row((self._facts, 1), margins=(20, 14, 16, 0)))
        content.addWidget(row((self._tag_row, 1), margins=(10, 14, 12, 0)))
        content.addWidget(row((self._field, 1), margins=(20, 6, 20, 0)))
        content.addWidget(row((self._quiet, 1), margins=(10, 6, 12, 8)))
        for section in self._sections.values():
            if section is not self.past:
                content.addWidget(row((section, 1), margins=(18, 0, 12, 0)))
        content.addWidget(row((self.past, 1), margins=(18, 0, 0, 0)))
        self.history.moved_to.connect(self._reveal_moment)
        layout = vertical(self)
        layout.addWidget(self._scroller)

    # -- what is shown

    def _show_customer(self, beside: Beside) -> None:
        profile = beside.profile
        self._who = profile.id if profile else None
        name = (profile.name or profile.address) if profile else tr("Unknown sender")
        self._avatar.set_name(name, None if profile else "account-outline")
        self._name.setText(name)
        self._company.setText(profile.organisation_name if profile else "")
        self._company.setVisible(bool(self._company.text()))
        self._open.setVisible(profile is not None)
        rows: list[tuple[str, str]] = []
        if profile is not None:
            for place, one in enumerate(profile.addresses[:3]):
                word = {"email": tr("E-mail"), "phone": tr("Phone")}.get(one.kind, one.kind.title())
                gone = tr("{address} (does not exist)", address=one.address) if one.dead else one.address
                rows.append((word if not place else "", gone))
            rows.append((tr("Tickets"), tickets_text(beside.tickets, beside.unfinished)))
            if beside.score is not None:
                rows.append((tr("Last score"), tr("{score} of 5", score=beside.score)))
        self._facts.set_rows(rows)
        self._facts.setVisible(bool(rows))

    def _show_sections(self, begun: set[str]) -> None:
        """A section is there when it holds something, or where somebody is just beginning it."""
        ticket = self._ticket
        held = {
            "checklist": bool(self.checklist.rows.rows()),
            "time": not self.time.is_empty,
            "followers": self.followers.has_any,
            "link": bool(self.links.rows.rows()),
        }
        for name, has_any in held.items():
            shown = has_any or name in begun
            self._sections[name].setVisible(shown)
            self._chips[name].setVisible(not shown)
        self._chips["due"].setVisible(ticket is not None and ticket.due_at is None)
        self.fields.setVisible(not self.fields.is_empty)
        deleted = ticket is not None and ticket.deleted_at is not None
        self._quiet.setVisible(not deleted and any(not chip.isHidden() for chip in self._chips.values()))
        self._quiet.updateGeometry()

    def _begun(self) -> set[str]:
        """Empty sections in which the keyboard is."""
        focus = QApplication.focusWidget()
        return {name for name, one in self._sections.items() if focus is not None and one.isAncestorOf(focus)}

    def _begin(self, section: FoldingSection) -> None:
        self._scroller.show()
        name = next(key for key, one in self._sections.items() if one is section)
        section.show()
        if name in self._chips:
            self._chips[name].hide()
        section.fold(False)
        section.add_wanted.emit()

    def _reveal_moment(self, place: int) -> None:
        """The keyboard moves in a list that is as long as it is: the page scrolls along."""
        rect = self.history.visualRect(self.history.moments.index(place))
        inner = self._scroller.widget()
        assert inner is not None
        middle = self.history.mapTo(inner, rect.center())
        self._scroller.ensureVisible(middle.x(), middle.y(), 0, rect.height())

    def _fill_in(self) -> None:
        rows = self.fields.rows.rows()
        if rows:
            self.fields.fold(False)
            rows[0].setFocus()
        else:
            self._context.toasts.say(
                tr("This desk has no fields of its own yet. They are made in the settings."), "info"
            )

    def _ask_due(self) -> None:
        if self._ticket is not None:
            has_date = self._ticket.due_at is not None
            ask_due(self._context, [self._ticket.id], has_date=has_date, now=clock.now())

    def _refused(self, error: Exception) -> None:
        """This ticket cannot be solved yet: what it lacks is filled in here."""
        page = self.parentWidget()
        shown = page is not None and page.isVisible() and self._ticket is not None
        if shown and isinstance(error, FieldsMissingError) and self.acts.ticket == error.ticket:
            self.wanted.emit()
            self.fields.show()
            self.fields.want(error.fields)

    # -- small things

    def _take_folded(self, names: str) -> None:
        for name in names.split(","):
            if name in self._sections:
                self._sections[name].fold(True)

    def _keep_folded(self, _folded: bool) -> None:
        names = ",".join(name for name, one in self._sections.items() if one.is_folded)
        self._context.tasks.do(options.put, "side_folded", names)

    def _add_tag(self) -> None:
        name = self._field.text().strip()
        self._field.clear()
        self._field.hide()
        if name:
            self.tag_added.emit(name)

    def _go_to_customer(self) -> None:
        if self._who is not None:
            self.customer_wanted.emit(self._who)
