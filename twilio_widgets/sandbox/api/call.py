"""The argument of every route: one authenticated request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from twilio_widgets.sandbox.api import paging
from twilio_widgets.sandbox.api.wire import SandboxReply
from twilio_widgets.sandbox.world.refusals import ApiRefusal, not_found

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeVar

    from twilio_widgets.sandbox.api.wire import Form, SandboxRequest
    from twilio_widgets.sandbox.world.resources import Account
    from twilio_widgets.sandbox.world.world import World

    _Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated request, matched to its route."""

    world: World
    request: SandboxRequest
    account: Account
    """The account in the path."""
    sids: Mapping[str, str] = field(default_factory=dict)
    """The SIDs in the path, by name."""
    forced: ApiRefusal | None = None

    @property
    def query(self) -> Form:
        """The parameters in the URL."""
        return self.request.query

    def missing(self) -> ApiRefusal:
        """Return the 404 for this path."""
        return not_found(self.request.path)

    def uri(self, rest: str) -> str:
        """Return the relative URI of a resource of this account."""
        return f"/2010-04-01/Accounts/{self.account.sid}/{rest}"

    def page(
        self,
        element: str,
        key: str,
        rows: Sequence[_Row],
        *,
        sid_of: Callable[[_Row], str],
        as_json: Callable[[_Row], dict[str, object]],
    ) -> SandboxReply:
        """Return the requested page of a short list.

        Args:
            element: The XML name of a row, such as ``Call``.
            key: The JSON name of the list, such as ``calls``.
            rows: The whole list.
            sid_of: Returns the SID of a row, which page tokens name.
            as_json: Returns a row as its resource.
        """
        page = paging.page_request(self.query)
        shown, more = paging.take_from(page, rows, sid_of)
        pairs = [(sid_of(row), as_json(row)) for row in shown]
        payload = paging.envelope(self.request, page, key, pairs, more=more)
        return SandboxReply(payload, element=element)

    def meta_page(
        self,
        key: str,
        rows: Sequence[_Row],
        *,
        sid_of: Callable[[_Row], str],
        as_json: Callable[[_Row], dict[str, object]],
    ) -> SandboxReply:
        """Return the requested page of a short list of a newer API; see `page`."""
        page = paging.page_request(self.query)
        shown, more = paging.take_from(page, rows, sid_of)
        pairs = [(sid_of(row), as_json(row)) for row in shown]
        return SandboxReply(paging.meta_envelope(self.request, page, key, pairs, more=more))
