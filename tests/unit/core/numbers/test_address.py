"""Addresses: what passes, what is refused and how it is said, and numbers nobody reads."""

from __future__ import annotations

import re
import time

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twilio_widgets.core.numbers.address import check_recipient, check_sender
from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.core.numbers.numbering import NumberNote, describe_number
from twilio_widgets.errors import InvalidMessage

SERVICE = "MG" + "0123456789abcdef" * 2
GIVE = "Write + and the country code, then the number, such as +15005550006."
E164 = "must begin with + and the country code."

MASKED = [
    ("+447911123123", "+44 7••• ••• 123"),
    ("+15005550006", "+1 5••• ••• 006"),
    ("+33612345678", "+33 6•• ••• 678"),
    ("+4930123456", "+49 3• ••• 456"),
    ("+999123456789", "+999 1•• ••• 789"),
    ("+35312345678", "+353 1• ••• 678"),
    ("+6834567", "+683 ••67"),
    ("+29012345", "+290 •• •45"),
    ("+123456789012345678", "+1 2• ••• ••• ••• ••• 678"),
    ("whatsapp:+14155552671", "whatsapp:+1 4••• ••• 671"),
    ("whatsapp%3A%2B14155552671", "whatsapp%3A%2B1 4••• ••• 671"),
    ("To=%2B15005550006&Body=hi", "To=%2B1 5••• ••• 006&Body=hi"),
    ("To=%252B15005550006", "To=%252B1 5••• ••• 006"),
    ("%2b1%20415%20555%202671", "%2b1 4••• ••• 671"),
    ("%2B1+415+555+2671", "%2B1 4••• ••• 671"),
    ('{"to": "\\u002B15005550006"}', '{"to": "\\u002B1 5••• ••• 006"}'),
    ("&#43;15005550006", "&#43;1 5••• ••• 006"),
    ("tel:+1-415-555-2671", "tel:+1 4••• ••• 671"),
    ("tel:415-555-2671", "tel:4••• ••• 671"),
    ("+1 (415) 555-2671", "+1 4••• ••• 671"),
    ("+1.415.555.2671", "+1 4••• ••• 671"),
    ("(415) 555-2671", "4••• ••• 671"),
    ("415-555-2671", "4••• ••• 671"),
    ("+44 (0)20 7946 0958", "+44 0• ••• ••• 958"),
    ("+49 30/123456", "+49 3• ••• 456"),
    ("020 7946 0958", "0• ••• ••• 958"),
    ("06 12 34 56 78", "0••• ••• 678"),
    ("0044 7911 123123", "0• ••• ••• ••• 123"),
    ("The 'To' number 04155550100 is not valid.", "The 'To' number 0• ••• ••• 100 is not valid."),
    ("to 04155550100.", "to 0• ••• ••• 100."),
    ("WaId=447911123123", "WaId=4•• ••• ••• 123"),
    ("+15005550006 30007", "+1 5••• ••• 006 30007"),
    ("+15005550006 12345678", "+1 5••• ••• 006 12345678"),
    ("+1 415 555 2671 404", "+1 4••• ••• 671 404"),
    ("+44 7911 123123 30007", "+44 7••• ••• 123 30007"),
    ("+15005550006,+15005550007", "+1 5••• ••• 006,+1 5••• ••• 007"),
    ("＋４４７９１１１２３１２３", "＋44 7••• ••• 123"),
    ("+44\u200b7911\u200b123123", "+44 7••• ••• 123"),
    ("+44\u00a07911\u2011123\u2011123", "+44 7••• ••• 123"),
]

READABLE = [
    "",
    "12345",
    "88222",
    "ACME",
    "AC" + "1" * 32,
    "SM" + "0123456789abcdef" * 2,
    SERVICE,
    f"/2010-04-01/Accounts/AC{'1' * 32}/Messages.json?DateSent%3E=2024-01-01&PageSize=1000",
    "Thu, 24 Aug 2023 05:01:45 +0000",
    "2026-11-23T18:02:00+01:00",
    "2026-11-23 18:02:00 +0000 200 1234",
    "-0.00750 USD",
    "(Twilio 30007)",
    "00000000-0000-0000-0000-000000000000",
    "12345678-1234-1234-1234-123456789012",
    "127.0.0.1:8080",
    "1,234,567 rows",
    "1234567890.50 and 1234567890-1",
    "0123456789abcdef0123456789abcdef",
    "01 02 2024 10 30",
    "code 482913",
]

REFUSED_RECIPIENTS = [
    ("", f"to is empty. {GIVE}"),
    ("   ", f"to is empty. {GIVE}"),
    ("04155550100", f"0•••••••100 {E164}"),
    ("4155550100", f"4••••••100 {E164}"),
    ("15005550006", f"1•••••••006 {E164}"),
    ("(415) 555-2671", f"(4••) •••-•671 {E164}"),
    ("0044 7911 123123", "0••• •••• •••123 begins with 00. Write + instead of 00."),
    ("++14155552671", "++1•••••••671 begins with two plus signs. Remove one."),
    (
        "+1 415 555 2671",
        "+1 ••• ••• •671 must be written without spaces or punctuation, like +15005550006.",
    ),
    (
        "+1-415-555-2671",
        "+1-•••-•••-•671 must be written without spaces or punctuation, like +15005550006.",
    ),
    ("+1 415 555 CALL", "+1 ••• 555 CALL contains letters. Write digits only."),
    (
        "+14155552671 ext. 5",
        "+1••••••••71 ext. 5 has an extension, which cannot receive a message. Remove it.",
    ),
    (
        "+14155552671x5",
        "+1••••••••71x5 has an extension, which cannot receive a message. Remove it.",
    ),
    (
        "+0123456789",
        "+0••••••789 has 0 after the +, but no country code begins with 0. "
        "Write + and the country code.",
    ),
    (
        "+1234567890123456",
        "+1••••••••••••456 has 16 digits; a phone number has at most 15.",
    ),
    ("+12", "+12 has 2 digits, too few for a country code and a number."),
    ("+", f"+ is not a phone number. {GIVE}"),
    ("12345", f"12345 is a short code, which cannot receive a message. {GIVE}"),
    ("Alice", f"Alice is not a phone number. {GIVE}"),
    (
        "4.47911E+11",
        "4.••••1E+11 is in scientific notation: a spreadsheet converted it and lost its last "
        "digits. Format the column as text and enter the numbers again.",
    ),
    (
        "4,47911e11",
        "4,••••1e11 is in scientific notation: a spreadsheet converted it and lost its last "
        "digits. Format the column as text and enter the numbers again.",
    ),
    (
        "447911123123.0",
        "4•••••••••23.0 was read as a decimal number. Read the column as text, and start it "
        "with +.",
    ),
    (
        "####",
        "#### is what a spreadsheet shows in a narrow column. Widen the column and export again.",
    ),
    (
        "'+447911123123",
        "'+4••••••••123 begins with ', which spreadsheets put before text. Remove it.",
    ),
    (
        "=+447911123123",
        "=+4••••••••123 begins with =, which spreadsheets put before text. Remove it.",
    ),
    (
        "+44791112312３",
        "to contains FULLWIDTH DIGIT THREE, which only looks like 3 at position 13. Type it again.",
    ),
    (
        "＋447911123123",
        "to contains FULLWIDTH PLUS SIGN, which only looks like + at position 1. Type it again.",
    ),
    (
        "+٤٤٧٩١١١٢٣١٢٣",
        "to contains ARABIC-INDIC DIGIT FOUR, which only looks like 4 at position 2. "
        "Type it again.",
    ),
    (
        "+44\u200b7911123123",
        "to contains an invisible character (ZERO WIDTH SPACE) at position 4. Type it again.",
    ),
    (
        "\u202a+447911123123\u202c",
        "to contains an invisible character (LEFT-TO-RIGHT EMBEDDING) at position 1. "
        "Type it again.",
    ),
    (
        "\ufeff+447911123123",
        "to contains an invisible character (ZERO WIDTH NO-BREAK SPACE) at position 1. "
        "Type it again.",
    ),
    (
        "+44\u00a07911123123",
        "to contains a special space (NO-BREAK SPACE) at position 4. Type it again.",
    ),
    ("+447911123123\n", "to contains a line break at position 14. Type it again."),
    ("+447911123123\t", "to contains a tab at position 14. Type it again."),
    ("+1415555\0", "to contains a NUL at position 9. Type it again."),
    ("+1415555\x1b", "to contains a control character (U+001B) at position 9. Type it again."),
    ("+1415\ud800555", "to contains an invisible character (U+D800) at position 6. Type it again."),
    (
        "+447911123123,+447911123124",
        "This address (27 characters) contains more than one number. Send one message to each.",
    ),
    (
        "+447911123 +447911124",
        "+4•••••••• +••••••124 contains more than one number. Send one message to each.",
    ),
    (SERVICE, f"to is a SID (MG…), which cannot receive a message. {GIVE}"),
    ("tel:+14155552671", "to begins with tel:, which is for links. Give only the number."),
    ("whatsapp:", "to has no address after whatsapp:."),
    (
        "whatsapp: +14155552671",
        "to has a space after whatsapp:. Remove it.",
    ),
    (
        "whatsapp:+1 415 555 2671",
        "whatsapp:+1 ••• ••• •671 must be written without spaces or punctuation, like "
        "+15005550006.",
    ),
    (
        "deadbeef" * 4,
        f"This address (32 characters) is not a phone number. {GIVE}",
    ),
]

RECIPIENTS = [
    "+15005550001",  # Twilio's own magic numbers reach Twilio
    "+15005550006",
    "+447911123123",
    "+6834567",
    "+123456789012345",
    "+999123456789",  # no such country: Twilio has the last word
    "whatsapp:+14155552671",
    "whatsapp:US.13491208655302741918",
    "messenger:1234567890123456",
    "rcs:+14155552671",
]

SENDERS = [
    "+15005550006",
    "+1 (500) 555-0006",
    "15005550006",
    "12345",
    "ACME",
    "My Shop",
    "7E11",
    "Café",
    "MGM Grand",
    SERVICE,
    "DE" + "a" * 32,
    "sim:DE0123",
    "whatsapp:+15005550006",
    "messenger:123",
    "rcs:brand_agent",
]

REFUSED_SENDERS = [
    ("", "from_ is empty. Give a number, a short code, a name or an MG… SID."),
    ("++15005550006", "++1•••••••006 begins with two plus signs. Remove one."),
    ("+1ACME", f"+1ACME is not a phone number. {GIVE}"),
    ("A\nB", "from_ contains a line break at position 2. Type it again."),
    (
        "AC\u200bME",
        "from_ contains an invisible character (ZERO WIDTH SPACE) at position 3. Type it again.",
    ),
    (
        "１２３４５",
        "from_ contains FULLWIDTH DIGIT ONE, which only looks like 1 at position 1. Type it again.",
    ),
    ("1" * 16, "from_ has 16 digits; a phone number has at most 15."),
    (
        "AVeryLongName",
        "from_ has 13 characters; an alphanumeric sender has at most 11. "
        "Shorten it, or give a number or a messaging service.",
    ),
    (
        SERVICE[:-1],
        "from_ is not a valid SID of a messaging service, which is MG followed by 32 "
        "characters 0-9 or a-f (it has 33 characters).",
    ),
    ("SK" + "1" * 32, "from_ is the SID of an API key, not a sender."),
    (
        "PN" + "1" * 32,
        "from_ is the SID of a phone number resource (give the number itself), not a sender.",
    ),
    ("tel:+15005550006", "from_ begins with tel:, which is for links. Give only the number."),
    (
        "1.5E+10",
        "1.5E+10 is in scientific notation: a spreadsheet converted it and lost its last "
        "digits. Format the column as text and enter the numbers again.",
    ),
]


@pytest.mark.parametrize(("text", "masked"), MASKED)
def test_a_number_is_masked_wherever_it_stands(text: str, masked: str):
    assert mask(text) == masked
    assert mask(masked) == masked


@pytest.mark.parametrize("text", READABLE)
def test_text_that_is_not_a_number_stays_readable(text: str):
    assert mask(text) == text


@pytest.mark.parametrize("to", RECIPIENTS)
def test_a_recipient_twilio_may_know_passes_unchanged(to: str):
    assert check_recipient(to) == to


def test_spaces_around_a_number_are_dropped():
    assert (check_recipient(" +15005550006 "), check_sender(" ACME ")) == ("+15005550006", "ACME")


@pytest.mark.parametrize(("to", "text"), REFUSED_RECIPIENTS)
def test_a_recipient_that_cannot_be_right_is_refused_with_a_reason(to: str, text: str):
    with pytest.raises(InvalidMessage) as caught:
        check_recipient(to)
    assert (str(caught.value), caught.value.field) == (text, "to")


@pytest.mark.parametrize("to", [15005550006, 1.5e10, None, float("nan"), b"+15005550006"])
def test_a_recipient_that_is_not_text_is_refused(to: object):
    with pytest.raises(
        InvalidMessage, match=r"^to must be text, not \w+\. Read the column as text"
    ):
        check_recipient(to)  # type: ignore[arg-type]


@pytest.mark.parametrize("from_", SENDERS)
def test_a_sender_twilio_may_take_passes_unchanged(from_: str):
    assert check_sender(from_) == from_


@pytest.mark.parametrize(("from_", "text"), REFUSED_SENDERS)
def test_a_sender_that_cannot_be_right_is_refused_with_a_reason(from_: str, text: str):
    with pytest.raises(InvalidMessage) as caught:
        check_sender(from_)
    assert (str(caught.value), caught.value.field) == (text, "from_")


NUMBERS = st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True).filter(lambda text: text.isascii())
GLUE = st.sampled_from(["", " ", "=", ": ", "(", '"', "/", "To=", "whatsapp:", "tel:", "\n"])
ENDS = st.sampled_from(["", " ", ".", ",", ")", '"', "/", "&x=1", " (Twilio 21614).", "\n"])


@given(GLUE, NUMBERS, ENDS)
def test_every_e164_number_passes_and_is_masked_in_any_setting(glue: str, number: str, end: str):
    assert check_recipient(number) == number
    for written in (number, number.replace("+", "%2B")):
        shown = mask(glue + written + end)
        assert number[1:] not in re.sub(r"\D", "", shown)
        assert shown.count("•") >= 2
        assert shown.startswith(glue)
        assert shown.endswith(end)


@given(st.text(st.sampled_from("+0123456789 -().%2B\u200b\n,x:E"), max_size=40))
def test_a_refusal_does_not_contain_the_number(text: str):
    try:
        check_recipient(text)
    except InvalidMessage as problem:
        told = re.sub(r"such as \+15005550006|at position \d+|\(\d+ characters\)", "", str(problem))
        runs = re.findall(r"\d{7,}", told)
        assert runs == []


@pytest.mark.parametrize("text", ["{}", "/Messages/{}.json", "({})", "sid={}&x"])
@given(sid=st.from_regex(r"[A-Z]{2}[0-9a-f]{32}", fullmatch=True))
def test_a_sid_is_never_masked(text: str, sid: str):
    assert mask(text.format(sid)) == text.format(sid)


@pytest.mark.parametrize(
    "text", ["+1 " * 9000, "0 " * 9000, "(0" * 9000, "+" + " " * 20000, "%2B%20%20" * 5000]
)
def test_hostile_text_is_masked_in_linear_time(text: str):
    begin = time.process_time()
    mask(text)
    assert time.process_time() - begin < 1


def test_every_country_code_is_separated_from_the_number():
    for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
        assert mask(f"+{code}12345678").startswith(f"+{code} 1")


def test_a_number_is_described_as_far_as_it_shows():
    assert describe_number("whatsapp:+447400123456") == NumberNote(
        number="+447400123456", country_code=44, region="GB", type="mobile", valid=True
    )
    assert describe_number("hello") == NumberNote(
        number="hello", country_code=None, region=None, type="unknown", valid=False
    )


def test_the_note_warns_in_a_sentence_and_shows_no_number():
    landline, nowhere = describe_number("+4930123456"), describe_number("+10000000000")
    assert landline.warning == (
        "+49 3• ••• 456 is a fixed line number, which may not receive messages."
    )
    assert nowhere.warning == (
        "+1 0••• ••• 000 is not in any known numbering plan: check it for a typo."
    )
    assert describe_number("+447400123456").warning is None
    assert "123456" not in repr(landline)
