"""`twilio.messages`: send, read and list messages, blocking or with ``await``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, cast

from twilio_widgets.client.base import ClientBase, Driver, awaited
from twilio_widgets.core.credentials.connection import Connection
from twilio_widgets.core.flows import messages
from twilio_widgets.core.flows.listing import Filters, Moment, Selection
from twilio_widgets.core.flows.outbox import Outbox
from twilio_widgets.core.flows.paging import Paginator
from twilio_widgets.core.message.message import Message, message_path
from twilio_widgets.core.message.parameters import MessageIntent
from twilio_widgets.core.request import Flow
from twilio_widgets.errors import OutcomeUnknown
from twilio_widgets.progress import ReadProgress, progress_of

if TYPE_CHECKING:
    from twilio_widgets.core.flows.find import NotSureYet
    from twilio_widgets.core.flows.media import Feedback, Media
    from twilio_widgets.frames.message_frame import MessageFrame


class _MessagesBase(ClientBase):
    interrupted: MessageFrame | None = None
    """The rows that ``list`` had read when it was last interrupted."""

    def __init__(
        self,
        connection: Connection,
        run: Driver,
        timeout: float,
        outbox: Outbox,
    ) -> None:
        super().__init__(connection, run, timeout)
        self.outbox = outbox

    @property
    def unanswered(self) -> tuple[OutcomeUnknown, ...]:
        """The sends that were interrupted or cancelled in flight; ``find`` looks each up."""
        return self.outbox.unanswered

    def _walk(
        self, filters: Filters, limit: int | None
    ) -> tuple[Paginator[Message], Selection[Message]]:
        request = filters.request(message_path(self._connection.acting_sid), limit=limit)
        return Paginator(request, messages.message_page), Selection(filters, limit)

    def _sending(self, given: dict[str, object]) -> Flow[Message]:
        key = given.pop("once")
        if key is None:
            return messages.send(self._connection, self._new_retry_policy(), given, self.outbox)
        # Here and below, imports wait for the first call that needs them: `tw.Twilio` loads faster.
        from twilio_widgets.journal.once import send_once

        return send_once(
            self._connection, self._new_retry_policy, given, self.outbox, cast("str", key)
        )

    def _finding(self, error: OutcomeUnknown) -> Flow[Message | NotSureYet | None]:
        from twilio_widgets.core.flows import find

        known = self.outbox.known_besides(error)
        found = yield from find.find(self._connection, self._new_retry_policy, error, known=known)
        if not isinstance(found, find.NotSureYet):
            self.outbox.settle(error, found.sid if found else None)
        return found

    def _keep(self, frame: MessageFrame) -> None:
        self.interrupted = frame


class Messages(_MessagesBase):
    """The messages of an account."""

    def send(
        self,
        to: str,
        *,
        body: str | None = None,
        from_: str | None = None,
        messaging_service_sid: str | None = None,
        media_url: str | Sequence[str] | None = None,
        content_sid: str | None = None,
        content_variables: Mapping[str, object] | str | None = None,
        send_at: datetime | None = None,
        schedule_type: Literal["fixed"] | None = None,
        status_callback: str | None = None,
        validity_period: int | None = None,
        smart_encoded: bool | None = None,
        shorten_urls: bool | None = None,
        send_as_mms: bool | None = None,
        provide_feedback: bool | None = None,
        fallback_from: str | None = None,
        application_sid: str | None = None,
        attempt: int | None = None,
        force_delivery: bool | None = None,
        content_retention: Literal["retain", "discard"] | None = None,
        address_retention: Literal["retain", "obfuscate"] | None = None,
        persistent_action: str | Sequence[str] | None = None,
        traffic_type: Literal["free"] | None = None,
        risk_check: Literal["enable", "disable"] | None = None,
        message_intent: MessageIntent | None = None,
        max_price: Decimal | float | str | None = None,
        tags: Mapping[str, object] | str | None = None,
        once: str | None = None,
    ) -> Message:
        """Send one message now, or schedule it.

        Each call sends a message, unless `once` is given. One call never sends twice: only a 429,
        and a connection that could not be established, are retried.

        Args:
            to: The recipient: E.164 (``"+14155550123"``) or a channel address (``"whatsapp:+1…"``).
            body: The text, at most 1,600 characters.
            from_: The sender: one of your numbers, a short code, an alphanumeric sender, a channel
                address, or the SID of a messaging service.
            messaging_service_sid: A messaging service (``MG…``), which picks the sender.
            media_url: The URL of a media file, or up to ten URLs.
            content_sid: A content template (``HX…``).
            content_variables: The template's variables.
            send_at: When to send, as a datetime with a time zone, at least 5 minutes and at most 35
                days ahead; requires a messaging service.
            schedule_type: Set automatically if `send_at` is given.
            status_callback: The URL to which Twilio reports each status.
            validity_period: Seconds the message may wait in Twilio's queue, 1 to 36,000.
            smart_encoded: Whether Twilio replaces look-alike characters, to save segments.
            shorten_urls: Whether Twilio shortens links; requires a messaging service set up for it.
            send_as_mms: Whether to send one MMS even without media.
            provide_feedback: Whether ``feedback`` will be given later.
            fallback_from: The sender if RCS fails; requires a messaging service.
            application_sid: A TwiML application (``AP…``) whose callback URL is used.
            attempt: The number of attempts so far, including this one.
            force_delivery: Whether to request delivery to a landline.
            content_retention: ``"discard"`` keeps the text out of Twilio's log.
            address_retention: ``"obfuscate"`` keeps the number out of Twilio's log.
            persistent_action: Actions of channels such as WhatsApp.
            traffic_type: Not documented by Twilio.
            risk_check: ``"disable"`` skips the check for SMS pumping.
            message_intent: The purpose of the message.
            max_price: Without effect since June 2024.
            tags: Labels, if Twilio has enabled them for the account.
            once: An idempotency key of your choice, such as ``"invoice 4711"``. At most one message
                is sent for a key, also across crashes and restarts; afterwards the same call sends
                nothing and returns that message as it is now. This is recorded in a journal next to
                your jobs, which keeps the number and the text only until the outcome is known. A
                message that certainly was not sent (a policy refused it, a dry run, Twilio rejected
                it) leaves the key free: correct the message, and use the same key.

        Returns:
            The message as Twilio accepted it, with its SID and first status.

        Raises:
            InvalidMessage: A parameter is invalid; nothing was sent.
            RejectedMessage: Twilio refused the message; nothing was sent.
            RateLimited: Twilio limits the request rate; nothing was sent.
            NotConnected: Twilio could not be reached; nothing was sent.
            OutcomeUnknown: The message may have been sent: call ``find(error)`` before you retry.
            JobError: `once` was used for another message that was or may have been sent, or another
                process is sending it.

        Source: Twilio's OpenAPI document (2026-04) and the official client 9.13.
        """
        given = dict(locals())  # must come first: only the arguments are locals yet
        del given["self"]
        return self._run(self._sending(given))

    def get(self, sid: str) -> Message:
        """Read one message as it is now.

        Args:
            sid: ``SM`` or ``MM`` and 32 hex digits.

        Raises:
            NotFound: The account has no such message.
        """
        return self._run(messages.get(self._connection, self._new_retry_policy(), sid))

    def wait(
        self, sid: str, timeout: float = 60.0, *, seen: Callable[[Message], None] | None = None
    ) -> Message:
        """Poll one message until its status is final.

        Args:
            sid: ``SM`` or ``MM`` and 32 hex digits.
            timeout: Seconds after which polling stops; the last request may take the client's own
                timeout. A message may stay ``sent`` forever if its carrier sends no receipt.
            seen: Called with the message after each request.

        Returns:
            The message as last read; ``.is_final`` is True if its status is final.
        """
        flow = messages.wait(
            self._connection, self._new_retry_policy, sid, timeout=timeout, seen=seen
        )
        return self._run(flow)

    def find(self, error: OutcomeUnknown) -> Message | NotSureYet | None:
        """Look up a message whose outcome is unknown in the message log.

        Args:
            error: The error that ``send`` raised.

        Returns:
            The message, if exactly one in the log matches; None, if it is not there and can no
            longer appear; otherwise `NotSureYet`, with the reason and when to try again.
        """
        return self._run(self._finding(error))

    def list(
        self,
        *,
        to: str | None = None,
        from_: str | None = None,
        sent_on: Moment | None = None,
        sent_after: Moment | None = None,
        sent_before: Moment | None = None,
        since: Moment | None = None,
        limit: int | None = 1000,
        status: str | Sequence[str] | None = None,
        direction: str | Sequence[str] | None = None,
        error_code: int | Sequence[int] | None = None,
        text: str | None = None,
        progress: bool | Callable[[ReadProgress], None] = True,
    ) -> MessageFrame:
        """Read the message log as a DataFrame, newest first.

        Twilio filters by recipient, sender and sending time. The filters `status`, `direction`,
        `error_code` and `text` are applied locally to the rows read up to `limit`, and
        ``frame.attrs`` lists them.

        Args:
            to: The recipient, as written in the log.
            from_: The sender, as written in the log.
            sent_on: A day in UTC (``"2026-01-15"`` or a date), or in another zone: its midnight
                there, as a datetime. Any other time of day is refused.
            sent_after: A day or an aware datetime, inclusive.
            sent_before: A day or an aware datetime, inclusive.
            since: Only newer messages than this: a message SID, a day or an aware datetime. Reading
                stops there. A message without a sending time may be missing.
            limit: The maximum number of messages to read; None reads all.
            status: Keep only these statuses.
            direction: Keep only these directions.
            error_code: Keep only these error codes.
            text: Keep only messages whose body contains this text, ignoring case.
            progress: Whether to show a progress bar on long reads; or a function called after each
                page.

        Returns:
            A frame with the documented schema, also if nothing was found. ``frame.attrs`` contains
            the filters, the time, and whether the frame is complete.
        """
        from twilio_widgets.client.listing import listing

        filters = Filters(
            to=to,
            from_=from_,
            sent_on=sent_on,
            sent_after=sent_after,
            sent_before=sent_before,
            since=since,
        )
        here = {"status": status, "direction": direction, "error_code": error_code, "text": text}
        flow = listing(
            self._connection,
            self._new_retry_policy,
            filters,
            limit=limit,
            here=here,
            tell=progress_of(progress),
            keep=self._keep,
        )
        return self._run(flow)

    def iterate(
        self,
        *,
        to: str | None = None,
        from_: str | None = None,
        sent_on: Moment | None = None,
        sent_after: Moment | None = None,
        sent_before: Moment | None = None,
        since: Moment | None = None,
        limit: int | None = None,
    ) -> Iterator[Message]:
        """Read the message log one `Message` at a time, newest first.

        The filters are those of ``list``; pages are read on demand.
        """
        paginator, selection = self._walk(
            Filters(
                to=to,
                from_=from_,
                sent_on=sent_on,
                sent_after=sent_after,
                sent_before=sent_before,
                since=since,
            ),
            limit,
        )
        while paginator.next_request is not None and not selection.done:
            yield from selection.take(self._next_page(paginator))

    def _next_page(self, paginator: Paginator[Message]) -> Sequence[Message]:
        return self._run(paginator.next_page(self._new_retry_policy()))

    def cancel(self, sid: str) -> Message:
        """Cancel a scheduled message.

        Raises:
            ApiError: It was already sent, or its status is final.
            OutcomeUnknown: The response was lost; read the message again to see its status.
        """
        return self._run(messages.cancel(self._connection, self._new_retry_policy(), sid))

    def redact(self, sid: str) -> Message:
        """Remove a message's text from Twilio's log; the entry stays.

        Raises:
            OutcomeUnknown: The response was lost; read the message again to see.
        """
        return self._run(messages.redact(self._connection, self._new_retry_policy(), sid))

    def delete(self, sid: str) -> None:
        """Remove a message from Twilio's log, with its media.

        Raises:
            ApiError: Its status is not final yet: Twilio deletes only finished messages.
        """
        return self._run(messages.delete(self._connection, self._new_retry_policy(), sid))

    def media(self, sid: str) -> tuple[Media, ...]:
        """Return the media files of a message."""
        from twilio_widgets.core.flows import media as attachments

        flow = attachments.media(self._connection, self._new_retry_policy, sid)
        return self._run(flow)

    def feedback(
        self, sid: str, *, outcome: Literal["confirmed", "unconfirmed"] = "confirmed"
    ) -> Feedback:
        """Report to Twilio whether a message achieved its purpose.

        Args:
            sid: A message created with ``provide_feedback=True``.
            outcome: Whether the recipient took the action the message asked for.
        """
        from twilio_widgets.core.flows import media as attachments

        flow = attachments.feedback(
            self._connection, self._new_retry_policy(), sid, outcome=outcome
        )
        return self._run(flow)


class AsyncMessages(_MessagesBase):
    """The messages of an account, with ``await``; see `Messages`."""

    send = awaited(Messages.send)
    get = awaited(Messages.get)
    wait = awaited(Messages.wait)
    find = awaited(Messages.find)
    list = awaited(Messages.list)
    cancel = awaited(Messages.cancel)
    redact = awaited(Messages.redact)
    delete = awaited(Messages.delete)
    media = awaited(Messages.media)
    feedback = awaited(Messages.feedback)
    _next_page = awaited(Messages._next_page)

    async def iterate(
        self,
        *,
        to: str | None = None,
        from_: str | None = None,
        sent_on: Moment | None = None,
        sent_after: Moment | None = None,
        sent_before: Moment | None = None,
        since: Moment | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[Message]:
        """Read the message log one `Message` at a time; see `Messages.iterate`."""
        paginator, selection = self._walk(
            Filters(
                to=to,
                from_=from_,
                sent_on=sent_on,
                sent_after=sent_after,
                sent_before=sent_before,
                since=since,
            ),
            limit,
        )
        while paginator.next_request is not None and not selection.done:
            for message in selection.take(await self._next_page(paginator)):
                yield message
