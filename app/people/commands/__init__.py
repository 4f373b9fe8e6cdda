"""Verbs of people, one module a verb: agents; knowing who writes; changing what is known; whom nobody wants to read.

The history that every feature writes is offered here as well.
"""

from app.people.commands.agents import AGENT_FIELDS, add_agent, update_agent
from app.people.commands.blocking import block, unblock, welcome
from app.people.commands.changing import (
    CUSTOMER_FIELDS,
    add_address,
    forget_customer,
    mark_address_dead,
    merge_customers,
    set_customer_field,
    update_customer,
)
from app.people.commands.identifying import customer_for, customer_known, customer_met, know_customers, organisation_of
from app.people.commands.indexing import reindex_customer
from app.people.history import mark_action, record_event

__all__ = [
    "AGENT_FIELDS", "CUSTOMER_FIELDS", "add_address", "add_agent", "block", "customer_for", "customer_known",
    "customer_met", "forget_customer", "know_customers", "mark_action", "mark_address_dead", "merge_customers",
    "organisation_of", "record_event", "reindex_customer", "set_customer_field", "unblock", "update_agent",
    "update_customer", "welcome",
]  # fmt: skip
