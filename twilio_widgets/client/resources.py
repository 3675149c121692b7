"""``twilio.services``, ``twilio.numbers`` and ``twilio.alerts``: resources as DataFrames."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from twilio_widgets.client.base import ClientBase, awaited
from twilio_widgets.core.error_codes.explain import explain_error
from twilio_widgets.core.flows import account, resources
from twilio_widgets.core.flows.resources import ReadRows, Row
from twilio_widgets.core.request import Flow, Request
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.progress import ReadProgress, progress_of

if TYPE_CHECKING:
    from twilio_widgets.core.flows.listing import Moment
    from twilio_widgets.frames.safe_frame import SafeFrame

Tell = bool | Callable[[ReadProgress], None]

# In a class with a method `list`, that name is no longer the type.
ServiceList = list[account.MessagingService]
NumberList = list[account.OwnNumber]


class FrameReader(ClientBase):
    """Reads lists of resources into frames."""

    def _read(
        self, request: Request, key: str, limit: int | None, progress: Tell
    ) -> Flow[ReadRows]:
        tell = progress_of(progress, unit="rows")
        try:
            return (
                yield from resources.rows_up_to(
                    request,
                    key,
                    self._new_retry_policy,
                    limit,
                    lambda rows, pages: tell(ReadProgress(rows=rows, pages=pages, limit=limit)),
                )
            )
        finally:
            tell.close()

    def _frame(self, found: ReadRows, columns: str, noun: str, **filters: object) -> SafeFrame:
        """Build a frame of the columns with this name in `frames.resource_schema`."""
        try:
            from twilio_widgets.frames import resource_schema
            from twilio_widgets.frames.resources import resource_frame
        except ImportError as error:
            missing = error.name or str(error)
            raise ConfigurationError(
                f"This list is a DataFrame, which requires {missing}; it is not installed."
            ) from None
        return resource_frame(
            found.rows,
            getattr(resource_schema, columns),
            noun=noun,
            complete=found.complete,
            account=self._connection.masked_account,
            fetched_at=self._connection.now(),
            filters={name: str(value) for name, value in filters.items() if value is not None},
        )


class Services(FrameReader):
    """The messaging services of an account; calling it returns their names and SIDs."""

    def __call__(self) -> ServiceList:
        """Read the account's messaging services."""
        return self._run(account.services(self._connection, self._new_retry_policy()))

    def list(self, *, senders: bool = True, limit: int | None = None) -> SafeFrame:
        """Read the messaging services with their senders as a DataFrame.

        Args:
            senders: Whether to read the senders, in four requests for each service.
            limit: The most services to read; None reads all.

        Returns:
            One row for each service; the columns are in `frames.resource_schema.SERVICES`.

        Raises:
            Forbidden: The API key has no permission; the error names it.
        """
        return self._run(self._listing(senders=senders, limit=limit))

    def _listing(self, *, senders: bool, limit: int | None) -> Flow[SafeFrame]:
        found = yield from resources.services(
            self._connection, self._new_retry_policy, senders=senders, limit=limit
        )
        return self._frame(found, "SERVICES", "services")


class Numbers(FrameReader):
    """The phone numbers of an account; calling it returns them as values."""

    def __call__(self) -> NumberList:
        """Read the account's own phone numbers."""
        return self._run(account.numbers(self._connection, self._new_retry_policy))

    def list(self, *, limit: int | None = None) -> SafeFrame:
        """Read the phone numbers, their capabilities and their webhooks as a DataFrame.

        Args:
            limit: The most numbers to read; None reads all.

        Returns:
            One row for each number; the columns are in `frames.resource_schema.NUMBERS`.

        Raises:
            Forbidden: The API key has no permission; the error names it.
        """
        return self._run(self._listing(limit))

    def _listing(self, limit: int | None) -> Flow[SafeFrame]:
        found = yield from resources.numbers(self._connection, self._new_retry_policy, limit=limit)
        return self._frame(found, "NUMBERS", "numbers")


class RejectedRequest(Protocol):
    """A request that a listener rejected."""

    @property
    def id(self) -> int:
        """Its row in ``listener.rejected``."""

    @property
    def reason(self) -> str:
        """Why, as a sentence."""

    @property
    def mend(self) -> str | None:
        """How to fix it."""


class RejectionSource(Protocol):
    """A `Listener`, as far as alerts are linked to its rejected requests."""

    def rejections_of(
        self, requests: Sequence[tuple[str, datetime | None]]
    ) -> Sequence[RejectedRequest | None]:
        """Return the rejection of each request, given its URL and time; None if there is none."""


class Alerts(FrameReader):
    """The alerts of Twilio's debugger: problems with webhooks and requests."""

    def list(
        self,
        *,
        level: str | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
        listener: RejectionSource | None = None,
        limit: int | None = 1000,
        progress: Tell = True,
    ) -> SafeFrame:
        """Read the alerts as a DataFrame, each with the explanation of its error code.

        Twilio keeps alerts for 30 days.

        Args:
            level: Only this level: ``"error"``, ``"warning"``, ``"notice"`` or ``"debug"``.
            since: A day or an aware datetime, inclusive.
            until: A day or an aware datetime, inclusive.
            listener: A `Listener`, to link alerts about its webhooks to its own rejected requests,
                by time and URL.
            limit: The most alerts to read; None reads all.
            progress: Whether to show a progress bar on long reads; or a function called after each
                page.

        Returns:
            One row for each alert; the columns are in `frames.resource_schema.ALERTS`.

        Raises:
            ConfigurationError: An argument is invalid.
            Forbidden: The API key has no permission; the error names it.
        """
        request = resources.alerts_request(level=level, since=since, until=until)
        filters = {"level": level, "since": since, "until": until}
        return self._run(self._listing(request, limit, progress, listener, filters))

    def _listing(
        self,
        request: Request,
        limit: int | None,
        progress: Tell,
        listener: RejectionSource | None,
        filters: Mapping[str, object],
    ) -> Flow[SafeFrame]:
        found = yield from self._read(request, "alerts", limit, progress)
        found.rows = [{**row, **_explained(row.get("error_code"))} for row in found.rows]
        if listener is not None:
            found.rows = _linked(found.rows, listener)
        return self._frame(found, "ALERTS", "alerts", **filters)


def _explained(code: object) -> dict[str, str]:
    try:
        explanation = explain_error(str(code))
    except ValueError:  # an alert without an error code
        return {}
    return {"meaning": explanation.meaning, "advice": explanation.advice}


def _linked(rows: Sequence[Row], listener: RejectionSource) -> list[Row]:
    requests = [(str(row.get("request_url") or ""), _moment_of(row)) for row in rows]
    rejections = listener.rejections_of(requests)
    return [
        row
        if rejection is None
        else {
            **row,
            "rejection_id": rejection.id,
            "rejection_reason": rejection.reason,
            "rejection_mend": rejection.mend,
        }
        for row, rejection in zip(rows, rejections, strict=True)
    ]


def _moment_of(row: Row) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(row.get("date_generated")))
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


class AsyncServices(FrameReader):
    """The messaging services of an account, with ``await``; see `Services`."""

    __call__ = awaited(Services.__call__)
    list = awaited(Services.list)
    _listing = Services._listing


class AsyncNumbers(FrameReader):
    """The phone numbers of an account, with ``await``; see `Numbers`."""

    __call__ = awaited(Numbers.__call__)
    list = awaited(Numbers.list)
    _listing = Numbers._listing


class AsyncAlerts(FrameReader):
    """The alerts of Twilio's debugger, with ``await``; see `Alerts`."""

    list = awaited(Alerts.list)
    _listing = Alerts._listing
