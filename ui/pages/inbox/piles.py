"""The lists that the inbox offers: which, in which order, and what they are called."""

from __future__ import annotations

from app.tickets.queries import Pile
from ui.text import tr

CHIPS = (Pile.TO_DO, Pile.UNASSIGNED, Pile.MINE, Pile.OVERDUE)
MORE = (
    Pile.UNREAD,
    Pile.WAITING,
    Pile.SNOOZED,
    Pile.SOLVED,
    Pile.ACTIVE,
    Pile.CLOSED,
    Pile.FOLLOW_UP,
    Pile.ALL,
    Pile.BIN,
)


def pile_word(pile: Pile) -> str:
    """The name of a list."""
    return {
        Pile.TO_DO: tr("All"),
        Pile.ACTIVE: tr("Not closed"),
        Pile.UNASSIGNED: tr("Unassigned"),
        Pile.MINE: tr("Mine"),
        Pile.OVERDUE: tr("Overdue"),
        Pile.UNREAD: tr("Unread"),
        Pile.WAITING: tr("Waiting on customer"),
        Pile.SNOOZED: tr("Snoozed"),
        Pile.SOLVED: tr("Solved"),
        Pile.CLOSED: tr("Closed"),
        Pile.FOLLOW_UP: tr("To follow up"),
        Pile.ALL: tr("Everything"),
        Pile.BIN: tr("Bin"),
        Pile.NEW: tr("New"),
        Pile.OPEN: tr("Open"),
    }[pile]


def chip_word(pile: Pile) -> str:
    """The name of a list where there is little room."""
    return tr("Waiting") if pile is Pile.WAITING else pile_word(pile)


def mail_piles() -> tuple[tuple[str, str, str], ...]:
    """Mail that became no ticket: (part of the ledger, name, icon). It is looked at in Mail health."""
    return (
        ("newsletters", tr("Newsletters"), "newspaper-variant-outline"),
        ("spam", tr("Spam"), "alert-octagon-outline"),
    )


ICONS = {
    Pile.TO_DO: "inbox-outline",
    Pile.UNASSIGNED: "account-question-outline",
    Pile.MINE: "account-outline",
    Pile.OVERDUE: "clock-alert-outline",
    Pile.ACTIVE: "inbox-full-outline",
    Pile.UNREAD: "circle-medium",
    Pile.WAITING: "timer-sand",
    Pile.SNOOZED: "clock-outline",
    Pile.SOLVED: "check",
    Pile.CLOSED: "archive-outline",
    Pile.FOLLOW_UP: "flag-outline",
    Pile.ALL: "inbox-multiple-outline",
    Pile.BIN: "trash-can-outline",
}
