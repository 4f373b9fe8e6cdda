"""Damaged mails, a few hundred of them: no exception, nothing slow or large, nothing that acts, the same by both ways.

The long run over tens of thousands is `python -m tests.mime.mutations`; its figures stand in docs/reliability.md.
"""

from __future__ import annotations

import pytest

from tests.mime.mutations import acts_of, check, mutated


@pytest.mark.parametrize("share", range(4))
def test_damaged_mails_break_no_rule(share: int) -> None:
    assert check(range(share * 60, share * 60 + 60), seed=7).broken == []


def test_a_damaged_mail_can_be_made_again() -> None:
    assert [mutated(number) for number in range(20)] == [mutated(number) for number in range(20)]


@pytest.mark.parametrize(
    "page",
    ["<script>x</script>", "<img src=https://x.example/a>", "<a href='java\nscript:x'>y</a>", "<p onclick=x>",
     "<p style='background: url(//x.example/a)'>", "<img srcset='//x.example/a 2x'>", "<link href=x>"],
)  # fmt: skip
def test_the_watchman_sees_what_acts(page: str) -> None:
    assert acts_of(page)
    assert acts_of('<p style="color:red">a <a href="https://x.example">b</a> <img src="cid:c"></p>') == []
