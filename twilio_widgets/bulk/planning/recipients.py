"""Numbers as they stand in spreadsheets: mended where only one number can be meant.

The shape is judged first and has the last word: what is in E.164 form is taken as it stands, as
`messages.send` takes it, so Twilio's test numbers and the fictitious ones pass. The numbering plans
(libphonenumber) come second. They read what people write inside one country, and they must agree
before a plus is put where there was none.

What is mended: spaces of any kind, invisible characters and marks of direction, a leading
apostrophe, ``.0`` behind a number, digits of other scripts, dashes, dots and brackets between
digits, and a missing plus when a region makes it certain. What is not, with the reason: numbers in
scientific notation, letters, extensions, several numbers in one cell, and whatever could be read in
two ways. The number of a channel's address (``whatsapp:``, ``rcs:``) is read by the same rules, and
the channel is written in small letters.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, NoReturn

from twilio_widgets.core.numbers.address import check_recipient, is_channel_id
from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.core.numbers.numbering import NumberNote, NumberRead, main_region, read_number
from twilio_widgets.errors import InvalidMessage

REWRITTEN: Final = "written in E.164 form"
"""What was done when only spaces, brackets and the like were left out."""

_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_CHANNEL: Final = re.compile(r"([A-Za-z][A-Za-z0-9_-]*): *(.*)")
_LIKE_A_NUMBER: Final = re.compile(r"[+(0-9'].*")
_DECIMAL: Final = re.compile(r"(\+?[0-9]{7,})[.,]([0-9]{1,2})")
_RUN: Final = re.compile(r"[0-9][0-9 ().-]{5,}[0-9]")
_AREA_AND_NUMBER: Final = re.compile(r"\+?[0-9]{2,7}/[0-9]{5,}")
_SEPARATORS: Final = re.compile(r"[ ().-]")
_ZEROS_OF_A_SPREADSHEET: Final = "00000"
"""What 4.47911E+11 ends with once it is read as a number: five zeros or more."""
_EXACT: Final = 10**15
"""Up to here a float holds every whole number; no phone number is longer."""
_NOT_WHOLE: Final = "It has decimals, or too many digits. Read the column as text."
_DASHES: Final = dict.fromkeys(map(ord, "‐‑‒–—―−⁃﹘﹣－"), "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Whom one row goes to."""

    to: str = field(repr=False)
    """In E.164 form, or a channel address."""

    mended: str | None = None
    """What was done with the cell, after "The number was …"; None when it stood as it is sent."""

    note: NumberNote | None = None
    """What the numbering plans say; None for an address that is not a number."""


def recipient_of(cell: object, region: str | None = None) -> Recipient:
    """Read one cell as a recipient.

    Args:
        cell: A text or a number as a spreadsheet or a frame gives it; None is an empty cell.
        region: The country whose habits count for numbers without a plus: two letters.

    Raises:
        InvalidMessage: It is none, or could be two; the reason says what to do. Numbers in it are
            masked.
    """
    written = cell if isinstance(cell, str) else _digits_of(cell)
    text = _plain(written)
    if not text:
        _refuse("It is empty: a row needs a recipient.")
    if channel := _CHANNEL.fullmatch(text):
        return _on_channel(channel[1].lower(), channel[2].strip(), cell, region)
    if decimal := _DECIMAL.fullmatch(text):
        text = _without_decimals(*decimal.groups())
    bare = text if text.startswith("-") else _squeezed(text)
    if bare.startswith("+") and bare[1:].isdecimal():
        read = _with_plus(bare, text)
    elif bare.isdecimal() and len(bare) > 6 and region is not None:
        read = _national(bare, region)
    elif bare.isdecimal() and len(bare) > 6 and not bare.startswith("0"):
        _no_plus(bare)
    else:
        if len(_RUN.findall(text)) > 1:
            _refuse("It holds more than one number. Give each a row of its own.")
        return _taken(check_recipient(text), cell, None, None)
    return _taken(read.to, cell, read.mended, read.note)


def _on_channel(channel: str, rest: str, cell: object, region: str | None) -> Recipient:
    """Read a channel's address: its number is read like any other number."""
    mended = None
    if _LIKE_A_NUMBER.fullmatch(rest) and not is_channel_id(channel, rest):
        read = recipient_of(rest, region)
        rest, mended = read.to, read.mended
    return _taken(check_recipient(f"{channel}:{rest}"), cell, mended, None)


def _taken(to: str, cell: object, mended: str | None, note: NumberNote | None) -> Recipient:
    if mended is None and to != cell:
        mended = REWRITTEN
    return Recipient(to=to, mended=mended, note=note)


def _digits_of(cell: object) -> str:
    """Write a number that a frame holds where a text should be."""
    if isinstance(cell, bool):
        _refuse("It is True or False, not a number.")
    if cell is None or (isinstance(cell, float | Decimal) and math.isnan(cell)):
        return ""
    if not isinstance(cell, int | float | Decimal):
        _refuse(f"It is a {type(cell).__name__}, not a text. Read the column as text.")
    if not -_EXACT < cell < _EXACT or cell != int(cell):
        _refuse(_NOT_WHOLE)
    return _not_rounded(str(int(cell)))


def _without_decimals(digits: str, decimals: str) -> str:
    if decimals.strip("0"):
        _refuse(_NOT_WHOLE)
    return _not_rounded(digits)


def _not_rounded(digits: str) -> str:
    if digits.endswith(_ZEROS_OF_A_SPREADSHEET):
        _refuse(
            "It ends in zeros, as numbers do that a spreadsheet cut to the form "
            "4.47911E+11, and its digits cannot be found again. If it is right, enter it as text "
            "that begins with +."
        )
    return digits


def _plain(text: str) -> str:
    """Leave out what cannot be seen or says nothing: one meaning goes in, the same comes out."""
    if not text.isascii():
        text = "".join(map(_plain_character, text.translate(_DASHES)))
    text = text.strip()
    return text.lstrip("'").strip() if re.match(r"'+ *[+0-9(]", text) else text


def _plain_character(char: str) -> str:
    category = unicodedata.category(char)
    if category == "Cf" or "\ufe00" <= char <= "\ufe0f":
        return ""
    if category == "Zs":
        return " "
    if category == "Nd":
        return str(unicodedata.decimal(char))
    return "+" if char in "＋﹢" else char


def _squeezed(text: str) -> str:
    """Leave out what stands between the digits of one number; keep what may part two."""
    if "/" in text and _AREA_AND_NUMBER.fullmatch(_SEPARATORS.sub("", text)):
        text = text.replace("/", "")
    return _SEPARATORS.sub("", text)


def _with_plus(bare: str, text: str) -> Recipient:
    """Take an international number: as it stands, or without the zero that is dialled at home."""
    if not _E164.fullmatch(bare):
        check_recipient(text)  # it says what is wrong with the shape
        check_recipient(bare)
    read = read_number(text if "(" in text else bare)
    if read is None or not read.note.valid:
        return _as_it_stands(bare, text, read)
    mended = None if read.e164 == bare else "freed of the 0 that is dialled inside the country"
    return Recipient(to=read.e164, mended=mended, note=read.note)


def _as_it_stands(bare: str, text: str, read: NumberRead | None) -> Recipient:
    if "(0)" in text:
        _refuse("It holds (0), and may be right with it or without. Write one number.")
    if bare != text and read is not None and not read.fits:
        _refuse(
            "It has too many or too few digits for its country once its separators are "
            "left out. It may hold more than one number, or an extension."
        )
    return Recipient(to=bare, note=read.note if read else None)


def _national(bare: str, region: str) -> Recipient:
    """Read digits without a plus as `region` writes them, when they can mean one number only."""
    at_home = read_number(bare, region)
    abroad = None if bare.startswith("0") else read_number(f"+{bare}")
    if at_home is not None and at_home.note.valid:
        code = at_home.note.country_code
        if abroad and abroad.note.valid and abroad.note.country_code == code:
            if abroad.e164 != at_home.e164:
                _refuse(
                    f"It can be read as {mask(at_home.e164)} and as {mask(abroad.e164)}. "
                    "Begin it with + and the country code."
                )
            return Recipient(to=at_home.e164, mended="given its lost + back", note=at_home.note)
        return Recipient(to=at_home.e164, mended=f"read as written in {region}", note=at_home.note)
    if abroad is not None and abroad.note.valid:
        _no_plus(bare)
    if at_home is None or not at_home.fits:
        _refuse(
            f"It is no number of {region}, the region given, and has no +. "
            "Begin it with + and the country code."
        )
    return Recipient(to=at_home.e164, mended=f"read as written in {region}", note=at_home.note)


def _no_plus(bare: str) -> NoReturn:
    read = read_number(f"+{bare}")
    if read is None or not read.note.valid:
        _refuse("It has no +. Begin it with + and the country code.")
    place = main_region(read.note.country_code)
    _refuse(
        "It has no +, which a spreadsheet takes away. With one it would be "
        f"{mask(read.e164)} ({place}): write it, or plan with region={place!r} if the numbers "
        "without a + are all of that country."
    )


def _refuse(reason: str) -> NoReturn:
    raise InvalidMessage(reason, field="to")
