"""The lines that the owner copies into a web site so that the bubble stands there. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from app.chats.queries.desk import ChannelInfo
from app.chats.rules import ChannelSettings, Transport


def snippet_for(info: ChannelInfo, base_url: str = "") -> str:
    """The script tag for a channel; `base_url`: where visitors reach the server, if it is not the channel's address."""
    settings = info.settings
    if info.transport == Transport.XMPP:
        return _over_xmpp(settings, base_url)
    base = (base_url or info.address).rstrip("/")
    extra = _look(settings)
    return f'<script async src="{escape(base, quote=True)}/widget.js" data-deskbell="{escape(base, quote=True)}"{extra}></script>'


def _over_xmpp(settings: ChannelSettings, base_url: str) -> str:
    """The script lies on the website itself: the desk cannot be reached from there."""
    domain = settings.account.rpartition("@")[2]
    server = (base_url or settings.public_url or f"https://{domain}:5281").rstrip("/")
    words = {
        "data-xmpp": f"{server.replace('http', 'ws', 1)}/xmpp-websocket",
        "data-guests": f"visitor.{domain}",
        "data-to": settings.account,
        "data-upload": f"upload.{domain}",
    }
    return f'<script async src="/deskbell-chat-xmpp.js"{_attributes(words)}{_look(settings)}></script>'


def _look(settings: ChannelSettings) -> str:
    words = {"data-colour": settings.colour, "data-side": settings.side, "data-greeting": settings.greeting}
    return _attributes({name: value for name, value in words.items() if value})


def _attributes(words: Mapping[str, str]) -> str:
    return "".join(f' {name}="{escape(value, quote=True)}"' for name, value in words.items())
