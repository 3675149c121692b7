"""The list of hosts covers every domain and version of the installed official client."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import pytest
import twilio.rest
from twilio.base.domain import Domain
from twilio.base.version import Version
from twilio.rest import Client

from twilio_widgets.core.credentials.connection import EDGE_OF_REGION
from twilio_widgets.core.http.hosts import EDGES, REGIONS, VERSIONS, product_of


def classes(parent: type) -> set[type]:
    below = set(parent.__subclasses__())
    return below.union(*map(classes, below)) if below else below


def versions_of(domain: Domain) -> set[str]:
    """The first path segment of each version that a domain has as a property."""
    found = (getattr(domain, name) for name in dir(type(domain)) if not name.startswith("_"))
    return {one.version for one in found if isinstance(one, Version)}


@pytest.fixture(scope="module")
def official() -> dict[str, Any]:
    """The official client's domains, by host."""
    for module in pkgutil.walk_packages(twilio.rest.__path__, "twilio.rest."):
        if module.name.count(".") == 3 and module.name.endswith("Base"):
            importlib.import_module(module.name)
    client = Client("AC" + "0" * 32, "token")
    made = [kind(client) for kind in classes(Domain) if kind.__name__.endswith("Base")]
    return {domain.base_url.removeprefix("https://"): domain for domain in made}


def test_every_domain_of_the_official_client_is_in_the_list(official: dict[str, Any]) -> None:
    assert len(official) >= 39
    assert [host for host in official if product_of(host) is None] == []


def test_every_version_of_the_official_client_is_in_the_list(official: dict[str, Any]) -> None:
    known = {host: versions_of(domain) for host, domain in official.items()}
    assert all(known.values())
    missing = {
        host: names - set(VERSIONS[host.partition(".")[0]])
        for host, names in known.items()
        if names - set(VERSIONS[host.partition(".")[0]])
    }
    assert missing == {}


@pytest.mark.parametrize("region", EDGE_OF_REGION)
def test_the_hosts_that_a_connection_makes_are_in_the_list(region: str) -> None:
    assert region in REGIONS
    assert EDGE_OF_REGION[region] in EDGES
