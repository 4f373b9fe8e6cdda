"""What was changed of a ticket, by whom and when: every field, the work on it, and what was undone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from PySide6.QtCore import Qt

from app.kernel import clock
from app.tickets.queries import HistoryLine, TicketDetail, history, ticket
from app.tickets.rules import UNTIL_REPLY
from ui.models.words import status_word
from ui.pages import Context
from ui.pages.inbox.beside.people import link_word
from ui.pages.inbox.beside.spent import length_text
from ui.pages.inbox.words import priority_word
from ui.text import ago_text, tr, when_text
from ui.widgets.label import Label
from ui.widgets.layout import column
from ui.widgets.overlay import Dialog
from ui.widgets.panel import ScrollPage

MOST = 200
"""So many lines are shown, the newest; the command line has all."""


def field_word(field: str) -> str:
    """What a field of the history is called."""
    if field.startswith("custom:"):
        return field.removeprefix("custom:")
    return {
        "status": tr("Status"),
        "state": tr("Status"),
        "priority": tr("Priority"),
        "assignee": tr("Assigned to"),
        "team": tr("Team"),
        "subject": tr("Subject"),
        "customer": tr("Customer"),
        "mailbox": tr("Mailbox"),
        "follow_up": tr("To follow up"),
        "due_at": tr("Due"),
        "snooze_until": tr("Snoozed until"),
        "checklist_item": tr("Checklist"),
        "time_entry": tr("Time"),
        "follower": tr("Followers"),
        "ticket_link": tr("Linked tickets"),
    }.get(field, tr("Something else"))


def line_words(line: HistoryLine, now: datetime) -> str:
    """A line of the history as a sentence without its subject."""
    if line.kind == "problem":
        return problem_words(line.field, line.new)
    told = _TOLD.get(line.kind)
    if told is not None:
        return told()
    if line.kind == "tagged":
        return tr("Tag “{name}” added", name=line.new) if line.new else tr("Tag “{name}” taken off", name=line.old)
    if line.kind in ("merged", "joined"):
        return tr("Merged with {ticket}", ticket=line.new) if line.new else tr("Taken out of {ticket}", ticket=line.old)
    if line.kind == "row":
        return _row_words(line)
    old, new = (_value(line.field, value, now) for value in (line.old, line.new))
    return f"{field_word(line.field)}: {old} → {new}"


_TOLD: dict[str, Callable[[], str]] = {
    "created": lambda: tr("The ticket was opened"),
    "replied": lambda: tr("A reply was written"),
    "noted": lambda: tr("A note was written"),
    "placed": lambda: tr("A message was moved"),
    "deleted": lambda: tr("Moved to the Bin"),
    "restored": lambda: tr("Restored from the Bin"),
    "undone": lambda: tr("An action was undone"),
    "redone": lambda: tr("An action was done again"),
}


def problem_words(field: str, new: Any) -> str:
    """What went wrong with a mail of ours, as history tells it."""
    if field == "complaint":
        return tr("The recipient called this message spam")
    found = new if isinstance(new, dict) else {}
    reasons = {
        "stale": tr("A reply was held back: the customer had written meanwhile"),
        "sign_in": tr("A reply was held back: the mailbox must be signed in again"),
        "dead_address": tr("A reply was held back: nobody reads this address any more"),
        "visitor_gone": tr("A message waits: the visitor has left the chat"),
        "restored": tr("A reply was held back: the desk was restored, and it may have left before"),
        "overtaken": tr("A reply that was to leave later became a draft again: the customer wrote first"),
    }
    states = {
        "failed": tr("A message of ours did not arrive"),
        "partial": tr("A message of ours did not reach everybody"),
        "uncertain": tr("It is not certain whether a message of ours went out"),
        "retry": tr("A message of ours could not leave for more than an hour; it is tried again"),
    }
    known = reasons.get(str(found.get("reason", ""))) or states.get(str(found.get("state", "")))
    return known or tr("A problem was found")


def _row_words(line: HistoryLine) -> str:
    what = field_word(line.field)
    old, new = line.old, line.new
    if not isinstance(new, dict):
        return tr("{what}: “{name}” removed", what=what, name=_row_name(line.field, old))
    if not isinstance(old, dict):
        return tr("{what}: “{name}” added", what=what, name=_row_name(line.field, new))
    name = _row_name(line.field, new)
    if "done_at" in new:
        return tr("Ticked: “{name}”", name=name) if new["done_at"] else tr("Not ticked any more: “{name}”", name=name)
    if "title" in new:
        return f"{what}: “{old.get('title')}” → “{new['title']}”"
    if "seconds" in new:
        before = tr("timer") if old.get("seconds") is None else length_text(int(old["seconds"]))
        after = tr("timer") if new["seconds"] is None else length_text(int(new["seconds"]))
        return f"{what}: {before} → {after}"
    return tr("{what}: “{name}” changed", what=what, name=name)


def _row_name(field: str, row: Any) -> str:
    name = str(row.get("name", "")) if isinstance(row, dict) else ""
    if field == "ticket_link":
        kind, _, number = name.partition(" ")
        return f"{link_word(kind)} {number}"
    return tr("timer") if field == "time_entry" and name == "timer" else name


def _value(field: str, value: Any, now: datetime) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return tr("yes") if value else tr("no")
    if field.endswith(("_at", "_until")):
        at = datetime.fromisoformat(str(value))
        return tr("an answer comes") if at >= UNTIL_REPLY else when_text(at, now)
    if field in ("status", "state"):
        return status_word(str(value))
    return priority_word(str(value)) if field == "priority" else str(value)


def show_changes(context: Context, key: UUID, number: int) -> None:
    """Open a sheet with everything that was changed, newest first."""
    sheet = Dialog(tr("History of #{number}", number=number), width=600)

    def take(told: tuple[tuple[HistoryLine, ...], TicketDetail | None]) -> None:
        (lines, detail), now = told, clock.now()
        page = ScrollPage(margins=(0, 0, 8, 0), spacing=10)

        def add(words: str, who: str, at: datetime) -> None:
            below = Label(f"{who or tr('By itself')} · {ago_text(at, now)}", "small")
            page.content.addWidget(column(Label(words, wrap=True), below, spacing=1))

        for line in lines[: -MOST - 1 : -1]:
            add(line_words(line, now), line.agent_name, line.at)
        if len(lines) > MOST:
            page.content.addWidget(Label(tr("{n} older changes are not shown.", n=len(lines) - MOST), "small"))
        if detail is not None and not any(line.kind == "created" for line in lines):  # by a mail: it is no change
            add(_TOLD["created"](), detail.row.customer_name, detail.row.created_at)
        page.setMinimumHeight(min(460, 60 + 44 * (len(lines) + 1)))
        sheet.add(page)
        page.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # arrows and pages scroll
        page.setAccessibleName(tr("Changes, newest first"))
        context.overlay.open(sheet, focus=page)

    context.tasks.ask(_told, key, then=take, owner=context.overlay, key="ticket-history")


def _told(db: Any, key: UUID) -> tuple[tuple[HistoryLine, ...], TicketDetail | None]:
    return history(db, key), ticket(db, key)
