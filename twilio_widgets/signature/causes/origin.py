"""Changes to scheme, host and port: the origin that Twilio may have called instead."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final

from twilio_widgets.signature.causes.guess import CandidateChange, Part, PartGuess, part, shown
from twilio_widgets.signature.location import (
    STANDARD_PORT,
    Location,
    signed_origins,
    split,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twilio_widgets.signature.presented import SignedRequest

_HOST_HEADERS: Final = (
    "x-forwarded-host",
    "host",
    "x-original-host",
    "x-forwarded-server",
    "x-host",
    "x-envoy-original-host",
)
_COMMON_PORTS: Final = (":8443", ":8080", ":8000", ":5000", ":3000", ":8888", ":4040")
_LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")
_MAX_HOSTS: Final = 10
_MAX_HOST_LENGTH: Final = 253
"""Characters of a host name (RFC 1035), because longer ones are slow to convert."""


def origins(location: Location, presented: SignedRequest) -> Part:
    """Return the origin that verifies, and the guesses about it.

    Headers that name a host can be forged. They only propose hosts here: a proposal counts only if
    the signature matches with it.
    """
    named = [found for found in _named(presented) if found is not None]
    return part(map(str.encode, signed_origins(location)), _guesses(location, named, presented))


def _guesses(
    location: Location, named: list[Location], presented: SignedRequest
) -> Iterator[PartGuess]:
    """Yield the guesses, most likely first: a guess ranks by the sum of its changes' ranks."""
    schemes = [(location.scheme, 0), (_other_scheme(location.scheme), 1)]
    hosts = [(location.host, 0), *_hosts(location.host, named)]
    ports = [*_ports(location, named, presented)]
    ranked = [
        (rank + other_rank + port_rank, scheme, host, port)
        for scheme, rank in schemes
        for host, other_rank in hosts
        for port, port_rank in ports
    ]
    ranked.sort(key=lambda choice: choice[0])
    for _, scheme, host, port in ranked:
        for stated in (port,) if port is not None else ("", STANDARD_PORT[scheme]):
            text = f"{scheme}://{host}{stated}"
            yield PartGuess(text.encode(), tuple(_changes(location, scheme, host, stated)))


def _other_scheme(scheme: str) -> str:
    return "http" if scheme == "https" else "https"


def _hosts(host: str, named: list[Location]) -> Iterator[tuple[str, int]]:
    found = {location.host: 1 for location in named if location.host != host}
    for known in (host, *list(found)):
        for derived in _spellings(known):
            if derived != host:
                found.setdefault(derived, 3)
    yield from list(found.items())[:_MAX_HOSTS]


def _spellings(host: str) -> Iterator[str]:
    """Yield other names that are commonly configured for the same host."""
    yield host.lower()
    yield host.removeprefix("www.") if host.startswith("www.") else f"www.{host}"
    yield host.rstrip(".") if host.endswith(".") else f"{host}."
    if host in _LOOPBACK or _is_loopback(host):
        yield from _LOOPBACK
    if len(host) > _MAX_HOST_LENGTH:
        return
    try:
        yield host.encode("idna").decode() if not host.isascii() else host.encode().decode("idna")
    except UnicodeError:
        return


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _ports(
    location: Location, named: list[Location], presented: SignedRequest
) -> Iterator[tuple[str | None, int]]:
    """Yield the ports and their ranks. None means the standard port, written out or not."""
    stated = [value.strip() for value in presented.values_of("x-forwarded-port")]
    found: dict[str | None, int] = {None: 0, location.port or None: 0}
    for port in (*(other.port for other in named), *(f":{value}" for value in stated)):
        if port[1:].isascii() and port[1:].isdigit() and len(port) <= 6:
            found.setdefault(port, 1)
    for port in (*_COMMON_PORTS, *STANDARD_PORT.values()):
        found.setdefault(port, 3)
    yield from found.items()


def _named(presented: SignedRequest) -> Iterator[Location | None]:
    """Yield the hosts that proxy headers name; at most two values of each, to bound the work."""
    for header in _HOST_HEADERS:
        for value in presented.values_of(header)[:2]:
            yield from (split(f"https://{host.strip()}/") for host in value[:500].split(",")[:2])
    for value in presented.values_of("forwarded")[:2]:
        for piece in value[:500].replace(",", ";").split(";"):
            name, _, host = piece.strip().partition("=")
            if name.lower() == "host":
                unquoted = host.strip('"')
                yield split(f"https://{unquoted}/")


def _changes(location: Location, scheme: str, host: str, port: str) -> Iterator[CandidateChange]:
    if scheme != location.scheme:
        yield CandidateChange(
            "scheme",
            f"{scheme} instead of {location.scheme}",
            f"Use {scheme}:// in the public URL, as configured in Twilio.",
        )
    if host != location.host:
        yield CandidateChange(
            "host",
            f"the host {shown(host)} instead of {shown(location.host)}",
            f"Use {shown(host)} as the host of the public URL.",
        )
    standard = {"", STANDARD_PORT[scheme]}
    usual = location.port in {"", STANDARD_PORT[location.scheme]}
    if port and port != location.port and not (usual and port in standard):
        yield CandidateChange(
            "port",
            f"the port {port[1:]} in the URL",
            f"Use the port {port[1:]} in the public URL, as configured in Twilio.",
        )
