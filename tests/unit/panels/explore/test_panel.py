"""The explore panel as a page drives it: load, click, and read the frame in the next cell."""

from __future__ import annotations

import time
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

import twilio_widgets as tw
from tests.panel_driver import PanelDriver
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.panels.explore import panel as panel_module
from twilio_widgets.panels.explore.panel import ExplorePanel
from twilio_widgets.panels.explore.text import tiles_of
from twilio_widgets.panels.kit.throttle import ThreadThrottle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TZ = "Europe/Berlin"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the table and the frame follow at once."""
    monkeypatch.setattr(panel_module, "AFTER", 0)
    monkeypatch.setattr(panel_module, "AGAIN", 0)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[tw.Sandbox]:
    with tw.Sandbox(seed=7, messages=2_000, stories=True) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def log(sandbox: tw.Sandbox) -> Any:
    """The whole log, as a frame."""
    return tw.Twilio(sandbox.connection).messages.list(limit=None, progress=False)


@contextmanager
def shown(panel: ExplorePanel) -> Iterator[ExplorePanel]:
    """Yield a panel that has finished, and close it."""
    settle(panel)
    yield panel
    panel.close()


def settle(panel: ExplorePanel) -> None:
    """Wait until the panel has read and counted, and its table follows the filters."""
    panel.join(30)

    def settled() -> bool:
        state = panel._state
        if state.problem:
            return True
        if state.loaded is None or state.loaded.rows == 0:
            return state.running is None
        answer = state.answer
        return (
            answer is not None
            and (answer.where, answer.span[0] is None) == (state.where, state.asked.period == "all")
            and answer.figures is not None
            and state.shown is not None
            and state.shown[1] == answer.figures.messages == len(panel.frame)
        )

    wait_for(settled)


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.005)


def click(panel: ExplorePanel, chart: int, category: str | None, series: str | None = None) -> None:
    """Click a mark of a chart, as a page reports it."""
    content = {"t": "pick", "category": category, "series": series, "on": True}
    panel._charts[chart]._handle_custom_msg(content, [])
    settle(panel)


def tile(panel: ExplorePanel, label: str) -> str:
    return next(one["value"] for one in tiles_of(panel._state) if one["label"] == label)


# Reading


def test_nothing_is_read_from_twilio_until_load_is_pressed(sandbox: tw.Sandbox) -> None:
    with shown(ExplorePanel(tw.Twilio(sandbox.connection), period="30 days", tz=TZ)) as panel:
        assert panel.frame is None
        assert panel.selection is None
        assert repr(panel) == "ExplorePanel(not read yet)"

        assert PanelDriver(panel).press("Load") == ""
        settle(panel)
        assert len(panel.frame) > 500
        assert "read, complete" in repr(panel)


def test_a_load_reads_the_period_before_as_well(sandbox: tw.Sandbox) -> None:
    with shown(ExplorePanel(tw.Twilio(sandbox.connection), period="7 days")) as panel:
        panel.load()
        settle(panel)
        assert panel._state.loaded is not None
        assert panel._state.loaded.rows > len(panel.frame)
        assert panel._state.answer is not None
        assert panel._state.answer.before is not None


def test_an_archive_that_begins_in_the_period_before_is_not_compared_with_it(
    sandbox: tw.Sandbox, tmp_path: Path
) -> None:
    """The part that is archived would look like a quiet week."""
    twilio = tw.Twilio(sandbox.connection)
    archive = tw.Archive(tmp_path / "messages")
    today = sandbox.clock.now().date()
    archive.sync(twilio, since=today - timedelta(days=10), progress=False)
    with shown(ExplorePanel(twilio, archive=archive, period="7 days")) as panel:
        assert panel._state.answer.before is None
    archive.sync(twilio, since=today - timedelta(days=14), progress=False)
    with shown(ExplorePanel(twilio, archive=archive, period="7 days")) as panel:
        assert panel._state.answer.before is not None


def test_a_longer_period_than_was_read_asks_for_a_load(sandbox: tw.Sandbox) -> None:
    with shown(ExplorePanel(tw.Twilio(sandbox.connection), period="7 days")) as panel:
        panel.load()
        settle(panel)
        driver = PanelDriver(panel)
        driver.choose("Period", "Last 30 days")

        assert "Press Load to read the messages of this period." in driver.sentences()


def test_a_frame_is_explored_at_once_and_ends_at_its_newest_message(log: Any) -> None:
    with shown(ExplorePanel(messages=log, period="24 h")) as panel:
        assert panel._state.loaded is not None
        assert panel._state.loaded.now > log["date_sent"].max()
        assert 0 < len(panel.frame) < len(log)


def test_an_archive_is_synced_and_read(sandbox: tw.Sandbox, tmp_path: Any) -> None:
    archive = tw.Archive(tmp_path / "archive")
    twilio = tw.Twilio(sandbox.connection)
    with shown(ExplorePanel(twilio, archive=archive, period="7 days")) as panel:
        driver = PanelDriver(panel)
        assert driver.press("Sync") == ""
        settle(panel)

        assert archive.days["rows"].sum() > 0
        assert len(panel.frame) > 0
        assert driver.read("Source") == "archive"


def test_an_archive_without_a_client_is_read_and_cannot_be_synced(tmp_path: Any) -> None:
    panel = ExplorePanel(archive=tw.Archive(tmp_path / "none"))
    panel.join(30)

    assert PanelDriver(panel).press("Sync") == "disabled"
    assert "archive" in panel._state.problem
    panel.close()


def test_an_empty_log_says_so(log: Any) -> None:
    with shown(ExplorePanel(messages=log.iloc[:0])) as panel:
        empty = "There are no messages in this period: none was sent or received."
        assert empty in PanelDriver(panel).sentences()
        assert len(panel.frame) == 0


def test_one_message_has_figures_and_charts(log: Any) -> None:
    one = log[log["direction"] == "outbound-api"].iloc[:1]
    with shown(ExplorePanel(messages=one)) as panel:
        assert tile(panel, "Sent") == "1"
        assert len(panel.frame) == 1
        assert panel._charts[0].spec.series[0].values.count(1.0) == 1


# Filtering


def test_the_frame_is_exactly_the_rows_that_pass_the_filters(log: Any) -> None:
    with shown(ExplorePanel(messages=log, period="all", tz=TZ)) as panel:
        click(panel, 1, "30003")
        assert panel.frame["sid"].tolist() == log[log["error_code"] == 30003]["sid"].tolist()

        click(panel, 0, None, "undelivered")
        chosen = log[(log["error_code"] == 30003) & (log["status"] == "undelivered")]
        assert panel.frame["sid"].tolist() == chosen["sid"].tolist()


def test_a_click_filters_every_other_chart_and_not_its_own(log: Any) -> None:
    with shown(ExplorePanel(messages=log, period="all")) as panel:
        before = [chart.spec for chart in panel._charts]
        click(panel, 3, "GB")
        after = [chart.spec for chart in panel._charts]

        assert [one == other for one, other in zip(before, after, strict=True)] == [
            False, False, False, True, False, False,
        ]  # fmt: skip
        assert [chart.spec.keys for chart in panel._charts] == [spec.keys for spec in before]


def test_a_cell_filters_by_weekday_and_hour_of_the_time_zone(log: Any) -> None:
    with shown(ExplorePanel(messages=log, period="all", tz=TZ)) as panel:
        click(panel, 2, "10", "Monday")
        sent = log["date_sent"].fillna(log["date_created"]).dt.tz_convert(TZ)
        chosen = log[(sent.dt.hour == 10) & (sent.dt.day_of_week == 0)]

        assert panel.frame["sid"].tolist() == chosen["sid"].tolist()


def test_chips_show_and_remove_the_filters(log: Any) -> None:
    with shown(ExplorePanel(messages=log, period="all")) as panel:
        click(panel, 3, "GB")
        assert panel._chips._content == [{"name": "country", "key": "GB", "text": "Country: GB"}]

        content = {"t": "remove", "name": "country", "key": "GB"}
        panel._chips._handle_custom_msg(content, [])
        settle(panel)
        assert panel._chips._content == []
        assert len(panel.frame) == len(log)


def test_the_tiles_are_those_of_the_filtered_messages(log: Any) -> None:
    with shown(ExplorePanel(messages=log, period="all")) as panel:
        click(panel, 3, "GB")
        answer = tw.analysis.delivery(panel.frame)

        assert tile(panel, "Sent") == f"{answer['messages'].sum():,}"
        assert tile(panel, "Failed") == f"{answer['failed'].sum():,}"


def test_another_time_zone_counts_other_days(log: Any) -> None:
    with shown(ExplorePanel(messages=log, period="all", tz="UTC")) as panel:
        driver = PanelDriver(panel)
        before = panel._charts[2].spec.series
        driver.type("Time zone", "Asia/Tokyo")
        wait_for(lambda: panel._charts[2].spec.time_zone == "Asia/Tokyo")

        assert panel._charts[2].spec.series != before


def test_a_time_zone_that_does_not_exist_is_a_problem(log: Any) -> None:
    with shown(ExplorePanel(messages=log)) as panel:
        driver = PanelDriver(panel)
        driver.type("Time zone", "Berlin")

        assert any("IANA name of a time zone" in one for one in driver.sentences())
        assert panel._state.asked.tz == "UTC"
        assert PanelDriver(panel).press_on(panel._form.load) == (
            "The time zone 'Berlin' is unknown, so nothing was done. Correct it first."
        )


# The traits


def test_the_frame_is_observed_after_the_picture_and_only_the_latest(log: Any) -> None:
    with shown(ExplorePanel(messages=log, period="all")) as panel:
        seen: list[Any] = []
        panel.observe(lambda change: seen.append(change["new"]), "frame")
        click(panel, 3, "GB")
        wait_for(lambda: len(seen) > 0)

        assert seen[-1] is panel.frame


def test_the_traits_are_never_sent_to_a_page_and_cannot_be_set(log: Any) -> None:
    with shown(ExplorePanel(messages=log)) as panel:
        assert not {"frame", "selection"} & set(panel.keys)
        with pytest.raises(Exception, match="read-only"):
            panel.frame = log


def test_a_click_on_a_row_selects_it_and_shows_its_conversation(log: Any) -> None:
    with shown(ExplorePanel(messages=log, period="all")) as panel:
        seen: list[Any] = []
        panel.observe(lambda change: seen.append(change["new"]), "selection")
        assert len(panel.selection) == 0
        log = panel._table._log
        row = panel._table.rows[3]
        place = next(n for n in range(log.first, log.next) if log.at(n).row["sid"] == row["sid"])
        panel._table.on_control({"t": "open", "epoch": log.epoch, "place": place})
        panel.join(20)

        assert panel.selection["sid"].tolist() == [row["sid"]]
        assert [len(frame) for frame in seen] == [1]
        opened = panel._state.opened
        assert opened is not None
        assert opened.message is not None
        assert row["sid"] in [message.sid for message in opened.chat]
        contacts = {
            message.from_ if message.direction == "inbound" else message.to
            for message in opened.chat
        }
        assert len(contacts) == 1

        driver = PanelDriver(panel)
        driver.press("Show the conversation")
        assert driver.button("Show the message").disabled is False
        driver.press("Close")
        assert panel.selection["sid"].tolist() == [row["sid"]]


# Code and picture


def test_the_code_makes_the_same_figures(log: Any) -> None:
    with shown(ExplorePanel(messages=log, period="7 days", tz=TZ)) as panel:
        click(panel, 3, "GB")
        names: dict[str, Any] = {"frame": log}
        exec(panel._code_text(panel._state), names)

        assert names["chosen"].frame["sid"].tolist() == panel.frame["sid"].tolist()
        figures = tw.analysis.compare(names["before"].where(country=["GB"]), names["chosen"])
        values = dict(zip(figures["figure"], figures["b"], strict=True))
        assert f"{values['outbound messages']:,}" == tile(panel, "Sent")
        assert f"{values['inbound messages']:,}" == tile(panel, "Inbound")


def test_the_saved_picture_has_figures_and_charts_and_no_whole_number(log: Any) -> None:
    with shown(ExplorePanel(messages=log, period="all")) as panel:
        html = unquote(panel._saved_html())
        number = panel._charts[4].spec.keys[0]

        assert html.count("<img ") == 6
        assert f"<th>Sent</th><td>{tile(panel, 'Sent')}</td>" in html
        assert number.startswith("+")
        assert number not in html


def test_the_repr_of_a_filtered_log_has_no_whole_number(log: Any) -> None:
    with shown(ExplorePanel(messages=log, period="all")) as panel:
        number = panel._charts[4].spec.keys[0]
        click(panel, 4, number)

        assert number in str(panel._summary(panel._state))
        assert number not in repr(panel)


def test_join_waits_for_the_figures(log: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ThreadThrottle, "ask", lambda _: None)  # nothing counts it later
    panel = ExplorePanel(messages=log, period="all")

    assert panel.join(30)
    assert panel._state.answer.figures is not None
    panel.close()


# Arguments


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"period": "week"}, ConfigurationError, "period can be '24 h'"),
        ({"tz": "Berlin"}, ConfigurationError, "IANA name"),
        ({"archive": "folder"}, TypeError, "takes a tw.Archive, not str"),
        ({"messages": [1]}, ConfigurationError, "message frame"),
        ({"twilio": 3}, TypeError, "takes twilio="),
        ({"timezone": "UTC"}, TypeError, "no option 'timezone'"),
    ],
)
def test_an_invalid_argument_is_refused(
    options: dict[str, Any], error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        ExplorePanel(**options)
