"""A simulated Twilio to learn and test against: offline, deterministic, with faults on demand.

It is written from Twilio's published behaviour, not from our client, so that it can contradict the
client. A pure `World` (accounts, numbers, messages, a clock that can be advanced) is reached in
process through an httpx transport, or over a real socket on loopback.

>>> from twilio_widgets.sandbox import Sandbox
>>> with Sandbox(seed=1, now="2026-01-31T12:00:00Z") as sandbox:
...     sandbox.numbers[0]
'+14155550142'
"""

from twilio_widgets.sandbox.connection import SandboxConnection
from twilio_widgets.sandbox.sandbox import Sandbox
from twilio_widgets.sandbox.world.stories import Story

__all__ = ["Sandbox", "SandboxConnection", "Story"]
