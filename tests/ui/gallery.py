"""One-widget scripts to look at: `python -m tests.ui.gallery [--look dark] [--out FOLDER] [name …]`.

Each function builds a board of one family of widgets with invented texts; with `--out` the boards are written as pictures,
without they are opened as windows.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication, QWidget

from ui.theme import Theme
from ui.widgets.attachments import Attachment, AttachmentStrip
from ui.widgets.avatar import Avatar, Logo, RoundIcon
from ui.widgets.button import Button, ToolButton
from ui.widgets.chart import Bar, ChartTile, Spark, Trend
from ui.widgets.composer import Composer
from ui.widgets.field import FieldBlock, FormRow, PasswordField, SearchField, Select, TextField
from ui.widgets.label import ElidingLabel, KeyCap, Label, Para, key_parts
from ui.widgets.layout import column, flow, line, row
from ui.widgets.mailview import MailView
from ui.widgets.overlay import Dialog, Overlay
from ui.widgets.palette import CommandPalette, Entry
from ui.widgets.panel import BarHeader, Facts, FigureTile, Tile
from ui.widgets.pill import Dot, Pill, ScoreChip, Tag
from ui.widgets.shortcuts import ShortcutSheet
from ui.widgets.state import Banner, EmptyState, ProgressRow, Skeleton
from ui.widgets.toast import Toast, ToastHost
from ui.widgets.toggle import CheckBox, Choices, Radio, Switch

WEEKS = [(f"week {n}", v) for n, v in enumerate([4.2, 4.3, 4.1, 4.4, 4.3, 4.4, 4.5, 4.3, 4.5, 4.6, 4.5, 4.7, 4.6])]
NOW = dt.datetime(2026, 11, 20, 14, 8, tzinfo=dt.UTC)


def buttons() -> QWidget:
    """Every kind of button, and disabled."""
    kinds = ("", "primary", "danger", "ghost", "plain", "small")
    return column(
        row(*[Button(kind or "Framed", kind) for kind in kinds], None),
        row(*[Button(kind or "With icon", kind, icon="refresh") for kind in kinds], None),
        row(*[_off(Button(kind or "Off", kind)) for kind in kinds], None),
        row(Choices([("all", "All"), ("mine", "Mine 14"), ("due", "Overdue 2")], name="Filter"), None),
        row(Choices([("csat", "CSAT"), ("nps", "NPS"), ("ces", "Effort")], kind="segment", name="Kind"), None),
        row(Choices([("reply", "Reply"), ("note", "Internal note")], kind="tab", name="Mode"), None),
        row(ToolButton("dots-horizontal", "More"), ToolButton("paperclip", "Attach"), None),
        row(
            Switch("Accepting", True), Switch("Off"), CheckBox("Agree on delivery slots"), CheckBox("Done", True), None
        ),
        row(Radio("Mail", True), Radio("A page on your site"), None),
        margins=(24, 24, 24, 24),
        spacing=16,
        box="canvas",
    )


def _off(button: Button) -> Button:
    button.setEnabled(False)
    return button


def texts() -> QWidget:
    """Looks of text, pills, avatars."""
    looks = ("title", "figure", "strong", "medium", "", "muted", "small", "caption", "section", "link")
    names = ("Kemi Lopez", "Uma Xu", "Tomás Hughes", "Priya 健太", "Sven Tanaka", "Elif Kaya")
    tones = ("plain", "info", "ok", "warn", "bad")
    return column(
        *[Label(f"Order 10998 arrived damaged ({look or 'body'})", look) for look in looks],
        ElidingLabel("A very long line of text that has no room at all in so narrow a place as this one is, " * 3),
        Para("Everything works. Replies leave by themselves when the connection is back. " * 3),
        row(*[Pill(tone.title(), tone) for tone in tones], Pill("Due in 18 min", "warn", icon="clock-outline"), None),
        row(
            *[Avatar(name) for name in names], Avatar("Visitor", icon="account-outline"), Avatar("Ines Bauer", 56), None
        ),
        row(*[ScoreChip(n) for n in (5, 4, 3, 2, 1)], Dot(), RoundIcon("email-outline", ring=True), Logo(), None),
        row(*[KeyCap(part) for part in key_parts("Ctrl+Shift+Return")], None),
        flow(*[Tag(name) for name in names]),
        margins=(24, 24, 24, 24),
        spacing=12,
        box="canvas",
    )


def fields() -> QWidget:
    """Fields and form rows."""
    hours = [("2h", "2 hours after solving"), ("1d", "A day after solving")]
    wrong = FormRow("Question", TextField("How did we do, {first name}?"))
    wrong.set_wrong("There is no value for {first name} here.")
    secret = PasswordField()
    secret.setText("not a real one")
    return column(
        SearchField("Search tickets and customers"),
        FormRow("Ask", Select(hours, name="Ask"), Select([("wd", "Weekdays 9:00 to 18:00")], name="Hours")),
        wrong,
        FormRow("Answers come by", Switch("Mail", True), hint="Each score opens a ready reply."),
        row(
            (FieldBlock("E-mail address", TextField("support@larkandloom.example")), 1),
            (FieldBlock("Password", secret, hint="Kept in this computer’s own password store."), 1),
            spacing=16,
        ),
        margins=(24, 24, 24, 24),
        spacing=12,
        box="canvas",
    )


def panels() -> QWidget:
    """Bar, tiles, figures, charts."""
    header = BarHeader("Satisfaction", Button("Export"), Button("Send a survey", "primary"))
    header.set_beside(Choices([("csat", "CSAT"), ("nps", "NPS")], kind="segment", name="Kind"))
    average = FigureTile("Average", "4.6 of 5", beside=Spark(WEEKS))
    average.set_figure("4.6 of 5", "0.2 on the 30 days before", tone="ok", arrow="up")
    trend = ChartTile(
        "Average by week",
        Trend(WEEKS, low=3.5, high=5, ticks=(3.5, 4, 4.5, 5), name="Average by week"),
        ("Week", "Average"),
    )
    bars = Tile(
        Label("How the 84 answers fall", "strong"),
        *[
            row(ScoreChip(n), Label(word), (Bar(share, colour=colour, name=word), 1), Label(f"{share:.0%}", "small"))
            for n, word, share, colour in (
                (5, "Great", 0.75, "accent"),
                (3, "Okay", 0.05, "text3"),
                (1, "Bad", 0.02, "bad"),
            )
        ],
    )
    return column(
        header,
        row(
            average,
            FigureTile("Answered", "27 %", "84 of 312 sent"),
            FigureTile("Needs a follow-up", "3", "", tone="bad"),
            spacing=16,
            margins=(24, 20, 24, 0),
        ),
        row((bars, 1), (trend, 1), spacing=16, margins=(24, 16, 24, 16)),
        row(
            (Facts([("E-mail", "tomas@northwind.example"), ("Plan", "Business")]), 1),
            margins=(24, 0, 24, 24),
        ),
        box="canvas",
    )


def states() -> QWidget:
    """The four states of a list."""
    progress = ProgressRow("Bringing in mail", note="You can start working; newest first.", action=("Pause", _nothing))
    progress.set_progress(1240, 4812)
    empty = EmptyState(
        "All answered",
        "Nothing is open. The next mail or chat shows up here at once.",
        action=("Show solved", _nothing),
    )
    offline = Banner(
        "Offline since 13:40",
        "Everything works. Replies leave by themselves when the connection is back.",
        icon="cloud-off-outline",
        fact="3 wait",
    )
    error = Banner(
        "Studio Lyon: sign-in refused",
        "The server said: “Invalid credentials”. Mail is safe there; nothing is lost. Last read 9:12.",
        tone="bad",
        icon="key-alert-outline",
        actions=[("Sign in again", _nothing), ("Details", _nothing)],
    )
    boards = (column(empty), column(progress, (Skeleton(), 1)), column(offline, None), column(error, None))
    for board in boards:
        board.setMinimumWidth(320)
    return row(*boards, spacing=24, margins=(24, 24, 24, 24), box="surface")


def palette() -> QWidget:
    """The command palette above a page."""
    page = column(BarHeader("Inbox", Button("New")), (panels(), 1), box="canvas")
    page.resize(1000, 760)
    entries = [
        Entry("Snooze until tomorrow 8:00", _nothing, shortcut="H", icon="clock-outline"),
        Entry("Snooze until a reply", _nothing, shortcut="Shift+H", icon="reply-outline"),
        Entry(
            "Send and solve",
            _nothing,
            shortcut="Ctrl+Shift+Return",
            icon="check-all",
            enabled=False,
            reason="Nothing is written",
        ),
        Entry("Start a note", _nothing, shortcut="N", icon="note-text-outline"),
        Entry("Show not assigned", _nothing, shortcut="G, U", icon="account-group-outline"),
    ]
    sheet = CommandPalette(entries, context="On #4821")
    overlay = Overlay(page)
    page.show()
    overlay.open(sheet, top=112, focus=sheet.field)
    sheet.field.setText("sn")
    sheet.set_live(
        "sn",
        [
            Entry(
                "Sven Nilsson: pallet for the new shop",
                _nothing,
                hint="#4702 · Solved",
                icon="email-outline",
                group="Tickets",
            )
        ],
    )
    return page


def shortcuts() -> QWidget:
    """The sheet of shortcuts."""
    page = column(BarHeader("Inbox"), None, box="canvas")
    page.resize(1000, 700)
    groups = {
        "Everywhere": [("Command palette", "Ctrl+K"), ("Undo", "Ctrl+Z"), ("Search", "/")],
        "List": [("Next", "J"), ("Previous", "K"), ("Solve", "E"), ("Snooze", "H"), ("Assign to me", "M")],
        "Ticket": [("Reply", "R"), ("Note", "N"), ("Send", "Ctrl+Return"), ("Send and solve", "Ctrl+Shift+Return")],
    }
    overlay = Overlay(page)
    page.show()
    overlay.open(ShortcutSheet(groups))
    return page


def conversation() -> QWidget:
    """A mail and the composer."""
    mail = MailView()
    mail.show_html(
        "<p>Hello, I ordered the large mirror two weeks ago and the parcel has still not arrived. Tracking says it is stuck"
        " in the depot since Monday. Could you check what happened?</p><p>Thank you,<br>kind regards</p>"
        '<p><a href="https://example.org/x">The order</a> <img src="https://example.org/point.png"></p>'
    )
    files = [
        Attachment("a", "glass-1.jpg", 31_000, "image/jpeg"),
        Attachment("b", "a very long name of a file.pdf", 2_100_000),
    ]
    writer = Composer(
        "Write a reply… / for a template",
        modes=[("reply", "Reply"), ("note", "Internal note")],
        tools=[ToolButton("paperclip", "Attach"), ToolButton("text-box-outline", "Template")],
        buttons=[Button("Send and solve"), Button("Send", "primary")],
    )
    writer.aside.setText("To Tomás Hughes")
    writer.strip.set_attachments(files)
    message = column(
        row(Avatar("Tomás Hughes"), Label("Tomás Hughes", "strong"), None, Label("E-mail · 3 h ago", "small")),
        row(44, (mail, 1), spacing=0),
        row(44, (AttachmentStrip(files), 1), spacing=0),
        margins=(16, 12, 16, 12),
        spacing=8,
        box="message",
    )
    return column(message, None, writer, margins=(24, 24, 24, 24), spacing=12, box="canvas")


def _nothing() -> None:
    """An action that does nothing."""


def dialog() -> QWidget:
    """A sheet and a toast above a page."""
    page = column(BarHeader("Inbox", Button("New")), (panels(), 1), box="canvas")
    page.resize(1000, 700)
    sheet = Dialog("Merge into one ticket", width=560)
    sheet.add(
        Label("Which one stays?", "section"), Tile(Label("Order 10998 arrived damaged", "strong"), box="chosen"), line()
    )
    sheet.set_foot(
        Button("Cancel"), Button("Merge 3 tickets", "primary"), remark="Can be taken apart again at any time."
    )
    overlay = Overlay(page)
    toasts = ToastHost(page)
    page.show()
    overlay.open(sheet)
    toasts.show_toast(Toast("6 tickets set to Solved. 4 surveys leave in 2 hours.", "ok", "Undo", _nothing, "Ctrl+Z"))
    return page


BOARDS: dict[str, tuple[Callable[[], QWidget], QSize]] = {
    "buttons": (buttons, QSize(760, 440)),
    "texts": (texts, QSize(760, 640)),
    "fields": (fields, QSize(760, 420)),
    "panels": (panels, QSize(1100, 640)),
    "states": (states, QSize(1440, 700)),
    "dialog": (dialog, QSize(1000, 700)),
    "palette": (palette, QSize(1000, 760)),
    "shortcuts": (shortcuts, QSize(1000, 700)),
    "conversation": (conversation, QSize(760, 560)),
}


def main(arguments: list[str]) -> int:
    """Show or write the boards."""
    parser = argparse.ArgumentParser(description="Look at the widgets one family at a time.")
    parser.add_argument("names", nargs="*", default=[])
    parser.add_argument("--look", default="light", choices=("light", "dark", "hc_light", "hc_dark"))
    parser.add_argument("--out", type=Path)
    options = parser.parse_args(arguments)
    if options.out:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        options.out.mkdir(parents=True, exist_ok=True)
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    Theme(app).choose(options.look)
    kept = []
    for name in options.names or BOARDS:
        build, size = BOARDS[name]
        board = build()
        board.resize(size)
        board.show()
        kept.append(board)
        if options.out:
            app.processEvents()
            board.grab().save(str(options.out / f"{name}_{options.look}.png"))
    return 0 if options.out else app.exec()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
