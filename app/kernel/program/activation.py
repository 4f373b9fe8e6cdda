"""What another start of the program, or the system, asks the open window for: a mail to somebody, a number, a backup file.

Links come from web pages and files from anywhere, so all of it is read like any outside data: only the fields named here,
cut to a length, without control characters; whatever else a link says is passed over, above all `attach`, by which a web page
could have a file of this computer put into a mail. mailto: as in RFC 6068, tel: as in RFC 3966.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

BACKUP_SUFFIX: Final = ".deskbell"
LONGEST_LINE: Final = 512 * 1024
"""Bytes of a request as it goes from one process to another: the longest text in letters that JSON writes as twelve signs."""

_MOST_PEOPLE: Final = 50
_LONGEST_TEXT: Final = 20_000
_LONGEST_SUBJECT: Final = 500
_LONGEST_LINK: Final = 32_768
_ADDRESS: Final = re.compile(r"[^\s@<>(),;:\\\"\[\]]{1,64}@[^\s@<>(),;:\\\"\[\]]{1,255}")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_NUMBER: Final = re.compile(r"\+?[0-9]{2,20}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for. Nothing set: only to come to the front. `file` is an absolute path that may not exist."""

    mail: bool = False
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    subject: str = ""
    text: str = ""
    number: str = ""
    file: str = ""


def is_meant_for_window(word: str) -> bool:
    """Is this word of a command line a link or a file for the window, and no command?"""
    low = word.lower()
    return low.startswith(("mailto:", "tel:", "file:")) or low.endswith(BACKUP_SUFFIX)


def asked_by(word: str, folder: Path) -> Asked:
    """What a link or a file's name asks for; `folder` is where a relative name begins."""
    low = word[:8].lower()
    if len(word) > _LONGEST_LINK:
        return Asked()
    if low.startswith("mailto:"):
        return _mail(word[7:])
    if low.startswith("tel:"):
        return Asked(number=_plain_number(unquote(word[4:])))
    return Asked(file=_file(word, folder))


def as_line(asked: Asked) -> bytes:
    """One request as a line for the open window."""
    return json.dumps(asdict(asked)).encode() + b"\n"


def of_line(line: bytes) -> Asked:
    """The request of such a line; whatever is not as it should be is left out. Never raises."""
    try:
        said = json.loads(line[:LONGEST_LINE])
    except (ValueError, RecursionError):
        return Asked()
    if not isinstance(said, dict):
        return Asked()
    file = _string(said, "file")
    return Asked(
        mail=said.get("mail") is True,
        to=_people(_strings(said, "to")),
        cc=_people(_strings(said, "cc")),
        subject=_one_line(_string(said, "subject")),
        text=_text(_string(said, "text")),
        number=_plain_number(_string(said, "number")),
        file=_file(file, Path("/")) if Path(file).is_absolute() else "",
    )


def _mail(link: str) -> Asked:
    place, _, query = link.partition("#")[0].partition("?")
    fields: dict[str, list[str]] = {}
    for pair in query.split("&"):
        name, sign, value = pair.partition("=")
        if sign:
            fields.setdefault(unquote(name).lower(), []).append(unquote(value))
    to = [unquote(one) for one in place.split(",")]
    return Asked(
        mail=True,
        to=_people(to + [one for line in fields.get("to", ()) for one in line.split(",")]),
        cc=_people([one for line in fields.get("cc", ()) for one in line.split(",")]),
        subject=_one_line("".join(fields.get("subject", ())[:1])),
        text=_text("\n".join(fields.get("body", ()))),
    )


def _people(words: Sequence[str]) -> tuple[str, ...]:
    """The addresses among them, each once."""
    found = [word.strip() for word in words[: 4 * _MOST_PEOPLE] if _ADDRESS.fullmatch(word.strip())]
    return tuple(dict.fromkeys(found))[:_MOST_PEOPLE]


def _one_line(text: str) -> str:
    return " ".join(_CONTROL.sub("", text[: 4 * _LONGEST_SUBJECT]).split())[:_LONGEST_SUBJECT]


def _text(text: str) -> str:
    plain = text[:_LONGEST_TEXT].replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", plain)


def _plain_number(text: str) -> str:
    """A telephone number without what only separates its digits, and without parameters; empty for what is none."""
    number = re.sub(r"[\s().\-\u2010-\u2015/]", "", text.partition(";")[0][:100])
    return number if _NUMBER.fullmatch(number) else ""


def _file(word: str, folder: Path) -> str:
    """The absolute path of a backup file; empty for anything that is not called like one."""
    if word.lower().startswith("file:"):
        link = urlsplit(word)
        if link.netloc not in ("", "localhost"):
            return ""
        word = unquote(link.path)
        word = word.lstrip("/") if os.name == "nt" else word  # file:///C:/folder/desk.deskbell
    if "\0" in word or not word.lower().endswith(BACKUP_SUFFIX):
        return ""
    return str(folder / word)


def _string(said: Mapping[str, object], name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) else ""


def _strings(said: Mapping[str, object], name: str) -> list[str]:
    value = said.get(name)
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
