"""The inbox: list, conversation, customer. It asks, shows, and follows changes; it decides nothing.

A ticket is read as one question off the window's thread and shown at once; whatever changes it is read the same way again, so
there is one path by which anything comes onto the screen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app.desk.viewing.forwarding import taken_along
from app.kernel.database.changes import Changes
from app.kernel.sentences import words_of
from app.outbox.queries import draft_of, drafts
from app.outbox.rules import FORWARD
from app.timeline.queries import Moment
from app.views.rules import TO_DO
from ui.models.tickets import TicketModel
from ui.pages import Context
from ui.pages.inbox import loading
from ui.pages.inbox.actions.keys import bind
from ui.pages.inbox.actions.picked import Picked
from ui.pages.inbox.actions.picking import Picking
from ui.pages.inbox.conversation.mail_files import MailFiles
from ui.pages.inbox.frame import InboxFrame
from ui.pages.inbox.loading import Beside, First, Opened, Surroundings
from ui.pages.inbox.mark_read import MarkRead
from ui.pages.inbox.next_ticket import NextTicket
from ui.pages.inbox.prefetch import Prefetch
from ui.pages.inbox.searching import Searching
from ui.pages.inbox.selection import Selecting
from ui.pages.inbox.shared_letter import follow, take_over
from ui.pages.inbox.ticket_list.lists import Lists
from ui.pages.inbox.ticket_list.notices import Notices
from ui.pages.inbox.triage.acts import Triage
from ui.pages.inbox.wiring import wire
from ui.pages.inbox.writing.elsewhere import begun_in, in_front
from ui.pages.inbox.writing.forwarding import forwarded
from ui.pages.inbox.writing.post import Post
from ui.pages.inbox.writing.writer import Letter, Writer
from ui.pages.views.offers import ViewOffers
from ui.text import told, tr

_BESIDE_MS = 20  # the conversation is painted first


class Page(InboxFrame):
    """The inbox."""

    def __init__(self, context: Context) -> None:
        self.me = context.desk.me()
        self.ticket: UUID | None = None
        self.shown: Opened | None = None
        self.around: Surroundings | None = None
        self.facts: Mapping[str, str] = {}
        self._wanted_message: UUID | None = None
        self.model = TicketModel(context.tasks, context.rows)
        self.files = MailFiles(context)
        super().__init__(context, self.model, self.files)
        self.lists = Lists(context, self.model, self.list, lambda: self.me)
        self.view_offers = ViewOffers(self)
        self.selecting, self.picked, self.picking = Selecting(self, self.chosen), Picked(self), Picking(self)
        self.triage = Triage(context, self)
        self.post = Post(context, self, lambda: self.around.undo_seconds if self.around else 10)
        self.prefetch = Prefetch(context.tasks, lambda: self.me, self)
        self.notices = Notices(context, self.list)
        for made in (self.model, self.files):
            made.setParent(self)
        self.finding = Searching(self)
        self.next = NextTicket(self)
        self.mark_read = MarkRead(self, self.talk, self.writer, self.triage.mark_seen)
        wire(self)
        self._soon = QTimer(self, singleShot=True, interval=_BESIDE_MS)
        self._soon.timeout.connect(self._ask_beside)
        self._begin()

    # -- what the window calls

    def activate(self) -> None:
        bind(self)
        self.view_offers.bind()
        self.list.rows.setFocus()

    def deactivate(self) -> None:
        self.rest()

    def rest(self) -> None:
        self.writer.keep_now()
        self.new_mail.writer.keep_now()

    def take_over(self) -> None:
        take_over(self, self._elsewhere())

    def _elsewhere(self) -> list[Page]:
        """The pages of other windows that show the same ticket."""
        pages = [one for one in self.context.others() if isinstance(one, Page)]
        return [one for one in pages if one.shown is not None and one.ticket == self.ticket]

    def refresh(self, changes: Changes) -> None:
        self.me = self.context.desk.me()
        self.prefetch.apply(changes)
        self.model.apply(changes)
        self.lists.apply(changes)
        ids = changes.of("ticket")
        if self.shown is not None and (ids is None or self.shown.detail.id in ids or changes.touches("draft", "state")):
            if not self.next.is_awaited():
                self.reload()
        elif self.shown is not None and self._concerns_beside(self.shown, changes):
            self._ask_beside()
        if changes.touches("mailbox", "agent", "setting", "outbox", "state", "canned"):
            self._ask_around()
        if self.list.searching and changes.touches("ticket", "message", "customer"):
            self.search(self.list.search.text())
        self.notices.apply(changes)

    def show_place(self, **where: object) -> None:
        view, ticket, message, to = where.get("view"), where.get("ticket"), where.get("message"), where.get("new_to")
        if isinstance(view, (str, UUID)):
            self.show_pile(view)
        if isinstance(message, UUID):
            self._wanted_message = message
        if isinstance(ticket, UUID):
            self.next.keep()
            self.open(ticket)
            self.list.choose(ticket)
        if to is not None or "new_subject" in where:
            self.write_new(str(to or ""), str(where.get("new_subject", "")))
        if isinstance(letter := where.get("new_letter"), Letter):
            self.write_new(letter=letter)
        if "search" in where:
            self.list.search.setText(str(where["search"]))
            self.list.search.setFocus()

    # -- lists and search

    def reread(self, view: str | UUID) -> None:
        """The view shown lists something else now; what is open and what is searched for stay."""
        self.lists.show(view, self._take_first, self.list_failed)

    def show_pile(self, wanted: str | UUID) -> None:
        """Show another list: a built-in one by its key, any by its id."""
        self.next.turn_to_another_list()
        self.list.search.clear()
        self.model.clear()
        self.list.show_state()
        self.lists.show(wanted, self._take_first, self.list_failed)

    def _begin(self) -> None:
        self.lists.show(TO_DO, self._take_first, self.list_failed)
        self._ask_around()

    def _take_first(self, first: First) -> None:
        """The first screen of a list is there."""
        self.model.start_with(first.ids, first.rows, first.source)
        focus, covered = QApplication.focusWidget(), self.context.overlay.is_open or QApplication.activePopupWidget()
        if not covered and (focus is None or not self.isAncestorOf(focus)):
            self.list.rows.setFocus()
        if self.ticket is None and first.rows and self.isVisible():
            self.open(first.rows[0].id, by_itself=True)
        self.list.choose(self.ticket)  # the focus alone marks the first row without choosing it

    def list_failed(self, error: Exception) -> bool:
        """The list could not be read."""
        self.list.show_error(told(words_of(error)), lambda: self.show_pile(self.lists.wanted()))
        return True

    def _ask_around(self) -> None:
        def take(around: Surroundings) -> None:
            self.around = around
            self.header.set_agents(around.agents)
            self.header.set_states(around.states)
            self.notices.set_waiting(around.waiting)
            self._offer_answers()
            self.context.actions.refresh()

        self.context.tasks.ask(loading.surroundings, self.me, then=take, owner=self, key="inbox-around")

    def _offer_answers(self) -> None:
        answers = self.around.answers if self.around is not None else ()
        self.answers.set_answers(answers, self.facts)
        self.new_mail.answers.set_answers(answers, self.around.facts if self.around is not None else {})
        for writer in (self.writer, self.new_mail.writer):
            writer.offer_canned(on=bool(answers))

    def leave_ticket(self) -> None:
        """Show no ticket: there is none in the list."""
        self.writer.keep_now()
        self.ticket = self.shown = None
        self.show_nothing()

    def search(self, typed: str) -> None:
        """Show what fits what is typed; nothing typed is the list again."""
        self.finding.ask(typed)
        if not typed.strip():
            self.list.choose(self.ticket)

    # -- one ticket

    def open(self, ticket: UUID, *, by_itself: bool = False) -> None:
        """Show a ticket; `by_itself`: nobody chose it."""
        self.mark_read.begin(ticket, by_itself=by_itself)
        if self.ticket == ticket and self.talking:
            return
        self.writer.keep_now()
        self.files.forget()
        self.ticket = ticket
        ready = self.prefetch.take(ticket)
        if ready is not None:
            self.context.tasks.forget("inbox-ticket")
            self._take(ready)
        else:
            self.reload()

    def reload(self) -> None:
        """Read the ticket shown again."""
        if self.ticket is None:
            return

        def take(opened: Opened | None) -> None:
            self._take(opened)

        self.context.tasks.ask(loading.opened, self.ticket, self.me, then=take, owner=self, key="inbox-ticket")

    def _take(self, opened: Opened | None) -> None:
        before = self.shown
        other = before is None or opened is None or before.detail.id != opened.detail.id
        if other:
            self.writer.keep_now()  # it is shown as part of another one: what is typed is a draft of what it was
        self.shown = opened
        if opened is None:
            self.show_nothing()
            return
        self.ticket = opened.detail.id if other and opened.detail.id != self.ticket else self.ticket
        self.header.show_ticket(opened.detail)
        self.talk.show_ticket(opened)
        begun = begun_in(opened)
        letters = in_front(begun)
        by_chat = opened.chat.row.name if opened.chat is not None and opened.by_chat else None
        self.writer.set_chat(by_chat, other=other)
        self.writer.newcomers = opened.newcomers
        if other:
            self.writer.begin(opened.to, opened.cc, letters, senders=opened.senders, sender=opened.sender)
        else:
            self.writer.set_recipients(opened.to, opened.cc)
            follow(self, self._elsewhere(), [] if self.ticket in self.post.sending else letters)
            self._warn_of_news(before, opened)
        self.writer.offer(begun, opened.detail.row.number)
        if opened.overtaken is not None:
            self.writer.warn(
                tr("This was to be sent later, but the customer has written first. Read it before you send.")
            )
        self.writer.setVisible(opened.detail.row.deleted_at is None)
        if other or not self.writing_new:
            self.show_talk()
        self.side.show_ticket(opened.detail)
        if other and self.ticket not in self.list.selected():
            self.list.choose(self.ticket)
        self._soon.start()
        self._look_ahead()
        self.finding.mark(opened.detail.id, other=other)
        if self._wanted_message is not None:
            self.talk.reveal(self._wanted_message)
            self._wanted_message = None
        self.mark_read.take(opened, other=other)
        self.context.actions.refresh()

    def _look_ahead(self) -> None:
        """Have the neighbours in the list ready."""
        place = self.model.place_of(self.ticket) if self.ticket is not None and not self.list.searching else -1
        if place >= 0:
            beside = (self.model.ticket_near(place + 1), self.model.ticket_near(place - 1, -1))
            self.prefetch.want([key for key in beside if key is not None])

    def _warn_of_news(self, before: Opened | None, now: Opened) -> None:
        """The customer has written while a reply is being written."""
        known = {one.id for one in before.messages} if before else set()
        news = any(one.direction == "in" and one.id not in known for one in now.messages)
        if news and not self.writer.draft().is_empty:
            self.writer.warn(tr("The customer has written again. Read it before you send."))

    def _ask_beside(self) -> None:
        shown = self.shown
        if shown is None:
            return

        def take(beside: Beside) -> None:
            if self.shown is not None and self.shown.detail.id == shown.detail.id:
                self.side.show_beside(beside, self.shown.detail)
                self.facts = beside.facts
                self._offer_answers()

        asked = (shown.detail.row.customer, shown.detail.id, self.me)
        self.context.tasks.ask(loading.beside, *asked, then=take, owner=self, key="inbox-beside")

    def _concerns_beside(self, shown: Opened, changes: Changes) -> bool:
        """Is it about the customer shown, or what every ticket has? While mail comes in, other customers change all the time."""
        people = changes.of("customer")
        return changes.touches("field") or people is None or shown.detail.row.customer in people

    # -- writing

    def write_new(self, to: str = "", subject: str = "", letter: Letter | None = None) -> None:
        """Begin a mail to somebody, about something or as a link asks for it, or go on with the one begun."""
        self.writer.keep_now()
        self.new_mail.writer.keep_now()

        def take(kept: Any) -> None:
            begun = next((one for one in kept if one.kind == "new" and one.ticket is None), None)
            draft = None if to or subject or letter is not None else begun
            self.post.take_up_new(draft.id if draft else None)
            self.show_new()
            if letter is not None:
                self.new_mail.begin_as(self.around, letter)
            else:
                self.new_mail.begin(self.around, draft, (("", to),) if to else ())
            if subject:
                self.new_mail.writer.recipients.subject.setText(subject)

        self.context.tasks.ask(drafts, self.me, then=take, owner=self, key="inbox-new")

    def pass_on(self, message: UUID) -> None:
        """Write to somebody else about a message of the conversation, or go on with that."""
        view = next((one for one in self.shown.messages if one.id == message), None) if self.shown else None
        if view is None or self.shown is None or view.ticket is None:
            return
        self.writer.keep_now()
        self.new_mail.writer.keep_now()
        sender, subject, ticket, desk, me = (
            self.shown.sender,
            self.shown.detail.row.subject,
            view.ticket,
            self.context.desk,
            self.me,
        )

        def work() -> Letter:
            kept = desk.ask(draft_of, ticket, me, FORWARD, message)
            return Letter.of_draft(kept) if kept else forwarded(view, subject, taken_along(desk, message))

        def take(letter: Letter) -> None:
            self.show_new()
            self.new_mail.pass_on(self.around, letter, sender)

        self.context.tasks.run(work, then=take, owner=self, key="inbox-forward")

    def send(self, letter: Letter, solve: bool) -> None:
        """Queue a reply or write a note."""
        if self.shown is not None:
            self.next.expect(leaves=solve)
            chat = self.shown.chat.row.id if self.shown.chat is not None and self.writer.by_chat else None
            ticket, seen = self.shown.detail.id, self.talk.newest
            self.post.send(
                self.writer, ticket, letter, seen=seen, solve=solve, here=lambda: self._writes_in(ticket), chat=chat
            )

    def _writes_in(self, ticket: UUID) -> bool:
        """Is what is written here for this ticket, and will it be? Another one may be on its way."""
        return self.ticket == ticket and self.shown is not None and self.shown.detail.id == ticket

    def read_again(self) -> None:
        """What is being read now is old: read the ticket anew."""
        self.context.tasks.forget("inbox-ticket")
        self.reload()

    def keep(self, letter: Letter) -> None:
        """Keep a draft of the ticket shown."""
        if self.shown is not None:
            self.post.keep(self.shown.detail.id, letter)

    def close_new(self) -> None:
        """Back to the conversation."""
        (self.show_talk if self.shown is not None else self.show_nothing)()
        self.list.focus_rows()

    def send_new(self, letter: Letter, solve: bool) -> None:
        """Queue a new mail and show its ticket."""
        self.post.send_new(self.new_mail.writer, letter, self.open, solve=solve)
        if letter.to or letter.about is None:
            self.close_new()

    # -- small things

    def those(self) -> list[UUID]:
        """The ids of what an action acts on, for what cannot be done to a whole list."""
        return self.picked.keys()

    def acts_on(self) -> str:
        count = self.picked.count
        if count == 1 and (rows := self.picked.rows()):
            return tr("On #{number}", number=rows[0].number)
        return tr("On {n} ticket|On {n} tickets", n=count) if count else ""

    def take_focus(self) -> None:
        (self.new_mail.writer.composer.edit.setFocus if self.writing_new else self.list.focus_rows)()

    def writer_shown(self) -> Writer:
        """The composer in front."""
        return self.new_mail.writer if self.writing_new else self.writer

    def call_answer(self) -> None:
        """Offer the canned answers where somebody writes."""
        (self.new_mail.answers if self.writing_new else self.answers).open()

    def enter(self) -> None:
        """Enter in the list: into the customer that was found, else into the conversation."""
        if not self.list.enter_customer():
            self.talk.setFocus()

    def name_of(self, agent: UUID | None) -> str:
        """An agent's name."""
        everybody = self.around.agents if self.around else ()
        return next((one.name for one in everybody if one.id == agent), "")

    def open_file(self, key: UUID) -> None:
        """Open a file of the conversation."""
        messages = self.shown.messages if self.shown else ()
        name = next((file.filename for one in messages for file in one.attachments if file.id == key), "")
        self.files.open_file(key, name)

    def go_to(self, moment: Moment) -> None:
        """Show what a line of the history names."""
        if moment.ticket is None:
            return
        if self.shown is not None and moment.ticket == self.shown.detail.id:
            if moment.message is not None:
                self.talk.reveal(moment.message)
            return
        self._wanted_message = moment.message
        self.open(moment.ticket)
        self.list.choose(moment.ticket)
