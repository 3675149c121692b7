"""Faults on demand: how the next requests fail.

============================  =====================================================================
``fault=``                    Effect
============================  =====================================================================
``"refused"``                 no connection (over the socket: reset before the request is read)
``"reset_before_read"``       the connection is reset before the body is read; nothing is accepted
``"close_before_read"``       the connection is closed before the body is read; nothing is accepted
``"reset_after_accept"``      the request is carried out, then the connection is reset
``"close_after_accept"``      the request is carried out, then the connection is closed
``"hang"``                    the request is carried out, and no response is sent
``"accept_late"``             no response is sent, and the request is carried out `delay` s later
``"delay"``                   the response is `delay` seconds late
``"trickle"``                 the response is sent byte by byte, `delay` (0.05) seconds apart
``"truncated"``               the connection is closed half-way through the response
``"not_json"``                the body of the response is truncated JSON with a correct length
``"html"``                    the body of the response is a web page, as from a proxy
``"error_after_accept"``      the request is carried out, and the response has `status` (500)
============================  =====================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from twilio_widgets.errors import SandboxError

if TYPE_CHECKING:
    from twilio_widgets.sandbox.api.wire import Response, SandboxRequest

KINDS = (
    "refused", "reset_before_read", "close_before_read", "reset_after_accept", "close_after_accept",
    "hang", "accept_late", "delay", "trickle", "truncated", "not_json", "html",
    "error_after_accept",
)  # fmt: skip

NEVER_READ = frozenset({"refused", "reset_before_read", "close_before_read"})
"""Faults that break the connection before the request is read; it is not carried out."""

_NEED_DELAY = frozenset({"delay", "accept_late"})
_DEFAULT_DELAY = {"trickle": 0.05}
_ONLY_CREATIONS = frozenset({"reset_after_accept", "close_after_accept", "accept_late",
                             "error_after_accept"})  # fmt: skip
"""Faults that, without `method` and `path`, apply to the creation of a message only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One planned failure, and the requests it applies to."""

    code: int | None = None
    status: int | None = None
    kind: str = ""
    method: str | None = None
    path: str | None = None
    account: str | None = None
    """Only requests with this account SID in their path."""
    retry_after: float | None = None
    delay: float = 0.0

    def applies_to(self, request: SandboxRequest) -> bool:
        """Return whether this request is to fail."""
        if self.account is not None and self.account not in request.path:
            return False
        if self.method is None and self.path is None:
            only_creations = self.code is not None or self.kind in _ONLY_CREATIONS
            return not only_creations or _is_creation(request)
        return (self.method is None or request.method == self.method) and (
            self.path is None or self.path in request.path
        )


def fault_of(
    *,
    code: int | None,
    status: int | None,
    kind: str | None,
    method: str | None,
    path: str | None,
    retry_after: float | None,
    delay: float | None,
    account: str | None = None,
) -> Fault:
    """Check the arguments of `Sandbox.fail` and return the fault they describe.

    Raises:
        SandboxError: No fault is given, or the arguments contradict each other.
    """
    if code is None and status is None and kind is None:
        raise SandboxError("No fault is given. Pass code=, status= or fault=.")
    if kind is not None and kind not in KINDS:
        raise SandboxError(f"fault={kind!r} is invalid. Choose one of: {', '.join(KINDS)}.")
    if code is not None and kind is not None:
        raise SandboxError("code= and fault= exclude each other. Pass one of them.")
    if status is not None and not 300 <= status <= 599:
        raise SandboxError(f"status={status} is not an HTTP redirect or error status (300 to 599).")
    if kind in _NEED_DELAY and delay is None:
        raise SandboxError(f'fault="{kind}" needs delay= in seconds.')
    return Fault(
        code=code,
        status=status,
        kind=kind or "",
        method=method.upper() if method else None,
        path=path,
        account=account,
        retry_after=retry_after,
        delay=_DEFAULT_DELAY.get(kind or "", 0.0) if delay is None else delay,
    )


def _is_creation(request: SandboxRequest) -> bool:
    path = request.path.removesuffix(".json").removesuffix(".xml")
    return request.method == "POST" and path.endswith("/Messages")


class Faults:
    """The queue of planned faults; the first one that applies to a request is used."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, fault: Fault, times: int) -> None:
        """Plan a fault for this many requests."""
        self._waiting += [fault] * times

    def take(self, request: SandboxRequest, *, only: frozenset[str] | None = None) -> Fault | None:
        """Remove and return the first fault that applies to this request; None when there is none.

        Args:
            request: The request. Its body need not have been read yet.
            only: Remove the fault only if it is one of these kinds; otherwise return None.
        """
        for position, fault in enumerate(self._waiting):
            if fault.applies_to(request):
                wanted = only is None or fault.kind in only
                return self._waiting.pop(position) if wanted else None
        return None


@dataclass(frozen=True, slots=True)
class FaultAction:
    """How a transport must answer one request."""

    response: Response | None
    """The response to send; None when none is sent."""
    kind: str = ""
    """The connection fault, by its name in the table above; empty for none."""
    delay: float = 0.0
    """Seconds before the response; between bytes for ``"trickle"``."""
