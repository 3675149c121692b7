"""The table as a Python object: its rows, what it tells pages, and what they may ask."""

from __future__ import annotations

import datetime as dt
import threading
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twilio_widgets.core.printable import one_line
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.panels.table import table as table_module
from twilio_widgets.panels.table.cells import TableColumn, cell_text
from twilio_widgets.panels.table.protocol import Open, Want, messages_since, request_of
from twilio_widgets.panels.table.rows import ROWS_PER_MESSAGE, RowLog
from twilio_widgets.panels.table.static_html import STATIC_ROWS
from twilio_widgets.panels.table.table import MESSAGES_PER_TICK, VirtualTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COLUMNS = (TableColumn("sid", "SID"), TableColumn("status", "Status", kind="status"))


def row(number: int, **fields: object) -> dict[str, object]:
    return {"sid": f"SM{number}", "status": "sent", **fields}


class ManualPulse:
    """A pulse that beats when the test says so."""

    def __init__(self, _name: str, beat: Callable[[], object], rest: Callable[[], object]) -> None:
        self.beat, self.rest, self.asked, self.stopped = beat, rest, 0, False

    def ask(self) -> None:
        self.asked += 1

    def stop(self) -> None:
        self.stopped = True

    def run(self) -> None:
        """Beat for as long as more beats are asked for."""
        while self.asked:
            self.asked = 0
            self.beat()


class Table(VirtualTable):
    """A table that keeps what it sends."""

    def __init__(self, **options: Any) -> None:
        self.sent: list[dict[str, Any]] = []
        super().__init__(COLUMNS, label="Messages", key="sid", **options)

    def send(self, content: dict[str, Any], buffers: object = None) -> None:
        self.sent.append(content)

    @property
    def pulse(self) -> ManualPulse:
        assert isinstance(self._throttle, ManualPulse)
        return self._throttle

    def told(self) -> list[dict[str, Any]]:
        """Beat, and return what was sent since the last call."""
        self.pulse.run()
        sent, self.sent = self.sent, []
        return sent


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Table]]:
    monkeypatch.setattr(table_module, "throttle", ManualPulse)
    made: list[Table] = []

    def table(**options: Any) -> Table:
        made.append(Table(**options))
        return made[-1]

    yield table
    for one in made:
        one.close()


class Page:
    """A page as the table's protocol sees it: what it has heard, and up to which change."""

    def __init__(self) -> None:
        self.epoch, self.seen, self.rows = -1, -1, dict[int, list[Any]]()

    def hear(self, message: dict[str, Any]) -> None:
        if message["epoch"] < self.epoch:
            return
        if message["epoch"] > self.epoch:
            self.epoch, self.seen, self.rows = message["epoch"], message["base"], {}
        for place, change, *cells in message["rows"]:
            if place not in self.rows or self.rows[place][0] < change:
                self.rows[place] = [change, *cells]
        self.rows = {place: held for place, held in self.rows.items() if place >= message["first"]}
        if message["after"] <= self.seen:
            self.seen = max(self.seen, message["to"])

    def want(self) -> dict[str, object]:
        return {"t": "want", "epoch": self.epoch, "since": self.seen}

    def shown(self) -> list[list[str]]:
        return [self.rows[place][1:] for place in sorted(self.rows, reverse=True)]


def test_only_the_view_is_state_and_never_a_row(make: Callable[..., Table]) -> None:
    """A synced trait is written into the notebook file; a message's text must not be one."""
    table = make()
    table.append([row(1, body="private")])
    state = table.get_state()
    ours = {name for name in state if not name.startswith("_")}

    assert ours == {
        *("channel", "columns", "height", "label", "live", "order", "tones"),
        *("layout", "tabbable", "tooltip"),
    }
    assert "private" not in repr(state)
    assert "SM1" not in repr(state)


def test_nothing_is_sent_before_a_page_asks(make: Callable[..., Table]) -> None:
    table = make()
    table.append(row(number) for number in range(5))

    assert (table.pulse.asked, table.told()) == (0, [])


def test_a_page_receives_everything_on_request(make: Callable[..., Table]) -> None:
    table = make()
    table.append([row(1), row(2)])
    table.on_control({"t": "want", "epoch": -1, "since": -1})

    assert table.told() == [
        {
            "t": "rows",
            "epoch": 1,
            "base": 0,
            "upto": 2,
            "first": 0,
            "count": 2,
            "dropped": 0,
            "total": None,
            "note": "",
            "after": 0,
            "to": 2,
            "rows": [[0, 1, "SM1", "sent"], [1, 2, "SM2", "sent"]],
        }
    ]


def test_two_pages_that_ask_at_once_both_get_what_they_miss(make: Callable[..., Table]) -> None:
    """Answers go to all pages, so they begin where the page begins that knows least."""
    table, new = make(), Page()
    table.append([row(1), row(2)])
    table.on_control(new.want())
    table.on_control({"t": "want", "epoch": 1, "since": 2})
    for message in table.told():
        new.hear(message)

    assert new.shown() == [["SM2", "sent"], ["SM1", "sent"]]


def test_a_hundred_thousand_rows_travel_in_small_parts(make: Callable[..., Table]) -> None:
    table, page = make(), Page()
    table.append(row(number) for number in range(100_000))
    table.on_control(page.want())
    table.pulse.beat()
    at_once = len(table.sent)
    sent = table.told()
    for message in sent:
        page.hear(message)

    assert at_once == MESSAGES_PER_TICK
    assert {len(message["rows"]) for message in sent} == {ROWS_PER_MESSAGE}
    assert page.shown() == [[f"SM{number}", "sent"] for number in reversed(range(100_000))]


def test_long_texts_make_smaller_messages(make: Callable[..., Table]) -> None:
    table, page = make(), Page()
    table.append(row(number, status="x" * 4_000) for number in range(200))
    table.on_control(page.want())
    sent = table.told()

    assert [len(message["rows"]) for message in sent] == [37, 37, 37, 37, 37, 15]


@given(st.data())
def test_a_page_recovers_all_rows_after_any_lost_message(data: st.DataObject) -> None:
    """Any changes, any losses, any order of asking: once asked in peace, the page is right."""
    log, page, told = RowLog(COLUMNS, key="sid", max_rows=12), Page(), 0
    for _ in range(data.draw(st.integers(1, 12))):
        numbers = data.draw(st.lists(st.integers(0, 20), max_size=6))
        change = data.draw(st.sampled_from(["append", "older", "replace", "update"]))
        rows = [row(number, status=f"s{log.change}") for number in numbers]
        if change == "append":
            log.append(rows)
        elif change == "older":
            log.append_older(rows)
        elif change == "replace":
            log.replace(rows, total=None, note="")
        else:
            log.update("SM3", {"status": "delivered"})
        if data.draw(st.booleans()):
            messages, told = messages_since(log, told, 10)
            for message in messages:
                if data.draw(st.booleans()):
                    page.hear(message)
    since = page.seen if page.epoch == log.epoch else log.base
    for message in messages_since(log, max(log.base, min(since, log.change)), 10)[0]:
        page.hear(message)

    assert page.shown() == [list(entry.cells) for entry in log]
    assert page.seen == log.change


def test_a_repeated_row_is_updated_in_place(make: Callable[..., Table]) -> None:
    table = make()
    table.append([row(1), row(2)])
    table.append([row(1, status="delivered"), row(3)])

    assert [(held["sid"], held["status"]) for held in table.rows] == [
        ("SM3", "sent"),
        ("SM2", "sent"),
        ("SM1", "delivered"),
    ]
    assert table.update("SM2", {"status": "failed"}) is True
    assert table.update("SM9", {"status": "failed"}) is False
    assert table.rows[1] == {"sid": "SM2", "status": "failed"}


def test_older_rows_go_below_and_a_full_table_keeps_the_newest(make: Callable[..., Table]) -> None:
    table = make(max_rows=3)
    table.replace([row(9), row(8)], total=50)
    table.append_older([row(7), row(6)])
    assert [held["sid"] for held in table.rows] == ["SM9", "SM8", "SM7"]

    table.append([row(10)])
    assert [held["sid"] for held in table.rows] == ["SM10", "SM9", "SM8"]
    table.on_control({"t": "want", "epoch": 0, "since": 0})
    (message,) = table.told()
    assert (message["count"], message["dropped"], message["total"]) == (3, 2, 51)


def test_one_bad_row_leaves_the_table_as_it_was() -> None:
    log = RowLog((TableColumn("at", "At", kind="time"),), key=None, max_rows=10)
    log.append([{"at": dt.datetime(2026, 1, 15, tzinfo=dt.UTC)}])
    naive = {"at": dt.datetime(2026, 1, 15, 12, 4, 31)}  # noqa: DTZ001

    for change in (log.append, log.append_older):
        with pytest.raises(ConfigurationError, match="has no time zone"):
            change([{"at": None}, naive])
    with pytest.raises(ConfigurationError, match="has no time zone"):
        log.replace([naive], total=None, note="")
    assert [entry.cells for entry in log] == [("2026-01-15 00:00:00",)]


def test_an_idle_table_reports_how_far_it_has_sent(make: Callable[..., Table]) -> None:
    table = make()
    table.on_control({"t": "want", "epoch": -1, "since": -1})
    table.append([row(1)])
    table.told()
    table.pulse.rest()

    (message,) = table.sent
    assert (message["after"], message["to"], message["rows"]) == (1, 1, [])


def test_an_opened_row_is_reported_with_all_its_fields(make: Callable[..., Table]) -> None:
    table, opened = make(), list[object]()
    table.append([row(1, raw={"To": "+1"})])
    table.on_select(opened.append)
    message = {"method": "custom", "content": {"t": "open", "epoch": 1, "place": 0}}
    # By the widget's own comm, which a page uses that could not open one of its own.
    table._handle_msg({"content": {"data": message}, "buffers": []})

    assert opened == [row(1, raw={"To": "+1"})]
    assert table.selected == row(1, raw={"To": "+1"})
    table.on_select(opened.append, remove=True)
    table.on_control({"t": "open", "epoch": 1, "place": 0})
    assert len(opened) == 1
    table.clear()
    assert table.selected is None


HOSTILE: list[object] = [
    None,
    [],
    "want",
    7,
    {},
    {"t": "want"},
    {"t": "want", "epoch": "1", "since": 0},
    {"t": "want", "epoch": True, "since": 0},
    {"t": "want", "epoch": 1.5, "since": 0},
    {"t": "want", "epoch": 1, "since": 10**400},
    {"t": "want", "epoch": {"$gt": 0}, "since": []},
    {"t": "open", "epoch": 1, "place": None},
    {"t": "open", "epoch": 1, "place": "__class__"},
    {"t": ["open"], "epoch": 1, "place": 0},
    {"t": "rows", "rows": [[0, 1, "x"]]},
    {"t": "eval", "code": "1"},
]


@pytest.mark.parametrize("message", HOSTILE, ids=repr)
def test_a_malformed_message_of_a_page_is_ignored(
    make: Callable[..., Table], message: object
) -> None:
    table = make()
    table.append([row(1)])
    table.on_control(message)

    assert request_of(message) is None
    assert (table.pulse.asked, table.selected, table.told()) == (0, None, [])


def test_missing_rows_cannot_be_opened_and_unknown_numbers_are_ignored(
    make: Callable[..., Table],
) -> None:
    table = make()
    table.append([row(1)])
    table.on_select(lambda _row: pytest.fail("nothing was opened"))
    for place, epoch in ((1, 1), (-1, 1), (0, 0), (0, 2)):
        assert request_of({"t": "open", "epoch": epoch, "place": place}) == Open(epoch, place)
        table.on_control({"t": "open", "epoch": epoch, "place": place})
    assert request_of({"t": "want", "epoch": 1, "since": 999}) == Want(1, 999)
    table.on_control({"t": "want", "epoch": 1, "since": 999})
    table.append([row(2)])

    assert [message["rows"] for message in table.told()] == [[[1, 2, "SM2", "sent"]]]


def test_the_page_cannot_set_any_state(make: Callable[..., Table]) -> None:
    table = make()
    before = table.get_state()
    table.set_state({"label": "x", "columns": [], "channel": "stolen", "height": 9})

    assert table.get_state() == before


def test_many_threads_may_write_at_once(make: Callable[..., Table]) -> None:
    table, page = make(), Page()
    table.on_control(page.want())

    def write(start: int) -> None:
        for number in range(start, start + 500):
            table.append([row(number)])
            table.update(f"SM{number}", {"status": "delivered"})

    threads = [threading.Thread(target=write, args=(n * 500,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for message in table.told():
        page.hear(message)

    assert sorted(page.shown()) == sorted([f"SM{number}", "delivered"] for number in range(2_000))


def test_a_table_without_a_kernel_starts_nothing_and_closes_twice() -> None:
    table = VirtualTable(COLUMNS, label="Messages")
    table.append([row(1)])

    assert [thread.name for thread in threading.enumerate() if "table" in thread.name] == []
    table.close()
    table.close()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (float("nan"), ""),
        (pd.NA, ""),
        (pd.NaT, ""),
        (0, "0"),
        (Decimal("-0.00750"), "-0.00750"),
        (Decimal("1E-7"), "0.0000001"),
        (dt.date(2026, 1, 15), "2026-01-15"),
        (dt.datetime(2026, 1, 15, 14, 4, 31, tzinfo=dt.timezone(dt.timedelta(hours=2))),
         "2026-01-15 12:04:31"),
        (pd.Timestamp("2026-01-15T12:04:31.123456Z"), "2026-01-15 12:04:31"),
        ("\ud83d\ude42 and \ud83d", "🙂 and �"),
        ("x" * 4_001, "x" * 4_000 + "… (4,001 characters)"),
    ],
)  # fmt: skip
def test_any_value_has_a_text(value: object, text: str) -> None:
    shown = cell_text(value, TableColumn("x", "X"))

    assert shown == text
    shown.encode()


@given(st.text())
def test_visible_text_hides_nothing_and_keeps_the_rest(text: str) -> None:
    shown = one_line(text)

    assert shown == one_line(shown)
    assert not any(character in shown for character in "\x00\n\t\x1b\u202e\u2066\u200b\u2028\ufeff")
    if text.isprintable() and text.isascii():
        assert shown == text


def test_a_table_says_the_same_tomorrow(make: Callable[..., Table]) -> None:
    table = make()
    table.replace(
        [row(1, status="<img src=x> $a$ \u202e")], total=83_112, note="30006: <b>landline"
    )
    bundle = table._repr_mimebundle_()
    assert bundle is not None

    assert bundle[0]["text/plain"] == "VirtualTable(label='Messages', rows=1)"
    assert bundle[0]["text/html"] == (
        '<div class="tw-static tex2jax_ignore mathjax_ignore"><table><caption>Messages</caption>'
        '<thead><tr><th scope="col">SID</th><th scope="col">Status</th></tr></thead>'
        '<tbody><tr><td style="text-align: left">SM1</td><td style="text-align: left">'
        "&lt;img src=x&gt; <span>$</span>a<span>$</span> ⟨U+202E⟩</td></tr></tbody></table>"
        "<p>Showing the last 1 of 83,112, newest first. · 30006: &lt;b&gt;landline</p></div>"
    )


@pytest.mark.parametrize(
    ("held", "message"),
    [
        (0, "No rows yet."),
        (7, "Showing all 7, newest first."),
        (STATIC_ROWS + 1, "Showing the last 200 of 201 (201 were loaded), newest first."),
    ],
)
def test_a_saved_notebook_says_what_it_leaves_out(
    make: Callable[..., Table], held: int, message: str
) -> None:
    table = make()
    table.append(row(number) for number in range(held))
    html = table.static_html()

    assert f"<p>{message}</p>" in html
    assert html.count("<tr>") == 1 + min(held, STATIC_ROWS)


@pytest.mark.parametrize(
    ("build", "problem"),
    [
        (lambda: VirtualTable([], label="x"), "at least one column"),
        (lambda: VirtualTable([*COLUMNS, *COLUMNS], label="x"), "Two columns are named 'sid'"),
        (lambda: VirtualTable(COLUMNS, label="x", height=10), "height is 10"),
        (lambda: VirtualTable(COLUMNS, label="x", max_rows=10**9), "max_rows is 1,000,000,000"),
        (lambda: TableColumn("a", "A", kind="colour"), "has the kind 'colour'"),  # type: ignore[arg-type]
        (lambda: TableColumn("a", "A", width=0), "is 0 characters wide"),
    ],
)
def test_invalid_arguments_are_refused_with_a_reason(
    build: Callable[[], object], problem: str
) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        build()


def test_a_time_says_its_zone_at_the_head_once() -> None:
    heads = [TableColumn("at", title, kind="time").heading for title in ("Sent", "Sent (UTC)")]

    assert heads == ["Sent (UTC)", "Sent (UTC)"]
