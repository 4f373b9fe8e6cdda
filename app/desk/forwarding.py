"""The files of a message made ready to go along when it is passed on.

What came by mail stands as parts in the bytes of that mail; what shall leave again needs bytes of its own. It reads packs
and decodes mail, so it belongs on a task thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from app.conversations import queries
from app.conversations.commands import NewAttachment, add_blob
from app.desk.files import attachment_bytes, take_bytes
from app.kernel.errors import NotFoundError

if TYPE_CHECKING:
    from app.desk.desk import Desk


def files_of(desk: Desk, message: UUID) -> tuple[NewAttachment, ...]:
    """All files of a message, pictures within its text included, under their own names. Raises NotFoundError."""
    view = desk.ask(queries.message, message)
    if view is None:
        msg = "This message is not there any more."
        raise NotFoundError(msg)
    found = []
    for one in view.attachments:
        file = take_bytes(desk, one.filename, attachment_bytes(desk, one.id))
        blob = desk.do(add_blob, file.ref)
        found.append(NewAttachment(one.filename, one.content_type or file.content_type, file.ref.length, blob=blob))
    return tuple(found)
