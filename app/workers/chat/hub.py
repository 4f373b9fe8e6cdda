"""What joins a chat's transport and the desk: the desk's side of the door, and telling visitors what is new for them.

A visitor is known here by `who` (the sha256 of a browser's token). Somebody who has not written yet has no row anywhere:
a connection alone costs the desk nothing. Whatever changes in a conversation, by whichever process, comes as an id from
the change log; those who are connected are told what lies beyond what they know.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar
from uuid import UUID

from app.chats import commands, queries
from app.chats.commands.answering import TYPING_S
from app.chats.commands.delivering import Came
from app.chats.queries import ChannelInfo, WireState
from app.chats.rules import GOING_ON, State, clean_text
from app.connectors.chat import frames
from app.connectors.chat.protocol import (
    Contact,
    FileOut,
    Form,
    Hello,
    Hours,
    Identity,
    Kept,
    Line,
    Msg,
    No,
    Person,
    Photo,
    Rate,
    Standing,
    Taken,
    Welcome,
    Who,
)
from app.kernel import clock
from app.kernel.database.transaction import Tx
from app.kernel.errors import UserError
from app.kernel.files.blobs import Packs
from app.workers.chat import shown
from app.workers.chat.files import Files
from app.workers.chat.landing import Landing
from app.workers.chat.writer import Receive

log = logging.getLogger(__name__)

R = TypeVar("R")
Ask = Callable[..., Any]
Secrets = Callable[[str], str | None]
GRACE_S: Final = 3.0
"""A page that is loaded anew comes back within this time and was never gone."""
SETTLED_S: Final = 3.0
_TOGETHER_S: Final = 0.2
_TYPING_EVERY_S: Final = 2.0


class Wire(Protocol):
    """What the hub asks of a transport that holds connections."""

    @property
    def present(self) -> Sequence[Who]: ...

    async def tell(self, who: Who, standing: Standing) -> None: ...

    async def say(self, who: Who, said: dict[str, Any]) -> None: ...

    async def dismiss(self, who: Who, reason: str) -> None: ...

    async def place(self, who: Who, message: str, taken: Taken) -> None: ...

    async def refuse(self, who: Who, message: str, reason: str) -> None: ...


@dataclass(slots=True)
class _Known:
    """What the hub remembers of somebody who is connected. `visitor` is None until they have written."""

    visitor: UUID | None = None
    conversation: UUID | None = None
    state: str = ""
    contact: Contact | None = None
    identity: Identity | None = None
    typed_at: float = 0.0
    position: int | None = None


class Hub:
    """The door of one channel (see `app.connectors.chat.protocol.Door`). Lives on the worker's loop."""

    def __init__(self, info: ChannelInfo, landing: Landing, ask: Ask, packs: Packs, secrets: Secrets) -> None:
        self.info = info
        self.wire: Wire | None = None
        self.desk: tuple[str, Hours] | None = None
        self._landing, self._writer = landing, landing.writer
        self._ask_now, self._secrets = ask, secrets
        self._files = Files(self._writer, ask, packs)
        self._known: dict[Who, _Known] = {}
        self._leaving: dict[Who, asyncio.TimerHandle] = {}
        self._telling: dict[asyncio.Task[None], Who] = {}
        self._gone_now: list[UUID] = []

    async def ask(self, query: Callable[..., R], *args: Any) -> R:
        """The answer of a query, from a thread."""
        found: R = await asyncio.to_thread(self._ask_now, query, *args)
        return found

    # -- who comes and goes

    async def hello(self, hello: Hello) -> Welcome | No:
        """Who this is here, and how their conversation stands."""
        await self._settled(hello.who)
        found = await self.ask(queries.known_visitor, hello.who)
        if found is not None and found.blocked:
            return No("blocked")
        known = self._known.setdefault(hello.who, _Known())
        if hello.name or hello.email:
            known.contact = Contact(hello.name, hello.email)
        known.identity = hello.identity
        person = Person()
        standing = Standing()
        if found is not None:
            known.visitor = found.visitor
            person = Person(found.name, found.email, found.verified)
            person = await self._proven(known, person)
            known.position = found.state.position if found.state is not None else None
            self._note(hello.who, found.state)
            standing = self._standing(known, found.state) if found.state is not None else standing
            self._has_seen(hello, found.state)
        if self.desk is None:
            self.desk = await self.ask(shown.desk_now)
        return Welcome(standing, self.desk[1], person, self.desk[0] or self.info.name, shown.look(self.info.settings))

    def _has_seen(self, hello: Hello, state: WireState | None) -> None:
        if state is not None and hello.after and hello.conversation == state.conversation.hex:
            conversation, seq = state.conversation, min(hello.after, state.last_seq)
            self._writer.later(lambda tx: commands.note_delivered_upto(tx, conversation, seq))

    async def came(self, who: Who, page: str, lang: str) -> None:
        """A connection is open: what waits may go to it."""
        if (timer := self._leaving.pop(who, None)) is not None:
            timer.cancel()
        known = self._known.get(who)
        if known is not None and known.visitor is not None:
            came = Came(known.visitor, page, lang)
            self._writer.later(lambda tx: commands.visitors_came(tx, [came]))

    async def left(self, who: Who) -> None:
        """The last connection is gone. Not yet the visitor: pages are loaded anew."""
        loop = asyncio.get_running_loop()
        if (timer := self._leaving.pop(who, None)) is not None:
            timer.cancel()
        self._leaving[who] = loop.call_later(GRACE_S, self._gone, who)

    def _gone(self, who: Who) -> None:
        self._leaving.pop(who, None)
        if self.wire is not None and who in self.wire.present:
            return
        known = self._known.pop(who, None)
        if known is not None and known.visitor is not None:
            self._note_gone(known.visitor)

    def _note_gone(self, visitor: UUID) -> None:
        """Many leave at once when a site's line is cut: they are written together."""
        self._gone_now.append(visitor)
        if len(self._gone_now) == 1:
            asyncio.get_running_loop().call_later(_TOGETHER_S, self._write_gone)

    def _write_gone(self) -> None:
        gone, self._gone_now = self._gone_now, []
        back = {known.visitor for known in self._known.values()}
        if gone := [visitor for visitor in gone if visitor not in back]:
            self._writer.later(lambda tx: commands.visitors_left(tx, gone))

    def everybody_left(self) -> None:
        """The transport has ended."""
        for timer in self._leaving.values():
            timer.cancel()
        self._leaving.clear()
        gone = [each.visitor for each in self._known.values() if each.visitor is not None] + self._gone_now
        self._known.clear()
        self._gone_now = []
        if gone:
            self._writer.later(lambda tx: commands.visitors_left(tx, gone))

    # -- what visitors say

    async def receive(self, who: Who, message: Msg, page: str, lang: str) -> Kept | Taken | No:
        """A message; committed when this returns. One with files is looked at before it is ours."""
        known = self._known.setdefault(who, _Known())
        contact = known.contact or Contact("", "")
        said = commands.Said(
            self.info.id, who, message.id, message.body, tuple(UUID(hex=each) for each in message.files),
            message.name or contact.name, message.email or contact.email, page, lang, clock.now(),
        )  # fmt: skip
        if (why := commands.unwelcome(clean_text(message.body), bool(message.files))) is not None:
            return No(why.reason)
        if not message.files:
            return Kept(await self._landing.keep(said, self._landed))
        await self._settled(who)
        answer = await self._writer.do(Receive(said))
        if isinstance(answer, commands.Refused):
            return No(answer.reason)
        await self._meet(who, answer)
        return shown.taken(answer)

    def _landed(self, said: commands.Said, answer: commands.Accepted | commands.Refused) -> None:
        """A word has its place, or is refused after all: its visitor is told beside everything else."""
        task = asyncio.get_running_loop().create_task(self._tell_landed(said, answer))
        self._telling[task] = said.who
        task.add_done_callback(self._telling.pop)

    async def _tell_landed(self, said: commands.Said, answer: commands.Accepted | commands.Refused) -> None:
        try:
            if isinstance(answer, commands.Accepted):
                await self._meet(said.who, answer)
            if self.wire is None:
                return
            if isinstance(answer, commands.Accepted):
                await self.wire.place(said.who, said.external_id, shown.taken(answer))
            else:
                await self.wire.refuse(said.who, said.external_id, answer.reason)
        except Exception:
            log.exception("a visitor could not be told of a word's place; the next hello tells it")

    async def _meet(self, who: Who, answer: commands.Accepted) -> None:
        """A word has its place: whoever said it is known from now on, or has gone meanwhile."""
        known, visitor = self._known.get(who), answer.visitor
        if known is None:
            if not answer.duplicate:
                self._note_gone(visitor)
            return
        is_new = known.visitor is None
        known.visitor, known.conversation = visitor, answer.conversation
        if known.state not in GOING_ON:
            known.state = State.WAITING
        if is_new and known.identity is not None:
            contact = known.contact or Contact("", "")
            await self._proven(known, Person(contact.name, contact.email))

    async def _settled(self, who: Who) -> None:
        """What this visitor has said before has its place; a desk that cannot write now does not hold up everything."""
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLED_S):
                await self._landing.settled(who)
                if telling := [task for task, whose in self._telling.items() if whose == who]:
                    await asyncio.wait(telling)

    async def form(self, form: Form) -> Taken | No:
        """What somebody leaves while nobody is here."""
        said = commands.Said(
            self.info.id, form.who, form.id, form.text, (), form.name, form.email, form.page, form.lang
        )
        answer = await self._writer.do(lambda tx: commands.receive_form(tx, said))
        return No(answer.reason) if isinstance(answer, commands.Refused) else shown.taken(answer)

    async def acked(self, who: Who, message: str) -> None:
        """The visitor's side has stored a message of ours."""
        known = self._known.get(who)
        if known is not None and known.visitor is not None:
            key, visitor = UUID(hex=message), known.visitor
            self._writer.later(lambda tx: commands.note_delivered(tx, [key], visitor))

    async def read(self, who: Who, seq: int) -> None:
        """The visitor has seen everything up to this place."""
        await self._settled(who)
        if (conversation := self._conversation(who)) is not None:
            self._writer.later(lambda tx: commands.note_read_by_visitor(tx, conversation, seq))

    async def typing(self, who: Who, on: bool) -> None:
        """Pass it on, not too often."""
        known, now = self._known.get(who), time.monotonic()
        if known is None or known.conversation is None or known.state not in GOING_ON:
            return
        if on and now - known.typed_at < _TYPING_EVERY_S:
            return
        known.typed_at = now if on else 0.0
        payload = {"conversation": known.conversation.hex, "who": "visitor", "on": on, "agent": ""}
        self._writer.later(lambda tx: tx.signal("chat_typing", payload, ttl_s=TYPING_S))

    async def contact(self, who: Who, contact: Contact) -> Person:
        """Who the visitor says they are; kept here until they write."""
        await self._settled(who)
        known = self._known.setdefault(who, _Known())
        known.contact = contact
        if known.visitor is None:
            return Person(contact.name[:80], contact.email[:200])
        visitor = known.visitor
        return shown.person(
            await self._writer.do(lambda tx: commands.set_contact(tx, visitor, contact.name, contact.email))
        )

    async def code(self, who: Who, code: str) -> Person | None:
        """The digits of the mailed code."""
        await self._settled(who)
        known = self._known.get(who)
        if known is None or known.visitor is None:
            return None
        visitor = known.visitor
        found = await self._writer.do(lambda tx: commands.check_code(tx, visitor, code))
        return shown.person(found) if found is not None else None

    async def rate(self, who: Who, rate: Rate) -> bool:
        """How it went."""
        await self._settled(who)
        conversation = self._conversation(who)
        if conversation is None:
            return False
        return await self._writer.do(lambda tx: commands.rate(tx, conversation, rate.score, rate.comment))

    async def transcript(self, who: Who, email: str) -> bool:
        """Mail what was said."""
        await self._settled(who)
        conversation = self._conversation(who)
        if conversation is None or not self.info.settings.transcript:
            return False
        return await self._writer.do(lambda tx: _mailed(tx, conversation, email))

    async def photo(self, who: Who) -> Photo | None:
        """The picture of who answers this visitor."""
        conversation = self._conversation(who)
        if conversation is None or not self.info.settings.show_name:
            return None
        found = await self.ask(queries.photo_in, conversation)
        return Photo(found[0], found[1].id, found[1].data) if found is not None else None

    async def end(self, who: Who) -> None:
        """The visitor says that it is over."""
        await self._settled(who)
        if (conversation := self._conversation(who)) is not None:
            self._writer.later(lambda tx: commands.ended_by_visitor(tx, conversation))

    # -- files

    async def upload(self, who: Who, name: str, data: bytes) -> FileOut | No:
        """Keep a file until a message names it."""
        return await self._files.keep(who, name, data)

    async def file(self, key: str, proof: str) -> tuple[FileOut, bytes] | None:
        """A file that the visitor may have, by the proof in its address."""
        return await self._files.read(key, proof)

    # -- telling

    async def lines(self, who: Who, conversation: str, after: int) -> Sequence[Line]:
        """What lies beyond a place. What is ours in it is on its way from now on."""
        found = await self.ask(queries.lines_after, UUID(hex=conversation), after)
        waiting = [line.message for line in found if line.waits and line.direction == "out"]
        if waiting:
            self._writer.later(lambda tx: commands.take_for_sending(tx, waiting))
        return [shown.line(who, line, self.info.settings) for line in found]

    def people_of(self, concerned: frozenset[UUID] | None) -> list[Who]:
        """Who of those connected is one of these visitors, or in one of these conversations; None: everybody."""
        return [
            who
            for who, known in self._known.items()
            if known.visitor is not None
            and (concerned is None or not concerned.isdisjoint((known.visitor, known.conversation)))
        ]

    def waiting(self) -> list[Who]:
        """Who waits in the queue, and sees their place in it."""
        return [who for who, known in self._known.items() if known.state == State.WAITING]

    async def tell_places(self) -> None:
        """Tell those who wait their place, if it is another one."""
        waiting = self.waiting()
        if not waiting:
            return
        places = await self.ask(queries.queue_places)
        moved = []
        for who in waiting:
            known = self._known.get(who)
            if known is not None and known.conversation is not None:
                place = places.get(known.conversation)
                if place != known.position:
                    known.position = place
                    moved.append(who)
        await self.refresh(moved)

    async def refresh(self, people: Sequence[Who]) -> None:
        """Tell these visitors what is new for them."""
        visitors = {known.visitor: who for who in people if (known := self._known.get(who)) and known.visitor}
        if not visitors or self.wire is None:
            return
        states = await self.ask(queries.wire_states, list(visitors))
        for visitor, state in states.items():
            who = visitors[visitor]
            self._note(who, state)
            if state.blocked:
                await self.wire.dismiss(who, "blocked")
            else:
                await self.wire.tell(who, self._standing(self._known.get(who), state))

    async def agent_types(self, conversation: UUID, on: bool, name: str) -> None:
        """Tell the visitor that somebody is typing."""
        if self.wire is not None:
            called = name if self.info.settings.show_name else ""
            for who in self.people_of(frozenset([conversation])):
                await self.wire.say(who, {"t": "typing", "on": on, "who": called})

    async def tell_hours(self, desk: str, hours: Hours) -> None:
        """Chat opened or closed, or the desk has another name."""
        before, self.desk = self.desk, (desk, hours)
        if before is not None and before[1] == hours:
            return
        if self.wire is not None:
            for who in list(self.wire.present):
                await self.wire.say(who, frames.online(hours))

    def _standing(self, known: _Known | None, state: WireState) -> Standing:
        return shown.standing(state, known.position if known is not None else None, self.info.settings)

    def _conversation(self, who: Who) -> UUID | None:
        known = self._known.get(who)
        return known.conversation if known is not None else None

    def _note(self, who: Who, state: WireState | None) -> None:
        known = self._known.get(who)
        if known is not None and state is not None:
            known.conversation, known.state = state.conversation, state.state

    async def _proven(self, known: _Known, person: Person) -> Person:
        """Who the visitor is by the word of the owner's site, if it gave one that is good."""
        identity, visitor = known.identity, known.visitor
        if identity is None or visitor is None:
            return person
        key = await asyncio.to_thread(self._key)
        if not key:
            return person
        found = await self._writer.do(
            lambda tx: commands.prove_identity(
                tx, visitor, name=identity.name, email=identity.email, at=identity.at, signature=identity.signature,
                key=key,
            )
        )  # fmt: skip
        known.identity = None
        return shown.person(found) if found is not None else person

    def _key(self) -> str:
        try:
            return self._secrets(self.info.secret_ref) or ""
        except UserError:
            return ""  # no keyring: nobody is known by the site's word


def _mailed(tx: Tx, conversation: UUID, email: str) -> bool:
    try:
        commands.mail_transcript(tx, conversation, email)
    except UserError:
        return False
    return True
