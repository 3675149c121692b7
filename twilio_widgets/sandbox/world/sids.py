"""SIDs and pseudo-random numbers, both derived from the sandbox's seed.

A SID must look random, be the same for the same seed, and identify its resource without a table: a
history of a million messages stores no list of SIDs. A SID is therefore a keyed permutation of a
serial number, and `SidMaker.number` is its inverse.
"""

from __future__ import annotations

import hashlib

_BITS = 128
_MASK = (1 << _BITS) - 1
_HALF = _BITS // 2
_WORD = (1 << 64) - 1


class SidMaker:
    """Turn serial numbers into SIDs and back.

    Args:
        seed: The sandbox's seed, the key of the permutation.
    """

    def __init__(self, seed: int) -> None:
        first = hashlib.sha256(f"twilio_widgets.sandbox:{seed}".encode()).digest()
        second = hashlib.sha256(first).digest()
        self._add = int.from_bytes(first[:16], "big")
        # An odd factor has an inverse modulo a power of two, so multiplying is reversible.
        self._factors = (
            int.from_bytes(first[16:], "big") | 1,
            int.from_bytes(second[:16], "big") | 1,
        )
        self._inverses = tuple(pow(factor, -1, 1 << _BITS) for factor in self._factors)

    def sid(self, prefix: str, number: int) -> str:
        """Return the SID of resource `number` among those with this two-letter prefix."""
        mixed = (_family(prefix) | number) + self._add
        for factor in self._factors:
            mixed = mixed * factor & _MASK
            mixed ^= mixed >> _HALF
        return f"{prefix}{mixed:032x}"

    def number(self, sid: str) -> int:
        """Return the serial number of a SID; -1 when it does not belong to this seed."""
        try:
            mixed = int(sid[2:], 16)
        except ValueError:
            return -1
        for inverse in reversed(self._inverses):
            mixed ^= mixed >> _HALF  # XOR with the upper half is its own inverse
            mixed = mixed * inverse & _MASK
        number = ((mixed - self._add) & _MASK) ^ _family(sid[:2])
        return number if number < 1 << 96 else -1

    def secret(self, number: int) -> str:
        """Return 32 hex digits for a credential of this sandbox."""
        return self.sid("__", number)[2:]


def _family(prefix: str) -> int:
    # SM and MM (with media) messages share one sequence of serial numbers.
    letters = "SM" if prefix == "MM" else prefix
    return int.from_bytes(letters.encode(), "big") << 100


def noise(*numbers: int) -> int:
    """Return 64 pseudo-random bits determined by these numbers (splitmix64), without state."""
    mixed = 0
    for number in numbers:
        mixed = (mixed * 0xD6E8FEB86659FD93 + number + 0x9E3779B97F4A7C15) & _WORD
        mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & _WORD
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB & _WORD
        mixed ^= mixed >> 31
    return mixed
