"""Bytes of the desk for those who look at them: raw mails, their HTML, their parts, and files to send.

Everything here reads packs and decodes mail, so it belongs on a task thread, never on the window's own. What takes mails apart
is imported by whoever needs it first: 30 ms that the first rows of the window do not wait for.
"""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from app.conversations import queries
from app.conversations.commands import NewFile
from app.desk.viewing.downloads import write_private
from app.kernel.errors import NotFoundError, UserError
from app.kernel.sentences import said
from app.kernel.tokens import hide_tokens
from app.outbox.queries import formatted

if TYPE_CHECKING:
    from app.desk.desk import Desk

LARGEST_FILE = 35 * 1024 * 1024
"""Bytes; larger ones are refused by nearly every mail server once they are encoded."""


def raw_mail(desk: Desk, message: UUID) -> bytes | None:
    """The mail as it came or was sent; None for what never was a mail."""
    ref = desk.ask(queries.raw_ref, message)
    return None if ref is None else desk.packs.read(ref)


def message_html(desk: Desk, message: UUID) -> str | None:
    """The sanitised HTML of a message, or None when it has only text. Of ours that waits, too: it has no bytes yet."""
    from app.mime.html.sanitise import clean
    from app.mime.parse import html_of

    raw = raw_mail(desk, message)
    markup = clean(desk.ask(formatted, message)) or None if raw is None else html_of(raw)
    return None if markup is None else hide_tokens(markup)  # the token of a survey stands only in the mail itself


def attachment_bytes(desk: Desk, attachment: UUID) -> bytes:
    """A file of a message, decoded. Raises NotFoundError."""
    info = desk.ask(queries.attachment, attachment)
    if info is None:
        msg = "This file is not there any more."
        raise NotFoundError(msg)
    if info.blob is not None:
        return desk.packs.read(info.blob)
    raw = raw_mail(desk, info.message)
    if raw is None:
        msg = "The mail that holds this file is not there."
        raise NotFoundError(msg)
    return _part_bytes(raw, info.part)


def inline_images(desk: Desk, message: UUID) -> dict[str, bytes]:
    """The pictures that a message's HTML shows by `cid:`, by their Content-ID."""
    view = desk.ask(queries.message, message)
    wanted = (
        [one for one in view.attachments if one.content_id and one.content_type.startswith("image/")] if view else []
    )
    raw = raw_mail(desk, message) if any(one.part for one in wanted) else None
    found = {one.content_id: _part_bytes(raw, one.part) for one in wanted if raw is not None and one.part}
    return found | {one.content_id: attachment_bytes(desk, one.id) for one in wanted if not one.part}


def _part_bytes(raw: bytes, part: str) -> bytes:
    from app.mime.content.parts import part_bytes

    return part_bytes(raw, part)


def take_file(desk: Desk, path: Path) -> NewFile:
    """Store a file of the person's, to attach it. Raises UserError when it cannot be read or is too large."""
    return take_bytes(desk, path.name, file_bytes(path))


def file_bytes(path: Path) -> bytes:
    """A file of the person's. Raises UserError when it cannot be read, is too large for a mail or no file (a folder, a pipe)."""
    if path.exists() and not path.is_file():
        msg = said("{name} is not a file. To send a folder, pack it into one first.", name=path.name)
        raise UserError(msg)
    try:
        if path.stat().st_size > LARGEST_FILE:
            msg = said(
                "{name} is larger than {most} MB; mail servers do not take it.",
                name=path.name,
                most=LARGEST_FILE // 1024 // 1024,
            )
            raise UserError(msg)
        return path.read_bytes()
    except OSError as error:
        msg = said("{path} cannot be read ({why}).", path=path, why=error.strerror)
        raise UserError(msg) from error


def take_bytes(desk: Desk, filename: str, data: bytes) -> NewFile:
    """Store bytes (a pasted picture, say), to attach them."""
    kind = mimetypes.guess_type(filename)[0] or "application/octet-stream"
    ref = desk.packs.append(data)
    desk.packs.flush()
    return NewFile(filename, kind, ref)


def save_attachment(desk: Desk, attachment: UUID, folder: Path) -> Path:
    """Write a file of a message into `folder` under a harmless name that is free there; private to this user."""
    info = desk.ask(queries.attachment, attachment)
    data = attachment_bytes(desk, attachment)
    assert info is not None
    return write_private(folder, info.filename, data)


def save_mail(desk: Desk, message: UUID, folder: Path) -> Path:
    """Write a mail as it came, as an .eml file named by its subject. Raises NotFoundError for what never was a mail."""
    raw, view = raw_mail(desk, message), desk.ask(queries.message, message)
    if raw is None or view is None:
        msg = "The mail itself is not there."
        raise NotFoundError(msg)
    return write_private(folder, f"{view.subject[:80].strip(' .') or 'mail'}.eml", raw)
