"""Code equivalent to a panel: with this library, twilio-python and curl.

Pure text. Credentials and account SIDs are environment look-ups, so a snippet can be saved and
shown. Run against the sandbox, all three make the same request; a test runs them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from twilio_widgets.core.credentials.connection import Connection
from twilio_widgets.core.flows.listing import Filters
from twilio_widgets.core.message.parameters import twilio_name
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.panels.code.access import Access
from twilio_widgets.panels.code.quoting import call, in_utc, json_of, literal, path_part, texts_of

if TYPE_CHECKING:
    from datetime import datetime

Where = Connection | Access | str
"""A connection, its `Access`, or its kind: ``"API key"``, ``"auth token"`` …"""

_LISTS = frozenset({"media_url", "persistent_action"})
_NOT_OFFICIAL = {"tags": "# twilio-python has no parameter for tags."}
_ASKED = {
    "to": "To",
    "from_": "From",
    "date_sent_after": "DateSent>",
    "date_sent_before": "DateSent<",
}
"""Filters of Twilio: the keyword of the official client and the parameter name."""
_FILTERS = frozenset({"to", "from_", "sent_on", "sent_after", "sent_before"})
"""The keywords of ``messages.list`` that Twilio filters by."""

DEFAULT_LIMIT = 1000
"""The limit of ``messages.list`` when none is given."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """One action in three languages."""

    ours: str
    official: str
    curl: str

    @property
    def tabs(self) -> tuple[tuple[str, str], ...]:
        """The title and text of each tab of the code area."""
        return (
            ("twilio_widgets", self.ours),
            ("twilio-python", self.official),
            ("curl", self.curl),
        )


def connect_snippet(where: Where) -> Snippet:
    """Return the code that connects and checks the credentials."""
    access = _access(where)
    return Snippet(
        access.ours("twilio.check()"),
        access.official("client.incoming_phone_numbers.list(limit=1)"),
        access.curl("IncomingPhoneNumbers.json", [("PageSize", "1")], "--get"),
    )


def send_snippet(where: Where, parameters: Mapping[str, object]) -> Snippet:
    """Return the code that sends a message.

    Args:
        where: The connection, or its kind.
        parameters: Keywords of ``messages.send``; those that are None are left out.
    """
    access = _access(where)
    given = {name: in_utc(value) for name, value in parameters.items() if value is not None}
    wire = given | ({"schedule_type": "fixed"} if "send_at" in given else {})
    pairs = [(twilio_name(name), text) for name, value in wire.items() for text in texts_of(value)]
    official = {name: _official_value(name, value) for name, value in wire.items()}
    notes = [_NOT_OFFICIAL[name] for name in given if name in _NOT_OFFICIAL]
    create = {name: value for name, value in official.items() if name not in _NOT_OFFICIAL}
    return Snippet(
        access.ours(call("message = twilio.messages.send", **given), given.values()),
        access.official(
            "\n".join([*notes, call("message = client.messages.create", **create)]),
            create.values(),
        ),
        access.curl("Messages.json", pairs),
    )


def list_snippet(where: Where, filters: Mapping[str, object]) -> Snippet:
    """Return the code that reads the message log.

    Args:
        where: The connection, or its kind.
        filters: Keywords of ``messages.list``. Those that are None are left out; a limit of None
            means everything.
    """
    access = _access(where)
    given = {name: in_utc(value) for name, value in filters.items() if value is not None}
    limit = filters.get("limit", DEFAULT_LIMIT)
    ours = given if limit is not None else given | {"limit": None}
    asked = {name: value for name, value in given.items() if name in _FILTERS}
    try:
        query, window = _query_of(asked, limit)
    except ConfigurationError:  # a form that is not complete yet, such as a year of five digits
        query, window = _query_of({}, DEFAULT_LIMIT)
    notes = []
    if local := [name for name in given if name in _LOCAL]:
        notes.append(f"# Twilio cannot filter by {' and '.join(local)}: filter the response.")
    if window is not None:
        notes.append("# The days asked for are as wide as Twilio may mean them: compare date_sent.")
    if limit is None or dict(query)["PageSize"] != str(limit):
        notes.append("# One page. Its next_page_uri is the path of the next page.")
    return Snippet(
        access.ours(call("frame = twilio.messages.list", **ours), given.values()),
        access.official(
            _official_list(dict(query), limit, window, given),
            window or (),
            ("from itertools import islice",) if window and limit is not None else (),
        ),
        access.curl("Messages.json", query, "--get", note="\n".join(notes)),
    )


def _query_of(
    asked: Mapping[str, Any], limit: object
) -> tuple[tuple[tuple[str, str], ...], tuple[datetime, datetime] | None]:
    """Return the query that ``messages.list`` makes, and the sending times it keeps."""
    filters = Filters(**asked)
    return filters.request("", limit=cast("int | None", limit)).query, filters.window()


def _official_list(
    query: Mapping[str, str],
    limit: object,
    window: tuple[datetime, datetime] | None,
    given: Mapping[str, object],
) -> str:
    """Return the list as twilio-python reads it, with the same query as ours."""
    keywords: dict[str, object] = {
        name: query[parameter] for name, parameter in _ASKED.items() if parameter in query
    }
    large = window is not None or limit is None or query["PageSize"] != str(limit)
    keywords |= {"page_size": int(query["PageSize"])} if large else {}
    if window is None:
        more = {} if limit is None else {"limit": limit}
        lines = [call("messages = client.messages.list", **keywords, **more)]
    else:
        start, end = window
        bounds = [f"message.date_sent >= {literal(start)}"] if "DateSent>" in query else []
        bounds += [f"message.date_sent < {literal(end)}"] if "DateSent<" in query else []
        sent = " and ".join(["message.date_sent", *bounds])
        lines = [
            call("messages = client.messages.stream", **keywords),
            f"messages = (message for message in messages if {sent})",
            f"messages = list({'messages' if limit is None else f'islice(messages, {limit})'})",
        ]
    wanted = [_LOCAL[name](value) for name, value in given.items() if name in _LOCAL]
    if wanted:
        chosen = "[message for message in messages if " + " and ".join(wanted) + "]"
        lines.append(f"messages = {chosen}")
    return "\n".join(lines)


def _one_of(attribute: str) -> Callable[[object], str]:
    def condition(value: object) -> str:
        many = isinstance(value, Sequence) and not isinstance(value, str)
        return f"message.{attribute} {'in' if many else '=='} {literal(value)}"

    return condition


def _has_text(value: object) -> str:
    return f"{literal(value)}.casefold() in (message.body or '').casefold()"


_LOCAL: Mapping[str, Callable[[object], str]] = {
    "status": _one_of("status"),
    "direction": _one_of("direction"),
    "error_code": _one_of("error_code"),
    "text": _has_text,
}
"""Filters that Twilio does not have, as conditions on messages of the official client."""


def get_snippet(where: Where, sid: str) -> Snippet:
    """Return the code that reads one message."""
    access = _access(where)
    return Snippet(
        access.ours(f"message = twilio.messages.get({literal(sid)})"),
        access.official(f"message = client.messages({literal(sid)}).fetch()"),
        access.curl(_path(sid)),
    )


def cancel_snippet(where: Where, sid: str) -> Snippet:
    """Return the code that cancels a scheduled message."""
    return _update(where, sid, "cancel", "status", "canceled")


def redact_snippet(where: Where, sid: str) -> Snippet:
    """Return the code that empties a message's body at Twilio."""
    return _update(where, sid, "redact", "body", "")


def delete_snippet(where: Where, sid: str) -> Snippet:
    """Return the code that deletes a message from the log."""
    access = _access(where)
    return Snippet(
        access.ours(f"twilio.messages.delete({literal(sid)})"),
        access.official(f"client.messages({literal(sid)}).delete()"),
        access.curl(_path(sid), (), "--request DELETE"),
    )


def _update(where: Where, sid: str, verb: str, name: str, value: str) -> Snippet:
    access = _access(where)
    update = call(f"message = client.messages({literal(sid)}).update", **{name: value})
    return Snippet(
        access.ours(f"message = twilio.messages.{verb}({literal(sid)})"),
        access.official(update),
        access.curl(_path(sid), [(twilio_name(name), value)]),
    )


def _access(where: Where) -> Access:
    return where if isinstance(where, Access) else Access.of(where)


def _path(sid: str) -> str:
    return f"Messages/{path_part(sid)}.json"


def _official_value(name: str, value: object) -> object:
    if name in _LISTS and isinstance(value, str):
        return [value]
    return json_of(value) if isinstance(value, Mapping) else value
