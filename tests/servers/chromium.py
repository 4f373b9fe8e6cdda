"""A real browser for tests: Chromium without a window, driven over its DevTools protocol.

    with Chromium(folder) as browser, browser.page() as page:
        page.go(url)
        page.wait("document.title === 'Shop'", "the page")

A page has a browser context of its own, so storage and cookies are nobody else's; `page.beside()` opens a second tab of
the same context. The protocol's few calls that tests need are spoken here over a WebSocket, instead of by a library that
brings a driver program which has to fit the browser's version. Whoever asks waits; a thread of its own holds the line.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

import aiohttp

from tests.servers.ports import wait_until

T = TypeVar("T")
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--no-default-browser-check",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
    "--disable-default-apps", "--metrics-recording-only", "--mute-audio", "--hide-scrollbars", "--remote-debugging-port=0",
    "--disable-background-timer-throttling", "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows",
    "--password-store=basic", "--font-render-hinting=none",
)  # fmt: skip
DEADLINE_S = 120.0
"""How long anything may take on a machine that has something else to do."""

_KEYS = {
    "Enter": (13, "\r"), "Escape": (27, ""), "Tab": (9, ""), "Backspace": (8, ""), "ArrowDown": (40, ""), "ArrowUp": (38, ""),
    "ArrowLeft": (37, ""), "ArrowRight": (39, ""), "Space": (32, " "),
}  # fmt: skip


def find_chromium() -> str | None:
    """The program, or None where it is not installed."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


class BrowserError(RuntimeError):
    """The browser refused a call, or a script in the page threw; the text is the browser's."""


class Chromium:
    """One browser process. Pages are opened with `page()`; leaving the context ends the process."""

    def __init__(self, folder: Path) -> None:
        program = find_chromium()
        if program is None:
            raise FileNotFoundError("chromium is not installed (packaging/dev.py installs it)")
        self._program = program
        self._folder = folder
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._heard: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="devtools", daemon=True)

    def __enter__(self) -> Self:
        sandbox = () if os.geteuid() else ("--no-sandbox",)  # Chromium refuses its sandbox to root
        line = [self._program, *_FLAGS, *sandbox, f"--user-data-dir={self._folder}", "about:blank"]
        if setpriv := shutil.which("setpriv"):  # Linux: it ends with us, even when we are killed
            line = [setpriv, "--pdeathsig", "KILL", *line]
        environment = {**os.environ, "HOME": str(self._folder)}
        self._process = subprocess.Popen(
            line, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        told = self._folder / "DevToolsActivePort"
        wait_until(lambda: told.exists() and told.read_text().count("\n") >= 1, DEADLINE_S, "Chromium")
        port, path = told.read_text().split("\n")[:2]
        self._thread.start()
        self._wait(self._connect(f"ws://127.0.0.1:{port}{path}"))
        return self

    def __exit__(self, *exc: object) -> None:
        with contextlib.suppress(BrowserError, TimeoutError, aiohttp.ClientError, RuntimeError):
            self._wait(self._bye())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def page(self, *, size: tuple[int, int] = (1280, 800)) -> Page:
        """A fresh page with storage of its own."""
        context = str(self.call("Target.createBrowserContext")["browserContextId"])
        return Page(self, context, size, is_first=True)

    def call(self, method: str, parameters: Mapping[str, object] | None = None, session: str = "") -> dict[str, Any]:
        """One call of the protocol and its result. Raises BrowserError with the browser's words."""
        return self._wait(self._ask(method, dict(parameters or {}), session))

    def heard(self, session: str, method: str) -> list[dict[str, Any]]:
        """What events of this kind have said so far in a session."""
        return [data for name, data in list(self._heard.get(session, ())) if name == method]

    # -- the line

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(DEADLINE_S * 2)

    async def _connect(self, url: str) -> None:
        self._session = aiohttp.ClientSession()
        self._line = await self._session.ws_connect(url, max_msg_size=0)
        self._reader = asyncio.ensure_future(self._read())

    async def _bye(self) -> None:
        with contextlib.suppress(BrowserError):
            await self._ask("Browser.close", {}, "")
        await self._line.close()
        await self._reader
        await self._session.close()

    async def _ask(self, method: str, parameters: dict[str, object], session: str) -> dict[str, Any]:
        number = next(self._ids)
        self._waiting[number] = answer = self._loop.create_future()
        frame = {"id": number, "method": method, "params": parameters}
        await self._line.send_json({**frame, "sessionId": session} if session else frame)
        said = await asyncio.wait_for(answer, DEADLINE_S)
        if "error" in said:
            raise BrowserError(f"{method}: {said['error'].get('message')}")
        result: dict[str, Any] = said.get("result", {})
        return result

    async def _read(self) -> None:
        async for message in self._line:
            if message.type is not aiohttp.WSMsgType.TEXT:
                break
            said = json.loads(message.data)
            answer = self._waiting.pop(said.get("id", 0), None)
            if answer is not None and not answer.done():
                answer.set_result(said)
            elif "method" in said:
                self._heard.setdefault(said.get("sessionId", ""), []).append((said["method"], said.get("params", {})))
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_result({"error": {"message": "the browser hung up"}})


class Page:
    """One tab. Scripts are expressions; what they give comes back as plain data."""

    def __init__(self, browser: Chromium, context: str, size: tuple[int, int], *, is_first: bool) -> None:
        self._browser, self._context, self._is_first = browser, context, is_first
        made = browser.call("Target.createTarget", {"url": "about:blank", "browserContextId": context})
        self._target = str(made["targetId"])
        joined = browser.call("Target.attachToTarget", {"targetId": self._target, "flatten": True})
        self._session = str(joined["sessionId"])
        for domain in ("Page", "Runtime", "Network"):
            self.call(f"{domain}.enable")
        self.size(*size)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        with contextlib.suppress(BrowserError):
            self._browser.call("Target.closeTarget", {"targetId": self._target})
            if self._is_first:
                self._browser.call("Target.disposeBrowserContext", {"browserContextId": self._context})

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """One call of the protocol for this page."""
        return self._browser.call(method, parameters, self._session)

    def beside(self) -> Page:
        """A second tab that shares this one's storage."""
        return Page(self._browser, self._context, (1280, 800), is_first=False)

    # -- going

    def go(self, url: str) -> None:
        """Open an address and wait until its document and scripts are loaded."""
        said = self.call("Page.navigate", url=url)
        if said.get("errorText"):
            raise BrowserError(f"{url}: {said['errorText']}")
        self.wait(f"location.href === {json.dumps(url)} && document.readyState === 'complete'", url)

    def reload(self) -> None:
        """Load the page again; returns when the new document is complete."""
        self.js("window.__before = true")
        self.call("Page.reload")
        self.wait("!window.__before && document.readyState === 'complete'", "reload")

    def before_each_document(self, script: str) -> None:
        """Run `script` in every document to come, before its own scripts."""
        self.call("Page.addScriptToEvaluateOnNewDocument", source=script)

    # -- asking

    def js(self, expression: str) -> Any:
        """The value of an expression (a promise is awaited). Raises BrowserError with what it threw."""
        said = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in said:
            details = said["exceptionDetails"]
            raise BrowserError(details.get("exception", {}).get("description") or details.get("text", ""))
        return said["result"].get("value")

    def wait(self, expression: str, what: str, seconds: float = DEADLINE_S) -> Any:
        """Ask until the expression is true, and give its value. A document that goes meanwhile is no error."""
        until, seen = time.monotonic() + seconds, None
        while True:
            try:
                seen = self.js(expression)
            except BrowserError as error:
                seen = None
                trouble = str(error)
            else:
                trouble = ""
            if seen:
                return seen
            if time.monotonic() > until:
                raise TimeoutError(f"waited {seconds:.0f} s in vain: {what} ({expression[:200]}) {trouble}")
            time.sleep(0.02)

    def requests(self) -> list[str]:
        """Every address that the page asked for, WebSockets included."""
        asked = [
            str(data["request"]["url"]) for data in self._browser.heard(self._session, "Network.requestWillBeSent")
        ]
        return asked + [str(data["url"]) for data in self._browser.heard(self._session, "Network.webSocketCreated")]

    def problems(self) -> list[str]:
        """What scripts threw and nobody caught."""
        thrown = self._browser.heard(self._session, "Runtime.exceptionThrown")
        return [str(one["exceptionDetails"].get("exception", {}).get("description", one)) for one in thrown]

    def tree(self) -> list[dict[str, Any]]:
        """The accessibility tree as assistive technology gets it: role, name and states of what is not ignored."""
        self.call("Accessibility.enable")
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        return [_spoken(node) for node in nodes if not node.get("ignored")]

    # -- doing

    def key(self, name: str, *, shift: bool = False) -> None:
        """Press and release a key of `_KEYS`."""
        code, text = _KEYS[name]
        key = " " if name == "Space" else name
        common = {"key": key, "code": name, "windowsVirtualKeyCode": code, "modifiers": 8 if shift else 0}
        self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **common)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def type(self, text: str) -> None:
        """Type into whatever has the keyboard."""
        self.call("Input.insertText", text=text)

    def click(self, element: str) -> None:
        """Click in the middle of the element that an expression gives, as a mouse does; waits until it is there."""
        place = self.wait(
            f"(() => {{ const e = {element}; if (!e) return null; e.scrollIntoView({{block: 'nearest'}});"
            " const r = e.getBoundingClientRect(); return r.width ? [r.x + r.width / 2, r.y + r.height / 2] : null })()",
            f"{element} to click",
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)

    def size(self, width: int, height: int, *, mobile: bool = False) -> None:
        """The size of the view in CSS pixels."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)

    def prefer(self, **features: str) -> None:
        """Media features as the system has them: `color_scheme="dark"`, `reduced_motion="reduce"`."""
        told = [{"name": "prefers-" + name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.call("Emulation.setEmulatedMedia", features=told)

    def choose_files(self, element: str, files: Sequence[Path]) -> None:
        """Give files to an `<input type=file>`."""
        handle = self.call("Runtime.evaluate", expression=element)["result"]["objectId"]
        self.call("DOM.setFileInputFiles", files=[str(path) for path in files], objectId=handle)

    def picture(self, path: Path) -> None:
        """A PNG of what the view shows."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))


def _spoken(node: dict[str, Any]) -> dict[str, Any]:
    states = {one["name"]: one.get("value", {}).get("value") for one in node.get("properties", ())}
    name = node.get("name", {}).get("value", "")
    return {"role": node.get("role", {}).get("value", ""), "name": name, **states}
