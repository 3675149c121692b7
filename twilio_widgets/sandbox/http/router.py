"""Turn a request into a response. Every transport (in process, ASGI) uses this router."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from twilio_widgets.sandbox.api.routes import answer_to
from twilio_widgets.sandbox.api.wire import Response, SandboxReply, header_pairs, render
from twilio_widgets.sandbox.http.faults import NEVER_READ, FaultAction, Faults
from twilio_widgets.sandbox.world import refusals
from twilio_widgets.sandbox.world.refusals import ApiRefusal
from twilio_widgets.sandbox.world.rows import http_date

if TYPE_CHECKING:
    from collections.abc import Callable

    from twilio_widgets.sandbox.api.wire import SandboxRequest
    from twilio_widgets.sandbox.http.faults import Fault
    from twilio_widgets.sandbox.world.world import World

_HTML_PAGE = b"<!DOCTYPE html><html><body><h1>A page from a proxy</h1></body></html>"
_TRUNCATED_JSON = b'{"sid": "SM'

_CONSTANT_HEADERS = (
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Methods", "GET, POST, DELETE, OPTIONS"),
    (
        "Access-Control-Allow-Headers",
        "Accept, Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Match, "
        "If-Unmodified-Since, Idempotency-Key",
    ),
    ("Access-Control-Expose-Headers", "ETag"),
    ("Access-Control-Allow-Credentials", "true"),
    ("X-Powered-By", "AT-5000"),
    ("X-Shenanigans", "none"),
    ("X-Home-Region", "us1"),
    ("X-API-Domain", "api.twilio.com"),
    ("Strict-Transport-Security", "max-age=31536000"),
)


class _Late(NamedTuple):
    """A request to carry out later, after its client has timed out."""

    due: float
    carry_out: Callable[[], object]


@dataclass(slots=True)
class SandboxRouter:
    """Answers the requests to one world.

    Args:
        world: The world.
        faults: The planned faults.
    """

    world: World
    faults: Faults
    _answered: int = 0
    _open: int = 0
    _late: list[_Late] = field(default_factory=list)

    def begin(self) -> None:
        """Count an open request; responses report the number in a header."""
        with self.world.lock:
            self._open += 1

    def end(self) -> None:
        """Uncount a request: its response was sent, or its client disconnected."""
        with self.world.lock:
            self._open -= 1

    def before_reading(self, request: SandboxRequest) -> str:
        """Return the fault that applies before the body is read; empty when there is none."""
        with self.world.lock:
            fault = self.faults.take(request, only=NEVER_READ)
            return fault.kind if fault else ""

    def answer(self, request: SandboxRequest) -> FaultAction:
        """Carry out a request and return its response, or the fault it meets instead."""
        with self.world.lock:
            self.carry_out_due()
            fault = self.faults.take(request)
            if fault is None:
                return FaultAction(self._respond(request), delay=self.world.settings.latency)
            return self._faulty(request, fault)

    def carry_out_due(self) -> None:
        """Carry out the requests of ``accept_late`` faults that are due by now."""
        now = self.world.now()
        due = [late for late in self._late if late.due <= now]
        self._late = [late for late in self._late if late.due > now]
        for late in due:
            with self.world.as_of(late.due):
                late.carry_out()

    def _faulty(self, request: SandboxRequest, fault: Fault) -> FaultAction:
        latency = self.world.settings.latency
        if fault.kind in NEVER_READ:
            return FaultAction(None, fault.kind)
        if fault.kind == "accept_late":
            late = _Late(self.world.now() + fault.delay, lambda: self._respond(request))
            self._late.append(late)
            return FaultAction(None, "hang")
        if fault.status is not None and fault.kind in {"", "delay", "html"}:
            forced = refusals.of_status(fault.status, fault.retry_after)
            response = self._write(request, _error(forced))
        elif fault.kind == "error_after_accept":
            self._respond(request)
            response = self._write(request, _error(refusals.of_status(fault.status or 500)))
        else:
            forced_code = (
                ApiRefusal(fault.code, status=fault.status, retry_after=fault.retry_after)
                if fault.code is not None
                else None
            )
            response = self._respond(request, forced_code)
        if fault.kind in {"reset_after_accept", "close_after_accept", "hang"}:
            return FaultAction(None, fault.kind)
        if fault.kind == "html":
            response = _with_body(response, _HTML_PAGE, "text/html")
        elif fault.kind == "not_json":
            response = _with_body(response, _TRUNCATED_JSON, "application/json")
        wire = fault.kind if fault.kind in {"trickle", "truncated"} else ""
        return FaultAction(response, wire, fault.delay + (0.0 if wire == "trickle" else latency))

    def _respond(self, request: SandboxRequest, forced: ApiRefusal | None = None) -> Response:
        try:
            reply = answer_to(self.world, request, forced)
        except ApiRefusal as refusal:
            reply = _error(refusal)
        return self._write(request, reply)

    def _write(self, request: SandboxRequest, reply: SandboxReply) -> Response:
        world = self.world
        self._answered += 1
        form: Literal["json", "xml", "csv"] = "xml"
        if request.path.endswith(".json") or not request.path.startswith("/2010-04-01/"):
            form = "json"
        elif request.path.endswith(".csv"):
            form = "csv"
        kind, body = render(reply, form)
        number = self._answered
        headers = [
            ("Date", http_date(world.now())),
            *([("Content-Type", kind)] if kind else []),
            ("Twilio-Concurrent-Requests", str(max(1, self._open))),
            ("Twilio-Request-Id", world.sids.sid("RQ", number)),
            ("Twilio-Request-Duration", f"0.0{20 + number * 7 % 70}"),
            *reply.headers,
            *_CONSTANT_HEADERS,
        ]
        accepted = request.headers.get("accept-encoding", "")
        if world.settings.compress and body and "gzip" in accepted:
            headers.append(("Content-Encoding", "gzip"))
            body = gzip.compress(body, 1, mtime=0)
        if reply.status == 204:
            return Response(204, tuple(headers))
        return Response(reply.status, header_pairs(headers, body), body)


def _error(refusal: ApiRefusal) -> SandboxReply:
    headers: list[tuple[str, str]] = []
    if refusal.status == 401:
        headers.append(("WWW-Authenticate", 'Basic realm="Twilio API"'))
    if refusal.retry_after is not None:
        headers.append(("Retry-After", f"{refusal.retry_after:g}"))
    # The shape of an error in XML is UNCONFIRMED.
    return SandboxReply(refusal.body, refusal.status, "RestException", headers=tuple(headers))


def _with_body(response: Response, body: bytes, kind: str) -> Response:
    replaced = {"Content-Length", "Content-Type", "Content-Encoding"}
    kept = [pair for pair in response.headers if pair[0] not in replaced]
    return Response(response.status, header_pairs([*kept, ("Content-Type", kind)], body), body)
