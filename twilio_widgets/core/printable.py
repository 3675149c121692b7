"""Make untrusted text safe to display: escape characters that hide, reorder or format text."""

from __future__ import annotations

import html
import re
from typing import Final

# Control characters, invisible characters, bidirectional marks and unpaired surrogates. Joiners
# (U+200C, U+200D) and variation selectors are kept: emoji and several scripts need them.
# The JavaScript of the live table has the same list; change both together.
_HIDING: Final = (
    r"\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f"
    r"\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff"
)
_IN_LINES: Final = re.compile(f"[{_HIDING}]")
_IN_ONE_LINE: Final = re.compile(rf"[\n{_HIDING}]")
_PICTURES: Final = {"\n": "⏎", "\r": "␍", "\t": "⇥", "\x7f": "␡"}


def visible(text: str) -> str:
    r"""Return the text with invisible characters escaped, such as ``\u202e``; line breaks stay."""
    return _IN_LINES.sub(lambda found: ascii(found[0])[1:-1], text)


def one_line(text: str) -> str:
    """Return the text on one line, with a symbol for each invisible character: ``⏎``, ``⟨U+202E⟩``.

    Otherwise line breaks, control characters and bidirectional marks in an inbound SMS could make
    it look different from the text that was received.
    """
    return _IN_ONE_LINE.sub(lambda found: _picture(found[0]), text.replace("\r\n", "\n"))


def readable(char: str) -> str:
    """Return a character for display in an error: its escape if it is not printable."""
    return char if char.isprintable() else ascii(char)[1:-1]


def inert(text: str) -> str:
    """Return HTML that shows the text: escaped, and without delimiters that MathJax typesets."""
    return re.sub(r"[$\\]", lambda mark: f"<span>{mark[0]}</span>", html.escape(visible(text)))


def _picture(char: str) -> str:
    if char in _PICTURES:
        return _PICTURES[char]
    code = ord(char)
    return chr(0x2400 + code) if code < 0x20 else f"⟨U+{code:04X}⟩"
