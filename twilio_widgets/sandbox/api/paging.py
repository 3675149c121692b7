"""Lists in pages: the envelope, and tokens that name a row instead of counting rows.

A token is ``PA`` and the SID of the last row shown (or ``PB`` and the first one, for the way back);
readers must treat it as opaque. An unknown token is error 21481. A page size over 1,000 is clamped:
error 20007 is documented, what today's API does is UNCONFIRMED.
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

MOST = 1_000
"""The largest page."""
_USUAL = 50
_PAGING = frozenset({"PageSize", "Page", "PageToken"})


class PageRequest(NamedTuple):
    """Which page was asked for."""

    size: int
    page: int
    backwards: bool
    place: str | None
    """The SID the token names."""


def asked(query: Form) -> PageRequest:
    """Read the paging parameters of a query."""
    size = _number(query.get("PageSize"), _USUAL)
    token = query.get("PageToken") or ""
    if token and (token[:2] not in {"PA", "PB"} or len(token) < 3):
        raise ApiRefusal(21481)
    return PageRequest(
        size=min(max(size, 1), MOST),
        page=max(0, _number(query.get("Page"), 0)),
        backwards=token.startswith("PB"),
        place=token[2:] or None,
    )


def _number(text: str | None, usual: int) -> int:
    try:
        return int(text) if text else usual
    except ValueError:
        return usual


def take(
    ask: PageRequest, after: Callable[[], Iterator[_Row]], before: Callable[[], Iterator[_Row]]
) -> tuple[list[_Row], bool]:
    """Return one page of rows, and whether another follows.

    Args:
        ask: Which page.
        after: Yields the rows below the token's place, or all of them.
        before: Yields the rows above it, nearest first.
    """
    if ask.backwards:
        # Whoever walks back came from a page below, so another always follows.
        return list(islice(before(), ask.size))[::-1], True
    skipped = 0 if ask.place else ask.page * ask.size
    rows = list(islice(after(), skipped, skipped + ask.size + 1))
    return rows[: ask.size], len(rows) > ask.size


def take_from(
    ask: PageRequest, rows: Sequence[_Row], sid_of: Callable[[_Row], str]
) -> tuple[list[_Row], bool]:
    """Return one page of a short list that is there as a whole."""
    sids = [sid_of(row) for row in rows]
    if ask.place is None:
        place = -1
    elif ask.place in sids:
        place = sids.index(ask.place)
    else:
        raise ApiRefusal(21481)
    return take(ask, lambda: iter(rows[place + 1 :]), lambda: iter(rows[:place][::-1]))


def envelope(
    request: SandboxRequest,
    ask: PageRequest,
    key: str,
    rows: Sequence[tuple[str, dict[str, object]]],
    *,
    more: bool,
) -> dict[str, object]:
    """Return the list envelope of the 2010-04-01 API.

    Args:
        request: What was asked; its path and its filters stay in every link.
        ask: Which page this is.
        key: The name of the rows, such as ``messages``.
        rows: The rows of this page, each with its SID, which the neighbours' tokens name.
        more: Whether another page follows.
    """
    filters = [pair for pair in request.query.pairs if pair[0] not in _PAGING]

    def link(page: int, token: str | None) -> str:
        paging = [("PageSize", str(ask.size)), ("Page", str(page))]
        if token and page:
            paging.append(("PageToken", token))
        return f"{request.path}?{urlencode(filters + paging, quote_via=quote)}"

    here = ("PB" if ask.backwards else "PA") + ask.place if ask.place else None
    start = ask.page * ask.size if rows else 0
    return {
        "first_page_uri": link(0, None),
        "end": start + max(0, len(rows) - 1),
        "previous_page_uri": link(ask.page - 1, f"PB{rows[0][0]}") if ask.page and rows else None,
        key: [row for _sid, row in rows],
        "uri": link(ask.page, here),
        "page_size": ask.size,
        "start": start,
        "next_page_uri": link(ask.page + 1, f"PA{rows[-1][0]}") if more and rows else None,
        "page": ask.page,
    }
