"""The files that come with the sample shop's letters: small, but real ones that every program opens."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from random import Random
from typing import Final

File = tuple[str, str, bytes]
"""(file name, content type, bytes)."""

_WALLS: Final = ((214, 206, 192), (188, 198, 202), (226, 220, 208), (170, 178, 168))
_LAMPS: Final = ((201, 138, 43), (58, 124, 118), (150, 62, 46), (70, 74, 82), (236, 230, 216))


def attached(kind: str, words: Mapping[str, str], dice: Random) -> tuple[File, ...]:
    """The files of a kind, named as people name them."""
    if kind in {"photo", "photos"}:
        count = 3 if kind == "photos" else 1
        first = dice.randint(1200, 8800)
        return tuple((f"IMG_{first + number}.png", "image/png", photo(dice)) for number in range(count))
    if kind == "invoice":
        name = f"Invoice {words['invoice']}.pdf"
        lines = (f"Invoice {words['invoice']}", f"Order {words['order']}", f"1 x {words['product']}, {words['colour']}",
                 f"Total {words['sum']} EUR, payable within 14 days")  # fmt: skip
        return ((name, "application/pdf", pdf(("Harbour Lamp Works", *lines))),)
    if kind == "drawing":
        steps = (f"{words['product']} - how it comes apart", "1  Unplug the lamp.", "2  Open the two screws under the base.",
                 f"3  Lift out the {words['part']} and put in the new one.", "4  Close, plug in, enjoy.")  # fmt: skip
        return ((f"{words['model']} parts.pdf", "application/pdf", pdf(steps)),)
    if kind == "table":
        return (("order list.csv", "text/csv", _table(words, dice)),)
    return (("notes.txt", "text/plain", _notes(words)),)


def photo(dice: Random, width: int = 240, height: int = 180) -> bytes:
    """A picture of a lamp in front of a wall, as PNG: enough of one to be recognised as a picture."""
    wall, lamp = dice.choice(_WALLS), dice.choice(_LAMPS)
    left, top = dice.randint(70, 130), dice.randint(24, 50)
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        ground = tuple(channel * 3 // 4 for channel in wall) if y > height - 40 else wall
        line = bytearray(bytes(max(0, channel - y // 6) for channel in ground) * width)
        if top <= y < top + 44:
            half = 14 + (y - top)
            _paint(line, left - half, left + half, lamp)
        elif top + 44 <= y < height - 24:
            _paint(line, left - 2, left + 2, (60, 58, 56))
        elif height - 24 <= y < height - 16:
            _paint(line, left - 26, left + 26, (60, 58, 56))
        rows += line
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", head)
        + _chunk(b"IDAT", zlib.compress(bytes(rows), 6))
        + _chunk(b"IEND", b"")
    )


def _paint(line: bytearray, start: int, end: int, colour: Sequence[int]) -> None:
    start, end = max(0, start), min(len(line) // 3, end)
    line[start * 3 : end * 3] = bytes(colour) * (end - start)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def pdf(lines: Sequence[str]) -> bytes:
    """One page of text, PDF 1.4. What Latin-1 cannot say is left out."""
    said = [
        line.encode("latin-1", "ignore").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
        for line in lines
    ]
    text = b"BT /F1 18 Tf 56 770 Td 26 TL " + b" ".join(b"(" + line + b") Tj T*" for line in said) + b" ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
            b" /Resources << /Font << /F1 5 0 R >> >> >>"
        ),
        b"<< /Length " + str(len(text)).encode() + b" >>\nstream\n" + text + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, each in enumerate(objects, 1):
        places.append(len(out))
        out += str(number).encode() + b" 0 obj\n" + each + b"\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{place:010} 00000 n \n".encode() for place in places)
    out += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(out)


def _table(words: Mapping[str, str], dice: Random) -> bytes:
    rows = ["position,article,colour,pieces"]
    rows += [
        f"{number},{words['product']},{words['colour']},{dice.randint(1, 24)}"
        for number in range(1, dice.randint(5, 14))
    ]
    return ("\r\n".join(rows) + "\r\n").encode()


def _notes(words: Mapping[str, str]) -> bytes:
    lines = (f"{words['product']}, serial {words['serial']}", "Mon: on 07:10, off 07:45, flickered twice", "Tue: on 06:58, went out at 07:52",
             "Wed: other bulb, same thing", "Thu: other socket in the wall, same thing")  # fmt: skip
    return "\n".join(lines).encode() + b"\n"
