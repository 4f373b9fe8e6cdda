"""How deep the elements of a page stand in each other, before a real HTML parser meets them.

The parsing rules of HTML look back through all open elements at every new block, so a megabyte of opening tags costs a
parser a minute. No honest mail nests beyond a few dozen; of what goes deeper, the tags are left out and the words stay.
"""

from __future__ import annotations

import re
from typing import Final

_TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]*)")
# These hold nothing, or end by themselves where the next one begins.
_FREE: Final = frozenset("""area base br col embed hr img input link meta param source track wbr p li td th tr tbody thead
    tfoot dd dt option optgroup rp rt html body head colgroup caption""".split())  # fmt: skip
_WALLS: Final = frozenset({"applet", "marquee", "object", "template", "table"})  # no end tag reaches beyond these
_BACK: Final = 64  # open elements that an end tag looks back through


def shallow(source: str, most: int) -> str:
    """The page without the tags of elements that stand inside more than `most` others."""
    if source.count("<") <= most:
        return source
    open_: list[str] = []
    out: list[str] = []
    at = 0
    for match in _TAG.finditer(source):
        name = match[2].lower()
        if name in _FREE or match.start() < at:
            continue
        if match[1]:
            _close(open_, name)
        elif len(open_) < most:
            open_.append(name)
        else:
            out.append(source[at : match.start()])
            end = source.find(">", match.end())
            at = end + 1 if end >= 0 else len(source)
    return "".join([*out, source[at:]]) if out else source


def _close(open_: list[str], name: str) -> None:
    for back in range(len(open_) - 1, max(-1, len(open_) - 1 - _BACK), -1):
        if open_[back] == name:
            del open_[back:]
            return
        if open_[back] in _WALLS:
            return
