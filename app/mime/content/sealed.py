"""Signed and encrypted mail, as far as it can be read without keys.

An opaque S/MIME signature (RFC 8551, section 3.5.2) and a clear-signed OpenPGP text (RFC 9580, section 7) wrap words
that anybody can read, so they are unwrapped and shown, with the honest remark that nobody verified the signature.
What is encrypted is named as such. The DER and BER reader here knows the few shapes that CMS (RFC 5652) puts around a
mail; lengths are never trusted, and whatever is not understood stays an attachment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_KINDS: Final = {
    bytes.fromhex("2a864886f70d010702"): "signed",
    bytes.fromhex("2a864886f70d010703"): "encrypted",
    bytes.fromhex("2a864886f70d0109100117"): "encrypted",  # with authentication, RFC 5083
    bytes.fromhex("2a864886f70d0109100109"): "compressed",
}
_DEPTH: Final = 12
_ELEMENTS: Final = 200_000
_OBJECT: Final = 0x06
_OCTETS: Final = 0x04
_OCTETS_IN_PIECES: Final = 0x24
_SEQUENCE: Final = 0x30
_INSIDE: Final = 0xA0  # [0]

_SIGNED_TEXT: Final = "-----BEGIN PGP SIGNED MESSAGE-----"
_SECRET_TEXT: Final = "-----BEGIN PGP MESSAGE-----"
_BLANK_LINE: Final = re.compile(r"\n[ \t]*\n")
_SIGNATURE: Final = "\n-----BEGIN PGP SIGNATURE-----"
_SIGNATURE_END: Final = "-----END PGP SIGNATURE-----"
_LONGEST_HEAD: Final = 1_000  # characters of "Hash: SHA512" and its kin
_MOST: Final = 20  # signed stretches of one text

_Element = tuple[int, int, int, int]  # tag, begin and end of what is inside, where the next one begins


def cms_kind(data: bytes) -> str:
    """What a .p7m file is: "signed", "encrypted", "compressed", or "" when it is nothing known."""
    try:
        reader = _Reader(data)
        tag, begin, end, _ = next(reader.inside(reader.content_info()))
    except (ValueError, IndexError, StopIteration):
        return ""
    return _KINDS.get(data[begin:end], "") if tag == _OBJECT else ""


def signed_content(data: bytes) -> bytes | None:
    """The mail part inside an opaque signature; None when there is none or it cannot be found."""
    try:
        reader = _Reader(data)
        wrapped = list(reader.inside(reader.content_info()))[1]
        fields = reader.inside(next(reader.inside(wrapped)))
        enclosed = next(one for one in fields if one[0] == _SEQUENCE)  # after version and the set of algorithms
        pieces = [one for one in reader.inside(enclosed) if one[0] == _INSIDE]
        return reader.octets(next(reader.inside(pieces[0]))) if pieces else None
    except (ValueError, IndexError, StopIteration):
        return None


class _Reader:
    """Elements of DER and BER; raises ValueError or IndexError when the bytes are no such thing or far too many."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.left = _ELEMENTS

    def content_info(self) -> _Element:
        whole = self.element(0, len(self.data), 0)
        if whole[0] != _SEQUENCE:
            raise ValueError("no ContentInfo")
        return whole

    def inside(self, outer: _Element) -> Iterator[_Element]:
        at, end = outer[1], outer[2]
        while at < end:
            one = self.element(at, end, 0)
            yield one
            at = one[3]

    def element(self, at: int, end: int, depth: int) -> _Element:
        data = self.data
        tag, first = data[at], data[at + 1]
        begin = at + 2
        self.left -= 1
        if tag & 31 == 31 or depth > _DEPTH or self.left < 0:
            raise ValueError("not the shape of a signed mail")
        if first == 0x80:  # no length given: everything up to an empty element
            at = begin
            while data[at : at + 2] != b"\x00\x00":
                at = self.element(at, end, depth + 1)[3]
            return tag, begin, at, at + 2
        if first & 0x80:
            begin += first & 0x7F
            first = int.from_bytes(data[at + 2 : begin], "big")
        if begin + first > end:
            raise ValueError("longer than what holds it")
        return tag, begin, begin + first, begin + first

    def octets(self, one: _Element) -> bytes:
        """The bytes of an octet string, which may come in pieces."""
        if one[0] == _OCTETS:
            return self.data[one[1] : one[2]]
        if one[0] != _OCTETS_IN_PIECES:
            raise ValueError("no octet string")
        return b"".join(self.data[each[1] : each[2]] for each in self.inside(one) if each[0] == _OCTETS)


def unsigned_text(text: str) -> str | None:
    """A text without the frame of its OpenPGP signatures; None when it has none."""
    out: list[str] = []
    at = 0
    for _ in range(_MOST):
        begin = text.find(_SIGNED_TEXT, at)
        head = _BLANK_LINE.search(text, begin, begin + _LONGEST_HEAD) if begin >= 0 else None
        if head is None:
            break
        end = text.find(_SIGNATURE, head.end() - 1)
        stop = text.find(_SIGNATURE_END, end) if end >= 0 else -1
        if stop < 0:
            break
        words = text[head.end() : max(end, head.end())]
        out += [text[at:begin], re.sub(r"^- ", "", words, flags=re.M)]
        at = stop + len(_SIGNATURE_END)
    return "".join([*out, text[at:]]) if out else None


def is_secret_text(text: str) -> bool:
    """Is all of it an OpenPGP message that nobody can read here?"""
    return text.lstrip().startswith(_SECRET_TEXT)


def holds_secret_text(text: str) -> bool:
    """Is there an OpenPGP message somewhere in it, at the beginning of a line?"""
    return _SECRET_TEXT in text and re.search(r"^-----BEGIN PGP MESSAGE-----[ \t]*$", text, re.M) is not None
