"""The words of common files, for finding them: PDF, Word and other office files, plain text, tables as CSV, web pages.

Whoever calls this does so in a process that may be ended: a stranger's file decides what the readers of PDF and XML do. What
can be bounded here is bounded all the same: bytes taken out of an archive, pages, characters. XML that declares anything of its
own (a document type, and with it entities) is not read further. Nothing is fetched, nothing is run, pictures are not looked at.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from typing import Final
from xml.parsers import expat

from app.mime.content.text import html_to_text
from app.mime.syntax.charsets import decode

MOST_BYTES: Final = 25_000_000
"""Larger files are not read."""

MOST_CHARACTERS: Final = 200_000
"""Of one file; the index takes no more of a field."""

MOST_PAGES: Final = 500
_UNPACKED: Final = 40_000_000
_PIECE: Final = 65_536
_TEXTS: Final = 2_000_000


class NoTextError(Exception):
    """The file has no words that can be taken out; why, in words for a person."""


class _EnoughError(Exception):
    """So much has been read that the rest does not matter."""


def kind_of(filename: str, content_type: str) -> str:
    """Which reader a file needs (`pdf`, `office`, `html`, `text`); empty when none can read it. The name counts more than
    the type, since many programs call everything octets.
    """
    ending = filename.rpartition(".")[2].lower() if "." in filename else ""
    found = _BY_ENDING.get(ending) or _BY_TYPE.get(content_type.lower().partition(";")[0].strip())
    return found or ""


def text_of(data: bytes, kind: str) -> str:
    """The words of a file, at most `MOST_CHARACTERS`, lines and blanks tidied. Raises NoTextError."""
    if len(data) > MOST_BYTES:
        msg = "The file is too large to be read for searching."
        raise NoTextError(msg)
    try:
        text = _READERS[kind](data)
    except NoTextError:
        raise
    except (RecursionError, MemoryError):
        raise
    except Exception as error:
        msg = f"The file is damaged ({type(error).__name__})."
        raise NoTextError(msg) from error
    return _tidy(text)


def _tidy(text: str) -> str:
    text = text.replace("\x00", " ").encode("utf-8", "replace").decode()
    return re.sub(r"\s*\n\s*", "\n", re.sub(r"[^\S\n]+", " ", text)).strip()[:MOST_CHARACTERS]


def _plain(data: bytes) -> str:
    return decode(data[:_TEXTS])[0]


def _page(data: bytes) -> str:
    return html_to_text(decode(data[:_TEXTS])[0])


def _pdf(data: bytes) -> str:
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(data))
    if reader.is_encrypted and not reader.decrypt(""):
        msg = "The file is protected by a password."
        raise NoTextError(msg)
    parts: list[str] = []
    length = 0
    for number, page in enumerate(reader.pages):
        if number >= MOST_PAGES or length >= MOST_CHARACTERS:
            break
        parts.append(page.extract_text())
        length += len(parts[-1])
    return "\n".join(parts)


_PARTS = re.compile(
    r"word/(?:document|footnotes|endnotes|header\d*|footer\d*)\.xml|ppt/slides/slide\d+\.xml|xl/sharedStrings\.xml|content\.xml"
)
"""Where the words lie: Word, PowerPoint, Excel, OpenDocument."""

_WORDS: Final = frozenset({"t", "p", "h", "span", "a"})
_BREAKS: Final = frozenset({"p", "h", "br", "tab", "tc", "si", "table-cell", "line-break", "s"})


def _office(data: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = [info for info in archive.infolist() if _PARTS.fullmatch(info.filename)]
        if not names:
            msg = "The file is not what its name says."
            raise NoTextError(msg)
        taken = _Taken()
        for info in names:
            if not taken.is_full:
                taken.read(archive, info)
        return "".join(taken.parts)


class _Taken:
    """The words of an archive's parts, and how much was unpacked for them."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self._unpacked = self._length = 0
        self._inside = 0

    @property
    def is_full(self) -> bool:
        """Is there nothing more to be taken?"""
        return self._length >= MOST_CHARACTERS or self._unpacked >= _UNPACKED

    def read(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
        """Take the words of one part, piece by piece, whatever size it claims to have."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartDoctypeDeclHandler = self._refuse
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._take
        self._inside = 0
        try:
            with archive.open(info) as file:
                while (piece := file.read(_PIECE)) and not self.is_full:
                    self._unpacked += len(piece)
                    parser.Parse(piece, False)
        except _EnoughError:
            return
        self.parts.append("\n")

    def _begin(self, name: str, _attributes: dict[str, str]) -> None:
        local = name.rpartition(" ")[2]
        self._inside += local in _WORDS
        if local in _BREAKS:
            self.parts.append("\n" if local in {"p", "h"} else " ")

    def _end(self, name: str) -> None:
        self._inside -= name.rpartition(" ")[2] in _WORDS

    def _take(self, words: str) -> None:
        if not self._inside:
            return
        self.parts.append(words)
        self._length += len(words)
        if self._length >= MOST_CHARACTERS:
            raise _EnoughError

    def _refuse(self, *_: object) -> None:
        msg = "The file declares a document type, which no office program writes; it is not read."
        raise NoTextError(msg)


_READERS: Final[dict[str, Callable[[bytes], str]]] = {"pdf": _pdf, "office": _office, "html": _page, "text": _plain}
_BY_ENDING: Final = {
    "pdf": "pdf",
    **dict.fromkeys("docx docm dotx pptx xlsx odt ods odp".split(), "office"),
    **dict.fromkeys("html htm xhtml".split(), "html"),
    **dict.fromkeys("txt text csv tsv md log json xml yaml yml ini srt vcf ics".split(), "text"),
}
_OFFICE: Final = "application/vnd.openxmlformats-officedocument."
_BY_TYPE: Final = {
    "application/pdf": "pdf",
    f"{_OFFICE}wordprocessingml.document": "office",
    f"{_OFFICE}presentationml.presentation": "office",
    f"{_OFFICE}spreadsheetml.sheet": "office",
    "application/vnd.oasis.opendocument.text": "office",
    "text/html": "html",
    "application/xhtml+xml": "html",
    **dict.fromkeys(("text/plain", "text/csv", "text/tab-separated-values", "text/markdown"), "text"),
}
