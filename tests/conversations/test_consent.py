"""Pictures of a domain are loaded unasked only after somebody said so, and until somebody takes it back."""

from __future__ import annotations

import pytest

from app.conversations.consent import allow_pictures, domains_with_pictures, forbid_pictures, pictures_allowed
from app.kernel.errors import UserError
from tests.desk_fixture import SmallDesk


def test_consent_is_for_one_domain_and_can_be_taken_back(desk: SmallDesk) -> None:
    desk.do(allow_pictures, "Shop.Example.")
    desk.do(allow_pictures, "shop.example")
    assert desk.ask(domains_with_pictures) == ("shop.example",)
    assert desk.ask(pictures_allowed, "SHOP.example")
    assert not desk.ask(pictures_allowed, "evil.shop.example")
    assert not desk.ask(pictures_allowed, "example")
    desk.do(forbid_pictures, "shop.example")
    assert not desk.ask(pictures_allowed, "shop.example")


@pytest.mark.parametrize("wrong", ["", "com", "a@shop.example", "shop.example/x"])
def test_consent_for_no_domain_is_refused(desk: SmallDesk, wrong: str) -> None:
    with pytest.raises(UserError):
        desk.do(allow_pictures, wrong)
