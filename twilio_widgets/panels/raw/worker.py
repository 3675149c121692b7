"""The background work of the raw request panel: send a request, and search for a lost message.

Each worker carries the turn it was started for; results of an earlier turn are ignored.
"""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Any

from twilio_widgets.core.flows.find import NotSureYet
from twilio_widgets.core.raw.response import Attempt
from twilio_widgets.errors import (
    ConfigurationError,
    OutcomeUnknown,
    Refused,
    TwilioWidgetsError,
)
from twilio_widgets.panels.inputs.ordered_button import NOT_NOW
from twilio_widgets.panels.kit.panel import Panel, sentence_of
from twilio_widgets.panels.raw import outcome as outcomes
from twilio_widgets.panels.raw import state as steps
from twilio_widgets.panels.raw.draft import RawDraft, keywords_of
from twilio_widgets.panels.raw.history import HistoryEntry
from twilio_widgets.panels.raw.outcome import AttemptsCancelled
from twilio_widgets.panels.raw.state import FinishedAttempt, RawState, ResponseSummary
from twilio_widgets.panels.send.worker import same_log

if TYPE_CHECKING:
    from collections.abc import Callable

    from twilio_widgets.client import Twilio
    from twilio_widgets.core.credentials.connection import Connection
    from twilio_widgets.core.message.message import Message
    from twilio_widgets.core.raw.response import RawResponse
    from twilio_widgets.progress import ReadProgress

_NOT_THERE = (
    "It is not in the message log and can no longer arrive, so it was not sent. You can send it "
    "again."
)


class RawWorker(Panel[RawState]):
    """The base of `RawRequestPanel` that runs its requests."""

    _twilio: Twilio | None = None
    _response: RawResponse | None = None
    _error: Exception | None = None
    _lost: tuple[OutcomeUnknown, Connection] | None = None
    """The error of a message whose outcome is unknown, and its connection."""
    _stopped: threading.Event

    def _fill(self, response: RawResponse | None, path: str) -> None:
        """Show the body of an answer."""
        raise NotImplementedError

    def _step_and_send(self, step: Callable[..., RawState], *args: object) -> None:
        """Apply a step, and start a worker if the step started a request."""
        with self._lock:
            before = self._state.turn
            self._apply(step, *args)
            if self._state.turn != before and self._twilio is not None:
                self._stopped, self._lost = threading.Event(), None
                self._start(self._send_request, self._twilio, self._state, self._stopped)

    def _cancel(self) -> None:
        with self._lock:
            self._stopped.set()
            self._apply(steps.stop_requested)

    def _send_request(self, twilio: Twilio, state: RawState, stopped: threading.Event) -> None:
        """Send the request of a turn and apply the result."""
        draft, turn = state.draft, state.turn
        watch = AttemptObserver(turn, stopped, self._apply)
        keywords: dict[str, Any] = keywords_of(draft) | watch.hooks
        if draft.answer == "frame":
            keywords["progress"] = watch.read
        unanswered = twilio.messages.unanswered
        try:
            response = twilio.raw(draft.path.strip(), draft.method, **keywords)
        except AttemptsCancelled:
            left = [one for one in twilio.messages.unanswered if one not in unanswered]
            self._keep_cancelled(twilio, draft, watch, left[0] if len(left) == 1 else None)
        except (Refused, ConfigurationError) as error:
            if watch.may_have_been_carried_out and not draft.is_safe:
                self._keep_error(twilio, draft, turn, error, lost=True)
            else:
                self._keep_refused(turn, error)
        except Exception as error:  # noqa: BLE001  # shown in place of the response
            self._keep_error(twilio, draft, turn, error)
        else:
            self._keep(twilio, draft, outcomes.answer_to(turn, response), response, None)

    def _keep_cancelled(
        self, twilio: Twilio, draft: RawDraft, watch: AttemptObserver, error: OutcomeUnknown | None
    ) -> None:
        lost = not draft.is_safe and watch.may_have_been_carried_out
        tries = len(watch.attempts)
        with self._lock:
            if lost and error is not None:
                self._lost = (error, twilio.connection)
            answer = outcomes.answer_to_cancel(
                watch.turn, tries, lost=lost, found=self._lost is not None
            )
            self._keep(twilio, draft, answer, None, error)

    def _keep_refused(self, turn: int, error: Refused | ConfigurationError) -> None:
        """Show why nothing was sent; the last response stays."""
        with self._lock:
            self._error = error
            field = getattr(error, "field", None) or "path"
            self._apply_even_closed(steps.refused, turn, str(error), field)

    def _keep_error(
        self,
        twilio: Twilio,
        draft: RawDraft,
        turn: int,
        error: Exception,
        *,
        lost: bool = False,
    ) -> None:
        found = isinstance(error, OutcomeUnknown) and outcomes.creates_message(draft)
        ours = isinstance(error, TwilioWidgetsError)
        lost = lost or not (
            ours or draft.is_safe
        )  # an unexpected error may come after the request was sent
        answer = outcomes.answer_to_error(turn, error, found=found, lost=lost)
        response = error.response if isinstance(error, TwilioWidgetsError) else None
        with self._lock:
            if isinstance(error, OutcomeUnknown) and found and turn == self._state.turn:
                self._lost = (error, twilio.connection)
            self._keep(twilio, draft, answer, response, error)

    def _keep(
        self,
        twilio: Twilio,
        draft: RawDraft,
        answer: ResponseSummary,
        response: RawResponse | None,
        error: Exception | None,
    ) -> None:
        """Store the result of a request and show it; a closed panel only stores it."""
        now = twilio.connection.now()
        facts = " · ".join([f"{now:%H:%M:%S} UTC", *answer.facts[:1]])
        entry = HistoryEntry(
            number=answer.turn,
            draft=draft.without_contents,
            outcome=answer.status,
            tone=answer.tone,
            facts=facts,
        )
        with self._lock:
            if answer.turn != self._state.turn:
                return
            self._response, self._error = response, error
            if self._open:
                self._fill(response, draft.path)
            self._apply_even_closed(steps.answered, answer, entry)

    def _apply_even_closed(self, step: Callable[..., RawState], *args: object) -> None:
        """Apply a step even when the panel is closed, so that its result is not lost."""
        if self._open:
            self._apply(step, *args)
        else:
            self._state = step(self._state, *args)

    # Unknown outcomes

    def _find_out(self) -> str:
        with self._lock:
            if self._twilio is None or self._lost is None:
                return NOT_NOW
            answer = self._take_step(steps.searching)
            if not answer:
                self._start(self._search, self._twilio, self._lost, self._state.turn)
            return answer

    def _search(self, twilio: Twilio, lost: tuple[OutcomeUnknown, Connection], turn: int) -> None:
        error, connection = lost
        told = partial(self._apply, steps.searched, turn, None)
        if not same_log(connection, twilio.connection):
            told(
                f"It may have been sent from account {connection.masked_account}. Connect to that "
                "account to find out; the log of another account does not show it."
            )
            return
        try:
            found = twilio.messages.find(error)
        except TwilioWidgetsError as problem:
            told(
                "The message log could not be read, so it is still not known whether the message "
                f"was sent. {sentence_of(problem)}"
            )
            return
        if found is None:
            self._apply(steps.not_sent, turn, _NOT_THERE)
        elif isinstance(found, NotSureYet):
            told(f"Not sure yet: {found.reason} Do not send it again.")
        else:
            self._apply(steps.searched, turn, _was_sent(turn, found))


class AttemptObserver:
    """Observes the attempts of one request, and stops it when the user cancels.

    Args:
        turn: The request's number.
        stopped: Set when the user cancels.
        apply: Applies a step to the panel's state.
    """

    def __init__(self, turn: int, stopped: threading.Event, apply: Callable[..., object]) -> None:
        self.turn, self.attempts = turn, list[Attempt]()
        self._stopped, self._apply = stopped, apply

    @property
    def hooks(self) -> dict[str, object]:
        """The callbacks to pass to `Twilio.raw`."""
        return {"before_attempt": self._attempt_started, "attempt_seen": self._attempt_finished}

    @property
    def may_have_been_carried_out(self) -> bool:
        """Whether any attempt may have been carried out."""
        return any(outcomes.may_have_been_carried_out(one.status) for one in self.attempts)

    def read(self, reading: ReadProgress) -> None:
        """A page of a list was read."""
        self._raise_if_cancelled()
        self._apply(steps.continued, self.turn, reading)

    def _attempt_started(self, number: int) -> None:
        self._raise_if_cancelled()
        self._apply(steps.attempt_started, self.turn, number)

    def _attempt_finished(self, attempt: Attempt) -> None:
        self.attempts.append(attempt)
        self._apply(steps.attempt_finished, self.turn, _finished(attempt))
        if attempt.wait is not None:
            self._raise_if_cancelled()

    def _raise_if_cancelled(self) -> None:
        if self._stopped.is_set():
            raise AttemptsCancelled


def _finished(attempt: Attempt) -> FinishedAttempt:
    good = attempt.problem is None
    return FinishedAttempt(
        number=attempt.number,
        outcome=str(attempt.status) if attempt.status is not None else "no response",
        good=good,
        wait=attempt.wait,
    )


def _was_sent(turn: int, message: Message) -> ResponseSummary:
    return ResponseSummary(
        turn=turn,
        status="was sent",
        tone="good",
        problem=f"Found in the message log: {message.sid}, {message.status}. Do not send it again.",
    )
