"""The words and files of a message made ready to go along when it is passed on.

What came by mail stands as parts in the bytes of that mail; what shall leave again needs bytes of its own. It reads packs
and decodes mail, so it belongs on a task thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from secrets import token_hex
from typing import TYPE_CHECKING
from uuid import UUID

from app.conversations import queries
from app.conversations.commands import NewAttachment, add_blob
from app.desk.viewing.files import attachment_bytes, message_html, take_bytes
from app.kernel.errors import NotFoundError
from app.mime.html.rich import Line, from_html, is_plain, pictures_in, trimmed

if TYPE_CHECKING:
    from app.desk.desk import Desk


@dataclass(frozen=True, slots=True)
class TakenAlong:
    """What of a message goes along: its formatted words as lines (None: plain words say it all), and its files.

    Pictures within the words are files with a Content-ID of ours: a stranger's may be one that no mail can carry.
    """

    lines: tuple[Line, ...] | None
    files: tuple[NewAttachment, ...]


def taken_along(desk: Desk, message: UUID) -> TakenAlong:
    """All of a message, under its files' own names. Raises NotFoundError."""
    view = desk.ask(queries.message, message)
    if view is None:
        msg = "This message is not there any more."
        raise NotFoundError(msg)
    pictures = {one.content_id for one in view.attachments if one.content_id and one.content_type.startswith("image/")}
    markup = message_html(desk, message)
    lines = from_html(markup, pictures) if markup else None
    if lines is not None:
        lines = None if is_plain(lines) else trimmed(lines)
    ours = {cid: f"{token_hex(10)}@deskbell" for cid in pictures_in(lines or ())}
    found = []
    for one in view.attachments:
        file = take_bytes(desk, one.filename, attachment_bytes(desk, one.id))
        blob, cid = desk.do(add_blob, file.ref), ours.get(one.content_id, "")
        kind = one.content_type or file.content_type
        found.append(NewAttachment(one.filename, kind, file.ref.length, blob=blob, content_id=cid, inline=bool(cid)))
    return TakenAlong(_renamed(lines, ours) if lines is not None else None, tuple(found))


def _renamed(lines: tuple[Line, ...], ours: Mapping[str, str]) -> tuple[Line, ...]:
    return tuple(
        replace(line, pieces=tuple(replace(p, cid=ours[p.cid]) if p.cid else p for p in line.pieces)) for line in lines
    )
