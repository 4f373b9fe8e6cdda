"""The inbox: list, conversation, customer. It asks, shows, and follows changes; it decides nothing.

A ticket is read as one question off the window's thread and shown at once; whatever changes it is read the same way again, so
there is one path by which anything comes onto the screen.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from PySide6.QtCore import QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QStackedWidget, QVBoxLayout

from app.kernel.changes import Changes
from app.outbox.queries import drafts
from app.tickets.queries import Counts, Pile, View, counts
from app.timeline.queries import Moment
from ui.models.hits import find
from ui.models.tickets import TicketCache, TicketModel
from ui.pages import BasePage, Context
from ui.pages.inbox import loading
from ui.pages.inbox.conversation import Conversation
from ui.pages.inbox.header import ConversationHeader
from ui.pages.inbox.keys import bind
from ui.pages.inbox.letters import Post
from ui.pages.inbox.list_panel import ListPanel
from ui.pages.inbox.loading import Beside, First, Opened, Surroundings
from ui.pages.inbox.mailfiles import MailFiles
from ui.pages.inbox.new_mail import NewMail
from ui.pages.inbox.notices import Notices
from ui.pages.inbox.side_panel import SidePanel
from ui.pages.inbox.source import show_source
from ui.pages.inbox.triage import Triage
from ui.pages.inbox.writer import Letter, Writer
from ui.text import tr
from ui.widgets.layout import set_box
from ui.widgets.state import EmptyState

NARROW = 1200
_LIST, _LIST_NARROW = 348, 320
_SEEN_MS = 400
_BESIDE_MS = 20  # the conversation is painted first


class Page(BasePage):
    """The inbox."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.me = context.desk.me()
        self.ticket: UUID | None = None
        self.shown: Opened | None = None
        self.around: Surroundings | None = None
        self._wanted_message: UUID | None = None
        self._side_wanted: bool | None = None
        self._wide = True
        self.cache = TicketCache(context.tasks, lambda: self.me, self)
        self.model = TicketModel(context.tasks, self.cache, self)
        self.triage = Triage(context, self)
        self.files = MailFiles(context, self)
        self.post = Post(context, self, lambda: self.around.undo_seconds if self.around else 10)
        self._build()
        self.notices = Notices(context, self.list)
        self._wire()
        self._seen = QTimer(self, singleShot=True, interval=_SEEN_MS)
        self._seen.timeout.connect(self._mark_seen)
        self._soon = QTimer(self, singleShot=True, interval=_BESIDE_MS)
        self._soon.timeout.connect(self._ask_beside)
        self._begin()

    # -- what the window calls

    def activate(self) -> None:
        bind(self)
        self.list.rows.setFocus()

    def deactivate(self) -> None:
        self.writer.keep_now()
        self.new_mail.writer.keep_now()

    def refresh(self, changes: Changes) -> None:
        self.me = self.context.desk.me()
        self.cache.apply(changes)
        self.model.apply(changes)
        if changes.touches("ticket", "setting", "seen"):
            self._ask_counts()
        ids = changes.of("ticket")
        if self.shown is not None and (ids is None or self.shown.detail.id in ids or changes.touches("draft")):
            self._reload()
        elif self.shown is not None and changes.touches("customer"):
            self._ask_beside()
        if changes.touches("mailbox", "agent", "setting", "outbox"):
            self._ask_around()
        if self.list.searching and changes.touches("ticket", "message", "customer"):
            self._search(self.list.search.text())
        self.notices.apply(changes)

    def show_place(self, **where: object) -> None:
        view, ticket, message, to = where.get("view"), where.get("ticket"), where.get("message"), where.get("new_to")
        if isinstance(view, str):
            self.show_pile(Pile(view))
        if isinstance(message, UUID):
            self._wanted_message = message
        if isinstance(ticket, UUID):
            self.open(ticket)
            self.list.choose(ticket)
        if to is not None:
            self.write_new(str(to))

    # -- lists and search

    def show_pile(self, pile: Pile) -> None:
        """Show another list."""
        self.list.search.clear()
        self.list.choose_pile(pile)
        self.model.show_view(View(pile, self.me))
        self._ask_counts()
        self.list.show_state()

    def _begin(self) -> None:
        view = View(Pile.ACTIVE, self.me)

        def take(first: First) -> None:
            self.model.start_with(first.ids, first.rows, view)
            self._take_counts(first.counts)
            focus = QApplication.focusWidget()
            if focus is None or not self.isAncestorOf(focus):
                self.list.rows.setFocus()
            if self.ticket is None and first.ids and self.isVisible():
                self.open(first.ids[0])
                self.list.choose(first.ids[0])

        self.context.tasks.ask(loading.first, view, self.me, then=take, owner=self, failed=self._list_failed)
        self._ask_around()

    def _list_failed(self, error: Exception) -> bool:
        self.list.show_error(str(error), self._begin)
        return True

    def _ask_counts(self) -> None:
        self.context.tasks.ask(counts, self.me, then=self._take_counts, owner=self, key="inbox-counts")

    def _take_counts(self, found: Counts) -> None:
        self.list.set_counts(found)
        self.context.count("inbox", found.unread)

    def _ask_around(self) -> None:
        def take(around: Surroundings) -> None:
            self.around = around
            self.header.set_agents(around.agents)
            self.notices.set_waiting(around.waiting)

        self.context.tasks.ask(loading.surroundings, then=take, owner=self, key="inbox-around")

    def _search(self, typed: str) -> None:
        if not typed.strip():
            self.context.tasks.forget("inbox-search")
            self.list.choose(self.ticket)
            return

        def failed(error: Exception) -> bool:
            self.list.show_wrong(str(error))
            return True

        self.context.tasks.ask(
            find, typed, self.me, then=self.list.show_found, owner=self, key="inbox-search", failed=failed
        )

    # -- one ticket

    def open(self, ticket: UUID) -> None:
        """Show a ticket."""
        if self.ticket == ticket and self._stack.currentWidget() is self._talk:
            return
        self.writer.keep_now()
        self.files.forget()
        self.ticket = ticket
        self._reload()

    def _reload(self) -> None:
        if self.ticket is None:
            return

        def take(opened: Opened | None) -> None:
            self._take(opened)

        self.context.tasks.ask(loading.opened, self.ticket, self.me, then=take, owner=self, key="inbox-ticket")

    def _take(self, opened: Opened | None) -> None:
        before, self.shown = self.shown, opened
        if opened is None:
            self._stack.setCurrentIndex(0)
            return
        other = before is None or before.detail.id != opened.detail.id
        self.ticket = opened.detail.id if other and opened.detail.id != self.ticket else self.ticket
        self.header.show_ticket(opened.detail)
        self.talk.show_ticket(opened)
        letters = [Letter.of_draft(one) for one in (opened.reply, opened.note) if one is not None]
        if other:
            self.writer.begin(opened.to, opened.cc, letters, signature=opened.signature)
        else:
            self.writer.set_recipients(opened.to, opened.cc)
            self.writer.take_up(letters)
            self._warn_of_news(before, opened)
        self.writer.setVisible(opened.detail.row.deleted_at is None)
        if other or self._stack.currentWidget() is not self.new_mail:
            self._stack.setCurrentWidget(self._talk)
        self.side.show_tags(opened.detail.row.tags)
        self._soon.start()
        if self._wanted_message is not None:
            self.talk.reveal(self._wanted_message)
            self._wanted_message = None
        self._seen.start()
        self.context.actions.refresh()

    def _warn_of_news(self, before: Opened | None, now: Opened) -> None:
        """The customer has written while a reply is being written."""
        known = {one.id for one in before.messages} if before else set()
        news = any(one.direction == "in" and one.id not in known for one in now.messages)
        if news and not self.writer.letter_or_none().is_empty:
            self.writer.warn(tr("The customer has written again. Read it before you send."))

    def _ask_beside(self) -> None:
        shown = self.shown
        if shown is None:
            return

        def take(beside: Beside) -> None:
            if self.shown is not None:
                self.side.show_beside(beside, self.shown.detail.row)

        self.context.tasks.ask(loading.beside, shown.detail.row.customer, then=take, owner=self, key="inbox-beside")

    def _mark_seen(self) -> None:
        active = self.window().isActiveWindow() and self.isVisible()
        if self.shown is not None and self.shown.detail.row.unread and active:
            self.triage.mark_seen(self.shown.detail.id)

    # -- writing

    def write_new(self, to: str = "") -> None:
        """Begin a mail to somebody, or go on with the one begun."""
        self.writer.keep_now()

        def take(kept: Any) -> None:
            draft = next((one for one in kept if one.kind == "new" and one.ticket is None), None) if not to else None
            self.post.take_up_new(draft.id if draft else None)
            self._stack.setCurrentWidget(self.new_mail)
            self.new_mail.begin(self.around, draft, (("", to),) if to else ())

        self.context.tasks.ask(drafts, self.me, then=take, owner=self, key="inbox-new")

    def _send(self, letter: Letter, solve: bool) -> None:
        if self.shown is not None:
            self.post.send(self.writer, self.shown.detail.id, letter, seen=self.talk.newest, solve=solve)

    def _keep(self, letter: Letter) -> None:
        if self.shown is not None:
            self.post.keep(self.shown.detail.id, letter)

    def _close_new(self) -> None:
        self._stack.setCurrentWidget(self._talk if self.shown is not None else self._nothing)
        self.list.focus_rows()

    def _new_sent(self, letter: Letter, solve: bool) -> None:
        self.post.send_new(self.new_mail.writer, letter, self.open, solve=solve)
        self._close_new()

    # -- building

    def _build(self) -> None:
        set_box(self, "canvas")
        actions = self.context.actions
        self.list = ListPanel(self.model, actions["new"])
        self.header = ConversationHeader(actions)
        self.talk = Conversation(self.files.picture)
        self.writer = Writer()
        self.side = SidePanel()
        self.new_mail = NewMail()
        self._talk = QFrame()
        column = QVBoxLayout(self._talk)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.talk, 1)
        column.addWidget(self.writer)
        self._nothing = EmptyState(
            tr("No ticket chosen"), tr("Choose one at the left, or press J."), icon="inbox-outline", tone="plain"
        )
        self._stack = QStackedWidget()
        for widget in (self._nothing, self._talk, self.new_mail):
            self._stack.addWidget(widget)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.list)
        layout.addWidget(self._stack, 1)
        layout.addWidget(self.side)
        self._fit(wide=True)

    def _wire(self) -> None:
        left, talk, files = self.list, self.talk, self.files
        left.pile_chosen.connect(self.show_pile)
        left.searched.connect(self._search)
        left.ticket_chosen.connect(self.open)
        left.customer_chosen.connect(lambda key: self.context.go("customers", customer=key))
        left.entered.connect(self._enter)
        left.first_painted.connect(self.context.first_rows)
        left.selection_changed.connect(self.context.actions.refresh)
        self.model.failed.connect(self._list_failed)
        head = self.header
        head.assigned.connect(lambda agent: self.triage.assign(self.those(), agent, self._name_of(agent)))
        head.status_chosen.connect(lambda status: self.triage.set_status(self.those(), status))
        head.priority_chosen.connect(lambda word: self.triage.set_priority(self.those(), word))
        head.follow_up_chosen.connect(lambda on: self.triage.set_follow_up(self.those(), on))
        head.unread_wanted.connect(lambda: self.triage.mark_unread(self.those()))
        head.restore_wanted.connect(lambda: self.triage.restore(self.those()))
        talk.html_wanted.connect(lambda key: files.html(key, talk.set_html))
        talk.delivery_wanted.connect(self.triage.deliver)
        talk.file_opened.connect(self._open_file)
        talk.file_saved.connect(files.save_file)
        talk.link_clicked.connect(files.open_link)
        talk.original_wanted.connect(files.show_original)
        talk.raw_wanted.connect(lambda key: files.raw(key, lambda raw: show_source(self.context.overlay, raw)))
        talk.score_given.connect(self.triage.count_score)
        talk.split_wanted.connect(self.triage.split)
        talk.joined.connect(self.triage.join)
        talk.ticket_wanted.connect(self.open)
        talk.restore_wanted.connect(lambda: self.triage.restore(self.those()))
        self.side.moment_chosen.connect(self._go_to)
        self.side.customer_wanted.connect(lambda key: self.context.go("customers", customer=key))
        self.side.tag_added.connect(lambda name: self.triage.add_tag(self.those(), name))
        self.side.tag_removed.connect(lambda name: self.triage.remove_tag(self.those(), name))
        self._wire_writer(self.writer)
        self._wire_writer(self.new_mail.writer)
        self.writer.sent.connect(self._send)
        self.writer.kept.connect(self._keep)
        self.new_mail.writer.sent.connect(self._new_sent)
        self.new_mail.writer.kept.connect(self.post.keep_new)
        self.new_mail.closed.connect(self._close_new)
        self.context.theme.changed.connect(lambda _tokens: talk.apply_tokens())

    def _wire_writer(self, writer: Writer) -> None:
        writer.files_chosen.connect(lambda paths: self.post.attach(writer, paths))
        writer.image_given.connect(lambda image: self.post.attach_image(writer, image))
        writer.attach_wanted.connect(lambda: self.post.ask_files(writer))
        writer.completion_wanted.connect(self.post.complete)
        writer.refused.connect(lambda words: self.context.toasts.say(words, "bad"))

    # -- small things

    def those(self) -> list[UUID]:
        """What an action acts on: the tickets chosen in the list if the one shown is among them, else the one shown."""
        chosen = self.list.selected()
        if self.shown is None:
            return chosen
        return chosen if self.shown.detail.id in chosen else [self.shown.detail.id]

    def writer_shown(self) -> Writer:
        """The composer in front."""
        return self.new_mail.writer if self._stack.currentWidget() is self.new_mail else self.writer

    def toggle_side(self) -> None:
        """Show or hide the customer."""
        self._side_wanted = not self.side.isVisible()
        self._fit(wide=self._wide)

    def _enter(self) -> None:
        if not self.list.enter_customer():
            self.talk.setFocus()

    def _name_of(self, agent: UUID | None) -> str:
        everybody = self.around.agents if self.around else ()
        return next((one.name for one in everybody if one.id == agent), "")

    def _open_file(self, key: UUID) -> None:
        messages = self.shown.messages if self.shown else ()
        name = next((file.filename for one in messages for file in one.attachments if file.id == key), "")
        self.files.open_file(key, name)

    def _go_to(self, moment: Moment) -> None:
        if moment.ticket is None:
            return
        if self.shown is not None and moment.ticket == self.shown.detail.id:
            if moment.message is not None:
                self.talk.reveal(moment.message)
            return
        self._wanted_message = moment.message
        self.open(moment.ticket)
        self.list.choose(moment.ticket)

    def resizeEvent(self, event: QResizeEvent, /) -> None:
        super().resizeEvent(event)
        wide = self.window().width() >= NARROW
        if wide != self._wide:
            self._side_wanted = None
            self._fit(wide=wide)

    def _fit(self, *, wide: bool) -> None:
        """Columns for this width: below 1200 px the customer is behind a button."""
        self._wide = wide
        self.list.setFixedWidth(_LIST if wide else _LIST_NARROW)
        side = wide if self._side_wanted is None else self._side_wanted
        self.side.setVisible(side)
        self.header.side.setChecked(side)
        self.header.side.setVisible(not wide or not side)
        for part in (self.header, self.talk, self.writer, self.new_mail.writer):
            part.set_narrow(not wide)
