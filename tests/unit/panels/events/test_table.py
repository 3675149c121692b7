"""The table of events as a Python object: its rows, the closer look, and what a notebook saves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from ipywidgets.widgets import widget as registry
from msgspec.structs import replace

from tests.arrivals import ACCOUNT, a_look, a_status, an_inbound, at, sid
from twilio_widgets.client import Twilio
from twilio_widgets.core.credentials.connection import AuthTokenConnection
from twilio_widgets.listener.events.event import Arrival, Rejection
from twilio_widgets.listener.events.reading import Reader
from twilio_widgets.listener.events.store import Store
from twilio_widgets.listener.source import EventSource
from twilio_widgets.panels.events.table import EventsTable

HOSTILE = '<img src=x onerror="alert(1)">$\\unicode{x}$\u202egnp.exe'


class Stored(EventSource):
    """Events of a store that the test itself writes."""

    def __init__(self, folder: Path) -> None:
        path = folder / "events.sqlite"
        self.writer = Store.open(path, account_sid=ACCOUNT, world="live", retention_days=None)
        twilio = Twilio(AuthTokenConnection(ACCOUNT, "0" * 32))
        self._own = Reader(path)
        super().__init__(twilio, self._own, path)

    def close(self) -> None:
        self._dispatcher.stop()
        self._own.close()
        self.writer.close()
        self._twilio.close()


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Stored]:
    with Stored(tmp_path) as source:
        yield source


@pytest.fixture
def show(source: Stored) -> Iterator[Callable[..., EventsTable]]:
    shown: list[EventsTable] = []

    def make(**options: Any) -> EventsTable:
        shown.append(EventsTable(source, **options))
        return shown[-1]

    yield make
    for table in shown:
        table.close()


def a_rejection(
    *,
    seconds: float = 0,
    cause: str = "signature: scheme",
    url: str = "http://127.0.0.1/inbound?x=1",
) -> Rejection:
    return Rejection.of_request(
        at=at(seconds),
        status=403,
        reason="Twilio signed https, and the URL here says http.",
        cause=cause,
        mend="State the address that Twilio calls.",
        method="POST",
        url=url,
        parameters=(("From", "+14155550100"), ("MessageSid", sid(9))),
    )


def keys(table: EventsTable) -> list[object]:
    return [row["key"] for row in table.rows.rows]


def opened(table: EventsTable, place: int = 0) -> dict[str, Any]:
    """Open a row, counted from the newest, as a page would; return what the page then draws."""
    log = table.rows._log
    entry = list(log)[place]
    table.rows.on_control({"t": "open", "epoch": log.epoch, "place": entry.place})
    return drawn(table)


def drawn(table: EventsTable) -> dict[str, Any]:
    sent: list[dict[str, Any]] = []
    detail = table._detail
    detail.send = lambda content, buffers=None: sent.append(content)  # type: ignore[method-assign]
    detail._handle_custom_msg({"t": "want", "epoch": detail.epoch}, [])
    (message,) = sent
    content = message["content"]
    assert isinstance(content, dict)
    return content


def test_a_new_table_contains_the_stored_events(
    source: Stored, show: Callable[..., EventsTable]
) -> None:
    source.writer.commit(
        [
            an_inbound(1, "hello", seconds=1),
            a_status(2, "undelivered", seconds=3, ErrorCode="30006"),
            a_look(3, "delivered", seconds=4),
        ]
    )
    source.writer.reject([a_rejection(seconds=2)])

    table = show()

    assert [
        (row["kind"], row.get("status"), row.get("body"), row["error"], row["signature"])
        for row in table.rows.rows
    ] == [
        ("status", "delivered", None, None, "polled"),
        (
            "status",
            "undelivered",
            None,
            "30006: the recipient is a landline, or on a network that cannot be reached",
            "valid",
        ),
        (
            "rejected",
            None,
            None,
            "Twilio signed https, and the URL here says http.",
            "invalid",
        ),
        ("inbound", "received", "hello", None, "valid"),
    ]
    assert repr(table) == "EventsTable(3 events · 1 rejected)"


def test_notifications_arrive_once_each(source: Stored, show: Callable[..., EventsTable]) -> None:
    source.writer.commit([an_inbound(1)])
    table = show()
    arrived = threading.Event()
    source.on_change(lambda: arrived.set() if len(table.rows.rows) == 4 else None)

    source.writer.commit([an_inbound(1), an_inbound(2, seconds=1), an_inbound(3, seconds=2)])
    source.writer.reject([a_rejection(seconds=3)])

    assert arrived.wait(10)
    assert keys(table) == ["rejected 1", "inbound 3", "inbound 2", "inbound 1"]
    assert repr(table) == "EventsTable(3 events · 1 rejected)"  # each was counted once, too


def test_two_tables_of_one_source_show_the_same(
    source: Stored, show: Callable[..., EventsTable]
) -> None:
    source.writer.commit([an_inbound(n, seconds=n) for n in range(1, 6)])
    first, second = show(), show(framed=False)
    assert keys(first) == keys(second) == [f"inbound {n}" for n in (5, 4, 3, 2, 1)]


def test_deleted_events_disappear_from_the_table(
    source: Stored, show: Callable[..., EventsTable]
) -> None:
    source.writer.commit([an_inbound(n, seconds=n) for n in range(1, 5)])
    table = show()

    source.writer.forget(at(3))
    table.look()
    assert keys(table) == ["inbound 4", "inbound 3"]

    source.writer.forget()
    table.look()
    assert keys(table) == []
    assert repr(table) == "EventsTable(0 events)"


def test_forgotten_rejections_go_from_the_table_though_there_was_no_event(
    source: Stored, show: Callable[..., EventsTable]
) -> None:
    source.writer.reject([a_rejection(seconds=n) for n in range(4)])
    table = show()
    assert repr(table) == "EventsTable(0 events · 4 rejected)"

    source.writer.forget(at(3))
    table.look()
    assert keys(table) == ["rejected 4"]

    source.writer.forget()
    table.look()
    assert (keys(table), repr(table)) == ([], "EventsTable(0 events)")


def test_a_polled_event_that_a_webhook_confirms_changes_where_it_stands(
    source: Stored, show: Callable[..., EventsTable]
) -> None:
    source.writer.commit([a_look(1, "delivered"), a_look(2, "failed", seconds=1)])
    table = show()
    assert [row["signature"] for row in table.rows.rows] == ["polled", "polled"]
    assert source.counts.proofs == {"poll": 2}

    source.writer.commit([a_status(1, "delivered", seconds=2)])
    table.look()
    assert [(row["id"], row["signature"]) for row in table.rows.rows] == [
        (2, "polled"),
        (1, "valid"),
    ]
    assert source.counts.proofs == {"auth token": 1, "poll": 1}
    assert repr(table) == "EventsTable(2 events)"

    source.writer.commit([a_status(2, "failed", seconds=3), a_look(3, "sent"), a_status(3, "sent")])
    table.look()
    assert [row["signature"] for row in table.rows.rows] == ["valid", "valid", "valid"]
    assert source.counts.proofs == {"auth token": 3}


def test_an_event_is_opened_with_all_its_fields(
    source: Stored, show: Callable[..., EventsTable]
) -> None:
    source.writer.commit([a_status(2, "undelivered", ErrorCode="30006", ErrorMessage="Landline")])
    source.writer.commit([a_status(2, "undelivered", ErrorCode="30006", ErrorMessage="Landline")])
    table = show()

    view = opened(table)

    assert view["title"] == "Status callback"
    assert view["pills"] == [["undelivered", "problem"], ["valid", "good"]]
    assert view["sid"] == sid(2)
    assert view["why"]["title"].startswith("30006: ")
    assert view["why"]["message"] == "Landline"
    assert view["why"]["url"].startswith("https://www.twilio.com/docs/")
    assert dict(view["facts"])["Source"] == "POST …/status, signed with the auth token"
    assert dict(view["facts"])["Repeated"].startswith("once, the last on 2026-04-01 12:00:00 UTC")
    (parameters, headers) = view["lists"]
    assert parameters[:2] == ["Parameters", 9]
    assert ["ErrorCode", "30006"] in parameters[2]
    assert ["User-Agent", "TwilioProxy/1.1"] in headers[2]


def test_a_rejected_request_is_opened_with_the_doctors_advice(
    source: Stored, show: Callable[..., EventsTable]
) -> None:
    source.writer.reject([a_rejection()])
    view = opened(show())
    assert view["why"] == {
        "title": "Twilio signed https, and the URL here says http.",
        "advice": "State the address that Twilio calls.",
    }
    assert view["pills"] == [["rejected", "problem"], ["invalid", "problem"]]
    assert view["facts"] == [
        ["Received", "2026-04-01 12:00:00 UTC"],
        ["Source", "POST /inbound"],
        ["Response", "HTTP 403"],
        ["Cause", "signature: scheme"],
        ["From", "+1 4••• ••• 100 (unverified)"],
    ]
    assert (view["body"], view["lists"], view["curl"]) == (None, [], "")


@pytest.mark.parametrize(
    ("cause", "verdict"),
    [
        ("signature", "invalid"),
        ("signature: another token", "invalid"),
        ("account", "valid"),
        ("fields", "valid"),
        ("host", "unchecked"),
        ("size", "unchecked"),
    ],
)
def test_the_verdict_on_a_rejected_request_says_what_was_found(
    cause: str, verdict: str, source: Stored, show: Callable[..., EventsTable]
) -> None:
    source.writer.reject([a_rejection(cause=cause)])
    assert [row["signature"] for row in show().rows.rows] == [verdict]


def test_a_page_can_only_close_the_detail(source: Stored, show: Callable[..., EventsTable]) -> None:
    source.writer.commit([an_inbound(1)])
    table = show()
    opened(table)
    epoch = table._detail.epoch
    sent: list[object] = []
    table._detail.send = lambda content, buffers=None: sent.append(content)  # type: ignore[method-assign]
    for message in (None, [], {"t": "open"}, {"t": "close", "x": 1}, {"t": "want", "epoch": -1}):
        table._detail._handle_custom_msg(message, [])
    assert sent == []
    assert (table._detail.epoch, table._detail.layout.display) == (epoch, None)

    table._detail._handle_custom_msg({"t": "close"}, [])

    assert table._detail.layout.display == "none"


def test_an_event_that_was_forgotten_meanwhile_says_so(
    source: Stored, show: Callable[..., EventsTable]
) -> None:
    source.writer.commit([an_inbound(1)])
    source.writer.reject([a_rejection(seconds=1)])
    table = show()
    source._dispatcher.stop()  # the page is quicker than the news
    source.writer.forget()
    for place in (0, 1):
        assert "no longer in the store" in opened(table, place)["problem"]


def test_the_table_outlives_its_source(source: Stored, show: Callable[..., EventsTable]) -> None:
    source.writer.commit([an_inbound(1, "still here")])
    table = show()
    source.close()
    assert opened(table)["body"] == "still here"


KEY, LOGIN = "k" * 43, "SERVERLOGIN"
PRIVATE = {
    "a login, posted": ("https://h.example/status?token=SERVERLOGIN&tw=7", "POST"),
    "a login, in a GET": ("https://h.example/inbound?a=1&token=SERVERLOGIN", "GET"),
    "a key": (f"https://h.example/user/ada/twilio-widgets/{KEY}/status", "POST"),
}


@pytest.mark.parametrize("what", PRIVATE)
def test_credentials_in_an_event_are_neither_stored_nor_shown(
    what: str, source: Stored, show: Callable[..., EventsTable]
) -> None:
    """Neither the login of a Jupyter server nor the key of a way in: not in any of the files."""
    url, method = PRIVATE[what]
    seen = urlsplit(url)
    arrival = Arrival.of_request(
        kind="inbound",
        method=method,
        url=url,
        parameters=(*parse_qsl(seen.query if method == "GET" else ""), *an_inbound(1).parameters),
        headers=(("X-Original-Uri", f"{seen.path}?{seen.query}"), ("Referer", url)),
        received_at=at(0),
        scheme="auth token",
    )
    again = replace(arrival, received_at=at(1))
    receipts = [source.writer.commit([each])[0] for each in (arrival, again)]
    assert [receipt.new for receipt in receipts] == [True, False]
    source.writer.reject([a_rejection(url=url)])

    view = opened(show(), 1)
    assert view["note"].startswith("The URL of this request contains a login or a key")
    assert ["X-Original-Uri", "••••"] in view["lists"][1][2]
    files = [file.read_bytes() for file in source.store.parent.iterdir()]
    held = b"".join(files) + repr((view, source.rejected.to_dict())).encode()
    held += source.events.to_csv().encode()
    assert sid(1).encode() in held
    assert all(word.encode() not in held for word in (KEY, LOGIN))


def test_a_polled_event_has_no_request_to_repeat(
    source: Stored, show: Callable[..., EventsTable]
) -> None:
    source.writer.commit([a_look(3, "delivered")])
    view = opened(show())
    assert view["curl"] == ""
    assert dict(view["facts"])["Source"] == "found in Twilio's message log"


def test_a_strangers_text_stays_text_and_hides_nothing(
    source: Stored, show: Callable[..., EventsTable]
) -> None:
    source.writer.commit([an_inbound(1, HOSTILE, From=HOSTILE)])
    table = show()

    saved = table._repr_mimebundle_()
    assert saved["text/plain"] == "EventsTable(1 event)"
    assert "<img" not in str(saved["text/html"])
    assert "&lt;img src=x onerror=" in str(saved["text/html"])

    view = opened(table)
    assert view["body"] == '<img src=x onerror="alert(1)">$\\unicode{x}$⟨U+202E⟩gnp.exe'
    assert "\u202e" not in str(view)


def test_no_row_and_nothing_of_an_opened_event_is_widget_state(
    source: Stored, show: Callable[..., EventsTable]
) -> None:
    source.writer.commit([an_inbound(1, "a secret between us")])
    table = show()
    opened(table)
    parts = [table, *table.children, *(child.layout for child in table.children)]
    state = "".join(str(part.get_state()) for part in parts)
    assert "a secret between us" not in state
    assert "+14155550177" not in state


def test_very_many_and_very_long_parameters_are_cut_for_the_page_and_counted(
    source: Stored, show: Callable[..., EventsTable]
) -> None:
    many = tuple((f"P{n}", "v") for n in range(1_200))
    arrival: Arrival = an_inbound(1, "x" * 30_000)
    source.writer.commit([replace(arrival, parameters=(*arrival.parameters, *many))])
    (_, count, pairs), _headers = opened(show())["lists"]
    assert (count, len(pairs)) == (1_206, 1_000)
    assert dict(pairs)["Body"] == "x" * 10_000 + "… (30,000 characters)"


def test_closing_leaves_no_widget_and_no_watcher_behind(source: Stored) -> None:
    before = set(registry._instances)
    table = EventsTable(source)
    table.close()
    table.close()
    assert set(registry._instances) == before
    assert source._dispatcher._watchers == []
