"""The panel that shows an account's numbers, services, usage and alerts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from twilio_widgets.core.credentials.secret import concealed, kind_of
from twilio_widgets.panels.code.access import Access
from twilio_widgets.panels.connection.client_source import check_source, wake_with
from twilio_widgets.panels.connection.panel import ConnectionPanel
from twilio_widgets.panels.connection.state import Identity
from twilio_widgets.panels.inputs.ordered_button import NOT_NOW
from twilio_widgets.panels.kit.elements import Note, foot, styled, visible
from twilio_widgets.panels.kit.panel import Panel, refuse_unknown, sentence_of
from twilio_widgets.panels.kit.results import result
from twilio_widgets.panels.resources import state as steps
from twilio_widgets.panels.resources import text as texts
from twilio_widgets.panels.resources.detail import ResourceDetail
from twilio_widgets.panels.resources.form import AccountForm
from twilio_widgets.panels.resources.rows import COLUMNS, HEIGHTS, KEY, ORDERS, rows_of
from twilio_widgets.panels.resources.snippets import section_snippet
from twilio_widgets.panels.resources.state import (
    MOST_ROWS,
    SECTIONS,
    AccountState,
    SectionQuery,
    SectionResult,
    SectionState,
)
from twilio_widgets.panels.table.table import VirtualTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from twilio_widgets.client import Twilio
    from twilio_widgets.client.resources import RejectionSource
    from twilio_widgets.frames.safe_frame import SafeFrame
    from twilio_widgets.panels.code.snippets import Snippet
    from twilio_widgets.panels.connection.client_source import Source
    from twilio_widgets.panels.kit.saved_picture import Static
    from twilio_widgets.panels.resources.state import Section
    from twilio_widgets.panels.table.cells import TableColumn


class AccountPanel(Panel[AccountState]):
    """A card with the account's phone numbers, messaging services, usage and debugger alerts.

    Each has a tab and is read when Load is pressed there or `load` is called; nothing is read
    before that, and nothing is changed at Twilio. ``panel.frame`` is the DataFrame of the chosen
    tab, for the next cell. Opening a row shows all its fields; an alert is explained.

    Args:
        twilio: A `Twilio`, or a `ConnectionPanel`: this panel becomes active when that connects.
        listener: A `Listener`, to link alerts about its webhooks to its own rejected requests.
        limit: Rows to read at most in each tab; None: all.
        static: Whether the notebook file keeps a picture of the card: True with masked numbers,
            ``"unmasked"`` with whole ones, False none.
    """

    title = "Account"

    def __init__(
        self,
        twilio: Source = None,
        *,
        listener: RejectionSource | None = None,
        limit: int | None = MOST_ROWS,
        static: Static = True,
        **unknown: object,
    ) -> None:
        twilio, listener = concealed(twilio), concealed(listener)
        refuse_unknown("AccountPanel", unknown, known=("twilio", "listener", "limit", "static"))
        check_source("AccountPanel", twilio)
        if limit is not None and (type(limit) is not int or limit < 1):
            raise TypeError(f"limit is a number of rows from 1, or None, not {limit!r}.")
        if listener is not None and not hasattr(listener, "rejections_of"):
            raise TypeError(f"listener is a Listener, not {kind_of(listener)}.")
        query = SectionQuery(limit=limit)
        self._begin(
            AccountState(
                follows=isinstance(twilio, ConnectionPanel),
                has_listener=listener is not None,
                sections={section: SectionState(asked=query) for section in SECTIONS},
            )
        )
        self._twilio: Twilio | None = None
        self._listener = listener
        self._frames: dict[Section, SafeFrame] = {}
        self._make(self._state)
        self._keep_picture(static)
        self._unsubscribe = wake_with(twilio, self._on_connected, self._on_disconnected)

    @result
    def frame(self) -> SafeFrame | None:
        """The rows of the chosen tab, as its ``list`` method returned them; None before that."""
        return self._frames.get(self._state.chosen)

    @result
    def value(self) -> SafeFrame | None:
        """The frame, for `ipywidgets.interactive_output`."""
        return self._frames.get(self._state.chosen)

    def _tokens(self) -> Mapping[str, object]:
        frame = self._frames.get(self._state.chosen)
        return {"frame": frame, "value": frame}

    def load(self, section: Section | None = None) -> None:
        """Read a tab with its current filters and show it. Returns at once; see `join`.

        Args:
            section: ``"numbers"``, ``"services"``, ``"usage"`` or ``"alerts"``; None reads the
                chosen tab.

        Raises:
            ValueError: There is no such tab.
        """
        if section is not None and section not in SECTIONS:
            raise ValueError(f"section is one of {', '.join(SECTIONS)}, not {section!r}.")
        with self._lock:
            if section is not None:
                self._apply(steps.section_chosen, section)
            chosen, turn = self._state.chosen, self._state.section.turn
            self._apply(steps.began)
            one = self._state.section
            if one.turn != turn and self._twilio is not None:
                self._start(self._read, self._twilio, chosen, one)

    def _make(self, state: AccountState) -> None:
        self._form = AccountForm(state)
        self._progress = styled(Note(), "tw-nothing")
        self._empty = styled(Note(), "tw-nothing")
        self._tables = {
            section: VirtualTable(
                _columns_of(section, linked=state.has_listener),
                label=texts.TITLES[section],
                key=KEY,
                height=HEIGHTS[section],
                order=ORDERS[section],
            )
            for section in SECTIONS
        }
        self._detail = ResourceDetail()
        self._wire()
        self.add_class("tw-resources")
        self._assemble(
            self._form.sections,
            self._form.rows,
            self._progress,
            self._empty,
            *self._tables.values(),
            self._detail.box,
            foot(right=(self._code_button,)),
        )

    def _wire(self) -> None:
        self._on_change(self._form.sections, partial(self._apply, steps.section_chosen))
        for name, control in self._form.controls.items():
            self._on_change(control, partial(self._asked, name))
        self._read_fields(self._form.controls.values())
        for pressed in (self._form.controls["category"], self._form.load):
            self._on_press(pressed, self._press_load)
        for table in self._tables.values():
            table.on_select(partial(self._guarded, self._open_row))
        self._on_click(self._detail.close, partial(self._take_step, steps.row_closed))

    def _asked(self, name: str, text: str) -> None:
        if text != str(getattr(self._state.section.asked, name)):
            self._apply(steps.filter_changed, name, text)

    def _press_load(self) -> str:
        if self._state.identity is None or self._state.section.reading is not None:
            return NOT_NOW
        self.load()
        return ""

    def _open_row(self, row: Mapping[str, object] | None) -> None:
        if row is not None:
            self._apply(steps.row_opened, str(row[KEY]))

    def _on_connected(self, twilio: Twilio) -> None:
        with self._lock:
            self._twilio = twilio
            self._frames.clear()
            for table in self._tables.values():
                table.clear()
            self._apply(steps.connected, Identity.of(twilio.connection))

    def _on_disconnected(self) -> None:
        self._twilio = None
        self._apply(steps.disconnected)

    def _read(self, twilio: Twilio, section: Section, one: SectionState) -> None:
        tell = partial(self._apply, steps.continued, section, one.turn)
        keywords: dict[str, Any] = one.asked.parameters(section, twilio.connection.now())
        try:
            match section:
                case "numbers":
                    frame = twilio.numbers.list(**keywords)
                case "services":
                    frame = twilio.services.list(**keywords)
                case "usage":
                    frame = twilio.usage(**keywords, progress=tell)
                case "alerts":
                    frame = twilio.alerts.list(**keywords, listener=self._listener, progress=tell)
            rows = rows_of(section, frame)
        except Exception as error:  # noqa: BLE001  # or the panel would show "reading…" forever
            self._apply(steps.failed, section, one.turn, sentence_of(error))
            return
        self._take(section, one, frame, rows)

    def _take(
        self, section: Section, one: SectionState, frame: SafeFrame, rows: list[dict[str, object]]
    ) -> None:
        with self._lock:
            if not self._open or self._state.sections[section].turn != one.turn:
                return
            self._frames[section] = frame
            complete = bool(frame.attrs["complete"])
            read = SectionResult(asked=one.asked, rows=len(rows), complete=complete)
            self._tables[section].replace(rows, note=texts.note_of(read, section))
            self._apply(steps.ended, section, one.turn, read)

    def _stop(self) -> None:
        self._unsubscribe()

    def _fail(self, error: Exception) -> None:
        self._apply(steps.failed_unexpectedly, sentence_of(error))

    def _draw(self, state: AccountState) -> None:
        self._head.show(*texts.pill_of(state))
        self._form.draw(state)
        emptiness = texts.emptiness_of(state)
        self._progress.show(texts.progress_of(state))
        self._empty.show(emptiness)
        for section, table in self._tables.items():
            visible(table, section == state.chosen and not emptiness)
        self._detail.draw(state.chosen, self._row_opened(state))

    def _row_opened(self, state: AccountState) -> Mapping[str, object] | None:
        if not state.opened:
            return None
        rows = self._tables[state.chosen].rows
        return next((row for row in rows if row[KEY] == state.opened), None)

    def _snippet(self, state: AccountState) -> Snippet:
        now = self._twilio.connection.now() if self._twilio else datetime.now(UTC)
        access = Access.of("API key") if state.identity is None else state.identity.access
        asked = state.section.asked.parameters(state.chosen, now)
        linked = state.has_listener and state.chosen == "alerts"
        return section_snippet(access, state.chosen, asked, linked=linked)

    def _summary(self, state: AccountState) -> Iterable[tuple[str, str]]:
        return texts.summary_of(state)

    def _picture_html(self) -> str:
        state = self._state
        table = "" if texts.emptiness_of(state) else self._tables[state.chosen].static_html()
        return super()._picture_html() + table


def _columns_of(section: Section, *, linked: bool) -> tuple[TableColumn, ...]:
    """Return the columns of a section; the listener's is shown when there is a listener."""
    return tuple(
        replace(column, shown=True) if linked and column.name == "rejection_reason" else column
        for column in COLUMNS[section]
    )
