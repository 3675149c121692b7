"""Send signed status callbacks and inbound webhooks when they are due.

They are posted to loopback addresses only, whatever URL is configured: a sandbox sends nothing
beyond this machine. Any other URL is recorded as not delivered. One thread posts them in order.
"""

from __future__ import annotations

import heapq
import itertools
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from twilio_widgets.sandbox.webhooks.alerts import TEXTS, codes_of
from twilio_widgets.sandbox.webhooks.post import Posted, deliver
from twilio_widgets.sandbox.webhooks.twiml import replies_in
from twilio_widgets.sandbox.world import create
from twilio_widgets.sandbox.world.alerts import SandboxAlert
from twilio_widgets.sandbox.world.rows import API_VERSION

if TYPE_CHECKING:
    from twilio_widgets.sandbox.world.lifecycle import Step
    from twilio_widgets.sandbox.world.messages import StoredMessage
    from twilio_widgets.sandbox.world.world import World

_SILENT = frozenset({"sending"})
"""Statuses of the Message resource for which Twilio sends no callback."""

_DONE = frozenset({"delivered", "undelivered"})
_API = "https://api.twilio.com"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook that the sandbox posted or could not post."""

    url: str
    parameters: dict[str, str] = field(repr=False)
    status: int | None
    """The HTTP status of the response; None when there was none."""
    problem: str | None
    """Why it was not delivered, in one sentence; None when it was."""


class _Due(NamedTuple):
    at: float
    order: int
    message: StoredMessage
    step: Step | None
    """The status to report; None for the inbound webhook."""


class Webhooks:
    """Schedules and posts the webhooks of one world.

    Args:
        world: The world.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        # Entered as `world.lock`: Ctrl+C can stop `Condition.__exit__` before it releases.
        self._wake = threading.Condition(world.lock)
        self._due: list[_Due] = []
        self._planned: set[tuple[int, Step | None]] = set()
        self._order = itertools.count()
        self._posting = False
        self._closed = False
        self._thread: threading.Thread | None = None
        self.deliveries: list[Delivery] = []
        world.on_message.append(self._plan)
        world.clock.on_advance(self._clock_advanced)

    def close(self) -> None:
        """Post no more webhooks, and wait until the thread has ended."""
        with self._world.lock:
            self._closed = True
            self._wake.notify_all()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(5.0)

    def settle(self, timeout: float) -> bool:
        """Wait until every webhook that is due was posted; return False after `timeout` seconds."""
        until = time.monotonic() + timeout
        with self._world.lock:
            while self._posting or (self._due and self._due[0].at <= self._world.now()):
                left = until - time.monotonic()
                if left <= 0:
                    return False
                self._wake.wait(left)
            return True

    # Scheduling

    def _plan(self, message: StoredMessage) -> None:
        if message.direction == "inbound":
            if self._inbound_urls(message):
                self._push(message, None, message.created)
        elif message.status_callback:
            for step in message.steps[1:]:
                if step.status not in _SILENT:
                    self._push(message, step, step.at)

    def _push(self, message: StoredMessage, step: Step | None, at: float) -> None:
        if sys.platform == "emscripten":  # there are no threads, and no programs that could listen
            return
        with self._world.lock:
            if (message.number, step) in self._planned or self._closed:
                return
            self._planned.add((message.number, step))
            heapq.heappush(self._due, _Due(at, next(self._order), message, step))
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="twilio_widgets-sandbox-webhooks", daemon=True
                )
                self._thread.start()
            self._wake.notify_all()

    def _clock_advanced(self) -> None:
        with self._world.lock:
            self._wake.notify_all()

    def _run(self) -> None:
        while True:
            with self._world.lock:
                due = self._next()
                if due is None:
                    return
                self._posting = True
            try:
                self._post(due)
            finally:
                with self._world.lock:
                    self._posting = False
                    self._wake.notify_all()

    def _next(self) -> _Due | None:
        """Wait for the next webhook that is due; return None after `close`."""
        while not self._closed:
            if not self._due:
                self._wake.wait()
                continue
            left = self._due[0].at - self._world.now()
            if left <= 0:
                due = heapq.heappop(self._due)
                # A cancelled message no longer has the steps that were planned for it.
                if due.step is None or due.step in due.message.steps:
                    return due
            else:
                self._wake.wait(None if self._world.clock.frozen else left)
        return None

    # Posting

    def _post(self, due: _Due) -> None:
        if due.step is not None:
            url = due.message.status_callback or ""
            self._deliver(url, "POST", self._status_parameters(due.message, due.step))
            return
        parameters = self._inbound_parameters(due.message)
        for url, method in self._inbound_urls(due.message):
            posted = self._deliver(url, method, parameters)
            if posted.status is not None and posted.status < 400:
                self._answer(due.message, posted)
                return

    def _deliver(self, url: str, method: str, parameters: dict[str, str]) -> Posted:
        token = self._world.accounts[parameters["AccountSid"]].auth_token
        posted = deliver(url, method, parameters, token)
        codes = codes_of(posted, inbound="MessageStatus" not in parameters)
        with self._world.lock:
            self.deliveries.append(Delivery(url, parameters, posted.status, posted.problem))
            for code in codes:
                self._raise_alert(code, url, method, parameters, posted.body)
        return posted

    def _raise_alert(
        self, code: int, url: str, method: str, parameters: dict[str, str], response: bytes
    ) -> None:
        world = self._world
        world.alerts.append(
            SandboxAlert(
                sid=world.sids.sid("NO", len(world.alerts)),
                account_sid=parameters["AccountSid"],
                code=code,
                text=TEXTS[code],
                at=world.now(),
                method=method,
                url=url,
                message_sid=parameters["MessageSid"],
                service_sid=parameters.get("MessagingServiceSid"),
                parameters=parameters,
                response=response,
            )
        )

    def _answer(self, message: StoredMessage, posted: Posted) -> None:
        with self._world.lock:
            for reply in replies_in(posted.content_type, posted.body):
                create.reply(
                    self._world, message, reply.body, status_callback=reply.status_callback
                )

    def _inbound_urls(self, message: StoredMessage) -> list[tuple[str, str]]:
        """Return the webhook URL for an inbound message, then the fallback, with their methods."""
        # The sandbox's WhatsApp sender uses the webhook of its number; Twilio's has one of its own.
        own = self._world.own_numbers.get(message.to.removeprefix("whatsapp:"))  # None if released
        number = own.settings if own else {}
        service = self._world.services.get(message.service_sid or "")
        found = [
            (number.get("sms_url"), number.get("sms_method")),
            (number.get("sms_fallback_url"), number.get("sms_fallback_method")),
        ]
        if service is not None and not service.settings.get("use_inbound_webhook_on_number"):
            # If the service has no URL either, no webhook is sent, as Twilio documents.
            asked = service.settings
            found = [
                (str(asked[url]), str(asked.get(method) or "POST"))
                for url, method in (
                    ("inbound_request_url", "inbound_method"),
                    ("fallback_url", "fallback_method"),
                )
                if asked.get(url)
            ]
        return [(url, method or "POST") for url, method in found if url]

    def _status_parameters(self, message: StoredMessage, step: Step) -> dict[str, str]:
        row = message.row(step.at)
        parameters = {
            "AccountSid": message.account_sid,
            "ApiVersion": API_VERSION,
            "From": row.from_ or "",
            "MessageSid": message.sid,
            "MessageStatus": step.status,
            "SmsSid": message.sid,
            "SmsStatus": step.status,
            "To": message.to,
        }
        if message.service_sid:
            parameters["MessagingServiceSid"] = message.service_sid
        if step.error_code is not None:
            parameters["ErrorCode"] = str(step.error_code)
        if step.status in _DONE:
            parameters["RawDlrDoneDate"] = time.strftime("%y%m%d%H%M", time.gmtime(step.at))
        return parameters

    def _inbound_parameters(self, message: StoredMessage) -> dict[str, str]:
        parameters = {
            "AccountSid": message.account_sid,
            "ApiVersion": API_VERSION,
            "Body": message.body,
            "From": message.sender or "",
            "MessageSid": message.sid,
            "NumMedia": str(len(message.media)),
            "NumSegments": str(message.segments),
            "SmsMessageSid": message.sid,
            "SmsSid": message.sid,
            "SmsStatus": "received",
            "To": message.to,
        }
        if message.service_sid:
            parameters["MessagingServiceSid"] = message.service_sid
        here = f"{_API}/{API_VERSION}/Accounts/{message.account_sid}/Messages/{message.sid}/Media"
        for index, (sid, kind) in enumerate(message.media.items()):
            parameters[f"MediaUrl{index}"] = f"{here}/{sid}"
            parameters[f"MediaContentType{index}"] = kind
        return parameters
