"""The code that does what a panel does: in this library, in twilio-python and in curl.

Pure text. Credentials and account SIDs are environment look-ups, so a snippet can be saved and
shown. Run against the sandbox, all three make the same request; a test runs them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from twilio_widgets.core.connection import Connection
from twilio_widgets.core.parameters import twilio_name
from twilio_widgets.panels.access import Access
from twilio_widgets.panels.quoting import call, in_utc, json_of, literal, path_part, texts_of

Where = Connection | Access | str
"""A connection, what is not secret of one, or its kind: ``"API key"``, ``"auth token"`` …"""

_LISTS = frozenset({"media_url", "persistent_action"})
_NOT_OFFICIAL = {"tags": "# twilio-python has no parameter for tags."}
_DATES = {
    "sent_on": "date_sent",
    "sent_after": "date_sent_after",
    "sent_before": "date_sent_before",
}
_DATES_ON_THE_WIRE = {"sent_on": "DateSent", "sent_after": "DateSent>", "sent_before": "DateSent<"}
_LARGEST_PAGE = 1000
_EVERYTHING = "# One page. The answer's next_page_uri leads to the next."


@dataclass(frozen=True, slots=True)
class Snippet:
    """One action in three languages."""

    ours: str
    official: str
    curl: str

    @property
    def tabs(self) -> tuple[tuple[str, str], ...]:
        """Title and text of each, as the code area of a card takes them."""
        return (
            ("twilio_widgets", self.ours),
            ("twilio-python", self.official),
            ("curl", self.curl),
        )


def connect_snippet(where: Where) -> Snippet:
    """Return the code that connects and proves the credentials."""
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
        filters: ``to``, ``from_``, ``sent_on``, ``sent_after``, ``sent_before`` and ``limit`` as in
            ``messages.list``. Those that are None are left out; a limit of None means everything.
    """
    access = _access(where)
    given = {name: in_utc(value) for name, value in filters.items() if value is not None}
    limit = filters.get("limit", _LARGEST_PAGE)
    ours = given if limit is not None else given | {"limit": None}
    official = {_DATES.get(name, name): value for name, value in given.items()}
    if limit is not None:
        official["limit"] = limit
    pairs = [
        (_DATES_ON_THE_WIRE.get(name, twilio_name(name)), text)
        for name, value in given.items()
        if name != "limit"
        for text in texts_of(value)
    ]
    whole = isinstance(limit, int) and limit <= _LARGEST_PAGE
    size = str(limit) if whole else str(_LARGEST_PAGE)
    return Snippet(
        access.ours(call("frame = twilio.messages.list", **ours), given.values()),
        access.official(call("messages = client.messages.list", **official), given.values()),
        access.curl(
            "Messages.json",
            [*pairs, ("PageSize", size)],
            "--get",
            note="" if whole else _EVERYTHING,
        ),
    )


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
