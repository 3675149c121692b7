"""A query that is added to a listener's URL reaches the listener."""

from __future__ import annotations

import pytest

from twilio_widgets.listener.ingress.endpoint import RETRIES, Endpoint

PLAIN, WITH_TOKEN = Endpoint("https://example.org"), Endpoint("https://example.org", "?token=a")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (PLAIN.status_url + "?row=7", f"https://example.org/status?row=7{RETRIES}"),
        (PLAIN.status_url + "&row=7", f"https://example.org/status?row=7{RETRIES}"),
        (PLAIN.inbound_url.with_query(row=7), f"https://example.org/inbound?row=7{RETRIES}"),
        (WITH_TOKEN.status_url + "?row=7", f"https://example.org/status?token=a&row=7{RETRIES}"),
        (
            WITH_TOKEN.status_url.with_query(row=7, name="Zoë & co") + "?b=c",
            f"https://example.org/status?token=a&row=7&name=Zo%C3%AB+%26+co&b=c{RETRIES}",
        ),
        (PLAIN.status_url.with_query(), f"https://example.org/status{RETRIES}"),
    ],
)
def test_a_query_stands_before_the_fragment(url, expected):
    assert url == expected


@pytest.mark.parametrize("more", ["/more", "row=7", "", "#rc=1", "?a=b#c"])
def test_a_query_behind_the_fragment_is_refused(more):
    with pytest.raises(ValueError, match="Only a query can be appended"):
        PLAIN.status_url + more
