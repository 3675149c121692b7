"""Mask phone numbers in any text.

Phone numbers are personal data. Errors, logs and ``repr``, which people share, show the country
code and the last three digits: enough to recognize a known number, too little to call it. In doubt
a long run of digits is masked; SIDs, short codes, dates, amounts and error codes stay readable.
"""

from __future__ import annotations

import re
from typing import Final

# A plus, possibly encoded for a URL, JSON or HTML.
_PLUS = r"(?:[+＋﹢]|%(?:25)*2[Bb]|\\u002[Bb]|&\#(?:43|[xX]2[Bb]);)"
# Separators between digits, plain or percent-encoded; in a form body a plus means a space.
_GAP = (
    r"(?:(?:[\ \t./()+\u00a0\u00ad\u2000-\u2015\u202a-\u202f\u2060\u2066-\u2069\u2212\ufeff-]"
    r"|%(?:25)*2[089DdEe]){1,4})"
)
_NUMBER: Final = re.compile(
    rf"""
    (?P<plus>{_PLUS})(?P<international>
        {_GAP}?\d{{9,}}                                            # in one run
      | {_GAP}?1{_GAP}?\d{{3}}{_GAP}?\d{{3}}{_GAP}?\d{{4}}(?!\d)   # North America, in groups
      | {_GAP}?(?!0)\d(?:{_GAP}?\d){{6,14}}(?!\d)                  # in groups
    )
  | (?P<link>\b(?:tel|sms|smsto)(?::|%(?:25)*3[Aa]))(?P<linked>\(?\d(?:{_GAP}?\d){{6,14}}(?!\d))
  | (?:(?<![\w.+-])(?<!•\ )|(?<=%[0-9A-Fa-f]{{2}}))(?P<national>
        \d{{10,15}}                                                # in one run
      | \(?[2-9]\d\d\)?[ .-]?\ ?[2-9]\d\d[ .-]\d{{4}}              # North America, in groups
      | 0[1-9](?:[ .-]\d\d){{4}}                                     # France
      | \(?0(?=(?:{_GAP}?\d){{8,16}}(?!\d))\d{{2,5}}\)?(?:[ -]\d{{2,8}}){{1,4}}  # elsewhere
    )(?!\w|[.-]\d)
    """,
    re.VERBOSE,
)
_ESCAPE: Final = re.compile("%(?:25)*[0-9A-Fa-f]{2}")

_SHORT_COUNTRY_CODE: Final = re.compile("1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]")
"""Country codes of one and two digits; every other one has three (ITU-T E.164)."""


def mask(text: str) -> str:
    """Mask every phone number in a text: ``+447911123123`` becomes ``+44 7••• ••• 123``.

    Numbers are found with and without plus, with spaces and dashes, after ``whatsapp:`` or
    ``tel:``, and percent-encoded as in a URL.
    """
    return _NUMBER.sub(_masked, text)


def _masked(found: re.Match[str]) -> str:
    number = found["international"] or found["linked"] or found["national"]
    digits = "".join(str(int(char)) for char in _ESCAPE.sub("", number) if char.isdecimal())
    if not found["plus"]:
        return (found["link"] or "") + _bullets(digits)
    code = short[0] if (short := _SHORT_COUNTRY_CODE.match(digits)) else digits[:3]
    return f"{found['plus']}{code} {_bullets(digits[len(code) :])}"


def _bullets(digits: str) -> str:
    """Keep the first digit and the last three, of a short number only the last two."""
    first, last = (1, 3) if len(digits) >= 7 else (0, 2)
    text = digits[:first] + "•" * (len(digits) - first - last) + digits[-last:]
    head = len(text) % 3 + (3 if len(text) % 3 == 1 else 0)
    groups = [text[:head], *(text[at : at + 3] for at in range(head, len(text), 3))]
    return " ".join(filter(None, groups))
