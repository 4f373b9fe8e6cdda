"""Which wish of the inbox's parts goes where: every signal in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.templates.commands import note_used
from ui.pages.inbox.actions.row_menu import give_menus
from ui.pages.inbox.conversation.source import show_source
from ui.pages.inbox.triage.split import split_off
from ui.pages.inbox.triage.subject import ask_subject
from ui.pages.inbox.writing.pictures import Pictures
from ui.pages.inbox.writing.send_later import ask_when
from ui.pages.inbox.writing.writer import Writer

if TYPE_CHECKING:
    from ui.pages.inbox.page import Page


def wire(page: Page) -> None:
    """Connect the parts of a page that has just been made."""
    _wire_list(page)
    _wire_header(page)
    _wire_talk(page)
    _wire_rest(page)
    _explain(page)
    give_menus(page)


def _wire_list(page: Page) -> None:
    left = page.list
    left.view_chosen.connect(page.show_pile)
    page.lists.reread.connect(page.reread)
    left.searched.connect(page.search)
    left.ticket_chosen.connect(page.open)
    left.rows.clicked.connect(page.mark_read.turn_to)  # also on the row that is open already
    left.customer_chosen.connect(lambda key: page.context.go("customers", customer=key))
    left.entered.connect(page.enter)
    left.own_window_wanted.connect(page.context.own_window)
    left.first_painted.connect(page.context.first_rows)
    left.rows_changed.connect(page.next.follow_list)
    left.selection_changed.connect(page.context.actions.refresh)
    page.selecting.turned.connect(page.show_selection)
    page.chosen.pressed.connect(lambda key: page.picking.press(page.chosen.buttons[key], key))
    page.model.failed.connect(page.list_failed)
    page.model.followed.connect(page.next.look_again)


def _explain(page: Page) -> None:
    """Buttons say the keys that do the same, whatever these are."""
    explain, writers = page.context.actions.explain, (page.writer, page.new_mail.writer)
    for button, key in ((page.header.assign, "assign"), (page.header.side, "side"), (page.list.new, "new")):
        explain(button, key)
    for writer in writers:
        for button, key in (
            (writer.send, "send"),
            (writer.send_solve, "send_solve"),
            (writer.attach, "attach"),
            (writer.canned, "canned"),
        ):
            explain(button, key)


def _wire_header(page: Page) -> None:
    head = page.header
    head.assigned.connect(lambda agent: page.triage.assign(page.picked.tickets(), agent, page.name_of(agent)))

    def set_status(status: str, name: str) -> None:
        def act() -> None:
            page.triage.set_status(page.picked.tickets(), status, name)

        (page.next.go_on if status == "solved" else lambda do: do())(
            act
        )  # like the key: what is done makes room for the next

    head.status_chosen.connect(set_status)
    head.priority_chosen.connect(lambda word: page.triage.set_priority(page.picked.tickets(), word))
    head.follow_up_chosen.connect(lambda on: page.triage.set_follow_up(page.picked.tickets(), on))
    head.unread_wanted.connect(lambda: page.triage.mark_unread(page.picked.tickets()))
    head.restore_wanted.connect(lambda: page.triage.restore(page.picked.tickets()))
    head.problem_wanted.connect(page.talk.show_problem)
    head.subject_wanted.connect(lambda: ask_subject(page.context.overlay, page.shown, page.triage))


def _wire_talk(page: Page) -> None:
    talk, files = page.talk, page.files
    talk.html_wanted.connect(lambda key: files.read(key, talk.set_reading))
    talk.pictures_wanted.connect(files.load_pictures)
    talk.pictures_refused.connect(files.stop_pictures)
    talk.file_dragged.connect(files.drag_file)
    talk.mail_saved.connect(files.save_mail)
    talk.delivery_wanted.connect(lambda *_: page.rest())  # a letter that is called back comes below what is written
    talk.delivery_wanted.connect(page.triage.deliver)
    talk.file_opened.connect(page.open_file)
    talk.file_saved.connect(files.save_file)
    talk.link_clicked.connect(files.open_link)
    talk.original_wanted.connect(files.show_original)
    talk.raw_wanted.connect(lambda key: files.raw(key, lambda raw: show_source(page.context.overlay, raw)))
    talk.score_given.connect(page.triage.count_score)
    talk.split_wanted.connect(lambda key, following: split_off(page.context, key, following))
    talk.unmerge_wanted.connect(lambda: page.context.actions.run("unmerge"))
    talk.forward_wanted.connect(page.pass_on)
    talk.joined.connect(page.triage.join)
    talk.ticket_wanted.connect(page.open)
    talk.restore_wanted.connect(lambda: page.triage.restore(page.picked.tickets()))


def _wire_rest(page: Page) -> None:
    page.side.moment_chosen.connect(page.go_to)
    page.side.customer_wanted.connect(lambda key: page.context.go("customers", customer=key))
    page.side.ticket_wanted.connect(page.open)
    page.side.wanted.connect(lambda: None if page.side.isVisible() else page.toggle_side())
    page.side.tag_added.connect(lambda name: page.triage.add_tag(page.picked.tickets(), name))
    page.side.tag_removed.connect(lambda name: page.triage.remove_tag(page.picked.tickets(), name))
    for caller in (page.answers, page.new_mail.answers):
        caller.used.connect(lambda key: page.context.tasks.do(note_used, key))
    _wire_writer(page, page.writer)
    _wire_writer(page, page.new_mail.writer)
    page.writer.sent.connect(page.send)
    page.post.left.connect(page.read_again)
    page.writer.kept.connect(page.keep)
    page.new_mail.writer.sent.connect(page.send_new)
    page.new_mail.writer.kept.connect(page.post.keep_new)
    page.new_mail.closed.connect(page.close_new)
    page.context.tasks.refused.connect(page.next.stay)  # bound methods: they go with the page
    page.context.theme.changed.connect(page.talk.apply_tokens)  # a bound method: it goes with the page


def _wire_writer(page: Page, writer: Writer) -> None:
    pictures = Pictures(page.context, page, page.post)
    writer.files_chosen.connect(lambda paths: pictures.take(writer, paths))
    writer.image_given.connect(lambda image: pictures.take_image(writer, image))
    writer.pictures_chosen.connect(lambda: pictures.ask(writer))
    writer.pictures_missing.connect(lambda wanted: pictures.show(writer, wanted))
    writer.later_wanted.connect(lambda: ask_when(page.context, lambda at: writer.submit(send_at=at)))
    writer.attach_wanted.connect(lambda: page.post.ask_files(writer))
    writer.completion_wanted.connect(page.post.complete)
    writer.refused.connect(lambda words: page.context.toasts.say(words, "bad"))
