"""The categories of the settings as data: for the list beside them, for its search, and for the palette."""

from __future__ import annotations

from dataclasses import dataclass

from ui.text import tr


@dataclass(frozen=True)
class Category:
    """One of them. `words` are further ways to find it."""

    key: str
    text: str
    icon: str
    words: str


def grouped() -> list[tuple[str, list[Category]]]:
    """Under their headings, in the order in which they stand."""
    channels = [
        Category("mailboxes", tr("Mailboxes"), "email-outline", tr("password server address signature add")),
        Category("chat", tr("Chat"), "message-outline", tr("website widget bubble hours port visitors")),
        Category("sending", tr("Sending"), "send-outline", tr("undo close reopen tickets")),
        Category("senders", tr("Senders"), "account-cancel-outline", tr("blocked spam pictures remote domains")),
    ]
    work = [
        Category("statuses", tr("Statuses"), "progress-check", tr("open waiting solved category colour")),
        Category("fields", tr("Fields"), "form-select", tr("custom own product order required choice tree")),
        Category("canned", tr("Canned answers"), "text-box-outline", tr("templates snippets shortcuts placeholders")),
        Category("surveys", tr("Surveys"), "star-outline", tr("satisfaction score csat ask")),
        Category("notifications", tr("Notifications"), "bell-outline", tr("notice background engine start autostart")),
    ]
    desk = [
        Category(
            "general",
            tr("You and the desk"),
            "account-outline",
            tr("name picture photo signature look theme dark language"),
        ),
        Category("keys", tr("Keys"), "keyboard-outline", tr("shortcuts keyboard rebind")),
        Category("data", tr("Data and backup"), "database-outline", tr("folder logs restore file")),
        Category("about", tr("About"), "information-outline", tr("version licence libraries terms update")),
    ]
    return [(tr("Channels"), channels), (tr("Work"), work), (tr("Desk"), desk)]
