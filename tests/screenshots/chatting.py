"""Chats for the scenes: a shop's afternoon with somebody who waits, three who are being talked to, and some that are over."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from app.chats import commands
from app.chats.queries import chat
from app.chats.rules import ChannelSettings, server_topic
from app.desk import Desk
from app.kernel import clock
from app.kernel.state import signals
from app.people.choosing import choose
from app.templates.commands import add_canned
from tests.screenshots.studio import NOW, Studio
from tests.ui.chat_desk import ChatDesk, Visitor
from ui.pages.chats.page import Page
from ui.pages.inbox.page import Page as Inbox
from ui.pages.settings.canned import CannedEditor, CannedPane
from ui.pages.settings.chat import ChatPage
from ui.pages.settings.chat_website import WebsitePane
from ui.pages.settings.page import Page as Settings

_WEEK = {day: [["09:00", "12:30"], ["13:30", "17:00"]] for day in ("mon", "tue", "wed", "thu")} | {
    "fri": [["09:00", "15:00"]]
}
_SITE = "https://larkandloom.example"
_ANSWERS = (
    (
        "Paying by transfer",
        "Of course, {{customer.first_name}}. Please use the order number as the reference.",
        "transfer",
    ),
    ("Delivery times", "Parcels inside the EU take three to five working days.", "transit"),
    ("Trade customers", "We would love to work with you. Trade prices start at ten pieces.", "trade"),
)


@dataclass
class Afternoon:
    """Who is there."""

    elena: Visitor
    unknown: Visitor
    jonas: Visitor
    waiting: Visitor


def afternoon(desk: Desk) -> Afternoon:
    """Chats of the last half hour; time stands still, so each happens at its own moment."""
    place = ChatDesk(desk)
    for name, text, word in _ANSWERS:
        desk.do(add_canned, name, text, word)
    over = place.visitor("Farid Zhang", "farid@zhang.example")
    _at(50, lambda: over.enters("Is the Walnut frame back in stock?"))
    _at(49, lambda: desk.do(commands.send_chat, _key(over), "Next week, Farid. Shall I write to you then?"))
    _at(48, lambda: over.says("Please do, thank you!"))
    _at(45, lambda: desk.do(commands.end_chat, _key(over)))
    missed = place.visitor(page=f"{_SITE}/help/opening-hours")
    _at(90, lambda: missed.enters("Are you open on Sunday?"))
    _at(75, lambda: desk.do(commands.end_chat, _key(missed)))
    jonas = place.visitor("Jonas Vogel", "jonas@vogel.example", page=f"{_SITE}/orders/11020")
    _at(17, lambda: jonas.enters("Could you leave the parcel with my neighbour?"))
    _at(15, lambda: _answer(desk, jonas, "Of course. I have added the note to your order: Weber, second floor."))
    _at(14, lambda: jonas.says("Perfect, thank you so much"))
    _at(13, lambda: _answer(desk, jonas, "With pleasure. Anything else I can do?", read=False))
    elena = place.visitor("Elena Brandt", "elena@brandt.example", page=f"{_SITE}/checkout/payment")
    _at(6, lambda: elena.enters("Hello! I am trying to pay with my card but the page says “declined”."))
    _at(
        5,
        lambda: _answer(
            desk, elena, "Hello Elena, sorry about that. Which card are you using? Please don’t send the number."
        ),
    )
    _at(4, lambda: elena.says("A Maestro card, from my bank in Vienna."))
    _at(3, lambda: _answer(desk, elena, "Thank you. We take Visa, Mastercard, SEPA transfer and PayPal. Maestro stopped "
                           "working everywhere this summer, so the bank says no."))  # fmt: skip
    _at(0.7, lambda: elena.says("Ah, I see. Can I pay by transfer and still have it before the 28th?"))
    unknown = place.visitor(page=f"{_SITE}/throws/linen-throw-sage")
    _at(4, lambda: unknown.enters("Hi, is the sage throw machine washable?"))
    _at(3, lambda: _answer(desk, unknown, "Hello! Yes, at 30 degrees. Better dry it in the shade."))
    _at(2.2, lambda: unknown.says("Great. Do you ship to Norway?"))
    waiting = place.visitor(page=f"{_SITE}/help/returns-and-refunds")
    _at(0.15, lambda: waiting.enters("My parcel never arrived and nobody answers my mails"))
    return Afternoon(elena, unknown, jonas, waiting)


def show(studio: Studio, desk: Desk) -> tuple[Page, Afternoon]:
    """The page of chats, Elena's in front."""
    who = afternoon(desk)
    studio.go("chats", conversation=_key(who.elena))
    page = studio.page(Page)
    studio.wait(lambda: page.row is not None and page.row.id == who.elena.conversation, "Elena's chat")
    studio.wait(lambda: page.around.answers and page.overview is not None, "the list")
    return page, who


def answering(studio: Studio, desk: Desk) -> None:
    """Elena types; a canned answer is being looked for."""
    page, who = show(studio, desk)
    who.elena.types()
    studio.wait(lambda: page.is_typing(who.elena.conversation), "that she types")
    writer = page.stage.alone.writer
    writer.take_focus()
    writer.composer.edit.insertPlainText("/tra")
    studio.wait(lambda: writer.caller.list.is_open, "the canned answers")


def waiting(studio: Studio, desk: Desk) -> None:
    """Somebody who waits, before the chat is taken."""
    page, who = show(studio, desk)
    page.open(_key(who.waiting))
    studio.wait(lambda: page.row is not None and page.row.id == who.waiting.conversation, "the chat that waits")


def beside(studio: Studio, desk: Desk) -> None:
    """Several side by side."""
    page, _who = show(studio, desk)
    page.show_beside(on=True)
    if not page.can_stand_beside:
        return
    studio.wait(lambda: len(page.stage.beside) > 1 and all(one.row is not None for one in page.stage.beside), "columns")
    page.stage.go_to(1)
    page.stage.beside[1].writer.composer.edit.insertPlainText("Yes! If the transfer arrives by Tuesday, it")
    studio.settle()


def left(studio: Studio, desk: Desk) -> None:
    """The visitor has left: e-mail is offered."""
    page, who = show(studio, desk)
    who.elena.leaves()
    studio.wait(lambda: page.row is not None and not page.row.there, "that she has left")


def over(studio: Studio, desk: Desk) -> None:
    """A chat that is over."""
    page, who = show(studio, desk)
    desk.do(commands.end_chat, _key(who.elena))
    studio.wait(lambda: page.row is not None and page.row.state not in ("waiting", "live"), "the end")


def transfer(studio: Studio, desk: Desk) -> None:
    """To a colleague, with a note."""
    show(studio, desk)
    studio.act("chat.transfer")
    studio.wait(lambda: studio.shown.overlay.is_open, "the sheet")


def website(studio: Studio, desk: Desk) -> None:
    """The settings of a website's chat."""
    channel = ChatDesk(desk).channel
    studio.go("settings", category="chat")
    page = studio.page(Settings)
    chat = page.stack.currentWidget()
    assert isinstance(chat, ChatPage)
    desk.work(signals.send, server_topic(channel), {"channel": channel.hex, "state": "ok", "words": "", "url": ""})
    pane = chat.panes["website"]
    assert isinstance(pane, WebsitePane)
    studio.wait(lambda: pane.snippet.toPlainText() and pane.state_words(), "the channel")


def server(studio: Studio, desk: Desk) -> None:
    """The settings of a chat over a server of the owner's own."""
    wanted = ChannelSettings(account="desk@chat.morgenlicht.example", origins=("https://morgenlicht.example",))
    channel = desk.do(commands.add_channel, "xmpp", "Website", wanted)
    desk.work(signals.send, server_topic(channel), {"state": "ok", "words": ""})
    studio.go("settings", category="chat", face="server")
    studio.settle()


def server_plan(studio: Studio, desk: Desk) -> None:
    """The assistant for it, before there is one."""
    studio.go("settings", category="chat", face="server")
    studio.settle()


def hours(studio: Studio, desk: Desk) -> None:
    """The settings of a chat's hours."""
    desk.do(choose, "chat_hours", json.dumps({"zone": "Europe/Berlin", "week": _WEEK, "holidays": ["2026-12-25"]}))
    studio.go("settings", category="chat", face="hours")
    studio.settle()


def canned(studio: Studio, desk: Desk) -> None:
    """The canned answers."""
    for name, text, word in _ANSWERS:
        desk.do(add_canned, name, text, word)
    studio.go("settings", category="canned")
    studio.settle()


def canned_edit(studio: Studio, desk: Desk) -> None:
    """Writing one, with a placeholder that nobody can fill."""
    editor = _editor(studio, desk)
    editor.text.setPlainText("Hello {{customer.first_name}}, your order {{order.number}} left us today.")
    studio.settle()


def canned_left(studio: Studio, desk: Desk) -> None:
    """Esc while one is being written."""
    editor = _editor(studio, desk)
    editor.text.insertPlainText("Thank you for your patience.")
    editor.leave()
    studio.settle()


def _editor(studio: Studio, desk: Desk) -> CannedEditor:
    canned(studio, desk)
    pane = studio.page(Settings).stack.currentWidget()
    assert isinstance(pane, CannedPane)
    pane.open_editor(None)
    editor = studio.shown.overlay.current()
    assert isinstance(editor, CannedEditor)
    return editor


def canned_called(studio: Studio, desk: Desk) -> None:
    """A canned answer is looked for in a new mail."""
    for name, text, word in _ANSWERS:
        desk.do(add_canned, name, text, word)
    studio.go("inbox", new_to="ana@lindqvist.example")
    page = studio.page(Inbox)
    studio.wait(lambda: page.writing_new and page.around is not None and bool(page.around.answers), "the answers")
    page.call_answer()
    studio.wait(lambda: page.new_mail.answers.list.is_open, "the list of answers")
    studio.settle()


def settings_answering(studio: Studio, _desk: Desk) -> None:
    """How chats are answered."""
    studio.go("settings", category="chat", face="answering")
    studio.settle()


def in_inbox(studio: Studio, desk: Desk) -> None:
    """A chat's ticket in the inbox."""
    who = afternoon(desk)
    found = desk.ask(chat, _key(who.elena))
    assert found is not None
    studio.go("inbox", ticket=found.row.ticket)
    page = studio.page(Inbox)
    studio.wait(lambda: page.shown is not None and page.shown.detail.id == found.row.ticket, "the chat's ticket")


def _key(visitor: Visitor) -> UUID:
    assert visitor.conversation is not None
    return visitor.conversation


def _answer(desk: Desk, visitor: Visitor, text: str, *, read: bool = True) -> None:
    sent = desk.do(commands.send_chat, _key(visitor), text)
    visitor.has(sent.message)
    if read:
        visitor.reads(sent.seq)


def _at(minutes: float, act: Callable[[], object]) -> None:
    """Let something happen so many minutes ago."""
    clock.set_source(lambda: NOW - timedelta(minutes=minutes))
    try:
        act()
    finally:
        clock.set_source(lambda: NOW)
