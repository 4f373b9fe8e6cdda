"""Split a reply into what was written now and what it drags along.

Only the view uses this; the stored text is whole. Hiding a customer's words is the one unforgivable fault, so a cut
needs a clear mark (an attribution line, a block of mail headers, a "-----Original Message-----" line, a run of ">"
lines, a signature mark) and where the person wrote between or below quoted lines, those words stay visible.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.mime import limits
from app.mime.content.quote_marks import header_block_at, is_attribution, is_divider, is_signature_line, marks_in


@dataclass(frozen=True, slots=True)
class Fold:
    """A text split for showing: `visible` is what the writer wrote now, `folded` the quotes and signatures."""

    visible: str
    folded: str


def fold(text: str) -> Fold:
    """`visible` and `folded` together hold every line of `text`; with nothing certain, everything is visible."""
    plain = text.replace("\r\n", "\n") if "\r" in text else text
    lines = plain.split("\n")
    if len(lines) > limits.FOLD_LINES:
        return Fold(text, "")
    cut = _cut(lines)
    visible, folded = lines[:cut], lines[cut:]
    if cut == len(lines) or not "".join(visible).strip():
        top = _quoted_first(lines)
        if top.folded or not "".join(visible).strip():
            return top
    kept, signature = _signature(visible)
    both = "\n".join([*signature, *folded]).strip("\n")
    return Fold("\n".join(kept).strip("\n").rstrip(), both)


def opening(text: str) -> str:
    """The beginning of what `fold` leaves visible, for a line in a list: at least `limits.OPENING` characters of it.

    Cheaper than `fold`, which must read to the end to know that nothing is hidden there.
    """
    if len(text) > limits.OPENING:
        head = text[: limits.OPENING]
        if next(marks_in(head.split("\n")), None) is None:
            return head.lstrip("\n")
    return fold(text).visible


def _cut(lines: list[str]) -> int:
    """The first line of what is quoted to the end, or the number of lines."""
    tries = 0
    answered = 0  # up to this line, a quote is known to be followed by the writer's own words
    for at in marks_in(lines):
        quoted = lines[at].lstrip().startswith(">")
        if not quoted:
            if is_divider(lines, at) or header_block_at(lines, at):
                return at
            tries += 1
            size = is_attribution(lines, at) if tries <= limits.FOLD_TRIES else 0
            if size and _own_words_below(lines, at + size) < 0:
                return at
        elif at >= answered:
            below = _own_words_below(lines, at)
            if below < 0:
                return at
            answered = below
    return len(lines)


def _own_words_below(lines: list[str], start: int) -> int:
    """After a quote marked with ">": the line where the person goes on writing, inline or below; -1 if nowhere."""
    seen = False
    for at in range(start, len(lines)):
        bare = lines[at].strip()
        if bare.startswith(">"):
            seen = True
        elif seen and bare and not is_attribution(lines, at):
            return -1 if bare in ("--", "—") or is_signature_line(bare) else at
    return -1


def _quoted_first(lines: list[str]) -> Fold:
    """An attributed quote stands on top: what is written below it is visible.

    With nothing below, with answers in between or without an attribution, everything is visible.
    """
    at = 0
    attributed = False
    while at < len(lines):
        bare = lines[at].strip()
        size = is_attribution(lines, at) if bare and not bare.startswith(">") else 0
        if bare and not bare.startswith(">") and not size:
            break
        attributed = attributed or bool(size)
        at += size or 1
    whole = not attributed or at >= len(lines) or any(line.lstrip().startswith(">") for line in lines[at:])
    if whole or is_divider(lines, at) or header_block_at(lines, at):
        return Fold("\n".join(lines).strip("\n"), "")
    kept, signature = _signature(lines[at:])
    return Fold("\n".join(kept).strip("\n").rstrip(), "\n".join([*lines[:at], *signature]).strip("\n"))


def _signature(lines: list[str]) -> tuple[list[str], list[str]]:
    """The lines above a signature mark near the end, and the signature."""
    end = len(lines)
    for at in range(len(lines) - 1, max(0, len(lines) - 16) - 1, -1):
        bare = lines[at].strip()
        if bare in ("--", "—") and lines[at][:1] in ("-", "—"):
            end = at
            break
    while end > 0 and (not (bare := lines[end - 1].strip(" \t\rᐧ")) or is_signature_line(bare)):
        end -= 1
    if not "".join(lines[:end]).strip():
        return lines, []
    return lines[:end], lines[end:]
