"""The sample shop's website: people who chatted there in the past, one who does so now, one who waits; and canned answers.

Each word is said by the command that the engine or the window calls for it, in a transaction of its own, as it really is.
The website does not exist, so its channel is switched off: no port is opened.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from app.chats import commands as chats
from app.chats.commands import Accepted, Came, Said
from app.chats.commands.rows import conversation_row
from app.chats.rules import ChannelSettings
from app.desk.sample import texts
from app.desk.sample.cast import Agent
from app.desk.sample.director import Director
from app.desk.sample.stories import in_time
from app.kernel.database.transaction import Tx
from app.templates.commands import add_canned

_MINUTE: Final = timedelta(minutes=1)


class Chatting:
    """The chats, planned into the director's time."""

    def __init__(self, director: Director) -> None:
        self._director, self._stage, self._now = director, director.stage, director.now
        self._site = f"https://{texts.read('shop.toml')['domain']}"
        self._channel: UUID | None = None

    def plan(self, opened_at: datetime) -> None:
        """Plan everything; the website got its chat at `opened_at`, before the first one."""
        read = texts.read("chats.toml")
        self._director.do(opened_at, lambda at: self._open(at, read["canned"]), alone=True)
        for number, told in enumerate(read["chat"]):
            _Chat(self._director, lambda: self._channel, told, number, self._site).plan(self._now)

    def _open(self, at: datetime, canned: list[dict[str, str]]) -> None:
        tx = self._stage.at(at, self._director.agents[0].id, "chat_add")
        self._channel = chats.add_channel(tx, settings=ChannelSettings(origins=(self._site,)))
        tx = self._stage.at(at, self._director.agents[0].id, "chat_set")
        chats.change_channel(tx, self._channel, on=False)
        for one in canned:
            add_canned(tx, one["name"], one["text"], one["shortcut"])


class _Chat:
    """One visitor and what was said."""

    def __init__(
        self, director: Director, channel: Callable[[], UUID | None], told: dict[str, Any], number: int, site: str
    ) -> None:
        self._director, self._stage, self._channel, self._told = director, director.stage, channel, told
        self._agent = _speaker(director.agents, told["lang"])
        self._who = hashlib.sha256(f"sample visitor {number}".encode()).digest()
        self._page = site + told["page"]
        self._key: UUID | None = None
        self._said = 0

    def plan(self, now: datetime) -> None:
        """Each line at its moment, then how it ended."""
        at = now - in_time(self._told["ago"])
        for number, raw in enumerate(self._told["talk"]):
            head, _, text = raw.partition(": ")
            who, *later = head.split()
            at += in_time(later[0].removeprefix("+")) if later else _MINUTE if number else timedelta()
            say = self._visitor_says if who == "visitor" else self._agent_says
            self._director.do(at, lambda at, say=say, text=text: say(at, text), alone=True)  # type: ignore[misc]
        ends = self._told.get("ends")
        if ends:
            self._director.do(at + 2 * _MINUTE, lambda at: self._end(at, ends), alone=True)
        if "score" in self._told:
            self._director.do(at + 3 * _MINUTE, self._rate, alone=True)

    @property
    def _conversation(self) -> UUID:
        assert self._key is not None, "nobody has said anything yet"
        return self._key

    def _visitor_says(self, at: datetime, text: str) -> None:
        tx, channel = self._stage.at(at, None, "chat"), self._channel()
        assert channel is not None
        told = self._told
        said = Said(
            channel,
            self._who,
            f"{told['ago']}-{self._said}",
            text,
            (),
            told["name"],
            told["email"],
            self._page,
            told["lang"],
        )
        self._said += 1
        taken = chats.receive_chat(tx, said)
        assert isinstance(taken, Accepted)
        self._key = taken.conversation
        chats.visitors_came(tx, [Came(self._visitor(tx), self._page, told["lang"])])

    def _agent_says(self, at: datetime, text: str) -> None:
        sent = chats.send_chat(self._stage.at(at, self._agent.id, "chat_reply"), self._conversation, text)
        chats.note_read_by_visitor(
            self._stage.at(at + timedelta(seconds=6), None, "chat"), self._conversation, sent.seq
        )

    def _end(self, at: datetime, by: str) -> None:
        if by == "agent":
            chats.end_chat(self._stage.at(at, self._agent.id, "chat_end"), self._conversation)
        else:
            chats.ended_by_visitor(self._stage.at(at, None, "chat_end"), self._conversation)
        tx = self._stage.at(at + _MINUTE, None, "chat")
        chats.visitors_left(tx, [self._visitor(tx)])

    def _rate(self, at: datetime) -> None:
        chats.rate(self._stage.at(at, None, "chat_rate"), self._conversation, int(self._told["score"]))

    def _visitor(self, tx: Tx) -> UUID:
        return conversation_row(tx, self._conversation).visitor


def _speaker(agents: tuple[Agent, ...], language: str) -> Agent:
    """Who answers in this language; what is said now is said at this device."""
    return next(one for one in agents if language in one.languages)
