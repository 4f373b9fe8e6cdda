"""Filling the sample desk: who writes when, what comes of it, and how things stand now."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from app.conversations.mailboxes import NewMailbox, add_mailbox, finish_first_import, pause_mailbox
from app.conversations.rules import SAMPLE
from app.desk.sample import texts, times
from app.desk.sample.cast import Agent, Cast
from app.desk.sample.chatting import Chatting
from app.desk.sample.director import Director
from app.desk.sample.letters import Post
from app.desk.sample.scenery import Scenery
from app.desk.sample.stage import Stage
from app.desk.sample.surveys import Asking
from app.kernel import clock
from app.kernel.database.transaction import Tx
from app.kernel.state import options
from app.people.commands import add_agent, update_agent
from app.people.queries import agent as agent_info

if TYPE_CHECKING:
    from app.desk.desk import Desk

SEED: Final = 20_140_307
TICKETS: Final = 316


def fill(desk: Desk, *, tickets: int = TICKETS, progress: Callable[[float], None] | None = None) -> None:
    """Fill an empty desk with the sample shop: agents, customers and some nine months of work up to now.

    Some more than `tickets` tickets come of it, since strangers write as well; below about fifty the past is empty.
    `progress` is called now and then with the share that is done (0–1).
    """
    now = clock.now().replace(microsecond=0)
    shop = texts.read("shop.toml")
    dice = Random(SEED)
    begun = now - timedelta(days=times.DAYS + 4)
    agents, mailbox = move_in(desk, begun)
    stage = Stage(desk, mailbox, now)
    with stage.scene():
        stage.at(begun, None, "mailbox_add")
        stage.open_folders()
    director = Director(stage, Cast(dice), agents, Post(shop["name"], shop["address"], dice), dice, now)
    Asking(director)
    scenery = Scenery(director)
    director.plan(tickets)
    scenery.plan()
    Chatting(director).plan(now - timedelta(days=70))
    director.play(progress)
    with stage.scene():
        scenery.set_up()
        stage.list_folders(now - timedelta(minutes=2))
        stage.at(now, None, "mailbox_pause")
        _pause(stage.tx, mailbox)


def move_in(desk: Desk, at: datetime, *, paused: bool = False) -> tuple[tuple[Agent, ...], UUID]:
    """The shop opens its desk at `at`: its agents, the first of them at this device, and its mailbox.

    Whoever has given their name at this device already takes the first agent's place.
    The mailbox's servers do not exist; once it is `paused`, nobody tries to reach them.
    """
    shop = texts.read("shop.toml")
    me = desk.me()
    with desk.store.write("sample") as tx:
        tx.now = at
        here = agent_info(tx, me) if me else None
        first, *others = shop["agent"]
        owner = Agent(here.id, here.name, tuple(first["languages"])) if here else _hire(tx, first)
        agents = (owner, *(_hire(tx, each) for each in others))
        mailbox = _connect(tx, shop)
        if paused:
            _pause(tx, mailbox)
    desk.sit_down(agents[0].id)
    return agents, mailbox


def _pause(tx: Tx, mailbox: UUID) -> None:
    pause_mailbox(tx, mailbox, SAMPLE, texts.read("shop.toml")["paused_words"])


def _hire(tx: Tx, each: dict[str, Any]) -> Agent:
    agent = add_agent(tx, each["name"], each["email"])
    tx.flush()
    update_agent(tx, agent, signature=each["signature"].strip())
    return Agent(agent, each["name"], tuple(each["languages"]))


def _connect(tx: Tx, shop: dict[str, Any]) -> UUID:
    host = shop["domain"]
    options.put(tx, "desk_name", shop["name"])
    options.put(tx, "survey_enabled", value=False)
    mailbox = add_mailbox(
        tx,
        NewMailbox(
            address=shop["address"],
            imap_url=f"imaps://imap.{host}:993",
            smtp_url=f"smtps://smtp.{host}:465",
            user=shop["address"],
            secret_ref="sample",
            name=shop["name"],
            signature=shop["signature"].strip(),
            history="none",
        ),
    )
    finish_first_import(tx, mailbox)
    return mailbox
