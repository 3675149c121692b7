"""Which requests are accepted: cheap checks first, then the signature, then the parameters."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from twilio_widgets.listener.control.address import FORWARD, Address
from twilio_widgets.listener.events.event import Arrival
from twilio_widgets.listener.process import refusal
from twilio_widgets.listener.process.content import kind_of, parameters_of
from twilio_widgets.listener.process.limits import USUAL, ListenerLimits
from twilio_widgets.listener.process.refusal import RejectionCause
from twilio_widgets.listener.process.request import RequestHead, WebhookRequest
from twilio_widgets.signature.findings import MISMATCH
from twilio_widgets.signature.keys import Keys
from twilio_widgets.signature.presented import FORM, SignedRequest, media_type_of
from twilio_widgets.signature.verdict import Verdict
from twilio_widgets.signature.verify import verdict_on

PATHS = frozenset({"/inbound", "/status"})
METHODS = ("GET", "POST")
"""Accepted by both paths: status callbacks use POST, but a reply's ``action`` may use GET."""

_MOST_REORDERED, _LARGEST_REORDERED = 4, 16_000
"""Parameters of a query whose other orders are tried, and bytes of the body, to bound the work."""

_TYPES = frozenset({FORM, "application/json"})


_SORTED = (
    "The query of a webhook arrived sorted. It was accepted, because the signature is right for "
    "the same parameters in another order. Write the parameters of its URL in alphabetical order."
)


class Gate:
    """Checks requests, without side effects.

    Args:
        address: The addresses of the listener.
        keys: The keys that Twilio may sign with.
        accounts: The account SIDs of the listener.
        limits: The size limits.
    """

    def __init__(
        self,
        address: Address,
        keys: Keys,
        accounts: Collection[str],
        limits: ListenerLimits = USUAL,
    ) -> None:
        self.address = address
        self._keys = keys
        self._accounts = frozenset(accounts)
        self._limits = limits
        self.notices: tuple[str, ...] = ()
        """A sentence after a request was accepted whose query was sorted on the way."""

    def check_head(self, head: RequestHead) -> RejectionCause | None:
        """Check a head before its body is read; return why it is rejected, or None."""
        host = head.get("host")
        if not self.address.is_own_host(host):
            return refusal.other_host(host)
        if head.ambiguous:
            return refusal.REPEATED
        origin = head.get("origin")
        if origin is not None and not self.address.is_own_origin(origin):
            return refusal.ORIGIN
        return self._target(head) or self._announced(head)

    def _target(self, head: RequestHead) -> RejectionCause | None:
        if not head.target.startswith("/") or "#" in head.target:
            return refusal.TARGET
        path = self.address.path(head)
        if path not in PATHS:
            return refusal.path(path)
        return None if head.method in METHODS else refusal.method(", ".join(METHODS))

    def _announced(self, head: RequestHead) -> RejectionCause | None:
        if head.get("expect") not in {None, "100-continue"}:
            return refusal.EXPECTATION
        if head.length > self._limits.body:
            return refusal.TOO_LONG
        if head.query.count("&") >= self._limits.parameters:
            return refusal.TOO_MANY
        has_body = head.length or head.get("transfer-encoding") is not None
        kind = media_type_of(head.get("content-type") or "")
        return refusal.TYPE if has_body and kind not in _TYPES else None

    def check(self, request: WebhookRequest, now: datetime) -> Arrival | RejectionCause:
        """Check a complete request whose head was accepted."""
        form = media_type_of(request.head.get("content-type") or "") == FORM
        if form and request.body.count(b"&") >= self._limits.parameters:
            return refusal.TOO_MANY
        presented, verdict = self._verified(request)
        if verdict.scheme is None:
            return RejectionCause(
                status=403,
                cause=refusal.SIGNATURE,
                reason=verdict.reason,
                mend=verdict.mend,
                presented=presented,
            )
        try:
            parameters = parameters_of(presented)
        except ValueError:
            return replace(refusal.BODY, presented=presented)
        if len(parameters) > self._limits.parameters:
            return refusal.TOO_MANY
        kind = kind_of(parameters, self._accounts)
        if isinstance(kind, RejectionCause):
            return replace(kind, presented=presented)
        return Arrival.of_request(
            kind=kind,
            method=presented.method,
            url=presented.url,
            parameters=parameters,
            headers=presented.headers,
            received_at=now,
            scheme=verdict.scheme,
        )

    def diagnosed(self, verdict_on: SignedRequest) -> Verdict:
        """Find out why the signature of a request is wrong; this may take a while."""
        from twilio_widgets.signature.doctor import diagnose

        return diagnose(verdict_on, self._keys)

    def _verified(self, request: WebhookRequest) -> tuple[SignedRequest, Verdict]:
        """Return the request with the URL that Twilio signed, or else with the likeliest URL."""
        head = request.head
        # The token of our server extension is a secret and must not be stored.
        headers = head.headers
        if FORWARD in head.fields:
            headers = tuple(pair for pair in headers if pair[0].lower() != FORWARD)
        tried: list[tuple[SignedRequest, Verdict]] = []
        for url in self.address.signed_urls(head):
            presented = SignedRequest(
                method=head.method,
                url=url,
                body=request.body,
                content_type=head.get("content-type") or "",
                headers=headers,
            )
            verdict = verdict_on(presented, self._keys)
            if verdict:
                return presented, verdict
            tried.append((presented, verdict))
        return self._sorted_on_the_way(request, tried[0]) or tried[0]

    def _sorted_on_the_way(
        self, request: WebhookRequest, likeliest: tuple[SignedRequest, Verdict]
    ) -> tuple[SignedRequest, Verdict] | None:
        """Return the request with the order of the query that was signed, if only that differs.

        Twilio has been reported to sort the parameters of a query and to sign the URL as
        configured. Any order is accepted that the signature proves.
        """
        presented, verdict = likeliest
        pieces = request.head.query.split("&")
        few = 2 <= len(pieces) <= _MOST_REORDERED and len(request.body) <= _LARGEST_REORDERED
        if verdict is not MISMATCH or not few or pieces != sorted(pieces):
            return None
        start = presented.url.removesuffix(request.head.query)
        for order in itertools.permutations(pieces):
            other = replace(presented, url=start + "&".join(order))
            found = verdict_on(other, self._keys)
            if found:
                self.notices = (_SORTED,)
                return other, found
        return None
