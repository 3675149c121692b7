"""The values exchanged between a flow and its driver: `Request`, `Reply`, `Pause`, `Together`."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from twilio_widgets.core.bodies import Body, Parameters, by_name

if TYPE_CHECKING:
    from twilio_widgets.core.guardrails.job_quota import JobQuota

T = TypeVar("T")

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request below a Twilio host; the transport adds the host and the credentials."""

    method: str
    path: str
    """Begins with ``/`` and the version; contains no query and nothing that needs escaping."""

    query: Parameters = ()
    body: Body | None = field(default=None, repr=False)
    """It brings its own ``Content-Type``."""

    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Additional headers; one of the same name replaces ours."""

    service: str = "api"
    """The product it is for: ``"api"``, or another of `core.http.hosts.VERSIONS`."""

    host: str | None = None
    """The host that the user named, which belongs to `service`; None is the service's host in the
    connection's region and edge."""

    timeout: float | None = None
    """Seconds this exchange may take; None is the transport's own limit."""

    creates_message: bool = False
    """Whether a repeat of it could reach a recipient twice."""

    cost: Decimal | None = None
    """Estimated US dollars that Twilio bills for it, besides those of a message; None if unknown.
    """

    job: JobQuota | None = field(default=None, compare=False, repr=False)
    """The quota of the job it belongs to, from ``Policy.check_job``; None outside a job."""

    @property
    def pairs(self) -> Parameters:
        """Every parameter of query and body, in order."""
        return self.query if self.body is None else (*self.query, *self.body.pairs)

    @property
    def parameters(self) -> dict[str, tuple[str, ...]]:
        """Every parameter of query and body, by Twilio's name."""
        return by_name(self.pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A complete HTTP response."""

    status: int
    headers: Mapping[str, str]
    """By lower-case name."""

    content: bytes = field(repr=False)

    @property
    def request_id(self) -> str | None:
        """``Twilio-Request-Id``, which Twilio's support asks for."""
        return self.headers.get("twilio-request-id")


@dataclass(frozen=True, slots=True)
class Pause:
    """Asks the driver to wait."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Together:
    """Asks the driver to run several flows concurrently and to wait for all of them.

    Their results are not collected. If one raises, no further flow is started, those that run are
    finished, and the error is raised.
    """

    flows: Iterable[Generator[Any, Any, object]]
    """Started on demand, in order; the iterable is never read from two threads at once."""

    most: int
    """The most flows that run at the same time."""


Flow = Generator[Request | Pause | Together, Reply | None, T]
"""Yields a `Request` and is sent its `Reply`, or yields a `Pause` or a `Together` and is sent None.
"""
