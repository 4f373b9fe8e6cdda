"""The widget in a real browser and the desk, both ways: what one does, the other sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest

from app.chats import commands, queries
from app.conversations.commands import NewFile
from app.people.photos import set_photo
from tests.chats.conftest import Place
from tests.chats.widget import ROOT, Widget, at, demo
from tests.servers.chromium import Chromium, Page
from tests.servers.ports import wait_until

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc0000003010100c9fe92ef"
    "0000000049454e44ae426082"
)


@pytest.fixture
def page(chromium: Chromium) -> Iterator[Page]:
    """A fresh page; whatever its scripts threw fails the test."""
    with chromium.page() as opened:
        yield opened
        assert opened.problems() == []


@pytest.fixture
def widget(page: Page, place: Place) -> Widget:
    """The widget on its page, still closed."""
    return Widget(page, demo(place.base)).visit()


def the_chat(place: Place) -> UUID:
    """The only conversation that is going on."""
    rows = [*place.desk.ask(queries.chat_rows, pile="waiting"), *place.desk.ask(queries.chat_rows, pile="live")]
    (row,) = rows
    return row.id


def until(place: Place, conversation: UUID, condition: Callable[[queries.ChatView], bool], what: str) -> None:
    """Wait until the desk shows a chat so."""

    def holds() -> bool:
        chat = place.desk.ask(queries.chat, conversation)
        return chat is not None and condition(chat)

    wait_until(holds, 120, what)


def begun(widget: Widget, place: Place, words: str = "Is it in stock?") -> UUID:
    """A chat that the visitor has begun and the desk has."""
    widget.open().say(words)
    widget.until_shown(words, own=True, meta="Sent")
    return the_chat(place)


def test_both_ways_with_typing_and_ticks(widget: Widget, place: Place) -> None:
    chat = begun(widget, place)
    widget.until_text(".state", "You are number 1 in the queue")
    place.desk.do(commands.typing, chat, True)
    widget.until_text(".state", "is typing")
    place.desk.do(commands.send_chat, chat, "It is. Shall we put one aside?")
    widget.until_shown("It is. Shall we put one aside?", own=False, meta="Ann")
    widget.until_text("h2", "Ann")
    until(place, chat, lambda seen: seen.lines[-1].read_at is not None, "the visitor has read it")
    place.desk.do(commands.mark_read, chat, 1)
    widget.until_shown("Is it in stock?", own=True, meta="Read")


def test_the_rep_sees_the_visitor_typing(widget: Widget, place: Place) -> None:
    chat = begun(widget, place)
    heard: list[tuple[str, bool]] = []
    quit_listening = place.desk.listen(
        lambda changes: heard.extend(
            (str(word.payload["who"]), bool(word.payload["on"]))
            for word in changes.signals
            if word.topic == "chat_typing"
        )
    )
    try:
        widget.type("And in blue")
        wait_until(lambda: ("visitor", True) in heard, 120, "typing is heard")
    finally:
        quit_listening()
    assert chat == the_chat(place)


def test_a_reload_keeps_what_was_said_and_what_was_begun(widget: Widget, place: Place) -> None:
    chat = begun(widget, place)
    place.desk.do(commands.send_chat, chat, "Yes.")
    widget.until_shown("Yes.", own=False)
    widget.type("I would like")
    widget.page.reload()
    widget.is_there()
    widget.until_shown("Is it in stock?", own=True)
    widget.until_shown("Yes.", own=False)
    widget.until(f"{at('.composer textarea')}?.value === 'I would like'", "the draft")
    place.desk.do(commands.send_chat, chat, "Are you still there?")
    widget.until_shown("Are you still there?", own=False)
    assert the_chat(place) == chat


def test_a_message_while_closed_is_counted_and_shown(widget: Widget, place: Place) -> None:
    chat = begun(widget, place)
    widget.page.key("Escape")
    widget.until(
        f"{at('.panel')}.hidden && {ROOT}.activeElement === {at('.bub')}", "closed, the keyboard at the bubble"
    )
    place.desk.do(commands.send_chat, chat, "One is left.")
    widget.until_text(".tease", "One is left.")
    widget.until(f"{at('.bub')}.getAttribute('aria-label') === 'Open the chat, new messages: 1'", "the badge")
    widget.open()
    widget.until_shown("One is left.", own=False)
    widget.until(f"{at('.bub em')}.hidden", "the badge is gone")


def test_text_is_text_and_links_lead_to_the_web_only(widget: Widget, place: Place) -> None:
    nasty = '<img src=x onerror="window.hurt = 1"> javascript:alert(1) https://shop.example/a?b=1. data:text/html,x'
    chat = begun(widget, place, nasty)
    place.desk.do(commands.send_chat, chat, "<script>window.hurt = 2</script> ftp://x.example http://y.example/z)")
    widget.until_shown("<script>window.hurt = 2</script>", own=False)
    widget.until_shown("<img src=x onerror", own=True)
    assert widget.page.js("window.hurt ?? null") is None
    links = widget.page.js(f"[...{ROOT}.querySelectorAll('.m a')].map(a => a.href + ' ' + a.rel)")
    rel = "noopener noreferrer nofollow ugc"
    assert links == [f"https://shop.example/a?b=1 {rel}", f"http://y.example/z {rel}"]


def test_files_go_both_ways(widget: Widget, place: Place, tmp_path: Path) -> None:
    chat = begun(widget, place)
    picture = tmp_path / "frame.png"
    picture.write_bytes(PNG)
    widget.page.choose_files(at("input[type=file]"), [picture])
    widget.until_text(".chip", "frame.png")
    widget.say("Like this one")
    widget.until_shown("Like this one", own=True, meta="Sent")
    until(place, chat, lambda seen: [one.filename for one in seen.lines[-1].files] == ["frame.png"], "the file")
    ours = place.desk.packs.append(PNG)
    place.desk.packs.flush()
    place.desk.do(commands.send_chat, chat, "Here is ours", [NewFile("ours.png", "image/png", ours)])
    widget.until_shown("Here is ours", own=False)
    widget.until(f"{at('.row.out img.pic')}?.naturalWidth === 1", "the desk's picture is loaded")
    widget.page.reload()
    widget.is_there().until(f"{at('.row.in img.pic')}?.naturalWidth === 1", "the visitor's own picture after a reload")


def test_files_that_cannot_be_taken_are_refused_in_words(widget: Widget, place: Place, tmp_path: Path) -> None:
    begun(widget, place)
    disguised, large, program = tmp_path / "holiday.png", tmp_path / "long.txt", tmp_path / "run.exe"
    disguised.write_bytes(b"MZ" + bytes(200))
    large.write_bytes(b"x" * (5 * 1024 * 1024 + 1))
    program.write_bytes(b"MZ" + bytes(200))
    for path, words in (
        (large, "long.txt is larger than 5 MB."),
        (program, "run.exe is a kind of file that we do not take."),
        (disguised, "holiday.png is a kind of file that we do not take."),
    ):
        widget.page.choose_files(at("input[type=file]"), [path])
        widget.until_text(".note", words)
    widget.until(f"!{at('.chip')}", "no file is left over")


def test_a_chat_is_ended_and_rated(widget: Widget, place: Place) -> None:
    chat = begun(widget, place)
    place.desk.do(commands.send_chat, chat, "It is.")
    widget.until_shown("It is.", own=False)
    widget.choose("End the chat")
    widget.page.click(at(".extra .primary"))
    widget.page.click(at(".rate .star:nth-child(4)"))
    widget.into(".rate textarea")
    widget.page.type("Quick and kind")
    widget.page.click(at(".rate .primary"))
    widget.until_text(".state", "Thank you for your answer.")
    until(place, chat, lambda seen: seen.row.state == "ended", "the chat has ended")
    widget.until(f"!{at('.rate')}", "the question is gone")


_PAINTED = "[...{face}.querySelector('canvas')?.getContext('2d').getImageData(40, 40, 1, 1).data ?? []].join()"
"""The colour in the middle of a picture; empty where initials stand."""


def test_whoever_answers_is_seen(widget: Widget, place: Place) -> None:
    """A picture beside the name, in the head and at each word; initials where there is none, or no more."""
    chat = begun(widget, place)
    place.desk.do(commands.send_chat, chat, "It is.")
    widget.until_shown("It is.", own=False)
    head, word = _PAINTED.format(face=at("header .face")), _PAINTED.format(face=at(".row.out .face"))
    assert (widget.text("header .face"), widget.page.js(head)) == ("A", "")
    place.desk.work(set_photo, place.agent, PNG)
    widget.page.reload()
    widget.is_there().until(f"{head} === '255,0,0,255' && {word} === '255,0,0,255'", "the picture")
    widget.page.reload()
    widget.is_there().until(f"{head} === '255,0,0,255'", "the picture, kept in the browser")
    place.desk.work(set_photo, place.agent, None)
    widget.page.reload()
    widget.is_there().until(f"{head} === '' && {word} === ''", "initials again")


def test_whoever_is_blocked_is_offered_nothing_that_cannot_be_done(widget: Widget, place: Place) -> None:
    chat = begun(widget, place)
    place.desk.do(commands.send_chat, chat, "It is.")
    widget.until_text(".foot", "Mail it to me")
    found = place.desk.ask(queries.chat, chat)
    assert found is not None
    place.desk.do(commands.block_visitor, found.row.visitor)
    widget.until_text("header", "This chat is not available.")
    widget.until(f"!{at('.slot')}.firstElementChild", "nothing to write into")
    assert widget.page.js(f"{at('.foot')}.hidden")
    widget.page.click(at("header [aria-haspopup=menu]"))
    assert widget.page.js(f"[...{ROOT}.querySelectorAll('[role=menuitem]')].map(one => one.textContent)") == [
        "Turn the sound off"
    ]
    place.desk.do(commands.unblock_visitor, found.row.visitor)
    widget.page.reload()
    widget.is_there().say("Thank you")
    widget.until_shown("Thank you", own=True, meta="Sent")


def test_nobody_types_in_a_chat_that_is_over(widget: Widget, place: Place) -> None:
    chat = begun(widget, place)
    place.desk.do(commands.send_chat, chat, "It is.")
    widget.until_shown("It is.", own=False)
    place.desk.do(commands.typing, chat, True)
    widget.until_text(".state", "is typing")
    place.desk.do(commands.end_chat, chat)
    widget.until(at(".rate"), "the question at the end")
    assert "typing" not in widget.text(".state")
    assert widget.page.js(f"{at('.dots')}.hidden")


def test_while_nobody_is_there_a_question_becomes_a_ticket(widget: Widget, place: Place) -> None:
    place.desk.do(commands.set_away, True)
    widget.open()
    widget.until_text(".slot", "Leave us your question. We answer by e-mail.")
    widget.page.click(at(".slot .primary"))
    widget.until(f"{ROOT}.activeElement?.id.startsWith('db-name')", "the first field that is wrong has the keyboard")
    widget.until_text(".slot .error", "Please tell us your name.")
    widget.fill(name="Elena Ruiz", email="elena@shop.example", text="Do you ship to Spain?")
    widget.page.click(at(".slot .primary"))
    widget.until_text(".thanks", "elena@shop.example")
    wait_until(lambda: bool(place.desk.ask(queries.chat_rows, pile="ended")), 120, "the ticket")
    (row,) = place.desk.ask(queries.chat_rows, pile="ended")
    assert (row.name, row.email, row.verified, row.state) == ("Elena Ruiz", "elena@shop.example", False, "missed")


def test_nothing_is_asked_of_anybody_before_the_chat_is_opened(widget: Widget, place: Place) -> None:
    opened = [f"{place.base}/demo?lang=en", f"{place.base}/widget.js"]
    assert [one for one in widget.page.requests() if not one.startswith("data:")] == opened
    begun(widget, place)
    sockets = [one for one in widget.page.requests() if one.startswith("ws")]
    assert sockets == [place.base.replace("http", "ws") + "/chat"]
    assert all(place.base.split("//")[1] in one for one in widget.page.requests() if not one.startswith("data:"))
