"""Replace characters that force UCS-2 with GSM-7 look-alikes.

A curly quote pasted from a word processor more than halves the capacity of a segment. Twilio's
remedy is Smart Encoding; this is our own, smaller table, whose replacements the user reviews first.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Final

from twilio_widgets.core.text.segments import GSM_BASIC, GSM_EXTENSION


@dataclass(frozen=True, slots=True)
class Replacement:
    """A character outside GSM-7, and what looks like it inside."""

    index: int
    """Its position in the text."""

    character: str
    """One character, or a letter and its combining accent."""

    replacement: str
    """The GSM-7 text to use instead; empty for an invisible character."""

    kind: str
    """The kind of character, as a noun that takes a plural s: "quote", "dash", "space" …"""


_WIDE: Final = 0xFEE0
"""How far the full-width forms of East Asian fonts stand from ASCII."""

# The user reviews these, so the table contains only replacements that keep the meaning: no
# fractions (1½ would become 11/2), no variation selectors (emoji need them), no letters that would
# lose an accent. Twilio's own table (SmartEncoded) is larger.
_LOOK_ALIKES: Final = (
    ("quote", '"', "«»“”„‟″‶〝〞ˮ"),
    ("quote", "'", "‘’‚‛′‵ʹʻʼʽ`´ˊˋ｀"),
    ("quote", "<", "‹"),
    ("quote", ">", "›"),
    ("dash", "-", "‐‑‒–—―−⁃﹘﹣"),
    ("bullet", "-", "•‣◦"),
    ("ellipsis", "...", "…"),
    ("double mark", "!!", "‼"),
    ("double mark", "??", "⁇"),
    ("double mark", "?!", "⁈"),
    ("double mark", "!?", "⁉"),
    ("slash", "/", "⁄∕"),
    ("star", "*", "∗⁎★☆✱"),
    ("space", " ", "\t\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))),
    ("line break", "\n", "\v\x85\u2028\u2029"),
    ("invisible character", "", "\u00ad\u061c\u200b\u200e\u200f\u2060\ufeff"),
    (
        "invisible character",
        "",
        "".join(map(chr, [*range(0x202A, 0x202F), *range(0x2066, 0x206A)])),
    ),
)

_LATIN: Final = "\\x00-\u024f\u2000-\u206f"
_JOINERS: Final = f"(?<![^{_LATIN}])[\u200c\u200d](?![^{_LATIN}])"
"""Zero-width joiners between Latin letters, where they do nothing. Emoji, Persian and Hindi need
theirs."""


def smart_replacements(text: str) -> tuple[Replacement, ...]:
    """Find the characters that a GSM-7 look-alike can replace, such as curly quotes.

    Replacing them is worth it when nothing else forces UCS-2: compare ``segments(smart(text))``
    with ``segments(text)``. What Twilio replaces with ``smart_encoded=True`` may differ.
    """
    table, pattern = _smart_table()
    return tuple(
        Replacement(found.start(), found[0], *table[found[0]]) for found in pattern.finditer(text)
    )


def smart(text: str) -> str:
    """Return the text with each of its `smart_replacements` made."""
    table, pattern = _smart_table()
    return pattern.sub(lambda found: table[found[0]][0], text)


@cache
def _smart_table() -> tuple[dict[str, tuple[str, str]], re.Pattern[str]]:
    table = {char: (to, kind) for kind, to, chars in _LOOK_ALIKES for char in chars}
    for char in GSM_BASIC | GSM_EXTENSION:
        if "!" <= char <= "~":
            table[chr(ord(char) + _WIDE)] = (char, "wide character")
        apart = unicodedata.normalize("NFD", char)
        if apart != char:
            table[apart] = (char, "split accent")
    pattern = re.compile("|".join([*map(re.escape, table), _JOINERS]))
    return table | dict.fromkeys("\u200c\u200d", ("", "invisible character")), pattern
