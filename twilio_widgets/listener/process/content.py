"""The parameters of a signed request, and the kind of event they describe."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from twilio_widgets.core.message.message import is_message_sid
from twilio_widgets.listener.process import refusal
from twilio_widgets.listener.process.refusal import RejectionCause

if TYPE_CHECKING:
    from twilio_widgets.listener.events.event import Kind
    from twilio_widgets.listener.events.payload import Pairs
    from twilio_widgets.signature.presented import SignedRequest

_ALWAYS = ("MessageSid", "AccountSid")
_MANDATORY: dict[Kind, tuple[str, ...]] = {
    "inbound": (*_ALWAYS, "From", "To"),
    "status": (*_ALWAYS, "MessageStatus"),
}


def parameters_of(presented: SignedRequest) -> Pairs:
    """Parse the parameters of a signed request from its form, query or JSON object.

    JSON nulls are left out, as a form would leave them out.

    Raises:
        ValueError: The body does not match its content type.
    """
    if presented.method == "GET" or presented.is_form or not presented.body:
        return presented.parameters
    try:
        document = json.loads(
            presented.body, object_pairs_hook=_unique, parse_constant=_reject_constant
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(document, dict):
        raise ValueError("not an object")  # noqa: TRY004 — bad input, not a programming error
    values = [(name, value) for name, value in document.items() if value is not None]
    return tuple((_text(name), _text(value)) for name, value in values)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a repeated name")
    return found


def _reject_constant(word: str) -> object:
    raise ValueError(f"{word} is not JSON")


def _text(value: object) -> str:
    if isinstance(value, str):
        value.encode()  # raises for an unpaired surrogate (invalid Unicode)
        return value
    return json.dumps(value)


def kind_of(parameters: Pairs, accounts: Collection[str]) -> Kind | RejectionCause:
    """Return the kind of a signed request, or why it is rejected despite its signature.

    The signature does not cover delimiters: ``Body=hi`` and ``From=+1`` are signed like
    ``Body=hiFrom+1``, so someone who has one signed request can split it into other parameters.
    Therefore every mandatory parameter must be present once and well-formed.

    Args:
        parameters: The parameters of the request.
        accounts: The account SIDs of this listener.
    """
    values = dict(parameters)
    kind = _kind(values)
    if kind is None:
        return refusal.NOT_MESSAGING
    several = len(values) < len(parameters)
    for name in _MANDATORY[kind]:
        if not values.get(name) or (several and _times(name, parameters) > 1):
            return refusal.field(name)
    if not is_message_sid(values["MessageSid"]):
        return refusal.field("MessageSid")
    account = values["AccountSid"]
    if account in accounts:
        return kind
    if not re.fullmatch(r"AC[0-9a-fA-F]{32}", account):
        return refusal.field("AccountSid")
    return refusal.account(f"{account[:4]}…{account[-4:]}")


def _kind(values: Mapping[str, str]) -> Kind | None:
    """Return the kind of event; None if the request is not about a message.

    A status callback has ``MessageStatus``. An inbound message has ``SmsStatus=received``, or no
    status at all and the parts of a message (inferred from Twilio's documented requests).
    """
    if "MessageStatus" in values:
        return "status"
    status = values.get("SmsStatus")
    if status == "received" or (status is None and ("Body" in values or "NumMedia" in values)):
        return "inbound"
    return None


def _times(wanted: str, parameters: Pairs) -> int:
    return sum(name == wanted for name, _ in parameters)
