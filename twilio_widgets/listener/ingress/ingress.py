"""The ingress route of a listener: chosen once, opened again for each new process.

All kernels of a listener share one route. The last choice applies, and the other kernels adopt it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from twilio_widgets.core.system.thread_lock import ThreadLock
from twilio_widgets.listener.ingress.endpoint import Endpoint, open_endpoint, stated_url
from twilio_widgets.listener.ingress.routes import IngressRoute, choose
from twilio_widgets.listener.webhooks.fields import shown

if TYPE_CHECKING:
    from twilio_widgets.core.credentials.connection import Connection
    from twilio_widgets.listener.kernel.client import ListenerClient

_KEY: Final = (
    "One path of the Jupyter server, without a login: anyone who knows the key in it can reach "
    "this listener and nothing else."
)


class Ingress:
    """The current route and address of a listener.

    Args:
        connection: The account whose webhooks are received.
        folder: The listener's own folder.
        public_url: The address of a tunnel or reverse proxy, if the user gave one.
    """

    def __init__(self, connection: Connection, folder: Path, public_url: str | None) -> None:
        self._connection = connection
        self._folder = folder
        self._public_url = public_url
        self._lock = ThreadLock()
        self._client: ListenerClient | None = None
        self._route: IngressRoute | None = None
        self._endpoint: Endpoint | None = None

    @property
    def route(self) -> IngressRoute | None:
        """The route; None before `open_for` was called."""
        self._sync()
        return self._route

    @property
    def endpoint(self) -> Endpoint | None:
        """The address for Twilio; None if Twilio cannot reach the listener."""
        self._sync()
        return self._endpoint

    @property
    def shown(self) -> Endpoint:
        """The address to display: a local one if Twilio cannot reach the listener."""
        return self.endpoint or Endpoint(
            f"http://127.0.0.1:{self._client.port if self._client else 0}"
        )

    def open_for(self, client: ListenerClient) -> None:
        """Open the route for a process; a process that was already running keeps its route."""
        with self._lock:
            self._sync()
            ours = client.started or (self._route is None and self._public_url is not None)
            url = None if ours else client.state["public_url"]
            if url is None or (self._endpoint is not None and self._endpoint.base == url):
                self._open(self._route or choose(self._connection, self._public_url), client)
            elif client.state["forward_key"]:
                self._keep_forwarding(url, client)
            else:
                why = f"The listener was already running at {shown(url)}, and keeps that address."
                self._open(_public_route(choose(self._connection, url), why), client)

    def change(
        self,
        client: ListenerClient,
        public_url: str | None,
        page_url: str | None,
        *,
        hand_out_login: bool,
    ) -> IngressRoute:
        """Choose a route again, and open it."""
        route = choose(
            self._connection, public_url, page_url=page_url, hand_out_login=hand_out_login
        )
        with self._lock:
            self._open(route, client)
        return route

    def _keep_forwarding(self, base: str, client: ListenerClient) -> None:
        """Keep a route through the Jupyter server, even if this kernel cannot tell its address."""
        route = choose(self._connection)
        if route.kind == "jupyter":
            self._open(route, client)
            return
        why = "The listener already uses a path of this user's Jupyter server, and keeps it."
        self._set(_forwarding_route(route, why), Endpoint(base), client)

    def _open(self, route: IngressRoute, client: ListenerClient) -> None:
        self._set(route, open_endpoint(route, client, self._folder), client)

    def _set(self, route: IngressRoute, endpoint: Endpoint | None, client: ListenerClient) -> None:
        self._route, self._endpoint, self._client = route, endpoint, client

    def _sync(self) -> None:
        """Adopt the route that another kernel has opened since, without any request."""
        with self._lock:
            client, route, endpoint = self._client, self._route, self._endpoint
            if client is None or route is None:
                return
            url = client.state["public_url"]
            if url == stated_url(route, endpoint):
                return
            if url is None:
                route = choose(self._connection, environ={})
                here = Endpoint(f"http://127.0.0.1:{client.port}")
                self._set(route, here if route.kind == "sandbox" else None, client)
            elif client.state["forward_key"]:
                why = "Another kernel opened a path of this user's Jupyter server."
                self._set(_forwarding_route(route, why), Endpoint(url), client)
            else:
                why = f"Another kernel gave the address {shown(url)}."
                self._set(_public_route(choose(self._connection, url), why), Endpoint(url), client)


def _forwarding_route(route: IngressRoute, why: str) -> IngressRoute:
    """Return a route through the Jupyter server that another kernel opened."""
    return replace(route, kind="jupyter", why=why, exposes=_KEY, warnings=())


def _public_route(route: IngressRoute, why: str) -> IngressRoute:
    """Return a route through a public URL that another kernel gave."""
    looked_at = (*route.looked_at[:-1], replace(route.looked_at[-1], why=why))
    return replace(route, why=why, looked_at=looked_at)
