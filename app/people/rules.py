"""Names, addresses and the kinds of history: pure.

A person is known by a handle; for mail that is the casefolded address. A company is known by the domain of its
addresses, unless everybody can have an address there.
"""

from __future__ import annotations

import enum
from typing import Final


class EventKind(enum.StrEnum):
    """What a line of history tells. Stored; never renamed."""

    CREATED = "created"
    CHANGED = "changed"  # a field, by a person or by what follows from their doing
    MOVED = "moved"  # a field, by mail or by the clock
    SIDE = "side"  # a field that changed along with another one; kept for undo, not shown
    TAGGED = "tagged"  # a tag came (`new`) or went (`old`)
    MERGED = "merged"  # this ticket became part of `new`, or no longer of `old`
    JOINED = "joined"  # the ticket `new` became part of this one
    PLACED = "placed"  # a message was put into another ticket
    DELETED = "deleted"
    RESTORED = "restored"
    REPLIED = "replied"  # `new` is the message
    NOTED = "noted"  # `new` is the message
    SENT = "sent"  # `new` is the message
    UNDONE = "undone"  # `new` is the action that was taken back
    REDONE = "redone"  # `new` is the action that was done again
    PROBLEM = "problem"
    SETTING = "setting"  # a setting of the desk (`field`)
    ROW = "row"  # a row of a feature's own (`field`: its table): see `app.people.row_history`
    SILENT = "silent"  # the same, kept for undo alone; not shown
    DID = "did"  # marks an action that its agent may undo; not shown


HIDDEN: Final = frozenset({EventKind.SIDE, EventKind.DID, EventKind.SENT, EventKind.SILENT})
"""Kinds that a history does not show."""

FREE_MAIL: Final = frozenset(
    """
    gmail.com googlemail.com outlook.com outlook.de hotmail.com hotmail.co.uk hotmail.de hotmail.fr live.com live.co.uk
    live.de msn.com yahoo.com yahoo.co.uk yahoo.de yahoo.fr yahoo.es yahoo.it yahoo.co.jp yahoo.com.br ymail.com aol.com
    aol.de icloud.com me.com mac.com gmx.de gmx.net gmx.at gmx.ch gmx.com web.de t-online.de freenet.de arcor.de
    1und1.de mail.com email.com mail.ru yandex.ru yandex.com bk.ru inbox.ru list.ru rambler.ru proton.me protonmail.com
    pm.me tutanota.com tuta.io tuta.com fastmail.com fastmail.fm zoho.com zohomail.com hey.com posteo.de posteo.net
    mailbox.org disroot.org riseup.net orange.fr wanadoo.fr free.fr sfr.fr laposte.net libero.it virgilio.it tin.it
    alice.it uol.com.br bol.com.br terra.com.br ig.com.br qq.com 163.com 126.com sina.com sohu.com naver.com daum.net
    hanmail.net docomo.ne.jp ezweb.ne.jp softbank.ne.jp nifty.com comcast.net verizon.net att.net sbcglobal.net cox.net
    charter.net btinternet.com sky.com talktalk.net ntlworld.com virginmedia.com blueyonder.co.uk bigpond.com
    optusnet.com.au shaw.ca rogers.com sympatico.ca telenet.be skynet.be ziggo.nl kpnmail.nl xs4all.nl planet.nl
    wp.pl o2.pl onet.pl interia.pl seznam.cz centrum.cz abv.bg ukr.net rediffmail.com telia.com bluewin.ch a1.net
    chello.at sapo.pt mail.example post.example
    """.split()
)
"""Where anybody can have an address: such a domain is nobody's company."""


def handle_of(address: str) -> str:
    """The form under which an address is looked up: without spaces around it, casefolded."""
    return address.strip().casefold()


def box_of(address: str) -> str:
    """The mailbox in which mail to an address surely lands, as far as its spelling tells: without a `+tag`, and of Gmail's
    many spellings of one account a single one. For telling whether two addresses are one person's, never for writing to.
    """
    local, at, domain = handle_of(address).rpartition("@")
    local = local.split("+")[0] or local
    if domain in ("gmail.com", "googlemail.com"):
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}{at}{domain}"


def blockable(sender: str) -> str:
    """What a block list keeps: a casefolded address, or `@domain` for everybody there; empty for what is neither."""
    handle = handle_of(sender)
    local, at, domain = handle.rpartition("@")
    if not at or not domain or any(char.isspace() for char in handle) or "@" in local:
        return ""
    return handle


def company_domain(handle: str) -> str:
    """The domain that stands for a company, or empty for free-mail, local and malformed addresses."""
    _, at, domain = handle.rpartition("@")
    domain = domain.strip(".")
    if not at or "." not in domain or domain in FREE_MAIL or domain.startswith("["):
        return ""
    return domain


def tidy_name(name: str, address: str = "") -> str:
    """A shown name on one line; empty when it only repeats the address."""
    line = " ".join(name.split()).strip("\"' ")
    return "" if handle_of(line) == handle_of(address) else line[:200]
