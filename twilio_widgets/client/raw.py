"""`raw` of the face: any request to Twilio's REST API, as one method."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from twilio_widgets.core.flows.outbox import Outbox
from twilio_widgets.core.raw import raw as requests
from twilio_widgets.core.raw.request import RawRequest
from twilio_widgets.core.raw.response import Attempt, RawResponse
from twilio_widgets.core.raw.retry import Hooks
from twilio_widgets.progress import ReadProgress, progress_of

if TYPE_CHECKING:
    from twilio_widgets.client.base import Driver
    from twilio_widgets.core.credentials.connection import Connection
    from twilio_widgets.core.raw.body import FileNames, Files, Pairs
    from twilio_widgets.core.request import Flow


class RawMixin:
    """The method ``raw``, for a client that has a connection, a driver and an outbox."""

    _connection: Connection
    _run: Driver
    _outbox: Outbox

    def raw(
        self,
        path: str,
        method: str = "GET",
        *,
        data: Pairs | str | bytes | None = None,
        form_data: Pairs | None = None,
        file_data: Files | None = None,
        file_data_file_names: FileNames | None = None,
        query_params: Pairs | None = None,
        headers: Pairs | None = None,
        response_type: Literal["json", "text", "binary"] = "json",
        timeout: float = 30.0,
        retry_delay_ms: float = 0,
        retry_all_errors: bool = False,
        max_retries: int = 0,
        use_exponential_backoff: bool = False,
        repeat_unsafe: bool = False,
        frame: bool = False,
        limit: int | None = 1000,
        progress: bool | Callable[[ReadProgress], None] = False,
        attempt_seen: Callable[[Attempt], None] | None = None,
        before_attempt: Callable[[int], None] | None = None,
    ) -> RawResponse:
        """Make any request to Twilio's REST API (2010-04-01), and return its whole answer.

        Names and values may be a mapping, or a list of pairs; a repeated name is sent each time.

        Args:
            path: Such as ``"/Accounts/$TWILIO_ACCOUNT_SID/Messages.json?PageSize=5"``; the host and
                ``/2010-04-01`` are put in front, ``$TWILIO_ACCOUNT_SID`` is filled in.
            method: ``GET``, ``POST``, ``DELETE`` and the like, in capitals or not.
            data: The body. Names and values are sent url-encoded, as Twilio reads them. Text and
                bytes are sent as they are; then `headers` must say their ``Content-Type``.
            form_data: Fields of a multipart form; not together with `data`.
            file_data: Files of a multipart form: bytes, text, or a ``pathlib.Path`` to read.
            file_data_file_names: The files' names, by the keys of `file_data`; the key otherwise.
            query_params: Added to the query that stands in `path`.
            headers: Beside our own; credentials come from the connection and cannot be set.
            response_type: ``"json"``, ``"text"`` or ``"binary"`` (bytes, such as a media file).
            timeout: Seconds for all attempts and the pauses between them; each page of a list has
                them anew.
            retry_delay_ms: Milliseconds between attempts, without exponential back-off. What Twilio
                asks for in ``Retry-After`` wins.
            retry_all_errors: Repeat after other refusals (4xx) as well. Otherwise 5xx, 408, 429 and
                network errors only.
            max_retries: How many repeats at most; 0 means none at all.
            use_exponential_backoff: Let pauses grow from 0.5 to at most 20 seconds, each drawn at
                random below that; `retry_delay_ms` is ignored.
            repeat_unsafe: Repeat a POST (or PATCH) even when an earlier one may have been carried
                out: a message may then be sent twice.
            frame: Read a list into a typed DataFrame, page by page; it is the response's ``data``.
            limit: The most rows of that list; None reads everything.
            progress: Show a bar over its pages; or a function called after each page.
            attempt_seen: Called after each attempt; raising ends the request.
            before_attempt: Called before each attempt, with its number; raising ends the request
                before it leaves.

        Returns:
            Status, headers and body. After a DELETE whose first answer was lost, a 404 counts as
            done and is returned.

        Raises:
            PathRefused: The path could lead elsewhere; nothing was sent.
            InvalidRequest: Another input cannot be right; nothing was sent.
            ApiError: Twilio answered with an error; ``error.response`` is the answer.
            OutcomeUnknown: The answer to a change was lost, or was 408 or 5xx; it may be made.
            BadResponse: The answer is not the JSON asked for (``error.text`` is what came), is too
                large, or is a redirect.
            NotConnected: Twilio was not reached; nothing was sent.
            NoReply: No whole answer came in time to a request that changes nothing.
        """
        ask = RawRequest(
            path=path,
            method=method,
            data=data,
            form_data=form_data,
            file_data=file_data,
            file_data_file_names=file_data_file_names,
            query_params=query_params,
            headers=headers,
            response_type=response_type,
            timeout=timeout,
            retry_delay_ms=retry_delay_ms,
            retry_all_errors=retry_all_errors,
            max_retries=max_retries,
            use_exponential_backoff=use_exponential_backoff,
            repeat_unsafe=repeat_unsafe,
            frame=frame,
            limit=limit,
        )
        return self._run(self._asking(ask, before_attempt, attempt_seen, progress))

    def _asking(
        self,
        ask: RawRequest,
        before_attempt: Callable[[int], None] | None,
        attempt_seen: Callable[[Attempt], None] | None,
        progress: bool | Callable[[ReadProgress], None],
    ) -> Flow[RawResponse]:
        tell = progress_of(progress, unit="rows")

        def page_seen(rows: int, pages: int) -> None:
            tell(ReadProgress(rows=rows, pages=pages, limit=ask.limit))

        hooks = Hooks(
            before_attempt=before_attempt,
            attempt_seen=attempt_seen,
            page_seen=page_seen,
            created=self._outbox.sent.append,
            left_open=self._outbox.left_open,
        )
        try:
            return (yield from requests.raw(self._connection, ask, hooks, self._table(ask)))
        finally:
            tell.close()

    def _table(self, ask: RawRequest) -> requests.PageTable | None:
        if not ask.frame:
            return None
        from twilio_widgets.frames.envelope import Envelopes

        return Envelopes(
            limit=ask.limit,
            account=self._connection.masked_account,
            fetched_at=self._connection.now(),
        )
