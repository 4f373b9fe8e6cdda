"""Who vouches for a sender: Authentication-Results (RFC 8601), believed only when our own provider wrote them.

Anybody can write such a field into a mail. What counts is the top-most one, and only if it carries the name of the server
that received the mail for us (RFC 8601, section 5: that server removes fields that pretend to be its own). The value is
read sign by sign, because a comment or a quoted address may hold words that look like a result.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from app.mime.syntax.headers import Headers

_MOST: Final = 20  # fields and results of one that are looked at


@dataclass(frozen=True, slots=True)
class Result:
    """One statement: "dkim", "pass", {"header.d": "shop.example"}."""

    method: str
    result: str
    properties: dict[str, str]


@dataclass(frozen=True, slots=True)
class Report:
    """One field: who wrote it ("" where it does not say, as Microsoft's) and what it states."""

    server: str
    results: tuple[Result, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`passed`: the domain of the author's address is proven. `failed`: our provider says that it is not. Else nobody knows."""

    domain: str
    passed: bool = False
    failed: bool = False


def reports(headers: Headers) -> tuple[Report, ...]:
    """The fields of a mail from the top down."""
    return tuple(_report(line) for line in headers.lines("authentication-results")[:_MOST])


def verdict(found: tuple[Report, ...], author_domain: str, believed: Callable[[str], bool]) -> Verdict:
    """What our provider says about the domain of the author's address (lower case). `believed(server)`: is it ours?

    A DMARC pass must name this very domain; without DMARC, a DKIM signature of the domain or of one above it will do.
    """
    if not author_domain or not found or not believed(found[0].server):
        return Verdict(author_domain)
    ours = [result for report in found if report.server == found[0].server for result in report.results]
    dmarc = [one for one in ours if one.method == "dmarc"]
    if any(one.result == "fail" for one in dmarc):
        return Verdict(author_domain, failed=True)
    passed = any(
        one.result == "pass" and one.properties.get("header.from", "").lower() == author_domain for one in dmarc
    )
    signed = any(one.method == "dkim" and one.result == "pass" and _covers(_signer(one), author_domain) for one in ours)
    return Verdict(author_domain, passed=passed or signed)


def _signer(result: Result) -> str:
    said = result.properties.get("header.d") or result.properties.get("header.i", "").rpartition("@")[2]
    return said.lower().strip(".")


def _covers(signer: str, domain: str) -> bool:
    return "." in signer and (domain == signer or domain.endswith(f".{signer}"))


def _report(line: str) -> Report:
    pieces = _pieces(line)
    first = pieces[0] if pieces else []
    named = bool(first) and "=" not in first[0]
    results = [_result(piece) for piece in (pieces[1:] if named else pieces)[:_MOST]]
    return Report(first[0].lower() if named else "", tuple(one for one in results if one is not None))


def _result(words: list[str]) -> Result | None:
    pairs = [word.partition("=") for word in words if "=" in word]
    if not pairs:
        return None
    method, _, result = pairs[0]
    properties: dict[str, str] = {}
    for name, _, value in pairs[1:]:
        properties.setdefault(name.lower(), value)
    return Result(method.lower().partition("/")[0], result.lower(), properties)


def _pieces(line: str) -> list[list[str]]:
    """The words of each statement, without comments; what stands in quotes is one word and can state nothing."""
    pieces: list[list[str]] = [[]]
    word, depth, quoted, escaped = "", 0, False, False

    def end() -> None:
        nonlocal word
        if word:
            pieces[-1].append(word)
        word = ""

    for sign in line:
        if escaped:
            escaped = False
            word += "" if depth else sign
        elif sign == "\\" and (quoted or depth):
            escaped = True
        elif quoted:
            quoted = sign != '"'
            word += "" if sign == '"' else sign
        elif sign == "(":
            depth += 1
        elif depth:
            depth -= sign == ")"
        elif sign == '"':
            quoted = True
        elif sign == ";":
            end()
            pieces.append([])
        elif sign.isspace():
            end()
        else:
            word += sign
    end()
    return [piece for piece in pieces if piece]
