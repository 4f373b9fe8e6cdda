"""Settings: typed, bounded, and never a reason not to start."""

from __future__ import annotations

import pytest

from app.kernel.errors import UserError
from app.kernel.state import settings
from app.kernel.state.settings import Setting


def test_every_default_survives_being_stored() -> None:
    declared = settings.all_settings()
    assert {"survey_enabled", "undo_send_seconds", "auto_theme"} <= {one.key for one in declared}
    for one in declared:
        assert settings.parse(one.key, settings.dump(one.key, one.default)) == one.default


@pytest.mark.parametrize("raw", [None, "", "not json", '"12"', "61", "-1", "true", "10.0", "null", "[]"])
def test_a_stored_value_that_is_not_allowed_counts_as_the_default(raw: str | None) -> None:
    assert settings.parse("undo_send_seconds", raw) == 10


@pytest.mark.parametrize(
    ("key", "value"),
    [("undo_send_seconds", 61), ("undo_send_seconds", True), ("auto_theme", "pink"), ("survey_enabled", 1)],
)
def test_a_value_that_is_not_allowed_is_not_stored(key: str, value: object) -> None:
    with pytest.raises(UserError, match="must be"):
        settings.dump(key, value)


def test_what_a_person_types_becomes_a_value() -> None:
    assert settings.from_words("survey_enabled", " No ") is False
    assert settings.from_words("close_after_days", "30") == 30
    assert settings.from_words("auto_theme", "dark") == "dark"
    for key, words in (("survey_enabled", "perhaps"), ("close_after_days", "soon"), ("auto_theme", "")):
        with pytest.raises(UserError):
            settings.from_words(key, words)


def test_a_setting_that_there_is_not_is_said_to_be_so() -> None:
    with pytest.raises(UserError, match="no setting"):
        settings.parse("from_the_future", "1")


def test_a_key_is_declared_once() -> None:
    with pytest.raises(ValueError, match="declared twice"):
        settings.declare(Setting("desk_name", str, "other", "Another"))
