"""`mailbox find|sign-in|client|check` as a person types them, the browser being an HTTP client."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.cli import main
from app.connectors.email import oauth_flows, providers
from app.connectors.email.oauth import SignIn
from app.connectors.email.providers import Needs, Provider
from app.kernel import clock, secrets
from tests.connectors.test_setting_up_sign_in import points_at
from tests.servers.bad_imap import AWAIT_DONE, NO, OK, BadImap
from tests.servers.certs import Authority
from tests.servers.identity import CLIENT_ID, Browser, IdentityServer
from tests.servers.smtp import SmtpServer

ME = "support@signedin.test"
Run = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def identity(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[IdentityServer]:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca))
    monkeypatch.setattr(oauth_flows, "open_page", Browser(authority))
    with IdentityServer(authority) as server:
        server.user = ME
        points_at(server, monkeypatch)
        yield server


@pytest.fixture
def imap() -> Iterator[BadImap]:
    """Takes any token until it is told otherwise."""
    capable = {"CAPABILITY": [b"* CAPABILITY IMAP4rev1 AUTH=XOAUTH2 IDLE\r\n", OK]}
    with BadImap(capable) as server:
        yield server


@pytest.fixture
def smtp(identity: IdentityServer) -> Iterator[SmtpServer]:
    with SmtpServer(auth=True) as server:
        server.orders.takes_token = identity.takes
        yield server


@pytest.fixture
def run(
    tmp_path: Path, imap: BadImap, smtp: SmtpServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """The command line on a desk; (exit status, its JSON, what it said on standard error)."""
    urls = f"imap://127.0.0.1:{imap.port}", f"smtp://127.0.0.1:{smtp.port}"
    provider = Provider("Testsoft", ("signedin.test",), *urls, Needs.BROWSER, identity="microsoft")
    monkeypatch.setitem(providers._BY_DOMAIN, "signedin.test", provider)

    def command(*words: str) -> tuple[int, Any, str]:
        status = main(["--data", str(tmp_path / "desk"), *words, "--json"])
        said = capsys.readouterr()
        return status, json.loads(said.out) if said.out.strip() else None, said.err

    command("init")
    return command


def test_find_tells_servers_way_and_what_the_provider_wants(run: Run) -> None:
    status, found, _ = run("mailbox", "find", ME)
    assert (status, found["source"], found["sign_in"]) == (0, "table", ["microsoft"])
    assert "sign-in in the browser" in found["advice"]
    assert run("mailbox", "find", "me@tuta.com")[0] == 1


def test_without_a_client_id_nothing_is_tried_and_the_way_is_told(run: Run, identity: IdentityServer) -> None:
    status, _, said = run("mailbox", "sign-in", ME)
    assert status == 1
    assert "registered there once" in said
    assert "microsoft_client_id" in said
    assert identity.requests.total() == 0


@pytest.mark.parametrize("device", [False, True])
def test_signing_in_connects_tests_and_keeps_no_token_but_in_the_keyring(
    run: Run, identity: IdentityServer, tmp_path: Path, device: bool
) -> None:
    run("mailbox", "client", "microsoft", CLIENT_ID)
    if device:
        identity.types_codes_at_once = True
    status, told, said = run("mailbox", "sign-in", ME, *(["--device"] if device else []))
    assert (status, told["signed_in"], told["sending"]) == (0, "microsoft", True)
    assert ("WXYZ-1234" in said) == device
    assert run("mailbox", "list")[1][0]["sign_in"] == "microsoft"
    tokens = [each.encode() for each in (*identity.book.access, *identity.book.refresh)]
    for path in (tmp_path / "desk").rglob("*"):
        assert not path.is_file() or not any(token in path.read_bytes() for token in tokens)
    assert not any(token.decode() in said for token in tokens)


def test_check_renews_a_sign_in_and_says_when_that_is_refused(
    run: Run, identity: IdentityServer, imap: BadImap, tmp_path: Path
) -> None:
    run("mailbox", "client", "microsoft", CLIENT_ID)
    run("mailbox", "sign-in", ME)
    identity.expire()  # the servers have forgotten the token; a new one is fetched on the way
    assert run("mailbox", "check", ME)[0] == 0
    imap.script["AUTHENTICATE"] = [b"+ \r\n", AWAIT_DONE, NO]
    status, rows, _ = run("mailbox", "check", ME)
    assert (status, rows[0]["fault"], rows[1]["ok"]) == (1, "wrong_token", True)
    imap.script["AUTHENTICATE"] = [b"+ \r\n", AWAIT_DONE, OK]
    end(tmp_path)
    status, rows, _ = run("mailbox", "check", ME)
    assert (status, rows[1]["ok"]) == (0, True)
    identity.revoke()
    end(tmp_path)
    status, rows, _ = run("mailbox", "check", ME)
    assert (status, {row["fault"] for row in rows}) == (1, {"sign_in_ended"})
    assert run("mailbox", "sign-in", ME)[0] == 0
    assert run("mailbox", "check", ME)[0] == 0


def end(folder: Path) -> None:
    """The access token that is kept has ended."""
    from app.conversations.queries import mailboxes
    from app.desk import Desk

    with Desk.open(folder / "desk") as desk:
        ref = desk.ask(mailboxes)[0].secret_ref
    kept = SignIn.read(secrets.load_secret(ref) or "")
    assert kept is not None
    secrets.store_secret(ref, replace(kept, until=clock.now()).kept())
