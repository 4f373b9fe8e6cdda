"""Bytes of the desk for those who look at them: raw mails, their HTML, their parts, and files to send.

Everything here reads packs and decodes mail, so it belongs on a task thread, never on the window's own.
"""

from __future__ import annotations

import contextlib
import mimetypes
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from app.conversations import queries
from app.conversations.commands import NewFile
from app.kernel.errors import NotFoundError, UserError
from app.kernel.tokens import hide_tokens
from app.mime.parse import html_of
from app.mime.parts import part_bytes

if TYPE_CHECKING:
    from app.desk.desk import Desk

LARGEST_FILE = 35 * 1024 * 1024
"""Bytes; larger ones are refused by nearly every mail server once they are encoded."""

_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\u202a-\u202e\u2066-\u2069]')
_RESERVED = frozenset({"con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(1, 10))})


def raw_mail(desk: Desk, message: UUID) -> bytes | None:
    """The mail as it came or was sent; None for what never was a mail."""
    ref = desk.ask(queries.raw_ref, message)
    return None if ref is None else desk.packs.read(ref)


def message_html(desk: Desk, message: UUID) -> str | None:
    """The sanitised HTML of a message, or None when it has only text."""
    raw = raw_mail(desk, message)
    markup = None if raw is None else html_of(raw)
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
    return part_bytes(raw, info.part)


def inline_images(desk: Desk, message: UUID) -> dict[str, bytes]:
    """The pictures that a message's HTML shows by `cid:`, by their Content-ID."""
    raw = raw_mail(desk, message)
    view = desk.ask(queries.message, message)
    if raw is None or view is None:
        return {}
    wanted = [one for one in view.attachments if one.content_id and one.content_type.startswith("image/") and one.part]
    return {one.content_id: part_bytes(raw, one.part) for one in wanted}


def take_file(desk: Desk, path: Path) -> NewFile:
    """Store a file of the person's, to attach it. Raises UserError when it cannot be read or is too large."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            msg = f"{path.name} is larger than {LARGEST_FILE // 1024 // 1024} MB; mail servers do not take it."
            raise UserError(msg)
        data = path.read_bytes()
    except OSError as error:
        msg = f"{path} cannot be read ({error.strerror})."
        raise UserError(msg) from error
    return take_bytes(desk, path.name, data)


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
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path in _free_names(folder, safe_name(info.filename)):
        with contextlib.suppress(FileExistsError):
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
            with os.fdopen(fd, "wb") as file:
                file.write(data)
            with contextlib.suppress(OSError, AttributeError):
                os.setxattr(path, "user.xdg.origin.url", b"mailto:")
            return path
    msg = f"No free name for {info.filename} in {folder}."
    raise UserError(msg)


def safe_name(filename: str) -> str:
    """A name for a file that came from outside: no path, no control or direction characters, not too long."""
    name = _UNSAFE.sub("_", filename).strip(" .") or "file"
    stem, dot, ending = name.rpartition(".")
    if (stem or ending).lower() in _RESERVED:
        name = f"_{name}"
    return name if len(name) <= 120 else f"{(stem or ending)[: 110 - len(ending)]}{dot}{ending[:10]}"


def _free_names(folder: Path, name: str) -> list[Path]:
    stem, ending = os.path.splitext(name)  # noqa: PTH122 - a name, not a path
    return [folder / name, *(folder / f"{stem} ({number}){ending}" for number in range(2, 1000))]
