"""Where a link really leads, said beside it when its own words name another place.

"https://bank.example" as the words of a link to evil.example is the oldest trick of forged mail. The words of each link of
cleaned markup are compared with its target, the way a browser would read it: a name before "@" is no host, a backslash is a
slash, letters of other scripts are shown as they are written in the domain system (IDNA), so that look-alikes differ.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

_LINK: Final = re.compile(r'<a((?: [\w-]+="[^"]*")*)>(.*?)</a>', re.S)
_HREF: Final = re.compile(r' href="([^"]*)"')
_TAG: Final = re.compile(r'<[^>"]*(?:"[^"]*"[^>"]*)*>')
_LOOSE: Final = re.compile(r"[\x00-\x20\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\u00ad]")
_WORDS: Final = 300  # characters of a link's words that are looked at
_NAMED: Final = re.compile(
    r"(?P<scheme>https?:[/\\]{2}|www\.)?(?:[^\s/@\\]{1,80}@)?(?P<host>(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24})(?P<rest>[/?#:]|\b)",
    re.I,
)
_FILES: Final = frozenset(
    "pdf doc docx xls xlsx ppt pptx txt zip png jpg jpeg gif html htm js py md csv xml json eml".split()
)


def host_of(url: str) -> str:
    """The host that a browser would go to, in ASCII; "" for a link to no host."""
    try:
        host = urlsplit(_LOOSE.sub("", url).replace("\\", "/")).hostname or ""
    except ValueError:
        return ""
    return _ascii(host)


def target_of(url: str) -> str:
    """What a link leads to, in short: a host, or the address of a mail."""
    bare = _LOOSE.sub("", url)
    if bare[:7].lower() == "mailto:":
        return bare[7:].partition("?")[0].lower()
    return host_of(url)


def misleads(words: str, url: str) -> bool:
    """Do a link's words name another place than its target?"""
    target = target_of(url)
    if not target:
        return False
    for found in _NAMED.finditer(_LOOSE.sub(lambda hit: " " if hit[0] == " " else "", words[:_WORDS])):
        said = _ascii(found["host"])
        if not found["scheme"] and found["rest"] not in ("/", ":") and said.rpartition(".")[2] in _FILES:
            continue  # the name of a file
        if not _same(said, target.rpartition("@")[2]):
            return True
    return False


def with_targets(markup: str, say: Callable[[str], str]) -> str:
    """Cleaned markup with `say(target)` behind every link whose words name another place."""

    def one(found: re.Match[str]) -> str:
        href = _HREF.search(found[1])
        if href is None:
            return found[0]
        url = html.unescape(href[1])
        if not misleads(html.unescape(_TAG.sub("", found[2][: 10 * _WORDS])), url):
            return found[0]
        return f"{found[0]} <b>{html.escape(say(target_of(url)))}</b>"

    return _LINK.sub(one, markup)


def _same(one: str, other: str) -> bool:
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def _ascii(host: str) -> str:
    host = host.strip(".").lower()
    if host.isascii():
        return host.removeprefix("www.")
    try:
        return host.encode("idna").decode("ascii").removeprefix("www.")
    except UnicodeError:
        return ascii(host)[1:-1]
