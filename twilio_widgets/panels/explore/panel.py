"""The panel that explores a message log by clicking."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Literal, cast
from zoneinfo import ZoneInfo

import ipywidgets

from twilio_widgets.analysis.chart_spec import ChartSpec
from twilio_widgets.analysis.source import checked_zone, frame_of
from twilio_widgets.archive.archive import Archive
from twilio_widgets.core.credentials.secret import concealed
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.panels.charts.chart import Chart
from twilio_widgets.panels.charts.svg import picture_of
from twilio_widgets.panels.code.access import Access
from twilio_widgets.panels.connection.client_source import check_source, wake_with
from twilio_widgets.panels.connection.panel import ConnectionPanel
from twilio_widgets.panels.connection.state import Identity
from twilio_widgets.panels.explore import state as steps
from twilio_widgets.panels.explore import text as texts
from twilio_widgets.panels.explore.detail import OpenedMessage
from twilio_widgets.panels.explore.elements import Chips, Tiles
from twilio_widgets.panels.explore.engine import ExploreEngine, Frame, prepared
from twilio_widgets.panels.explore.form import ExploreForm, value_of
from twilio_widgets.panels.explore.snippets import analysis_code
from twilio_widgets.panels.explore.state import Answer, Asked, ExploreState, wanted
from twilio_widgets.panels.explore.worker import (
    LoadHooks,
    covered_from,
    read_archive,
    read_given,
    read_live,
    sync_archive,
)
from twilio_widgets.panels.inputs.ordered_button import NOT_NOW
from twilio_widgets.panels.kit.elements import Note, foot, still_picture, styled, visible
from twilio_widgets.panels.kit.panel import Panel, refuse_unknown, sentence_of
from twilio_widgets.panels.kit.results import result
from twilio_widgets.panels.kit.throttle import throttle
from twilio_widgets.panels.messages.progress import ReadingLine
from twilio_widgets.panels.messages.rows import COLUMNS, KEY, rows_of
from twilio_widgets.panels.table.cells import TableColumn
from twilio_widgets.panels.table.table import VirtualTable
from twilio_widgets.panels.viewers.conversation import messages_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from twilio_widgets.client import Twilio
    from twilio_widgets.frames.message_frame import MessageFrame
    from twilio_widgets.panels.code.snippets import Snippet
    from twilio_widgets.panels.connection.client_source import Source
    from twilio_widgets.panels.explore.state import Loaded, Origin, Period
    from twilio_widgets.panels.kit.saved_picture import Static

MOST_ROWS = 1_000
"""The rows of the table: the newest ones. `frame` has all of them."""

MOST_BUBBLES = 200
"""The messages of a conversation that are shown: the newest ones."""

SMALL = 420
"""Pixels of a chart in the saved picture; the first one has twice the width."""

AFTER, AGAIN = 0.15, 0.3
"""Seconds from a change of the filters until the table and `frame` follow, so that the charts come
first; and from there to the next time."""

EMPTY_CHART = ChartSpec(kind="bars", title="", categories=(), series=())

TABLE = (TableColumn("sent", "Sent", width=19), *COLUMNS[1:])
"""The columns; times are texts in the panel's time zone."""


class ExplorePanel(Panel[ExploreState]):
    """A card to explore a message log by clicking: figures, charts that filter each other, a table.

    A click on a bar, a cell or a legend filters everything else; a click on a row opens the message
    and its conversation. ``panel.frame`` and ``panel.selection`` are DataFrames for the next cell,
    and can be observed: ``panel.observe(function, "frame")``.

    Nothing is requested from Twilio until Load or Sync is pressed, or `load` is called. An archive
    and a frame are read at once.

    Args:
        twilio: A `Twilio`, or a `ConnectionPanel`: this panel becomes active when that connects.
        archive: An archive to read, which Sync updates with `twilio`.
        messages: A message frame to explore instead of a log.
        period: ``"24 h"``, ``"7 days"``, ``"30 days"`` or ``"all"``. It ends now; with a frame, at
            its newest message.
        tz: The time zone of all times, as an IANA name.
        static: Whether a saved notebook shows a picture of the figures and charts; ``"unmasked"``
            for one with whole phone numbers.

    Raises:
        ConfigurationError: There is no such time zone or period, or `messages` is not a frame.
        TypeError: Another argument is invalid.
    """

    title = "Explore messages"

    def __init__(
        self,
        twilio: Source = None,
        *,
        archive: Archive | None = None,
        messages: Frame = None,
        period: str = "7 days",
        tz: str = "UTC",
        static: Static = True,
        **unknown: object,
    ) -> None:
        twilio = concealed(twilio)
        known = ("twilio", "archive", "messages", "period", "tz", "static")
        refuse_unknown("ExplorePanel", unknown, known)
        check_source("ExplorePanel", twilio)
        origins = _checked_origins(twilio, archive, messages)
        asked = Asked(origin=origins[0], period=_checked_period(period), tz=checked_zone(tz))
        follows = isinstance(twilio, ConnectionPanel)
        self._begin(ExploreState(follows=follows, asked=asked, origins=origins))
        self._twilio: Twilio | None = None
        self._archive, self._given = archive, messages
        self._engine = ExploreEngine()
        self._stop_reading = threading.Event()
        self._counting = throttle("twilio_widgets-count", self._count, _rest, soonest=0, every=0)
        self._following = throttle(
            "twilio_widgets-follow", self._follow, _rest, soonest=AFTER, every=AGAIN
        )
        self._make(self._state)
        self._keep_picture(static)
        self._unsubscribe = wake_with(twilio, self._on_connected, self._on_disconnected)
        if asked.origin != "live":
            self.load()

    @result
    def frame(self) -> Frame:
        """The messages of the period that pass the filters; None before the first load."""
        state = self._state
        if state.loaded is None:
            return None
        return self._engine.filtered(state.asked, state.loaded.now, state.where)

    @result
    def selection(self) -> Frame:
        """The rows of the log that are selected in the table; None before the first load.

        A click selects one row, dragging, Shift+click or Shift with an arrow several.
        """
        frame = self._engine.frame
        if frame is None:
            return None
        return frame[frame["sid"].isin([row[KEY] for row in self._table.chosen])]

    @result
    def value(self) -> Frame:
        """The frame, for `ipywidgets.interactive_output`."""
        return self.frame

    def load(self) -> None:
        """Read the messages of the chosen source and period. Returns at once; see `join`."""
        self._run("load")

    def sync(self) -> None:
        """Update the archive, and read it. Returns at once; see `join`."""
        if self._archive is not None and self._twilio is not None:
            self._run("sync")

    def _run(self, kind: Literal["load", "sync"]) -> None:
        with self._lock:
            before = self._state.turn
            if texts.readable(self._state):
                self._apply(steps.began, kind)
            if self._state.turn != before:
                self._stop_reading = threading.Event()
                self._start(self._work, kind, self._state, self._stop_reading)

    # Controls

    def _make(self, state: ExploreState) -> None:
        self._form = ExploreForm(state)
        self._line = ReadingLine(partial(self._guarded, self._cancel))
        self._empty = styled(Note(), "tw-nothing")
        self._chips = Chips(partial(self._filter, steps.removed), self._clear_all)
        self._tiles = Tiles()
        self._charts = tuple(map(self._make_chart, range(len(steps.CHART_DIMENSIONS))))
        self._grid = styled(ipywidgets.Box(self._charts), "tw-explore-charts")
        self._table = VirtualTable(TABLE, label="Messages", key=KEY)
        self._opened = OpenedMessage()
        self._wire()
        self.add_class("tw-explore")
        self._parts = (self._chips, self._tiles, self._grid, self._table)
        self._assemble(
            self._form.rows,
            self._line,
            self._empty,
            *self._parts,
            self._opened.box,
            foot(right=(self._code_button,)),
        )

    def _make_chart(self, place: int) -> Chart:
        chart = Chart(EMPTY_CHART, static=False)
        chart.on_pick(
            partial(self._filter, steps.picked, place),
            partial(self._filter, steps.chart_cleared, place),
        )
        return chart

    def _wire(self) -> None:
        controls = self._form.controls
        for name, control in controls.items():
            self._on_change(control, partial(self._asked, name))
        self._read_fields(controls.values())
        self._on_press(self._form.load, partial(self._pressed, "load"))
        self._on_press(self._form.sync, partial(self._pressed, "sync"))
        self._table.on_select(partial(self._guarded, self._open_row))
        self._table.on_choose(partial(self._guarded, partial(self._notify, "selection")))
        self._on_click(self._opened.switch, partial(self._apply, steps.switched))
        self._on_click(self._opened.close, self._close_row)

    def _pressed(self, kind: Literal["load", "sync"]) -> str:
        zone = self._form.controls["tz"].value  # a refused one stays in the field
        if value_of("tz", zone) != self._state.asked.tz:
            return f"The time zone {zone!r} is unknown, so nothing was done. Correct it first."
        before = self._state.turn
        self.sync() if kind == "sync" else self.load()
        return "" if self._state.turn != before else NOT_NOW

    def _asked(self, name: str, text: str) -> None:
        value = value_of(name, text)
        if value == getattr(self._state.asked, name):
            return
        if name == "tz":
            try:
                checked_zone(str(value))
            except ConfigurationError as error:
                self._apply(steps.failed, str(error))
                return
        self._apply(steps.asked_for, name, value)
        if name == "origin" and value != "live":
            self.load()
        self._counting.ask()

    def _filter(self, step: Callable[..., ExploreState], *args: object) -> None:
        """Change the filters, and count. Runs on any thread; a page sent it."""
        self._guarded(self._apply, step, *args)
        self._counting.ask()

    def _clear_all(self) -> None:
        self._filter(steps.all_cleared)

    def _cancel(self) -> None:
        self._stop_reading.set()
        self._apply(steps.stop_requested)

    # Reading

    def _on_connected(self, twilio: Twilio) -> None:
        self._stop_reading.set()
        self._twilio = twilio
        self._apply(steps.connected, Identity.of(twilio.connection))
        if self._state.loaded is None:
            self._engine.put(None)

    def _on_disconnected(self) -> None:
        self._stop_reading.set()
        self._twilio = None
        self._apply(steps.disconnected)

    def _work(
        self, kind: Literal["load", "sync"], state: ExploreState, stop: threading.Event
    ) -> None:
        reading = LoadHooks(
            show=partial(self._apply, steps.continued, state.turn), stopped=stop.is_set
        )
        try:
            frame, loaded = self._read(kind, state, reading)
            reading.show(steps.Running(kind="load", text=f"Preparing {loaded.rows:,} messages…"))
            log, start, end = prepared(frame, state.asked.tz)
        except Exception as error:  # noqa: BLE001  # or the panel would show "reading…" forever
            self._apply(steps.load_failed, state.turn, sentence_of(error))
            return
        if self._twilio is None and end is not None:  # nothing else knows what time it is
            loaded = replace(loaded, now=end)
        with self._lock:
            if state.turn != self._state.turn or not self._open:
                return
            self._engine.put(log, covered_from(loaded, start))
            self._apply(steps.ended, state.turn, loaded)
        self._count()  # here, so that `join` waits for it

    def _read(
        self, kind: Literal["load", "sync"], state: ExploreState, reading: LoadHooks
    ) -> tuple[Frame, Loaded]:
        now, twilio, archive = self._now(), self._twilio, self._archive
        if state.asked.origin == "messages" or (archive is None and twilio is None):
            return read_given(self._given, now)
        if state.asked.origin == "live" and twilio is not None:
            return read_live(twilio, state.asked, reading)
        archive = cast("Archive", archive)
        note = ""
        if kind == "sync" and twilio is not None:
            note = sync_archive(archive, twilio, state.asked, reading)
        frame, loaded = read_archive(archive, now, reading)
        return frame, replace(loaded, note=note or loaded.note)

    def _now(self) -> datetime:
        return self._twilio.connection.now() if self._twilio else datetime.now(UTC)

    # Counting

    def _count(self) -> None:
        """Count for the current filters: the charts first, then the figures, then the rest."""
        self._guarded(self._count_now)

    def _count_now(self) -> None:
        state = self._state
        asked, where = state.asked, state.where
        if state.loaded is None:
            return
        with self._engine.lock:
            overview = self._engine.overview(asked, state.loaded.now)
            if overview is None:
                return
            charts = overview.charts(wanted(where))
            answer = Answer(span=asked.span(state.loaded.now), where=where, charts=charts)
            self._apply(steps.charts_counted, asked, answer)
            figures = overview.figures(wanted(where))
        self._apply(steps.figures_counted, asked, where, *figures)
        self._following.ask()

    def _follow(self) -> None:
        """Show the rows, and notify observers. Only the latest filters count."""
        self._guarded(self._follow_now)

    def _follow_now(self) -> None:
        state = self._state
        if state.loaded is None or state.answer is None:
            return
        asked, where, now = state.asked, state.where, state.loaded.now
        with self._engine.lock:
            overview = self._engine.overview(asked, now)
            if overview is None:
                return
            newest, total = overview.newest(wanted(where), MOST_ROWS)
        zone = ZoneInfo(asked.tz)
        rows = [
            row | {"sent": _local(row["sent"], zone)}
            for row in rows_of(cast("MessageFrame", newest))
        ]
        note = f"Times in {asked.tz}. {texts.note_of(len(rows), total)}".rstrip()
        self._table.replace(rows, total=total, note=note)
        self._apply(steps.rows_shown, where, len(rows), total)
        self._notify("frame")
        self._notify("value")

    # The opened message

    def _open_row(self, row: dict[str, object] | None) -> None:
        if row is not None:
            sid = str(row[KEY])
            self._apply(steps.opened, sid)
            self._start(self._find, sid)

    def _find(self, sid: str) -> None:
        loaded = self._state.loaded
        with self._engine.lock:
            overview = loaded and self._engine.overview(self._state.asked, loaded.now)
            if not overview:
                return
            found, total = overview.conversation(sid, MOST_BUBBLES)
        chat = messages_of(found)
        message = next((one for one in chat if one.sid == sid), None)
        message = message or next(iter(messages_of(self._row_of(sid))), None)
        self._apply(steps.found, sid, message, chat, total)

    def _row_of(self, sid: str) -> Frame:
        frame = self._engine.frame
        return None if frame is None else frame[frame["sid"] == sid]

    def _close_row(self) -> None:
        self._apply(steps.closed)

    # Drawing

    def _draw(self, state: ExploreState) -> None:
        self._head.show(*texts.pill_of(state))
        self._form.draw(state)
        running = state.running
        self._line.show(
            *(("", None) if running is None else (running.text, running.share)),
            stopping=state.stopping,
        )
        emptiness = texts.emptiness_of(state)
        self._empty.show(emptiness)
        for part in self._parts:
            visible(part, not emptiness)
        self._draw_answer(state)
        self._opened.draw(state)

    def _draw_answer(self, state: ExploreState) -> None:
        if state.answer is None:
            return
        for place, (chart, spec) in enumerate(zip(self._charts, state.answer.charts, strict=True)):
            chart.show(spec, steps.picks_of(state, place))
        self._chips.show(texts.chips_of(state))
        self._tiles.show(texts.tiles_of(state))

    def _draw_code(self) -> None:
        if self._code_seen:
            self._code.show([("twilio_widgets", self._code_text(self._state))])

    def _code_text(self, state: ExploreState) -> str:
        access = Access.of("API key") if state.identity is None else state.identity.access
        now = self._now() if state.loaded is None else state.loaded.now
        folder = "" if self._archive is None else str(self._archive.folder)
        return analysis_code(state, access, folder, now)

    def _snippet(self, state: ExploreState) -> Snippet:
        raise NotImplementedError  # there is no official client for an analysis; see _draw_code

    def _fail(self, error: Exception) -> None:
        self._apply(steps.failed, sentence_of(error))

    def _summary(self, state: ExploreState) -> Iterable[tuple[str, str]]:
        return texts.summary_of(state)

    def _picture_html(self) -> str:
        state = self._state
        parts = [super()._picture_html()]
        if state.answer is not None and not texts.emptiness_of(state):
            tiles = [
                (tile["label"], " · ".join(filter(None, (tile["value"], tile["change"]))))
                for tile in texts.tiles_of(state)
            ]
            whole = self._picture_static == "unmasked"
            first, *others = state.answer.charts
            small = "".join(picture_of(spec, whole=whole, width=SMALL) for spec in others)
            parts += [
                still_picture("Figures", tiles),
                picture_of(first, whole=whole, width=2 * SMALL),
                f'<div style="display: flex; flex-wrap: wrap; gap: 16px">{small}</div>',
            ]
        return "".join(parts)

    def _stop(self) -> None:
        self._unsubscribe()
        self._stop_reading.set()
        self._counting.stop()
        self._following.stop()


def _checked_origins(twilio: object, archive: object, messages: Frame) -> tuple[Origin, ...]:
    """Return the sources to choose from, the first one chosen."""
    if archive is not None and not isinstance(archive, Archive):
        raise TypeError(f"archive= takes a tw.Archive, not {type(archive).__name__}.")
    if messages is not None:
        if archive is not None:
            raise TypeError("Give messages= or archive=: a panel explores one of them.")
        frame_of(messages)
        return ("messages",) if twilio is None else ("messages", "live")
    if archive is not None:
        return ("archive",) if twilio is None else ("archive", "live")
    return ("live",)


def _checked_period(period: str) -> Period:
    if period not in {*steps.LENGTHS, "all"}:
        known = ", ".join(map(repr, [*steps.LENGTHS, "all"]))
        raise ConfigurationError(
            f"period can be {known}, not {period!r}. Days are chosen in the panel.",
            field="period",
        )
    return period


def _local(moment: object, zone: ZoneInfo) -> str:
    """Return a time in a zone, to the second; empty for a message that was not sent."""
    is_time = isinstance(moment, datetime) and type(moment).__name__ != "NaTType"
    if not is_time:
        return ""
    return cast("datetime", moment).astimezone(zone).isoformat(" ", "seconds")[:19]


def _rest() -> None:
    """Do nothing when a throttle rests."""
