"""`Twilio` and `AsyncTwilio`: the face over the core and the frames.

Each method is written once, as a flow handed to a driver. The blocking driver waits, the async one
awaits; `awaited` gives the async classes the same methods, with the same signatures and an
awaitable result.
"""

from twilio_widgets.client.messages import AsyncMessages, Messages
from twilio_widgets.client.twilio import AsyncTwilio, Twilio

__all__ = ["AsyncMessages", "AsyncTwilio", "Messages", "Twilio"]
