"""Read phone numbers as spreadsheets contain them, and correct them if the meaning is unambiguous.

The format is checked first and decides: a number in E.164 form is accepted unchanged, as
`messages.send` does, so Twilio's test numbers and fictitious numbers pass. The numbering plans
(libphonenumber) come second. They read national formats, and they must agree before a missing plus
is added.

Corrected: spaces of any kind, invisible characters and bidirectional marks, a leading apostrophe,
``.0`` after a number, digits of other scripts, dashes, dots and brackets between digits, and a
missing plus if the region makes it certain. Rejected, with a reason: scientific notation, letters,
extensions, several numbers in one cell, and anything ambiguous. The number in a channel address
(``whatsapp:``, ``rcs:``) is read by the same rules, and the channel is lower-cased.
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
"""The correction if only spaces, brackets and other separators were removed."""

_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_CHANNEL: Final = re.compile(r"([A-Za-z][A-Za-z0-9_-]*): *(.*)")
_LIKE_A_NUMBER: Final = re.compile(r"[+(0-9'].*")
_DECIMAL: Final = re.compile(r"(\+?[0-9]{7,})[.,]([0-9]{1,2})")
_RUN: Final = re.compile(r"[0-9][0-9 ().-]{5,}[0-9]")
_AREA_AND_NUMBER: Final = re.compile(r"\+?[0-9]{2,7}/[0-9]{5,}")
_SEPARATORS: Final = re.compile(r"[ ().-]")
_ZEROS_OF_A_SPREADSHEET: Final = "00000"
"""4.47911E+11, read as a number, ends with five zeros or more."""
_EXACT: Final = 10**15
"""Floats represent every whole number up to here exactly; no phone number is longer."""
_NOT_WHOLE: Final = "The number has decimals or too many digits. Read the column as text."
_DASHES: Final = dict.fromkeys(map(ord, "‐‑‒–—―−⁃﹘﹣－"), "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """The recipient of one row."""

    to: str = field(repr=False)
    """In E.164 form, or a channel address."""

    mended: str | None = None
    """The correction, to follow "The number was …"; None if the cell was not changed."""

    note: NumberNote | None = None
    """The numbering plan's information; None for an address that is not a number."""


def recipient_of(cell: object, region: str | None = None) -> Recipient:
    """Read one cell as a recipient.

    Args:
        cell: A text, or a number from a spreadsheet or a frame; None is an empty cell.
        region: The country of numbers without a plus: two letters.

    Raises:
        InvalidMessage: It is not a recipient, or is ambiguous; the message says what to do. Numbers
            in it are masked.
    """
    written = cell if isinstance(cell, str) else _digits_of(cell)
    text = _plain(written)
    if not text:
        _refuse("The cell is empty: every row needs a recipient.")
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
            _refuse("The cell contains more than one number. Give each number its own row.")
        return _taken(check_recipient(text), cell, None, None)
    return _taken(read.to, cell, read.mended, read.note)


def _on_channel(channel: str, rest: str, cell: object, region: str | None) -> Recipient:
    """Read a channel address; its number is read like any other number."""
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
    """Return the digits of a number that a frame contains instead of text."""
    if isinstance(cell, bool):
        _refuse("The cell is True or False, not a number.")
    if cell is None or (isinstance(cell, float | Decimal) and math.isnan(cell)):
        return ""
    if not isinstance(cell, int | float | Decimal):
        _refuse(f"The cell is a {type(cell).__name__}, not text. Read the column as text.")
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
            "The number ends in zeros, as if a spreadsheet had shortened it to the form "
            "4.47911E+11, which loses digits. If it is correct, enter it as text that begins "
            "with +."
        )
    return digits


def _plain(text: str) -> str:
    """Remove invisible and meaningless characters."""
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
    """Remove separators between the digits of one number; keep those that may separate two."""
    if "/" in text and _AREA_AND_NUMBER.fullmatch(_SEPARATORS.sub("", text)):
        text = text.replace("/", "")
    return _SEPARATORS.sub("", text)


def _with_plus(bare: str, text: str) -> Recipient:
    """Read an international number, and remove a trunk prefix (``0``) if it has one."""
    if not _E164.fullmatch(bare):
        check_recipient(text)  # raises an error that describes the problem
        check_recipient(bare)
    read = read_number(text if "(" in text else bare)
    if read is None or not read.note.valid:
        return _as_it_stands(bare, text, read)
    mended = (
        None if read.e164 == bare else "corrected: the 0 dialled within the country was removed"
    )
    return Recipient(to=read.e164, mended=mended, note=read.note)


def _as_it_stands(bare: str, text: str, read: NumberRead | None) -> Recipient:
    if "(0)" in text:
        _refuse(
            "The number contains (0), which may or may not be part of it. Write it without (0)."
        )
    if bare != text and read is not None and not read.fits:
        _refuse(
            "The number has too many or too few digits for its country. The cell may contain more "
            "than one number, or an extension."
        )
    return Recipient(to=bare, note=read.note if read else None)


def _national(bare: str, region: str) -> Recipient:
    """Read digits without a plus as a number of `region`, if they are unambiguous."""
    at_home = read_number(bare, region)
    abroad = None if bare.startswith("0") else read_number(f"+{bare}")
    if at_home is not None and at_home.note.valid:
        code = at_home.note.country_code
        if abroad and abroad.note.valid and abroad.note.country_code == code:
            if abroad.e164 != at_home.e164:
                _refuse(
                    f"The number is ambiguous: {mask(at_home.e164)} or {mask(abroad.e164)}. "
                    "Begin it with + and the country code."
                )
            return Recipient(
                to=at_home.e164, mended="corrected: the missing + was added", note=at_home.note
            )
        return Recipient(
            to=at_home.e164, mended=f"read as a national number of {region}", note=at_home.note
        )
    if abroad is not None and abroad.note.valid:
        _no_plus(bare)
    if at_home is None or not at_home.fits:
        _refuse(
            f"The number has no + and is not a number of {region}, the region given. "
            "Begin it with + and the country code."
        )
    return Recipient(
        to=at_home.e164, mended=f"read as a national number of {region}", note=at_home.note
    )


def _no_plus(bare: str) -> NoReturn:
    read = read_number(f"+{bare}")
    if read is None or not read.note.valid:
        _refuse("The number has no +. Begin it with + and the country code.")
    place = main_region(read.note.country_code)
    _refuse(
        "The number has no +, which a spreadsheet may have removed. With + it would be "
        f"{mask(read.e164)} ({place}): add it, or plan with region={place!r} if all numbers "
        "without + are from that country."
    )


def _refuse(reason: str) -> NoReturn:
    raise InvalidMessage(reason, field="to")
