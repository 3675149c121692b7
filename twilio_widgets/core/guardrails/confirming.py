"""The words a person types before many messages leave: ``send 1,243``."""

from __future__ import annotations

import re
import unicodedata

_WORDS = re.compile(r"send\s+(?P<number>\d+|\d{1,3}(?:[,.'’_\s]\d{3})+)", re.IGNORECASE)


def confirmation(recipients: int) -> str:
    """Return the words for a number of recipients."""
    return f"send {recipients:,}"


def confirms(text: str, recipients: int) -> bool:
    """Say whether somebody typed those words, whichever way they part thousands."""
    found = _WORDS.fullmatch(unicodedata.normalize("NFKC", text).strip())
    return found is not None and re.sub(r"\D", "", found["number"]) == str(recipients)
