"""Settings, each declared once: key, type, default, what it means, whom it belongs to.

A setting of the desk is shared by everybody who works with the workspace; a setting of the device (theme, what closing
the window does) stays on one machine. Values are stored as JSON text by whoever owns the table. Here nothing reads a
database: a stored value that is missing or no longer allowed counts as the default, so that no odd row ever keeps the
program from starting.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from app.kernel.errors import UserError
from app.kernel.sentences import said

Scope = Literal["desk", "device"]
Value = bool | int | str


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `low` and `high` bound a number, both included; `choices` are the only texts allowed."""

    key: str
    type: type[bool] | type[int] | type[str]
    default: Value
    text: str
    scope: Scope = "desk"
    low: int | None = None
    high: int | None = None
    choices: tuple[str, ...] = ()

    def validate(self, value: Any) -> Value:
        """The value if it is allowed. Raises UserError."""
        if type(value) is not self.type:  # `bool` is no number here
            kind = {bool: "yes or no", int: "a whole number", str: "a text"}[self.type]
            msg = said("“{text}” must be {kind}.", text=said(self.text), kind=said(kind))
            raise UserError(msg)
        if isinstance(value, int) and not isinstance(value, bool):
            self._check_bounds(value)
        if self.choices and value not in self.choices:
            msg = said("“{text}” must be one of: {known}.", text=said(self.text), known=", ".join(self.choices))
            raise UserError(msg)
        return value

    def _check_bounds(self, value: int) -> None:
        below = self.low is not None and value < self.low
        above = self.high is not None and value > self.high
        if below or above:
            pattern = "“{text}” must be {low} or more." if self.high is None else "“{text}” must be {low} to {high}."
            msg = said(pattern, text=said(self.text), low=self.low, high=self.high)
            raise UserError(msg)


_declared: dict[str, Setting] = {}


def declare(setting: Setting) -> Setting:
    """Make a setting known; features declare their own when they are imported. Raises ValueError for a key given twice."""
    known = _declared.get(setting.key)
    if known is not None and known != setting:
        msg = f"the setting {setting.key} is declared twice"
        raise ValueError(msg)
    setting.validate(setting.default)
    _declared[setting.key] = setting
    return setting


def all_settings() -> list[Setting]:
    """Every setting, by key."""
    return [_declared[key] for key in sorted(_declared)]


def setting(key: str) -> Setting:
    """The declaration of `key`. Raises UserError for one that does not exist."""
    try:
        return _declared[key]
    except KeyError:
        msg = said("There is no setting “{key}”.", key=key)
        raise UserError(msg) from None


def dump(key: str, value: Any) -> str:
    """The JSON text to store. Raises UserError for a value that is not allowed."""
    return json.dumps(setting(key).validate(value), ensure_ascii=False)


def parse(key: str, raw: str | None) -> Value:
    """The value of stored JSON text; the default if there is none or it is not allowed (any more)."""
    one = setting(key)
    if raw is None:
        return one.default
    try:
        return one.validate(json.loads(raw))
    except (ValueError, UserError):
        return one.default


def from_words(key: str, words: str) -> Value:
    """The value that a person typed for a setting (`yes`, `30`, `dark`). Raises UserError."""
    one = setting(key)
    word = words.strip().casefold()
    if one.type is bool:
        if word in {"yes", "true", "on", "1"}:
            return True
        if word in {"no", "false", "off", "0"}:
            return False
        return one.validate(words)
    if one.type is int:
        try:
            return one.validate(int(word))
        except ValueError:
            return one.validate(words)
    return one.validate(words)


def _days(key: str, default: int, text: str) -> Setting:
    return declare(Setting(key, int, default, text, low=0, high=3650))


DESK_NAME = declare(Setting("desk_name", str, "", "Name of the desk, shown to customers"))
DESK_LANGUAGE = declare(Setting("desk_language", str, "en", "Language of what is sent to customers"))
SIGNATURE = declare(Setting("signature", str, "", "Signature under replies, where a mailbox has none of its own"))
OPEN_SINCE_DAYS = _days("open_since_days", 14, "Mail older than this many days at connecting becomes closed history")
CLOSE_AFTER_DAYS = _days("close_after_days", 14, "Close solved tickets after this many days")
REOPEN_DAYS = _days("reopen_days", 30, "An answer within this many days opens a closed ticket again")
ANSWERS_TO_DONE = declare(
    Setting(
        "answers_to_done", str, "within", "What an answer to a solved or closed ticket does",
        choices=("within", "reopen", "new"),
    )
)  # fmt: skip
UNDO_SEND_SECONDS = declare(
    Setting("undo_send_seconds", int, 10, "Seconds in which a sent reply can be called back", low=0, high=60)
)
MAIL_SIZE_CAP_MB = declare(
    Setting("mail_size_cap_mb", int, 50, "Fetch larger mails (megabytes) only when asked", low=1, high=400)
)
LOW_BANDWIDTH = declare(
    Setting("low_bandwidth", bool, False, "Slow or costly line: large mails come last and in small pieces", "device")
)
MICROSOFT_CLIENT_ID = declare(
    Setting("microsoft_client_id", str, "", "Application (client) id for signing in with Microsoft")
)
GOOGLE_CLIENT_ID = declare(Setting("google_client_id", str, "", "Client id for signing in with Google"))
SUBJECT_MARK = declare(
    Setting("subject_mark", bool, False, "Put the ticket's number into the subject of what is sent, as [#123-k7]")
)
BIN_DAYS = _days("bin_days", 30, "Erase what lies in the Bin for good after this many days (0: never)")
SURVEY_ENABLED = declare(Setting("survey_enabled", bool, True, "Ask customers how it went when a ticket is solved"))
SURVEY_DELAY_MINUTES = declare(
    Setting("survey_delay_minutes", int, 60, "Minutes between solving a ticket and asking", low=0, high=43_200)
)
SURVEY_COOLDOWN_DAYS = _days("survey_cooldown_days", 30, "Days in which a customer is not asked again")
LOW_SCORE_FOLLOW_UP = declare(
    Setting("low_score_follow_up", int, 2, "A score up to this one calls for a follow-up (0: never)", low=0, high=5)
)
AUTO_THEME = declare(
    Setting("auto_theme", str, "system", "Look", "device", choices=("system", "light", "dark", "contrast"))
)
OWN_KEYS = declare(Setting("own_keys", str, "", "Keys that differ from the usual ones, as JSON", "device"))
KEEP_ENGINE = declare(
    Setting("keep_engine", bool, False, "Go on receiving and sending when the window is closed", "device")
)
LOOK_FOR_UPDATES = declare(
    Setting("look_for_updates", bool, False, "Look once a day whether there is a newer Deskbell", "device")
)
SIDE_FOLDED = declare(
    Setting("side_folded", str, "", "Sections beside a conversation of which only the heading is shown", "device")
)
CHATS_BESIDE = declare(Setting("chats_beside", bool, False, "Show several chats side by side", "device"))
CHAT_ENTER_SENDS = declare(Setting("chat_enter_sends", bool, False, "Enter sends a chat message", "device"))
NOTIFICATIONS = declare(Setting("notifications", bool, True, "Show a notice when something new arrives", "device"))
BOARD_COLUMNS = declare(
    Setting(
        "board_columns", str, "status", "What the board's columns stand for", "device",
        choices=("status", "assignee", "priority", "team", "tag"),
    )
)  # fmt: skip
BOARD_LANES = declare(
    Setting(
        "board_lanes", str, "none", "What the board's lanes stand for", "device",
        choices=("none", "status", "assignee", "priority", "team", "tag", "customer", "organisation"),
    )
)  # fmt: skip
BOARD_FOLDED = declare(
    Setting("board_folded", str, "[]", "Lanes of the board of which only the heading is shown", "device")
)
