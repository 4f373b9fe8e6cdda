"""The ways to sign in by the browser, and to renew it: authorisation code with PKCE on loopback (RFC 7636, RFC 8252), device
code (RFC 8628) where the identity server has it. Microsoft by its own library, everybody else by the standard.

Called on a task thread; each call ends soon after `cancel` is set. Raises SignInError with the server's own word,
CalledOffError, or MailError (`sign_in_ended`) when a renewal is refused for good.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
import time
import warnings
import webbrowser
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

from app.connectors.email.oauth import CalledOffError, Client, DeviceCode, Identity, SignIn, SignInError, ended
from app.connectors.email.oauth_loopback import Loopback
from app.connectors.email.oauth_web import Web, offline
from app.kernel import clock
from app.kernel.errors import ExternalError

_GONE: Final = frozenset({"invalid_grant", "interaction_required", "login_required", "consent_required"})
"""Answers to a renewal that only a new sign-in mends."""


def open_page(url: str) -> None:
    """Show a page in the person's browser. The one place that does; a test puts an HTTP client here."""
    webbrowser.open(url)


def by_browser(
    identity: Identity, client: Client, address: str, cancel: threading.Event, show: Callable[[str], None] | None = None
) -> SignIn:
    """Open the browser, wait for the person, take the tokens. `show(url)` hears the page's address first."""
    with Loopback() as loopback:
        if identity.authority:
            app = _msal(identity.authority, client.id)
            flow = app.initiate_auth_code_flow(
                list(identity.scopes), redirect_uri=loopback.url, login_hint=address, prompt="select_account"
            )
            values = _from_browser(flow["auth_uri"], flow["state"], loopback, cancel, show)
            answer = _checked(_asked(lambda: app.acquire_token_by_auth_code_flow(flow, values)))
            return _first(identity, client, identity.authority, answer)
        verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
        page = (
            f"{identity.authorize_url}?{urlencode(_question(identity, client, loopback.url, state, verifier, address))}"
        )
        values = _from_browser(page, state, loopback, cancel, show)
        answer = _token(
            identity.token_url,
            client,
            {
                "grant_type": "authorization_code",
                "code": _checked(values)["code"],
                "redirect_uri": loopback.url,
                "code_verifier": verifier,
            },
        )
        return _first(identity, client, identity.token_url, _checked(answer))


def by_device_code(
    identity: Identity, client: Client, show: Callable[[DeviceCode], None], cancel: threading.Event
) -> SignIn:
    """Show a code to type at a page of the identity server, and wait for the person."""
    app = _msal(identity.authority, client.id)
    flow = _asked(lambda: app.initiate_device_flow(list(identity.scopes)))
    if "user_code" not in flow:
        raise _refusal(flow)
    show(DeviceCode(flow["user_code"], flow["verification_uri"]))
    until, pause = time.monotonic() + min(int(flow.get("expires_in", 900)), 900), max(int(flow.get("interval", 5)), 1)
    while not cancel.wait(pause):
        answer = _asked(lambda: app.acquire_token_by_device_flow(flow, exit_condition=lambda _flow: True))
        if answer.get("error") == "slow_down":
            pause += 5
        elif answer.get("error") != "authorization_pending":
            return _first(identity, client, identity.authority, _checked(answer))
        if time.monotonic() > until:
            raise SignInError("The code has expired. Begin again when you are ready.", said="expired_token")
    raise CalledOffError("The sign-in was called off.")


def renew(old: SignIn) -> SignIn:
    """A new access token. Raises MailError when only the person can help, SignInError when trying later may."""
    client = Client(old.client_id)
    if old.identity == "microsoft":
        app = _msal(old.server, client.id)
        answer = _asked(lambda: app.acquire_token_by_refresh_token(old.refresh, list(old.scopes)))
    else:
        values = {"grant_type": "refresh_token", "refresh_token": old.refresh, "client_secret": old.client_secret}
        answer = _token(old.server, client, {name: value for name, value in values.items() if value})
    if answer.get("access_token"):
        return old.answered(answer)
    error = str(answer.get("error", ""))
    if error in _GONE or error in {"invalid_client", "unauthorized_client"}:
        raise ended(_said(answer))
    raise offline(_said(answer))


# -- steps


def _question(
    identity: Identity, client: Client, redirect: str, state: str, verifier: str, address: str
) -> dict[str, str]:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return {
        "response_type": "code",
        "client_id": client.id,
        "redirect_uri": redirect,
        "scope": " ".join(identity.scopes),
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "access_type": "offline",  # Google's words for "with a refresh token"
        "prompt": "consent",
        "login_hint": address,
    }


def _from_browser(
    page: str, state: str, loopback: Loopback, cancel: threading.Event, show: Callable[[str], None] | None
) -> dict[str, str]:
    if show is not None:
        show(page)
    open_page(page)
    return loopback.wait(state, cancel)


def _token(url: str, client: Client, values: dict[str, str]) -> dict[str, Any]:
    secret = {"client_secret": client.secret.reveal()} if client.secret else {}
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    return Web().post(url, data={"client_id": client.id} | secret | values, headers=headers).json()


def _msal(authority: str, client_id: str) -> Any:
    """msal's client for an authority; the address is ours, so nobody needs to be asked whether it is known."""
    import msal

    # A form that an https page sends to http makes some browsers warn; the code in the address is good once, and only
    # with the verifier that we alone have (RFC 8252 and RFC 7636).
    warnings.filterwarnings("ignore", message="response_mode='form_post' is recommended")
    return _asked(
        lambda: msal.PublicClientApplication(
            client_id, authority=authority, http_client=Web(), instance_discovery=False, enable_pii_log=False
        )
    )


def _asked(question: Callable[[], Any]) -> Any:
    """What msal answers; it raises many kinds of exceptions about answers that make no sense to it."""
    try:
        return question()
    except ExternalError:
        raise
    except Exception as error:  # noqa: BLE001 - see above
        raise offline(type(error).__name__) from None


def _checked(answer: dict[str, Any]) -> dict[str, Any]:
    if "error" in answer or not ("access_token" in answer or "code" in answer):
        raise _refusal(answer)
    return answer


def _refusal(answer: dict[str, Any]) -> SignInError:
    said = _said(answer)
    if answer.get("error") in {"access_denied", "authorization_declined"}:
        return SignInError("The sign-in was declined in the browser.", said=said)
    if answer.get("error") in {"invalid_client", "unauthorized_client", "redirect_uri_mismatch"}:
        return SignInError("The client id is not accepted. Is it the right one, for a desktop program?", said=said)
    return SignInError("The sign-in did not come about.", said=said)


def _said(answer: dict[str, Any]) -> str:
    """The server's own words, on one line and short; never a token."""
    words = f"{answer.get('error', '')} {answer.get('error_description') or ''}"
    return " ".join("".join(char if char.isprintable() else " " for char in words).split())[:300]


def _first(identity: Identity, client: Client, server: str, answer: dict[str, Any]) -> SignIn:
    if not answer.get("refresh_token"):
        raise SignInError(
            "The sign-in came without the right to renew itself. Is the client id one for a desktop program?"
        )
    claims = answer.get("id_token_claims")
    account = str(claims.get("preferred_username", "")) if isinstance(claims, dict) else ""
    empty = SignIn(
        identity.key, client.id, client.secret.reveal(), server, identity.scopes, "", "", clock.now(), account
    )
    return empty.answered(answer)
