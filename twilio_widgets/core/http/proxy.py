"""The proxy that the environment names, found by one rule for every way to the network."""

from __future__ import annotations

import importlib.util
import urllib.request
from urllib.parse import urlsplit

import httpx

from twilio_widgets.core.http.guard import is_loopback
from twilio_widgets.errors import ConfigurationError


def proxy_for(origin: str) -> httpx.Proxy | None:
    """Return the proxy that the environment names for Twilio; never one for this machine.

    Raises:
        ConfigurationError: What it names is no proxy that can be used. Its text is not repeated: it
            may hold a password.
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
            "The proxy that the environment names (HTTPS_PROXY or ALL_PROXY) is no address such as "
            "http://proxy.example:8080, so nothing was sent."
        )
    if proxy.url.scheme.startswith("socks") and importlib.util.find_spec("socksio") is None:
        raise ConfigurationError(
            "The proxy that the environment names is a SOCKS proxy, which needs the package "
            "socksio: pip install 'httpx[socks]'. Nothing was sent."
        )
    return proxy
