"""The scenes: every screen and every state of one that a person can come to see, each a name and how to get there.

The pictures and the lint of all screens share them, so that whatever is pictured is also measured, and the other way round.
A scene acts through the window as a person would; what the world outside does to it (a refused password, a line that is
gone) is brought about by the same rows and answers that the real thing leaves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QPoint

from app.boards.commands import fold_column, set_limit
from app.conversations.consent import allow_pictures
from app.desk import Desk
from app.desk.setup.accounts import Tested
from app.mime.html.rich import Line, Piece
from app.people.commands import block
from app.search.queries import search
from app.tickets.rules import BoardBy, LaneBy
from app.views.commands import add_view
from app.views.queries import views
from tests.screenshots import chatting, lists, restoring, working, world
from tests.screenshots.studio import Studio
from ui.pages.board.page import Page as Board
from ui.pages.first_run.page import Page as FirstRun
from ui.pages.inbox.page import Page as Inbox
from ui.pages.inbox.triage.subject import ask_subject
from ui.pages.inbox.writing.formatted import insert
from ui.pages.views.builder import Builder
from ui.pages.views.manage import ManageViews
from ui.widgets.avatar import Logo
from ui.widgets.palette import CommandPalette
from ui.widgets.pictures import png_of

Go = Callable[[Studio, Desk], object]


@dataclass(frozen=True)
class Scene:
    """How to get there, and on which desk: `empty`, `sample`, or `own` (a copy of the sample desk, for scenes that leave traces)."""

    go: Go
    desk: str = "sample"


# -- inbox


def _inbox(studio: Studio, desk: Desk) -> None:
    studio.go("inbox", view="to_do")
    page, wanted = studio.page(Inbox), world.letters(desk)[1]
    studio.wait(lambda: page.model.place_of(wanted) >= 0, "the list")
    page.list.rows.step(page.model.place_of(wanted))
    studio.wait(lambda: page.shown is not None and page.shown.detail.id == wanted, "a ticket")


def _ticket(studio: Studio, desk: Desk, words: str) -> Inbox:
    """Open the newest ticket that has these words."""
    hit = next(hit for hit in desk.ask(search, words, limit=20) if hit.ticket is not None)
    studio.go("inbox", ticket=hit.ticket)
    page = studio.page(Inbox)
    studio.wait(lambda: page.shown is not None and page.shown.detail.id == hit.ticket, "the ticket")
    return page


def _found(studio: Studio, _desk: Desk, words: str = "lamp") -> None:
    studio.go("inbox", view="to_do")
    page = studio.page(Inbox)
    page.list.search.setText(words)
    studio.wait(lambda: page.list.searching and (words != "lamp" or page.list.hits.rowCount()), "hits")


def _composing(studio: Studio, desk: Desk) -> None:
    page = _ticket(studio, desk, "is:waiting has:attachment")
    page.writer.set_mode("reply")
    page.writer.recipients.show_copies(True)
    page.writer.recipients.cc.setText("Noor Haddad <noor@haddad.example>")
    page.writer.composer.edit.setPlainText("Good news: the new glass left us this morning.\n\nI attach the receipt.")
    file = Path(desk.workspace.folder) / "receipt-10998.pdf"
    file.write_bytes(b"%PDF-1.4\n" + b" " * 42_000)
    page.post.attach(page.writer, [str(file)])
    studio.settle()


def _formatting(studio: Studio, desk: Desk) -> None:
    """A formatted reply with a picture in its text, and the tools open."""
    page = _ticket(studio, desk, "is:waiting has:attachment")
    page.writer.set_mode("reply")
    page.writer.formatting.setChecked(True)
    lines = (
        Line((Piece("Good news: the new glass left us "), Piece("this morning", bold=True), Piece("."))),
        Line((Piece("Wait until the lamp is cold"),), "ol", 1),
        Line((Piece("Lift the old glass off, see "), Piece("the guide", link="https://larkandloom.example/glass")), "ol", 1),
        Line((Piece("This is how it sits:"),)),
    )  # fmt: skip
    insert(page.writer.composer.edit.textCursor(), lines)
    file = Path(desk.workspace.folder) / "glass.png"
    file.write_bytes(png_of(Logo(96).grab().toImage()))
    page.writer.files_chosen.emit([str(file)])
    studio.wait(lambda: "cid:" in page.writer.draft().html, "the picture")
    studio.settle()


def _note(studio: Studio, desk: Desk) -> None:
    page = _ticket(studio, desk, "is:open")
    page.writer.set_mode("note")
    page.writer.composer.edit.setPlainText("The carrier has the parcel since Monday; I call them at three.")
    studio.settle()


def _html(studio: Studio, desk: Desk) -> None:
    studio.go("inbox", ticket=world.html_mail(desk))
    studio.wait(lambda: studio.page(Inbox).shown is not None, "the mail")


def _pick(studio: Studio, desk: Desk, key: str) -> None:
    lists.selected(studio, desk)
    page = studio.page(Inbox)
    page.picking.press(page.chosen.buttons[key], key)
    studio.settle()


def _pick_in_list(studio: Studio, desk: Desk, key: str) -> None:
    _inbox(studio, desk)
    page = studio.page(Inbox)
    page.list.rows.step(1)
    page.list.rows.step(1)
    page.list.rows.setFocus()
    studio.settle()
    studio.act(key)
    studio.settle()


def _undo(studio: Studio, desk: Desk) -> None:
    _inbox(studio, desk)
    page = studio.page(Inbox)
    page.triage.set_priority(page.those(), "high")
    studio.wait(lambda: studio.shown.toasts.current is not None, "the toast")


def _subject(studio: Studio, desk: Desk) -> None:
    _inbox(studio, desk)
    page = studio.page(Inbox)
    ask_subject(studio.shown.overlay, page.shown, page.triage)
    studio.settle()


def _print(studio: Studio, desk: Desk) -> None:
    _inbox(studio, desk)
    studio.act("print")


def _senders(studio: Studio, desk: Desk) -> None:
    for sender in ("@casino.example", "offers@win.example"):
        desk.do(block, sender)
    for domain in ("haddad.example", "larkandloom.example"):
        desk.do(allow_pictures, domain)
    studio.go("settings", category="senders")


def _snooze(studio: Studio, desk: Desk) -> None:
    _inbox(studio, desk)
    studio.act("snooze")


def _merge(studio: Studio, desk: Desk) -> None:
    _inbox(studio, desk)
    studio.act("merge")


def _customer(studio: Studio, desk: Desk) -> None:
    hit = next(hit for hit in desk.ask(search, "has:survey", limit=5))
    studio.go("customers", customer=hit.customer)


# -- board


def _board(studio: Studio) -> Board:
    studio.go("board")
    return studio.page(Board)


def _board_lanes(studio: Studio, _desk: Desk) -> None:
    page = _board(studio)
    page.lanes_by(LaneBy.ASSIGNEE)
    studio.wait(lambda: page.view is not None and page.view.lanes, "lanes")
    page.columns.toggle_lane(0)
    studio.settle()


def _board_carried(studio: Studio, _desk: Desk) -> None:
    page = _board(studio)
    source, target = (page.columns.columns()[n].list for n in (0, 2))
    page.columns.marks.set(source.cards().ids[:3])
    source.lifted.emit(source.viewport().mapToGlobal(QPoint(60, 40)))
    page.columns.drag.move(target.viewport().mapToGlobal(QPoint(90, 160)))
    studio.settle()


def _board_limits(studio: Studio, desk: Desk) -> None:
    page = _board(studio)
    desk.do(set_limit, BoardBy.STATUS, "open", 2)
    desk.do(set_limit, BoardBy.STATUS, "waiting", 40)
    desk.do(fold_column, BoardBy.STATUS, "solved", folded=True)
    studio.wait(lambda: page.columns.columns()[-1].is_folded, "the folded column")
    page.columns.columns()[0].open_new()
    studio.settle()


def _board_columns(studio: Studio, _desk: Desk) -> None:
    page = _board(studio)
    page.group_by(BoardBy.TAG)
    studio.wait(lambda: page.view is not None and page.view.by is BoardBy.TAG, "tags")
    studio.act("board.columns")


def _board_nothing(studio: Studio, _desk: Desk) -> None:
    page = _board(studio)
    page.filter.setText("xylophone quartz")
    studio.wait(lambda: page.view is not None and page.view.filtered, "that nothing fits")


# -- views and windows


def _with_views(desk: Desk) -> None:
    if any(not one.is_built_in for one in desk.ask(views, desk.me())):
        return
    desk.do(add_view, "VIP, waiting for us", "tag:vip is:todo", colour="bad", icon="star-outline")
    typed = "(tag:return OR subject:return) created<30d -is:closed"
    desk.do(add_view, "Returns of this month", typed, colour="info", icon="truck-outline", shared=True)


def _views(studio: Studio, desk: Desk) -> None:
    _with_views(desk)
    _inbox(studio, desk)
    studio.act("views")


def _view_builder(studio: Studio, desk: Desk, typed: str = "") -> None:
    _found(studio, desk, "(tag:return OR subject:lamp) is:todo -assignee:me older:1h")
    studio.act("view.save_search")
    studio.wait(lambda: isinstance(studio.shown.overlay.current(), Builder), "the builder")
    sheet = studio.shown.overlay.current()
    assert isinstance(sheet, Builder)
    if typed:
        sheet.typed.setText(typed)
        sheet.typed.textEdited.emit(typed)
        studio.settle()


def _view_error(studio: Studio, desk: Desk) -> None:
    _view_builder(studio, desk)
    sheet = studio.shown.overlay.current()
    assert isinstance(sheet, Builder)
    sheet.group.conditions()[-1].value.setText("a while")
    studio.settle()


def _manage_views(studio: Studio, desk: Desk) -> None:
    _with_views(desk)
    _inbox(studio, desk)
    studio.act("view.manage")
    studio.wait(lambda: isinstance(studio.shown.overlay.current(), ManageViews), "the views")


def _ticket_window(studio: Studio, desk: Desk) -> None:
    _inbox(studio, desk)
    studio.act("own_window")
    windows = studio.shown.windows
    studio.wait(lambda: windows.all[-1].alone is not None and not windows.all[-1].tasks.running, "the window")


# -- window


def _palette(studio: Studio, _desk: Desk, words: str = "") -> None:
    studio.go("inbox", view="to_do")
    studio.act("palette")
    sheet = studio.shown.overlay.current()
    assert isinstance(sheet, CommandPalette)
    sheet.field.setText(words)
    studio.settle()


def _shortcuts(studio: Studio, _desk: Desk) -> None:
    studio.go("board")
    studio.act("shortcuts")


def _lamp(studio: Studio, desk: Desk) -> None:
    world.refuse_sign_in(desk)
    _inbox(studio, desk)
    studio.wait(lambda: studio.shown.lamp.state == "attention", "the lamp")
    studio.shown.lamp.click()
    studio.settle()


def _sign_in(studio: Studio, desk: Desk) -> None:
    world.refuse_sign_in(desk)
    studio.wait(lambda: studio.shown.lamp.state == "attention", "the lamp")
    act = studio.shown.lamp.reasons[0].act
    assert act is not None
    act()
    studio.settle()


def _offline(studio: Studio, desk: Desk) -> None:
    world.pull_the_plug(desk)
    _inbox(studio, desk)
    studio.settle(0.5)  # the lamp looks a little later


def _refused(studio: Studio, desk: Desk) -> None:
    world.refuse_sign_in(desk)
    _inbox(studio, desk)
    studio.wait(lambda: studio.shown.lamp.state == "attention", "the lamp")


def _broken_list(studio: Studio, desk: Desk) -> None:
    _inbox(studio, desk)
    studio.page(Inbox).list_failed(OSError("The disk does not answer."))
    studio.settle()


# -- the first run


def _first_run(studio: Studio, answer: Tested) -> None:
    page = studio.page(FirstRun)
    with world.servers_that_say(answer):
        page.name.setText("Maya Lind")
        page.form.address.setText("help@nordlicht.example")
        page.form.search()
        studio.settle()
        page.form.password.setText("correct horse")
        page.form.test()
        studio.wait(lambda: not page.form.is_busy, "the test")


def _test(answer: Tested) -> Scene:
    return Scene(lambda studio, _desk: _first_run(studio, answer), "empty")


def _page(name: str, desk: str = "sample", **where: object) -> Scene:
    return Scene(lambda studio, _desk: studio.go(name, **where), desk)


SCENES: dict[str, Scene] = {
    "inbox": Scene(_inbox),
    "conversation": Scene(lambda studio, desk: _ticket(studio, desk, "is:waiting has:attachment")),
    "composer": Scene(_composing, "own"),
    "formatting": Scene(_formatting, "own"),
    "note": Scene(_note, "own"),
    "html_mail": Scene(_html, "own"),
    "selection": Scene(lists.selected),
    "selection_all": Scene(lists.selected_all),
    "pick_tag": Scene(lambda studio, desk: _pick(studio, desk, "tag")),
    "pick_assignee": Scene(lambda studio, desk: _pick_in_list(studio, desk, "assign")),
    "pick_status": Scene(lambda studio, desk: _pick_in_list(studio, desk, "status")),
    "search": Scene(_found),
    "search_nothing": Scene(lambda studio, desk: _found(studio, desk, "xylophone quartz")),
    "new_mail": _page("inbox", new_to="ana@lindqvist.example"),
    "new_mail_canned": Scene(chatting.canned_called, "own"),
    "bin": Scene(lists.binned, "own"),
    "snoozed": Scene(lists.snoozed, "own"),
    "list_empty": Scene(lists.emptied, "own"),
    "list_error": Scene(_broken_list),
    "toast_undo": Scene(_undo, "own"),
    "views": Scene(_views, "own"),
    "view_builder": Scene(_view_builder),
    "view_not_understood": Scene(lambda studio, desk: _view_builder(studio, desk, "is:open priority:hot")),
    "view_wrong_value": Scene(_view_error),
    "views_in_order": Scene(_manage_views, "own"),
    "list_grouped": Scene(lists.grouped, "own"),
    "list_by_day": Scene(lambda studio, desk: lists.grouped(studio, desk, "day", "comfortable"), "own"),
    "ticket_window": Scene(_ticket_window),
    "change_subject": Scene(_subject),
    "snooze": Scene(_snooze),
    "print": Scene(_print),
    "merge": Scene(_merge),
    "ticket_work": Scene(working.worked_on, "own"),
    "ticket_changes": Scene(working.changes, "own"),
    "ticket_due": Scene(working.due, "own"),
    "settings_field": Scene(working.field, "own"),
    "fields_missing": Scene(working.missing, "own"),
    "settings_statuses": Scene(working.statuses, "own"),
    "settings_fields": Scene(working.own_fields, "own"),
    "board": _page("board"),
    "chats": Scene(chatting.answering, "own"),
    "chats_beside": Scene(chatting.beside, "own"),
    "chat_waiting": Scene(chatting.waiting, "own"),
    "chat_left": Scene(chatting.left, "own"),
    "chat_over": Scene(chatting.over, "own"),
    "chat_transfer": Scene(chatting.transfer, "own"),
    "chat_in_inbox": Scene(chatting.in_inbox, "own"),
    "no_chats": _page("chats", "empty"),
    "customers": _page("customers"),
    "customer": Scene(_customer),
    "satisfaction": _page("satisfaction"),
    "mail_health": _page("health"),
    "quarantine": _page("health", part="quarantine"),
    "settings_mailboxes": _page("settings", category="mailboxes"),
    "settings_add_mailbox": _page("settings", category="mailboxes", add=True),
    "settings_chat": Scene(chatting.website, "own"),
    "settings_chat_server": Scene(chatting.server, "own"),
    "settings_chat_server_plan": Scene(chatting.server_plan, "own"),
    "settings_no_chat": _page("settings", "empty", category="chat"),
    "settings_chat_hours": Scene(chatting.hours, "own"),
    "settings_chat_answering": Scene(chatting.settings_answering),
    "settings_canned": Scene(chatting.canned, "own"),
    "settings_canned_edit": Scene(chatting.canned_edit, "own"),
    "settings_canned_left": Scene(chatting.canned_left, "own"),
    "settings_sending": _page("settings", category="sending"),
    "settings_senders": Scene(_senders, "own"),
    "settings_surveys": _page("settings", category="surveys"),
    "settings_notifications": _page("settings", category="notifications"),
    "settings_general": _page("settings", category="general"),
    "settings_keys": _page("settings", category="keys"),
    "settings_data": _page("settings", category="data"),
    "settings_data_standing": Scene(restoring.standing, "own"),
    "save_backup": Scene(restoring.saving),
    "restore": Scene(restoring.choice, "own"),
    "restore_preview": Scene(restoring.preview),
    "restore_locked": Scene(restoring.locked),
    "restore_refused": Scene(restoring.refused),
    "restore_left": Scene(restoring.left, "own"),
    "settings_about": _page("settings", category="about"),
    "palette": Scene(_palette),
    "palette_found": Scene(lambda studio, desk: _palette(studio, desk, "lamp")),
    "palette_setting": Scene(lambda studio, desk: _palette(studio, desk, "backup")),
    "shortcuts": Scene(_shortcuts),
    "status_lamp": Scene(_lamp, "own"),
    "sign_in": Scene(_sign_in, "own"),
    "sign_in_refused": Scene(_refused, "own"),
    "offline": Scene(_offline, "own"),
    "first_run": Scene(lambda _studio, _desk: None, "empty"),
    "first_run_works": _test(world.WORKS),
    "first_run_password": _test(world.WRONG_PASSWORD),
    "first_run_host": _test(world.WRONG_HOST),
    "first_run_certificate": _test(world.CERTIFICATE),
    "no_mail": _page("inbox", "empty"),
    "board_lanes": Scene(_board_lanes, "own"),
    "board_carried": Scene(_board_carried, "own"),
    "board_limits": Scene(_board_limits, "own"),
    "board_columns": Scene(_board_columns, "own"),
    "board_nothing": Scene(_board_nothing),
    "board_error": Scene(lambda studio, _desk: _board(studio).show_error()),
    "board_loading": Scene(lambda studio, _desk: _board(studio).faces.setCurrentIndex(0)),
    "no_board": _page("board", "empty"),
    "no_customers": _page("customers", "empty"),
    "no_answers": _page("satisfaction", "empty"),
    "no_mailbox": _page("health", "empty"),
    "no_mailbox_settings": _page("settings", "empty", category="mailboxes"),
}
