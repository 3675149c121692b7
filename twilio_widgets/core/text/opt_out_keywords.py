"""The keywords by which a recipient opts out and in again.

Source: Twilio, "Advanced Opt-Out" (default keywords) and "Twilio support for opt-out keywords". A
message counts only if it is exactly the keyword.
"""

from __future__ import annotations

from typing import Final

STOP_WORDS: Final = frozenset(
    {"STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"}
)
START_WORDS: Final = frozenset({"START", "YES", "UNSTOP"})


def keyword_of(body: str) -> bool | None:
    """Return True if a message opts out, False if it opts in, and None if it does neither.

    Case does not count. Whether it counts for Twilio is not documented.
    """
    word = body.strip().upper()
    if word in STOP_WORDS:
        return True
    return False if word in START_WORDS else None
