"""The background work of the send panel: send once, poll the status, and search the log.

Each worker knows the number of the attempt it was started for. `_leave` is the only way to send: it
returns the parameters once, to the attempt that is counting down.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from twilio_widgets.core.flows.flow import CALL_FIND
from twilio_widgets.errors import OutcomeUnknown, TwilioWidgetsError
from twilio_widgets.panels.inputs.ordered_button import NOT_NOW
from twilio_widgets.panels.kit.panel import sentence_of
from twilio_widgets.panels.send import state as steps
from twilio_widgets.panels.send.follow import follow
from twilio_widgets.panels.send.state import SendState
from twilio_widgets.panels.send.template_worker import TemplateWorker
from twilio_widgets.panels.send.text import too_late_to_undo

if TYPE_CHECKING:
    from collections.abc import Callable

    from twilio_widgets.client import Twilio
    from twilio_widgets.core.credentials.connection import Connection
    from twilio_widgets.core.flows.find import NotSureYet
    from twilio_widgets.core.message.message import Message

_LOOK_FIRST = "The message may have been sent: check the message log before you send it again."


class SendWorker(TemplateWorker):
    """The background work of `SendPanel`."""

    _undo_seconds = 0
    _twilio: Twilio | None = None
    _lost: tuple[OutcomeUnknown, Connection] | None = None
    """The error of a message whose outcome is unknown, and the connection that sent it."""
    _undone: threading.Event

    # Sending

    def _set_out(self, step: Callable[..., SendState], *args: object) -> None:
        """Apply a step, and start the worker of the attempt if the step began one."""
        with self._lock:
            before = self._state.attempt
            self._apply(step, *args)
            if self._state.attempt != before and self._twilio is not None:
                self._undone = undone = threading.Event()
                self._start(self._deliver, self._twilio, self._state.attempt, undone)

    def _undo(self) -> str:
        with self._lock:
            answer = self._take_step(steps.undone, otherwise=too_late_to_undo(self._state))
            if not answer:
                self._undone.set()
            return answer

    def _deliver(self, twilio: Twilio, attempt: int, undone: threading.Event) -> None:
        """Count down, send once, and poll the status."""
        for seconds in range(self._undo_seconds, 0, -1):
            self._apply(steps.counted, attempt, seconds)
            if undone.wait(1.0):
                return
        parameters = self._leave(attempt)
        if parameters is None:
            return
        try:
            message = twilio.messages.send(**parameters)
        except OutcomeUnknown as error:
            with self._lock:
                self._lost = (error, twilio.connection)
                self._keep(partial(steps.lost, can_search=True), _with_the_button(error))
        except TwilioWidgetsError as error:
            # Every other error of ours means that nothing was sent.
            self._keep(steps.refused, str(error), getattr(error, "field", None))
        except Exception as error:  # noqa: BLE001  # after any other error the message may have been sent
            self._keep(partial(steps.lost, can_search=False), f"{sentence_of(error)} {_LOOK_FIRST}")
        else:
            self._keep(steps.accepted, message)
            self._follow(twilio, attempt, message)

    def _leave(self, attempt: int) -> Mapping[str, Any] | None:
        """Return the parameters to send, once per attempt; None when it may not be sent."""
        with self._lock:
            if not self._open or not steps.may_leave(self._state, attempt):
                return None
            self._lost = None
            self._apply(steps.left, attempt)
            return self._state.sent

    def _keep(self, step: Callable[..., SendState], *args: object) -> None:
        """Apply a step that must not be lost: ``message`` is correct even on a closed panel."""
        with self._lock:
            if self._open:
                self._apply(step, *args)
            else:
                self._state = step(self._state, *args)

    # Following

    def _follow(self, twilio: Twilio, attempt: int, message: Message) -> None:
        def stopped() -> bool:
            current = self._open and self._twilio is twilio and self._state.attempt == attempt
            return not current or self._state.phase != "following"

        try:
            last = follow(
                twilio, message, seen=partial(self._apply, steps.seen, attempt), stopped=stopped
            )
        except TwilioWidgetsError as error:
            note = f"The message was sent, but its status could not be read. {error}"
        else:
            note = "" if stopped() else _why_no_more(last, self._state.sent or {})
        self._apply(steps.followed, attempt, note)

    def _look_again(self) -> str:
        with self._lock:
            twilio, message = self._twilio, self._state.message
            if twilio is None or message is None:
                return NOT_NOW
            answer = self._take_step(steps.polled_again)
            if not answer:
                self._start(self._look, twilio, self._state.attempt, message)
            return answer

    def _look(self, twilio: Twilio, attempt: int, message: Message) -> None:
        try:
            message = twilio.messages.get(message.sid)
        except TwilioWidgetsError as error:
            self._apply(steps.followed, attempt, f"The status could not be read. {error}")
            return
        self._apply(steps.seen, attempt, message)
        self._follow(twilio, attempt, message)

    # Unknown outcomes

    def _find_out(self) -> str:
        with self._lock:
            if self._twilio is None or self._lost is None:
                return NOT_NOW
            answer = self._take_step(steps.searching)
            if not answer:
                self._start(self._search, self._twilio, self._lost, self._state.attempt)
            return answer

    def _search(
        self, twilio: Twilio, lost: tuple[OutcomeUnknown, Connection], attempt: int
    ) -> None:
        error, connection = lost
        if not same_log(connection, twilio.connection):
            self._apply(
                steps.not_searched,
                f"The message may have been sent from account {connection.masked_account}. Connect "
                "to that account again to find out: another account's log does not contain it.",
            )
            return
        try:
            found: Message | NotSureYet | None = twilio.messages.find(error)
        except TwilioWidgetsError as problem:
            self._apply(
                steps.not_searched,
                f"The message log could not be read, so it is still not known whether the "
                f"message was sent. {problem}",
            )
            return
        self._keep(steps.searched, found)
        if self._state.phase == "following" and self._state.message is not None:
            self._lost = None
            self._follow(twilio, attempt, self._state.message)


def _with_the_button(error: OutcomeUnknown) -> str:
    """Return the error's sentence, naming the button instead of the method."""
    return str(error).replace(CALL_FIND, "“Find out”")


def _why_no_more(message: Message, parameters: Mapping[str, Any]) -> str:
    """Return why polling stopped although the status is not final; empty if it is final."""
    if message.is_final:
        return ""
    if message.status == "scheduled" and "send_at" in parameters:
        return f"Scheduled for {parameters['send_at']:%Y-%m-%d %H:%M} UTC."
    return f"Still {message.status}: some carriers return no delivery receipt."


def same_log(one: Connection, other: Connection) -> bool:
    """Return whether two connections have the same message log; each sandbox has its own."""
    worlds = [getattr(connection, "world_id", None) for connection in (one, other)]
    return one.acting_sid == other.acting_sid and worlds[0] == worlds[1]
