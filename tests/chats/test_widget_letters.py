"""What goes beside the chat: the code that proves an address, the chat as a letter, a question left while the desk is off."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.chats import commands, queries
from app.chats.commands.identifying import identity_signature
from app.chats.rules import ChannelSettings
from app.conversations.mailboxes import NewMailbox, add_mailbox
from app.conversations.tables import Message
from app.kernel import clock
from app.people.commands import add_agent
from tests.chats.conftest import Place, running
from tests.chats.shop import Shop
from tests.chats.widget import Widget, at, demo
from tests.empty_desk import empty_desk
from tests.servers.chromium import Chromium, Page
from tests.servers.ports import free_ports, wait_until
from tests.servers.wire import Wire

BOX = NewMailbox("help@desk.example", "imap://127.0.0.1:1", "smtp://127.0.0.1:1", "help", "ref")


@pytest.fixture
def page(chromium: Chromium) -> Iterator[Page]:
    """A fresh page; whatever its scripts threw fails the test."""
    with chromium.page() as opened:
        yield opened
        assert opened.problems() == []


def letters(db: Session) -> list[str]:
    """The text of every letter that was queued, newest last."""
    return list(db.scalars(select(Message.text).where(Message.channel == "email").order_by(Message.occurred_at)))


def answered(place: Place, widget: Widget) -> queries.ChatRow:
    """A chat with a word from either side."""
    widget.open().say("Is it in stock?")
    widget.until_sent()
    (row,) = place.desk.ask(queries.chat_rows, pile="waiting")
    place.desk.do(commands.send_chat, row.id, "It is.")
    widget.until_shown("It is.", own=False)
    return row


def test_a_mailed_code_proves_the_address(page: Page, place: Place) -> None:
    place.desk.do(add_mailbox, BOX)
    widget = Widget(page, demo(place.base)).visit()
    row = answered(place, widget)
    place.desk.do(commands.send_code, row.id, "elena@shop.example")
    found = re.search(r"\b(\d{6})\b", place.desk.ask(letters)[-1])
    assert found is not None
    wrong = f"{(int(found[1]) + 1) % 1_000_000:06d}"
    widget.choose("Enter the code from our e-mail")
    widget.into(".small-form input")
    page.type(wrong)
    page.key("Enter")
    widget.until_text(".note", "That is not the code.")
    page.js(f"{at('.small-form input')}.value = ''")
    widget.into(".small-form input")
    page.type(found[1])
    page.key("Enter")
    widget.until_text(".note", "Your address is confirmed.")
    chat = place.desk.ask(queries.chat, row.id)
    assert chat is not None
    assert (chat.row.email, chat.row.verified) == ("elena@shop.example", True)


def test_the_chat_is_mailed_on_demand(page: Page, place: Place) -> None:
    place.desk.do(add_mailbox, BOX)
    widget = Widget(page, demo(place.base)).visit()
    answered(place, widget)
    widget.until_text(".foot", "Mail it to me")
    page.click(at(".foot"))
    widget.into(".small-form input")
    page.type("elena@shop.example")
    page.key("Enter")
    widget.until_text(".note", "It is on its way to elena@shop.example.")
    letter = place.desk.ask(letters)[-1]
    assert "Is it in stock?" in letter
    assert "It is." in letter


def test_whoever_waits_may_leave_an_address_for_the_answer(page: Page, place: Place) -> None:
    page.size(360, 640, mobile=True)
    widget = Widget(page, demo(place.base, "lang=de")).visit().open()
    widget.say("Gibt es das in Blau?")
    widget.until_text(".foot", "Antwort per E-Mail erhalten")
    page.click(at(".foot"))
    widget.into(".small-form input")
    assert page.js(f"{at('.small-form input')}.offsetWidth") >= 200, "an address can be read while it is typed"
    page.type("elena@shop.example")
    page.key("Enter")
    widget.until_text(".note", "Wir antworten an elena@shop.example")
    widget.until_text(".foot", "Per E-Mail zusenden")
    (row,) = place.desk.ask(queries.chat_rows, pile="waiting")
    assert (row.email, row.verified) == ("elena@shop.example", False)


def test_a_question_left_while_the_desk_is_off_arrives_when_it_is_back(page: Page, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    with Shop() as shop, empty_desk(tmp_path / "desk") as desk:
        desk.sit_down(desk.work(add_agent, "Ann"))
        widget = Widget(page, shop.put("/", {"deskbell": f"http://127.0.0.1:{port}"})).visit()
        page.js("DeskbellChat.open()")
        widget.until_text(".slot", "Your question is kept in this browser")
        widget.fill(name="Elena Ruiz", email="elena@shop.example", text="Do you ship to Spain?")
        page.click(at(".slot .primary"))
        widget.until_text(".thanks", "Your question is kept in this browser")
        page.reload()
        widget.is_there()
        with running(desk, ChannelSettings(port=port, origins=(shop.origin,))):
            wait_until(lambda: bool(desk.ask(queries.chat_rows, pile="ended")), 120, "the ticket")
            widget.until("!Object.keys(localStorage).some(key => key.endsWith(':form'))", "it is no longer kept")
        (row,) = desk.ask(queries.chat_rows, pile="ended")
        assert (row.name, row.email, row.state) == ("Elena Ruiz", "elena@shop.example", "missed")


@pytest.mark.slow
def test_a_line_that_died_in_silence_is_noticed(page: Page, place: Place) -> None:
    """As after a sleep: nobody hung up, and nothing comes through."""
    with Wire(place.port) as wire:
        widget = Widget(page, demo(f"http://127.0.0.1:{wire.port}")).visit()
        answered(place, widget)
        wire.stall()
        widget.say("into the silence")
        lines = wire.connections
        wait_until(lambda: wire.connections > lines, 120, "another line")
        wire.resume()
        widget.until_sent()
        widget.until_shown("into the silence", own=True, meta="Sent")
        (row,) = place.desk.ask(queries.chat_rows, pile="live")
        chat = place.desk.ask(queries.chat, row.id)
        assert chat is not None
        assert [line.text for line in chat.lines if line.direction == "in"] == ["Is it in stock?", "into the silence"]


def test_the_website_vouches_for_its_visitor(page: Page, place: Place) -> None:
    at_s, name, email = int(clock.now().timestamp()), "Elena Ruiz", "elena@shop.example"
    said = {
        "email": email,
        "name": name,
        "at": at_s,
        "sig": identity_signature(name, email, at_s, "the site's own key"),
    }
    widget = Widget(page, demo(place.base)).visit()
    page.js(f"DeskbellChat.identify({json.dumps({**said, 'sig': '0' * 64})})")
    widget.open().say("By a forged word")
    widget.until_sent()
    (row,) = place.desk.ask(queries.chat_rows, pile="waiting")
    assert (row.email, row.verified) == ("", False)
    page.js(f"DeskbellChat.identify({json.dumps(said)})")

    def is_proven() -> bool:
        (now,) = place.desk.ask(queries.chat_rows, pile="waiting")
        return (now.name, now.email, now.verified) == (name, email, True)

    wait_until(is_proven, 120, "the proof")
