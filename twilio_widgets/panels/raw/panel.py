"""The panel that sends any request to Twilio's REST API and shows the response."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

from twilio_widgets.core.credentials.secret import concealed
from twilio_widgets.panels.code.access import Access
from twilio_widgets.panels.connection.client_source import check_source, wake_with
from twilio_widgets.panels.connection.panel import ConnectionPanel
from twilio_widgets.panels.connection.state import Identity
from twilio_widgets.panels.inputs.ordered_button import NOT_NOW, OrderedButton
from twilio_widgets.panels.kit.elements import Note, foot, styled, visible
from twilio_widgets.panels.kit.panel import refuse_unknown, sentence_of
from twilio_widgets.panels.kit.results import result
from twilio_widgets.panels.raw import state as steps
from twilio_widgets.panels.raw import text as texts
from twilio_widgets.panels.raw.draft import RawDraft
from twilio_widgets.panels.raw.form import RawForm
from twilio_widgets.panels.raw.history import HistoryList
from twilio_widgets.panels.raw.progress import AttemptsLine
from twilio_widgets.panels.raw.response_view import ResponseArea
from twilio_widgets.panels.raw.snippets import raw_snippet
from twilio_widgets.panels.raw.state import RawState
from twilio_widgets.panels.raw.worker import RawWorker

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from twilio_widgets.client import Twilio
    from twilio_widgets.core.raw.response import RawResponse
    from twilio_widgets.panels.code.snippets import Snippet
    from twilio_widgets.panels.connection.client_source import Source
    from twilio_widgets.panels.kit.saved_picture import Static


class RawRequestPanel(RawWorker):
    """A card to build a request to Twilio, send it, and read the response.

    Creating or displaying the panel sends nothing; one press of Send is one request. The response,
    including that of an error, is in ``panel.response`` for the next cell; ``panel.error`` is the
    error. Credentials in a response (``auth_token``, the ``secret`` of a new key) are masked on the
    card, but not in ``panel.response.data``.

    Args:
        twilio: A `Twilio`, or a `ConnectionPanel`: this panel becomes active when that connects.
        path: The initial path, or the URL of one of Twilio's API hosts; ``$TWILIO_ACCOUNT_SID`` in
            it is replaced by the SID.
        method: The initial method.
        static: Whether the notebook file keeps a picture of the card: True with masked numbers,
            ``"unmasked"`` with whole ones, False none.
    """

    title = "Raw request"

    def __init__(
        self,
        twilio: Source = None,
        *,
        path: str = "",
        method: str = "GET",
        static: Static = True,
        **unknown: object,
    ) -> None:
        twilio = concealed(twilio)
        refuse_unknown("RawRequestPanel", unknown, known=("twilio", "path", "method", "static"))
        check_source("RawRequestPanel", twilio)
        draft = RawDraft(path=path, method=method.upper())
        follows = isinstance(twilio, ConnectionPanel)
        self._begin(RawState(draft=draft, follows=follows))
        self._stopped = threading.Event()
        self._make(draft)
        self._keep_picture(static)
        self._unsubscribe = wake_with(twilio, self._on_connected, self._on_disconnected)

    @result
    def response(self) -> RawResponse | None:
        """The last response, also that of an error; None without one."""
        return self._response

    @result
    def value(self) -> RawResponse | None:
        """The same, for `ipywidgets.interactive_output`."""
        return self._response

    def _tokens(self) -> Mapping[str, object]:
        return dict.fromkeys(("response", "value"), self._response)

    @property
    def error(self) -> Exception | None:
        """The exception of the last request; None if it succeeded."""
        return self._error

    def _make(self, draft: RawDraft) -> None:
        self._form = RawForm(draft)
        self._attempts = AttemptsLine(partial(self._guarded, self._cancel))
        self._answer = ResponseArea()
        self._history = HistoryList(
            on_open=partial(self._guarded, self._open_entry),
            on_again=partial(self._guarded, self._send_entry),
        )
        self._no_history = styled(Note(), "tw-nothing")
        self._history_button = OrderedButton("History", quiet=True)
        self._wire()
        self.add_class("tw-raw")
        self._assemble(
            self._form.rows,
            self._form.ask,
            self._attempts,
            self._answer.box,
            foot(self._history_button, right=(self._code_button,)),
            self._history,
            self._no_history,
        )

    def _wire(self) -> None:
        form = self._form
        for fieldset in form.sets.values():
            fieldset.on_change(partial(self._guarded, partial(self._apply, steps.typed)))
        for name, table in form.tables.items():
            table.on_change(partial(self._guarded, partial(self._apply, steps.typed, name)))
        form.files.on_change(partial(self._guarded, partial(self._apply, steps.typed, "files")))
        for name, typed in form.typed.items():
            typed.on_type(partial(self._guarded, partial(self._apply, steps.typed, name)))
        self._read_fields(form.elements)
        self._on_press(form.path, self._enter)
        self._on_press(form.send, self._press)
        self._on_press(form.agree, self._agree)
        self._on_change(form.sections, partial(self._apply, steps.section_selected))
        self._on_change(self._answer.views, partial(self._apply, steps.view_selected))
        self._on_click(form.back, partial(self._take_step, steps.declined))
        self._on_click(self._answer.find_out, self._find_out)
        self._on_click(self._history_button, partial(self._apply, steps.toggled_history))

    # Connecting

    def _on_connected(self, twilio: Twilio) -> None:
        with self._lock:
            self._stopped.set()
            self._twilio = twilio
            self._apply(steps.connected, Identity.of(twilio.connection))

    def _on_disconnected(self) -> None:
        with self._lock:
            self._stopped.set()
            self._twilio = None
            self._apply(steps.disconnected)

    # Sending

    def _press(self) -> str:
        if not steps.may_send(self._state):
            return NOT_NOW
        self._step_and_send(steps.pressed)
        return ""

    def _agree(self) -> str:
        if self._state.phase != "asking":
            return NOT_NOW
        self._step_and_send(steps.agreed)
        return ""

    def _enter(self) -> str:
        """Send on Enter in the path, but only a method that reads; others need the button."""
        if self._state.draft.is_safe:
            return self._press()
        return "Enter sends only requests that read, so nothing was sent. Press Send."

    def _send_entry(self, number: int) -> str:
        with self._lock:
            before = self._state
            self._step_and_send(steps.chosen_again, number)
            self._form.write(self._state.draft)
            return NOT_NOW if self._state == before else ""

    def _open_entry(self, number: int) -> str:
        with self._lock:
            answer = self._take_step(steps.opened, number)
            self._form.write(self._state.draft)
            return answer

    # The panel

    def _fill(self, response: RawResponse | None, path: str) -> None:
        self._answer.fill(response, path)

    def _stop(self) -> None:
        self._unsubscribe()
        self._stopped.set()

    def _fail(self, error: Exception) -> None:
        self._apply(steps.failed, sentence_of(error))

    def _draw(self, state: RawState) -> None:
        self._head.show(*texts.pill_of(state))
        self._form.draw(state)
        text, wait, pause = texts.activity_of(state)
        self._attempts.show(
            texts.steps_of(state),
            text,
            busy=state.phase == "sending",
            wait=wait,
            pause=pause,
            stopping=state.stopping,
        )
        self._answer.draw(state)
        self._draw_history(state)

    def _draw_history(self, state: RawState) -> None:
        count = len(state.history)
        words_of = "Hide the history" if state.history_seen else "History"
        self._history_button.text = f"{words_of} ({count})" if count else words_of
        self._history.show(state.history, disabled=state.identity is None or state.phase != "ready")
        visible(self._history, state.history_seen and count > 0)
        self._no_history.show("No request has been sent yet." if state.history_seen else "")
        visible(self._no_history, state.history_seen and count == 0)

    def _snippet(self, state: RawState) -> Snippet:
        access = Access.of("API key") if state.identity is None else state.identity.access
        return raw_snippet(access, state.draft)

    def _summary(self, state: RawState) -> Iterable[tuple[str, str]]:
        return texts.summary_of(state)
