"""A bare server beside which chat is measured: every message is one row, committed alone, then acknowledged."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from pathlib import Path

from aiohttp import WSMsgType, web


def serve(port: int, database: Path) -> None:
    """Serve until ended."""
    db = sqlite3.connect(database, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE IF NOT EXISTS said (id TEXT PRIMARY KEY, body TEXT)")

    async def chat(request: web.Request) -> web.WebSocketResponse:
        wire = web.WebSocketResponse(compress=False)
        await wire.prepare(request)
        async for message in wire:
            if message.type is not WSMsgType.TEXT:
                break
            frame = json.loads(message.data)
            if frame["t"] == "hello":
                await wire.send_str(json.dumps({"t": "welcome"}))
            else:
                db.execute("INSERT OR IGNORE INTO said VALUES (?, ?)", (frame["id"], frame["body"]))
                await wire.send_str(json.dumps({"t": "ack", "id": frame["id"]}))
        return wire

    async def run() -> None:
        app = web.Application()
        app.router.add_get("/chat", chat)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port, backlog=512).start()
        await asyncio.Event().wait()

    asyncio.run(run())


if __name__ == "__main__":
    serve(int(sys.argv[1]), Path(sys.argv[2]))
