"""Split a reply into what was written now and what it drags along.

Only the view uses this; the stored text is whole. Hiding a customer's words is the one unforgivable fault, so a cut
needs a clear mark (an attribution line, a block of mail headers, a "-----Original Message-----" line, a run of ">"
lines, a signature mark) and where the person wrote between or below quoted lines, those words stay visible.
"""

from __future__ import annotations

from app.mime import limits
from app.mime.model import Fold
from app.mime.quote_marks import header_block_at, is_attribution, is_divider, is_signature_line, worth_a_look


def fold(text: str) -> Fold:
    """`visible` and `folded` together hold every line of `text`; with nothing certain, everything is visible."""
    lines = text.replace("\r\n", "\n").split("\n")
    if len(lines) > limits.FOLD_LINES:
        return Fold(text, "")
    cut = _cut(lines)
    visible, folded = lines[:cut], lines[cut:]
    if not "".join(visible).strip():
        return _quoted_first(lines)
    kept, signature = _signature(visible)
    both = "\n".join([*signature, *folded]).strip("\n")
    return Fold("\n".join(kept).strip("\n").rstrip(), both)


def _cut(lines: list[str]) -> int:
    """The first line of what is quoted to the end, or the number of lines."""
    for at, line in enumerate(lines):
        if not worth_a_look(line):
            continue
        bare = line.strip()
        if is_divider(lines, at) or header_block_at(lines, at):
            return at
        size = is_attribution(lines, at)
        if size and not _words_below(lines, at + size):
            return at
        if bare.startswith(">") and not _words_below(lines, at):
            return at
    return len(lines)


def _words_below(lines: list[str], start: int) -> bool:
    """After a quote marked with ">": does the person go on writing? Then it was answered inline or below."""
    seen = False
    for at in range(start, len(lines)):
        bare = lines[at].strip()
        if bare.startswith(">"):
            seen = True
        elif seen and bare and not is_attribution(lines, at):
            return not (bare in ("--", "—") or is_signature_line(bare))
    return False


def _quoted_first(lines: list[str]) -> Fold:
    """The quote stands on top: what is written below it is visible; with nothing below, everything is."""
    at = 0
    while at < len(lines):
        bare = lines[at].strip()
        size = is_attribution(lines, at) if bare and not bare.startswith(">") else 0
        if bare and not bare.startswith(">") and not size:
            break
        at += size or 1
    if at >= len(lines) or is_divider(lines, at) or header_block_at(lines, at):
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
