"""The hosts of Twilio's REST API: the only ones that receive the credentials.

The name of a product is the first label of its host: ``content`` is ``content.twilio.com``, or
``content.dublin.ie1.twilio.com`` with an edge and a region. A test compares the list with every
domain of the official client.

Sources: the servers and paths of Twilio's OpenAPI documents (twilio-oai, 2026-04), the domains of
the official client 9.13, and Twilio, "Edge locations" and "Regions" (checked 2026-04).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

VERSIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "accounts": ("v1",),
        "api": ("2010-04-01",),
        "assistants": ("v1",),
        "bulkexports": ("v1",),
        "chat": ("v1", "v2", "v3"),
        "content": ("v1", "v2"),
        "conversations": ("v1", "v2"),
        "events": ("v1",),
        "flex-api": ("v1", "v2"),
        "frontline-api": ("v1",),
        "iam": ("v1", "scim"),
        "insights": ("v1", "v2", "v3"),
        "intelligence": ("v2", "v3"),
        "ip-messaging": ("v1", "v2"),
        "knowledge": ("v1", "v2"),
        "lookups": ("v1", "v2"),
        "marketplace": ("v1",),
        "memory": ("v1",),
        "messaging": ("v1", "v2", "v3"),
        "monitor": ("v1", "v2"),
        "notify": ("v1",),
        "numbers": ("v1", "v2", "v3"),
        "oauth": ("v1", "v2"),
        "preview": ("HostedNumbers", "marketplace", "wireless"),
        "preview-iam": ("Organizations", "v1"),
        "pricing": ("v1", "v2"),
        "proxy": ("v1",),
        "routes": ("v2", "v3"),
        "serverless": ("v1",),
        "studio": ("v1", "v2"),
        "supersim": ("v1",),
        "sync": ("v1",),
        "taskrouter": ("v1",),
        "trunking": ("v1",),
        "trusthub": ("v1",),
        "verify": ("v2",),
        "video": ("v1",),
        "voice": ("v1", "v2", "v3"),
        "webhooks": ("v1",),
        "wireless": ("v1",),
    }
)
"""The products, each with the versions (the first segments of its paths) that it serves."""

REGIONS = frozenset({"us1", "ie1", "au1", "jp1"})
"""The regions that process data."""

EDGES = frozenset(
    {
        "ashburn", "ashburn-ix", "dublin", "frankfurt", "frankfurt-ix", "london-ix", "roaming",
        "san-jose-ix", "sao-paulo", "singapore", "singapore-ix", "sydney", "sydney-ix", "tokyo",
        "tokyo-ix", "umatilla",
    }
)  # fmt: skip
"""The edges, at which requests enter Twilio's network; ``-ix`` are those for private lines."""

_DOMAIN = ("twilio", "com")


def product_of(host: str) -> str | None:
    """Return the product of a host in the list; None for any other name.

    Args:
        host: A host name in lower case, without a port or a trailing dot.
    """
    labels = tuple(host.split("."))
    if labels[-2:] != _DOMAIN or labels[0] not in VERSIONS:
        return None
    place = labels[1:-2]
    is_listed = not place or (len(place) == 2 and place[0] in EDGES and place[1] in REGIONS)
    return labels[0] if is_listed else None
