"""A simulated Twilio to learn and test against: offline, deterministic, with faults on demand.

It is written from Twilio's published behaviour, not from our client, so that it can contradict the
client. A pure `World` (accounts, numbers, messages, a clock that can be advanced) is reached in
process through an httpx transport, or over a real socket on loopback.

In process, each of Twilio's hosts serves its own paths (``messaging.twilio.com``,
``monitor.twilio.com`` …). The socket has one host and serves the paths of all: to point another
client at it, put ``sandbox.url`` in place of ``https://messaging.twilio.com`` and the others.

>>> from twilio_widgets.sandbox import Sandbox
>>> with Sandbox(seed=1, now="2026-01-31T12:00:00Z") as sandbox:
...     sandbox.numbers[0]
'+14155550142'
"""

from twilio_widgets.sandbox.connection import SandboxConnection
from twilio_widgets.sandbox.sandbox import Sandbox
from twilio_widgets.sandbox.world.stories import Story

__all__ = ["Sandbox", "SandboxConnection", "Story"]
