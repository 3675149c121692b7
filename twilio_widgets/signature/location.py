"""Split a URL into its parts, and list the forms of it that Twilio may have signed."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

STANDARD_PORT: Final = {"http": ":80", "https": ":443"}

_AUTHORITY: Final = re.compile(r"(?P<host>\[[^\[\]@]+\]|[^\[\]:@]+)(?P<port>:[0-9]{0,5})?")
_END: Final = re.compile(r"[/?]")
_ESCAPED: Final = re.compile(r"%(?:40|3A|27)", re.IGNORECASE)
_PLAIN: Final = {"%40": "@", "%3A": ":", "%3a": ":", "%27": "'"}

HIDDEN: Final = "••••"
"""Replaces a credential in a URL that is shown."""

LOGIN: Final = "token"
"""The query parameter that authenticates a request to a Jupyter server."""

_LOGIN: Final = re.compile(rf"(?<=[?&]{LOGIN}=)[^&#]*")
_ROUTE: Final = "/twilio-widgets/"
_ROUTE_KEY: Final = re.compile(rf"(?<={_ROUTE})[A-Za-z0-9_-]{{32,64}}")
"""The key in the path of our Jupyter server extension; it gives access to the listener."""


class Location(NamedTuple):
    """The parts of a URL, each including its delimiter, so that joining them restores the URL."""

    scheme: str
    """``"http"`` or ``"https"``."""
    user: str
    """``"name:password@"``, or empty."""
    host: str
    port: str
    """``":8443"``, or empty."""
    path: str
    query: str
    """``"?…"``, or empty."""
    fragment: str
    """``"#…"``, or empty."""

    @property
    def origin(self) -> str:
        """Scheme, host and port, without a user name and password."""
        return f"{self.scheme}://{self.host}{self.port}"


@lru_cache(maxsize=64)  # a listener has one or two URLs, plus one for each row of a running job
def split(url: str) -> Location | None:
    """Split a URL without changing any character, except that the scheme becomes lower case.

    Returns:
        The parts; None when it is not an http(s) URL with a host and a valid port, or contains a
        control character.
    """
    scheme, mark, rest = url.partition("://")
    scheme = scheme.lower()
    if not mark or scheme not in STANDARD_PORT or not url.isprintable():
        return None
    rest, sharp, fragment = rest.partition("#")
    end = _END.search(rest)
    cut = end.start() if end else len(rest)
    user, at, address = rest[:cut].rpartition("@")
    authority = _authority_of(address)
    if authority is None:
        return None
    path, question, query = rest[cut:].partition("?")
    return Location(scheme, user + at, *authority, path, question + query, sharp + fragment)


def _authority_of(address: str) -> tuple[str, str] | None:
    found = _AUTHORITY.fullmatch(address)
    if found is None:
        return None
    host, port = found["host"], found["port"] or ""
    return None if len(port) > 1 and int(port[1:]) > 65535 else (host, port)


def veiled(url: str) -> str:
    """Return a URL or path with bullets instead of a Jupyter token or the key of our extension."""
    if f"{LOGIN}=" in url:
        url = _LOGIN.sub(HIDDEN, url)
    return _ROUTE_KEY.sub(HIDDEN, url) if _ROUTE in url else url


def public(url: str) -> str:
    """Return a URL as it is stored: without user name and password, login and key masked."""
    url = veiled(url)
    if "@" not in url:
        return url
    try:
        parts = urlsplit(url)
    except ValueError:  # invalid IPv6 brackets: not one of our URLs
        return ""
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def signed_forms(location: Location) -> Iterator[str]:
    """Yield the forms in which Twilio may have signed a URL, most likely first.

    With and without the port, because Twilio's back ends differ; without an empty query; with
    ``@``, ``:`` and ``'`` unescaped in the query, because Twilio signs them unescaped and then
    requests the URL with them escaped; and without and with a user name and password, because
    Twilio's libraries differ.
    """
    for query in signed_queries(location.query):
        for origin in signed_origins(location):
            yield origin + location.path + query


def signed_origins(location: Location) -> Iterator[str]:
    """Yield scheme, host and port as Twilio may have signed them, then with the user info."""
    for user in dict.fromkeys(("", location.user)):
        bare = f"{location.scheme}://{user}{location.host}"
        yield bare + location.port
        if not location.port:
            yield bare + STANDARD_PORT[location.scheme]
        elif location.port.strip(":0"):
            yield bare


def signed_queries(query: str) -> Iterator[str]:
    """Yield the forms in which Twilio may have signed a query string, with its ``?``."""
    yield query
    if query == "?":
        yield ""
    elif "%" in query:
        plain = _ESCAPED.sub(lambda found: _PLAIN[found[0]], query)
        if plain != query:
            yield plain
