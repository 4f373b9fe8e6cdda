"""HTML of strangers, made safe to show.

An allow-list (nh3, a Rust port of Mozilla's sanitiser rules) decides what may stay; no script, form, frame or style
sheet is on it. Nothing is ever loaded from the net by showing a mail: an image keeps its source only when it is part
of the mail (cid:) or a small picture written into it (data:image); any other source moves to `data-remote-src`,
where a renderer finds nothing to load and the "show images" button finds the address.
"""

from __future__ import annotations

import re
from typing import Final

import nh3

from app.mime import limits
from app.mime.html.nesting import shallow

_TAGS: Final = frozenset(
    """a abbr acronym address b bdi bdo big blockquote br caption center cite code col colgroup dd del dfn div dl dt em
    figcaption figure font h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp section small span strike
    strong sub sup table tbody td tfoot th thead tr tt u ul var wbr""".split()
)
_DROP_WHOLE: Final = frozenset("script style title head template noscript iframe object embed svg math noembed noframes "
                               "xmp textarea select option button".split())  # fmt: skip
_ATTRIBUTES: Final = {
    "*": {"dir", "lang", "title", "style", "align", "valign", "bgcolor", "color", "width", "height"},
    "a": {"href"},
    "img": {"src", "alt"},
    "font": {"face", "size", "color"},
    "table": {"border", "cellpadding", "cellspacing", "summary"},
    "td": {"colspan", "rowspan", "nowrap"},
    "th": {"colspan", "rowspan", "nowrap", "scope"},
    "col": {"span"},
    "colgroup": {"span"},
    "ol": {"start", "type", "reversed"},
    "ul": {"type"},
    "li": {"value", "type"},
    "blockquote": {"type"},
}
_STYLES: Final = frozenset("""color background-color font-family font-size font-style font-weight font-variant line-height
    text-align text-decoration text-indent text-transform vertical-align white-space width height max-width max-height
    border border-color border-style border-width border-collapse border-spacing border-top border-right border-bottom
    border-left border-radius padding padding-top padding-right padding-bottom padding-left margin margin-top
    margin-right margin-bottom margin-left list-style-type direction display""".split())  # fmt: skip
_SCHEMES: Final = frozenset({"http", "https", "mailto", "tel", "cid", "data"})
_LINK_SCHEMES: Final = frozenset({"http", "https", "mailto", "tel"})
_DATA_IMAGE: Final = re.compile(r"data:image/(?:png|jpe?g|gif|webp|bmp)[;,]", re.I)
_HIDING: Final = re.compile(r"^(?:font-size\s*:\s*0|display\s*:\s*none|line-height\s*:\s*0)", re.I)
_UNSEEN: Final = re.compile(
    r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?:\.0*)?\s*(?:;|$))", re.I
)
_SIZES: Final = frozenset(
    {"width", "height", "border", "cellpadding", "cellspacing", "colspan", "rowspan", "span", "size", "start", "value"}
)
_HUGE: Final = re.compile(r"(?<![#\w.])[-+]?(?:\d{4,}|[\d.]+e[+-]?\d)", re.I)  # a size that no screen has
_POINT: Final = "width: 0"  # a picture that nobody shall see is known as such later
_DANGEROUS: Final = re.compile(r"url\s*\(|expression|@import|javascript|behaviou?r|\\|position\s*:", re.I)
# Whole attributes one by one: the cleaner writes them all as name="value" and escapes quotes, but ">" may stand within.
_REMOTE_MARK: Final = re.compile(r'<img((?: [\w-]+="[^"]*")*?) src="(?!cid:|data:image/)([^"]*)"', re.I)
_CONTROL: Final = re.compile(
    r"[\x00-\x20\x7f-\xa0\u00ad\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff]"
)
_SCHEME: Final = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")
_OPENING: Final = re.compile(r"<(/?)(table|div|blockquote|span|ul|ol|font|center|section|td|th)\b", re.I)
_VOID_NUL: Final = re.compile(r"[\x00\x0b\x0c\x0e-\x1f]")


def clean(source: str) -> str:
    """The part of an HTML mail that is safe to show; never raises, never loads anything when shown."""
    if len(source) > limits.HTML * 4:
        source = source[: limits.HTML * 4]
    shown = nh3.clean(
        shallow(_VOID_NUL.sub("", source), limits.HTML_NESTED),
        tags=set(_TAGS),
        clean_content_tags=set(_DROP_WHOLE),
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute,
        strip_comments=True,
        link_rel="noopener noreferrer",
        url_schemes=set(_SCHEMES),
        url_relative="deny",
        filter_style_properties=set(_STYLES),
    )
    return _REMOTE_MARK.sub(r'<img\1 data-remote-src="\2"', shown)


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name == "href":
        return value if safe_link(value) else None
    if name == "src":
        bare = value.strip()
        if bare[:5].lower() == "data:":
            return bare if _DATA_IMAGE.match(bare) else None
        return value if scheme_of(value) in ("cid", "http", "https") else None
    if name in _SIZES:
        return value if len(value) < 8 and not _HUGE.search(value) else None
    if name == "style":
        return _POINT if tag == "img" and _UNSEEN.search(value) else _style(value)
    return value


def _style(value: str) -> str | None:
    kept = [
        each.strip()
        for each in value.split(";")
        if each.strip() and not (_DANGEROUS.search(each) or _HUGE.search(each))
    ]
    return "; ".join(each for each in kept if not _HIDING.match(each)) or None


def scheme_of(url: str) -> str:
    """The scheme a lenient program would see: control characters and blanks inside do not hide it. "" if none."""
    match = _SCHEME.match(_CONTROL.sub("", url))
    return match[1].lower() if match is not None else ""


def safe_link(url: str) -> bool:
    """May this link be opened? Asked when cleaning and again when somebody clicks it."""
    return scheme_of(url) in _LINK_SCHEMES and _SCHEME.match(url.strip()) is not None


def is_heavy(source: str) -> bool:
    """Would this HTML be slow to lay out? Then the window shows the text and offers the HTML."""
    if len(source) > limits.HTML:
        return True
    depth = cells = 0
    for match in _OPENING.finditer(source):
        if match[2].lower() in ("td", "th"):
            cells += not match[1]
        else:
            depth = max(0, depth - 1) if match[1] else depth + 1
        if depth > limits.HTML_DEPTH or cells > limits.HTML_CELLS:
            return True
    return False
