"""The blocking and the async driver, which perform the I/O of a flow."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from typing import TYPE_CHECKING, Generic, TypeVar

from twilio_widgets.core.request import Flow, Pause, Reply, Request, Together
from twilio_widgets.core.system.thread_lock import ThreadLock

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
                answer = None
                if isinstance(step, Pause):
                    connection.sleep(step.seconds)
                elif isinstance(step, Together):
                    _run_together(step, transport, connection)
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
                answer = None
                if isinstance(step, Pause):
                    await connection.sleep_async(step.seconds)
                elif isinstance(step, Together):
                    await _run_together_async(step, transport, connection)
                else:
                    answer = await transport.send(step)
            except BaseException as error:  # noqa: BLE001  # the flow decides what it means
                answer = error


def _run_together(step: Together, transport: BlockingTransport, connection: Connection) -> None:
    if sys.platform == "emscripten":  # JupyterLite has no threads
        for flow in step.flows:
            run(flow, transport, connection)
        return
    flows = _SharedFlows(step)

    def work() -> None:
        while (flow := flows.next()) is not None:
            try:
                run(flow, transport, connection)
            except BaseException as error:  # noqa: BLE001  # raised below, by the caller's thread
                flows.stop(error)

    with ThreadPoolExecutor(step.most, "twilio_widgets flow") as pool:
        try:
            wait([pool.submit(work) for _worker in range(step.most)])
        except BaseException as interruption:
            flows.stop(interruption)
            raise
    flows.check()


async def _run_together_async(
    step: Together, transport: AsyncTransport, connection: Connection
) -> None:

    flows = _SharedFlows(step)

    async def work() -> None:
        while (flow := flows.next()) is not None:
            try:
                await run_async(flow, transport, connection)
            except Exception as error:  # noqa: BLE001  # raised below; a cancellation passes
                flows.stop(error)

    from asyncio import gather

    await gather(*(work() for _worker in range(step.most)))
    flows.check()


class _SharedFlows:
    """The flows of a `Together` that are still to be started, and the first error."""

    def __init__(self, step: Together) -> None:
        self._flows = iter(step.flows)
        self._lock = ThreadLock()
        self._error: BaseException | None = None

    def next(self) -> Flow[object] | None:
        """Return the next flow to run; None at the end, or after an error."""
        with self._lock:
            return None if self._error is not None else next(self._flows, None)

    def stop(self, error: BaseException) -> None:
        """Start no further flow because of this error."""
        with self._lock:
            self._error = self._error or error

    def check(self) -> None:
        """Raise the first error, if there was one."""
        if self._error is not None:
            raise self._error


class Finished(Generic[T]):
    """The result of a finished flow."""

    def __init__(self, value: T) -> None:
        self.value = value


def _advance(
    flow: Flow[T], answer: Reply | BaseException | None
) -> Request | Pause | Together | Finished[T]:
    """Send a reply, or throw an error, into a flow and return its next step."""
    try:
        if isinstance(answer, BaseException):
            return flow.throw(answer)
        return flow.send(answer)
    except StopIteration as end:
        return Finished(end.value)
