"""The transport: every request of every entry point is sent by ``send``.

It checks the host, the path and the headers (`guard`), applies the policy, and enforces the
deadline and the size limits; `backends` writes requests and translates their errors.

An error is raised outside the ``except`` block that caught it: the frames of the HTTP library
reference the Authorization header, and a cause or context would carry them into a traceback.
"""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlencode, urlsplit

from twilio_widgets.core.flows.answers import leaves_open
from twilio_widgets.core.guardrails.enforcement import PolicyEnforcer, SendPermission
from twilio_widgets.core.guardrails.policy import Policy, default_policy
from twilio_widgets.core.http.deadline import deadline
from twilio_widgets.core.http.guard import guard, is_loopback, media_redirect
from twilio_widgets.core.http.outgoing import OutgoingRequest
from twilio_widgets.core.request import Reply, Request
from twilio_widgets.core.system.thread_lock import ThreadLock
from twilio_widgets.errors import (
    ConfigurationError,
    InvalidRequest,
    NotConnected,
    PathRefused,
)

if TYPE_CHECKING:
    import asyncio

    import httpx

    from twilio_widgets.core.credentials.connection import Connection
    from twilio_widgets.core.http.backends import AsyncBackend, BlockingBackend

CONNECT_SECONDS = 10.0

LARGEST_BODY = 64 * 1024 * 1024
"""The most bytes of a body, sent or received, before and after decompression. A full page of 1,000
long messages has about 12 MB."""

_OWN_HEADERS = (("Accept-Encoding", "gzip"), ("User-Agent", "twilio_widgets"))


class RequestGuard(Protocol):
    """Checks every request before it is sent: a policy, or a rule of your own."""

    def check(self, request: Request) -> SendPermission | None:
        """Return if the request may be sent, with the permission if it was counted.

        Raises:
            PolicyRefused: It may not be sent; the error says why.
        """


def guard_for(policy: Policy | RequestGuard, connection: Connection) -> RequestGuard:
    """Return the guard of a connection: its policy, enforced, or a guard of the user's own.

    Raises:
        ConfigurationError: It is neither.
    """
    if isinstance(policy, Policy):
        return policy.on(connection)
    if not callable(getattr(policy, "check", None)):
        raise ConfigurationError(
            f"policy must be a tw.Policy(…), not {type(policy).__name__}.", field="policy"
        )
    return policy


def origin_of(base_url: str) -> str:
    """Return scheme, host and port of a base URL to which credentials may be sent.

    Raises:
        ConfigurationError: It is not https (or http on this machine), or has more than a host.
    """
    try:
        parts = urlsplit(base_url if isinstance(base_url, str) else "")
        host, _port = parts.hostname, parts.port  # parsed when read, and may be invalid
    except ValueError:
        host = None
    if not host or parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ConfigurationError(
            "base_url must be scheme://host[:port] only, such as http://127.0.0.1:8000.",
            field="base_url",
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise ConfigurationError(
            "base_url must be https, because requests contain credentials. "
            "Plain http is allowed for this machine only (127.0.0.1).",
            field="base_url",
        )
    return f"{parts.scheme}://{parts.netloc}"


class _Transport:
    """The code that the blocking and the async transport share."""

    def __init__(
        self,
        connection: Connection,
        *,
        timeout: float,
        base_url: str | None,
        policy: Policy | RequestGuard | None,
        largest_body: int = LARGEST_BODY,
    ) -> None:
        # Loaded here, so that naming a client stays cheap, and no request waits for an import.
        from twilio_widgets.core.http import backends, proxy

        self._backends = backends
        self._proxies = proxy.Proxies()
        self._connection = connection
        self._timeout = timeout
        self._largest = largest_body
        self._policy = default_policy(connection) if policy is None else policy
        self._guard = guard_for(self._policy, connection)
        self._origin = None if base_url is None else origin_of(base_url)
        self._opening = ThreadLock()
        self._abandoned: list[dict[str, BlockingBackend]] = []
        if connection.wire is not None and self._origin is not None:
            host = urlsplit(self._origin).hostname or ""
            if not is_loopback(host):
                raise ConfigurationError(
                    "A sandbox connection sends requests to this machine only.", field="base_url"
                )

    @property
    def _wire(self) -> Any:
        """The sandbox's in-process transport, or None if its socket is used."""
        return self._connection.wire if self._origin is None else None

    def _route(self, url: str) -> tuple[str, httpx.Proxy | None]:
        """Return the proxy for a URL, and the key of the backend that uses it."""
        proxy = None if self._wire is not None else self._proxies.of(url)
        return "" if proxy is None else str(proxy.url), proxy

    @property
    def timeout(self) -> float:
        """The most seconds of an exchange whose request has no timeout of its own."""
        return self._timeout

    @property
    def base_url(self) -> str | None:
        """The origin used instead of Twilio's hosts, or None."""
        return self._origin

    @property
    def largest_body(self) -> int:
        """The most bytes of a body, sent or received."""
        return self._largest

    @property
    def policy(self) -> Policy | RequestGuard:
        """The policy that every request is checked against: the given one, or the default."""
        return self._policy

    def _checked(self, request: Request) -> tuple[str, SendPermission | None]:
        """Let a request pass or refuse it; return its URL, and the verdict over a message."""
        guard(request)
        if request.host is not None and self._origin is not None:
            raise PathRefused(
                "This client has a base_url, which takes the place of Twilio's hosts, so a URL "
                "that names one is refused. Give only the path, or use a client without base_url. "
                "Nothing was sent."
            )
        origin = self._origin or "https://" + (
            request.host or self._connection.host(request.service)
        )
        url = origin + request.path
        if request.query:
            url += "?" + urlencode(request.query)
        return url, self._guard.check(request)

    def _close_guard(self) -> None:
        if isinstance(
            self._guard, PolicyEnforcer
        ):  # a guard of the user's own is not ours to close
            self._guard.close()

    def _limit(self, request: Request) -> float:
        return self._timeout if request.timeout is None else request.timeout

    def _headers(self, request: Request) -> list[tuple[str, str]]:
        """Built for each request and passed on at once, so that no local variable keeps them."""
        name, secret = self._connection.credentials
        pair = f"{name}:{secret.reveal()}".encode()
        given = {header.lower() for header, _value in request.headers}
        ours = [("Accept", "application/json"), *_OWN_HEADERS]
        if request.body is not None:
            ours.append(("Content-Type", request.body.content_type))
        return [
            ("Authorization", "Basic " + base64.b64encode(pair).decode()),
            *(header for header in ours if header[0].lower() not in given),
            *request.headers,
        ]

    def _built(self, url: str, request: Request) -> OutgoingRequest:
        content = None if request.body is None else request.body.encode()
        if content is not None and len(content) > self._largest:
            raise InvalidRequest(
                f"The body has {len(content):,} bytes; the limit is {self._largest:,}. "
                "Twilio(largest_body=…) changes that.",
                field="data",
            )
        return self._outgoing(request, url, self._headers(request), content)

    def _onward(self, url: str, request: Request, reply: Reply) -> OutgoingRequest | None:
        """Return the request for the media file that a reply redirects to, without credentials."""
        target = media_redirect(request, url, reply.status, reply.headers.get("location"))
        if target is None:
            return None
        return self._outgoing(request, target, [("Accept", "*/*"), *_OWN_HEADERS], None)

    def _outgoing(
        self, request: Request, url: str, headers: list[tuple[str, str]], content: bytes | None
    ) -> OutgoingRequest:
        limit = self._limit(request)
        # DNS, connecting and TLS get a third of the time. If they time out, that is then known:
        # nothing was sent.
        connecting = min(limit / 3, CONNECT_SECONDS)
        return OutgoingRequest(
            request.method, url, headers, content, seconds=limit, connecting=connecting
        )


class BlockingTransport(_Transport):
    """Sends requests and blocks until the response is complete. Safe to share between threads.

    Args:
        connection: The credentials, and the region and edge.
        timeout: The most seconds of an exchange, from connecting to the last byte.
        base_url: ``scheme://host[:port]`` instead of Twilio's hosts.
        policy: The policy that every request is checked against.
        largest_body: The most bytes of a body, sent or received, also after decompression.
    """

    _process = 0

    def __init__(self, connection: Connection, **options: Any) -> None:
        super().__init__(connection, **options)
        self._open: dict[str, BlockingBackend] = {}
        """The open backends, by the URL of their proxy; "" has none."""

    def send(self, request: Request) -> Reply:
        """Send one request and return the complete response.

        Raises:
            Refused: A check or the policy did not allow it; nothing was sent.
            NotConnected: Twilio could not be reached; nothing was sent.
            NoReply: It may have been received, but no complete response arrived in time.
            BadResponse: The response is too large, or damaged.
        """
        url, permission = self._checked(request)
        failure: BaseException
        outgoing: OutgoingRequest | None = None
        try:
            wire = self._opened(url)
            outgoing = self._built(url, request)
            with deadline(self._limit(request)):
                reply = wire.exchange(outgoing, self._largest)
                onward = self._onward(url, request, reply)
                if onward is not None:
                    reply = self._opened(onward.url).exchange(onward, self._largest)
        except BaseException as error:  # noqa: BLE001  # translated, and raised below
            sent = outgoing is not None and outgoing.may_have_been_sent
            # It has the Authorization header, and this frame is in the traceback.
            outgoing = None
            failure = self._backends.translate_error(error, may_have_been_sent=sent)
        else:
            _give_back(permission, unsent=means_unsent(reply))
            return reply
        _give_back(permission, unsent=not sent or isinstance(failure, NotConnected))
        raise failure

    def _opened(self, url: str) -> BlockingBackend:
        """Return the backend for a URL."""
        key, proxy = self._route(url)
        if (wire := self._open.get(key)) is not None and self._process == os.getpid():
            return wire
        with self._opening:  # threads that start together share one pool
            self._abandon()
            if key not in self._open:
                self._open[key] = self._backends.open_sync(proxy, self._wire)
            return self._open[key]

    def _abandon(self) -> None:
        """After a fork, stop using the parent's connections: each would read the other's data."""
        if self._process != os.getpid():
            # Without this reference they would be garbage-collected and closed.
            self._abandoned.append(self._open)
            self._open, self._process = {}, os.getpid()

    def close(self) -> None:
        """Close every connection; the next request opens a new one."""
        with self._opening:
            self._abandon()
            wires, self._open = self._open, {}
            self._proxies.clear()
        if self._wire is None:
            for wire in wires.values():
                wire.close()
        self._close_guard()


class AsyncTransport(_Transport):
    """The async transport; it belongs to the event loop it is first used on."""

    _loop: asyncio.AbstractEventLoop | None = None

    def __init__(self, connection: Connection, **options: Any) -> None:
        super().__init__(connection, **options)
        self._open: dict[str, AsyncBackend] = {}
        """The open backends; see `BlockingTransport`."""

    async def send(self, request: Request) -> Reply:
        """Send one request and return the complete response; see `BlockingTransport.send`."""
        url, permission = self._checked(request)
        from asyncio import timeout

        failure: BaseException
        outgoing: OutgoingRequest | None = None
        try:
            wire = self._opened(url)
            outgoing = self._built(url, request)
            async with timeout(self._limit(request)):
                reply = await wire.exchange(outgoing, self._largest)
                onward = self._onward(url, request, reply)
                if onward is not None:
                    reply = await self._opened(onward.url).exchange(onward, self._largest)
        except BaseException as error:  # noqa: BLE001  # translated, and raised below
            sent = outgoing is not None and outgoing.may_have_been_sent
            # It has the Authorization header, and this frame is in the traceback.
            outgoing = None
            failure = self._backends.translate_error(error, may_have_been_sent=sent)
        else:
            _give_back(permission, unsent=means_unsent(reply))
            return reply
        _give_back(permission, unsent=not sent or isinstance(failure, NotConnected))
        raise failure

    def _opened(self, url: str) -> AsyncBackend:
        from asyncio import get_running_loop

        here = get_running_loop()
        if not self._open:
            self._loop = here
        elif self._loop is not here:
            raise ConfigurationError(
                "This AsyncTwilio is in use on another event loop, so nothing was sent. Make one "
                "for each loop, or await aclose() there before it is used here."
            )
        key, proxy = self._route(url)
        if key not in self._open:
            self._open[key] = self._backends.open_async(proxy, self._wire)
        return self._open[key]

    async def aclose(self) -> None:
        """Close every connection; the next request opens a new one."""
        wires, self._open = self._open, {}
        self._proxies.clear()
        if self._wire is None:
            for wire in wires.values():
                await wire.aclose()
        self._close_guard()


def means_unsent(reply: Reply) -> bool:
    """Return whether a reply proves that no message was created: Twilio rejected the request."""
    return reply.status >= 400 and not leaves_open(reply, creates_message=True)


def _give_back(permission: SendPermission | None, *, unsent: bool) -> None:
    """Subtract a message from the policy's counts if it was certainly not sent."""
    if unsent and isinstance(permission, SendPermission):
        permission.give_back()
