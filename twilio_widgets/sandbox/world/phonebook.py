"""The contacts of the history, with numbers that are never assigned to a real phone.

All numbers are reserved for fiction: 555-0100 to 555-0199 in US area codes (North American
Numbering Plan) and 07700 900000 to 900999 in the United Kingdom (Ofcom, "Numbers for drama use").
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from typing import NamedTuple

from twilio_widgets.sandbox.world.sids import noise

OWN_NUMBERS = ("+14155550142", "+12125550187", "+447700900142", "+16465550163")
"""Numbers of the sandbox's account; the last one belongs to its subaccount."""

VOICE_ONLY_NUMBER = "+13125550119"
"""A number of the account that cannot send messages (21606)."""

LANDLINE_PREFIX = "+44207946"
"""London landlines reserved for drama (Ofcom); messages to them are refused (21614)."""

_AREA_CODES = """
202 205 206 212 213 303 305 312 404 415 503 512 602 612 615 617 646 702 713 718 801 808 901 919
"""
_NAMES = """
Ada Amir Ana Anna Ben Bola Chloe Dana Deniz Elena Eli Emil Fatima Grace Hana Hugo Ida Ines Ivan Jae
Jana Jose Kai Kofi Lena Leo Lina Luca Maja Maria Mei Mina Nia Nina Noah Olga Omar Oscar Otto Petra
Ravi Rosa Sam Sara Sofia Tom Uma Vera Wei Yara Yusuf Zoe
"""
_LANGUAGES_US = ("en",) * 76 + ("es",) * 15 + ("fr", "ja", "ar", "hi", "uk", "de", "pl", "es", "hi")
_LANGUAGES_GB = (
    ("en",) * 82 + ("pl",) * 5 + ("ar",) * 4 + ("hi",) * 4 + ("fr", "de", "uk", "ja", "es")
)
_PEOPLE = 1_499


class Contact(NamedTuple):
    """One person in the history."""

    number: str
    name: str
    language: str


@lru_cache(maxsize=8)
def phonebook_of(seed: int) -> Phonebook:
    """Return the phonebook of a seed. It is immutable, so sandboxes with the same seed share it."""
    return Phonebook(seed)


class Phonebook:
    """The contacts of a sandbox.

    Conversations are assigned to slots, and each slot belongs to a contact. A few contacts own many
    slots, because real message counts are uneven as well.
    """

    SLOTS = 4_099
    """A prime, so that stepping through the slots with any stride visits them all."""

    def __init__(self, seed: int) -> None:
        self.contacts = tuple(_contact(seed, index) for index in range(_PEOPLE))
        self._holder = tuple(
            int(_PEOPLE * (noise(seed, 71, slot) / 2**64) ** 2) for slot in range(self.SLOTS)
        )
        self._slots: dict[str, list[int]] = {}
        for slot, holder in enumerate(self._holder):
            self._slots.setdefault(self.contacts[holder].number, []).append(slot)

    def at(self, slot: int) -> Contact:
        """Return the contact that owns this slot."""
        return self.contacts[self._holder[slot]]

    def slots_of(self, number: str) -> list[int]:
        """Return the slots of the contact with this number; an empty list for any other number."""
        return self._slots.get(number, [])

    @property
    def verified(self) -> str:
        """The only recipient that a trial account may send to."""
        return self.contacts[0].number


def _contact(seed: int, index: int) -> Contact:
    chance = noise(seed, 70, index)
    names, areas = _NAMES.split(), _AREA_CODES.split()
    name = names[chance % len(names)]
    language = chance >> 16
    # The index determines the last digits, so no two contacts share a number. Endings 90-99 are
    # left out, because they determine the final status of a message (see lifecycle).
    if index % 5 < 3:
        area, last = divmod(index // 5 * 3 + index % 5, 90)
        number = f"+1{areas[area % len(areas)]}55501{last:02d}"
        return Contact(_not_ours(number), name, _LANGUAGES_US[language % len(_LANGUAGES_US)])
    block, last = divmod(index // 5 * 2 + index % 5 - 3, 90)
    number = f"+447700900{block}{last:02d}"
    return Contact(_not_ours(number), name, _LANGUAGES_GB[language % len(_LANGUAGES_GB)])


def _not_ours(number: str) -> str:
    ours = {*OWN_NUMBERS, VOICE_ONLY_NUMBER}
    # The ending 90 is unused, so a contact gets it instead of one of the account's numbers.
    return number[:-2] + "90" if number in ours else number


def hour_weights() -> tuple[list[float], float]:
    """Return the cumulated message volume of the hours of a week, and its total.

    The week begins on a Thursday, as 1970 did.
    """
    sums, total = [0.0], 0.0
    for hour in range(168):
        weekend = (hour // 24 + 3) % 7 >= 5
        of_day = hour % 24
        busy = 6.0 if 8 <= of_day < 20 else 2.5 if of_day in {6, 7, 20, 21, 22} else 0.4
        total += busy * (0.45 if weekend else 1.0)
        sums.append(total)
    return sums, total


class BusyHours:
    """A time scale proportional to message volume: evenly spaced messages fall into busy hours."""

    def __init__(self) -> None:
        self._sums, self._week = hour_weights()

    def busyness(self, moment: float) -> float:
        """Return the cumulated volume from 1970 to `moment`."""
        weeks, rest = divmod(moment, 604_800)
        hour, part = divmod(rest, 3600)
        low, high = self._sums[int(hour)], self._sums[int(hour) + 1]
        return weeks * self._week + low + (high - low) * part / 3600

    def moment(self, busyness: float) -> float:
        """Return the moment with this cumulated volume: the inverse of `busyness`."""
        weeks, rest = divmod(busyness, self._week)
        hour = min(bisect_right(self._sums, rest) - 1, 167)
        low, high = self._sums[hour], self._sums[hour + 1]
        return weeks * 604_800 + (hour + (rest - low) / (high - low)) * 3600
