"""The little of the web that signing in needs: https with the system's authorities, small answers, no redirects.

Also the HTTP client that msal is given, so that all of Deskbell trusts the same authorities and waits equally long.
"""

from __future__ import annotations

import http.client
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any

from app.connectors.email.oauth import SignInError
from app.kernel.errors import Reason

_TIMEOUT_S = 15.0
_MOST = 1 << 20


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req, fp, code, msg, headers, newurl):  # type: ignore[no-untyped-def]
        return None


class Answer:
    """What came back, in the shape that msal reads."""

    def __init__(self, status: int, text: str, headers: Mapping[str, str]) -> None:
        self.status_code, self.text, self.headers = status, text, dict(headers)

    def raise_for_status(self) -> None:
        if self.status_code >= 400:
            raise offline(f"HTTP {self.status_code}")

    def json(self) -> dict[str, Any]:
        """The answer as an object, {} for anything else."""
        try:
            found = json.loads(self.text)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


class Web:
    """An HTTP client; its errors are SignInError with reason `offline`."""

    def get(self, url: str, params: Mapping[str, str] | None = None, headers: Any = None, **_more: Any) -> Answer:
        query = f"{'&' if '?' in url else '?'}{urllib.parse.urlencode(params)}" if params else ""
        return self._send(urllib.request.Request(url + query, headers=dict(headers or {})))  # noqa: S310 - see _send

    def post(
        self, url: str, params: Mapping[str, str] | None = None, data: Any = None, headers: Any = None, **_more: Any
    ) -> Answer:
        query = f"?{urllib.parse.urlencode(params)}" if params else ""
        body = data if isinstance(data, (bytes, type(None))) else _form(data)
        request = urllib.request.Request(url + query, body or b"", dict(headers or {}), method="POST")  # noqa: S310
        return self._send(request)

    def close(self) -> None:
        """Nothing stays open."""

    def _send(self, request: urllib.request.Request) -> Answer:
        if not request.full_url.startswith("https://"):
            raise offline("not https")
        opener = urllib.request.build_opener(
            _NoRedirects, urllib.request.HTTPSHandler(context=ssl.create_default_context())
        )
        try:
            with opener.open(request, timeout=_TIMEOUT_S) as answer:
                return _read(answer)
        except urllib.error.HTTPError as error:
            with error:
                return _read(error)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise offline(type(getattr(error, "reason", error)).__name__) from None


def _read(answer: Any) -> Answer:
    return Answer(answer.status, answer.read(_MOST).decode("utf-8", "replace"), answer.headers)


def _form(data: Any) -> bytes:
    return data.encode() if isinstance(data, str) else urllib.parse.urlencode(data).encode()


def offline(said: str) -> SignInError:
    """The error for an identity server that does not answer as the web does."""
    text = "The sign-in page’s server cannot be reached."
    return SignInError(text, said=said, reason=Reason.OFFLINE, retryable=True)
