"""Open a class: its students, the messages between them, and its socket."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from twilio_widgets.sandbox.classroom.api import ClassApi
from twilio_widgets.sandbox.classroom.post_office import PostOffice
from twilio_widgets.sandbox.classroom.roster import Roster, new_code
from twilio_widgets.sandbox.http.server import LOOPBACK, SandboxServer

if TYPE_CHECKING:
    from twilio_widgets.sandbox.http.router import SandboxRouter
    from twilio_widgets.sandbox.world.world import World


class OpenClass(NamedTuple):
    """A class that is open."""

    roster: Roster
    server: SandboxServer
    is_local: bool
    """Whether only this machine can reach it."""


def open_class(
    world: World, router: SandboxRouter, *, seats: int, port: int, host: str, code: str | None
) -> OpenClass:
    """Open a class on a world; see `Sandbox.open_class`."""
    is_local = host == LOOPBACK
    if code is None and not is_local:
        code = new_code()
    with world.lock:
        roster = Roster(world, seats, code)
        PostOffice(world)
    server = SandboxServer(router, port, host, ClassApi(roster, router.faults))
    return OpenClass(roster, server, is_local)
