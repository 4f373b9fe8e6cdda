"""`chat add|server|list|set|remove|test|snippet|key|away|now`: setting up chat, and who is there."""

from __future__ import annotations

import argparse
import socket
import ssl
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from app.chats import commands, queries
from app.chats.queries import ChannelInfo
from app.chats.rules import ChannelSettings, Transport, server_topic
from app.chats.snippet import snippet_for
from app.cli.opening import opened, with_agent
from app.cli.output import Output
from app.desk import Desk
from app.desk.setup.chat_server import SCRIPT, plan_server, sign_in_at, write_plan
from app.desk.setup.chats import new_signing_key
from app.kernel import clock
from app.kernel.errors import ExternalError, Reason, UserError
from app.kernel.state import signals

_TEST_S = 5.0


def add(args: argparse.Namespace, out: Output) -> int:
    """Open chat for a web site, on this machine alone until `host` is set."""
    with opened(args) as desk:
        with_agent(desk)
        settings = _changed(ChannelSettings(), args.changes)
        info = _info(desk, desk.do(commands.add_channel, name=args.name, settings=settings))
    out.one(_json(info), [f"Chat “{info.name}” is at {info.address}. Try it: {info.address}/demo"])
    return 0


def listed(args: argparse.Namespace, out: Output) -> int:
    """List the channels."""
    with opened(args) as desk:
        rows = [_json(info) for info in desk.ask(queries.channels)]
    out.rows(rows, lambda row: f"{row['name']}  {row['transport']}  {row['address']}  {'on' if row['on'] else 'off'}")
    return 0


def change(args: argparse.Namespace, out: Output) -> int:
    """Change settings of a channel, its name, or whether it is on."""
    with opened(args) as desk:
        with_agent(desk)
        info = channel_named(desk, args.channel)
        words = dict(_pair(each) for each in args.changes)
        name, on = words.pop("name", None), words.pop("on", None)
        settings = _changed(info.settings, [f"{key}={value}" for key, value in words.items()])
        desk.do(commands.change_channel, info.id, name, settings, None if on is None else _flag(on))
        info = _info(desk, info.id)
    out.one(_json(info), [f"{key}: {value}" for key, value in _json(info).items()])
    return 0


def remove(args: argparse.Namespace, out: Output) -> int:
    """Remove a channel; what was said stays."""
    with opened(args) as desk:
        with_agent(desk)
        info = channel_named(desk, args.channel)
        desk.do(commands.remove_channel, info.id)
    out.one({"removed": str(info.id)}, [f"Chat “{info.name}” is removed; its tickets stay."])
    return 0


def test(args: argparse.Namespace, out: Output) -> int:
    """Does the server of a channel answer, as the engine says and as a connection shows? 1 when it does not."""
    with opened(args) as desk:
        info = channel_named(desk, args.channel)
        said = desk.ask(signals.latest, server_topic(info.id)) or {}
    words = ""
    try:
        if info.transport == Transport.XMPP:
            sign_in_at(info)
        else:
            _connect(info.settings)
        ok = True
    except ExternalError as error:
        ok, words = False, str(error)
        if said.get("words"):
            words = str(said["words"])
    text = f"{info.name}: answers at {info.address}" if ok else f"{info.name}: {words}"
    out.one({"channel": str(info.id), "ok": ok, "text": words or None, "address": info.address}, [text])
    return 0 if ok else 1


def server(args: argparse.Namespace, out: Output) -> int:
    """Plan chat over an XMPP server: an account, and the files to copy there. The password is shown this once."""
    with opened(args) as desk:
        with_agent(desk)
        plan = plan_server(desk, args.domain, args.site, args.name)
        made = write_plan(plan, Path(args.to))
        words = snippet_for(_info(desk, plan.channel))
    told = {
        "channel": str(plan.channel), "account": plan.account, "password": plan.password, "command": plan.command,
        "files": [str(path) for path in made], "snippet": words,
    }  # fmt: skip
    lines = [
        f"Copy the files in {args.to} to the server: each says where it goes.",
        f"Make the desk's account there: {plan.command}",
        f"Put {SCRIPT} on your web site, and this into its pages: {words}",
        f"Then look whether it works: deskbell chat test --channel {plan.channel}",
    ]
    out.one(told, lines)
    return 0


def snippet(args: argparse.Namespace, out: Output) -> int:
    """The lines to copy into the web site."""
    with opened(args) as desk:
        words = snippet_for(channel_named(desk, args.channel), args.url)
    out.one({"snippet": words}, [words])
    return 0


def key(args: argparse.Namespace, out: Output) -> int:
    """Make a new key by which the site signs who its visitors are; it is shown this once and kept in the keyring."""
    with opened(args) as desk:
        info = channel_named(desk, args.channel)
    made = new_signing_key(info)
    out.one({"key": made}, [made])
    return 0


def away(args: argparse.Namespace, out: Output) -> int:
    """Say that nobody is here, or that somebody is."""
    with opened(args) as desk:
        with_agent(desk)
        desk.do(commands.set_away, args.state == "on")
        found = desk.ask(queries.opening, clock.now())
    out.one({"open": found.open, "away": found.away}, ["Chat is open." if found.open else "Chat is closed."])
    return 0


def now(args: argparse.Namespace, out: Output) -> int:
    """Who waits, and who is being answered."""
    with opened(args) as desk:
        rows = [row for pile in ("waiting", "live") for row in desk.ask(queries.chat_rows, pile=pile)]
    told = [
        {
            "ticket": row.number, "state": row.state, "name": row.name, "verified": row.verified, "there": row.there,
            "unread": row.unread, "agent": row.assignee_name, "text": row.snippet,
        }
        for row in rows
    ]  # fmt: skip
    out.rows(told, lambda row: f"#{row['ticket']}  {row['state']}  {row['name'] or 'Visitor'}  {row['text']}")
    return 0


def channel_named(desk: Desk, words: str) -> ChannelInfo:
    """The channel of this name or id; without words the only one there is. Raises UserError."""
    found = [one for one in desk.ask(queries.channels) if not words or words in (one.name, str(one.id))]
    if len(found) != 1:
        msg = "There is no such chat channel." if not found else "There are several chat channels; say which by its id."
        raise UserError(msg)
    return found[0]


def _info(desk: Desk, channel: UUID) -> ChannelInfo:
    info = desk.ask(queries.channel, channel)
    assert info is not None
    return info


def _json(info: ChannelInfo) -> dict[str, Any]:
    settings = asdict(info.settings)
    return {
        "id": str(info.id), "name": info.name, "transport": info.transport, "on": info.on, "address": info.address,
        **settings,
    }  # fmt: skip


def _changed(settings: ChannelSettings, changes: list[str]) -> ChannelSettings:
    values: dict[str, Any] = {}
    known = {one.name: one.default for one in fields(settings)}
    for field, words in map(_pair, changes):
        if field not in known:
            msg = f"A chat channel has no “{field}”. There are: {', '.join(known)}."
            raise UserError(msg)
        default = known[field]
        if isinstance(default, bool):
            values[field] = _flag(words)
        elif isinstance(default, int):
            values[field] = _number(field, words)
        elif isinstance(default, tuple):
            values[field] = tuple(one.strip() for one in words.split(",") if one.strip())
        else:
            values[field] = words
    return replace(settings, **values)


def _pair(words: str) -> tuple[str, str]:
    field, equals, value = words.partition("=")
    if not equals:
        msg = f"“{words}” is no change. One looks like port=8466."
        raise UserError(msg)
    return field.strip(), value.strip()


def _flag(words: str) -> bool:
    if words.casefold() in {"yes", "on", "true", "1"}:
        return True
    if words.casefold() in {"no", "off", "false", "0"}:
        return False
    msg = f"“{words}” is neither yes nor no."
    raise UserError(msg)


def _number(field: str, words: str) -> int:
    try:
        return int(words)
    except ValueError:
        msg = f"“{field}” is a whole number."
        raise UserError(msg) from None


def _connect(settings: ChannelSettings) -> None:
    """Reach the server on this machine. Raises ExternalError."""
    host = "127.0.0.1" if settings.host == "0.0.0.0" else "::1" if settings.host == "::" else settings.host  # noqa: S104
    try:
        with socket.create_connection((host, settings.port), _TEST_S) as line:
            if settings.certificate:
                context = ssl.create_default_context()
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # our own server, by address
                with context.wrap_socket(line):
                    pass
    except OSError as error:
        msg = f"Nothing answers on port {settings.port}. Is the engine running, and the channel on?"
        raise ExternalError(msg, reason=Reason.OFFLINE, retryable=True, words=type(error).__name__) from error
