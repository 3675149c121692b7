"""Paged lists: the envelope, and page tokens that name a row instead of counting rows.

A token is ``PA`` and the SID of the last row shown or, for the previous page, ``PB`` and the SID of
the first one; clients must treat it as opaque. An unknown token is error 21481. A page size over
1,000 is clamped: error 20007 is documented, but whether today's API returns it is UNCONFIRMED.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from urllib.parse import quote, urlencode

from twilio_widgets.sandbox.world.refusals import ApiRefusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from twilio_widgets.sandbox.api.wire import Form, SandboxRequest

_Row = TypeVar("_Row")

MAX_PAGE_SIZE = 1_000
_DEFAULT_PAGE_SIZE = 50
_PAGING = frozenset({"PageSize", "Page", "PageToken"})


class PageRequest(NamedTuple):
    """The page that a request asks for."""

    size: int
    number: int
    backwards: bool
    anchor: str | None
    """The SID in the page token: the row that the page follows or, backwards, precedes."""


def page_request(query: Form) -> PageRequest:
    """Parse the paging parameters of a query.

    Raises:
        ApiRefusal: The page token is malformed (21481).
    """
    size = _number(query.get("PageSize"), _DEFAULT_PAGE_SIZE)
    token = query.get("PageToken") or ""
    if token and (token[:2] not in {"PA", "PB"} or len(token) < 3):
        raise ApiRefusal(21481)
    return PageRequest(
        size=min(max(size, 1), MAX_PAGE_SIZE),
        number=max(0, _number(query.get("Page"), 0)),
        backwards=token.startswith("PB"),
        anchor=token[2:] or None,
    )


def _number(text: str | None, default: int) -> int:
    try:
        return int(text) if text else default
    except ValueError:
        return default


def take(
    page: PageRequest, after: Callable[[], Iterator[_Row]], before: Callable[[], Iterator[_Row]]
) -> tuple[list[_Row], bool]:
    """Return the rows of one page, and whether another page follows.

    Args:
        page: The page to return.
        after: Yields the rows below the anchor; all rows when there is none.
        before: Yields the rows above the anchor, nearest first.
    """
    if page.backwards:
        # A client that pages backwards comes from the next page, so there always is one.
        return list(islice(before(), page.size))[::-1], True
    skipped = 0 if page.anchor else page.number * page.size
    rows = list(islice(after(), skipped, skipped + page.size + 1))
    return rows[: page.size], len(rows) > page.size


def take_from(
    page: PageRequest, rows: Sequence[_Row], sid_of: Callable[[_Row], str]
) -> tuple[list[_Row], bool]:
    """Return the rows of one page of a list in memory, and whether another page follows."""
    sids = [sid_of(row) for row in rows]
    if page.anchor is None:
        position = -1
    elif page.anchor in sids:
        position = sids.index(page.anchor)
    else:
        raise ApiRefusal(21481)
    return take(page, lambda: iter(rows[position + 1 :]), lambda: iter(rows[:position][::-1]))


def meta_envelope(
    request: SandboxRequest,
    page: PageRequest,
    key: str,
    rows: Sequence[tuple[str, dict[str, object]]],
    *,
    more: bool,
) -> dict[str, object]:
    """Return the list envelope of the newer APIs: a ``meta`` object, with absolute URLs.

    Args:
        request: The request. Its URL and filters are part of every link.
        page: The page it asked for.
        key: The name of the list, such as ``services``.
        rows: The rows of this page, each with its SID for the page tokens.
        more: Whether another page follows.
    """
    address = f"{request.base_url}{quote(request.path)}"
    links = _links(
        request, page, rows, more=more, url_of=lambda query: f"{address}?{urlencode(query)}"
    )
    meta = {
        "page": page.number,
        "page_size": page.size,
        "first_page_url": links.first,
        "previous_page_url": links.previous,
        "url": links.this,
        "next_page_url": links.next,
        "key": key,
    }
    return {key: [row for _sid, row in rows], "meta": meta}


def envelope(
    request: SandboxRequest,
    page: PageRequest,
    key: str,
    rows: Sequence[tuple[str, dict[str, object]]],
    *,
    more: bool,
) -> dict[str, object]:
    """Return the list envelope of the 2010-04-01 API.

    Args:
        request: The request. Its path and filters are part of every link.
        page: The page it asked for.
        key: The name of the list, such as ``messages``.
        rows: The rows of this page, each with its SID for the page tokens.
        more: Whether another page follows.
    """
    links = _links(
        request,
        page,
        rows,
        more=more,
        url_of=lambda query: f"{request.path}?{urlencode(query, quote_via=quote)}",
    )
    start = page.number * page.size if rows else 0
    return {
        "first_page_uri": links.first,
        "end": start + max(0, len(rows) - 1),
        "previous_page_uri": links.previous,
        key: [row for _sid, row in rows],
        "uri": links.this,
        "page_size": page.size,
        "start": start,
        "next_page_uri": links.next,
        "page": page.number,
    }


class _Links(NamedTuple):
    first: str
    previous: str | None
    this: str
    next: str | None


def _links(
    request: SandboxRequest,
    page: PageRequest,
    rows: Sequence[tuple[str, dict[str, object]]],
    *,
    more: bool,
    url_of: Callable[[list[tuple[str, str]]], str],
) -> _Links:
    """Return the links of a page; `url_of` makes one from the parameters of its query."""
    filters = [pair for pair in request.query.pairs if pair[0] not in _PAGING]

    def link(number: int, token: str | None) -> str:
        paging = [("PageSize", str(page.size)), ("Page", str(number))]
        if token and number:
            paging.append(("PageToken", token))
        return url_of(filters + paging)

    token = ("PB" if page.backwards else "PA") + page.anchor if page.anchor else None
    return _Links(
        first=link(0, None),
        previous=link(page.number - 1, f"PB{rows[0][0]}") if page.number and rows else None,
        this=link(page.number, token),
        next=link(page.number + 1, f"PA{rows[-1][0]}") if more and rows else None,
    )
