"""How the widget stands on a page: for screen readers and the keyboard, in every language, on a phone, on strict pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.chats import commands, queries
from app.people.commands import add_agent
from tests.chats.conftest import Place, running
from tests.chats.shop import Shop
from tests.chats.widget import ROOT, Widget, at, demo
from tests.empty_desk import empty_desk
from tests.servers.chromium import Chromium, Page
from tests.servers.ports import wait_until

CONTROLS = {"button", "textbox", "link", "radio", "menuitem", "combobox", "checkbox"}
HOSTILE = "body * { all: unset !important; display: none !important } button { color: red; font-size: 90px } div { display: none }"
STRICT = "default-src 'self'; connect-src ws: http:; img-src http: blob:; style-src 'none'"


@pytest.fixture
def page(chromium: Chromium) -> Iterator[Page]:
    """A fresh page; whatever its scripts threw fails the test."""
    with chromium.page() as opened:
        yield opened
        assert opened.problems() == []


def test_a_screen_reader_finds_everything_by_name(page: Page, place: Place) -> None:
    widget = Widget(page, demo(place.base)).visit()
    widget.until(f"{at('.bub')}.getAttribute('aria-label') === 'Open the chat'", "the bubble's name")
    widget.open().say("Hello")
    widget.until_shown("Hello", meta="Sent")
    (row,) = place.desk.ask(queries.chat_rows, pile="waiting")
    place.desk.do(commands.send_chat, row.id, "Good morning")
    widget.until_shown("Good morning", own=False)
    nodes = page.tree()
    dialog = next(node for node in nodes if node["role"] == "dialog")
    assert dialog["name"] == "Chat with Ann"
    assert not dialog.get("modal"), "beside the page, which stays usable"
    assert [node["name"] for node in nodes if node["role"] == "log"] == ["Messages"]
    assert any(
        node["role"] == "textbox" and node["name"] == "Write a message" and node.get("focused") for node in nodes
    )
    assert not [node for node in nodes if node["role"] in CONTROLS and not node["name"]]
    said = [str(node["name"]).strip() for node in nodes if node["role"] == "StaticText"]
    assert {"You:", "Ann:", "Hello", "Good morning"} <= set(said)
    live = page.js(f"[...{ROOT}.querySelectorAll('[aria-live], [role=status], [role=log]')].length")
    assert live >= 3


def test_the_composer_stands_at_the_bottom_before_a_word_was_said(page: Page, place: Place) -> None:
    widget = Widget(page, demo(place.base)).visit().open()
    below = f"{at('.panel')}.getBoundingClientRect().bottom - {at('.composer')}.getBoundingClientRect().bottom"
    widget.until(f"{below} < 48", "the composer at the bottom")
    widget.say("Hello")
    widget.until(f"{below} < 48", "and there it stays")


def test_everything_by_keyboard(page: Page, place: Place) -> None:
    widget = Widget(page, demo(place.base)).visit()
    page.js(f"{at('.bub')}.focus()")
    page.key("Enter")
    widget.until(f"{ROOT}.activeElement === {at('.composer textarea')}", "the composer has the keyboard")
    page.type("first line")
    page.key("Enter", shift=True)
    page.type("second line")
    page.key("Enter")
    widget.until_shown("first line\nsecond line", meta="Sent")
    widget.until_text(".state", "You are number 1")
    page.js(f"{at('header [aria-haspopup=menu]')}.focus()")
    page.key("Enter")
    widget.until(f"{ROOT}.activeElement?.getAttribute('role') === 'menuitem'", "the menu has the keyboard")
    page.key("ArrowUp")
    widget.until(f"{ROOT}.activeElement?.textContent === 'End the chat'", "the last action")
    page.key("Escape")
    widget.until(f"{at('.menu')}.hidden && {ROOT}.activeElement?.matches('[aria-haspopup=menu]')", "the menu is closed")
    page.key("Escape")
    widget.until(f"{at('.panel')}.hidden && {ROOT}.activeElement === {at('.bub')}", "back at the bubble")


def test_an_input_method_keeps_its_enter(page: Page, place: Place) -> None:
    """Enter that takes a Japanese word as it was composed sends nothing."""
    widget = Widget(page, demo(place.base, "lang=ja")).visit().open()
    page.call("Input.imeSetComposition", text="こんにちは", selectionStart=5, selectionEnd=5)
    page.js(
        f"{at('.composer textarea')}.dispatchEvent(new KeyboardEvent('keydown', {{key: 'Enter', isComposing: true, bubbles: true}}))"
    )
    page.call("Input.insertText", text="こんにちは")
    widget.until(f"{at('.composer textarea')}.value === 'こんにちは'", "the word is still being written")
    assert widget.shown() == []
    page.key("Enter")
    widget.until_shown("こんにちは", meta="送信済み")


def test_on_a_phone_it_covers_the_screen_and_keeps_the_keyboard(page: Page, place: Place) -> None:
    page.size(390, 800, mobile=True)
    widget = Widget(page, demo(place.base)).visit().open()
    box = page.js(f"(r => [r.x, r.y, r.width, r.height])({at('.panel')}.getBoundingClientRect())")
    assert box == [0, 0, 390, 800]
    assert page.js(f"parseFloat(getComputedStyle({at('.composer textarea')}).fontSize)") >= 16, (
        "no zoom on the first tap"
    )
    assert any(node["role"] == "dialog" and node.get("modal") for node in page.tree())
    order = []
    for _ in range(8):
        page.key("Tab")
        order.append(page.js(f"{ROOT}.activeElement ? {ROOT}.activeElement.closest('.panel') !== null : false"))
    assert order == [True] * 8
    small = page.js(
        f"[...{ROOT}.querySelectorAll('.panel button')].filter(b => b.offsetParent).map(b => b.getBoundingClientRect())"
        ".filter(r => r.height < 24 || r.width < 24).length"
    )
    assert small == 0
    assert widget.page.js("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize(
    ("lang", "opens", "writes"),
    [
        ("en-GB", "Open the chat", "Write a message"),
        ("de", "Chat öffnen", "Nachricht schreiben"),
        ("es", "Abrir el chat", "Escriba un mensaje"),
        ("pt-BR", "Abrir o chat", "Escreva uma mensagem"),
        ("fr", "Ouvrir la discussion", "Écrire un message"),
        ("ja", "チャットを開く", "メッセージを入力"),
        ("xx", "Open the chat", "Write a message"),
    ],
)
def test_it_speaks_the_language_of_the_page(page: Page, place: Place, lang: str, opens: str, writes: str) -> None:
    widget = Widget(page, demo(place.base, f"lang={lang}")).visit()
    widget.until(f"{at('.bub')}.getAttribute('aria-label') === {opens!r}", "the bubble's name")
    widget.open()
    assert page.js(f"{at('.composer textarea')}.placeholder") == writes
    fits = f"[...{ROOT}.querySelectorAll('.panel, .panel *')].every(e => e.matches('.vh, textarea, svg *') || e.scrollWidth <= e.clientWidth + 1 || !e.clientWidth)"
    assert page.js(fits), "nothing is cut off"


def test_a_strict_page_with_styles_of_its_own_changes_nothing(page: Page, tmp_path: Path) -> None:
    """Another origin, a Content-Security-Policy that forbids styles, and CSS that would break whatever it reached."""
    with Shop() as shop, empty_desk(tmp_path / "desk") as desk:
        desk.sit_down(desk.work(add_agent, "Ann"))
        with running(desk, origins=(shop.origin,)) as place:
            plain = Widget(page, demo(place.base)).visit().open()
            expected = page.js(f"(r => [r.width, r.height])({at('.panel')}.getBoundingClientRect())")
            plain.until(f"{at('.panel')}", "the panel")
            for policy, css in (("", HOSTILE), (STRICT, "")):
                shop.policy = policy
                url = shop.put("/", {"deskbell": place.base, "colour": "#8a2be2", "side": "left"}, css=css)
                widget = Widget(page, url).visit()
                page.js("DeskbellChat.open()")
                widget.say(f"from a website {policy}")
                widget.until_shown("from a website", meta="Sent")
                assert page.js(f"(r => [r.x, r.width, r.height])({at('.panel')}.getBoundingClientRect())") == [
                    16,
                    *expected,
                ]
                assert page.js(f"getComputedStyle({at('.send')}).backgroundColor") == "rgb(138, 43, 226)"
            wait_until(lambda: len(desk.ask(queries.chat_rows, pile="waiting")) == 1, 120, "one visitor")


def test_a_website_that_is_not_allowed_gets_nothing(page: Page, place: Place) -> None:
    with Shop() as shop:
        widget = Widget(page, shop.put("/", {"deskbell": place.base})).visit()
        page.click(at(".bub"))
        widget.until_text(".slot", "Your question is kept in this browser")
        assert place.desk.ask(queries.chat_rows, pile="waiting") == ()


def test_before_the_chat_it_may_ask_who_you_are(page: Page, tmp_path: Path) -> None:
    with empty_desk(tmp_path / "desk") as desk:
        desk.sit_down(desk.work(add_agent, "Ann"))
        with running(desk, prechat=True) as place:
            widget = Widget(page, demo(place.base)).visit().open()
            widget.fill(name="Elena Ruiz", email="elena@shop", text="Is it in stock?")
            page.key("Tab")
            page.click(at(".slot .primary"))
            widget.until_text(".slot", "Please enter a whole e-mail address.")
            widget.fill(email=".example")
            page.click(at(".slot .primary"))
            widget.until_shown("Is it in stock?", meta="Sent")
            (row,) = desk.ask(queries.chat_rows, pile="waiting")
            assert (row.name, row.email, row.verified) == ("Elena Ruiz", "elena@shop.example", False)
            widget.until(f"{ROOT}.activeElement === {at('.composer textarea')}", "the composer has the keyboard")


def test_with_the_systems_own_few_colours_everything_is_still_seen(page: Page, place: Place) -> None:
    """High contrast (forced colours) takes grounds and shadows away: what is told by them alone would be gone."""
    widget = Widget(page, demo(place.base)).visit()
    page.call("Emulation.setEmulatedMedia", features=[{"name": "forced-colors", "value": "active"}])
    widget.open()
    assert page.js(f"getComputedStyle({at('.box')}).outlineStyle") != "none", "where the keyboard is"
    widget.say("Is it in stock?")
    widget.until_shown("Is it in stock?", meta="Sent")
    (row,) = place.desk.ask(queries.chat_rows, pile="waiting")
    place.desk.do(commands.typing, row.id, True)
    widget.until(f"!{at('.dots')}.hidden", "somebody types")
    dots = f"getComputedStyle({at('.dots i')}).backgroundColor"
    assert page.js(dots) != page.js(f"getComputedStyle({at('.dots .m')}).backgroundColor"), "the dots of who types"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_can_be_read(page: Page, place: Place, theme: str) -> None:
    """Contrast of at least 4.5:1 for each text, whatever colour the owner chose."""
    for colour in ("2f6fed", "ffe100", "101010", "7fc8a9", "e01f5a"):
        widget = Widget(page, demo(place.base, f"lang=en&theme={theme}&colour=%23{colour}")).visit()
        page.js("DeskbellChat.open()")
        widget.until(f"{at('.composer textarea')}", "the composer")
        if colour == "2f6fed":
            widget.say("See https://shop.example/")
            widget.until_shown("See", meta="Sent")
        assert page.js(_CONTRAST) == []


_CONTRAST = f"""(() => {{
  const rgb = text => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const ground = e => {{ for (; e; e = e.parentElement) {{ const c = rgb(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] > 0) return c }} return [255, 255, 255] }};
  const bad = [];
  for (const e of {ROOT}.querySelectorAll('.panel *')) {{
    const text = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!text || !e.offsetParent || e.closest('.vh')) continue;
    const [a, b] = [light(rgb(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
    if ((a + .05) / (b + .05) < 4.5) bad.push(e.className + ' ' + e.textContent + ' ' + ((a + .05) / (b + .05)).toFixed(2));
  }}
  return bad;
}})()"""
