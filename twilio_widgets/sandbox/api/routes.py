"""The table of routes: the handler of every path and method.

Order of checks: credentials (401), path (404), method (405), permissions (403), then the resource.
Paths are case sensitive. In process the host selects the routes, and a product without routes
answers every path with 404. On a socket, whose only host is loopback, the routes of all hosts are
served by their paths alone: no two hosts of the sandbox have a path in common.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twilio_widgets.sandbox.api import account as account_routes
from twilio_widgets.sandbox.api import alert as alert_routes
from twilio_widgets.sandbox.api import calls as call_routes
from twilio_widgets.sandbox.api import content as content_routes
from twilio_widgets.sandbox.api import lookups as lookup_routes
from twilio_widgets.sandbox.api import media as media_routes
from twilio_widgets.sandbox.api import message as message_routes
from twilio_widgets.sandbox.api import number as number_routes
from twilio_widgets.sandbox.api import pricing as pricing_routes
from twilio_widgets.sandbox.api import service as service_routes
from twilio_widgets.sandbox.api import usage as usage_routes
from twilio_widgets.sandbox.api.call import Call
from twilio_widgets.sandbox.api.wire import SandboxReply
from twilio_widgets.sandbox.world.refusals import ApiRefusal, not_found

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from twilio_widgets.sandbox.api.wire import SandboxRequest
    from twilio_widgets.sandbox.world.resources import Account, Key
    from twilio_widgets.sandbox.world.world import World


@dataclass(frozen=True, slots=True)
class _Route:
    path: re.Pattern[str]
    methods: Mapping[str, Callable[[Call], SandboxReply]]
    main_keys_only: bool = False


def _route(
    path: str, *, main_keys_only: bool = False, **methods: Callable[[Call], SandboxReply]
) -> _Route:
    """Return a route. ``{Name}`` in its path matches a SID; an extension may follow."""
    shape = re.sub(r"\{(\w+)\}", r"(?P<\1>[A-Z]{2}[0-9a-fA-F]{32})", path)
    return _Route(
        re.compile(rf"{shape}(?:\.json|\.xml|\.csv)?"),
        {name.upper(): handler for name, handler in methods.items()},
        main_keys_only,
    )


_ACCOUNT = "/2010-04-01/Accounts/{Account}"
_MESSAGE = _ACCOUNT + "/Messages/{Message}"

_API = (
    _route(
        "/2010-04-01/Accounts",
        main_keys_only=True,
        get=account_routes.list_accounts,
        post=account_routes.create_account,
    ),
    _route(
        _ACCOUNT,
        main_keys_only=True,
        get=account_routes.fetch_account,
        post=account_routes.update_account,
    ),
    _route(
        _ACCOUNT + "/Keys",
        main_keys_only=True,
        get=account_routes.list_keys,
        post=account_routes.create_key,
    ),
    _route(
        _ACCOUNT + "/Keys/{Key}",
        main_keys_only=True,
        get=account_routes.fetch_key,
        post=account_routes.update_key,
        delete=account_routes.delete_key,
    ),
    _route(_ACCOUNT + "/Balance", get=account_routes.fetch_balance),
    _route(
        _ACCOUNT + "/Messages",
        get=message_routes.list_messages,
        post=message_routes.create_message,
    ),
    _route(
        _MESSAGE,
        get=message_routes.fetch_message,
        post=message_routes.update_message,
        delete=message_routes.delete_message,
    ),
    _route(_MESSAGE + "/Feedback", post=message_routes.create_feedback),
    _route(_MESSAGE + "/Media", get=media_routes.list_media),
    _route(
        _MESSAGE + "/Media/{Media}",
        get=media_routes.fetch_media,
        delete=media_routes.delete_media,
    ),
    _route(
        _ACCOUNT + "/IncomingPhoneNumbers",
        get=number_routes.list_numbers,
        post=number_routes.create_number,
    ),
    _route(
        _ACCOUNT + "/IncomingPhoneNumbers/{Number}",
        get=number_routes.fetch_number,
        post=number_routes.update_number,
        delete=number_routes.delete_number,
    ),
    _route(_ACCOUNT + "/OutgoingCallerIds", get=number_routes.list_caller_ids),
    _route(_ACCOUNT + "/Calls", get=call_routes.list_calls, post=call_routes.create_call),
    _route(_ACCOUNT + "/Calls/{Call}", get=call_routes.fetch_call, post=call_routes.update_call),
    _route(_ACCOUNT + r"/Usage/Records(?:/(?P<period>[A-Za-z]+))?", get=usage_routes.list_usage),
)
_MESSAGING = (
    _route("/v1/Services", get=service_routes.list_services, post=service_routes.create_service),
    _route(
        "/v1/Services/{Service}",
        get=service_routes.fetch_service,
        post=service_routes.update_service,
        delete=service_routes.delete_service,
    ),
    _route(
        "/v1/Services/{Service}/PhoneNumbers",
        get=service_routes.list_pooled,
        post=service_routes.add_to_pool,
    ),
    _route("/v1/Services/{Service}/PhoneNumbers/{Number}", get=service_routes.fetch_pooled),
    _route("/v1/Services/{Service}/ShortCodes", get=service_routes.list_short_codes),
    _route("/v1/Services/{Service}/AlphaSenders", get=service_routes.list_alpha_senders),
    _route("/v1/Services/{Service}/ChannelSenders", get=service_routes.list_channel_senders),
)
_MONITOR = (
    _route("/v1/Alerts", get=alert_routes.list_alerts),
    _route("/v1/Alerts/{Alert}", get=alert_routes.fetch_alert),
)
_TEMPLATE = "/v1/Content/{Content}"
_CONTENT = (
    _route("/v1/Content", get=content_routes.list_content, post=content_routes.create_content),
    _route("/v2/Content", get=content_routes.list_content),
    _route("/v[12]/ContentAndApprovals", get=content_routes.list_with_approvals),
    _route(_TEMPLATE, get=content_routes.fetch_content, delete=content_routes.delete_content),
    _route(_TEMPLATE + "/ApprovalRequests", get=content_routes.fetch_approval),
    _route(_TEMPLATE + "/ApprovalRequests/whatsapp", post=content_routes.request_approval),
)
_LOOKUPS = (_route(r"/v2/PhoneNumbers/(?P<number>[^/]+)", get=lookup_routes.fetch_number),)
_PRICING = (
    _route("/v1/Messaging/Countries", get=pricing_routes.list_countries),
    _route("/v1/Messaging/Countries/(?P<country>[A-Z][A-Z])", get=pricing_routes.fetch_country),
)
ROUTES: Mapping[str, tuple[_Route, ...]] = {
    "api": _API,
    "content": _CONTENT,
    "lookups": _LOOKUPS,
    "messaging": _MESSAGING,
    "monitor": _MONITOR,
    "pricing": _PRICING,
}
"""The routes of each host, by the product that is its first label."""

_TWILIO = ".twilio.com"
_ALL_ROUTES = tuple(route for routes in ROUTES.values() for route in routes)
_PUBLIC_ROUTES = (_route(r"/sandbox-media/{Media}\.png", get=media_routes.picture),)


def answer_to(
    world: World, request: SandboxRequest, forced: ApiRefusal | None = None
) -> SandboxReply:
    """Return the reply to one request.

    Args:
        world: The world. The caller holds its lock.
        request: The request.
        forced: An error to raise if the request is otherwise valid.

    Raises:
        ApiRefusal: The reply is an error.
    """
    picture = _find(_PUBLIC_ROUTES, request.path)
    if picture is not None:
        route, sids = picture
        return _method(route, request)(Call(world, request, world.account, sids))
    if request.method == "OPTIONS":  # browsers send it without credentials
        return _options(request)
    credentials = authenticated(world, request)
    if credentials is None:
        raise ApiRefusal(20003)
    owner, key = credentials
    found = _find(_routes_at(request.host), request.path)
    if found is None:
        raise not_found(request.path)
    route, sids = found
    account = _account(world, owner, sids.get("Account"))
    if account is None:
        raise not_found(request.path)
    handler = _method(route, request)
    if key is not None and not _may(key, route, handler):
        raise ApiRefusal(20403)
    if forced is not None and handler is not message_routes.create_message:
        raise forced
    return handler(Call(world, request, account, sids, forced))


def _options(request: SandboxRequest) -> SandboxReply:
    """Return the methods of a path, as to a browser's preflight request."""
    found = _find(_routes_at(request.host), request.path)
    if found is None:
        raise not_found(request.path)
    methods = ", ".join((*found[0].methods, "OPTIONS"))
    return SandboxReply(status=204, headers=(("Allow", methods),))


def _may(key: Key, route: _Route, handler: Callable[[Call], SandboxReply]) -> bool:
    if key.restricted:
        return handler is message_routes.create_message
    return key.main or not route.main_keys_only


def _routes_at(host: str) -> tuple[_Route, ...]:
    if host.endswith(_TWILIO):
        return ROUTES.get(host.partition(".")[0], ())
    return _ALL_ROUTES


def _find(routes: tuple[_Route, ...], path: str) -> tuple[_Route, dict[str, str]] | None:
    for route in routes:
        found = route.path.fullmatch(path)
        if found:
            return route, {name: text for name, text in found.groupdict().items() if text}
    return None


def _method(route: _Route, request: SandboxRequest) -> Callable[[Call], SandboxReply]:
    handler = route.methods.get(request.method)
    if handler is None:
        raise ApiRefusal(20004)
    return handler


def authenticated(world: World, request: SandboxRequest) -> tuple[Account, Key | None] | None:
    """Return the account of a request's credentials and the API key, if they are one; or None."""
    given = request.credentials()
    if given is None:
        return None
    name, secret = given
    for account in world.accounts.values():
        if name == account.sid and _same(secret, account.auth_token):
            return account, None
        key = account.keys.get(name)
        if key is not None and _same(secret, key.secret):
            return account, key
    return None


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(), right.encode())


def _account(world: World, owner: Account, sid: str | None) -> Account | None:
    """Return the account that a path names, if these credentials have access to it.

    A parent account has access to its subaccounts. Twilio's response without access is UNCONFIRMED;
    the sandbox returns 404.
    """
    account = world.accounts.get(sid) if sid else owner
    return account if account and owner.sid in {account.sid, account.owner_sid} else None
