"""A website of somebody's own, with the widget on it: another origin than the desk, and there when the desk is not."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

SCRIPTS = Path(__file__).resolve().parents[2] / "resources" / "chat"
_PAGE = (
    '<!doctype html><html lang="{lang}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>Lark &amp; Loom</title><style>{css}</style><h1>Walnut frame</h1><p>Solid walnut, oiled by hand.</p>"
    '<button>Add to cart</button><script async src="/{script}" {attributes}></script>'
)


class Shop:
    """The website on 127.0.0.1:`port`; `pages` holds each page by its path. Use it with `with`."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.policy = ""
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                shop.answer(self)

            def log_message(self, *_args: Any) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, name="shop", daemon=True)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(30)

    def put(
        self,
        path: str,
        attributes: Mapping[str, str],
        *,
        lang: str = "en",
        css: str = "",
        script: str = "deskbell-chat.js",
    ) -> str:
        """A page with the snippet on it; its address. `attributes` without their `data-`."""
        said = " ".join(f'data-{name}="{value}"' for name, value in attributes.items())
        self.pages[path] = _PAGE.format(lang=lang, css=css, script=script, attributes=said)
        return self.origin + path

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """A page or a script; 404 for everything else."""
        script = SCRIPTS / request.path.strip("/")
        if request.path in self.pages:
            body, kind = self.pages[request.path].encode(), "text/html; charset=utf-8"
        elif request.path.endswith(".js") and script.is_file():
            body, kind = script.read_bytes(), "text/javascript"
        else:
            body, kind = b"", ""
        request.send_response(200 if kind else 404)
        request.send_header("Content-Type", kind or "text/plain")
        request.send_header("Content-Length", str(len(body)))
        if self.policy:
            request.send_header("Content-Security-Policy", self.policy)
        request.end_headers()
        request.wfile.write(body)
