"""What a person writes as the path of a raw request → a path and a query inside Twilio's API.

The guard of the transport refuses what could lead elsewhere; here stand the reasons, in words for
the person who pasted a whole address or typed a ``+``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

from twilio_widgets.core.credentials.connection import API_VERSION
from twilio_widgets.core.http.guard import CONTROL, METHODS
from twilio_widgets.errors import PathRefused

EXAMPLE = "/Accounts/$TWILIO_ACCOUNT_SID/Messages.json"

_OWN_SID = re.compile(r"\$TWILIO_ACCOUNT_SID\b|\$\{TWILIO_ACCOUNT_SID\}|\{AccountSid\}")
_ACCOUNT_ITSELF = re.compile(r"(/Accounts/)\{Sid\}")
_MESSAGES = re.compile(r"/(?:SMS/)?Messages(?:\.[a-z]+)?", re.IGNORECASE)
_BEFORE_MESSAGES = re.compile(r"/2010-04-01/Accounts/[^/]+(?=/)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RequestPath:
    """Where a raw request goes, below Twilio's host."""

    path: str
    query: tuple[tuple[str, str], ...]
    """What stood in the path after ``?``, in its order."""

    def creates_message(self, method: str) -> bool:
        """Say whether a request of this method would create a message."""
        rest = _BEFORE_MESSAGES.sub("", self.path, count=1)
        changes = method not in {"GET", "HEAD", "OPTIONS", "DELETE"}
        return changes and _MESSAGES.fullmatch(rest) is not None


def target_of(text: str, account_sid: str) -> RequestPath:
    """Read the path of a raw request.

    Args:
        text: Such as ``/Accounts/$TWILIO_ACCOUNT_SID/Messages.json?PageSize=5``. The slash in front
            and ``/2010-04-01`` may be there or not.
        account_sid: What ``$TWILIO_ACCOUNT_SID`` and ``{AccountSid}`` stand for.

    Raises:
        PathRefused: It could lead elsewhere, or is no path; the reason is in the sentence.
    """
    if not isinstance(text, str):
        raise PathRefused(f"The path is text, not {type(text).__name__}. {_such_as()}")
    text = text.strip(" ")
    if not text:
        raise PathRefused(f"The path is empty. {_such_as()}")
    if CONTROL.search(text):
        raise PathRefused(
            "The path holds a control character, such as a line break, so nothing was sent."
        )
    before, _, query = text.partition("?")
    path = _ACCOUNT_ITSELF.sub(rf"\g<1>{account_sid}", _OWN_SID.sub(account_sid, before))
    _refuse_address(path)
    _refuse_escapes(path)
    path = _rooted(path)
    if "#" in query:
        raise PathRefused("The query holds a #: write %23 for a # that is meant. Nothing was sent.")
    return RequestPath(path, _pairs_of(_OWN_SID.sub(account_sid, query)))


def _such_as() -> str:
    return f"Give one such as {EXAMPLE}; nothing was sent."


def _refuse_address(path: str) -> None:
    verb = re.match(rf"({'|'.join(METHODS)}) +\S", path, re.IGNORECASE)
    if verb:
        raise PathRefused(
            f'The path begins with {verb[1]!r}. Give the method apart, as method="{verb[1]}"; '
            "nothing was sent."
        )
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|//", path) or "://" in path:
        raise PathRefused(
            "Give the path only: the address of Twilio's API is put in front, and credentials go "
            f"nowhere else. {_such_as()}"
        )
    if "\\" in path:
        raise PathRefused(f"The path holds a backslash. Its parts are parted by /. {_such_as()}")
    if "@" in path:
        raise PathRefused(
            "The path holds an @, which could name another host or carry credentials. "
            "Who you are comes from the connection; nothing was sent."
        )
    if re.match(r"/*[A-Za-z0-9.-]*twilio\.com", path):
        raise PathRefused(f"Give the path without the host. {_such_as()}")


def _refuse_escapes(path: str) -> None:
    if "%" in path:
        raise PathRefused(
            "The path holds a % escape, which could hide a slash or a dot. Twilio's paths need "
            "none; nothing was sent."
        )
    if "#" in path:
        raise PathRefused("The path holds a #, which no server is sent. Take it away.")
    if re.search(r"(?:^|/)\.", path):
        raise PathRefused("The path holds a part that begins with a dot, so nothing was sent.")
    if "//" in path:
        raise PathRefused("The path holds an empty part (//), so nothing was sent.")
    if ":" in path:
        raise PathRefused("The path holds a colon, as a port would. Take it away.")
    left = re.search(r"\{[^/}]*\}?|\$\w*", path)
    if left:
        raise PathRefused(
            f"{left[0][:40]} is a place to fill: put the SID there. $TWILIO_ACCOUNT_SID is filled "
            "by itself; nothing was sent."
        )


def _rooted(path: str) -> str:
    path = "/" + path.lstrip("/")
    if not path.startswith(f"/{API_VERSION}/"):
        path = f"/{API_VERSION}{path}"
    below = path.removeprefix(f"/{API_VERSION}/")
    # Other products' URLs also name the product first: /messaging/v1/Services.
    version = re.match(r"((?:[a-z]+/)?(?:v\d+|\d{4}-\d\d-\d\d))(?:/|$)", below)
    if version:
        raise PathRefused(
            f"Raw requests speak to Twilio's {API_VERSION} API; paths under /{version[1]} are of "
            "another one. Nothing was sent."
        )
    if not re.fullmatch(r"[A-Za-z0-9_./-]*[A-Za-z0-9_-]", below):
        raise PathRefused(
            "The path holds a character that Twilio's paths never hold, or ends with a slash. "
            + _such_as()
        )
    first = re.split(r"[/.]", below)[0]
    if first != "Accounts" and first.lower() == "accounts":
        raise PathRefused(f"Capitals count in paths: write /Accounts for /{first}.")
    if first != "Accounts":
        raise PathRefused(
            "Every path of this API begins with /Accounts: did you mean "
            f"/Accounts/$TWILIO_ACCOUNT_SID/{below[:60]}? Nothing was sent."
        )
    return path


def _pairs_of(query: str) -> tuple[tuple[str, str], ...]:
    for part in query.split("&"):
        if re.match(r"[^=]*=\+\d", part):
            raise PathRefused(
                "In a query a + is a space. Write %2B for the + of a phone number, or give it in "
                "query_params, where it may stand; nothing was sent."
            )
    # What is no UTF-8 becomes half characters, which the guard refuses.
    return tuple(parse_qsl(query, keep_blank_values=True, errors="surrogateescape"))
