"""Every action of the window once: its words, keys, icon and group. Menus, the palette and the sheet of keys are built from it.

An action is declared here as data and becomes one QAction. Whoever can perform it now (the window, or the page that is
shown) binds a function to it and says when it is allowed and, if not, why not; an action that nobody has bound is off. Plain
letters are safe as keys: Qt gives a text field its letters before it looks at shortcuts. While a sheet is open all actions
rest, so that a letter typed there changes nothing behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import shiboken6
from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from ui.icons import icon
from ui.text import tr

Run = Callable[[], object]
Allowed = Callable[[], bool | str]  # True, or why not


@dataclass(frozen=True)
class Action:
    """What can be done. `keys` as Qt writes them ("Ctrl+K", "G, U"); `words` are further ways to find it.

    `also`: further usual keys, for where a letter is text. They are in force while the action has its usual keys, as long as nobody
    gave them to another one.
    """

    key: str
    text: str
    keys: str = ""
    icon: str = "chevron-right"
    group: str = "Everywhere"
    words: str = ""
    also: str = ""


# Words pass through `tr` where they are shown: the language may change while the window is open.
ALL: tuple[Action, ...] = (
    Action("palette", "Command palette", "Ctrl+K", "magnify"),
    Action("shortcuts", "Keyboard shortcuts", "?", "keyboard-outline", words="help keys"),
    Action("search", "Search", "/", "magnify", words="find", also="Ctrl+F"),
    Action(
        "search.scope", "Search elsewhere: subjects, messages, notes, people, files", "", "magnify", words="scope find"
    ),
    Action("search.order", "Search: best or newest first", "", "sort-variant", words="relevance rank find"),
    Action("search.next", "Next hit of the search", "F3", "chevron-down", words="hit find"),
    Action("search.previous", "Previous hit of the search", "Shift+F3", "chevron-up", words="hit find"),
    Action("undo", "Undo", "Ctrl+Z", "undo"),
    Action("redo", "Do again", "Ctrl+Shift+Z", "redo", words="redo"),
    Action("work", "Work in progress", "", "progress-clock", words="jobs background cancel"),
    Action("keys", "Change the keys…", "", "keyboard-settings-outline", words="shortcuts rebind customise"),
    Action("go.inbox", "Go to the inbox", "Ctrl+1", "inbox-outline", words="tickets list"),
    Action("go.board", "Go to the board", "Ctrl+2", "view-column-outline", words="columns kanban"),
    Action("go.chats", "Go to the chats", "Ctrl+3", "message-outline", words="live visitors website"),
    Action("go.customers", "Go to the customers", "Ctrl+4", "account-multiple-outline", words="people"),
    Action("go.satisfaction", "Go to satisfaction", "Ctrl+5", "star-outline", words="surveys csat scores"),
    Action("go.health", "Mail health", "Ctrl+8", "cloud-check-outline", words="ledger outbox quarantine"),
    Action("go.settings", "Settings", "Ctrl+,", "cog-outline", words="preferences mailboxes"),
    Action("save", "Save the settings", "Ctrl+S", "content-save-outline", words="keep"),
    Action("look.system", "Look: as the computer", "", "theme-light-dark", words="theme"),
    Action("look.light", "Look: light", "", "white-balance-sunny", words="theme"),
    Action("look.dark", "Look: dark", "", "weather-night", words="theme"),
    Action("look.contrast", "Look: high contrast", "", "contrast-circle", words="theme accessibility"),
    Action("back_up", "Back up now", "", "database-check-outline", words="backup copy save"),
    Action("save_backup", "Save a backup file…", "", "content-save-outline", words="backup export carry move computer"),
    Action("restore_backup", "Restore a backup…", "", "backup-restore", words="backup move computer import"),
    Action("restore_now", "Put the restored desk in place", "", "backup-restore", words="backup"),
    Action(
        "restore_left", "What is left to do after restoring…", "", "clipboard-check-outline", words="backup passwords"
    ),
    Action("compact", "Free disk space…", "", "broom", words="compact erase disk space clean"),
    Action("begin_own", "Begin your own desk…", "", "flag-outline", words="sample leave start mailbox"),
    Action("check_mail", "Check mail now", "F5", "refresh", words="sync receive fetch"),
    Action("about", "About Deskbell", "", "information-outline", words="version licence libraries update"),
    Action("window.new", "New window", "Ctrl+Shift+N", "dock-window", words="another"),
    Action("window.close", "Close this window", "Ctrl+W", "close"),
    Action("quit", "Quit", "Ctrl+Q", "exit-to-app", words="exit close"),
    Action("new", "New ticket", "C", "square-edit-outline", "List", "compose write mail", also="Ctrl+N"),
    Action("next", "Next", "J", "arrow-down", "List"),
    Action("previous", "Previous", "K", "arrow-up", "List"),
    Action("open", "Open", "O", "arrow-expand", "List"),
    Action("own_window", "Open in a window of its own", "Shift+O", "open-in-new", "Ticket", "separate"),
    Action("select", "Select", "X", "checkbox-outline", "List", "mark bulk"),
    Action("select_all", "Select all", "Ctrl+A", "checkbox-multiple-outline", "List"),
    Action("select_none", "Clear the selection", "Ctrl+Shift+X", "checkbox-blank-off-outline", "List", "none escape"),
    Action("view.all", "Show all", "G, A", "inbox-outline", "List"),
    Action("view.unassigned", "Show unassigned", "G, U", "account-question-outline", "List"),
    Action("view.mine", "Show mine", "G, M", "account-outline", "List"),
    Action("view.overdue", "Show overdue", "G, O", "clock-alert-outline", "List"),
    Action("view.snoozed", "Show snoozed", "G, S", "clock-outline", "List"),
    Action("view.unread", "Show unread", "", "circle-medium", "List", "new"),
    Action("view.drafts", "Show drafts", "G, D", "pencil-outline", "List", "begun unfinished replies"),
    Action("view.waiting", "Show waiting on customer", "", "timer-sand", "List", "pending"),
    Action("view.solved", "Show solved", "", "check", "List", "done"),
    Action("view.active", "Show all that are not closed", "", "inbox-full-outline", "List", "active"),
    Action("view.closed", "Show closed", "", "archive-outline", "List", "archive"),
    Action("view.follow_up", "Show tickets to follow up", "", "flag-outline", "List", "survey"),
    Action("view.recently_solved", "Show recently solved", "", "check-all", "List", "done"),
    Action("view.everything", "Show everything", "", "inbox-multiple-outline", "List", "all tickets"),
    Action("view.bin", "Show the Bin", "", "trash-can-outline", "List", "trash deleted"),
    Action("board.move_left", "Move the card to the left", "Shift+Left", "arrow-left", "Board", "column"),
    Action("board.move_right", "Move the card to the right", "Shift+Right", "arrow-right", "Board", "column"),
    Action("board.move_up", "Move the card to the lane above", "Shift+Up", "arrow-up", "Board", "mark"),
    Action("board.move_down", "Move the card to the lane below", "Shift+Down", "arrow-down", "Board", "mark"),
    Action("board.left", "Go to the column on the left (H)", "", "arrow-left", "Board", "focus"),
    Action("board.right", "Go to the column on the right (L)", "", "arrow-right", "Board", "focus"),
    Action("board.snooze", "Snooze… (H goes to the left here)", "Z", "clock-outline", "Board", "later sleep"),
    Action("board.add", "Add a card to this column", "Shift+C", "plus", "Board", "quick ticket task"),
    Action("board.group", "Columns and lanes…", "V", "view-column-outline", "Board", "group by swimlanes"),
    Action("board.columns", "Order, limits and hidden columns…", "", "format-list-numbered", "Board", "hide wip"),
    Action("board.limit", "Limit of this column…", "W", "speedometer", "Board", "wip most"),
    Action("board.fold", "Fold this column", "", "arrow-collapse-horizontal", "Board", "collapse unfold"),
    Action("views", "Choose a view…", "G, V", "view-list-outline", "List", "lists saved"),
    Action("view.new", "New view…", "", "filter-plus-outline", "List", "saved list create"),
    Action("view.edit", "Change this view…", "", "filter-cog-outline", "List", "saved list edit condition"),
    Action("view.save_search", "Save this search as a view…", "Ctrl+Shift+S", "content-save-outline", "List"),
    Action("view.manage", "Manage views…", "", "format-list-bulleted", "List", "saved lists order delete share"),
    Action("view.look", "Order, headings and density…", "Shift+V", "sort-variant", "List", "sort group compact"),
    *(Action(f"view.own{n}", f"Show own view {n}", f"G, {n}", "filter-variant", "List") for n in range(1, 10)),
    Action("chat.accept", "Accept this chat", "Shift+A", "message-check-outline", "Chat", "take live visitor"),
    Action("chat.next", "Take the chat that waits longest", "Shift+W", "message-badge-outline", "Chat", "accept queue"),
    Action(
        "chat.transfer", "Transfer this chat…", "Shift+P", "account-arrow-right-outline", "Chat", "assign colleague"
    ),
    Action("chat.back", "Put this chat back into the queue", "", "undo-variant", "Chat", "unassign release"),
    Action("chat.turn", "Make a ticket of this chat", "Shift+K", "ticket-outline", "Chat", "turn convert"),
    Action("chat.end", "End this chat", "Shift+D", "message-off-outline", "Chat", "close finish"),
    Action("chat.verify", "Verify by code", "Shift+Y", "shield-check-outline", "Chat", "prove address identity mail"),
    Action("chat.mail", "Answer by e-mail, or in the chat", "", "email-outline", "Chat", "left gone"),
    Action("chat.ticket", "Show this chat in the inbox", "Shift+I", "inbox-outline", "Chat", "ticket"),
    Action("chat.show", "Show this ticket’s chat", "", "message-outline", "Chat", "live visitor"),
    Action("chat.block", "Block or unblock this visitor", "", "account-cancel-outline", "Chat", "ban spam"),
    Action("chat.beside", "One chat, or several side by side", "Shift+B", "view-column-outline", "Chat", "columns"),
    Action("chat.away", "Accept chats, or be away", "", "account-clock-outline", "Chat", "online offline hours"),
    *(Action(f"chat.place{n}", f"Go to chat {n} side by side", f"Alt+{n}", "view-column", "Chat") for n in range(1, 5)),
    Action("solve", "Solve", "E", "check", "Ticket", "close done"),
    Action("reopen", "Open again", "Shift+E", "restart", "Ticket"),
    Action("assign_me", "Assign to me", "M", "account-check-outline", "Ticket", "take mine"),
    Action("assign", "Assign…", "A", "account-plus-outline", "Ticket"),
    Action("priority", "Priority…", "P", "flag-outline", "Ticket", "urgent high low"),
    Action("status", "Status…", "S", "list-status", "Ticket", "state waiting open"),
    Action("tag", "Tag…", "T", "tag-outline", "Ticket", "label"),
    Action("snooze", "Snooze…", "H", "clock-outline", "Ticket", "hide later wait"),
    Action("merge", "Merge…", "Shift+M", "call-merge", "Ticket", "join"),
    Action(
        "unmerge", "Take apart what was merged…", "Ctrl+Shift+M", "call-split", "Ticket", "unmerge un-merge separate"
    ),
    Action("split", "Split off a ticket…", "Shift+S", "call-split", "Ticket", "divide separate message"),
    Action("follow_up", "To follow up", "F", "flag-outline", "Ticket", "star mark look again"),
    Action("unread", "Mark unread", "U", "email-mark-as-unread", "Ticket", "unseen"),
    Action("read", "Mark read", "Shift+U", "email-open-outline", "Ticket", "seen"),
    Action("spam", "Spam", "!", "alert-octagon-outline", "Ticket", "junk"),
    Action("spam_block", "Spam, and block the sender", "Ctrl+Shift+J", "account-cancel-outline", "Ticket", "junk"),
    Action("block", "Block the sender", "B", "account-cancel-outline", "Ticket", "junk ban"),
    Action("delete", "Move to the Bin", "Del", "trash-can-outline", "Ticket", "trash remove"),
    Action("restore", "Restore from the Bin", "Shift+R", "restore", "Ticket", "undelete"),
    Action("due", "Due date…", "D", "calendar-clock-outline", "Ticket", "deadline"),
    Action("checklist", "Add to the checklist", "L", "checkbox-marked-outline", "Ticket", "todo list"),
    Action("log_time", "Log time", "Shift+T", "timer-outline", "Ticket", "spent track"),
    Action("timer", "Start or stop the timer", "Y", "timer-play-outline", "Ticket", "time spent"),
    Action("follow", "Follow, or stop following", "Shift+F", "eye-outline", "Ticket", "watch notify"),
    Action("followers", "Add a follower…", "", "account-eye-outline", "Ticket", "watch notify"),
    Action("link_ticket", "Link a ticket", "Shift+L", "link-variant", "Ticket", "related blocks duplicate"),
    Action("fields", "Fill in the fields", "I", "form-select", "Ticket", "custom own product"),
    Action("print", "Print, or save as PDF…", "Ctrl+P", "printer-outline", "Ticket", "paper export"),
    Action("changes", "History of changes", "Shift+H", "history", "Ticket", "log audit"),
    Action("reply", "Reply", "R", "reply-outline", "Ticket", "answer"),
    Action("note", "Internal note", "N", "note-text-outline", "Ticket", "comment"),
    Action("send", "Send", "Ctrl+Return", "send-outline", "Ticket"),
    Action("send_solve", "Send and solve", "Ctrl+Shift+Return", "check-all", "Ticket"),
    Action("attach", "Attach a file", "Ctrl+Shift+A", "paperclip", "Ticket"),
    Action("canned", "Insert a canned answer", "Ctrl+J", "text-box-outline", "Writing", "template snippet macro slash"),
    Action("bold", "Bold", "Ctrl+B", "format-bold", "Writing", "format strong"),
    Action("italic", "Italic", "Ctrl+I", "format-italic", "Writing", "format emphasis"),
    Action("bullets", "List", "Ctrl+Shift+8", "format-list-bulleted", "Writing", "format bullets points"),
    Action("numbers", "Numbered list", "Ctrl+Shift+7", "format-list-numbered", "Writing", "format steps"),
    Action("link", "Link…", "Ctrl+Shift+K", "link-variant", "Writing", "format address url"),
    Action("picture", "Picture in the text…", "Ctrl+Shift+I", "image-outline", "Writing", "insert image inline"),
    Action("plain_words", "Remove the formatting", "", "format-clear", "Writing", "plain text remove"),
    Action("side", "Show or hide the side panel", "Ctrl+\\", "dock-right", "Ticket"),
)


LISTS = {
    "view.all": "to_do",
    "view.everything": "all",
    "view.active": "open",
    **{
        f"view.{name}": name
        for name in (
            *("unassigned", "mine", "overdue", "snoozed", "unread", "waiting"),
            *("solved", "recently_solved", "closed", "follow_up", "drafts", "bin"),
        )
    },
}
"""The actions that show a list of the inbox, from wherever one is, and which list."""

_SOON_MS = 40
"""So soon buttons and menus show what is allowed: later than what was done is painted, and sooner than an eye is there."""

_NOT_LISTED = {"palette", "next", "previous", "select", "open"}


@dataclass(frozen=True)
class Offer:
    """An action as it stands now: its words and keys in this language and system, and why it is off if it is."""

    action: Action
    text: str
    keys: str
    enabled: bool
    reason: str


@dataclass
class _Bound:
    owner: QObject
    run: Run
    allowed: Allowed


class Actions(QObject):
    """The QActions of one window. `rebound`: somebody has other keys now."""

    rebound = Signal()

    def __init__(self, window: QWidget, declared: tuple[Action, ...] = ALL) -> None:
        super().__init__(window)
        self.declared = {action.key: action for action in declared}
        self._own_keys: dict[str, str] = {}
        self._bound: dict[str, list[_Bound]] = {key: [] for key in self.declared}
        self._qactions = {key: self._make(action, window) for key, action in self.declared.items()}
        self._resting = self._is_stale = False
        self._soon = QTimer(self, singleShot=True, interval=_SOON_MS)
        self._soon.timeout.connect(self.settle)
        self.glance = self._glances = 0
        """Which look at what is allowed is under way, 0 for none: what is found out for one action holds for all of them."""
        self.refresh()
        window.installEventFilter(self)

    def __getitem__(self, key: str) -> QAction:
        """The one QAction of a key, for buttons and menus. Raises KeyError for a key that is not declared."""
        self.settle()
        return self._qactions[key]

    def entry(self, key: str, menu: QObject) -> QAction:
        """An action for a menu that is made each time it is opened. Qt tells screen readers of an action by the first menu it was in,
        and of nothing once that one is gone; so each such menu gets one of its own.
        """
        one = self[key]
        made = QAction(one.icon(), one.text(), menu)
        made.setShortcut(one.shortcut())  # shown, and pressed nowhere: a menu that is open takes all keys
        made.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        made.setEnabled(one.isEnabled())
        made.setToolTip(one.toolTip())
        made.setObjectName(one.objectName())
        made.triggered.connect(lambda: self.press(key))
        return made

    def press(self, key: str) -> None:
        """Perform an action for a button or a menu, as things stand now: what has just come up may be pressed at once."""
        self[key].trigger()

    def bind(self, owner: QObject, key: str, run: Run, allowed: Allowed = lambda: True) -> None:
        """From now on `run` performs the action; the binding made last rules until `release`."""
        self._bound[key].append(_Bound(owner, run, allowed))
        self._update(key)

    def release(self, owner: QObject) -> None:
        """Take back whatever `owner` has bound."""
        for key, bound in self._bound.items():
            if any(b.owner is owner for b in bound):
                self._bound[key] = [b for b in bound if b.owner is not owner]
                self._update(key)

    def run(self, key: str) -> bool:
        """Perform an action if it is allowed now."""
        bound = self._bound[key]
        if not bound or bound[-1].allowed() is not True:
            return False
        bound[-1].run()
        return True

    def refresh(self) -> None:
        """Look again what is allowed: after a selection has changed, for example. Not at once: one deed tells of many changes, and
        all actions are looked at once for them, after what they changed is painted, or when somebody wants to know (`settle`).
        """
        if not self._is_stale:
            self._is_stale = True
            self._soon.start()

    def settle(self) -> None:
        """Let what is allowed hold from here on, if something has changed since the last look."""
        if not self._is_stale:
            return
        self._is_stale = False
        self._glances += 1
        self.glance = self._glances
        try:
            for key in self.declared:
                self._update(key)
        finally:
            self.glance = 0

    def eventFilter(self, watched: QObject, event: QEvent, /) -> bool:
        """Before Qt asks which action a key belongs to, they are as they should be: keys may come faster than anything is painted."""
        if event.type() == QEvent.Type.ShortcutOverride:
            self.settle()
        return super().eventFilter(watched, event)

    def rest(self, resting: bool) -> None:
        """While a sheet is open nothing behind it can be done."""
        self._resting = resting
        self.refresh()

    @property
    def resting(self) -> bool:
        """Is a sheet open, so that nothing behind it can be done?"""
        return self._resting

    def offers(self) -> list[Offer]:
        """What the palette lists, the page's own actions first; looks afresh at what is allowed."""
        listed = [a for a in self.declared.values() if a.key not in _NOT_LISTED]
        return [self._offer(a) for a in sorted(listed, key=lambda a: (not self._bound[a.key], a.group == "Everywhere"))]

    def groups(self) -> dict[str, list[tuple[str, str]]]:
        """Every action with keys, for the sheet of shortcuts."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for action in self.declared.values():
            for keys in self._all_keys(action):
                shown = QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)
                groups.setdefault(tr(action.group), []).append((tr(action.text), shown))
        return groups

    # -- keys

    def keys(self, key: str) -> str:
        """The keys of an action as this system writes them."""
        return QKeySequence(self.keys_of(key)).toString(QKeySequence.SequenceFormat.NativeText)

    def keys_of(self, key: str) -> str:
        """The keys of an action as Qt writes them: a person's own, else the usual ones."""
        return self._own_keys.get(key, self.declared[key].keys)

    def hint(self, key: str) -> str:
        """What a button for an action says when the mouse rests on it."""
        words, keys = tr(self.declared[key].text), self.keys(key)
        return f"{words}  ({keys})" if keys else words

    def explain(self, button: QWidget, key: str) -> None:
        """Keep a button's tooltip saying what it does and by which key."""
        button.setToolTip(self.hint(key))
        self.rebound.connect(lambda: _explain(button, self.hint(key)))

    def set_keys(self, own: Mapping[str, str]) -> None:
        """Give actions a person's own keys ("" for none); all others have the usual ones."""
        own = {key: keys for key, keys in own.items() if key in self.declared and keys != self.declared[key].keys}
        if own == self._own_keys:
            return
        self._own_keys = own
        for key, action in self._qactions.items():
            action.setShortcuts([QKeySequence(keys) for keys in self._all_keys(self.declared[key])])
        self.rebound.emit()

    def _all_keys(self, action: Action) -> list[str]:
        """All keys by which an action is reached now, those that are shown beside it first."""
        also = action.also if action.key not in self._own_keys and action.also not in self._own_keys.values() else ""
        return [keys for keys in (self.keys_of(action.key), also) if keys]

    def _offer(self, action: Action) -> Offer:
        allowed = self._allowed(action.key)
        reason = allowed if isinstance(allowed, str) else "" if self._bound[action.key] else tr("Not on this page")
        return Offer(action, tr(action.text), self.keys(action.key), allowed is True, reason)

    def _make(self, action: Action, window: QWidget) -> QAction:
        made = QAction(icon(action.icon), tr(action.text), window)
        made.setShortcuts([QKeySequence(keys) for keys in self._all_keys(action)])
        made.setObjectName(f"action.{action.key}")
        made.triggered.connect(lambda _on=False: self.run(action.key))
        window.addAction(made)
        return made

    def _allowed(self, key: str) -> bool | str:
        bound = self._bound[key]
        return bound[-1].allowed() if bound else False

    def _update(self, key: str) -> None:
        self._qactions[key].setEnabled(not self._resting and self._allowed(key) is True)


def _explain(button: QWidget, words: str) -> None:
    if shiboken6.isValid(button):
        button.setToolTip(words)
