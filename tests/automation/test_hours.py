"""The calendar of business hours, above all where the clocks are changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from app.automation.rules import (
    ALWAYS,
    Hours,
    from_text,
    hours_of,
    is_open,
    next_change,
    to_text,
)
from app.kernel.errors import UserError

NINE_TO_FIVE = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
BERLIN = hours_of("Europe/Berlin", NINE_TO_FIVE, ["2026-12-25"])
ROUND = {day: [["00:00", "00:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}


def at(words: str) -> datetime:
    return datetime.fromisoformat(words).replace(tzinfo=UTC)


def opening(hours: Hours, start: datetime) -> datetime | None:
    """The next moment at which it is open: `start` itself if it is."""
    return start if is_open(hours, start) else next_change(hours, start)


def open_minutes(hours: Hours, start: datetime, end: datetime) -> float:
    """How many minutes it is open between two moments, from one change to the next."""
    total, now = timedelta(0), start
    while now < end:
        change = min(next_change(hours, now) or end, end)
        total += change - now if is_open(hours, now) else timedelta(0)
        now = change
    return total / timedelta(minutes=1)


def test_a_week() -> None:
    assert is_open(BERLIN, at("2026-11-23T08:00")), "Monday, nine in Berlin"
    assert not is_open(BERLIN, at("2026-11-23T07:59:59"))
    assert not is_open(BERLIN, at("2026-11-23T16:00")), "the end is not part of it"
    assert next_change(BERLIN, at("2026-11-23T10:00")) == at("2026-11-23T16:00")
    assert opening(BERLIN, at("2026-11-20T17:00")) == at("2026-11-23T08:00"), "over the week-end"
    assert opening(BERLIN, at("2026-12-24T17:00")) == at("2026-12-28T08:00"), "Christmas is a Friday"
    assert open_minutes(BERLIN, at("2026-11-20T15:00"), at("2026-11-23T09:00")) == 60 + 60


def test_the_clocks_are_put_forward_and_back() -> None:
    assert is_open(BERLIN, at("2026-03-30T07:00")), "from the 29th of March nine is seven UTC"
    assert not is_open(BERLIN, at("2026-03-27T07:00"))
    night = hours_of("Europe/Berlin", {"sun": [["01:00", "04:00"]]})
    assert open_minutes(night, at("2026-03-28T12:00"), at("2026-03-30T00:00")) == 120, "an hour is not there"
    assert open_minutes(night, at("2026-10-24T12:00"), at("2026-10-26T00:00")) == 240, "an hour is there twice"
    twice = hours_of("Europe/Berlin", {"sun": [["01:00", "02:30"]]})
    assert open_minutes(twice, at("2026-10-24T12:00"), at("2026-10-26T00:00")) == 150, "to the second half past two"
    within = hours_of("Europe/Berlin", {"sun": [["02:15", "02:45"]]})
    assert open_minutes(within, at("2026-03-28T12:00"), at("2026-03-30T00:00")) == 0, "it does not exist that day"
    into = hours_of("Europe/Berlin", {"sun": [["02:30", "05:00"]]})
    assert opening(into, at("2026-03-28T20:00")) == at("2026-03-29T01:00"), "it begins with the change"


def test_always_without_a_gap_never_closes() -> None:
    hours = hours_of("America/New_York", ROUND)
    assert is_open(hours, at("2026-11-01T06:30"))
    assert next_change(hours, at("2026-11-01T06:30")) is None
    assert open_minutes(hours, at("2026-10-31T00:00"), at("2026-11-03T00:00")) == 3 * 24 * 60
    assert next_change(ALWAYS, at("2026-01-01T00:00")) is None
    never = Hours("UTC")
    assert opening(never, at("2026-01-01T00:00")) is None


def test_spans_over_midnight_are_one() -> None:
    hours = hours_of("UTC", {"fri": [["20:00", "00:00"]], "sat": [["00:00", "02:00"]]})
    assert next_change(hours, at("2026-11-20T21:00")) == at("2026-11-21T02:00")


def test_what_cannot_be_is_said() -> None:
    weeks: tuple[dict[str, list[list[str]]], ...] = (
        {"xyz": []},
        {"mon": [["9", "17:00"]]},
        {"mon": [["17:00", "09:00"]]},
        {"mon": [["09:00"]]},
    )
    for week in weeks:
        with pytest.raises(UserError):
            hours_of("UTC", week)
    with pytest.raises(UserError):
        hours_of("Mars/Olympus", {})
    with pytest.raises(UserError):
        hours_of("UTC", {}, ["tomorrow"])


def test_as_a_setting() -> None:
    assert from_text(to_text(BERLIN)) == BERLIN
    assert from_text("") == from_text("{broken") == from_text("[]") == ALWAYS
    assert to_text(ALWAYS) == ""
    joined = hours_of("UTC", {"mon": [["12:00", "13:00"], ["09:00", "12:30"]]})
    assert joined.week[0] == ((540, 780),)


ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo", "UTC"]


@settings(max_examples=40, deadline=None)
@given(
    zone=some.sampled_from(ZONES),
    start=some.integers(1_704_067_200, 1_830_297_600),
    parts=some.lists(some.integers(1, 4_000), min_size=1, max_size=4),
)
def test_minutes_add_up_and_agree_with_open(zone: str, start: int, parts: list[int]) -> None:
    hours = hours_of(zone, {"sat": [["00:30", "03:15"]], "sun": [["01:00", "02:30"], ["22:00", "00:00"]]})
    moments = [datetime.fromtimestamp(start // 60 * 60, UTC)]
    for minutes in parts:
        moments.append(moments[-1] + timedelta(minutes=minutes))
    whole = open_minutes(hours, moments[0], moments[-1])
    pairs = list(pairwise(moments))
    assert whole == pytest.approx(sum(open_minutes(hours, one, two) for one, two in pairs))
    change = next_change(hours, moments[0])
    assert change is not None
    assert is_open(hours, change) != is_open(hours, moments[0])
    assert is_open(hours, change - timedelta(seconds=1)) == is_open(hours, moments[0])
