"""The message list: order, pages, filters and delayed messages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from twilio_widgets.sandbox import Sandbox
from twilio_widgets.sandbox.api.wire import parse_query
from twilio_widgets.sandbox.world.dates import Span, span_of
from twilio_widgets.sandbox.world.refusals import ApiRefusal

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
US = "+14155550142"


class Lists:
    """A sandbox and its message list, as a context manager."""

    def __init__(self, **options: Any) -> None:
        self.box = Sandbox(seed=6, now=NOW, **options)
        name, secret = self.box.connection.credentials
        self.http = httpx.Client(
            transport=self.box.wire,
            base_url="https://api.twilio.com",
            auth=(name, secret.reveal()),
        )
        self.path = f"/2010-04-01/Accounts/{name}/Messages.json"

    def __enter__(self) -> Lists:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()
        self.box.close()

    def send(self, **changes: str) -> str:
        asked = {"To": "+14155550105", "From": US, "Body": "Hello"} | changes
        sid = self.http.post(self.path, data=asked).json()["sid"]
        assert isinstance(sid, str)
        return sid

    def page(self, uri: str | None = None, **query: Any) -> dict[str, Any]:
        answer = self.http.get(uri) if uri else self.http.get(self.path, params=query)
        payload: dict[str, Any] = answer.json()
        return payload

    def all(self, **query: Any) -> list[dict[str, Any]]:
        page, rows = self.page(PageSize=100, **query), []
        while True:
            rows += page["messages"]
            if page["next_page_uri"] is None:
                return rows
            page = self.page(page["next_page_uri"])

    def sids(self, **query: Any) -> list[str]:
        return [row["sid"] for row in self.all(**query)]


def test_the_list_envelope_has_twilios_fields() -> None:
    with Lists(messages=25) as lists:
        first = lists.page(PageSize=10, To="+14155550142", **{"DateSent>": "2026-01-01"})

    filters = "To=%2B14155550142&DateSent%3E=2026-01-01&PageSize=10"
    last = first["messages"][-1]["sid"]
    del first["messages"]
    assert first == {
        "page": 0,
        "page_size": 10,
        "start": 0,
        "end": 9 if first["next_page_uri"] else first["end"],
        "uri": f"{lists.path}?{filters}&Page=0",
        "first_page_uri": f"{lists.path}?{filters}&Page=0",
        "next_page_uri": first["next_page_uri"]
        and f"{lists.path}?{filters}&Page=1&PageToken=PA{last}",
        "previous_page_uri": None,
    }


def test_an_empty_page_starts_and_ends_at_zero() -> None:
    with Lists() as lists:
        page = lists.page()

    assert (page["messages"], page["start"], page["end"]) == ([], 0, 0)
    assert (page["next_page_uri"], page["previous_page_uri"]) == (None, None)


def test_new_messages_do_not_shift_later_pages() -> None:
    """A message arrives between any two pages; the original ones are each read once."""
    with Lists(messages=95) as lists:
        before = lists.sids()
        page = lists.page(PageSize=10)
        seen = [row["sid"] for row in page["messages"]]
        while page["next_page_uri"]:
            lists.send()
            lists.box.clock.advance("1 min")
            page = lists.page(page["next_page_uri"])
            seen += [row["sid"] for row in page["messages"]]

    assert seen == before
    assert len(set(seen)) == 95


def test_a_page_token_works_after_its_message_was_deleted() -> None:
    with Lists(messages=30) as lists:
        before = lists.sids()
        page = lists.page(PageSize=10)
        lists.http.delete(page["messages"][-1]["uri"])
        following = lists.page(page["next_page_uri"])

    assert [row["sid"] for row in following["messages"]] == before[10:20]


def test_a_page_number_without_a_token_counts_rows() -> None:
    with Lists(messages=30) as lists:
        everything = lists.sids()
        page = lists.page(PageSize=10, Page=2)

    assert [row["sid"] for row in page["messages"]] == everything[20:]
    assert (page["start"], page["end"]) == (20, 29)


@pytest.mark.parametrize("token", ["nonsense", "PASM" + "0" * 32, "PA"])
def test_an_invalid_token_is_refused(token: str) -> None:
    with Lists(messages=5) as lists:
        page = lists.page(PageToken=token)

    assert (page["code"], page["status"]) == (21481, 400)


@pytest.mark.parametrize(
    ("asked", "given"), [("1001", 1000), ("0", 1), ("x", 50), ("", 50), ("7", 7)]
)
def test_page_sizes_are_clamped(asked: str, given: int) -> None:
    with Lists() as lists:
        assert lists.page(PageSize=asked)["page_size"] == given


def test_the_position_of_unsent_messages_is_a_setting() -> None:
    """First, last, or hidden by date filters."""
    order = {}
    for unsent in ("first", "last", "hidden_when_filtered"):
        with Lists(unsent=unsent) as lists:
            sent = lists.send()
            lists.box.clock.advance("1 min")
            waiting = lists.send()
            names = {sent: "sent", waiting: "waiting"}
            order[unsent] = (
                [names[sid] for sid in lists.sids()],
                [names[sid] for sid in lists.sids(**{"DateSent>": "2026-03-04"})],
            )

    assert order == {
        "first": (["waiting", "sent"], ["waiting", "sent"]),
        "last": (["sent", "waiting"], ["sent", "waiting"]),
        "hidden_when_filtered": (["waiting", "sent"], ["sent"]),
    }


def test_a_new_message_can_be_missing_from_the_list_for_a_while() -> None:
    """It can be fetched at once."""
    with Lists(list_lag=30) as lists:
        sid = lists.send()
        fetched = lists.http.get(lists.path.replace(".json", f"/{sid}.json")).status_code
        early = lists.sids()
        lists.box.clock.advance(30)
        late = lists.sids()

    assert (fetched, early, late) == (200, [], [sid])


def test_filters_agree_with_reading_everything() -> None:
    """To, From, both, and days, over history and new messages."""
    with Lists(messages=800) as lists:
        new = [lists.send(), lists.send(To="+447700900107", From="+447700900142")]
        lists.box.clock.advance("1 hour")
        everything = lists.all()
        to, ours = next(
            (row["to"], row["from"])
            for row in everything[10:]
            if row["direction"] == "outbound-api"
        )
        from_ = next(row["from"] for row in everything[10:] if row["direction"] == "inbound")
        asked: list[tuple[dict[str, str], Any]] = [
            ({"To": to}, lambda row: row["to"] == to),
            ({"From": from_}, lambda row: row["from"] == from_),
            ({"From": ours, "To": to}, lambda row: (row["from"], row["to"]) == (ours, to)),
            ({"To": US}, lambda row: row["to"] == US),
            ({"To": "+12025550199"}, lambda _row: False),
            ({"DateSent": "2026-02-20"}, lambda row: "20 Feb 2026" in row["date_sent"]),
            ({"DateSent": "2026-03-04"}, lambda row: "04 Mar 2026" in row["date_sent"]),
        ]
        answers = [lists.sids(**query) for query, _ in asked]

    assert len(everything) == 802
    assert new == [row["sid"] for row in everything[1::-1]]
    assert answers == [[row["sid"] for row in everything if test(row)] for _, test in asked]
    assert all(answers[0:4])
    assert all(answers[5:])


DAY = datetime(2026, 2, 20, tzinfo=UTC).timestamp()
SPANS = [
    ("DateSent=2026-02-20", Span(DAY, DAY + 86_399), Span(DAY, DAY + 86_399)),
    ("DateSent%3E=2026-02-20", Span(DAY, None), Span(DAY, None)),
    ("DateSent%3C=2026-02-20", Span(None, DAY + 86_399), Span(None, DAY - 1)),
    ("DateSent<=2026-02-20T06:00:00Z", Span(None, DAY + 21_600), Span(None, DAY + 21_599)),
    ("DateSent>=2026-02-20T06:00:00Z", Span(DAY + 21_600), Span(DAY + 21_600)),
    ("DateSent=2026-02-20T06:00:00Z", Span(DAY, DAY + 86_399), Span(DAY, DAY + 86_399)),
    ("DateSent>=02/20/2026 01:00:00 EST", Span(DAY + 21_600), Span(DAY + 21_600)),
    ("DateSent>=2026-02-20 06:00:00.000", Span(DAY + 21_600), Span(DAY + 21_600)),
    ("DateSent>=Fri, 20 Feb 2026 06:00:00 -0000", Span(DAY + 21_600), Span(DAY + 21_600)),
    ("DateSent>=2026-02-20T08:00:00%2B02:00", Span(DAY + 21_600), Span(DAY + 21_600)),
    ("DateSent>=2026-02-19&DateSent<=2026-02-20", Span(DAY - 86_400, DAY + 86_399),
     Span(DAY - 86_400, DAY - 1)),
    ("DateSent=", Span(), Span()),
]  # fmt: skip


@pytest.mark.parametrize(("query", "inclusive", "exclusive"), SPANS)
def test_a_date_filter_accepts_several_formats(
    query: str, inclusive: Span, exclusive: Span
) -> None:
    form = parse_query(query)

    assert span_of(form, "DateSent") == inclusive
    assert span_of(form, "DateSent", date_filters="before_exclusive") == exclusive


def test_an_unreadable_date_is_refused() -> None:
    with pytest.raises(ApiRefusal, match="Invalid date in 'DateSent'"):
        span_of(parse_query("DateSent=yesterday"), "DateSent")


def test_a_filter_includes_its_whole_last_second() -> None:
    """A message sent at 12:00:00.9 is shown as 12:00:00 and must pass `<` 12:00:00."""
    with Lists() as lists:
        sid = lists.send()
        lists.box.clock.advance("1 min")
        shown = lists.all()[0]["date_sent"]
        at = {"DateSent<": "2026-03-04T12:00:00Z", "DateSent>": "2026-03-04T12:00:00Z"}
        found = lists.sids(**at)

    assert shown == "Wed, 04 Mar 2026 12:00:00 +0000"
    assert found == [sid]


def test_scheduled_messages_are_listed_by_the_time_they_are_sent() -> None:
    with Lists() as lists:
        at = (NOW + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        service = lists.box.services[0]
        later = lists.send(From="", MessagingServiceSid=service, ScheduleType="fixed", SendAt=at)
        now = lists.send()
        lists.box.clock.advance("10 min")
        waiting = lists.sids()
        lists.box.clock.advance("1 hour")

        assert waiting == [later, now]
        assert lists.sids() == [later, now]
        assert lists.all()[0]["date_sent"] == "Wed, 04 Mar 2026 13:00:00 +0000"
