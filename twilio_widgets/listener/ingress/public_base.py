"""The public address of a Jupyter Server, and whether Twilio could reach an address.

A kernel cannot detect this address, because proxies may be in front of the server. Only two sources
are trusted: the notebook page the user has open, and JupyterHub.
Source: JupyterHub 5, environment of a user's server (``JUPYTERHUB_PUBLIC_URL``,
``JUPYTERHUB_PUBLIC_HUB_URL``, ``JUPYTERHUB_SERVICE_PREFIX``).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import NamedTuple

from twilio_widgets.signature.location import Location, split

_PRIVATE_SUFFIXES = frozenset({"local", "localhost", "internal", "lan", "home", "test", "invalid"})


class PublicBase(NamedTuple):
    """The public address of a server."""

    url: str | None
    """Ends with a slash; None if it is not known or not reachable."""
    source: str
    """Where the address comes from; or why it is not known."""


def public_base(base_url: str, page_url: str | None, environ: Mapping[str, str]) -> PublicBase:
    """Find the public address of the server whose pages begin with `base_url`.

    Args:
        base_url: The path of the server, with a slash at both ends.
        page_url: The address of one of its pages, as shown by the browser.
        environ: The environment of the kernel.
    """
    for url, source in _candidates(page_url, environ):
        location = split(url)
        at = location.path.find(base_url) if location is not None else -1
        if location is None or at < 0:
            return PublicBase(None, f"the address from {source} is not one of this server's pages")
        base = f"{location.origin}{location.path[:at]}{base_url}"
        if unreachable := why_unreachable(base):
            return PublicBase(None, f"{source} gives the address {base}, but {unreachable}")
        return PublicBase(base, source)
    return PublicBase(None, "its public address is not known")


def _candidates(page_url: str | None, environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the known addresses with their sources, the most reliable first."""
    bases = [(page_url, "the notebook page")] if page_url else []
    if own := environ.get("JUPYTERHUB_PUBLIC_URL"):
        bases.append((own, "JupyterHub"))
    hub = split(environ.get("JUPYTERHUB_PUBLIC_HUB_URL", ""))
    prefix = environ.get("JUPYTERHUB_SERVICE_PREFIX")
    if hub is not None and prefix:
        bases.append((hub.origin + prefix, "JupyterHub"))
    return bases


def why_unreachable(url: str) -> str | None:
    """Return why Twilio cannot call a URL, judging by its text; None if it may be able to."""
    location = split(url)
    if location is None:
        return "it is not an http or https address"
    if _is_private(location):
        return f"{location.host} is on this machine or a private network, so Twilio cannot call it"
    return None


def _is_private(location: Location) -> bool:
    host = location.host.strip("[]").rstrip(".").lower()
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.rpartition(".")[2] in _PRIVATE_SUFFIXES
