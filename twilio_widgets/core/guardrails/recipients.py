"""The allow list of a policy: numbers, and prefixes of numbers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.errors import ConfigurationError

_ENTRY = re.compile(r"(?:(?P<channel>[a-z][a-z0-9_-]*):)?(?P<address>[^\s:,;*]+)(?P<open>\*)?")

_MAX_AREA_DIGITS = 8
"""Digits of a country code and an area code; a prefix of this length identifies no one."""


def plain_address(text: str) -> str:
    """Return an address in a normal form, so that two of them can be compared.

    Spaces, dashes, dots, brackets and invisible characters are removed, full-width digits become
    ASCII, a leading ``00`` becomes ``+``, and the channel becomes lower case.
    """
    wide = unicodedata.normalize("NFKC", text)
    shown = "".join(char for char in wide if unicodedata.category(char) not in {"Cf", "Cc", "Zs"})
    channel, colon, address = shown.rpartition(":")
    if re.fullmatch(r"\+?[0-9().\-/‐‑–—]+\*?", address):
        address = re.sub(r"^00", "+", re.sub(r"[^0-9+*]", "", address))
    return channel.lower() + colon + address


@dataclass(frozen=True, slots=True, repr=False)
class Allowed:
    """A list of allowed recipients: whole addresses and prefixes."""

    entries: tuple[str, ...]
    """In the form of `plain_address`; a prefix ends with ``*``."""

    @classmethod
    def of(cls, given: str | Iterable[str] | Allowed) -> Allowed:
        """Parse the ``allow`` argument of a policy.

        Args:
            given: Numbers (``"+15005550006"``) and prefixes (``"+1500555*"``). A number without a
                channel allows it on every channel; ``"whatsapp:+1…"`` allows it on one.

        Raises:
            ConfigurationError: An entry is neither a number nor a prefix.
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
            "allow must be a list of recipients, such as '+15005550006' and "
            "'whatsapp:+15005550006', or of prefixes with a star, such as '+1500555*'. To allow "
            "every recipient, leave it out.",
            field="allow",
        )
    return entry


def _masked(entry: str) -> str:
    """Return an entry for display: masked, unless it is a prefix too short to identify anyone."""
    short = entry.endswith("*") and sum(map(str.isdigit, entry)) <= _MAX_AREA_DIGITS
    return entry if short else mask(entry)


def _fits(entry: str, address: str) -> bool:
    if not entry.endswith("*"):
        return address == entry
    # A recipient that is really a list of addresses must not match by the prefix of its first one.
    rest = address.removeprefix(entry[:-1])
    return address.startswith(entry[:-1]) and re.search(r"[\s,;:+]", rest) is None
