"""A person is one customer, whatever the case of the address; a company is known by its domain."""

from __future__ import annotations

import pytest

from app.kernel.errors import UserError
from app.people import commands, queries
from app.people.rules import company_domain, tidy_name
from tests.desk_fixture import SmallDesk


def test_one_person_whatever_the_case(desk: SmallDesk) -> None:
    first = desk.work(commands.customer_for, "Mia@Shop.Example", "", desk.now)
    again = desk.work(commands.customer_for, " mia@shop.example", "Mia Wong", desk.now)
    other = desk.work(commands.customer_for, "mia@shop.example", "Someone Else", desk.now)
    assert first == again == other
    profile = desk.ask(queries.customer, "MIA@shop.example")
    assert profile is not None
    assert (profile.name, profile.address) == ("Mia Wong", "Mia@Shop.Example")


def test_colleagues_share_a_company_and_free_mail_is_none(desk: SmallDesk) -> None:
    for address in ("a@acme.example", "b@ACME.example", "c@gmail.com"):
        desk.work(commands.customer_for, address, "", desk.now)
    companies = desk.ask(queries.organisations)
    assert [(one.domain, one.customers) for one in companies] == [("acme.example", 2)]


@pytest.mark.parametrize(
    ("handle", "domain"),
    [("a@acme.example", "acme.example"), ("a@gmx.de", ""), ("a@localhost", ""), ("nothing", ""), ("a@[127.0.0.1]", "")],
)
def test_which_domains_are_companies(handle: str, domain: str) -> None:
    assert company_domain(handle) == domain


def test_an_address_as_name_is_no_name() -> None:
    assert tidy_name("'mia@shop.example'", "Mia@shop.example") == ""
    assert tidy_name('"Wong,\n Mia"') == "Wong, Mia"


def test_a_look_up_in_a_savepoint_that_failed_is_forgotten(desk: SmallDesk) -> None:
    with desk.store.write("ingest") as tx:
        nested = tx.begin_nested()
        lost = commands.customer_for(tx, "mia@shop.example", "Mia", tx.now)
        nested.rollback()
        made = commands.customer_for(tx, "mia@shop.example", "Mia", tx.now)
    assert made == lost  # the same derived id, and this time the row is really there
    assert desk.ask(queries.customer, made) is not None


def test_writing_again_brings_a_customer_back_from_a_merge(desk: SmallDesk) -> None:
    old = desk.work(commands.customer_for, "old@shop.example", "Mia", desk.now)
    new = desk.work(commands.customer_for, "new@shop.example", "Mia", desk.now)
    desk.do(commands.merge_customers, old, new)
    assert desk.work(commands.customer_for, "old@shop.example", "", desk.now) == new
    profile = desk.ask(queries.customer, "old@shop.example")
    assert profile is not None
    assert [one.address for one in profile.addresses] == ["new@shop.example", "old@shop.example"]
    assert [row.id for row in desk.ask(queries.customer_rows)] == [new]


def test_the_list_is_searched_by_name_and_address_and_paged(desk: SmallDesk) -> None:
    for number in range(5):
        desk.work(commands.customer_for, f"p{number}@shop.example", f"Person {number}", desk.now)
    rows = desk.ask(queries.customer_rows, limit=2)
    after = desk.ask(queries.customer_rows, limit=9, after=(rows[-1].name, rows[-1].id))
    assert [row.name for row in (*rows, *after)] == [f"Person {number}" for number in range(5)]
    assert [row.name for row in desk.ask(queries.customer_rows, "P3@")] == ["Person 3"]
    assert desk.ask(queries.customer_rows, "%") == ()


def test_an_address_belongs_to_one_customer(desk: SmallDesk) -> None:
    mia = desk.work(commands.customer_for, "mia@shop.example", "Mia", desk.now)
    desk.work(commands.customer_for, "ben@shop.example", "Ben", desk.now)
    desk.do(commands.add_address, mia, "mia@home.example")
    with pytest.raises(UserError, match="already belongs"):
        desk.do(commands.add_address, mia, "BEN@shop.example")
    assert desk.ask(queries.customer_of, "MIA@home.example") == mia


def test_a_dead_address_is_not_the_one_to_write_to(desk: SmallDesk) -> None:
    mia = desk.work(commands.customer_for, "mia@shop.example", "Mia", desk.now)
    desk.later(hours=1)
    desk.do(commands.add_address, mia, "mia@home.example")
    desk.work(commands.mark_address_dead, "Mia@Shop.example")
    profile = desk.ask(queries.customer, mia)
    assert profile is not None
    assert profile.address == "mia@home.example"


def test_an_unknown_field_changes_nothing(desk: SmallDesk) -> None:
    mia = desk.work(commands.customer_for, "mia@shop.example", "Mia", desk.now)
    with pytest.raises(UserError, match="no field"):
        desk.do(commands.update_customer, mia, name="Changed", shoe_size=39)
    profile = desk.ask(queries.customer, mia)
    assert profile is not None
    assert profile.name == "Mia"
