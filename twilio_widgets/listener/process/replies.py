"""Replies to inbound messages: a text, the kernel's reply, or none; the same for every delivery.

Twilio delivers a webhook again if it did not receive our response. It must then get the same
response: a different one could send a second reply.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from twilio_widgets.listener.process.response import HttpResponse, twiml

if TYPE_CHECKING:
    from twilio_widgets.listener.events.event import Arrival

LONGEST_REPLY = 1_600
"""Characters: Twilio's limit for a message."""

KERNEL_SECONDS = 2.0
_REMEMBERED = 5_000

Ask = Callable[[dict[str, object]], Awaitable[str | None]]


class Replies:
    """Replies to inbound messages.

    Args:
        asks: Returns whether a kernel computes replies. If it is too slow, no reply is sent.
        ask: Asks that kernel for the reply to a message; None means no reply.
        text: The reply if no kernel computes it; None means no reply.
    """

    def __init__(self, asks: Callable[[], bool], ask: Ask, text: str | None = None) -> None:
        self._asks = asks
        self._ask = ask
        self.text = text
        self._given: OrderedDict[str, asyncio.Future[HttpResponse]] = OrderedDict()

    def answer(
        self, arrival: Arrival, event_id: int | None, done: Callable[[HttpResponse], None]
    ) -> None:
        """Answer one message, at once or within about two seconds.

        Args:
            arrival: The message.
            event_id: The id of the stored event.
            done: Called once with the response.
        """
        values = dict(arrival.parameters)
        sid = values.get("MessageSid", "")
        given = self._given.get(sid)
        if given is None:
            given = self._begin(values, event_id)
            self._given[sid] = given
            if len(self._given) > _REMEMBERED:
                self._given.popitem(last=False)
        if given.done():
            done(given.result())
        else:
            given.add_done_callback(lambda future: done(future.result()))

    def _begin(self, values: dict[str, str], event_id: int | None) -> asyncio.Future[HttpResponse]:
        loop = asyncio.get_running_loop()
        if self._asks():
            return loop.create_task(self._asked({"id": event_id, "parameters": values}))
        future: asyncio.Future[HttpResponse] = loop.create_future()
        future.set_result(twiml(self.text))
        return future

    async def _asked(self, question: dict[str, object]) -> HttpResponse:
        try:
            text = await asyncio.wait_for(self._ask(question), KERNEL_SECONDS)
        except (TimeoutError, OSError):
            text = None
        return twiml(text if text is None or len(text) <= LONGEST_REPLY else None)
