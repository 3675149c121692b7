"""Faults on demand: what the next requests meet instead of a good answer.

============================  =====================================================================
``fault=``                    what happens
============================  =====================================================================
``"refused"``                 no connection (over the socket: reset before the request is read)
``"reset_before_read"``       the connection is reset before the body is read; nothing is accepted
``"close_before_read"``       the same with an orderly close
``"reset_after_accept"``      the request is carried out, then the connection is reset
``"close_after_accept"``      the same with an orderly close
``"hang"``                    the request is carried out, and no answer ever comes
``"accept_late"``             no answer ever comes, and the request is carried out `delay` s later
``"delay"``                   the answer is `delay` seconds late
``"trickle"``                 the answer comes a byte at a time, each `delay` seconds (0.05) late
``"truncated"``               the connection is closed half-way through the answer
``"not_json"``                the answer's body is cut JSON of the right length
``"html"``                    the answer's body is a web page, as from a proxy
``"error_after_accept"``      the request is carried out, and the answer is `status` (500)
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
"""Faults that strike before the request is carried out."""

_NEED_DELAY = frozenset({"delay", "accept_late"})
_USUAL_DELAY = {"trickle": 0.05}
_WAITS_FOR_A_CREATION = frozenset({"reset_after_accept", "close_after_accept", "accept_late",
                                   "error_after_accept"})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing to go wrong."""

    code: int | None = None
    status: int | None = None
    kind: str = ""
    method: str | None = None
    path: str | None = None
    retry_after: float | None = None
    delay: float = 0.0

    def strikes(self, request: SandboxRequest) -> bool:
        """Return whether this request is the one that is meant."""
        if self.method is None and self.path is None:
            awaits_creation = self.code is not None or self.kind in _WAITS_FOR_A_CREATION
            return not awaits_creation or _is_creation(request)
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
) -> Fault:
    """Return the fault described, or say what is wrong with the description.

    Raises:
        SandboxError: It names nothing to go wrong, or something unknown.
    """
    if code is None and status is None and kind is None:
        raise SandboxError("Say what shall go wrong: code=, status= or fault=.")
    if kind is not None and kind not in KINDS:
        raise SandboxError(f"fault={kind!r} is not known. Choose one of: {', '.join(KINDS)}.")
    if code is not None and kind is not None:
        raise SandboxError("Give code= or fault=, not both.")
    if status is not None and not 300 <= status <= 599:
        raise SandboxError(
            f"status={status} is not the HTTP status of a redirect or an error (300 to 599)."
        )
    if kind in _NEED_DELAY and delay is None:
        raise SandboxError(f'fault="{kind}" needs delay= in seconds.')
    return Fault(
        code=code,
        status=status,
        kind=kind or "",
        method=method.upper() if method else None,
        path=path,
        retry_after=retry_after,
        delay=_USUAL_DELAY.get(kind or "", 0.0) if delay is None else delay,
    )


def _is_creation(request: SandboxRequest) -> bool:
    path = request.path.removesuffix(".json").removesuffix(".xml")
    return request.method == "POST" and path.endswith("/Messages")


class Faults:
    """The faults that wait for their request, first come, first served."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, fault: Fault, times: int) -> None:
        """Let a fault wait for this many requests."""
        self._waiting += [fault] * times

    def take(self, request: SandboxRequest, *, only: frozenset[str] | None = None) -> Fault | None:
        """Return the fault this request meets, and use it up.

        Args:
            request: The request; its body may not have been read yet.
            only: Take it only when it is one of these kinds, and leave it waiting otherwise.
        """
        for position, fault in enumerate(self._waiting):
            if fault.strikes(request):
                wanted = only is None or fault.kind in only
                return self._waiting.pop(position) if wanted else None
        return None


@dataclass(frozen=True, slots=True)
class FaultAction:
    """What a way in has to do with one request."""

    response: Response | None
    """What to send; None when nothing comes."""
    kind: str = ""
    """The fault of the wire, by its name above."""
    delay: float = 0.0
    """Seconds before the answer; between bytes for ``"trickle"``."""
