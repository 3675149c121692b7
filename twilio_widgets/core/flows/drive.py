"""The blocking and the async driver, which perform the I/O of a flow."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Generic, TypeVar

from twilio_widgets.core.request import Flow, Pause, Reply, Request

if TYPE_CHECKING:
    from twilio_widgets.core.credentials.connection import Connection
    from twilio_widgets.core.http.transport import AsyncTransport, BlockingTransport

T = TypeVar("T")


def run(flow: Flow[T], transport: BlockingTransport, connection: Connection) -> T:
    """Run a flow and return its result, blocking."""
    answer: Reply | BaseException | None = None
    with closing(flow):  # an interruption between two steps must raise GeneratorExit in the flow
        while True:
            step = _advance(flow, answer)
            if isinstance(step, Finished):
                return step.value
            try:
                if isinstance(step, Pause):
                    answer = None
                    connection.sleep(step.seconds)
                else:
                    answer = transport.send(step)
            except BaseException as error:  # noqa: BLE001  # the flow decides what it means
                answer = error


async def run_async(flow: Flow[T], transport: AsyncTransport, connection: Connection) -> T:
    """Run a flow and return its result, without blocking the event loop."""
    answer: Reply | BaseException | None = None
    with closing(flow):
        while True:
            step = _advance(flow, answer)
            if isinstance(step, Finished):
                return step.value
            try:
                if isinstance(step, Pause):
                    answer = None
                    await connection.sleep_async(step.seconds)
                else:
                    answer = await transport.send(step)
            except BaseException as error:  # noqa: BLE001  # the flow decides what it means
                answer = error


class Finished(Generic[T]):
    """The result of a finished flow."""

    def __init__(self, value: T) -> None:
        self.value = value


def _advance(flow: Flow[T], answer: Reply | BaseException | None) -> Request | Pause | Finished[T]:
    """Send a reply, or throw an error, into a flow and return its next step."""
    try:
        if isinstance(answer, BaseException):
            return flow.throw(answer)
        return flow.send(answer)
    except StopIteration as end:
        return Finished(end.value)
