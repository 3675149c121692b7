"""Numbers as spreadsheets leave them: what is mended, what is refused, and what each is told."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twilio_widgets.bulk.planning.recipients import REWRITTEN, recipient_of
from twilio_widgets.core.numbers.address import check_recipient
from twilio_widgets.errors import ConfigurationError, InvalidMessage

GB = "+447911123123"
HOME = "read as a national number of {}"
PLUS = "corrected: the missing + was added"
TRUNK = "corrected: the 0 dialled within the country was removed"

TAKEN = [
    # As it stands: shape first, the numbering plans never refuse.
    (GB, None, GB, None),
    ("+15005550006", None, "+15005550006", None),
    ("+15005550001", "GB", "+15005550001", None),
    ("+447700900123", None, "+447700900123", None),
    ("+14155550123", None, "+14155550123", None),
    ("+999123456789", None, "+999123456789", None),
    ("+390612345678", None, "+390612345678", None),
    ("+1234567", None, "+1234567", None),
    ("+123456789012345", None, "+123456789012345", None),
    ("messenger:12345", None, "messenger:12345", None),
    ("whatsapp:+447911123123", None, "whatsapp:+447911123123", None),
    # What people and phones put between digits.
    ("  +447911123123 ", None, GB, REWRITTEN),
    ("+44 7911 123123", None, GB, REWRITTEN),
    ("+44-7911-123-123", None, GB, REWRITTEN),
    ("+44.7911.123.123", None, GB, REWRITTEN),
    ("+1 (415) 555-2671", None, "+14155552671", REWRITTEN),
    ("(+44) 7911 123123", None, GB, REWRITTEN),
    ("+44 7911\u2011123\u2013123", None, GB, REWRITTEN),
    ("+49 30/123456", None, "+4930123456", REWRITTEN),
    ("+49 30 1234-0", None, "+493012340", REWRITTEN),
    ("+1 (500) 555-0006", None, "+15005550006", REWRITTEN),
    ("whatsapp: +44 7911 123123", None, "whatsapp:+447911123123", REWRITTEN),
    # The number of a channel's address is a number.
    ("WhatsApp:+447911123123", None, "whatsapp:+447911123123", REWRITTEN),
    ("whatsapp:(415) 555-2671", "US", "whatsapp:+14155552671", HOME.format("US")),
    ("rcs:07911 123123", "GB", "rcs:+447911123123", HOME.format("GB")),
    ("whatsapp:447911123123.0", "GB", "whatsapp:+447911123123", PLUS),
    ("WHATSAPP:'+44 7911\u00a0123123", None, "whatsapp:+447911123123", REWRITTEN),
    ("whatsapp:US.13491208655302741918", None, "whatsapp:US.13491208655302741918", None),
    ("Messenger:12345", None, "messenger:12345", REWRITTEN),
    # What cannot be seen.
    ("\u00a0+447911123123\u00a0", None, GB, REWRITTEN),
    ("+44\u00a07911\u202f123123", None, GB, REWRITTEN),
    ("\ufeff+447911123123", None, GB, REWRITTEN),
    ("+447911\u200b123123", None, GB, REWRITTEN),
    ("+447911\u2060123123", None, GB, REWRITTEN),
    ("\u202a+447911123123\u202c", None, GB, REWRITTEN),
    ("\u2066+44 7911 123123\u2069", None, GB, REWRITTEN),
    ("\u200e+447911123123", None, GB, REWRITTEN),
    ("+447911\u00ad123123", None, GB, REWRITTEN),
    ("+447911123123\t", None, GB, REWRITTEN),
    ("\r\n+447911123123\n", None, GB, REWRITTEN),
    # Other digits and pluses.
    ("＋４４７９１１１２３１２３", None, GB, REWRITTEN),
    ("﹢447911123123", None, GB, REWRITTEN),
    ("+٤٤٧٩١١١٢٣١٢٣", None, GB, REWRITTEN),
    # A spreadsheet's marks.
    ("'+447911123123", None, GB, REWRITTEN),
    ("''+44 7911 123123", None, GB, REWRITTEN),
    ("+447911123123.0", None, GB, REWRITTEN),
    ("+447911123123,00", None, GB, REWRITTEN),
    # The zero for calls inside the country.
    ("+44 (0)7911 123123", None, GB, TRUNK),
    ("+4407911123123", None, GB, TRUNK),
    ("+49 (0) 30 123456", None, "+4930123456", TRUNK),
    # Numbers of the region given.
    ("07911 123123", "GB", GB, HOME.format("GB")),
    ("(07911) 123-123", "GB", GB, HOME.format("GB")),
    ("07911123123.0", "GB", GB, HOME.format("GB")),
    ("7911123123", "GB", GB, HOME.format("GB")),
    ("'07911123123", "GB", GB, HOME.format("GB")),
    ("0044 7911 123123", "GB", GB, HOME.format("GB")),
    ("011447911123123", "US", GB, HOME.format("US")),
    ("030/123456", "DE", "+4930123456", HOME.format("DE")),
    ("06 12 34 56 78", "FR", "+33612345678", HOME.format("FR")),
    ("0612345678", "IT", "+390612345678", HOME.format("IT")),
    ("8 916 123-45-67", "RU", "+79161234567", HOME.format("RU")),
    ("(415) 555-2671", "US", "+14155552671", HOME.format("US")),
    ("4155552671", "US", "+14155552671", HOME.format("US")),
    ("5005550006", "US", "+15005550006", HOME.format("US")),
    ("07700 900123", "GB", "+447700900123", HOME.format("GB")),
    # Numbers that lost their plus, or their text.
    ("447911123123", "GB", GB, PLUS),
    ("14155552671", "US", "+14155552671", PLUS),
    ("919876543210", "IN", "+919876543210", PLUS),
    (447911123123, "GB", GB, PLUS),
    (447911123123.0, "GB", GB, PLUS),
    (Decimal("447911123123"), "GB", GB, PLUS),
    ("447911123123.0", "GB", GB, PLUS),
    (7911123123, "GB", GB, HOME.format("GB")),
    (7911123123.0, "GB", GB, HOME.format("GB")),
    (4155552671, "US", "+14155552671", HOME.format("US")),
]

EMPTY = "The cell is empty: every row needs a recipient."
SEVERAL = "The cell contains more than one number. Give each number its own row."
NOT_WHOLE = "The number has decimals or too many digits. Read the column as text."
WOULD = (
    "The number has no +, which a spreadsheet may have removed. With + it would be "
    "+44 7••• ••• 123 (GB): add it, or plan with region='GB' if all numbers without + are from "
    "that country."
)
ZEROS = (
    "The number ends in zeros, as if a spreadsheet had shortened it to the form 4.47911E+11, "
    "which loses digits. If it is correct, enter it as text that begins with +."
)
SCIENTIFIC = (
    " is in scientific notation: a spreadsheet converted it and lost its last digits. "
    "Format the column as text and enter the numbers again."
)
FITS_NOT = (
    "The number has too many or too few digits for its country. "
    "The cell may contain more than one number, or an extension."
)

REFUSED = [
    (None, None, EMPTY),
    ("", None, EMPTY),
    ("   ", "GB", EMPTY),
    ("\u200b\u00a0", None, EMPTY),
    (float("nan"), None, EMPTY),
    (Decimal("NaN"), None, EMPTY),
    (True, None, "The cell is True or False, not a number."),
    (["+447911123123"], None, "The cell is a list, not text. Read the column as text."),
    (447911123123.5, "GB", NOT_WHOLE),
    (float("inf"), None, NOT_WHOLE),
    (10**16, None, NOT_WHOLE),
    (4.47911e18, "GB", NOT_WHOLE),
    ("4930123456.5", "DE", NOT_WHOLE),
    # Scientific notation is damage beyond repair, also when it was read back as a number.
    ("4.47911E+11", "GB", "4.••••1E+11" + SCIENTIFIC),
    ("whatsapp:4.15555E+09", None, "4.••••5E+09" + SCIENTIFIC),
    ("whatsapp:447911000000.0", "GB", ZEROS),
    ("4,47911E+11", "GB", "4,••••1E+11" + SCIENTIFIC),
    ("4.47911e11", "GB", "4.••••1e11" + SCIENTIFIC),
    ("+4.47911E+11", None, "+4.••••1E+11" + SCIENTIFIC),
    (447911000000, "GB", ZEROS),
    (447911000000.0, "GB", ZEROS),
    ("447911000000.0", None, ZEROS),
    # A lost plus with no region to prove it, or another country's number.
    ("447911123123", None, WOULD),
    (447911123123, None, WOULD),
    ("447911123123", "US", WOULD),
    ("12345678", None, "The number has no +. Begin it with + and the country code."),
    (
        "5552671",
        "US",
        "The number has no + and is not a number of US, the region given. "
        "Begin it with + and the country code.",
    ),
    (
        "0044 7911 123123",
        "US",
        "The number has no + and is not a number of US, the region given. "
        "Begin it with + and the country code.",
    ),
    ("0044 7911 123123", None, "0••• •••• •••123 begins with 00. Write + instead of 00."),
    (
        "07911 123123",
        None,
        "0•••• •••123 must begin with + and the country code.",
    ),
    (
        "12345",
        "DE",
        "12345 is a short code, which cannot receive a message. Write + and the country "
        "code, then the number, such as +15005550006.",
    ),
    # More than one, or not one alone.
    ("+447911123123, +447911123124", None, SEVERAL),
    ("+447911123123;+447911123124", None, SEVERAL),
    ("+447911123123/+447911123124", None, SEVERAL),
    ("+447911123123\n+447911123124", None, SEVERAL),
    ("+447911123123 or +447911123124", None, SEVERAL),
    ("07911 123123 / 07911 123124", "GB", SEVERAL),
    ("+1 415 555 2671-4", None, FITS_NOT),
    (
        "+14155552671 ext. 5",
        None,
        "+1••••••••71 ext. 5 has an extension, which cannot receive a message. Remove it.",
    ),
    (
        "+14155552671x5",
        None,
        "+1••••••••71x5 has an extension, which cannot receive a message. Remove it.",
    ),
    ("+1 415 555 CALL", None, "+1 ••• 555 CALL contains letters. Write digits only."),
    ("++14155552671", None, "++1•••••••671 begins with two plus signs. Remove one."),
    # Hostile cells, and what is no number at all.
    ("=+14155552671", None, "=+1•••••••671 begins with =, which spreadsheets put before text. "
     "Remove it."),
    ("+1415555\x002671", None, "to contains a NUL at position 9. Type it again."),
    ("########", None, "######## is what a spreadsheet shows in a narrow column. "
     "Widen the column and export again."),
    ("tel:+447911123123", None, "to begins with tel:, which is for links. Give only the number."),
    ("AC" + "0" * 32, None, "to is a SID (AC…), which cannot receive a message. Write + and "
     "the country code, then the number, such as +15005550006."),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "region", "to", "mended"), TAKEN)
def test_a_number_is_corrected_if_it_is_unambiguous(cell, region, to, mended):
    read = recipient_of(cell, region)

    assert (read.to, read.mended) == (to, mended)
    assert check_recipient(read.to) == read.to


@pytest.mark.parametrize(("cell", "region", "message"), REFUSED)
def test_an_ambiguous_or_invalid_number_is_refused_with_a_sentence(cell, region, message):
    with pytest.raises(InvalidMessage) as refused:
        recipient_of(cell, region)

    assert str(refused.value) == message


@pytest.mark.parametrize(
    "cell",
    ["whatsapp:nan", "whatsapp:(415) 555-0123", "whatsapp:#N/A", "rcs:", "messenger:nan",
     "messenger:4.1E+09", "viber:nan", "viber:4.1E+09", "line:a b",
     "whatsapp:whatsapp:+14155552671", "whatsapp:+447911123123, +447911123124"],
)  # fmt: skip
def test_an_address_of_any_channel_is_checked_like_a_number(cell):
    for judged in (recipient_of, check_recipient):
        with pytest.raises(InvalidMessage):
            judged(cell)


@pytest.mark.parametrize("cell", ["nan", "#N/A", "n/a", "-447911123123", -447911123123, "12345"])
def test_an_invalid_number_is_refused(cell):
    with pytest.raises(InvalidMessage):
        recipient_of(cell, "GB")


@pytest.mark.parametrize(
    ("digits", "region"), [("469004226", "SE"), ("278461709", "ZA"), ("4957580671", "DE")]
)
def test_a_number_that_can_be_read_in_two_ways_is_not_guessed(digits, region):
    """Both readings are numbers of the region itself, so the region proves neither."""
    with pytest.raises(InvalidMessage) as refused:
        recipient_of(digits, region)

    assert str(refused.value).startswith("The number is ambiguous: ")
    assert str(refused.value).endswith("Begin it with + and the country code.")


@settings(deadline=None)
@given(st.integers(7_400_000_000, 7_499_999_999), st.text(" \u00a0\u200b(\u202a\ufeff", max_size=6))
def test_text_before_a_number_changes_nothing(number, before):
    assert recipient_of(f"{before}+44{number}").to == f"+44{number}"


@pytest.mark.parametrize("region", [None, "GB", "US"])
@settings(deadline=None)
@given(cell=st.one_of(st.text(max_size=30), st.integers(), st.floats(), st.none(), st.booleans()))
def test_every_cell_is_read_or_refused_and_never_breaks_anything(region, cell):
    with suppress(InvalidMessage):
        to = recipient_of(cell, region).to
        assert check_recipient(to) == to


def test_an_unknown_region_is_reported():
    from twilio_widgets.core.numbers.numbering import checked_region

    assert checked_region(" gb ") == "GB"
    with pytest.raises(ConfigurationError) as refused:
        checked_region("UK")
    assert str(refused.value) == (
        "region must be a country's two letters ('GB' is the United Kingdom), not 'UK'."
    )
