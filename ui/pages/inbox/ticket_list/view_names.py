"""What the lists of the inbox are called and look like: the built-in views, and mail that became no ticket."""

from __future__ import annotations

from collections.abc import Sequence

from app.views.queries import ViewInfo
from ui.text import tr

CHIPS = 4
"""So many views stand above the list, where there is room; all of them are in the list of views."""

OWN_ICON = "filter-variant"


def view_word(view: ViewInfo) -> str:
    """The name of a view; built-in ones speak the person's language."""
    return _built_in_word(view.key) if view.key else view.name


def _built_in_word(key: str) -> str:
    return {
        "to_do": tr("All"),
        "open": tr("Not closed"),
        "unassigned": tr("Unassigned"),
        "mine": tr("Mine"),
        "overdue": tr("Overdue"),
        "unread": tr("Unread"),
        "waiting": tr("Waiting on customer"),
        "snoozed": tr("Snoozed"),
        "solved": tr("Solved"),
        "recently_solved": tr("Recently solved"),
        "closed": tr("Closed"),
        "follow_up": tr("To follow up"),
        "drafts": tr("Drafts"),
        "all": tr("Everything"),
        "bin": tr("Bin"),
    }.get(key, key)


def chip_word(view: ViewInfo) -> str:
    """The name of a view where there is little room."""
    if view.key == "waiting":
        return tr("Waiting")
    name = view_word(view)
    return name if len(name) <= _LONGEST else name[: _LONGEST - 1].rstrip() + "…"


_LONGEST = 18


def view_icon(view: ViewInfo) -> str:
    """The icon of a view: its own, else that of its kind."""
    if view.key:
        return ICONS.get(view.key, OWN_ICON)
    return view.icon or OWN_ICON


def chips_of(views: Sequence[ViewInfo], current: ViewInfo | None) -> list[ViewInfo]:
    """The views above the list: the first ones, and the one shown."""
    first = list(views[:CHIPS])
    if current is None or any(one.id == current.id for one in first):
        return first
    return [*first[: CHIPS - 1], current]


def mail_piles() -> tuple[tuple[str, str, str, str], ...]:
    """Mail that became no ticket: (part of the ledger, outcome, name, icon). It is looked at in Mail health."""
    return (
        ("newsletters", "bulk", tr("Newsletters"), "newspaper-variant-outline"),
        ("spam", "spam", tr("Spam"), "alert-octagon-outline"),
        ("quarantine", "quarantined", tr("Quarantine"), "shield-alert-outline"),
    )


ICONS = {
    "to_do": "inbox-outline",
    "unassigned": "account-question-outline",
    "mine": "account-outline",
    "overdue": "clock-alert-outline",
    "open": "inbox-full-outline",
    "unread": "circle-medium",
    "waiting": "timer-sand",
    "snoozed": "clock-outline",
    "solved": "check",
    "recently_solved": "check-all",
    "closed": "archive-outline",
    "follow_up": "flag-outline",
    "drafts": "pencil-outline",
    "all": "inbox-multiple-outline",
    "bin": "trash-can-outline",
}
