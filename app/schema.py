"""Imports every tables module, so that the metadata is whole. Only the desk and the migrations' test need it."""

from __future__ import annotations

import app.answering.tables
import app.boards.tables
import app.chats.tables
import app.conversations.tables
import app.fields.tables
import app.inbox.tables
import app.index.tables
import app.kernel.database.tables
import app.outbox.tables
import app.people.tables
import app.states.tables
import app.surveys.tables
import app.templates.tables
import app.tickets.tables
import app.views.tables
from app.kernel.database.base import Base

metadata = Base.metadata

__all__ = ["app", "metadata"]
