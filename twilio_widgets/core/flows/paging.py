"""Reading a list page by page, without ever leaving it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import parse_qsl

from twilio_widgets.core.flows.answers import date_of, mapping_of
from twilio_widgets.core.flows.flow import RetryPolicy, read
from twilio_widgets.core.request import Flow, Request
from twilio_widgets.errors import BadResponse

MAX_PAGE_SIZE = 1000
"""The largest page of a list (Twilio error 20007)."""

R_co = TypeVar("R_co", covariant=True)


class Page(Protocol[R_co]):
    """One decoded page of a list."""

    @property
    def rows(self) -> Sequence[R_co]:
        """The rows, in Twilio's order."""

    @property
    def next_page_uri(self) -> str | None:
        """Where the list goes on: a path and a query, or None at the end."""


class Paginator(Generic[R_co]):
    """A walk through a list, page by page; it never leaves the list and never turns in a circle.

    Args:
        request: The first page.
        decode: Reads one page from the bytes of an answer.
    """

    def __init__(self, request: Request, decode: Callable[[bytes], Page[R_co]]) -> None:
        self.next: Request | None = request
        """The request for the next page, or None at the end."""
        self.pages = 0
        """How many pages have been read."""
        self.server_time: datetime | None = None
        """The server's own time when it answered last (aware, UTC), where it said so."""
        self._decode = decode
        self._seen = {request}

    def step(self, patience: RetryPolicy) -> Flow[Sequence[R_co]]:
        """Read the next page and return its rows; nothing at the end."""
        if self.next is None:
            return ()
        request = self.next
        reply = yield from read(request, patience)
        page = self._decode(reply.content)
        self.next = next_request(request, page.next_page_uri) if page.next_page_uri else None
        self.pages += 1
        self.server_time = date_of(reply)
        if self.next in self._seen:
            raise BadResponse("The pages of this list turn in a circle, so reading stopped.")
        if self.next is not None:
            self._seen.add(self.next)
        return page.rows


def next_request(request: Request, uri: str) -> Request:
    """Return the request for the next page, after checking that it stays in the same list.

    Raises:
        BadResponse: The link leads elsewhere, so it is not followed.
    """
    path, _, query = uri.partition("?")
    if path != request.path:
        raise BadResponse(
            "The next page that Twilio named is not in the list we asked for, so it was not read."
        )
    return replace(request, query=tuple(parse_qsl(query, keep_blank_values=True)))


@dataclass(frozen=True, slots=True)
class JsonPage:
    """One page of any list, as decoded JSON."""

    rows: Sequence[Mapping[str, Any]]
    next_page_uri: str | None


def json_page(content: bytes, key: str) -> JsonPage:
    """Decode one page whose rows stand under `key`.

    Raises:
        BadResponse: It is not such a page.
    """
    envelope = mapping_of(content)
    rows, after = envelope.get(key), envelope.get("next_page_uri")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadResponse(f'Twilio\'s answer holds no list "{key}".')
    return JsonPage(rows=rows, next_page_uri=after if isinstance(after, str) else None)


def all_rows(
    request: Request, key: str, new_patience: Callable[[], RetryPolicy]
) -> Flow[list[Mapping[str, Any]]]:
    """Read every row of a list whose rows stand under `key`."""
    walk = Paginator(request, lambda content: json_page(content, key))
    rows: list[Mapping[str, Any]] = []
    while walk.next is not None:
        rows.extend((yield from walk.step(new_patience())))
    return rows
