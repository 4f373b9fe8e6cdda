"""Pictures of the chat widget on a website, taken by Chromium against a desk of their own. Where there is no Chromium, none."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.chats import commands, queries
from app.desk import Desk
from app.people.commands import add_agent
from tests.chats.conftest import Place, running
from tests.chats.shop import Shop
from tests.chats.widget import ROOT, Widget, at
from tests.servers.chromium import Chromium, find_chromium

PHONE = (390, 800)


@dataclass(frozen=True)
class Pose:
    """How the widget is to be seen. `what`: talk, away, rating or closed."""

    what: str
    theme: str = "light"
    lang: str = "en"
    size: tuple[int, int] = (1280, 800)
    colour: str = "#3654d9"


POSES = {
    "widget_closed": Pose("closed"),
    "widget_light": Pose("talk"),
    "widget_dark": Pose("talk", theme="dark"),
    "widget_german": Pose("talk", lang="de"),
    "widget_japanese": Pose("talk", lang="ja"),
    "widget_phone": Pose("talk", size=PHONE),
    "widget_away": Pose("away"),
    "widget_rating": Pose("rating"),
}


def take_widget(target: Path, names: Sequence[str] = tuple(POSES)) -> None:
    """Take these pictures into `target`."""
    if find_chromium() is None or not names:
        return
    with tempfile.TemporaryDirectory() as folder, Chromium(Path(folder) / "browser") as browser, Shop() as shop:
        for number, name in enumerate(names):
            with _place(Path(folder) / str(number), shop) as place:
                _take(browser, shop, place, POSES[name], target / f"{name}.png")
            print(name, flush=True)


@contextlib.contextmanager
def _place(folder: Path, shop: Shop) -> Iterator[Place]:
    with Desk.open(folder, create=True) as desk:
        desk.sit_down(desk.work(add_agent, "Maya Lind"))
        with running(desk, origins=(shop.origin,)) as place:
            yield place


def _take(browser: Chromium, shop: Shop, place: Place, pose: Pose, picture: Path) -> None:
    look = {"deskbell": place.base, "colour": pose.colour, "theme": pose.theme, "name": "Lark &amp; Loom"}
    with browser.page(size=pose.size) as page:
        widget = Widget(
            page, shop.put("/", look, lang=pose.lang, css="body { margin: 24px; font-family: sans-serif }")
        ).visit()
        if pose.what == "away":
            place.desk.do(commands.set_away, True)
            widget.open()
        elif pose.what != "closed":
            _talk(widget, place, ends=pose.what == "rating")
        widget.until("document.fonts.status === 'loaded'", "the fonts")
        page.picture(picture)


def _talk(widget: Widget, place: Place, *, ends: bool) -> None:
    widget.open().say("Hello! I am trying to pay with my card but the page says “declined”.")
    widget.until_sent()
    (row,) = place.desk.ask(queries.chat_rows, pile="waiting")
    place.desk.do(
        commands.send_chat, row.id, "Hello, sorry about that. Which card are you using? Please don’t send the number."
    )
    widget.until_shown("Hello, sorry about that.", own=False)
    widget.say("A Maestro card, from my bank in Vienna.")
    widget.until_sent()
    place.desk.do(
        commands.send_chat, row.id, "We take Visa, Mastercard, SEPA transfer and PayPal: https://shop.example/pay"
    )
    widget.until_shown("We take Visa", own=False)
    place.desk.do(commands.mark_read, row.id, 3)
    widget.until(
        f"[...{ROOT}.querySelectorAll('.row.in .meta')].at(-1).textContent === {at('.row.in .meta')}.textContent",
        "read",
    )
    if ends:
        place.desk.do(commands.end_chat, row.id)
        widget.page.click(at(".rate .star:nth-child(4)"))
    else:
        place.desk.do(commands.typing, row.id, True)
        widget.until(f"!{at('.dots')}.hidden", "typing")
