"""Replies to inbound messages that are computed in the kernel."""

from __future__ import annotations

import inspect
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.listener.control.spec import check_reply
from twilio_widgets.listener.events.event import Arrival, Event
from twilio_widgets.listener.process.replies import KERNEL_SECONDS

if TYPE_CHECKING:
    from twilio_widgets.listener.events.reading import Reader


class ReplyFunction(Protocol):
    """A user's function that replies to inbound messages."""

    def __call__(self, event: Event, /) -> str | None:
        """Return the reply, or None for no reply."""


class ReplyHandler:
    """Computes replies for the listener's process.

    Args:
        reply: A text, which the process sends by itself; a function; or None.

    Raises:
        ConfigurationError: `reply` is none of these, or the text is too long.
    """

    def __init__(self, reply: str | ReplyFunction | None) -> None:
        if not (reply is None or isinstance(reply, str) or callable(reply)) or (
            inspect.iscoroutinefunction(reply)
        ):
            raise ConfigurationError(
                "reply must be a str, a function of the event that returns one (not async), or "
                "None.",
                field="reply",
            )
        self.text = check_reply(reply) if isinstance(reply, str) else None
        self.call: ReplyFunction | None = None if reply is None or isinstance(reply, str) else reply
        self.reader: Reader | None = None
        """Reads the store, once it is open."""
        self._wrong: str | None = None
        self._begun: dict[object, float] = {}

    def become(self, other: ReplyHandler) -> None:
        """Take over the reply of another handler."""
        self.text, self.call, self._wrong = other.text, other.call, None

    @property
    def problem(self) -> str | None:
        """What is wrong with the function: a call hangs, was too slow or raised; else None."""
        now = time.monotonic()
        late = sum(now - begun > KERNEL_SECONDS for begun in tuple(self._begun.values()))
        if not late:
            return self._wrong
        return (
            f"The reply function did not return within {KERNEL_SECONDS:g} s, so no reply was sent "
            f"({late} messages). Make it faster; a call that hangs ends only with the kernel."
        )

    def answer(self, question: dict[str, Any]) -> str | None:
        """Return the reply to one inbound message.

        Args:
            question: The message's ``id`` in the store and its ``parameters``.
        """
        if self.call is None:
            return self.text
        this = object()
        self._begun[this] = time.monotonic()
        try:
            reply = check_reply(self.call(self._event(question)))
        # Even SystemExit of the user's function must not leave Twilio without a response.
        except BaseException as error:  # noqa: BLE001
            self._wrong = mask(f"The reply function raised {type(error).__name__}: {error}")
            return None
        finally:
            took = time.monotonic() - self._begun.pop(this)
        self._wrong = _late(took) if took > KERNEL_SECONDS else None
        return reply

    def _event(self, question: dict[str, Any]) -> Event:
        number = question["id"] or 0
        stored = self.reader.event(number) if self.reader is not None else None
        return stored or Event.of_arrival(
            Arrival(
                kind="inbound",
                received_at=datetime.now(UTC),
                parameters=tuple(question["parameters"].items()),
            ),
            id=number,
        )


def _late(took: float) -> str:
    return (
        f"The reply function took {took:.1f} s for the last message; the limit is "
        f"{KERNEL_SECONDS:g} s, so no reply was sent."
    )
