"""Setting up chat over a server of the owner's own (XMPP): the account, the files to copy there, and a look at whether it works."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from uuid import UUID

from app.chats import commands, queries
from app.chats.queries import ChannelInfo
from app.chats.rules import ChannelSettings, Transport, origin_of
from app.connectors.chat.prosody import Plan, new_password, written
from app.desk.desk import Desk
from app.kernel.errors import ExternalError, NotFoundError, Reason
from app.kernel.secrets import load_secret, store_secret
from app.workers.chat.transports import calling_of

SCRIPT = "deskbell-chat-xmpp.js"


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """What the owner has to do at the server: copy `files` there, and make `account` with `password`."""

    channel: UUID
    account: str
    password: str
    files: dict[str, str]

    @property
    def command(self) -> str:
        """The line that makes the account with Prosody."""
        name, _, host = self.account.partition("@")
        return f"prosodyctl register {name} {host} {self.password}"


def plan_server(desk: Desk, domain: str, sites: Sequence[str] = (), name: str = "") -> ServerPlan:
    """A channel over the server `domain` for the web sites `sites`, with an account that nobody can guess.

    The password goes into the keyring and is given back this once. Raises UserError, KeyringError.
    """
    plan = Plan(domain.strip().lower(), tuple(origin_of(one) for one in sites))
    made = written(plan)
    made[SCRIPT] = files("resources").joinpath("chat", SCRIPT).read_text("utf-8")
    settings = ChannelSettings(account=plan.account, origins=plan.origins)
    channel: UUID = desk.do(commands.add_channel, Transport.XMPP, name, settings)
    password = new_password()
    try:
        store_secret(_info(desk, channel).secret_ref, password)
    except Exception:
        desk.do(commands.remove_channel, channel)
        raise
    return ServerPlan(channel, plan.account, password, made)


def write_plan(plan: ServerPlan, folder: Path) -> list[Path]:
    """Write the files into a folder, which is made; what is there under the same name is replaced. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for name, text in plan.files.items():
        (folder / name).write_text(text, encoding="utf-8")
        made.append(folder / name)
    return made


def sign_in_at(info: ChannelInfo) -> None:
    """Sign in at the channel's server as the engine does; blocks for half a minute at most. Raises ExternalError."""
    from app.connectors.chat.xmpp_client import sign_in

    password = load_secret(info.secret_ref)
    if not password:
        msg = "The password of the desk's account is not in the keyring."
        raise ExternalError(msg, reason=Reason.SIGN_IN, retryable=False)
    asyncio.run(sign_in(calling_of(info), password))


def _info(desk: Desk, channel: UUID) -> ChannelInfo:
    info = desk.ask(queries.channel, channel)
    if info is None:
        msg = "There is no such chat channel."
        raise NotFoundError(msg)
    return info
