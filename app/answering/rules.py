"""When a program may answer a mail: pure.

Two programs that answer each other never stop by themselves. Headers say that a program wrote (RFC 3834), but nobody
is bound to set them: what surely ends a loop are the caps, which count what was sent and know nothing of headers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)

TOO_OLD: Final = timedelta(hours=4)
"""A mail older than this is not answered by itself any more: the desk was off, or somebody moved old mail about."""

KEPT: Final = timedelta(days=30)
"""How long a row of the log is kept; far longer than any cap looks back."""


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `most` automatic mails within `span` to one `scope`: address, domain, or everybody (`all`: answers only, so that
    a day on which much is solved silences no acknowledgement; `asked`: invitations to surveys only).
    """

    scope: str
    span: timedelta
    most: int


_EACH: Final = (
    Cap("address", HOUR, 2),
    Cap("address", DAY, 4),
    Cap("domain", HOUR, 20),
    Cap("domain", DAY, 60),
)
CAPS: Final = (*_EACH, Cap("all", HOUR, 100), Cap("all", DAY, 500))
"""Beyond these nothing is answered."""
ASKING_CAPS: Final = (*_EACH, Cap("asked", HOUR, 200), Cap("asked", DAY, 2000))
"""Beyond these an invitation to a survey waits."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What decides about a mail: the signs that it must not be answered, when it was written and when it came."""

    signs: Sequence[str]
    written_at: datetime | None
    came_at: datetime


def why_not(letter: Letter, now: datetime) -> str:
    """Why this mail must not be answered by a program; empty: it may."""
    if letter.signs:
        return letter.signs[0]
    times = [letter.came_at, *([letter.written_at] if letter.written_at is not None else [])]
    return "too old" if now - min(times) > TOO_OLD else ""


WORDS: Final = {
    "de": "Hallo{ name},\n\nIhre Nachricht ist bei uns angekommen. Wir melden uns, sobald wir sie gelesen haben.\n\n"
    "Sie brauchen nichts weiter zu tun; wenn Ihnen noch etwas einfällt, antworten Sie einfach auf diese Mail.\n",
    "en": "Hello{ name},\n\nyour message has reached us. We will answer as soon as we have read it.\n\n"
    "There is nothing more to do; should you think of something else, just reply to this mail.\n",
    "es": "Hola{ name}:\n\nHemos recibido su mensaje. Le responderemos en cuanto lo hayamos leído.\n\n"
    "No tiene que hacer nada más; si quiere añadir algo, responda a este correo.\n",
    "fr": "Bonjour{ name},\n\nVotre message nous est bien parvenu. Nous vous répondrons dès que nous l'aurons lu.\n\n"
    "Vous n'avez rien d'autre à faire ; pour ajouter quelque chose, répondez simplement à ce mail.\n",
}
"""The desk's own words, by language."""

_FIELD: Final = re.compile(r"\{( ?)(name|number|subject|desk)\}")


def acknowledgement(template: str, language: str, **values: str) -> str:
    """The text of an acknowledgement. `{name}`, `{number}`, `{subject}` and `{desk}` are filled in; `{ name}` brings its
    blank only if there is a name. Anything else in braces stays as it is.
    """
    text = template.strip() or WORDS.get(language[:2], WORDS["en"])

    def fill(found: re.Match[str]) -> str:
        value = " ".join(values.get(found[2], "").split())
        return f"{found[1]}{value}" if value else ""

    return _FIELD.sub(fill, text)
