"""The panel that reads the message log and shows one message in detail."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from twilio_widgets.core.credentials.secret import concealed
from twilio_widgets.core.system.thread_lock import ThreadLock
from twilio_widgets.panels.code.access import Access
from twilio_widgets.panels.code.snippets import Snippet, list_snippet
from twilio_widgets.panels.connection.client_source import check_source, wake_with
from twilio_widgets.panels.connection.panel import ConnectionPanel
from twilio_widgets.panels.connection.state import Identity
from twilio_widgets.panels.inputs.ordered_button import NOT_NOW
from twilio_widgets.panels.kit.elements import Note, foot, styled, visible
from twilio_widgets.panels.kit.panel import Panel, refuse_unknown, sentence_of
from twilio_widgets.panels.kit.results import result
from twilio_widgets.panels.messages import state as steps
from twilio_widgets.panels.messages import text as texts
from twilio_widgets.panels.messages.chat import contact_of, loaded_chat, read_chat
from twilio_widgets.panels.messages.detail import MessageDetail
from twilio_widgets.panels.messages.filters import FilterBar, LookUp, value_of
from twilio_widgets.panels.messages.progress import ReadingLine
from twilio_widgets.panels.messages.reader import read_log
from twilio_widgets.panels.messages.rows import COLUMNS, KEY, row_of
from twilio_widgets.panels.messages.state import MessagesQuery, MessagesState
from twilio_widgets.panels.table.table import VirtualTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from twilio_widgets.client import Twilio
    from twilio_widgets.core.message.message import Message
    from twilio_widgets.frames.message_frame import MessageFrame
    from twilio_widgets.panels.connection.client_source import Source
    from twilio_widgets.panels.kit.saved_picture import Static
    from twilio_widgets.panels.messages.reader import LogRead


class MessagesPanel(Panel[MessagesState]):
    """A card that shows the message log, and one message in detail with its error explained.

    Nothing is read until Load is pressed or `load` is called. ``panel.frame`` is a DataFrame of the
    messages read, for the next cell. Twilio filters by recipient, sender and time; the search and
    the filters of the table only hide rows already read, and never change the frame.

    Args:
        twilio: A `Twilio`, or a `ConnectionPanel`: this panel becomes active when that connects.
        limit: Messages to read at most, until the user selects another limit; None: all.
        static: Whether the notebook file keeps a picture of the card: True with masked numbers,
            ``"unmasked"`` with whole ones, False none.
    """

    title = "Messages"

    def __init__(
        self,
        twilio: Source = None,
        *,
        limit: int | None = steps.FIRST_LIMIT,
        static: Static = True,
        **unknown: object,
    ) -> None:
        twilio = concealed(twilio)
        refuse_unknown("MessagesPanel", unknown, known=("twilio", "limit", "static"))
        check_source("MessagesPanel", twilio)
        if limit is not None and (type(limit) is not int or limit < 1):
            raise TypeError(f"limit is a number of messages from 1, or None, not {limit!r}.")
        follows = isinstance(twilio, ConnectionPanel)
        self._begin(MessagesState(follows=follows, asked=MessagesQuery(limit=limit)))
        self._twilio: Twilio | None = None
        self._frame: MessageFrame | None = None
        self._reply: Callable[[Message], object] | None = None
        self._arrived: dict[str, Message] = {}
        self._rows_lock = ThreadLock()
        self._stop_reading = threading.Event()
        self._make(self._state)
        self._keep_picture(static)
        self._unsubscribe = wake_with(twilio, self._on_connected, self._on_disconnected)

    @result
    def frame(self) -> MessageFrame | None:
        """The messages read last, as ``messages.list`` returned them; None before that.

        Without pandas (in JupyterLite) it is always None: use ``messages.iterate`` there.
        """
        return self._frame

    @result
    def message(self) -> Message | None:
        """The opened message, as last read; None when none is open."""
        detail = self._state.detail
        return None if detail is None else detail.message

    @result
    def selection(self) -> MessageFrame | None:
        """The rows of `frame` that are selected in the table; None before the first load.

        A click selects one row, dragging, Shift+click or Shift with an arrow several.
        """
        frame = self._frame
        if frame is None:
            return None
        return frame[frame["sid"].isin([row[KEY] for row in self._table.chosen])]

    @result
    def value(self) -> MessageFrame | None:
        """The frame, for `ipywidgets.interactive_output`."""
        return self._frame

    def _tokens(self) -> Mapping[str, object]:
        return {
            "frame": self._frame,
            "value": self._frame,
            "message": self._state.detail and self._state.detail.message,
        }

    def load(self) -> None:
        """Read the log with the current filters. Returns at once; see `join`."""
        with self._lock:
            before = self._state.turn
            self._apply(steps.began)
            if self._state.turn != before and self._twilio is not None:
                self._stop_reading, self._arrived = threading.Event(), {}
                self._start(self._read, self._twilio, self._state, self._stop_reading)

    def look_up(self, sid: str) -> None:
        """Read one message and show it below the table. Returns at once; see `join`."""
        sid = sid.strip()
        with self._lock:
            self._apply(steps.looked_up, sid)
            if self._twilio is not None and not self._state.sid_problem:
                self._start(self._fetch, self._twilio, sid)

    def on_reply(self, callback: Callable[[Message], object]) -> Callable[[], None]:
        """Call back with the opened message when the user presses Reply, which is then offered.

        `SendPanel.reply_to` is such a callback.

        Returns:
            A function that removes the callback.
        """
        self._reply = callback
        with self._lock:
            self._draw(self._state)
        return self._end_replies

    def _end_replies(self) -> None:
        self._reply = None
        if self._open:
            self._draw(self._state)

    def _press_reply(self) -> str:
        message, reply = self.message, self._reply
        if message is None or reply is None:
            return NOT_NOW
        answer = reply(message)
        return answer if isinstance(answer, str) else ""

    def show(self, message: Message) -> None:
        """Update the row of a message that was just sent or has changed.

        A message without a row is added at the top if it matches the filters. The frame is not
        changed.
        """
        self._apply(steps.found, message)
        self._apply(steps.chat_received, message)
        with self._rows_lock:
            self._arrived[message.sid] = message
            self._show_row(message)

    def _show_row(self, message: Message) -> None:
        if self._state.asked.takes(message):
            self._table.append([row_of(message)])
            self._apply(steps.row_added)

    def _make(self, state: MessagesState) -> None:
        self._filters = FilterBar(state.asked)
        self._line = ReadingLine(partial(self._guarded, self._cancel))
        self._empty = styled(Note(), "tw-nothing")
        self._table = VirtualTable(COLUMNS, label=self.title, key=KEY)
        self._detail = MessageDetail()
        self._looking_up = LookUp()
        self._wire()
        self.add_class("tw-messages")
        self._assemble(
            self._filters.rows,
            self._line,
            self._empty,
            self._table,
            self._detail.box,
            foot(self._looking_up.rows, right=(self._code_button,)),
        )

    def _wire(self) -> None:
        controls = self._filters.controls
        for name, control in controls.items():
            self._on_change(control, partial(self._asked, name))
        self._read_fields((*controls.values(), self._looking_up.sid))
        for pressed in (controls["to"], controls["from_"], self._filters.load):
            self._on_press(pressed, self._load)
        self._on_change(self._looking_up.sid, partial(self._apply, steps.typed_sid))
        self._on_press(self._looking_up.sid, self._look_up_typed)
        self._on_press(self._looking_up.button, self._look_up_typed)
        self._table.on_select(partial(self._guarded, self._opened))
        self._table.on_choose(partial(self._guarded, partial(self._notify, "selection")))
        self._on_click(self._detail.reply, self._press_reply)
        self._on_click(self._detail.refresh, self._refresh_detail)
        self._on_click(self._detail.close, partial(self._take_step, steps.detail_closed))
        self._on_click(self._detail.show_code, partial(self._apply, steps.toggled_code))
        self._on_click(self._detail.open_chat, self._open_chat)
        self._on_click(self._detail.ask_chat, self._ask_chat)
        self._on_click(self._detail.back, partial(self._take_step, steps.chat_closed))

    def _asked(self, name: str, text: str) -> None:
        self._apply(steps.filter_changed, name, value_of(name, text))

    def _load(self) -> str:
        if self._state.identity is None or self._state.reading is not None:
            return NOT_NOW
        self.load()
        return ""

    def _on_connected(self, twilio: Twilio) -> None:
        with self._rows_lock:
            self._stop_reading.set()
            self._twilio, self._frame, self._arrived = twilio, None, {}
            self._table.clear()
            self._apply(steps.connected, Identity.of(twilio.connection))

    def _on_disconnected(self) -> None:
        self._stop_reading.set()
        self._twilio = None
        self._apply(steps.disconnected)

    def _cancel(self) -> None:
        self._stop_reading.set()
        self._apply(steps.stop_requested)

    def _read(self, twilio: Twilio, state: MessagesState, stop: threading.Event) -> None:
        on_page = partial(self._apply, steps.continued, state.turn)
        try:
            read = read_log(twilio, state.asked, on_page=on_page, stopped=stop.is_set)
        except Exception as error:  # noqa: BLE001  # or the panel would show "reading…" forever
            self._apply(steps.failed, state.turn, sentence_of(error))
        else:
            self._take(read, state.turn)

    def _take(self, read: LogRead, turn: int) -> None:
        with self._rows_lock:
            if turn != self._state.turn or not self._open:
                return
            self._frame = read.frame
            self._table.replace(read.rows, note=texts.note_of(read.summary))
            self._apply(steps.ended, turn, read.summary)
            # Shown while the log was being read, and perhaps too late for the page they are on.
            for message in self._arrived.values():
                self._show_row(message)

    def _opened(self, row: dict[str, object] | None) -> None:
        if row is not None:
            self.look_up(str(row[KEY]))

    def _look_up_typed(self) -> None:
        self.look_up(self._state.sid)

    def _refresh_detail(self) -> None:
        if self._state.detail is not None:
            self.look_up(self._state.detail.sid)

    def _fetch(self, twilio: Twilio, sid: str) -> None:
        try:
            message = twilio.messages.get(sid)
        except Exception as error:  # noqa: BLE001  # shown in the detail view
            self._apply(steps.not_found, sid, sentence_of(error))
            return
        self._apply(steps.found, message)
        self._table.update(sid, row_of(message))

    def _open_chat(self) -> str:
        """Show the conversation of the opened message, from the loaded log."""
        message = self.message
        if message is None:
            return NOT_NOW
        with self._rows_lock:
            others = (*self._arrived.values(), message)
            chat = loaded_chat(contact_of(message), self._frame, others)
        return self._take_step(steps.chat_opened, message.sid, chat)

    def _ask_chat(self) -> str:
        with self._lock:
            answer = self._take_step(steps.chat_asked)
            detail = self._state.detail
            if not answer and detail is not None and detail.chat is not None:
                self._start(self._read_chat, self._twilio, detail.chat.contact)
            return answer

    def _read_chat(self, twilio: Twilio, contact: str) -> None:
        try:
            chat = read_chat(twilio, contact)
        except Exception as error:  # noqa: BLE001  # or the card would ask forever
            self._apply(steps.chat_failed, contact, sentence_of(error))
        else:
            self._apply(steps.chat_read, chat)

    def _stop(self) -> None:
        self._unsubscribe()
        self._stop_reading.set()

    def _fail(self, error: Exception) -> None:
        self._apply(steps.failed_unexpectedly, sentence_of(error))

    def _draw(self, state: MessagesState) -> None:
        self._head.show(*texts.pill_of(state))
        self._filters.draw(state)
        self._line.show(*texts.progress_of(state), stopping=state.stopping)
        self._empty.show(texts.emptiness_of(state))
        visible(self._table, state.rows_to_see)
        self._looking_up.draw(state)
        self._detail.draw(
            state.detail,
            self._access(state),
            awake=state.identity is not None,
            can_reply=self._reply is not None,
        )

    def _snippet(self, state: MessagesState) -> Snippet:
        now = self._twilio.connection.now() if self._twilio else datetime.now(UTC)
        return list_snippet(self._access(state), state.asked.parameters(now))

    def _access(self, state: MessagesState) -> Access:
        return Access.of("API key") if state.identity is None else state.identity.access

    def _summary(self, state: MessagesState) -> Iterable[tuple[str, str]]:
        return texts.summary_of(state)

    def _picture_html(self) -> str:
        table = self._table.static_html() if self._state.rows_to_see else ""
        return super()._picture_html() + table
