"""What a signed request says: its parameters, and whether they make an event."""

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
    """Read the parameters of a signed request: of the form, the query or the JSON object.

    What is null in JSON is not there, as it would not be in a form.

    Raises:
        ValueError: The body is not what it is declared to be.
    """
    if presented.method == "GET" or presented.is_form or not presented.body:
        return presented.parameters
    try:
        document = json.loads(presented.body, object_pairs_hook=_once, parse_constant=_no)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(document, dict):
        raise ValueError("not an object")  # noqa: TRY004 — of the sender's making, not of ours
    said = [(name, value) for name, value in document.items() if value is not None]
    return tuple((_text(name), _text(value)) for name, value in said)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name came twice")
    return found


def _no(word: str) -> object:
    raise ValueError(f"{word} is not JSON")


def _text(value: object) -> str:
    if isinstance(value, str):
        value.encode()  # half a character (a lone surrogate) is no text
        return value
    return json.dumps(value)


def kind_of(parameters: Pairs, accounts: Collection[str]) -> Kind | RejectionCause:
    """Say what a signed request announces, or why it is turned away all the same.

    The signature has no delimiters: ``Body=hi`` and ``From=+1`` are signed as ``Body=hiFrom+1`` is,
    so whoever has one signed request could cut it up anew. What has to be there must be there,
    once, and in its shape.

    Args:
        parameters: What it says.
        accounts: The account SIDs that are ours.
    """
    said = dict(parameters)
    kind = _announced(said)
    if kind is None:
        return refusal.NOT_MESSAGING
    several = len(said) < len(parameters)
    for name in _MANDATORY[kind]:
        if not said.get(name) or (several and _times(name, parameters) > 1):
            return refusal.field(name)
    if not is_message_sid(said["MessageSid"]):
        return refusal.field("MessageSid")
    account = said["AccountSid"]
    if account in accounts:
        return kind
    if not re.fullmatch(r"AC[0-9a-fA-F]{32}", account):
        return refusal.field("AccountSid")
    return refusal.account(f"{account[:4]}…{account[-4:]}")


def _announced(said: Mapping[str, str]) -> Kind | None:
    """Return which kind of event this is; None when it is nothing about a message.

    A status callback has ``MessageStatus``. An inbound message has ``SmsStatus=received``, or no
    status at all and the parts of a message (inferred from Twilio's documented requests).
    """
    if "MessageStatus" in said:
        return "status"
    status = said.get("SmsStatus")
    if status == "received" or (status is None and ("Body" in said or "NumMedia" in said)):
        return "inbound"
    return None


def _times(wanted: str, parameters: Pairs) -> int:
    return sum(name == wanted for name, _ in parameters)
