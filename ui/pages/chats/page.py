"""Chats: who waits, who is being talked to, what is said. It asks, shows and follows changes; it decides nothing.

Whatever comes is read as one question for the list and one for each chat in sight, each under way once at most, however fast
visitors write; so the window has time for the person's own keys.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from PySide6.QtCore import QTimer

from app.chats.queries import ChatRow
from app.kernel.database.changes import Changes
from app.kernel.sentences import words_of
from app.kernel.state import options
from app.templates.commands import note_used
from ui.pages import Context
from ui.pages.chats import loading
from ui.pages.chats.acts import ChatActs
from ui.pages.chats.column import ChatColumn
from ui.pages.chats.frame import ChatsFrame
from ui.pages.chats.keys import bind
from ui.pages.chats.letters import ChatLetters
from ui.pages.chats.live_query import LiveQuery
from ui.pages.chats.loading import Around, Overview, Talk
from ui.pages.chats.typing import Typing
from ui.pages.chats.words import visitor_name
from ui.pages.inbox import loading as inbox_loading
from ui.pages.inbox.conversation.mail_files import MailFiles
from ui.pages.inbox.writing.post import Post
from ui.text import told, tr

_TICK_MS = 1000


class Page(ChatsFrame):
    """The page of chats."""

    def __init__(self, context: Context) -> None:
        self.me = context.desk.me()
        self.front: UUID | None = None
        self.one_for_now = False
        """Something that is no chat of one's own is looked at, though several would be shown side by side."""
        self._taken: UUID | None = None
        self.overview: Overview | None = None
        self.around = Around((), (), has_channel=True)
        self._reading: dict[ChatColumn, LiveQuery] = {}
        self.acts = ChatActs(context)
        super().__init__(context)
        self.typing = Typing(self)
        self.typing.changed.connect(self._show_typing)
        self.files = MailFiles(context, opened="opened-chat")
        self.files.setParent(self)
        self.post = Post(context, self, lambda: 0)
        self.letters = ChatLetters(self.acts, self.post)
        tasks = context.tasks
        self._list = LiveQuery(tasks, lambda: (loading.overview, (self.me,)), self._take_overview, self, self._failed)
        self._around = LiveQuery(tasks, lambda: (loading.around, (self.me,)), self._take_around, self)
        self._beside = LiveQuery(tasks, self._ask_beside, self._take_beside, self)
        self._wire()
        self._tick = QTimer(self, interval=_TICK_MS)
        self._tick.timeout.connect(self._go_on)
        self._tick.start()
        tasks.ask(options.get, "chats_beside", then=self._take_way, owner=self)
        self._around.again()
        self._list.again()

    # -- what the window calls

    def activate(self) -> None:
        bind(self)
        if self.one_for_now:
            self.one_for_now = False
            self.laid_out()
        self.take_focus()

    def deactivate(self) -> None:
        self.rest()
        if not self.context.tasks.running:
            self.letters.forget()

    def rest(self) -> None:
        for column in self.stage.columns():
            column.writer.keep_now()

    def take_over(self) -> None:
        for column in self.stage.columns():
            column.look()

    def acts_on(self) -> str:
        row = self.row
        return tr("On the chat with {name}", name=visitor_name(row)) if row is not None else ""

    def take_focus(self) -> None:
        current = self.stage.current
        if self.stage.is_beside and current is not None:
            current.writer.take_focus()
        elif not self.stage.is_beside:
            self.list.focus_rows()

    def refresh(self, changes: Changes) -> None:
        self.me = self.context.desk.me()
        self.typing.hear(changes)
        if changes.touches("conversation", "chat_visitor", "agent", "setting"):
            self._list.again()
        if changes.touches("agent", "canned", "chat_channel", "setting"):
            self._around.again()
        tickets, chats = changes.of("ticket"), changes.of("conversation")
        everyone = changes.touches("chat_visitor", "setting")
        for column in self.stage.columns():
            row = column.row
            known = row is not None and (tickets is None or row.ticket in tickets)
            if everyone or known or chats is None or column.conversation in chats:
                self.read(column)

    def show_place(self, **where: object) -> None:
        """`conversation`: show this chat."""
        wanted = where.get("conversation")
        if isinstance(wanted, UUID):
            self.open(wanted)
            current = self.stage.current
            if current is not None:
                current.writer.take_focus()

    # -- which chat

    @property
    def row(self) -> ChatRow | None:
        """The chat that actions act on."""
        current = self.stage.current
        return current.row if current is not None else None

    def chats_in_sight(self) -> set[UUID]:
        """The conversations that are before somebody's eyes while the window has the keyboard."""
        return {one.conversation for one in self.stage.columns() if one.conversation is not None}

    def open(self, conversation: UUID) -> None:
        """Show a chat: its column, if it stands beside others, else in front."""
        self.front = conversation
        if self.stage.is_beside:
            if self._go_to_column(conversation):
                return
            self.one_for_now = True
            self._leave_beside()
        self.stage.show_alone()
        self.fit()
        if self.stage.alone.set_conversation(conversation):
            self.read(self.stage.alone)
        self.list.choose(conversation)
        self.context.actions.refresh()

    def _go_to_column(self, conversation: UUID) -> bool:
        place = next((n for n, one in enumerate(self.stage.beside) if one.conversation == conversation), -1)
        return self.stage.go_to(place)

    def show_beside(self, *, on: bool) -> None:
        """Several side by side, or one in front, from now on."""
        self.one_for_now = False
        if on != self.beside_wanted:
            self.beside_wanted = on
            self.context.tasks.do(options.put, "chats_beside", on)
        self.laid_out()
        self.take_focus()

    def laid_out(self) -> None:
        found = self.overview
        if found is not None and self.beside_wanted and self.can_stand_beside and not self.one_for_now:
            own = [row.id for row in _in_order(found)]
            for column in self.stage.show_beside(own):
                self.read(column)
            self.stage.bar.show_more(len(own) - len(self.stage.beside))
        elif self.stage.is_beside:
            current = self.stage.current
            self.front = current.conversation if current is not None else self.front
            self._leave_beside()
            self._show_front()
        self.fit()

    def _leave_beside(self) -> None:
        self.stage.show_beside(())  # what is typed there is kept
        self.stage.show_nothing()

    def step(self, by: int) -> None:
        """The next or the previous chat."""
        if not self.stage.is_beside:
            self.list.rows.step(by)
            return
        columns, current = self.stage.beside, self.stage.current
        if current is not None:
            self.stage.go_to((columns.index(current) + by) % len(columns))

    def take_next(self) -> None:
        """Take whoever waits longest; those who have gone meanwhile only when nobody else waits."""
        waiting = self.overview.waiting if self.overview is not None else ()
        if waiting:
            self.accept(next((row for row in waiting if row.there), waiting[0]))

    def accept(self, row: ChatRow) -> None:
        """Take a chat, and write as soon as it is there."""

        def taken(_done: object) -> None:
            if not self.stage.is_beside:
                self.open(row.id)
                self._enter()
            elif not self._go_to_column(row.id):
                self._taken = row.id  # its column comes with the next look at the list

        self.acts.accept(row, taken)

    # -- reading

    def read(self, column: ChatColumn) -> None:
        """Ask for what a column shows."""
        self._reading[column].again()

    def _take_overview(self, found: Overview) -> None:
        self.overview = found
        self.list.show_overview(found)
        self.stage.bar.show_numbers(found.counts, found.opening)
        if self.beside_wanted and self.can_stand_beside and not self.one_for_now:
            self.laid_out()
            if self._taken is not None and self._go_to_column(self._taken):
                self._taken = None
        elif self.front is None:
            self._show_front()
        self.list.choose(self.front)
        self.context.actions.refresh()

    def _show_front(self) -> None:
        """What was in front, or the first there is."""
        chats = self.list.model.chats()
        if self.front is None and chats:
            self.front = chats[0].id
        if self.front is not None:
            self.open(self.front)
        else:
            words = tr("When somebody writes on your website, the conversation appears here.")
            self.stage.nothing.set_text(tr("No chats yet"), words)
            self.stage.show_nothing()
            self.fit()

    def _take_around(self, found: Around) -> None:
        self.around = found
        self.list.show_set_up(found.has_channel)
        for column in self.stage.columns():
            column.set_enter_sends(found.enter_sends)
            if column.talk is not None:
                column.writer.set_answers(found.answers, column.talk.facts)

    def _take_way(self, beside: bool) -> None:
        self.beside_wanted = beside
        self.laid_out()

    def _take_talk(self, column: ChatColumn, talk: Talk | None) -> None:
        if talk is None or talk.view.row.id != column.conversation:
            return
        before = column.talk.view.last_seq if column.talk is not None else 0
        if before and talk.view.last_seq > before and talk.view.lines[-1].direction == "in":
            self.typing.stopped(talk.view.row.id)
        typing = self.is_typing(talk.view.row.id)
        column.set_enter_sends(self.around.enter_sends)
        column.show_talk(talk, self.letters.begun_in(talk), self.around.answers, typing=typing)
        if column is self.stage.current:
            self._show_side()
        self.context.actions.refresh()

    def _show_side(self) -> None:
        current = self.stage.current
        if current is None or current.talk is None or self.stage.is_beside:
            return
        self.side.proof.show_talk(current.talk)
        self.side.panel.show_ticket(current.talk.detail)
        self._beside.again()

    def _ask_beside(self) -> Any:
        current = self.stage.current
        if current is None or current.talk is None:
            return None
        row = current.talk.detail.row
        return _with_ticket, (row.customer, row.id, self.me)

    def _take_beside(self, found: tuple[UUID, Any]) -> None:
        current = self.stage.current
        if current is not None and current.talk is not None and current.talk.detail.id == found[0]:
            self.side.panel.show_beside(found[1], current.talk.detail)

    def _failed(self, error: Exception) -> bool:
        self.list.show_error(told(words_of(error)), self._list.again)
        return True

    # -- typing, and time

    def is_typing(self, conversation: UUID | None) -> bool:
        return self.typing.types(conversation)

    def _show_typing(self) -> None:
        for column in self.stage.columns():
            column.set_typing(self.is_typing(column.conversation))
        self.list.repaint_rows()

    def _go_on(self) -> None:
        if not self.isVisible():
            return
        for column in self.stage.columns():
            column.go_on()

    # -- wiring

    def listen(self, column: ChatColumn) -> None:
        writer = column.writer
        self.letters.listen(column)
        self._reading[column] = LiveQuery(
            self.context.tasks,
            lambda: (loading.opened, (column.conversation, self.me)) if column.conversation is not None else None,
            lambda talk: self._take_talk(column, talk),
            column,
        )
        column.destroyed.connect(partial(self._reading.pop, column, None))
        column.seen.connect(self.acts.mark_read)
        column.mail_wanted.connect(lambda: column.set_by_mail(True))
        column.lines.file_opened.connect(lambda key: self._open_file(column, key))
        column.lines.link_clicked.connect(self.files.open_link)
        writer.answer_used.connect(lambda key: self.context.tasks.do(note_used, key))
        writer.refused.connect(lambda words: self.context.toasts.say(words, "bad"))
        writer.escaped.connect(self.list.focus_rows)
        explain = self.context.actions.explain
        for button, key in ((writer.send, "send"), (writer.attach, "attach"), (writer.canned, "canned")):
            explain(button, key)

    def _wire(self) -> None:
        left, bar, panel = self.list, self.stage.bar, self.side.panel
        self.listen(self.stage.alone)
        left.chosen.connect(self.open)
        left.entered.connect(self._enter)
        for where in (left, bar):
            where.accepting_chosen.connect(lambda on: self.acts.set_away(away=not on))
        left.side_by_side_wanted.connect(lambda: self.context.actions.run("chat.beside"))
        left.hours_wanted.connect(partial(self.context.go, "settings", category="chat", face="hours"))
        left.set_up_wanted.connect(partial(self.context.go, "settings", category="chat"))
        bar.one_wanted.connect(lambda: self.show_beside(on=False))
        bar.next_wanted.connect(self.take_next)
        self.stage.moved.connect(self._moved)
        panel.customer_wanted.connect(lambda key: self.context.go("customers", customer=key))
        panel.ticket_wanted.connect(lambda key: self.context.go("inbox", ticket=key))
        panel.moment_chosen.connect(self._go_to)
        panel.wanted.connect(self.want_side)
        self.context.actions.explain(left.beside, "chat.beside")

    def _enter(self) -> None:
        current = self.stage.current
        if current is not None:
            current.writer.take_focus()

    def _moved(self) -> None:
        current = self.stage.current
        self.front = current.conversation if current is not None else None
        self.context.actions.refresh()

    def _go_to(self, moment: Any) -> None:
        if moment.ticket is not None:
            self.context.go("inbox", ticket=moment.ticket, message=moment.message)

    # -- files

    def _open_file(self, column: ChatColumn, key: str) -> None:
        lines = column.talk.view.lines if column.talk is not None else ()
        name = next((one.filename for line in lines for one in line.files if one.id.hex == key), "")
        self.files.open_file(UUID(hex=key), name)


def _in_order(found: Overview) -> list[ChatRow]:
    """One's own chats side by side: each keeps its place, whoever waits."""
    return sorted(found.mine, key=lambda row: row.started_at)


def _with_ticket(db: Any, customer: UUID | None, ticket: UUID, me: UUID | None) -> tuple[UUID, Any]:
    """What stands beside a chat, and of which ticket; without what is said in that very chat, which is before one's eyes."""
    found = inbox_loading.beside(db, customer, ticket, me)
    moments = tuple(one for one in found.moments if one.ticket != ticket or one.channel != "chat" or one.kind != "mail")
    return ticket, replace(found, moments=moments)
