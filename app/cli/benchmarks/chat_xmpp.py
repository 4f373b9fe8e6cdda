"""Chat over XMPP under load: the same visitors as guests of a real server that the engine calls. There is no bare peer here:
what a message costs is mostly the server's and the visitors' own; what counts is that all of them complete.

The server and the guests are among the tests of a development checkout.
"""

from __future__ import annotations

import tempfile
import time
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from app.chats import commands, queries
from app.chats.rules import ChannelSettings, Transport, server_topic
from app.cli.benchmarks.chat_desk import Round, Scale, compare, costing, process
from app.cli.benchmarks.figures import Figure, absent, median, p95, pss_mb
from app.desk import Desk
from app.kernel.errors import UserError
from app.kernel.secrets import line
from app.kernel.state import signals

_WAIT_S: Final = 120.0


def over_xmpp(scale: Scale) -> list[Figure]:
    """One round over a server. Raises UserError if a message was lost or doubled."""
    try:
        world = import_module("tests.bench.guests").world()
    except ImportError:
        return [absent("chat", "over XMPP", "needs a development checkout: the server is among its tests")]
    if world is None:
        return [absent("chat", "over XMPP", "needs Prosody")]
    with tempfile.TemporaryDirectory(prefix="deskbell-bench-chat-") as folder, world:
        place = Path(folder) / "desk"
        ref = _channel(place, world)
        with process("app", "--data", str(place), "engine", words=line(ref, world.password)) as engine:
            _until_connected(place)
            met: Round = costing(engine.pid, partial(world.talk, scale, seed=1))
            memory = pss_mb(engine.pid)
        lost, doubled = compare(place, [met])
    figures = [
        Figure("chat", "over XMPP: messages sent", len(met.sent), "", 1, scale.words),
        Figure("chat", "over XMPP: messages lost", lost, ""),
        Figure("chat", "over XMPP: messages doubled", doubled, ""),
        Figure("chat", "over XMPP: acknowledged after", median(met.times), "ms", len(met.times)),
        Figure("chat", "over XMPP: acknowledged after, p95", p95(met.times), "ms", len(met.times)),
    ]
    if met.cost is not None:
        figures.append(Figure("chat", "over XMPP: processor time of the engine, a message", round(met.cost, 2), "ms"))
    if memory is not None:
        figures.append(Figure("chat", "over XMPP: engine's memory", round(memory, 1), "MB"))
    return figures


def _channel(place: Path, world: Any) -> str:
    settings = ChannelSettings(
        account=world.account,
        server=world.address,
        authority=world.authority,
        max_visitors=10_000,
        new_per_hour=100_000,
    )
    with Desk.open(place, create=True) as desk:
        key = desk.work(commands.add_channel, Transport.XMPP, settings=settings)
        info = desk.ask(queries.channel, key)
    assert info is not None
    return info.secret_ref


def _until_connected(place: Path) -> None:
    until = time.monotonic() + _WAIT_S
    with Desk.open(place) as desk:
        (channel,) = desk.ask(queries.channels)
        said: dict[str, Any] | None = None
        while time.monotonic() < until:
            said = desk.ask(signals.latest, server_topic(channel.id))
            if said is not None and said.get("state") == "ok":
                return
            time.sleep(0.05)
    msg = f"The engine did not reach the chat server: {(said or {}).get('words', '')}"
    raise UserError(msg)
