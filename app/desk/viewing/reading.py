"""A mail made ready for looking at: its HTML, what of it lies elsewhere, and who vouches for its sender.

All of it is read from the raw mail on a task thread. Whether our own provider vouches is decided here, because here are both
the mailbox (whose provider is it?) and the mails (does that provider write such results at all?). A well-known provider is
believed by its name. Any other server's name could have been written by the sender, if the server itself writes none: so it is
believed only while nearly all of the newest mails of the mailbox carry it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from app.connectors.email.providers import Provider, provider_at, provider_of
from app.connectors.pictures import PictureFetcher
from app.conversations import queries
from app.conversations.consent import pictures_allowed
from app.desk.viewing import files
from app.kernel.files.blobs import BlobRef
from app.kernel.files.disk import StorageError
from app.mime.html import remote
from app.mime.html.links import with_targets
from app.mime.html.sanitise import is_heavy
from app.mime.meaning.authentication import Verdict, reports, verdict
from app.mime.parse import read_headers
from app.mime.syntax.headers import Headers

if TYPE_CHECKING:
    from app.conversations.queries import MailboxInfo, MessageView
    from app.desk.desk import Desk

_NEWEST = 20
_AT_LEAST, _SHARE = 5, 0.9
_HEAD = 64 * 1024  # bytes of a mail in which its results are looked for
_SECOND_LEVEL = 3  # letters of "co", "com", "org" … before a country


@dataclass(frozen=True, slots=True)
class Reading:
    """`markup` loads nothing, names pictures from elsewhere by their words alone, and is "" for a mail of text alone; `pictured` is the same with its pictures from elsewhere.

    `domain`: of the author's address if it is proven, else "". `allowed`: pictures of that domain may be loaded unasked.
    `forged`: our own provider says that the sender is not who it says. `heavy`: too much to lay out.
    """

    markup: str
    pictured: str
    pictures: int
    trackers: int
    domain: str
    allowed: bool
    forged: bool
    heavy: bool


class MailReader:
    """Reads mails for the screen; any thread. `say_target(host)` is what is shown behind a link that misleads."""

    def __init__(self, desk: Desk, say_target: Callable[[str], str]) -> None:
        self._desk, self._say = desk, say_target
        self.pictures = PictureFetcher()
        self._known: dict[tuple[UUID, str], bool] = {}
        self._lock = threading.Lock()

    def read(self, message: UUID) -> Reading:
        """Everything about one message."""
        markup = files.message_html(self._desk, message) or ""
        heavy = is_heavy(markup)
        if not heavy:
            markup = with_targets(markup, self._say)
        found = remote.count(markup)
        said = self.verdict(message)
        domain = said.domain if said.passed else ""
        return Reading(
            markup=remote.without_pictures(markup) if found.pictures or found.trackers else markup,
            pictured=remote.with_pictures(markup),
            pictures=found.pictures,
            trackers=found.trackers,
            domain=domain,
            allowed=bool(domain) and self._desk.ask(pictures_allowed, domain),
            forged=said.failed,
            heavy=heavy,
        )

    def verdict(self, message: UUID) -> Verdict:
        """What the provider of the mailbox that received this message says about its sender."""
        view: MessageView | None = self._desk.ask(queries.message, message)
        domain = view.author_address.rpartition("@")[2].lower() if view is not None else ""
        if view is None or view.direction != "in" or view.mailbox is None or not domain:
            return Verdict("")
        box: MailboxInfo | None = self._desk.ask(queries.mailbox, view.mailbox)
        ref = self._desk.ask(queries.raw_ref, message)
        if box is None or ref is None:
            return Verdict("")
        headers = self._headers(ref)
        if headers.count("from") != 1 or headers.line("from").count("@") > 3:
            return Verdict(domain)  # whose address is meant would be a guess
        found = reports(headers)
        said = verdict(found, domain, lambda server: _is_near(box, server))
        return Verdict(domain) if said.passed and not self._sound(box, found[0].server) else said

    def _sound(self, box: MailboxInfo, server: str) -> bool:
        """May a proof under this name be believed? A failure may in any case: nobody forges one against himself."""
        if _provider(box) is not None:
            return True
        with self._lock:
            known = self._known.get((box.id, server))
        if known is None:
            known = self._writes_always(box.id, server)
            with self._lock:
                self._known[box.id, server] = known
        return known

    def _writes_always(self, box: UUID, server: str) -> bool:
        """Do nearly all of the newest mails of a mailbox carry results of this server?"""
        refs = self._desk.ask(queries.newest_raw, box, _NEWEST)
        heads = [reports(self._headers(ref)) for ref in refs]
        with_it = sum(bool(found) and found[0].server == server for found in heads)
        return with_it >= _AT_LEAST and with_it >= _SHARE * len(heads)

    def _headers(self, ref: BlobRef) -> Headers:
        try:
            return read_headers(self._desk.packs.read_range(ref, 0, min(ref.length, _HEAD)))
        except StorageError:
            return Headers(b"")


def _host(box: MailboxInfo) -> str:
    return box.imap_url.partition("://")[2].rpartition("@")[2].partition("/")[0].partition(":")[0].lower()


def _provider(box: MailboxInfo) -> Provider | None:
    return provider_at(_host(box)) or provider_of(box.address)


def _is_near(box: MailboxInfo, server: str) -> bool:
    """Is this the name of a server of the mailbox's provider?"""
    known = _provider(box)
    if known is not None:
        return _is_of(known, server)
    domains = {box.address.rpartition("@")[2].lower(), _organisation(_host(box))}
    return any(server == one or server.endswith(f".{one}") for one in domains if "." in one)


def _is_of(provider: Provider, server: str) -> bool:
    """Microsoft's servers name nobody in their results, and take away what came with the mail."""
    if provider.identity == "microsoft" and not server:
        return True
    receiving = provider.receiving()
    domains = {*provider.mx, *provider.domains, *({_organisation(receiving.host)} if receiving else ())}
    return any(server == one or server.endswith(f".{one}") for one in domains)


def _organisation(host: str) -> str:
    """The domain under which a host lies: "imap.shop.co.uk" is of "shop.co.uk"."""
    labels = host.split(".")
    keep = 3 if len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= _SECOND_LEVEL else 2
    return ".".join(labels[-keep:]) if labels[-1].isalpha() else ""
