"""Every error this package raises, as one tree.

TwilioWidgetsError
├── ConfigurationError          a setting is missing or invalid; detected before any request
├── Refused                     the request was not sent; the error says why
│   ├── PathRefused             the path is invalid or leads outside Twilio's API
│   ├── PolicyRefused           a rule of the user's policy forbids it
│   ├── InvalidMessage          a parameter of a message is invalid
│   └── InvalidRequest          an input of a raw request is invalid
├── NotConnected                Twilio was not reached; nothing was sent
├── NoReply                     a read got no usable response in time; nothing was changed
├── OutcomeUnknown              a change may or may not have happened
├── BadResponse                 Twilio's response cannot be used
├── ApiError                    Twilio responded with an error
│   ├── Unauthorized            401
│   ├── Forbidden               403
│   ├── NotFound                404
│   ├── RateLimited             429
│   └── RejectedMessage         Twilio refused to create a message
├── SignatureError              a webhook signature cannot be computed or checked
├── ListenerError               the listener's process cannot be started, reached or used
│   ├── OtherSecrets            a listener with other secrets is already running
│   └── StoreUnavailable        its event store cannot be written or read at the moment
├── JobError                    a job's journal is in use, belongs elsewhere or is damaged
├── ArchiveError                an archive is in use, belongs elsewhere, is damaged or has no room
└── SandboxError                the sandbox does not support what was asked of it

``str(error)`` tells the user what to do next; the attributes carry the details. No error text
contains a credential, and phone numbers in it are masked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from twilio_widgets.core.error_codes.explain import Explanation
    from twilio_widgets.core.raw.response import RawResponse


class TwilioWidgetsError(Exception):
    """Base class of every error that this package raises."""

    response: RawResponse | None = None
    """The whole response to a raw request, if there was one. Unlike the error's text, it may
    contain phone numbers in full."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the arguments and attributes."""
        # By default, unpickling calls the constructor with `args` alone, and most constructors
        # here need keyword arguments as well.
        return _rebuild, (type(self), self.args, vars(self).copy())


def _rebuild(
    cls: type[TwilioWidgetsError], args: tuple[object, ...], attributes: dict[str, object]
) -> TwilioWidgetsError:
    error = cls.__new__(cls, *args)
    vars(error).update(attributes)
    return error


class ConfigurationError(TwilioWidgetsError):
    """A setting is missing or invalid; detected before any request is sent."""

    def __init__(self, text: str, *, field: str | None = None) -> None:
        super().__init__(text)
        self.field = field
        """The Python name of the invalid field, if there is one."""


class Refused(TwilioWidgetsError):
    """The request was not sent; the message says why."""


class PathRefused(Refused):
    """The path is invalid or leads outside Twilio's API; nothing was sent."""


class PolicyRefused(Refused):
    """A rule of the user's policy forbids the request; nothing was sent."""

    def __init__(self, text: str, *, rule: str | None = None, for_all: bool = False) -> None:
        super().__init__(text)
        self.for_all = for_all
        """Whether other messages would be refused as well: the limit of the job or of the day is
        reached, or the policy is a dry run."""
        self.rule = rule
        """The argument of ``tw.Policy`` that forbids it (``"max_recipients"`` …), if there is one;
        ``"readable"`` when the request could not be parsed."""


class InvalidMessage(Refused):
    """A parameter of a message is invalid; nothing was sent."""

    def __init__(self, text: str, *, field: str) -> None:
        super().__init__(text)
        self.field = field
        """The Python name of the invalid parameter (``to``, ``from_``, ``body`` …)."""


class InvalidRequest(Refused):
    """An input of a raw request is invalid; nothing was sent."""

    def __init__(self, text: str, *, field: str) -> None:
        super().__init__(text)
        self.field = field
        """The Python name of the invalid input (``data``, ``headers``, ``timeout`` …)."""


class NotConnected(TwilioWidgetsError):
    """Twilio was not reached: nothing was sent, so trying again is safe."""


class NoReply(TwilioWidgetsError):
    """A read got no usable response in time; it changed nothing."""


class OutcomeUnknown(TwilioWidgetsError):
    """A change was sent, but no usable response came back, so it may or may not have happened.

    For a message, ``twilio.messages.find(error)`` looks for it in the message log. The message is
    never resent automatically, because Twilio has no idempotency key for messages.
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
        """The parameters that were sent, by Twilio's names."""
        self.moments: tuple[Any, Any] | None = None
        """The two times below on both clocks of this computer, if they were read
        (`core.system.clock.ClockReading`)."""
        self.started_at = started_at
        """The earliest time at which a byte may have been sent (aware, UTC)."""
        self.latest_arrival = latest_arrival
        """The latest time at which Twilio may have received the request (aware, UTC)."""
        self.why = text
        """The reason, without the advice that ``str(error)`` adds."""
        self.intercepted = False
        """Whether something between you and Twilio answered, such as a proxy or a network's login
        page. Further requests will fail in the same way until it is removed."""
        self.sid: str | None = None
        """The SID of the message, once ``messages.find`` has found it."""


class BadResponse(TwilioWidgetsError):
    """Twilio's response cannot be used: it is malformed, too large, or a redirect."""

    text: str | None = None
    """The response's body as text, when a raw request asked for JSON and got something else."""


class ApiError(TwilioWidgetsError):
    """Twilio responded with an error."""

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
        """Twilio's own message, with phone numbers masked; empty if the response had none."""
        self.status = status
        """The HTTP status."""
        self.code = code
        """Twilio's error code, if the response had one."""
        self.more_info = more_info
        """The address of Twilio's page about the code."""
        self.request_id = request_id
        """``Twilio-Request-Id``, which Twilio's support asks for."""
        self.about = about
        """The subject of the request, masked, such as ``+44 7••• ••• 123``."""

    def explain(self) -> Explanation | None:
        """Explain the error code: what it means, who can fix it, and whether to retry.

        Returns:
            The explanation, or None if the response had no error code.
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
    """These credentials are not permitted to do this (403)."""

    permission: str | None = None
    """The missing permission, such as ``read Alerts at monitor.twilio.com``, if it is known."""

    def __str__(self) -> str:
        if self.permission is None:
            return super().__str__()
        name = f"Twilio {self.code}" if self.code is not None else f"HTTP {self.status}"
        return (
            f"These credentials lack the permission to {self.permission} ({name}). Add it to the "
            "API key if it is a restricted one, or use a key with more access: a Standard key may "
            "do everything but read accounts and keys, which takes a Main key."
        )


class NotFound(ApiError):
    """No resource exists at this path or with this SID (404)."""


class RateLimited(ApiError):
    """Too many requests (429); Twilio did not process this one."""

    retry_after: float | None = None
    """Seconds to wait, from the ``Retry-After`` header, if there was one."""


class RejectedMessage(ApiError):
    """Twilio refused to create the message; nothing was sent to the recipient."""

    field: str | None = None
    """The Python name of the parameter at fault, if the error code identifies one."""


class SignatureError(TwilioWidgetsError):
    """A webhook signature cannot be computed or checked."""


class ListenerError(TwilioWidgetsError):
    """The listener's process cannot be started, reached or used."""


class OtherSecrets(ListenerError):
    """The account's running listener uses another auth token or other shared keys."""


class StoreUnavailable(ListenerError):
    """The listener's event store cannot be written or read at the moment.

    No event was partly written.
    """

    def __init__(self, text: str, *, cause: str) -> None:
        super().__init__(text)
        self.cause = cause
        """The cause, one of ``full``, ``locked``, ``read-only``, ``damaged`` and ``disk``."""


class JobError(TwilioWidgetsError):
    """A job's journal cannot be used: it is in use, belongs to another account or is damaged."""

    held_by: str | None = None
    """Where the journal is in use, in words, if that is the reason."""


class ArchiveError(TwilioWidgetsError):
    """An archive's folder cannot be used; its files are as they were."""

    def __init__(self, text: str, *, cause: str) -> None:
        super().__init__(text)
        self.cause = cause
        """The cause, one of ``full``, ``in use``, ``other account``, ``damaged`` and ``disk``."""


class SandboxError(TwilioWidgetsError):
    """The sandbox does not support what was asked of it."""
