"""Setting up chat over a server of the owner's own: what is written for it, and what a look at it says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.chats import commands, queries
from app.chats.snippet import snippet_for
from app.desk import Desk
from app.desk.setup.chat_server import plan_server, sign_in_at, write_plan
from app.kernel.errors import ExternalError, Reason, UserError
from app.kernel.secrets import load_secret, store_secret
from tests.servers.prosody import Prosody, is_here

pytestmark = pytest.mark.xdist_group("prosody")


@pytest.fixture
def prosody() -> Iterator[Prosody]:
    """The server."""
    if not is_here():
        pytest.fail("not installed: prosody; `make test` installs it")
    with Prosody() as server:
        yield server


def test_the_plan_names_the_server_and_the_site_and_the_password_is_in_the_keyring(desk: Desk, tmp_path: Path) -> None:
    plan = plan_server(desk, "Chat.Shop.example", ["shop.example", "https://www.shop.example/"])
    files = {path.name: path.read_text() for path in write_plan(plan, tmp_path / "server")}
    config = files["prosody.cfg.lua"]
    assert "@" not in config.replace("desk@chat.shop.example", "")
    assert 'deskbell_origins = { "https://shop.example", "https://www.shop.example" }' in config
    assert set(files) == {
        "prosody.cfg.lua", "mod_deskbell_guests.lua", "mod_deskbell_origin.lua", "deskbell-chat-xmpp.js",
    }  # fmt: skip
    info = desk.ask(queries.channel, plan.channel)
    assert info is not None
    assert load_secret(info.secret_ref) == plan.password
    assert len(plan.password) == 32
    assert plan.password not in "".join(files.values())
    assert 'data-to="desk@chat.shop.example"' in snippet_for(info)
    assert 'data-xmpp="wss://chat.shop.example:5281/xmpp-websocket"' in snippet_for(info)


@pytest.mark.parametrize("domain", ["", "a b", 'x"', "-x", "chat.example\n", "..", "x" * 300])
def test_what_is_no_server_is_refused(desk: Desk, domain: str) -> None:
    with pytest.raises(UserError):
        plan_server(desk, domain + "/" if domain.endswith("\n") else domain)
    assert not desk.ask(queries.channels)


def test_a_look_at_the_server_says_the_true_reason(desk: Desk, prosody: Prosody) -> None:
    plan = plan_server(desk, "localhost")
    info = desk.ask(queries.channel, plan.channel)
    assert info is not None

    def reason() -> Reason | None:
        try:
            now = desk.ask(queries.channel, plan.channel)
            assert now is not None
            sign_in_at(now)
        except ExternalError as error:
            return error.reason
        return None

    def set_to(server: str, authority: str) -> None:
        settings = replace(info.settings, server=server, authority=authority)
        desk.do(commands.change_channel, plan.channel, None, settings)

    set_to("127.0.0.1:1", "")
    assert reason() is Reason.OFFLINE
    set_to(f"127.0.0.1:{prosody.port}", "")
    assert reason() is Reason.TLS
    set_to(f"127.0.0.1:{prosody.port}", str(prosody.ca))
    assert reason() is Reason.SIGN_IN
    store_secret(info.secret_ref, prosody.password)
    assert reason() is None
