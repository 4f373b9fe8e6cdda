"""Address fields (RFC 5322 section 3.4), read as tolerantly as they are written.

Groups are flattened, comments serve as a name of last resort, encoded words are decoded after splitting so that a
comma inside a name never makes two people of one.
"""

from __future__ import annotations

import functools
import re
from typing import Final

from app.mime import limits
from app.mime.model import Address
from app.mime.syntax.headers import decode_words

_PLAIN: Final = re.compile(r'\s*(?:"([^"\\]*)"|([^"<>,;:()\\@]*))\s*<([^<>\s"(),;:]+)>\s*\Z')
_BARE: Final = re.compile(r'[^<>\s"(),;:]+\Z')
_TOKEN: Final = re.compile(
    r'"((?:[^"\\]|\\.)*)"|<([^<>]*)>|\(((?:[^()\\]|\\.|\((?:[^()\\]|\\.)*\))*)\)|([,;:])|([^",;:<>()]+)|(.)', re.S
)

_REMARK: Final = re.compile(r"\((?:[^()\\]|\\.)*\)")


def parse_addresses(line: str) -> tuple[Address, ...]:
    """All mailboxes of one field in their order; encoded words may still be encoded in `line`.

    Short lines are remembered: a mailbox has few correspondents, and our own address stands in most of its mails.
    """
    if not line:
        return ()
    return remembered(line) if len(line) < 200 else _parse(line)


def _parse(line: str) -> tuple[Address, ...]:
    plain = _PLAIN.match(line)
    if plain is not None:
        return (_address(plain[1] if plain[1] is not None else plain[2], plain[3]),)
    if _BARE.match(line):
        return (_address("", line),)
    return tuple(_scan(line))


remembered: Final = functools.lru_cache(maxsize=2048)(_parse)


def _scan(line: str) -> list[Address]:
    found: list[Address] = []
    words: list[str] = []
    angle = ""
    comment = ""
    has_angle = False

    def flush() -> None:
        nonlocal words, angle, comment, has_angle
        name = "".join(words).strip()
        if has_angle:
            found.append(_address(name or comment, angle))
        elif name:
            spaced = re.sub(r"\s*([@.])\s*", r"\1", name) if "@" in name else name
            last = spaced.rsplit(None, 1)[-1]
            if " " not in spaced:
                found.append(_address(comment, spaced))
            elif "@" in last:
                found.append(_address(spaced.rsplit(None, 1)[0], last))
            else:
                found.append(Address(_name(name), ""))
        words, angle, comment, has_angle = [], "", "", False

    for match in _TOKEN.finditer(line):
        quoted, inside, remark, mark, word, odd = match.groups()
        if len(found) >= limits.ADDRESSES:
            break
        if quoted is not None:
            words.append(f'"{quoted}"' if line.startswith("@", match.end()) else re.sub(r"\\(.)", r"\1", quoted))
        elif inside is not None and inside.strip():
            angle, has_angle = _REMARK.sub("", inside), True
        elif remark is not None:
            comment = remark.strip()
        elif mark == ":" and not has_angle and "@" not in "".join(words):
            words = []  # a group's name
        elif mark in (",", ";"):
            flush()
        elif word is not None:
            words.append(word)
        elif odd is not None and odd not in '<>()"':
            words.append(odd)
    flush()
    return found


def _address(name: str, address: str) -> Address:
    address = "".join(decode_words(address).split()).strip("<>'\"" if not address.startswith('"') else "<>")
    if address.lower().startswith("mailto:"):
        address = address[7:]
    if address.startswith("@") and ":" in address:  # a route of RFC 822: <@relay:real@address>
        address = address.rsplit(":", 1)[-1]
    local, at, domain = address.rpartition("@")
    return Address(_name(name) if name else "", f"{local}{at}{domain.lower()}" if at else address)


def _name(name: str) -> str:
    text = " ".join(decode_words(name).split())
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1].strip()
    return text
