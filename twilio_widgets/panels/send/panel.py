"""The panel that sends one message and shows its delivery status."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from twilio_widgets.bulk.run.pacing import UNDO_SECONDS
from twilio_widgets.client import Twilio
from twilio_widgets.core.credentials.secret import concealed, kind_of
from twilio_widgets.core.numbers.price_sources import price_source
from twilio_widgets.core.text.smart_encoding import smart
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.panels.code.access import Access
from twilio_widgets.panels.code.snippets import Snippet, send_snippet
from twilio_widgets.panels.connection.panel import ConnectionPanel
from twilio_widgets.panels.connection.senders import senders_of
from twilio_widgets.panels.inputs.ordered_button import NOT_NOW
from twilio_widgets.panels.kit import work
from twilio_widgets.panels.kit.elements import foot
from twilio_widgets.panels.kit.panel import refuse_unknown, sentence_of
from twilio_widgets.panels.kit.results import result
from twilio_widgets.panels.send import state as steps
from twilio_widgets.panels.send import template_steps as templates
from twilio_widgets.panels.send.draft import Draft, parameters_of, sender_of, value_of
from twilio_widgets.panels.send.form import SendForm
from twilio_widgets.panels.send.state import SendingAccount, SendState
from twilio_widgets.panels.send.text import pill_of, summary_of
from twilio_widgets.panels.send.worker import SendWorker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from twilio_widgets.core.message.message import Message
    from twilio_widgets.core.numbers.account_prices import PriceTable
    from twilio_widgets.errors import OutcomeUnknown
    from twilio_widgets.panels.kit.saved_picture import Static

LONGEST_UNDO = 60
"""Seconds."""

_OPTIONS = ("to", "from_", "body", "confirm_segments", "undo_seconds", "prices", "static")
_CONNECT_IT = (
    "Not connected. Press Connect in the connection panel; then this panel becomes active."
)
_GIVE_A_CLIENT = (
    "Not connected. Create this panel with a connection: SendPanel(ConnectionPanel()) or "
    "SendPanel(twilio)."
)


class SendPanel(SendWorker):
    """A card that sends one message and shows its delivery status.

    Creating or showing the panel sends nothing. One press of "Send" sends one message: a second
    press sends nothing, and the same message can be sent again only after "Send another".
    ``panel.message`` is available to the next cell.

    Args:
        twilio: The client to send with, or a `ConnectionPanel` that provides it.
        to: The initial recipient.
        from_: The initial sender.
        body: The initial text.
        confirm_segments: Ask before sending a message of more segments than this; None never asks.
        undo_seconds: Undo window: seconds before the message is sent. 0 sends at once, as does a
            kernel without threads, which cannot receive an "Undo" in the meantime.
        prices: The account's prices, from ``tw.prices(twilio)``, or your own estimates of US
            dollars per segment, by country: ``{"GB": "0.05"}``.
        static: Whether the notebook file keeps a picture of the card: True with masked numbers,
            ``"unmasked"`` with whole ones, False none.
    """

    title = "Send a message"

    def __init__(
        self,
        twilio: Twilio | ConnectionPanel | None = None,
        *,
        to: str = "",
        from_: str = "",
        body: str = "",
        confirm_segments: int | None = 3,
        undo_seconds: int = UNDO_SECONDS,
        prices: Mapping[str, object] | PriceTable | None = None,
        static: Static = True,
        **unknown: object,
    ) -> None:
        twilio = concealed(twilio)
        refuse_unknown("SendPanel", unknown, known=("twilio", *_OPTIONS))
        _check_options(twilio, confirm_segments, undo_seconds)
        source = price_source(prices)
        draft = Draft(to=to, from_=from_, body=body)
        self._begin(SendState(draft=draft))
        self._confirm_segments = confirm_segments
        self._undo_seconds = undo_seconds if work.THREADS_EXIST else 0
        self._undone = threading.Event()
        self._forget: list[Callable[[], None]] = []
        self._tell: list[Callable[[Message], object]] = []
        self._told: Message | None = None
        how_to_connect = _GIVE_A_CLIENT if twilio is None else _CONNECT_IT
        self._form = form = SendForm(draft, how_to_connect, source)
        self._wire(form)
        self._assemble(
            form.rows, form.ask, foot(*form.actions, right=(form.more, self._code_button))
        )
        self._keep_picture(static)
        if isinstance(twilio, ConnectionPanel):
            self._forget = [
                twilio.on_disconnect(self._disconnect),
                twilio.on_connect(self._connect),
            ]
        elif twilio is not None:
            self._connect(twilio)

    @result
    def message(self) -> Message | None:
        """The message sent last, as Twilio last described it, or None."""
        return self._state.message

    @result
    def value(self) -> Message | None:
        """The same, for `ipywidgets.interactive_output`."""
        return self.message

    def _tokens(self) -> Mapping[str, object]:
        return dict.fromkeys(("message", "value"), self._state.message)

    @property
    def error(self) -> OutcomeUnknown | None:
        """The error of a message that may have been sent, for ``messages.find``, or None."""
        return None if self._lost is None else self._lost[0]

    def on_message(self, callback: Callable[[Message], object]) -> Callable[[], None]:
        """Call back with the message when it was sent, and after each change of it.

        The callback runs on any thread while the panel is drawn, and should return soon.

        Returns:
            A function that removes the callback.
        """
        with self._lock:
            self._tell.append(callback)
        return partial(self._tell.remove, callback)

    def reply_to(self, message: Message) -> str:
        """Write the other party of a message into To, and the own number into From.

        Returns:
            Why nothing was written; empty if it was.
        """
        inbound = message.direction == "inbound"
        to, from_ = (message.from_, message.to) if inbound else (message.to, message.from_)
        with self._lock:
            own = next((one for one in self._state.senders if sender_of(one) == from_), from_)
            if self._state.phase not in steps.OPEN_TO_A_MESSAGE:
                return "A message is being sent in the other card. Reply when it is done."
            self._apply(steps.addressed, to or "", own or "")
            self._form.write(self._state.draft)
        return ""

    def _wire(self, form: SendForm) -> None:
        for name, control in form.controls.items():
            self._on_change(control, partial(self._typed, name))
        self._on_change(form.template.picker, self._choose_template)
        for place, control in enumerate(form.template.values):
            self._on_change(control, partial(self._apply, templates.filled, place))
        self._read_fields((*form.controls.values(), *form.template.controls))
        self._on_press(form.meter, self._replace_characters)
        self._on_press(form.send, self._press)
        self._on_press(form.agree, self._agree)
        self._on_click(form.back, self._undo)
        self._on_click(form.undo, self._undo)
        self._on_click(form.another, partial(self._take_step, steps.another))
        self._on_click(form.find_out, self._find_out)
        self._on_click(form.anew, self._start_over)
        self._on_click(form.look_again, self._look_again)
        self._on_click(form.more, partial(self._apply, steps.toggled_more))

    def _typed(self, name: str, text: str) -> None:
        self._apply(steps.typed, name, value_of(name, text))
        if name in {"to", "from_"}:
            self._ask_about_window()

    def _choose_template(self, sid: str) -> None:
        with self._lock:
            self._apply(templates.selected, sid)
            self._form.template.write(self._state.draft.variables)
            self._ask_about_window()

    # Connecting

    def _connect(self, twilio: Twilio) -> None:
        with self._lock:
            self._twilio = twilio
            connection = twilio.connection
            label = "sandbox" if connection.kind == "sandbox" else connection.masked_account
            self._apply(steps.connected, SendingAccount(label=label, access=Access.of(connection)))
            if self._open:
                self._start(self._suggest_senders, twilio)
                self._start(self._suggest_templates, twilio)
                self._question = None
                self._ask_about_window()

    def _disconnect(self) -> None:
        with self._lock:
            self._twilio = None
            self._undone.set()
            self._apply(steps.disconnected)

    def _suggest_senders(self, twilio: Twilio) -> None:
        senders, note = senders_of(twilio)
        with self._lock:
            if self._twilio is twilio:
                self._apply(steps.suggested, senders, note)
                self._form.controls["from_"].value = self._state.draft.from_

    # Sending

    def _press(self) -> str:
        if self._twilio is None or not steps.may_send(self._state):
            return NOT_NOW
        now = self._twilio.connection.now()
        ask_above, seconds = self._confirm_segments, self._undo_seconds
        self._set_out(partial(steps.pressed, ask_above=ask_above, undo_seconds=seconds), now)
        return ""

    def _agree(self) -> str:
        if self._state.phase != "asking":
            return NOT_NOW
        self._set_out(partial(steps.agreed, undo_seconds=self._undo_seconds))
        return ""

    def _start_over(self) -> str:
        with self._lock:
            answer = self._take_step(steps.restarted)
            self._form.write(self._state.draft)
            return answer

    # The panel

    def in_use(self) -> bool:
        """Return whether it must stay when its cell has run again: a message is not settled."""
        return self._state.phase not in {"writing", "followed"} or super().in_use()

    def _replace_characters(self) -> str:
        body = self._state.draft.body
        if self._form.controls["body"].disabled:
            return NOT_NOW
        self._form.controls["body"].value = smart(body)
        return ""

    def _stop(self) -> None:
        self._undone.set()
        for forget in self._forget:
            forget()

    def _fail(self, error: Exception) -> None:
        self._keep(steps.failed, sentence_of(error))

    def _draw(self, state: SendState) -> None:
        self._head.show(*pill_of(state))
        self._form.draw(state)
        if state.message is not None and state.message != self._told:
            self._told = state.message
            for callback in tuple(self._tell):
                self._guarded(callback, state.message)

    def _snippet(self, state: SendState) -> Snippet:
        where = "auth token" if state.account is None else state.account.access
        return send_snippet(where, parameters_of(state.draft))

    def _summary(self, state: SendState) -> Iterable[tuple[str, str]]:
        return summary_of(state)


def _check_options(twilio: object, confirm_segments: object, undo_seconds: object) -> None:
    if twilio is not None and not isinstance(twilio, Twilio | ConnectionPanel):
        raise TypeError(
            "SendPanel sends with a Twilio client or a ConnectionPanel, not with "
            f"{kind_of(twilio)}: give Twilio(connection)."
        )
    if confirm_segments is not None and not _is_whole(confirm_segments, 1, 1_000):
        raise ConfigurationError(
            "confirm_segments must be a number of segments, 1 or more, or None to never ask.",
            field="confirm_segments",
        )
    if not _is_whole(undo_seconds, 0, LONGEST_UNDO):
        raise ConfigurationError(
            f"undo_seconds must be a whole number of seconds from 0 to {LONGEST_UNDO}.",
            field="undo_seconds",
        )


def _is_whole(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
