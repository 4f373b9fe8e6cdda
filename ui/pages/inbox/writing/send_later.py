"""Sending later: a sheet with the times that people mean, and a field for any other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from app.kernel import clock
from ui.pages.inbox.triage.moments import MomentSheet
from ui.text import tr
from ui.widgets.label import Label

if TYPE_CHECKING:
    from ui.pages import Context


class LaterSheet(MomentSheet):
    """When to send; never in the past."""

    def __init__(self, chosen: Callable[[datetime], object]) -> None:
        super().__init__(tr("Send it later"), tr("Send then"), timedelta(hours=1), chosen)
        self.not_before(clock.now())
        words = tr("If the customer writes before, it is not sent: it becomes a draft again and you are told.")
        self.add(Label(words, "small", wrap=True))


def ask_when(context: Context, chosen: Callable[[datetime], object]) -> None:
    """Open the sheet."""
    sheet = LaterSheet(chosen)
    context.overlay.open(sheet, focus=sheet.offers[0])
