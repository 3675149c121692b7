"""Every error this package raises, as one tree.

TwilioWidgetsError
├── ConfigurationError          something is missing or misshapen before we can begin
├── Refused                     we did not send the request, and say why
│   ├── PathRefused             the path would leave the account's API host
│   ├── PolicyRefused           a rule the user set forbids it
│   ├── InvalidMessage          a parameter cannot be right
│   └── InvalidRequest          an input of a raw request cannot be right
├── NotConnected                Twilio was never reached: nothing was sent
├── NoReply                     a read got no usable answer in time; nothing was changed
├── OutcomeUnknown              a change may have happened; we do not guess
├── BadResponse                 an answer came that cannot be used
├── ApiError                    Twilio answered with an error
│   ├── Unauthorized            401
│   ├── Forbidden               403
│   ├── NotFound                404
│   ├── RateLimited             429
│   └── RejectedMessage         a message was refused at creation
├── SignatureError              a signature cannot be made or checked
├── ListenerError               the listener's process cannot be started, reached or used
│   ├── OtherSecrets            one with other secrets runs, and was left as it is
│   └── StoreUnavailable        its event store cannot be written or read just now
├── JobError                    a job's journal cannot be used: it is busy, foreign or damaged
└── SandboxError                the sandbox was asked for something it cannot be

``str(error)`` is one line a person can act on; the attributes carry the facts. No error holds a
credential, and numbers in their texts are masked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from twilio_widgets.core.error_codes.explain import Explanation
    from twilio_widgets.core.raw.response import RawResponse


class TwilioWidgetsError(Exception):
    """Anything this package raises on purpose."""

    response: RawResponse | None = None
    """The whole answer, where a raw request met one. It may hold what no error text does: people's
    numbers, and whatever Twilio was asked for."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Let it come through another process: by its facts, not by its constructor."""
        return _again, (type(self), self.args, vars(self).copy())


def _again(
    kind: type[TwilioWidgetsError], words: tuple[object, ...], facts: dict[str, object]
) -> TwilioWidgetsError:
    error = kind.__new__(kind, *words)
    vars(error).update(facts)
    return error


class ConfigurationError(TwilioWidgetsError):
    """Something is missing or misshapen before we can begin."""

    def __init__(self, text: str, *, field: str | None = None) -> None:
        super().__init__(text)
        self.field = field
        """The field at fault, by its Python name, where one is."""


class Refused(TwilioWidgetsError):
    """We did not send the request, and say why."""


class PathRefused(Refused):
    """The path would leave the account's API host."""


class PolicyRefused(Refused):
    """A rule the user set forbids it."""

    def __init__(self, text: str, *, rule: str | None = None, for_all: bool = False) -> None:
        super().__init__(text)
        self.for_all = for_all
        """Whether other messages would be refused as well: a limit of the job or of the day is
        reached, or nothing may leave."""
        self.rule = rule
        """The rule at fault, by its name in ``tw.Policy`` (``"max_recipients"`` …), where one is;
        ``"readable"`` when the request could not be read."""


class InvalidMessage(Refused):
    """A parameter of a message cannot be right, so nothing was sent."""

    def __init__(self, text: str, *, field: str) -> None:
        super().__init__(text)
        self.field = field
        """The parameter at fault, by its Python name (``to``, ``from_``, ``body`` …)."""


class InvalidRequest(Refused):
    """An input of a raw request cannot be right, so nothing was sent."""

    def __init__(self, text: str, *, field: str) -> None:
        super().__init__(text)
        self.field = field
        """The input at fault, by its Python name (``data``, ``headers``, ``timeout`` …)."""


class NotConnected(TwilioWidgetsError):
    """Twilio was never reached: nothing was sent, and trying again is safe."""


class NoReply(TwilioWidgetsError):
    """A read got no usable answer in time; nothing was changed by it."""


class OutcomeUnknown(TwilioWidgetsError):
    """A change was sent and may have happened; no usable answer came back.

    For a message, ``twilio.messages.find(error)`` looks for it in the message log. Nothing is ever
    sent again on its own, because Twilio has no idempotency key for messages.
    """

    def __init__(
        self,
        text: str,
        *,
        parameters: Mapping[str, tuple[str, ...]] | None = None,
        started_at: datetime | None = None,
        latest_arrival: datetime | None = None,
    ) -> None:
        super().__init__(text)
        self.parameters = dict(parameters or {})
        """What was sent, by Twilio's parameter names."""
        self.moments: tuple[Any, Any] | None = None
        """The two moments below on both clocks of this computer, where they were read
        (`core.system.clock.ClockReading`)."""
        self.started_at = started_at
        """When the first byte may have left (aware, UTC)."""
        self.latest_arrival = latest_arrival
        """The last moment at which Twilio may have received it (aware, UTC)."""
        self.why = text
        """What happened, without advice."""
        self.intercepted = False
        """Whether something between you and Twilio answered: a proxy, or a network's login page.
        Other requests will fare alike until that is gone."""
        self.sid: str | None = None
        """The message it turned out to be, once ``messages.find`` has found it."""


class BadResponse(TwilioWidgetsError):
    """An answer came that cannot be used: unreadable, too large, or a redirect."""

    text: str | None = None
    """What came in place of the JSON that a raw request asked for."""


class ApiError(TwilioWidgetsError):
    """Twilio answered with an error."""

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: int | None = None,
        more_info: str | None = None,
        request_id: str | None = None,
        about: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        """Twilio's own sentence, with phone numbers masked."""
        self.status = status
        """The HTTP status."""
        self.code = code
        """Twilio's error code, where the answer held one."""
        self.more_info = more_info
        """Twilio's page about the code."""
        self.request_id = request_id
        """``Twilio-Request-Id``: what Twilio's support asks for."""
        self.about = about
        """What the request was about, masked, such as ``+44 7••• ••• 123``."""

    def explain(self) -> Explanation | None:
        """Say what the code means, who can fix it, and whether to try again.

        Returns:
            The catalogue's entry, or None when the answer held no code.
        """
        from twilio_widgets.core.error_codes.explain import explain_error

        return explain_error(self.code) if self.code is not None else None

    def __str__(self) -> str:
        name = f"Twilio {self.code}" if self.code is not None else f"HTTP {self.status}"
        explanation = self.explain()
        if explanation is not None and explanation.known:
            return f"{explanation.about(self.about)} ({name}). {explanation.advice}"
        sentence = f"{self.message.rstrip('.') or 'Twilio refused the request'} ({name})."
        return f"{self.about}: {sentence}" if self.about else sentence


class Unauthorized(ApiError):
    """Twilio does not accept these credentials (401)."""


class Forbidden(ApiError):
    """These credentials may not do this (403)."""


class NotFound(ApiError):
    """There is nothing at this path or SID (404)."""


class RateLimited(ApiError):
    """Twilio asked us to slow down (429); the request was not processed."""

    retry_after: float | None = None
    """Seconds Twilio asked us to wait, where it said so."""


class RejectedMessage(ApiError):
    """Twilio refused to create the message; nothing was sent to the recipient."""

    field: str | None = None
    """The parameter that caused it, by its Python name, where the code tells."""


class SignatureError(TwilioWidgetsError):
    """A signature cannot be made or checked."""


class ListenerError(TwilioWidgetsError):
    """The listener's process cannot be started, reached or used."""


class OtherSecrets(ListenerError):
    """A listener of this account runs with another auth token or other shared keys, and goes on."""


class StoreUnavailable(ListenerError):
    """The listener's event store cannot be written or read just now; nothing was half written."""

    def __init__(self, text: str, *, cause: str) -> None:
        super().__init__(text)
        self.cause = cause
        """Why, as a machine's word: ``full``, ``locked``, ``read-only``, ``damaged``, ``disk``."""


class JobError(TwilioWidgetsError):
    """A job's journal cannot be used: another process has it, or it is not what it should be."""

    held_by: str | None = None
    """Where it is being used, in words, when that is why."""


class SandboxError(TwilioWidgetsError):
    """The sandbox was asked for something it cannot be."""
