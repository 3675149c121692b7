"""What inbound messages are answered, seen from the kernel."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from twilio_widgets.core.masking import mask
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.listener.event import Arrival, Event
from twilio_widgets.listener.spec import check_reply

if TYPE_CHECKING:
    from twilio_widgets.listener.reading import Reader


class Reply(Protocol):
    """A user's function that answers inbound messages."""

    def __call__(self, event: Event, /) -> str | None:
        """Return the reply, or None for none."""


class Answering:
    """Answers when the listener's process asks.

    Args:
        reply: A text, which the process answers by itself; a function; or None.

    Raises:
        ConfigurationError: It is none of these, or too long a text.
    """

    def __init__(self, reply: str | Reply | None) -> None:
        if not (reply is None or isinstance(reply, str) or callable(reply)) or (
            inspect.iscoroutinefunction(reply)
        ):
            raise ConfigurationError(
                "reply is a text, a plain function of the event that returns one, or None.",
                field="reply",
            )
        self.text = check_reply(reply) if isinstance(reply, str) else None
        self.call: Reply | None = None if reply is None or isinstance(reply, str) else reply
        self.reader: Reader | None = None
        """The store, once it is open."""
        self.problem: str | None = None
        """What the function raised last, if its last call went wrong."""

    def answer(self, question: dict[str, Any]) -> str | None:
        """Answer one inbound message, by its ``id`` in the store and its ``parameters``."""
        if self.call is None:
            return self.text
        try:
            reply = check_reply(self.call(self._event(question)))
        except Exception as error:  # noqa: BLE001  # the function is not ours; Twilio is waiting
            self.problem = mask(f"The reply function raised {type(error).__name__}: {error}")
            return None
        self.problem = None
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
