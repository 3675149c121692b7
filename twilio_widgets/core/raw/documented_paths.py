"""The paths of Twilio's OpenAPI documents (2026-04), by product.

They are suggestions for completion; raw requests are not limited to them. The paths are in
``documented_paths.txt``, which `scripts/documented_paths.py` writes; the summaries are our own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class DocumentedPath:
    """A method and path of the API, with a summary."""

    product: str
    method: str
    path: str
    """The path with placeholders in braces; ``{AccountSid}`` is replaced automatically."""
    summary: str


_ACCOUNTS = "/2010-04-01/Accounts"
_ACCOUNT = _ACCOUNTS + "/{AccountSid}"
_CALL = _ACCOUNT + "/Calls/{Sid}.json"
_NUMBER = _ACCOUNT + "/IncomingPhoneNumbers/{Sid}.json"
_MESSAGE = _ACCOUNT + "/Messages/{Sid}.json"
_MEDIA = _ACCOUNT + "/Messages/{MessageSid}/Media"
_USAGE = _ACCOUNT + "/Usage/Records"

_SUMMARIES = (
    ("GET", _ACCOUNTS + ".json", "List the account and its subaccounts"),
    ("POST", _ACCOUNTS + ".json", "Create a subaccount"),
    ("GET", _ACCOUNTS + "/{Sid}.json", "Read one account"),
    ("POST", _ACCOUNTS + "/{Sid}.json", "Change an account: its name or its status"),
    ("GET", _ACCOUNT + "/Balance.json", "Read the balance"),
    ("GET", _ACCOUNT + "/Calls.json", "List calls"),
    ("POST", _ACCOUNT + "/Calls.json", "Make a call"),
    ("GET", _CALL, "Read one call"),
    ("POST", _CALL, "Redirect or end a call"),
    ("DELETE", _CALL, "Remove a call from the log"),
    ("GET", _ACCOUNT + "/IncomingPhoneNumbers.json", "List own phone numbers"),
    ("POST", _ACCOUNT + "/IncomingPhoneNumbers.json", "Buy a phone number"),
    ("GET", _NUMBER, "Read one own phone number"),
    ("POST", _NUMBER, "Change a phone number, such as its webhooks"),
    ("DELETE", _NUMBER, "Give a phone number up"),
    ("GET", _ACCOUNT + "/Messages.json", "List messages"),
    ("POST", _ACCOUNT + "/Messages.json", "Send a message"),
    ("GET", _MESSAGE, "Read one message"),
    ("POST", _MESSAGE, "Redact a message, or cancel a scheduled one"),
    ("DELETE", _MESSAGE, "Remove a message from the log"),
    (
        "POST",
        _ACCOUNT + "/Messages/{MessageSid}/Feedback.json",
        "Say whether a message reached its purpose",
    ),
    ("GET", _MEDIA + ".json", "List the files of a message"),
    ("GET", _MEDIA + "/{Sid}.json", "Read about one file of a message"),
    ("DELETE", _MEDIA + "/{Sid}.json", "Remove one file of a message"),
    ("GET", _USAGE + ".json", "Usage by category"),
    ("GET", _USAGE + "/AllTime.json", "Usage since the account began"),
    ("GET", _USAGE + "/Daily.json", "Usage by day"),
    ("GET", _USAGE + "/LastMonth.json", "Usage of last month"),
    ("GET", _USAGE + "/Monthly.json", "Usage by month"),
    ("GET", _USAGE + "/ThisMonth.json", "Usage of this month"),
    ("GET", _USAGE + "/Today.json", "Usage of today"),
    ("GET", _USAGE + "/Yearly.json", "Usage by year"),
    ("GET", _USAGE + "/Yesterday.json", "Usage of yesterday"),
)


_VERBS = {
    "GET": ("Read", "Read from"),
    "POST": ("Add to", "Change in"),
    "PUT": ("Replace", "Replace in"),
    "PATCH": ("Change", "Change in"),
    "DELETE": ("Delete", "Delete from"),
}
"""The words before the name of a list: for the list itself, and for one of its resources."""


@cache
def documented_paths() -> tuple[DocumentedPath, ...]:
    """Return the documented paths of every product; those with a summary of our own come first."""
    text = Path(__file__).with_suffix(".txt").read_text("utf-8")
    usual = [DocumentedPath("api", *row) for row in _SUMMARIES]
    known = {(one.method, one.path) for one in usual}
    return *usual, *(one for one in _parsed(text) if (one.method, one.path) not in known)


def _parsed(text: str) -> Iterator[DocumentedPath]:
    product = ""
    for line in text.splitlines():
        methods, _, path = line.partition(" ")
        if line.startswith("#"):
            continue
        if not path:
            product = line
            continue
        for method in methods.split(","):
            yield DocumentedPath(product, method, path, _summary_of(method, path))


def _summary_of(method: str, path: str) -> str:
    """Describe a path by the last name in it, such as "Read from alpha senders"."""
    parts = path.removesuffix(".json").split("/")
    is_one = parts[-1].startswith("{")
    name = next(part for part in reversed(parts) if not part.startswith("{"))
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name).split()
    noun = " ".join(word if word.isupper() else word.lower() for word in words)
    return f"{_VERBS[method][is_one]} {noun}"
