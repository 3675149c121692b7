"""The way in that a listener has: chosen once, opened for each process that serves it.

There is one for all kernels of a listener: whoever chooses last decides, and the others follow.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from twilio_widgets.listener.ingress.endpoint import Endpoint, open_endpoint, stated_by
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
    """Where Twilio reaches a listener, and by which way.

    Args:
        connection: Whose webhooks are meant.
        folder: The listener's own folder.
        public_url: The address of a tunnel or reverse proxy, when the user names one.
    """

    def __init__(self, connection: Connection, folder: Path, public_url: str | None) -> None:
        self._connection = connection
        self._folder = folder
        self._named = public_url
        self._lock = threading.RLock()
        self._link: ListenerClient | None = None
        self._way: IngressRoute | None = None
        self._entry: Endpoint | None = None

    @property
    def way(self) -> IngressRoute | None:
        """The way; None as long as no process was entered."""
        self._follow()
        return self._way

    @property
    def entry(self) -> Endpoint | None:
        """Where it leads in; None: nothing leads here from Twilio."""
        self._follow()
        return self._entry

    @property
    def shown(self) -> Endpoint:
        """The URLs to show: on this machine alone, when nothing leads here from Twilio."""
        return self.entry or Endpoint(f"http://127.0.0.1:{self._link.port if self._link else 0}")

    def enter(self, link: ListenerClient) -> None:
        """Open the way for a process; one that is found keeps the way it has."""
        with self._lock:
            self._follow()
            ours = link.started or (self._way is None and self._named is not None)
            url = None if ours else link.state["public_url"]
            if url is None or (self._entry is not None and self._entry.base == url):
                self._open(self._way or choose(self._connection, self._named), link)
            elif link.state["forward_key"]:
                self._keep(url, link)
            else:
                why = f"The listener was already running at {shown(url)}, and keeps that address."
                self._open(_stated(choose(self._connection, url), why), link)

    def change(
        self,
        link: ListenerClient,
        public_url: str | None,
        page_url: str | None,
        *,
        hand_out_login: bool,
    ) -> IngressRoute:
        """Choose a way anew, and open it."""
        way = choose(self._connection, public_url, page_url=page_url, hand_out_login=hand_out_login)
        with self._lock:
            self._open(way, link)
        return way

    def _keep(self, base: str, link: ListenerClient) -> None:
        """Leave a way through Jupyter's server open, even if this kernel cannot see where it is."""
        way = choose(self._connection)
        if way.kind == "jupyter":
            self._open(way, link)
            return
        why = "The listener already uses a path of this user's Jupyter server, and keeps it."
        self._take(_keyed(way, why), Endpoint(base), link)

    def _open(self, way: IngressRoute, link: ListenerClient) -> None:
        self._take(way, open_endpoint(way, link, self._folder), link)

    def _take(self, way: IngressRoute, entry: Endpoint | None, link: ListenerClient) -> None:
        self._way, self._entry, self._link = way, entry, link

    def _follow(self) -> None:
        """Take over the way that another kernel has opened since; nothing is asked for it."""
        with self._lock:
            link, way, entry = self._link, self._way, self._entry
            if link is None or way is None:
                return
            url = link.state["public_url"]
            if url == stated_by(way, entry):
                return
            if url is None:
                way = choose(self._connection, environ={})
                here = Endpoint(f"http://127.0.0.1:{link.port}")
                self._take(way, here if way.kind == "sandbox" else None, link)
            elif link.state["forward_key"]:
                why = "Another kernel opened a path of this user's Jupyter server."
                self._take(_keyed(way, why), Endpoint(url), link)
            else:
                why = f"Another kernel gave the address {shown(url)}."
                self._take(_stated(choose(self._connection, url), why), Endpoint(url), link)


def _keyed(way: IngressRoute, why: str) -> IngressRoute:
    """Return a way through Jupyter's server that this kernel cannot see, or did not open."""
    return replace(way, kind="jupyter", why=why, exposes=_KEY, warnings=())


def _stated(way: IngressRoute, why: str) -> IngressRoute:
    """Return a way by a URL that was not named here."""
    looked_at = (*way.looked_at[:-1], replace(way.looked_at[-1], why=why))
    return replace(way, why=why, looked_at=looked_at)
