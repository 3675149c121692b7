"""The proxy that the environment configures, chosen by one rule for all backends."""

from __future__ import annotations

import importlib.util
import urllib.request
from urllib.parse import urlsplit

import httpx

from twilio_widgets.core.http.guard import is_loopback
from twilio_widgets.errors import ConfigurationError


def proxy_for(origin: str) -> httpx.Proxy | None:
    """Return the proxy that the environment sets for an origin; None for one on this machine.

    Raises:
        ConfigurationError: The setting is not a usable proxy. Its text is not repeated, because it
            may contain a password.
    """
    parts = urlsplit(origin)
    host = parts.hostname or ""
    if is_loopback(host) or urllib.request.proxy_bypass(host):
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
