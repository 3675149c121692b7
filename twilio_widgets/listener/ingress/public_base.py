"""What the address of a Jupyter Server is from outside, and whether Twilio could reach an address.

A kernel cannot see it: the server listens on this machine, behind who knows what. It is believed
from the page that a person has open, or from JupyterHub, and from nothing else.
Source: JupyterHub 5, environment of a user's server (``JUPYTERHUB_PUBLIC_URL``,
``JUPYTERHUB_PUBLIC_HUB_URL``, ``JUPYTERHUB_SERVICE_PREFIX``).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import NamedTuple

from twilio_widgets.signature.location import Location, split

_OF_THIS_NETWORK = frozenset({"local", "localhost", "internal", "lan", "home", "test", "invalid"})


class PublicBase(NamedTuple):
    """Where a server is found from outside."""

    url: str | None
    """With a slash at its end; None when it is not known, or cannot be reached."""
    said_by: str
    """Who says so; or why it is not known."""


def public_base(base_url: str, page_url: str | None, environ: Mapping[str, str]) -> PublicBase:
    """Find the public address of the server whose pages begin with `base_url`.

    Args:
        base_url: The path of the server, with a slash at both ends.
        page_url: The address of one of its pages, as a browser shows it.
        environ: The environment of the kernel.
    """
    for url, said_by in _sayings(page_url, environ):
        location = split(url)
        at = location.path.find(base_url) if location is not None else -1
        if location is None or at < 0:
            return PublicBase(None, f"the address from {said_by} is not one of this server's pages")
        base = f"{location.origin}{location.path[:at]}{base_url}"
        if unreachable := why_unreachable(base):
            return PublicBase(None, f"{said_by} gives the address {base}, but {unreachable}")
        return PublicBase(base, said_by)
    return PublicBase(None, "its public address is not known")


def _sayings(page_url: str | None, environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the addresses that were said, the surest first, each with who says it."""
    said = [(page_url, "the notebook page")] if page_url else []
    if own := environ.get("JUPYTERHUB_PUBLIC_URL"):
        said.append((own, "JupyterHub"))
    hub = split(environ.get("JUPYTERHUB_PUBLIC_HUB_URL", ""))
    prefix = environ.get("JUPYTERHUB_SERVICE_PREFIX")
    if hub is not None and prefix:
        said.append((hub.origin + prefix, "JupyterHub"))
    return said


def why_unreachable(url: str) -> str | None:
    """Say why Twilio could not call a URL, as far as its text tells; None when it may."""
    location = split(url)
    if location is None:
        return "it is not an http or https address"
    if _is_of_this_machine_or_network(location):
        return f"{location.host} is on this machine or a private network, so Twilio cannot call it"
    return None


def _is_of_this_machine_or_network(location: Location) -> bool:
    host = location.host.strip("[]").rstrip(".").lower()
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.rpartition(".")[2] in _OF_THIS_NETWORK
