"""Each documented error code has a meaning, an advice, and someone who can fix it."""

from __future__ import annotations

from inspect import signature

import pytest

from twilio_widgets.client import Messages
from twilio_widgets.core.error_codes.catalogue import CATALOGUE, CatalogueEntry
from twilio_widgets.core.error_codes.explain import Explanation, explain_error, field_of
from twilio_widgets.errors import ApiError, NotFound, RejectedMessage

ANY_REQUEST = """10001 20003 20004 20005 20007 20008 20009 20404 20429 20500 20503 21481 30400 30409
90010"""
CREATING = """21211 21212 21265 21266 63031 21408 21601 21602 21603 21604 21605 21606 21607 21608
21609 21610 21611 21612 21614 21616 21617 21618 21619 21620 21621 21622 21623 21624 21635 21652
21654 21655 21656 21659 21660 21701 21702 21703 21704 21705 30029 30030 35111 35114 35115 35117
35118 35125 63007 14107 14109"""
DELIVERING = """30001 30002 30003 30004 30005 30006 30007 30008 30009 30010 30011 30017 30018 30019
30022 30023 30024 30027 30032 30033 30034 30035 30410 30450 11751 63001 63003 63005 63009 63012
63013 63015 63016 63018 63019 63021 63024 63032 63033 63034 63038 63040"""
WEBHOOKS = "11200 11205 11206 11210 11215 11220 11235 11236 11237 11750 12100 12200 12300 57012"
DOCUMENTED = [int(code) for code in " ".join((ANY_REQUEST, CREATING, DELIVERING, WEBHOOKS)).split()]


def test_the_catalogue_has_exactly_the_documented_codes():
    assert sorted(CATALOGUE) == sorted(DOCUMENTED)


@pytest.mark.parametrize("code", DOCUMENTED)
def test_each_explanation_reads_as_a_sentence_and_an_advice(code: int):
    found = explain_error(code)
    assert found.known
    assert found.url == f"https://www.twilio.com/docs/api/errors/{code}"
    assert str(code) not in found.meaning + found.advice
    assert found.meaning.strip() == found.meaning
    assert found.meaning[-1] not in ".!:,"
    assert found.meaning[0].islower() or found.meaning.startswith(("Twilio", "WhatsApp"))
    assert found.advice.endswith(".")
    assert found.advice[0].isupper()
    assert ". " not in found.advice
    assert len(found.meaning) <= 85
    assert found.who in {"you", "recipient", "carrier", "Twilio", "account admin"}
    assert found.retry in {True, False, None}


def test_an_explanation_is_a_value():
    assert explain_error("21614") == Explanation(
        code=21614,
        meaning="the recipient cannot receive SMS",
        advice="Check that it is a mobile number.",
        who="you",
        retry=False,
        url="https://www.twilio.com/docs/api/errors/21614",
        known=True,
    )


def test_an_unknown_code_links_to_twilios_page():
    found = explain_error(99999)
    assert (found.known, found.retry) == (False, None)
    assert str(found) == (
        "This error code is not in our catalogue (Twilio 99999). Read Twilio's page about it: "
        "https://www.twilio.com/docs/api/errors/99999"
    )


@pytest.mark.parametrize("code", ["", "abc", "21.6", "-1", "٢١٦١٤", None, 21614.5])
def test_a_value_that_is_not_a_code_raises(code: object):
    with pytest.raises(ValueError, match="An error code must be a whole number such as 30007"):
        explain_error(code)  # type: ignore[arg-type]


def test_the_repr_has_five_lines():
    assert repr(explain_error(" 30003 ")) == (
        "Twilio 30003: the recipient's phone cannot be reached\n"
        "  What to do:     Try again later: it may be off or out of reach.\n"
        "  Who can fix it: recipient\n"
        "  Retry:          yes, later\n"
        "  Read more:      https://www.twilio.com/docs/api/errors/30003"
    )


def test_retry_is_true_only_if_repeating_is_safe():
    """After an internal error of Twilio the message may have been sent, so `retry` must be None."""
    depends = [code for code in (20500, 20503, 21619, 30410) if CATALOGUE[code].retry is not None]
    assert depends == []
    assert CATALOGUE[20429].retry is True
    assert CATALOGUE[21610].retry is False


def test_the_field_is_a_keyword_of_send():
    fields = {code: field_of(code) for code in (21211, 21212, 21617, 21620, 21701, 35114, 30007, 1)}
    assert fields == {
        21211: "to",
        21212: "from_",
        21617: "body",
        21620: "media_url",
        21701: "messaging_service_sid",
        35114: "send_at",
        30007: None,
        1: None,
    }
    known = {entry.field for entry in CATALOGUE.values()} - {None}
    assert known <= set(signature(Messages.send).parameters)


def test_about_puts_the_recipients_number_into_the_meaning():
    number = "+44 7••• ••• 123"
    sentences = [explain_error(code).about(number) for code in DOCUMENTED]
    assert "+44 7••• ••• 123 cannot receive SMS" in sentences
    assert "+44 7••• ••• 123: the recipient's phone cannot be reached" in sentences
    assert all(text.startswith(number) for text in sentences)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            RejectedMessage("…", status=400, code=21614, about="+44 7••• ••• 123"),
            "+44 7••• ••• 123 cannot receive SMS (Twilio 21614). Check that it is a mobile number.",
        ),
        (
            RejectedMessage("…", status=400, code=21602, about="+44 7••• ••• 123"),
            "+44 7••• ••• 123: the message has no content (Twilio 21602). "
            "Give body=, media_url= or content_sid=.",
        ),
        (
            NotFound("…", status=404, code=20404),
            "No resource exists at this path (Twilio 20404). "
            "Check the SID, the case of the path, and that it belongs to this account.",
        ),
        (ApiError("Out of cheese.", status=418, code=424242), "Out of cheese (Twilio 424242)."),
        (ApiError("Odd.", status=400, code=-1), "Odd (Twilio -1)."),
        (ApiError("", status=500), "Twilio refused the request (HTTP 500)."),
        (ApiError("Bad Gateway", status=502, about="SM1"), "SM1: Bad Gateway (HTTP 502)."),
    ],
)
def test_str_of_an_error_is_one_line_with_advice(error: ApiError, text: str):
    assert str(error) == text


def test_no_two_codes_share_an_entry_except_synonyms():
    """A shared entry would otherwise be a copying mistake."""
    rows: dict[CatalogueEntry, list[int]] = {}
    for code, entry in CATALOGUE.items():
        rows.setdefault(entry, []).append(code)
    assert [codes for codes in rows.values() if len(codes) > 1] == [
        [10001, 90010],
        [35114, 35115, 35117],
        [11235, 11236, 11237],
    ]
