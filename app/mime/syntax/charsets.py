"""Bytes to text when the label lies.

The ladder: the declared charset, strictly, under the names and supersets that senders really mean; then UTF-8; then
the declared one with a few damaged characters; then a guess, marked as one. Never raises, never returns nothing.
"""

from __future__ import annotations

import codecs
import functools
import re
from typing import Final

from app.mime import limits

# What the label means in practice: supersets that the web and mail programs use in its place.
_ALIASES: Final = {
    "gb2312": "gb18030", "gb_2312-80": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "hz-gb-2312": "hz",
    "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932", "ms_kanji": "cp932",
    "windows-31j": "cp932", "euc-kr": "cp949", "ks_c_5601-1987": "cp949", "ks_c_5601": "cp949", "ksc5601": "cp949",
    "iso-2022-jp": "iso2022_jp_ext", "iso-8859-1": "cp1252", "latin1": "cp1252", "latin-1": "cp1252",
    "iso8859-1": "cp1252", "iso-8859-8-i": "iso8859_8", "iso-8859-8-e": "iso8859_8", "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874", "tis-620": "cp874", "windows-874": "cp874", "big5": "big5hkscs", "x-x-big5": "big5hkscs",
    "us-ascii": "ascii", "ansi_x3.4-1968": "ascii", "646": "ascii", "utf8": "utf-8", "utf-8-strict": "utf-8",
    "utf-8mb4": "utf-8", "x-utf-8": "utf-8", "unicode-1-1-utf-7": "utf-7", "unicode-1-1-utf-8": "utf-8",
    "x-mac-roman": "mac_roman", "macintosh": "mac_roman", "x-mac-cyrillic": "mac_cyrillic", "koi8-ru": "koi8_u",
    "cp-850": "cp850", "ibm850": "cp850", "dos-850": "cp850", "ansi": "cp1252", "windows1252": "cp1252",
    "win-1251": "cp1251", "win-1252": "cp1252", "iso-10646": "utf-16", "unicode": "utf-16",
}  # fmt: skip
_NO_CLAIM: Final = frozenset({"", "unknown-8bit", "x-unknown", "unknown", "8bit", "7bit", "binary", "none", "default",
                              "user-defined", "x-user-defined"})  # fmt: skip
# Python calls them codecs; as the charset of a mail they mean nothing, or raise where nothing may raise.
_NO_CHARSET: Final = frozenset({"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "unicode-escape",
                                "raw-unicode-escape", "charmap", "mbcs", "oem"})  # fmt: skip
# In these, bytes below 128 do not mean ASCII, so an all-ASCII body must still go through the codec.
_STATEFUL: Final = ("iso2022", "utf-7", "utf-16", "utf-32", "hz", "utf_16", "utf_32", "utf_7", "cp037", "cp500")
_GUESSES: Final = ("cp1252", "cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256", "iso8859_2",
                   "gb18030", "big5", "cp932", "euc_jp", "cp949", "cp874", "mac_roman")  # fmt: skip
_HALF_PAIRS: Final = re.compile(r"[\ud800-\udfff]")  # no text can be stored that has them; UTF-7 can write them
_LATIN: Final = ("cp1252", "cp1250", "iso8859_2", "cp1254", "mac_roman")
_TAG: Final = re.compile(rb"<[^<>]{0,500}>")
_AROUND: Final = re.compile(r"(?<=(.))([^\x00-\x7f])(?=(.))", re.S)
_LETTER: Final = re.compile(rb"[A-Za-z]")
_CONTROLS: Final = re.compile(r"[\x80-\x9f]")
# Sets in which two bytes that make one letter of UTF-8 are a capital and a sign that do not stand together in words.
_SINGLE: Final = frozenset({"cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1257", "koi8-r", "koi8-u", "iso8859-2",
                            "iso8859-5", "iso8859-7", "iso8859-9", "iso8859-13", "iso8859-15", "iso8859-16"})  # fmt: skip
_PAIRS: Final = re.compile(
    rb"\xc3[\x80-\xbf]|\xc2\xa0|\xe2[\x80-\x82][\x80-\xbf]|(?:[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}){2}"
)
_HIGH: Final = re.compile(rb"[\x80-\xff]")


@functools.lru_cache(maxsize=512)
def codec_of(label: str) -> str | None:
    """The Python codec for a charset label, or None if there is none or the label claims nothing."""
    name = label.strip().strip("\"'").lower().replace(" ", "")
    if name in _NO_CLAIM:
        return None
    name = _ALIASES.get(name, name)
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError, UnicodeError):
        return None
    return info.name if getattr(info, "_is_text_encoding", True) and info.name not in _NO_CHARSET else None


def decode(data: bytes, label: str = "") -> tuple[str, str]:
    """Text of `data` and a warning ("" when nothing had to be repaired)."""
    if not label and data.isascii():
        return data.decode("ascii"), ""
    codec = codec_of(label)
    if codec is not None:
        if data.isascii() and not codec.startswith(_STATEFUL):
            return data.decode("ascii"), ""
        if codec != "utf-8" and (text := _is_utf8_all_the_same(data, codec)) is not None:
            return text, f"text is not {label[:40]!r} as declared; read as utf-8"
        try:
            return _tidy(data.decode(codec), codec), ""
        except (UnicodeError, ValueError, LookupError):
            pass
    elif data.isascii():
        return data.decode("ascii"), f"unknown charset {label[:40]!r}"
    return _repair(data, label, codec)


def _tidy(text: str, codec: str) -> str:
    """What a strict decoder lets through although nobody meant it."""
    if codec == "utf-7":
        text = _HALF_PAIRS.sub("\ufffd", text)
    elif codec.startswith("iso8859"):  # there these are control characters; senders mean the Windows ones
        text = _CONTROLS.sub(lambda found: found[0].encode("latin-1").decode("cp1252", "replace"), text)
    return text[1:] if text[:1] == "\ufeff" else text


def _is_utf8_all_the_same(data: bytes, codec: str) -> str | None:
    """UTF-8 under another label: a mark at the beginning, UTF-16 without any NUL, or letters of a single-byte set that

    happen to be faultless UTF-8, which real words in those sets practically never are.
    """
    marked = data.startswith(b"\xef\xbb\xbf")
    wide = codec.startswith(("utf-16", "utf-32")) and b"\x00" not in data and data[:2] not in (b"\xff\xfe", b"\xfe\xff")
    if not (marked or wide or (codec in _SINGLE and len(_PAIRS.findall(data, 0, limits.GUESS)) > 0)):
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def _repair(data: bytes, label: str, codec: str | None) -> tuple[str, str]:
    said = f"text is not {label[:40]!r} as declared" if codec else "no usable charset declared"
    try:
        return data.decode("utf-8-sig"), ("" if codec is None and not label else f"{said}; read as utf-8")
    except UnicodeDecodeError:
        pass
    for name in filter(None, (codec if codec != "ascii" else None, "utf-8")):
        text = _HALF_PAIRS.sub("\ufffd", data.decode(name, "replace"))
        lost = text.count("\ufffd")
        if lost * 4 <= sum(1 for char in text if char > "\x7f") - lost:
            return text, f"{lost} damaged characters in {name} text"
    name = _guess(data)
    return data.decode(name, "replace"), f"{said}; charset guessed: {name}"


def _guess(data: bytes) -> str:
    """The likeliest single charset. Short or mostly ASCII scraps give a detector nothing to work with: cp1252.

    Where most letters are ASCII, the language is written in Latin letters: of those sets, the one that makes words.
    """
    words = _TAG.sub(b" ", data[: limits.GUESS * 2])[: limits.GUESS]
    high = len(_HIGH.findall(words))
    if len(data) < 32 or high < 4:
        return "cp1252"
    if len(_LETTER.findall(words)) > high * 3:
        return max(_LATIN, key=lambda name: _plausible(words.decode(name, "replace")))
    from charset_normalizer import from_bytes

    try:
        best = from_bytes(words, cp_isolation=list(_GUESSES), steps=3).best()
    except (ValueError, UnicodeError, LookupError):
        return "cp1252"
    return best.encoding if best is not None else "cp1252"


def _plausible(text: str) -> int:
    """How much the letters beyond ASCII look like parts of words: signs and capitals in the middle of one do not."""
    score = 0
    for before, char, after in _AROUND.findall(text):
        if char == "\ufffd" or char < "\xa0":
            score -= 5
        elif not char.isalpha():
            score -= before.isalpha() and after.isalpha() and char not in "’‘-"
        elif char.isupper() and before.islower():
            score -= 1
        else:
            score += 1
    return score
