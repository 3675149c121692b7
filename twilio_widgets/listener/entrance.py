"""The way in that a listener has: chosen once, opened for each process that serves it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from twilio_widgets.listener.entry import Entry, open_entry
from twilio_widgets.listener.ways import Way, choose
from twilio_widgets.listener.webhooks.fields import shown

if TYPE_CHECKING:
    from twilio_widgets.core.connection import Connection
    from twilio_widgets.listener.link.link import Link

_KEPT: Final = "The listener was found with a way through this user's Jupyter server, and keeps it."
_KEY: Final = (
    "One path of the Jupyter server, with no login: who knows the key in it reaches this listener "
    "and nothing else."
)


class Entrance:
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
        self._port = 0
        self.way: Way | None = None
        self.entry: Entry | None = None
        """None: nothing leads here from Twilio."""

    def enter(self, link: Link) -> None:
        """Open the way for a process; one that is found keeps the way it has."""
        ours = link.started or (self.way is None and self._named is not None)
        url = None if ours else link.state["public_url"]
        if url is None or (self.entry is not None and self.entry.base == url):
            self._open(self.way or choose(self._connection, self._named), link)
        elif link.state["forward_key"]:
            self._keep(url, link)
        else:
            self._open(_kept(choose(self._connection, url), url), link)

    def change(
        self, link: Link, public_url: str | None, page_url: str | None, *, hand_out_login: bool
    ) -> Way:
        """Choose a way anew, and open it."""
        way = choose(self._connection, public_url, page_url=page_url, hand_out_login=hand_out_login)
        self._open(way, link)
        return way

    @property
    def shown(self) -> Entry:
        """The URLs to show: on this machine alone, when nothing leads here from Twilio."""
        return self.entry or Entry(f"http://127.0.0.1:{self._port}")

    def _keep(self, base: str, link: Link) -> None:
        """Leave a way through Jupyter's server open, even if this kernel cannot see where it is."""
        way = choose(self._connection)
        if way.kind == "jupyter":
            self._open(way, link)
            return
        self.way = replace(way, kind="jupyter", why=_KEPT, exposes=_KEY, warnings=())
        self.entry, self._port = Entry(base), link.port

    def _open(self, way: Way, link: Link) -> None:
        self.entry = open_entry(way, link, self._folder)
        self.way, self._port = way, link.port


def _kept(way: Way, url: str) -> Way:
    """Return a way by a URL that was not named now: the listener had it when it was found."""
    why = f"The listener was found running with {shown(url)}, and keeps it."
    looked_at = (*way.looked_at[:-1], replace(way.looked_at[-1], why=why))
    return replace(way, why=why, looked_at=looked_at)
