"""Parse the path or URL of a raw request into a host, a path and a query of Twilio's API.

The transport's guard refuses any target that could lead elsewhere. The checks here come first and
give better advice, for example to a user who typed a ``+``. A URL is compared with the list of
hosts as text; nothing that was typed is looked up.

Source: RFC 3986 (the parts of a URL; ``@`` and ``:`` in a segment).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

from twilio_widgets.core.credentials.connection import API_VERSION
from twilio_widgets.core.http.guard import CONTROL, METHODS, SEGMENT
from twilio_widgets.core.http.hosts import VERSIONS, product_of
from twilio_widgets.errors import PathRefused

EXAMPLE = "/Accounts/$TWILIO_ACCOUNT_SID/Messages.json"
URL_EXAMPLE = "https://content.twilio.com/v1/Content"

_OWN_SID = re.compile(r"\$TWILIO_ACCOUNT_SID\b|\$\{TWILIO_ACCOUNT_SID\}|\{AccountSid\}")
_ACCOUNT_ITSELF = re.compile(r"(/Accounts/)\{Sid\}")
_MESSAGES = re.compile(r"/(?:SMS/)?Messages(?:\.[a-z]+)?", re.IGNORECASE)
_BEFORE_MESSAGES = re.compile(r"/2010-04-01/Accounts/[^/]+(?=/)", re.IGNORECASE)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
_URL = re.compile(r"https://([A-Za-z0-9.-]+)(/.*)?", re.IGNORECASE | re.ASCII)
_SEGMENTS = re.compile(rf"(?:/{SEGMENT})+")


@dataclass(frozen=True, slots=True)
class RequestPath:
    """The target of a raw request."""

    path: str
    query: tuple[tuple[str, str], ...]
    """The parameters after ``?``, in order."""
    product: str = "api"
    host: str | None = None
    """The host of a URL; None for a path alone."""

    def creates_message(self, method: str) -> bool:
        """Return whether a request with this method would create a message."""
        rest = _BEFORE_MESSAGES.sub("", self.path, count=1)
        changes = method not in {"GET", "HEAD", "OPTIONS", "DELETE"}
        return changes and self.product == "api" and _MESSAGES.fullmatch(rest) is not None


def target_of(text: str, account_sid: str) -> RequestPath:
    """Parse the path or URL of a raw request.

    Args:
        text: A path such as ``/Accounts/$TWILIO_ACCOUNT_SID/Messages.json?PageSize=5``, whose
            leading slash and ``/2010-04-01`` are optional; or the ``https`` URL of one of Twilio's
            API hosts.
        account_sid: The value for ``$TWILIO_ACCOUNT_SID`` and ``{AccountSid}``.

    Raises:
        PathRefused: It is not a path or URL of Twilio's API, or could lead elsewhere.
    """
    if not isinstance(text, str):
        raise PathRefused(f"The path must be text, not {type(text).__name__}. {_such_as()}")
    text = text.strip(" ")
    if not text:
        raise PathRefused(f"The path is empty. {_such_as()}")
    if CONTROL.search(text):
        raise PathRefused(
            "The path contains a control character, such as a line break. Nothing was sent."
        )
    before, _, query = text.partition("?")
    before = _ACCOUNT_ITSELF.sub(rf"\g<1>{account_sid}", _OWN_SID.sub(account_sid, before))
    _refuse_address(before)
    host, path = _split_url(before)
    _refuse_escapes(path)
    path = _rooted(path) if host is None else path
    product = "api" if host is None else _checked_product(host, path)
    if "#" in query:
        raise PathRefused("The query contains a #. Write %23 for a literal #. Nothing was sent.")
    return RequestPath(path, _pairs_of(_OWN_SID.sub(account_sid, query)), product, host)


def _such_as() -> str:
    return f"Give a path such as {EXAMPLE}, or a URL such as {URL_EXAMPLE}; nothing was sent."


def _refuse_address(path: str) -> None:
    verb = re.match(rf"({'|'.join(METHODS)}) +\S", path, re.IGNORECASE)
    if verb:
        raise PathRefused(
            f'The path begins with {verb[1]!r}. Give the method separately: method="{verb[1]}"; '
            "nothing was sent."
        )
    if "\\" in path:
        raise PathRefused(f"The path contains a backslash; use / as the separator. {_such_as()}")
    if re.match(r"/*[A-Za-z0-9.-]*twilio\.com", path):
        raise PathRefused(f"Begin a URL with https://, or give the path alone. {_such_as()}")


def _split_url(text: str) -> tuple[str | None, str]:
    """Return the host, in lower case, and the path; no host for a path alone."""
    if not _SCHEME.match(text) and "://" not in text:
        if "@" in text.lstrip("/").partition("/")[0]:
            raise PathRefused(
                "The path begins with an @, as after a user name. Credentials come from the "
                "connection; nothing was sent."
            )
        return None, text
    url = _URL.fullmatch(text)
    if url is None or product_of(url[1].lower()) is None:
        raise PathRefused(
            "This is not the URL of a host of Twilio's API, and credentials are sent nowhere else: "
            "the URL begins with https:// and the name of the host, with no user name and no port. "
            + _such_as()
        )
    return url[1].lower(), url[2] or ""


def _checked_product(host: str, path: str) -> str:
    """Return the product of a host, after checking the path of a URL."""
    product = product_of(host)
    assert product is not None  # noqa: S101  # `_split_url` checked the host
    version = path.partition("/")[2].partition("/")[0]
    if version not in VERSIONS[product]:
        known = " or ".join(f"/{name}" for name in VERSIONS[product])
        raise PathRefused(f"The paths of {host} begin with {known}. Nothing was sent.")
    if not _SEGMENTS.fullmatch(path) or path.count("/") < 2:
        raise PathRefused(
            f"After /{version} comes the name of a resource, without a slash at the end and "
            f"without characters that Twilio's paths never have. {_such_as()}"
        )
    return product


def _refuse_escapes(path: str) -> None:
    if "%" in path:
        raise PathRefused(
            "The path contains a % escape, which could hide a slash or a dot. Twilio's paths need "
            "none; nothing was sent."
        )
    if "#" in path:
        raise PathRefused("The path contains a #, which is not sent to servers. Remove it.")
    if re.search(r"(?:^|/)\.", path):
        raise PathRefused("The path contains a segment that begins with a dot. Nothing was sent.")
    if "//" in path:
        raise PathRefused("The path contains an empty segment (//). Nothing was sent.")
    left = re.search(r"\{[^/}]*\}?|\$\w*", path)
    if left:
        raise PathRefused(
            f"{left[0][:40]} is a placeholder: replace it with the SID. Only $TWILIO_ACCOUNT_SID "
            "is replaced automatically; nothing was sent."
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
            f"A path alone goes to Twilio's {API_VERSION} API; a path under /{version[1]} belongs "
            f"to another API: give its whole URL, such as {URL_EXAMPLE}. Nothing was sent."
        )
    if not _SEGMENTS.fullmatch(path):
        raise PathRefused(
            "The path ends with a slash, or contains a character that Twilio's paths never have. "
            + _such_as()
        )
    first = re.split(r"[/.]", below)[0]
    if first != "Accounts" and first.lower() == "accounts":
        raise PathRefused(f"Paths are case-sensitive: write /Accounts instead of /{first}.")
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
                "In a query, + means a space. Write %2B for the + of a phone number, or give the "
                "number in query_params, which encodes it; nothing was sent."
            )
    # Bytes that are not UTF-8 become unpaired surrogates, which the guard refuses.
    return tuple(parse_qsl(query, keep_blank_values=True, errors="surrogateescape"))
