"""The look as data: four sets of colours and measures, and the arithmetic that proves them readable.

Widgets, delegates, palette and stylesheet all take their colours from one frozen `Tokens`; nothing else in the
window names a colour. High contrast is a set of its own, not a filter: frames replace shadows and grounds.
Contrast follows WCAG 2.1 (relative luminance, ratio 1…21).
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QColor

SMALL, BODY, TITLE, FIGURE = 12, 13, 17, 22  # text sizes in px; there are no others

Tone = str  # "ok" | "warn" | "bad" | "info" | "plain" | "surface" | "raised" | "none"


@dataclass(frozen=True)
class Tokens:
    """One look. Colours are "#RRGGBB"; `avatars` are (ground, letters) pairs; `dim` and `shadow` are opacities."""

    name: str
    canvas: str
    surface: str
    sunken: str
    raised: str
    line: str
    line_strong: str
    text: str
    text2: str
    text3: str
    accent: str
    accent_hover: str
    accent_press: str
    on_accent: str
    accent_soft: str
    accent_text: str
    ok: str
    ok_soft: str
    warn: str
    warn_soft: str
    bad: str
    bad_soft: str
    note_soft: str
    note_line: str
    hover: str
    selected: str
    avatars: tuple[tuple[str, str], ...]
    dim: float
    shadow: float
    dark: bool = False
    hc: bool = False
    radius: int = 8
    radius_s: int = 6

    def tone(self, name: Tone) -> tuple[str | None, str]:
        """(ground, ink) of a state. `none` has no ground."""
        tones: dict[str, tuple[str | None, str]] = {
            "ok": (self.ok_soft, self.ok),
            "warn": (self.warn_soft, self.warn),
            "bad": (self.bad_soft, self.bad),
            "info": (self.accent_soft, self.accent_text),
            "plain": (self.sunken, self.text2),
            "surface": (self.surface, self.text2),
            "raised": (self.raised, self.text2),
            "none": (None, self.text2),
        }
        return tones[name]

    def colour(self, name: str) -> str:
        """A colour by its token name ("text2", "accent"); a "#RRGGBB" is handed back as it is."""
        return name if name.startswith("#") else str(getattr(self, name))


LIGHT = Tokens(
    name="light",
    canvas="#FFFFFF",
    surface="#F7F8FA",
    sunken="#F1F3F6",
    raised="#FFFFFF",
    line="#E6E9EE",
    line_strong="#CDD3DC",
    text="#14181F",
    text2="#495465",
    text3="#5E6A7B",
    accent="#3654D9",
    accent_hover="#2B45B8",
    accent_press="#223892",
    on_accent="#FFFFFF",
    accent_soft="#EDF1FE",
    accent_text="#2B45B8",
    ok="#0B6B45",
    ok_soft="#E8F6EF",
    warn="#96500A",
    warn_soft="#FDF3E3",
    bad="#B3261E",
    bad_soft="#FDECEA",
    note_soft="#FFF9E8",
    note_line="#F0DFAE",
    hover="#EFF1F5",
    selected="#E9EEFD",
    dim=0.32,
    shadow=0.22,
    avatars=(
        ("#DDE6FF", "#2D4BB8"),
        ("#DDF3E8", "#11694A"),
        ("#FBE6D6", "#8E4510"),
        ("#F6DFEC", "#93275F"),
        ("#E9E2FB", "#5A36B0"),
        ("#DAF0F4", "#135E70"),
    ),
)
DARK = Tokens(
    name="dark",
    canvas="#15181D",
    surface="#1A1E24",
    sunken="#111418",
    raised="#1F242B",
    line="#282E37",
    line_strong="#3A424E",
    text="#EBEEF2",
    text2="#B0B8C4",
    text3="#8C96A5",
    accent="#5B7BFF",
    accent_hover="#7A94FF",
    accent_press="#4867E8",
    on_accent="#0B1020",
    accent_soft="#1D2538",
    accent_text="#A3B5FF",
    ok="#5CCB97",
    ok_soft="#17302A",
    warn="#F0B45C",
    warn_soft="#352A17",
    bad="#FF8A80",
    bad_soft="#3A1F20",
    note_soft="#2B2719",
    note_line="#4A4126",
    hover="#222831",
    selected="#222A3F",
    dim=0.6,
    shadow=0.6,
    dark=True,
    avatars=(
        ("#26345F", "#B4C4FF"),
        ("#1C3B31", "#8EDDBB"),
        ("#45301F", "#F3BF94"),
        ("#43253A", "#F0A9CF"),
        ("#342A55", "#C8B5FA"),
        ("#1B3B44", "#93D6E6"),
    ),
)
HC_DARK = Tokens(
    name="hc_dark",
    canvas="#000000",
    surface="#000000",
    sunken="#000000",
    raised="#000000",
    line="#8E8E8E",
    line_strong="#FFFFFF",
    text="#FFFFFF",
    text2="#FFFFFF",
    text3="#E0E0E0",
    accent="#FFE45C",
    accent_hover="#FFF0A3",
    accent_press="#FFD500",
    on_accent="#000000",
    accent_soft="#262200",
    accent_text="#FFE45C",
    ok="#7CF0B4",
    ok_soft="#00240F",
    warn="#FFC46B",
    warn_soft="#2B1A00",
    bad="#FFA39B",
    bad_soft="#330A08",
    note_soft="#1A1A1A",
    note_line="#FFC46B",
    hover="#1F1F1F",
    selected="#262200",
    dim=0.75,
    shadow=0,
    dark=True,
    hc=True,
    avatars=(("#000000", "#FFFFFF"),),
)
HC_LIGHT = Tokens(
    name="hc_light",
    canvas="#FFFFFF",
    surface="#FFFFFF",
    sunken="#FFFFFF",
    raised="#FFFFFF",
    line="#6B6B6B",
    line_strong="#000000",
    text="#000000",
    text2="#000000",
    text3="#262626",
    accent="#0A2A9E",
    accent_hover="#001A75",
    accent_press="#001052",
    on_accent="#FFFFFF",
    accent_soft="#E3E9FF",
    accent_text="#0A2A9E",
    ok="#004A2B",
    ok_soft="#E2F7EC",
    warn="#5C2E00",
    warn_soft="#FFF1DC",
    bad="#8A0F08",
    bad_soft="#FFE7E4",
    note_soft="#FFF8DC",
    note_line="#5C2E00",
    hover="#EDEDED",
    selected="#E3E9FF",
    dim=0.5,
    shadow=0,
    hc=True,
    avatars=(("#FFFFFF", "#000000"),),
)
ALL = (LIGHT, DARK, HC_DARK, HC_LIGHT)


def contrast(ink: str, ground: str) -> float:
    """The WCAG contrast ratio of two colours, 1 (none) to 21 (black on white)."""

    def luminance(value: str) -> float:
        colour = QColor(value)
        parts = (colour.redF(), colour.greenF(), colour.blueF())
        red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(ink), luminance(ground)))
    return (high + 0.05) / (low + 0.05)


def text_pairs(tokens: Tokens) -> list[tuple[str, str, float]]:
    """Every (ink, ground, ratio) that the window may put on top of each other."""
    grounds = ("canvas", "surface", "sunken", "raised", "hover", "selected", "accent_soft", "note_soft")
    pairs = [(ink, ground) for ink in ("text", "text2", "text3", "accent_text") for ground in grounds]
    pairs += [(t, g) for t in ("ok", "warn", "bad") for g in ("canvas", "surface", "raised", "selected", f"{t}_soft")]
    pairs += [(ink, ground) for ink in ("text", "text2") for ground in ("ok_soft", "warn_soft", "bad_soft")]
    pairs += [("on_accent", "accent"), ("on_accent", "accent_hover"), ("canvas", "text")]
    rows = [(i, g, contrast(tokens.colour(i), tokens.colour(g))) for i, g in pairs]
    return rows + [(f"avatar {i}", "its ground", contrast(a, b)) for i, (b, a) in enumerate(tokens.avatars)]
