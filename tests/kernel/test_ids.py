"""Keys: rising where people make them, the same for the same thing where the world does."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.kernel.ids import derived_id, new_id


def test_made_ids_rise_and_are_uuid7() -> None:
    made = [new_id() for _ in range(5000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert {key.version for key in made} == {7}


@given(st.lists(st.text(), min_size=1, max_size=4), st.integers(-5, 1 << 50))
def test_derived_ids_are_the_same_for_the_same_thing(parts: list[str], at_ms: int) -> None:
    first = derived_id("thing", *parts, at_ms=at_ms)
    assert first == derived_id("thing", *parts, at_ms=at_ms)
    assert first.version == 8
    assert first != derived_id("other", *parts, at_ms=at_ms)


def test_parts_do_not_run_together() -> None:
    assert derived_id("x", "ab", "c") != derived_id("x", "a", "bc")
    assert isinstance(derived_id("x", b"raw", 5), UUID)
