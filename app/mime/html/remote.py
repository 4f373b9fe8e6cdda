"""Pictures of a mail that lie on somebody's server: which ones there are, and which of them only report that it was read.

Works on markup that `sanitise.clean` made, in which such a picture has `data-remote-src` and nothing to load. A picture of a
point or two, or under an address of the kinds that mailing programs use to learn who has opened what, is a tracker: it is
counted and stays away even where pictures are wanted. Only https counts; an http address is asked for by https or not at all.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

_IMAGE: Final = re.compile(r'<img((?: [\w-]+="[^"]*")*?) data-remote-src="([^"]*)"((?: [\w-]+="[^"]*")*)', re.I)
_WHOLE: Final = re.compile(_IMAGE.pattern + r"\s*/?>", re.I)
_ALT: Final = re.compile(r' alt="([^"]*)"', re.I)
_SIZE: Final = re.compile(r' (width|height)="\s*(\d+)(?:\.\d+)?(?:px)?\s*"', re.I)
_STYLE: Final = re.compile(r' style="([^"]*)"', re.I)
_STYLE_SIZE: Final = re.compile(r"(?:^|;)\s*(?:max-)?(?:width|height)\s*:\s*([0-9.]+)(?:px|pt|em)?\s*(?:;|$)", re.I)
_POINT: Final = 2  # px; nobody shows a picture of two points
_TRACKER_PATH: Final = re.compile(
    r"/(?:wf|e|email|mail|track(?:ing)?|t|ls|ss)/(?:o|open)(?:[/.?]|$)|/track(?:ing)?/open|/open(?:\.aspx|\.php|\.gif|\.png)?(?:\?|$)"
    r"|/(?:pixel|beacon|1x1|clear|track(?:er|ing)?)[\w-]*\.(?:gif|png)|/(?:pixel|beacon|collect|impression)(?:[/?]|$)|/e[23]t/o/|/o\.gif",
    re.I,
)
_TRACKER_HOST: Final = re.compile(r"(?:^|\.)(?:pixel|beacon|track(?:ing|er)?)s?\d*\.", re.I)
_SAFE_URL: Final = re.compile(r"https?://[^\s\"'<>\\]+", re.I)


@dataclass(frozen=True, slots=True)
class Remote:
    """`pictures`: how many there are to look at; `trackers`: how many would only tell on the reader."""

    pictures: int
    trackers: int


def count(markup: str) -> Remote:
    """How many pictures of cleaned markup lie elsewhere; the same picture twice is one."""
    found = {url: is_tracker(before + after, url) for before, url, after in _IMAGE.findall(markup)}
    trackers = sum(found.values())
    return Remote(len(found) - trackers, trackers)


def without_pictures(markup: str) -> str:
    """Cleaned markup in which pictures from elsewhere take no room: what they are called stands in their place."""

    def one(found: re.Match[str]) -> str:
        words = _ALT.search(found[1] + found[3])
        said = html.unescape(words[1]).strip() if words else ""
        return f"[{html.escape(said)}]" if said and not is_tracker(found[1] + found[3], found[2]) else ""

    return _WHOLE.sub(one, markup)


def with_pictures(markup: str) -> str:
    """Cleaned markup in which pictures may load, from https alone; trackers are gone."""

    def one(found: re.Match[str]) -> str:
        before, url, after = found[1], secure(html.unescape(found[2])), found[3]
        if not url or is_tracker(before + after, found[2]):
            return f"<img{before}{after}"
        return f'<img{before} src="{html.escape(url)}"{after}'

    return _IMAGE.sub(one, markup)


def secure(url: str) -> str:
    """The https address of a picture; "" for what is none."""
    url = url.strip()
    if not _SAFE_URL.fullmatch(url):
        return ""
    return f"https://{url.partition('://')[2]}"


def is_tracker(attributes: str, url: str) -> bool:
    """Does this picture only report? `attributes` as in cleaned markup, `url` escaped or not."""
    sizes = [int(size) for _, size in _SIZE.findall(attributes)]
    for style in _STYLE.findall(attributes):
        sizes += [int(float(size)) for size in _STYLE_SIZE.findall(style) if re.fullmatch(r"\d+(?:\.\d*)?|\.\d+", size)]
    if any(size <= _POINT for size in sizes):
        return True
    try:
        parts = urlsplit(html.unescape(url))
        host = parts.hostname or ""
    except ValueError:
        return True  # an address that cannot be read is not asked for
    return bool(_TRACKER_HOST.search(host) or _TRACKER_PATH.search(f"{parts.path}?{parts.query}"))
