"""The caps that keep a hostile mail cheap: under 2 s and 200 MB whatever it contains.

They are far above what any honest mail holds; a mail that meets one is cut there, shown, and marked with a warning.
"""

from __future__ import annotations

from typing import Final

DEPTH: Final = 50  # nested multiparts and enclosed mails
PARTS: Final = 1_000  # parts of one mail, all levels together
HEADER_BLOCK: Final = 1_000_000  # bytes of one header block that are read
HEADER_VALUE: Final = 64_000  # bytes of one header field that are read
HEADER_FIELDS: Final = 2_000  # fields of one header block
ADDRESSES: Final = 2_000  # addresses of one field
REFERENCES: Final = 200  # ids of one References field (the first and the newest are kept)
TEXT: Final = 2_000_000  # bytes of one text part that are decoded for reading
TEXT_TOTAL: Final = 4_000_000  # characters of all text parts together
HTML: Final = 300_000  # characters of HTML that the window shows as HTML
HTML_NESTED: Final = 250  # elements within each other; the tags of deeper ones are left out before cleaning
HTML_DEPTH: Final = 30  # nested block elements or tables of such HTML
HTML_CELLS: Final = 2_000  # table cells of such HTML
GUESS: Final = 8_192  # bytes looked at when a charset must be guessed
FOLD_LINES: Final = 10_000  # lines in which a quote is looked for
FOLD_TRIES: Final = 500  # lines of these that are compared with every form of attribution
OPENING: Final = 400  # characters at the beginning of a mail that a list may show
