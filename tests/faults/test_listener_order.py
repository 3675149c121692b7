"""Callbacks out of order and repeated, a listener killed in the middle: the end is right."""

from __future__ import annotations

import http.client
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from urllib.parse import urlencode

import pytest

from tests.arrivals import ACCOUNT, a_status, shuffled
from twilio_widgets.core.credentials.connection import AuthTokenConnection
from twilio_widgets.core.signature import sign
from twilio_widgets.listener.control.spec import Spec
from twilio_widgets.listener.events.reading import Reader
from twilio_widgets.listener.kernel.client import ListenerClient

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills by POSIX signals")

TOKEN = "c0ffee" + "5a" * 13
Come = tuple[int, str]


@pytest.fixture
def spec(tmp_path: Path) -> Iterator[Spec]:
    store = tmp_path / "events.sqlite"
    spec = Spec(connection=AuthTokenConnection(ACCOUNT, TOKEN), store=store, idle_seconds=60.0)
    yield spec
    ListenerClient.find_or_start(spec, timeout=30).stop()


def deliver(
    link: ListenerClient, callbacks: Sequence[Come], kill_after: int | None = None
) -> list[Come]:
    """Send signed callbacks over eight connections; return those that were not acknowledged.

    Args:
        link: The listener.
        callbacks: What to send, in this order.
        kill_after: Kill the listener after so many answers.
    """
    left: SimpleQueue[Come] = SimpleQueue()
    for each in callbacks:
        left.put(each)
    lost: list[Come] = []
    answered = threading.Semaphore(0)

    def send() -> None:
        line = http.client.HTTPConnection("127.0.0.1", link.port, timeout=20)
        while True:
            try:
                come = left.get_nowait()
            except Empty:
                break
            parameters = dict(a_status(*come).parameters)
            signature = sign(f"http://127.0.0.1:{link.port}/status", parameters, TOKEN)
            headers = {
                "Content-Type": "application/x-www-form-urlencoded",
                "X-Twilio-Signature": signature,
            }
            try:
                line.request("POST", "/status", urlencode(parameters), headers)
                answer = line.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                lost.append(come)
                break
            if answer.status == 200:
                answered.release()
            else:
                lost.append(come)
        line.close()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    if kill_after is not None:
        for _ in range(kill_after):
            assert answered.acquire(timeout=60)
        os.kill(link.pid, signal.SIGKILL)
    for thread in threads:
        thread.join()
    while not left.empty():
        lost.append(left.get())
    return lost


def test_ten_thousand_callbacks_with_a_kill_in_the_middle_equal_an_oracle(spec: Spec) -> None:
    """What was not acknowledged comes again, as it does from Twilio; what was, does not."""
    come, oracle = shuffled(2_500, 10_000)
    link = ListenerClient.find_or_start(spec, timeout=30)
    lost = deliver(link, come, kill_after=5_000)
    link.detach()
    assert lost
    link = ListenerClient.find_or_start(spec, timeout=30)
    assert deliver(link, lost) == []
    link.detach()

    with Reader(spec.store) as reader:
        assert {each.sid: each.status for each in reader.messages()} == oracle
        counts = reader.counts()
        assert counts.total == len(set(come))
        # One that was stored and not yet answered when the listener was killed came once more.
        assert 0 <= counts.total + sum(counts.duplicates.values()) - len(come) <= 8
