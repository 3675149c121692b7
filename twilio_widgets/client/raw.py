"""`twilio.raw`: any request to Twilio's REST API, on any of its hosts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from twilio_widgets.core.flows.outbox import Outbox
from twilio_widgets.core.http.guard import without_credentials
from twilio_widgets.core.raw.response import Attempt, RawResponse
from twilio_widgets.progress import ReadProgress, progress_of

if TYPE_CHECKING:
    from twilio_widgets.client.base import Driver
    from twilio_widgets.core.credentials.connection import Connection
    from twilio_widgets.core.raw.body import FileNames, Files, Pairs
    from twilio_widgets.core.raw.raw import PageTable
    from twilio_widgets.core.raw.request import RawRequest
    from twilio_widgets.core.request import Flow


class RawMixin:
    """The method ``raw``, for a client with a connection, a driver and an outbox."""

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
        """Make any request to Twilio's REST API, and return the complete response.

        Names and values are given as a mapping or a list of pairs; a repeated name is sent
        repeatedly.

        Args:
            path: Such as ``"/Accounts/$TWILIO_ACCOUNT_SID/Messages.json?PageSize=5"``; the host and
                ``/2010-04-01`` are prepended, ``$TWILIO_ACCOUNT_SID`` is replaced. Or the ``https``
                URL of another of Twilio's API hosts, such as
                ``"https://content.twilio.com/v1/Content"``: the request goes to exactly that host,
                whose name may contain an edge and a region (``content.dublin.ie1.twilio.com``).
                With a sandbox, URLs are answered in process; with `base_url` they are refused.
            method: The HTTP method, such as ``GET``, ``POST`` or ``DELETE``, in any case.
            data: The body. Names and values are URL-encoded, as Twilio expects. Text and bytes are
                sent unchanged; then `headers` must contain a ``Content-Type``.
            form_data: Fields of a multipart form; not together with `data`.
            file_data: Files of a multipart form: bytes, text, or a ``pathlib.Path`` to read.
            file_data_file_names: File names by the keys of `file_data`; by default the keys.
            query_params: Added to the query in `path`.
            headers: Additional headers; credentials come from the connection and cannot be set.
            response_type: ``"json"``, ``"text"`` or ``"binary"`` (bytes, such as a media file).
            timeout: Seconds for all attempts and the pauses between them; for each page of a list.
            retry_delay_ms: Milliseconds between attempts without exponential back-off. Twilio's
                ``Retry-After`` takes precedence.
            retry_all_errors: Whether to retry other 4xx responses as well. By default only 5xx,
                408, 429 and network errors are retried.
            max_retries: The maximum number of retries; 0 is none.
            use_exponential_backoff: Whether pauses grow from 0.5 to at most 20 seconds, with full
                jitter; `retry_delay_ms` is then ignored.
            repeat_unsafe: Whether to retry a POST (or PATCH) that may have been processed: a
                message may then be sent twice.
            frame: Whether to read a list into a typed DataFrame, page by page; it is the response's
                ``data``.
            limit: The maximum number of rows of that list; None reads all.
            progress: Whether to show a progress bar over its pages; or a function called after each
                page.
            attempt_seen: Called after each attempt; an exception from it ends the request.
            before_attempt: Called before each attempt, with its number; an exception from it ends
                the request before it is sent.

        Returns:
            Status, headers and body. After a DELETE whose first response was lost, a 404 counts as
            success and is returned.

        Raises:
            PathRefused: The path could lead to another account, or to a host that is not one of
                Twilio's API; nothing was sent.
            InvalidRequest: Another argument is invalid; nothing was sent.
            ApiError: Twilio responded with an error; ``error.response`` is the response.
            OutcomeUnknown: The response to a change was lost, or was 408 or 5xx; the change may
                have been made.
            BadResponse: The response is not the JSON asked for (``error.text`` is its text), is too
                large, or is a redirect.
            NotConnected: Twilio could not be reached; nothing was sent.
            NoReply: No complete response arrived in time; the request changes nothing.
        """
        headers = without_credentials(headers)
        # Loaded with the first raw request, so that `tw.Twilio` imports faster.
        from twilio_widgets.core.raw.request import RawRequest

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
        from twilio_widgets.core.raw import raw as requests
        from twilio_widgets.core.raw.retry import Hooks

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

    def _table(self, ask: RawRequest) -> PageTable | None:
        if not ask.frame:
            return None
        from twilio_widgets.frames.envelope import Envelopes

        return Envelopes(
            limit=ask.limit,
            account=self._connection.masked_account,
            fetched_at=self._connection.now(),
        )
