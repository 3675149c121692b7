"""The comm a page opens: who may speak on it, and to whom."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest

from twilio_widgets.panels.kit import side_channel as control

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class PageComm:
    """The kernel's end of a comm that a page opened."""

    def __init__(self, name: str) -> None:
        self.comm_id, self.closed = name, False
        self._hear: Callable[[dict[str, object]], None] | None = None
        self._close: Callable[[dict[str, object]], None] | None = None

    def on_msg(self, callback: Callable[[dict[str, object]], None]) -> None:
        self._hear = callback

    def on_close(self, callback: Callable[[dict[str, object]], None]) -> None:
        self._close = callback

    def close(self) -> None:
        self.closed = True

    def say(self, data: object) -> None:
        assert self._hear is not None
        self._hear({"content": {"data": data}})

    def leave(self) -> None:
        assert self._close is not None
        self._close({"content": {}})


class Ear:
    def __init__(self) -> None:
        self.heard: list[object] = []

    def on_control(self, message: object) -> None:
        self.heard.append(message)


@pytest.fixture(autouse=True)
def no_comm_is_left() -> Iterator[None]:
    yield
    assert not control._comms


def opened(name: str, data: object) -> PageComm:
    comm = PageComm(name)
    control._opened(comm, {"content": {"data": data}})
    return comm


def test_a_page_that_names_the_channel_is_accepted() -> None:
    ear, other = Ear(), Ear()
    control.listen("a", ear)
    control.listen("b", other)
    page = opened("1", {"channel": "a"})
    page.say({"t": "want"})
    page.leave()

    assert (ear.heard, other.heard) == ([{"t": "want"}], [])
    control.unlisten("a")
    control.unlisten("b")


@pytest.mark.parametrize("data", [None, [], {}, {"channel": "z"}, {"channel": 1}, {"channel": []}])
def test_a_page_that_names_no_channel_is_refused(data: object) -> None:
    assert opened("1", data).closed


def test_a_closed_listener_receives_nothing() -> None:
    ear = Ear()
    control.listen("a", ear)
    page = opened("1", {"channel": "a"})
    del ear
    gc.collect()
    page.say({"t": "want"})

    assert opened("2", {"channel": "a"}).closed
    page.leave()


def test_after_unlisten_nothing_is_received() -> None:
    ear = Ear()
    control.listen("a", ear)
    page = opened("1", {"channel": "a"})
    control.unlisten("a")
    page.say({"t": "want"})
    page.leave()

    assert ear.heard == []


def test_many_pages_do_not_pile_up() -> None:
    ear = Ear()
    control.listen("a", ear)
    pages = [opened(str(number), {"channel": "a"}) for number in range(control.MOST_COMMS + 5)]

    assert [page.closed for page in pages] == [True] * 5 + [False] * control.MOST_COMMS
    for page in pages:
        page.leave()
    control.unlisten("a")
