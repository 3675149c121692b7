"""What the raw request card does away from its callbacks: ask once, be told, and find out.

Every worker carries the turn it was started for; what an older one has to say comes too late.
"""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Any

from twilio_widgets.core.find import NotSureYet
from twilio_widgets.errors import (
    ConfigurationError,
    OutcomeUnknown,
    Refused,
    TwilioWidgetsError,
)
from twilio_widgets.panels import raw_outcome as outcomes
from twilio_widgets.panels import raw_state as steps
from twilio_widgets.panels.base import Panel, sentence_of
from twilio_widgets.panels.raw_draft import RawDraft, keywords_of
from twilio_widgets.panels.raw_history import Entry
from twilio_widgets.panels.raw_outcome import Cancelled
from twilio_widgets.panels.raw_state import Answer, RawState, Tried
from twilio_widgets.panels.sending import same_log

if TYPE_CHECKING:
    from collections.abc import Callable

    from twilio_widgets.client import Twilio
    from twilio_widgets.core.connection import Connection
    from twilio_widgets.core.message import Message
    from twilio_widgets.core.response import Attempt, RawResponse
    from twilio_widgets.progress import Reading

_NOT_THERE = (
    "It is not in the message log and can no longer arrive: it was not sent. You can send it again."
)


class RawSending(Panel[RawState]):
    """The work of the raw request card; `RawRequestPanel` gives it its face."""

    _twilio: Twilio | None = None
    _response: RawResponse | None = None
    _error: Exception | None = None
    _lost: tuple[OutcomeUnknown, Connection] | None = None
    """The error of a message whose outcome is unknown, and where it was sent."""
    _stopped: threading.Event

    def _fill(self, response: RawResponse | None, path: str) -> None:
        """Show the body of an answer."""
        raise NotImplementedError

    def _set_out(self, step: Callable[..., RawState], *args: object) -> None:
        """Take a step, and start the one worker of a request if the step began one."""
        with self._lock:
            before = self._state.turn
            self._apply(step, *args)
            if self._state.turn != before and self._twilio is not None:
                self._stopped, self._lost = threading.Event(), None
                self._start(self._ask, self._twilio, self._state, self._stopped)

    def _cancel(self) -> None:
        with self._lock:
            self._stopped.set()
            self._apply(steps.asked_to_stop)

    def _ask(self, twilio: Twilio, state: RawState, stopped: threading.Event) -> None:
        """Send the request of a turn, and tell what came of it."""
        draft, turn = state.draft, state.turn
        attempts: list[Attempt] = []

        def go_on() -> None:
            if stopped.is_set():
                raise Cancelled

        def leaves(number: int) -> None:
            go_on()
            self._apply(steps.attempting, turn, number)

        def seen(attempt: Attempt) -> None:
            attempts.append(attempt)
            self._apply(steps.tried, turn, _tried(attempt))
            if attempt.wait is not None:
                go_on()

        def read(reading: Reading) -> None:
            go_on()
            self._apply(steps.read_on, turn, reading)

        keywords: dict[str, Any] = keywords_of(draft)
        keywords |= {"before_attempt": leaves, "attempt_seen": seen}
        if draft.answer == "frame":
            keywords["progress"] = read
        try:
            response = twilio.raw(draft.path.strip(), draft.method, **keywords)
        except Cancelled:
            lost = not draft.only_reads and any(
                outcomes.may_have_happened(one.status) for one in attempts
            )
            answer = outcomes.answer_to_cancel(turn, len(attempts), lost=lost)
            self._keep(twilio, draft, answer, None, None)
        except (Refused, ConfigurationError) as error:
            # Whatever is refused here was not sent.
            with self._lock:
                self._error = error
                self._apply_even_closed(
                    steps.refused, turn, str(error), getattr(error, "field", None) or "path"
                )
        except Exception as error:  # noqa: BLE001  # shown where the answer would be
            self._keep_error(twilio, draft, turn, error)
        else:
            self._keep(twilio, draft, outcomes.answer_to(turn, response), response, None)

    def _keep_error(self, twilio: Twilio, draft: RawDraft, turn: int, error: Exception) -> None:
        found = isinstance(error, OutcomeUnknown) and outcomes.creates_message(draft)
        answer = outcomes.answer_to_error(turn, error, draft, found=found)
        response = error.response if isinstance(error, TwilioWidgetsError) else None
        with self._lock:
            if isinstance(error, OutcomeUnknown) and found and turn == self._state.turn:
                self._lost = (error, twilio.connection)
            self._keep(twilio, draft, answer, response, error)

    def _keep(
        self,
        twilio: Twilio,
        draft: RawDraft,
        answer: Answer,
        response: RawResponse | None,
        error: Exception | None,
    ) -> None:
        """Keep what came of a request, and show it; a closed panel still tells what did."""
        now = twilio.connection.now()
        facts = " · ".join([f"{now:%H:%M:%S} UTC", *answer.facts[:1]])
        entry = Entry(
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
        """Take a step that must not be lost: a closed panel still tells what came of it."""
        if self._open:
            self._apply(step, *args)
        else:
            self._state = step(self._state, *args)

    # When nobody knows

    def _find_out(self) -> None:
        with self._lock:
            before = self._state.phase
            self._apply(steps.searching)
            begun = before == "ready" and self._state.phase == "searching"
            if begun and self._twilio is not None and self._lost is not None:
                self._start(self._search, self._twilio, self._lost, self._state.turn)

    def _search(self, twilio: Twilio, lost: tuple[OutcomeUnknown, Connection], turn: int) -> None:
        error, connection = lost
        told = partial(self._apply, steps.searched, turn, None)
        if not same_log(connection, twilio.connection):
            told(
                f"It may have been sent from account {connection.masked_account}. Connect to that "
                "account again to find out: the log of another one cannot tell."
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
            self._apply(steps.not_there, turn, _NOT_THERE)
        elif isinstance(found, NotSureYet):
            told(f"Not sure yet: {found.reason} Do not send it again.")
        else:
            self._apply(steps.searched, turn, _was_sent(turn, found))


def _tried(attempt: Attempt) -> Tried:
    good = attempt.problem is None
    return Tried(
        number=attempt.number,
        outcome=str(attempt.status) if attempt.status is not None else "no answer",
        good=good,
        wait=attempt.wait,
    )


def _was_sent(turn: int, message: Message) -> Answer:
    return Answer(
        turn=turn,
        status="it was sent",
        tone="good",
        problem=f"The message log has it: {message.sid}, {message.status}. Do not send it again.",
    )
