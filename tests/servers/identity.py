"""An identity server on loopback: authorisation code with PKCE (RFC 6749, RFC 7636), device code (RFC 8628), refresh, and
introspection (RFC 7662) for Dovecot. Signed by the tests' authority; clients find it through SSL_CERT_FILE.

    with IdentityServer(authority) as server:
        server.person = "grant"            # or "deny": what the person presses in the browser
        ...
        server.revoke()                    # refresh tokens are no longer good
        server.expire()                    # access tokens are no longer good
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import ssl
import threading
import time
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.servers.certs import Authority

CLIENT_ID = "7d0c9a3e-test-client"


@dataclass
class _Grant:
    """A code or device code that waits to be redeemed."""

    client_id: str
    redirect: str = ""
    challenge: str = ""
    nonce: str = ""
    granted: bool = True


@dataclass
class _Book:
    codes: dict[str, _Grant] = field(default_factory=dict)
    devices: dict[str, _Grant] = field(default_factory=dict)
    refresh: set[str] = field(default_factory=set)
    access: set[str] = field(default_factory=set)


class IdentityServer:
    """The server. `requests` counts what was asked; `user` is who signs in; `person` what they press."""

    def __init__(self, authority: Authority, *, lifetime_s: int = 3600, token_size: int = 1500) -> None:
        self._authority = authority
        self.lifetime_s, self.token_size = lifetime_s, token_size
        self.user = "support@example.test"
        self.person = "grant"
        self.client_secret = ""
        self.requests: Counter[str] = Counter()
        self.seen: list[dict[str, str]] = []
        self.down = False
        self.types_codes_at_once = False
        self.book = _Book()
        self.port = 0
        self._guard = threading.Lock()
        self._servers: list[ThreadingHTTPServer] = []
        self.introspect_port = 0

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def introspection(self) -> str:
        """Plain http on loopback, for Dovecot: it puts the token at the end."""
        return f"http://127.0.0.1:{self.introspect_port}/introspect?token="

    def __enter__(self) -> Self:
        leaf = self._authority.leaf()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(leaf.cert, leaf.key)
        secure, plain = self._listen(), self._listen()
        secure.socket = context.wrap_socket(secure.socket, server_side=True, do_handshake_on_connect=False)
        self.port, self.introspect_port = secure.server_address[1], plain.server_address[1]
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.05,), name="identity", daemon=True).start()
        return self

    def _listen(self) -> ThreadingHTTPServer:
        owner = self

        class Handler(_Handler):
            server_of = owner

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.handle_error = lambda *_: None  # type: ignore[method-assign] # callers hang up as they like
        self._servers.append(server)
        return server

    def __exit__(self, *exc: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    # -- what the tests order

    def revoke(self) -> None:
        """Nobody is signed in any more."""
        with self._guard:
            self.book.refresh.clear()
            self.book.access.clear()

    def expire(self) -> None:
        """Access tokens have ended; refresh tokens are still good."""
        with self._guard:
            self.book.access.clear()

    def approve_device(self, *, granted: bool = True) -> None:
        """The person typed the code."""
        with self._guard:
            for each in self.book.devices.values():
                each.granted = granted
                each.nonce = "answered"

    def takes(self, token: str) -> bool:
        """Is this access token good?"""
        return token in self.book.access

    # -- what it answers

    def answer(self, path: str, query: dict[str, str], form: dict[str, str]) -> tuple[int, dict[str, Any] | str]:
        name = path.rsplit("/", 1)[-1]
        with self._guard:
            self.requests[name] += 1
            if form:
                self.seen.append(form)
            if self.down:
                return 503, {"error": "temporarily_unavailable"}
            match name:
                case "openid-configuration":
                    return 200, self._configuration(path)
                case "authorize":
                    return 302, self._authorize(query)
                case "token":
                    return self._token(form)
                case "devicecode":
                    return 200, self._device(form)
                case "introspect":
                    good = query.get("token", "") in self.book.access
                    return 200, {"active": good, "username": self.user, "email": self.user} if good else {
                        "active": False
                    }
        return 404, {"error": "not_found"}

    def _configuration(self, path: str) -> dict[str, Any]:
        base = self.url + path.split("/v2.0", maxsplit=1)[0]
        return {
            "issuer": f"{base}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        }

    def _authorize(self, query: dict[str, str]) -> str:
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        self.seen.append(query)
        values = {"state": query["state"]}
        if self.person == "deny":
            values |= {"error": "access_denied", "error_description": "The person said no."}
        else:
            code = secrets.token_urlsafe(12)
            grant = _Grant(query["client_id"], query["redirect_uri"], query["code_challenge"], query.get("nonce", ""))
            self.book.codes[code] = grant
            values["code"] = code
        return f"{query['redirect_uri']}?{urlencode(values)}"

    def _device(self, form: dict[str, str]) -> dict[str, Any]:
        code = secrets.token_urlsafe(12)
        self.book.devices[code] = _Grant(form["client_id"], nonce="answered" if self.types_codes_at_once else "")
        page = f"{self.url}/device"
        return {
            "device_code": code,
            "user_code": "WXYZ-1234",
            "verification_uri": page,
            "expires_in": 900,
            "interval": 1,
        }

    def _token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if form.get("client_id") != CLIENT_ID or form.get("client_secret", "") != self.client_secret:
            return 401, {"error": "invalid_client", "error_description": "Nobody knows this client."}
        kind = form["grant_type"]
        if kind == "refresh_token":
            if form["refresh_token"] not in self.book.refresh:
                return 400, {"error": "invalid_grant", "error_description": "The refresh token was withdrawn."}
            self.book.refresh.discard(form["refresh_token"])  # rotation: each is good once
            return 200, self._granted("")
        if kind == "authorization_code":
            grant = self.book.codes.pop(form["code"], None)
            digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            if grant is None or grant.redirect != form["redirect_uri"] or grant.challenge != proof:
                return 400, {"error": "invalid_grant"}
            return 200, self._granted(grant.nonce)
        device = self.book.devices.get(form.get("device_code", ""))
        if device is None:
            return 400, {"error": "invalid_grant"}
        if device.nonce != "answered":
            return 400, {"error": "authorization_pending"}
        return (200, self._granted("")) if device.granted else (400, {"error": "authorization_declined"})

    def _granted(self, nonce: str) -> dict[str, Any]:
        access = "access-" + secrets.token_urlsafe(self.token_size)
        refresh = "refresh-" + secrets.token_urlsafe(self.token_size)
        self.book.access.add(access)
        self.book.refresh.add(refresh)
        claims = {"iss": self.url, "aud": CLIENT_ID, "sub": "1", "exp": time.time() + 3600, "iat": time.time(),
                  "preferred_username": self.user} | ({"nonce": nonce} if nonce else {})  # fmt: skip
        token = ".".join(
            base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=").decode() for each in ({}, claims)
        )
        return {
            "token_type": "Bearer", "access_token": access, "refresh_token": refresh, "expires_in": self.lifetime_s,
            "id_token": f"{token}.x", "scope": "mail",
        }  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    server_of: IdentityServer

    def do_GET(self) -> None:
        self._reply({})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._reply(dict(parse_qsl(body.decode())))

    def _reply(self, form: dict[str, str]) -> None:
        parts = urlsplit(self.path)
        status, said = self.server_of.answer(parts.path, dict(parse_qsl(parts.query)), form)
        body = b"" if isinstance(said, str) else json.dumps(said).encode()
        self.send_response(status)
        if isinstance(said, str):
            self.send_header("Location", said)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


class Browser:
    """What a browser does for a sign-in: it opens the page, and follows the redirect to the loopback address."""

    def __init__(self, authority: Authority) -> None:
        context = ssl.create_default_context(cafile=str(authority.ca))
        self._opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context))
        self.pages: list[str] = []
        self.shown: list[str] = []

    def __call__(self, url: str) -> None:
        """In a thread of its own: the program does not wait for the browser."""
        self.pages.append(url)
        threading.Thread(target=self._open, args=(url,), daemon=True).start()

    def _open(self, url: str) -> None:
        with self._opener.open(url, timeout=10) as answer:
            self.shown.append(answer.read().decode())
