"""The one door to Twilio: every request of every entry point leaves through ``send``.

Here stand the host guard, the policy hook, the deadline and the caps on answers; `network` has the
ways to a host and the table of what a failed exchange means.

A failure is raised outside the ``except`` block that caught it: the frames of the HTTP library hold
the Authorization header, and an error with a cause or a context would carry them into a traceback.
"""

from __future__ import annotations

import base64
import os
import threading
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlencode, urlsplit

from twilio_widgets.core.flows.answers import leaves_open
from twilio_widgets.core.guardrails.enforcement import PolicyEnforcer, SendPermission
from twilio_widgets.core.guardrails.policy import Policy, default_policy
from twilio_widgets.core.http.deadline import deadline
from twilio_widgets.core.http.guard import guard, is_loopback, media_redirect
from twilio_widgets.core.http.outgoing import OutgoingRequest
from twilio_widgets.core.request import Reply, Request
from twilio_widgets.errors import (
    ConfigurationError,
    InvalidRequest,
    NotConnected,
    PathRefused,
)

if TYPE_CHECKING:
    import asyncio

    from twilio_widgets.core.credentials.connection import Connection
    from twilio_widgets.core.http.backends import AsyncBackend, BlockingBackend

CONNECT_SECONDS = 10.0

LARGEST_BODY = 64 * 1024 * 1024
"""Bytes of a body, sent or received, before and after decompression. A full page of 1,000 long
messages has about 12 MB."""

_OWN_HEADERS = (("Accept-Encoding", "gzip"), ("User-Agent", "twilio_widgets"))


class RequestGuard(Protocol):
    """What every request must pass before it leaves: a policy, or a rule of your own."""

    def judge(self, request: Request) -> SendPermission | None:
        """Return when the request may leave; the verdict, when it was counted.

        Raises:
            PolicyRefused: It may not, and why.
        """


def in_force(policy: Policy | RequestGuard, connection: Connection) -> RequestGuard:
    """Return the judge of a connection: a policy in force on it, or a judge of its own.

    Raises:
        ConfigurationError: It is no policy.
    """
    if isinstance(policy, Policy):
        return policy.on(connection)
    if not callable(getattr(policy, "judge", None)):
        raise ConfigurationError(
            f"policy is a tw.Policy(…), not {type(policy).__name__}.", field="policy"
        )
    return policy


def origin_of(base_url: str) -> str:
    """Return scheme, host and port of a base URL that credentials may travel to.

    Raises:
        ConfigurationError: It is not https (or http on this machine), or has more than a host.
    """
    try:
        parts = urlsplit(base_url if isinstance(base_url, str) else "")
        host, _port = parts.hostname, parts.port  # both are read only now, and may be wrong
    except ValueError:
        host = None
    if not host or parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ConfigurationError(
            "base_url is scheme://host[:port] and nothing more, such as http://127.0.0.1:8000.",
            field="base_url",
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise ConfigurationError(
            "base_url must be https: credentials travel in it. "
            "Plain http is for this machine alone (127.0.0.1).",
            field="base_url",
        )
    return f"{parts.scheme}://{parts.netloc}"


class _Transport:
    """What the blocking and the async transport share: everything but waiting."""

    def __init__(
        self,
        connection: Connection,
        *,
        timeout: float,
        base_url: str | None,
        policy: Policy | RequestGuard | None,
        largest_body: int = LARGEST_BODY,
    ) -> None:
        self._connection = connection
        self._timeout = timeout
        self._largest = largest_body
        self._policy = default_policy(connection) if policy is None else policy
        self._judge = in_force(self._policy, connection)
        self._origin = None if base_url is None else origin_of(base_url)
        self._opening = threading.Lock()
        self._abandoned: list[BlockingBackend] = []
        if connection.wire is not None and self._origin is not None:
            host = urlsplit(self._origin).hostname or ""
            if not is_loopback(host):
                raise ConfigurationError(
                    "A sandbox connection never leaves this machine.", field="base_url"
                )

    @property
    def _wire(self) -> Any:
        """The sandbox's transport, unless its socket was asked for."""
        return self._connection.wire if self._origin is None else None

    @property
    def _home(self) -> str:
        """The origin most requests go to."""
        return self._origin or self._connection.base_url

    @property
    def timeout(self) -> float:
        """Seconds one exchange may take when its request does not say."""
        return self._timeout

    @property
    def base_url(self) -> str | None:
        """Where requests go instead of Twilio's hosts, or None."""
        return self._origin

    @property
    def largest_body(self) -> int:
        """The most bytes of a body, sent or received."""
        return self._largest

    @property
    def policy(self) -> Policy | RequestGuard:
        """What judges every request: the policy given, or the one in force without."""
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
        return url, self._judge.judge(request)

    def _close_judge(self) -> None:
        if isinstance(
            self._judge, PolicyEnforcer
        ):  # a judge of somebody else's is not ours to close
            self._judge.close()

    def _limit(self, request: Request) -> float:
        return self._timeout if request.timeout is None else request.timeout

    def _headers(self, request: Request) -> list[tuple[str, str]]:
        """Made anew for each request and handed straight on, so that no local holds it."""
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
                f"The body has {len(content):,} bytes; at most {self._largest:,} are sent. "
                "Twilio(largest_body=…) changes that.",
                field="data",
            )
        return self._outgoing(request, url, self._headers(request), content)

    def _onward(self, url: str, request: Request, reply: Reply) -> OutgoingRequest | None:
        """Return the request for the media file that an answer points to: it has no credentials."""
        target = media_redirect(request, url, reply.status, reply.headers.get("location"))
        if target is None:
            return None
        return self._outgoing(request, target, [("Accept", "*/*"), *_OWN_HEADERS], None)

    def _outgoing(
        self, request: Request, url: str, headers: list[tuple[str, str]], content: bytes | None
    ) -> OutgoingRequest:
        limit = self._limit(request)
        # Looking up, connecting and TLS have a third, so that what ends there ends before the
        # whole time is over, and is told apart: nothing was sent.
        connecting = min(limit / 3, CONNECT_SECONDS)
        return OutgoingRequest(
            request.method, url, headers, content, seconds=limit, connecting=connecting
        )


class BlockingTransport(_Transport):
    """Sends requests and waits for their answers. Safe to share between threads.

    Args:
        connection: Who we are, and which host serves us.
        timeout: Seconds one exchange may take, from connecting to the last byte.
        base_url: ``scheme://host[:port]`` instead of Twilio's hosts.
        policy: Judges every request before it leaves.
        largest_body: The most bytes of a body, sent or received, also after decompression.
    """

    _open: BlockingBackend | None = None
    _process = 0

    def send(self, request: Request) -> Reply:
        """Send one request and return its whole answer.

        Raises:
            Refused: It was not allowed to leave.
            NotConnected: Twilio was not reached; nothing was sent.
            NoReply: It may have been received; no whole answer came back in time.
            BadResponse: The answer is too large, or damaged.
        """
        url, verdict = self._checked(request)
        failure: BaseException
        outgoing: OutgoingRequest | None = None
        try:
            wire = self._opened()
            outgoing = self._built(url, request)
            with deadline(self._limit(request)):
                reply = wire.exchange(outgoing, self._largest)
                onward = self._onward(url, request, reply)
                if onward is not None:
                    reply = wire.exchange(onward, self._largest)
        except BaseException as error:  # noqa: BLE001  # told apart, and raised anew below
            sent = outgoing is not None and outgoing.may_have_been_sent
            # It has the Authorization header, and this frame is in the traceback.
            outgoing = None
            failure = _translated(error, may_have_been_sent=sent)
        else:
            _give_back(verdict, unsent=means_unsent(reply))
            return reply
        _give_back(verdict, unsent=not sent or isinstance(failure, NotConnected))
        raise failure

    def _opened(self) -> BlockingBackend:
        if (wire := self._open) is not None and self._process == os.getpid():
            return wire
        with self._opening:  # threads that begin together share one pool
            self._abandon()
            if self._open is None:
                from twilio_widgets.core.http.backends import open_sync

                self._open, self._process = open_sync(self._home, self._wire), os.getpid()
            return self._open

    def _abandon(self) -> None:
        """After a fork, leave what the parent opened alone: each would read the other's answers."""
        if self._open is not None and self._process != os.getpid():
            self._abandoned.append(self._open)  # forgotten, it would be closed
            self._open = None

    def close(self) -> None:
        """Close every connection; the next request opens a new one."""
        with self._opening:
            self._abandon()
            wire, self._open = self._open, None
        if wire is not None and self._wire is None:
            wire.close()
        self._close_judge()


class AsyncTransport(_Transport):
    """The same with ``await``; it belongs to the event loop it is first used on."""

    _open: AsyncBackend | None = None
    _loop: asyncio.AbstractEventLoop | None = None

    async def send(self, request: Request) -> Reply:
        """Send one request and return its whole answer; see `BlockingTransport.send`."""
        url, verdict = self._checked(request)
        from asyncio import timeout

        failure: BaseException
        outgoing: OutgoingRequest | None = None
        try:
            wire = self._opened()
            outgoing = self._built(url, request)
            async with timeout(self._limit(request)):
                reply = await wire.exchange(outgoing, self._largest)
                onward = self._onward(url, request, reply)
                if onward is not None:
                    reply = await wire.exchange(onward, self._largest)
        except BaseException as error:  # noqa: BLE001  # told apart, and raised anew below
            sent = outgoing is not None and outgoing.may_have_been_sent
            # It has the Authorization header, and this frame is in the traceback.
            outgoing = None
            failure = _translated(error, may_have_been_sent=sent)
        else:
            _give_back(verdict, unsent=means_unsent(reply))
            return reply
        _give_back(verdict, unsent=not sent or isinstance(failure, NotConnected))
        raise failure

    def _opened(self) -> AsyncBackend:
        from asyncio import get_running_loop

        here = get_running_loop()
        if self._open is None:
            from twilio_widgets.core.http.backends import open_async

            self._open, self._loop = open_async(self._home, self._wire), here
        elif self._loop is not here:
            raise ConfigurationError(
                "This AsyncTwilio is in use on another event loop, so nothing was sent. Make one "
                "for each loop, or await aclose() there before it is used here."
            )
        return self._open

    async def aclose(self) -> None:
        """Close every connection; the next request opens a new one."""
        wire, self._open = self._open, None
        if wire is not None and self._wire is None:
            await wire.aclose()
        self._close_judge()


def _translated(error: BaseException, *, may_have_been_sent: bool) -> BaseException:
    # Loaded with the first request: httpx takes half of the time to import this package.
    from twilio_widgets.core.http.backends import translate_error

    return translate_error(error, may_have_been_sent=may_have_been_sent)


def means_unsent(reply: Reply) -> bool:
    """Return whether an answer proves that no message was sent: Twilio refused it."""
    return reply.status >= 400 and not leaves_open(reply, creates_message=True)


def _give_back(verdict: SendPermission | None, *, unsent: bool) -> None:
    """Take a message out of the policy's counts again when it certainly was not sent."""
    if unsent and isinstance(verdict, SendPermission):
        verdict.give_back()
