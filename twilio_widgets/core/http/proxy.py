"""The proxy that the environment configures, chosen by one rule for all backends and each host."""

from __future__ import annotations

import importlib.util
import urllib.request
from urllib.parse import urlsplit

import httpx

from twilio_widgets.core.http.guard import is_loopback
from twilio_widgets.errors import ConfigurationError


class Proxies:
    """The proxies of a client, each chosen once for a host: ``NO_PROXY`` can name only some."""

    def __init__(self) -> None:
        self._chosen: dict[str, httpx.Proxy | None] = {}

    def of(self, url: str) -> httpx.Proxy | None:
        """Return the proxy for a URL, or None; see `proxy_for`."""
        scheme, _, rest = url.partition("://")
        origin = f"{scheme}://{rest.partition('/')[0]}"
        if origin not in self._chosen:
            self._chosen[origin] = proxy_for(origin)
        return self._chosen[origin]

    def clear(self) -> None:
        """Choose again, for new connections."""
        self._chosen.clear()


def proxy_for(origin: str) -> httpx.Proxy | None:
    """Return the proxy that the environment sets for an origin; None for one on this machine.

    Args:
        origin: Scheme, host and port; ``NO_PROXY`` may name a host with or without its port.

    Raises:
        ConfigurationError: The setting is not a usable proxy. Its text is not repeated, because it
            may contain a password.
    """
    parts = urlsplit(origin)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if is_loopback(host) or urllib.request.proxy_bypass(f"{host}:{port}"):
        return None
    named = urllib.request.getproxies()
    address = named.get(parts.scheme) or named.get("all")
    if not address:
        return None
    try:
        proxy = httpx.Proxy(address if "://" in address else f"http://{address}")
        usable = bool(proxy.url.host)
    except (ValueError, httpx.InvalidURL):
        usable = False
    if not usable:
        raise ConfigurationError(
            "The proxy in HTTPS_PROXY or ALL_PROXY is not a URL such as "
            "http://proxy.example:8080. Nothing was sent."
        )
    if proxy.url.scheme.startswith("socks") and importlib.util.find_spec("socksio") is None:
        raise ConfigurationError(
            "The proxy in HTTPS_PROXY or ALL_PROXY is a SOCKS proxy, which needs the package "
            "socksio: pip install 'httpx[socks]'. Nothing was sent."
        )
    return proxy
