"""A visitor with a browser: the widget on the demo page in a real Chromium, used by mouse and keyboard.

Everything is waited for as a person would see it; `kept` looks into the page's storage to count what is there.
"""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass
from typing import Any

from tests.servers.chromium import DEADLINE_S, Page

ROOT = "document.getElementById('deskbell-chat').shadowRoot"
_LINES = (
    f"[...{ROOT}.querySelectorAll('.log .item .row')].map(row => {{ const m = row.querySelector('.m').cloneNode(true);"
    " m.querySelectorAll('.vh').forEach(one => one.remove());"
    " return {own: row.classList.contains('in'), bad: row.classList.contains('bad'),"
    " text: m.textContent, meta: row.querySelector('.meta').textContent} })"
)


@dataclass(frozen=True)
class Shown:
    """A message as it stands in the log. `meta`: the words below it."""

    own: bool
    text: str
    meta: str
    bad: bool


def at(selector: str) -> str:
    """The element of the widget with this selector, as an expression."""
    return f"{ROOT}.querySelector({json.dumps(selector)})"


class Widget:
    """The widget on one page: the demo page of a desk (`demo`), or any other with the snippet."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self._url = page, url

    def visit(self) -> Widget:
        """Go to the page; the bubble is there."""
        self.page.prefer(reduced_motion="reduce")  # nothing moves away under the mouse
        self.page.go(self._url)
        return self.is_there()

    def is_there(self) -> Widget:
        """Wait until the widget stands on the page, after a reload."""
        self.page.wait("!!document.getElementById('deskbell-chat') && !!window.DeskbellChat", "the widget")
        return self

    def open(self) -> Widget:
        """Click the bubble; returns when there is something to type into."""
        self.page.click(at(".bub"))
        self.until(f"{at('.slot textarea')} && {ROOT}.activeElement?.closest('.slot')", "a field with the keyboard")
        return self

    def say(self, text: str) -> None:
        """Type into the composer and press Enter."""
        self.type(text)
        self.page.key("Enter")
        self.until(f"{at('.composer textarea')}.value === ''", "the composer is empty again")

    def type(self, text: str) -> None:
        """Type into the composer, without sending."""
        self.into(".composer textarea")
        self.page.type(text)

    def into(self, selector: str) -> None:
        """Click into a field until it has the keyboard: what comes in may move it just then."""
        until = time.monotonic() + DEADLINE_S
        while True:
            self.page.click(at(selector))
            with contextlib.suppress(TimeoutError):
                self.until(f"{ROOT}.activeElement === {at(selector)}", f"{selector} has the keyboard", 2)
                return
            if time.monotonic() > until:
                raise TimeoutError(f"{selector} never got the keyboard")

    def say_many(self, texts: list[str]) -> None:
        """Send messages as fast as a program can, through the very composer."""
        self.page.js(
            f"{json.dumps(texts)}.forEach(text => {{ const box = {at('.composer textarea')}; box.value = text;"
            f" box.dispatchEvent(new Event('input')); {at('.composer')}.requestSubmit() }})"
        )

    def until(self, expression: str, what: str, seconds: float = DEADLINE_S) -> None:
        """Wait for something of the page."""
        self.page.wait(f"!!({expression})", what, seconds)

    def shown(self) -> list[Shown]:
        """The log as it is now."""
        return [Shown(**one) for one in self.page.js(_LINES)]

    def until_shown(self, text: str, *, own: bool | None = None, meta: str = "", seconds: float = DEADLINE_S) -> None:
        """Wait until a message stands there, with these words in the line below it or below its group."""
        own_too = "" if own is None else f" && one.own === {json.dumps(own)}"
        self.until(
            f"(all => all.some((one, i) => one.text.includes({json.dumps(text)}){own_too} &&"
            f" (all.slice(i).find(o => o.own === one.own && o.meta)?.meta ?? '').includes({json.dumps(meta)})))({_LINES})",
            f"“{text}” {meta}",
            seconds,
        )

    def until_sent(self, seconds: float = DEADLINE_S) -> None:
        """Wait until the desk has confirmed all that was written."""
        self.until(f"{_KEYS}.every(key => !key.includes(':out:'))", "everything is confirmed", seconds)

    def text(self, selector: str) -> str:
        """The text of an element of the widget."""
        return str(self.page.js(f"{at(selector)}?.textContent ?? ''"))

    def until_text(self, selector: str, words: str) -> None:
        """Wait until an element says these words."""
        self.until(f"{at(selector)}?.textContent.includes({json.dumps(words)})", f"{selector}: {words}")

    def kept(self, key: str) -> Any:
        """What the page's storage has under a key of the widget's."""
        return self.page.js(
            f"JSON.parse(localStorage[Object.keys(localStorage).find(k => k.endsWith({json.dumps(':' + key)}))] ?? 'null')"
        )

    def choose(self, words: str) -> None:
        """Pick an action of the menu in the head."""
        self.page.click(at("header [aria-haspopup=menu]"))
        self.page.click(
            f"[...{ROOT}.querySelectorAll('[role=menuitem]')].find(e => e.textContent === {json.dumps(words)})"
        )

    def fill(self, **values: str) -> None:
        """Fill in the form that is shown: name, email, text."""
        for name, value in values.items():
            self.into(f".slot .ask [id^=db-{name}]:not(span)")
            self.page.type(value)


def demo(base: str, query: str = "lang=en") -> str:
    """The address of a desk's page for trying the chat."""
    return f"{base}/demo?{query}"


_KEYS = "Object.keys(localStorage)"
