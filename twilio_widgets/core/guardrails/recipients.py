"""Which recipients a policy allows: numbers, and beginnings of numbers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.errors import ConfigurationError

_ENTRY = re.compile(r"(?:(?P<channel>[a-z][a-z0-9_-]*):)?(?P<address>[^\s:,;*]+)(?P<open>\*)?")

_LONGEST_PLACE = 8
"""Digits of a country and an area."""


def plain_address(text: str) -> str:
    """Write an address in the one way in which two of them can be compared.

    Spaces, dashes, dots, brackets and what cannot be seen are left out, wide digits become plain
    ones, ``00`` becomes ``+``, and a channel is in small letters.
    """
    wide = unicodedata.normalize("NFKC", text)
    shown = "".join(char for char in wide if unicodedata.category(char) not in {"Cf", "Cc", "Zs"})
    channel, colon, address = shown.rpartition(":")
    if re.fullmatch(r"\+?[0-9().\-/‐‑–—]+\*?", address):
        address = re.sub(r"^00", "+", re.sub(r"[^0-9+*]", "", address))
    return channel.lower() + colon + address


@dataclass(frozen=True, slots=True, repr=False)
class Allowed:
    """A list of recipients, whole or by their beginnings."""

    entries: tuple[str, ...]
    """As `plain_address` writes them; a beginning ends with ``*``."""

    @classmethod
    def of(cls, given: str | Iterable[str] | Allowed) -> Allowed:
        """Read a list of recipients.

        Args:
            given: Numbers (``"+15005550006"``) and beginnings (``"+1500555*"``). A number without a
                channel stands for that person on every channel; ``"whatsapp:+1…"`` for one.

        Raises:
            ConfigurationError: An entry is neither.
        """
        if isinstance(given, Allowed):
            return given
        listed = [given] if isinstance(given, str) or not isinstance(given, Iterable) else given
        return cls(tuple(dict.fromkeys(map(_entry, listed))))

    def __contains__(self, to: object) -> bool:
        address = plain_address(str(to))
        channel, _colon, bare = address.rpartition(":")
        return any(_fits(entry, address) for entry in self.entries) or (
            bool(channel) and any(_fits(entry, bare) for entry in self.entries)
        )

    def __str__(self) -> str:
        return ", ".join(map(_masked, self.entries)) or "nobody"

    def __repr__(self) -> str:
        return str(tuple(map(_masked, self.entries)))


def _entry(given: object) -> str:
    entry = plain_address(given) if isinstance(given, str) else ""
    found = _ENTRY.fullmatch(entry)
    if found is None or (found["address"] == "+" and found["open"]):
        raise ConfigurationError(
            "allow is a list of recipients such as '+15005550006', 'whatsapp:+15005550006', or a "
            "beginning with a star: '+1500555*'. Leave allow out to allow everybody.",
            field="allow",
        )
    return entry


def _masked(entry: str) -> str:
    """Write an entry for people's eyes; a short beginning is a place, not a person."""
    short = entry.endswith("*") and sum(map(str.isdigit, entry)) <= _LONGEST_PLACE
    return entry if short else mask(entry)


def _fits(entry: str, address: str) -> bool:
    if not entry.endswith("*"):
        return address == entry
    # Nothing but one address may follow: a list of them would begin in the same way.
    rest = address.removeprefix(entry[:-1])
    return address.startswith(entry[:-1]) and re.search(r"[\s,;:+]", rest) is None
