"""The original of a mail: cleaned, with all of its formatting, as a page of its own for the browser.

The browser lays it out as the window never could, and is kept from everything else: no script, no form, no frame, no address
but that of a picture, and of pictures from elsewhere only where somebody agreed to them.
"""

from __future__ import annotations

import base64
import html
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote
from uuid import UUID

from app.desk.viewing import files
from app.desk.viewing.downloads import write_private
from app.desk.viewing.reading import MailReader
from app.kernel.tokens import hide_tokens

if TYPE_CHECKING:
    from app.desk.desk import Desk

_POLICY = "default-src 'none'; img-src {images}; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"
_SOURCE = re.compile(r' src="cid:([^"]*)"', re.I)
_KINDS = ((b"\x89PNG", "png"), (b"\xff\xd8", "jpeg"), (b"GIF8", "gif"), (b"RIFF", "webp"), (b"BM", "bmp"))


def write_original(desk: Desk, reader: MailReader, message: UUID, folder: Path, *, pictures: bool) -> Path:
    """Write the page and say where; `pictures`: those from elsewhere may be loaded for this message. Any thread."""
    reading = reader.read(message)
    shown = pictures or reading.allowed
    markup = reading.pictured if shown else reading.markup
    if not markup:
        raw = files.raw_mail(desk, message) or b""
        markup = f"<pre>{html.escape(hide_tokens(raw.decode('utf-8', 'replace')))}</pre>"
    path = folder / f"mail-{message.hex[:12]}.html"
    path.unlink(missing_ok=True)
    return write_private(folder, path.name, page(markup, files.inline_images(desk, message), pictures=shown).encode())


def page(markup: str, images: dict[str, bytes], *, pictures: bool) -> str:
    """Cleaned markup as a page; `images` are what the mail itself carries, by Content-ID."""

    def inline(found: re.Match[str]) -> str:
        data = images.get(unquote(html.unescape(found[1])))
        kind = next((kind for begin, kind in _KINDS if data is not None and data.startswith(begin)), "")
        return f' src="data:image/{kind};base64,{base64.b64encode(data).decode()}"' if data and kind else ""

    policy = _POLICY.format(images="https: data:" if pictures else "data:")
    return (
        f'<!doctype html><html><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy}">'
        f'<meta name="referrer" content="no-referrer"><title>Mail</title></head><body>{_SOURCE.sub(inline, markup)}</body></html>'
    )
