"""The two connections: shapes, hosts, and what each kind can do."""

from __future__ import annotations

import pytest

from twilio_widgets import ApiKeyConnection, AuthTokenConnection
from twilio_widgets.errors import ConfigurationError

ACCOUNT = "AC" + "0" * 31 + "1"
CHILD = "AC" + "0" * 31 + "9"
KEY = "SK" + "0" * 31 + "2"

WRONG = [
    (dict(account_sid=""), "account_sid", "is empty. An account SID is AC followed by 32"),
    (dict(account_sid="AC123"), "account_sid", "has 5 characters, not 34"),
    (dict(account_sid="AC" + "g" * 32), "account_sid", "has a character other than 0-9, a-f."),
    (dict(account_sid=KEY), "account_sid", "starts with SK. An account SID"),
    (dict(api_key_sid=ACCOUNT), "api_key_sid", "starts with AC. An API key SID is SK"),
    (dict(api_key_sid="hunter2hunter2"), "api_key_sid", "is not shown because it may be a secret"),
    (dict(api_key_secret=""), "api_key_secret", "is empty. Give the API key's secret"),
    (dict(api_key_secret="   "), "api_key_secret", "is empty"),
    (dict(api_key_secret="smart”quote"), "api_key_secret", "Copy it again"),
    (dict(api_key_secret=None), "api_key_secret", "must be text, not NoneType"),
    (dict(account_sid=5), "account_sid", "must be text, not int"),
    (dict(auth_token=""), "auth_token", "is empty"),
    (dict(subaccount_sid="AC1"), "subaccount_sid", "has 3 characters"),
    (dict(region="IE 1"), "region", "must be a lower-case name"),
    (dict(region="ie1.evil.example/"), "region", "must be a lower-case name"),
    (dict(edge="dublin@evil"), "edge", "must be a lower-case name"),
]


@pytest.mark.parametrize(("change", "field", "sentence"), WRONG)
def test_an_error_names_the_invalid_field_and_its_expected_form(change, field, sentence):
    right = dict(account_sid=ACCOUNT, api_key_sid=KEY, api_key_secret="s3cret")
    with pytest.raises(ConfigurationError) as caught:
        ApiKeyConnection(**(right | change))
    assert caught.value.field == field
    assert sentence in str(caught.value)


HOSTS = [
    (dict(), "https://api.twilio.com"),
    (dict(region="us1"), "https://api.twilio.com"),
    (dict(edge="ashburn"), "https://api.ashburn.us1.twilio.com"),
    (dict(edge="roaming"), "https://api.twilio.com"),
    (dict(region="us1", edge="roaming"), "https://api.twilio.com"),
    (dict(region="ie1", edge="roaming"), "https://api.dublin.ie1.twilio.com"),
    (dict(region="ie1"), "https://api.dublin.ie1.twilio.com"),
    (dict(region="au1"), "https://api.sydney.au1.twilio.com"),
    (dict(region="jp1"), "https://api.tokyo.jp1.twilio.com"),
    (dict(region="ie1", edge="frankfurt"), "https://api.frankfurt.ie1.twilio.com"),
    (dict(region="de1"), "https://api.twilio.com"),
]


@pytest.mark.parametrize(("place", "url"), HOSTS)
def test_region_and_edge_choose_the_host(place, url):
    """The form api.{region}.twilio.com ended on 2026-04-28, so it is never made."""
    assert AuthTokenConnection(ACCOUNT, "token", **place).base_url == url


@pytest.mark.parametrize(("place", "url"), HOSTS)
def test_served_in_is_the_region_of_the_host(place, url):
    """So a region that the plain host stands for is the United States."""
    found = AuthTokenConnection(ACCOUNT, "token", **place).served_in
    assert found == (url.split(".")[2] if url.count(".") == 4 else "us1")


def test_the_messaging_host_has_the_same_region_and_edge():
    assert AuthTokenConnection(ACCOUNT, "t", region="ie1").host("messaging") == (
        "messaging.dublin.ie1.twilio.com"
    )


def test_requests_for_a_subaccount_use_the_parents_credentials():
    connection = AuthTokenConnection(ACCOUNT, "token", subaccount_sid=CHILD)
    assert connection.acting_sid == CHILD
    assert connection.credentials[0] == ACCOUNT


def test_an_api_key_has_no_signing_token_unless_one_is_given():
    assert ApiKeyConnection(ACCOUNT, KEY, "s").signing_token is None
    assert ApiKeyConnection(ACCOUNT, KEY, "s", "token").signing_token.reveal() == "token"
    assert ApiKeyConnection(ACCOUNT, KEY, "s", "token").credentials[0] == KEY


def test_spaces_around_a_pasted_value_are_removed():
    connection = AuthTokenConnection(f" {ACCOUNT}\n", " token ")
    assert connection == AuthTokenConnection(ACCOUNT, "token")


def test_the_repr_is_short_and_masked_and_names_the_source():
    assert repr(AuthTokenConnection(ACCOUNT, "token", source="the environment")) == (
        "AuthTokenConnection(AC00…0001, from the environment)"
    )
