"""Pagination: read a list page by page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

from twilio_widgets.core.flows.answers import date_of, mapping_of
from twilio_widgets.core.flows.flow import RetryPolicy, read
from twilio_widgets.core.http.guard import is_loopback
from twilio_widgets.core.http.hosts import product_of
from twilio_widgets.core.request import Flow, Request
from twilio_widgets.errors import BadResponse

MAX_PAGE_SIZE = 1000
"""The largest page size of a list (Twilio error 20007)."""

PAGINATION_LOOP = (
    "Pagination loop: Twilio returned a page that was already read, so reading stopped."
)
MOST_EMPTY_PAGES = 20
"""Pages without a row, one after the other; the list is then taken to be endless."""

_OTHER_LIST = "Twilio's link to the next page leads to another list, so it was not followed."

R_co = TypeVar("R_co", covariant=True)


class Page(Protocol[R_co]):
    """One decoded page of a list."""

    @property
    def rows(self) -> Sequence[R_co]:
        """The rows, in Twilio's order."""

    @property
    def next_page_uri(self) -> str | None:
        """The link to the next page, or None at the end."""


class PageLinks:
    """Checks the links from page to page, so that reading a list ends.

    Args:
        first: The request for the first page.
    """

    def __init__(self, first: Request) -> None:
        self._seen = {first}
        self._empty = 0

    def check(self, onward: Request | None, *, rows: int) -> None:
        """Check the request for the next page, given the number of rows of the page just read.

        Raises:
            BadResponse: That page was read before, or too many pages in a row were empty.
        """
        self._empty = 0 if rows else self._empty + 1
        if onward is None:
            return
        if onward in self._seen:
            raise BadResponse(PAGINATION_LOOP)
        if self._empty >= MOST_EMPTY_PAGES:
            raise BadResponse(
                f"Twilio returned {MOST_EMPTY_PAGES} empty pages in a row, each with a link to "
                "another one, so reading stopped."
            )
        self._seen.add(onward)


class Paginator(Generic[R_co]):
    """Reads a list page by page; refuses links that leave the list or repeat a page.

    Args:
        request: The request for the first page.
        decode: Decodes one page from the body of a reply.
    """

    def __init__(self, request: Request, decode: Callable[[bytes], Page[R_co]]) -> None:
        self.next_request: Request | None = request
        """The request for the next page, or None at the end."""
        self.pages = 0
        """The number of pages that have been read."""
        self.server_time: datetime | None = None
        """The time in the last reply's ``Date`` header (aware, UTC), if it had one."""
        self._decode = decode
        self._links = PageLinks(request)

    def next_page(self, retry_policy: RetryPolicy) -> Flow[Sequence[R_co]]:
        """Read the next page and return its rows; empty at the end."""
        if self.next_request is None:
            return ()
        request = self.next_request
        reply = yield from read(request, retry_policy)
        page = self._decode(reply.content)
        self.next_request = follow_link(request, page.next_page_uri) if page.next_page_uri else None
        self.pages += 1
        self.server_time = date_of(reply)
        self._links.check(self.next_request, rows=len(page.rows))
        return page.rows


def follow_link(request: Request, link: str) -> Request:
    """Return the request for the next page of the same list.

    Only the query of the link is used: the request goes where the first one went.

    Args:
        request: The request for the page with the link.
        link: A path and query (API 2010-04-01), or a URL (all others).

    Raises:
        BadResponse: The link leads to another host or path, so it is not followed.
    """
    try:
        parts = urlsplit(link)
        host = parts.hostname
    except ValueError:  # not a URL
        raise BadResponse(_OTHER_LIST) from None
    is_here = host is None or product_of(host) == request.service or is_loopback(host)
    if not is_here or unquote(parts.path) != request.path:
        raise BadResponse(_OTHER_LIST)
    return replace(request, query=tuple(parse_qsl(parts.query, keep_blank_values=True)))


def list_name(envelope: Mapping[str, Any]) -> str | None:
    """Return the field of a page that contains the rows; None if it is not a page of a list.

    The newer APIs name it in ``meta.key``; in API 2010-04-01 it is the only list.
    """
    meta = envelope.get("meta")
    if isinstance(meta, dict):
        key = meta.get("key")
        return key if isinstance(key, str) else None
    lists = [name for name, value in envelope.items() if isinstance(value, list)]
    return lists[0] if len(lists) == 1 and "page_size" in envelope else None


def next_link(envelope: Mapping[str, Any]) -> str | None:
    """Return the link to the next page: ``next_page_uri``, or ``next_page_url`` in ``meta``."""
    meta = envelope.get("meta")
    newer = meta.get("next_page_url") if isinstance(meta, dict) else None
    link = newer or envelope.get("next_page_uri")
    return link if isinstance(link, str) else None


@dataclass(frozen=True, slots=True)
class JsonPage:
    """One page of any list, as decoded JSON."""

    rows: Sequence[Mapping[str, Any]]
    next_page_uri: str | None


def json_page(content: bytes, key: str) -> JsonPage:
    """Decode one page whose rows are in the field `key`.

    Raises:
        BadResponse: It is not such a page.
    """
    envelope = mapping_of(content)
    rows = envelope.get(key)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadResponse(f'Twilio\'s response contains no list "{key}".')
    return JsonPage(rows=rows, next_page_uri=next_link(envelope))


def all_rows(
    request: Request, key: str, new_retry_policy: Callable[[], RetryPolicy]
) -> Flow[list[Mapping[str, Any]]]:
    """Read all rows of a list whose rows are in the field `key`."""
    paginator = Paginator(request, lambda content: json_page(content, key))
    rows: list[Mapping[str, Any]] = []
    while paginator.next_request is not None:
        rows.extend((yield from paginator.next_page(new_retry_policy())))
    return rows
