"""The lines that the owner copies into a web site so that the bubble stands there. Pure."""

from __future__ import annotations

from html import escape

from app.chats.queries.desk import ChannelInfo


def snippet_for(info: ChannelInfo, base_url: str = "") -> str:
    """The script tag for a channel; `base_url`: where visitors reach the server, if it is not the channel's address."""
    base = (base_url or info.address).rstrip("/")
    settings = info.settings
    words = {"data-colour": settings.colour, "data-side": settings.side, "data-greeting": settings.greeting}
    extra = "".join(f' {name}="{escape(value, quote=True)}"' for name, value in words.items() if value)
    return f'<script async src="{escape(base, quote=True)}/widget.js" data-deskbell="{escape(base, quote=True)}"{extra}></script>'
