"""The comm that a page opens itself, so that what a person asks is heard while a cell runs.

Messages on a widget's own comm wait for the running cell in some kernels. A comm opened by the page
is served beside it where the kernel has subshells, and waits like the others where it has not. So a
page uses this comm when it can, and the widget's own when it cannot.

Handlers may be called on the main thread or on another, and must be safe for both.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from typing import TYPE_CHECKING, Protocol, cast

import comm

if TYPE_CHECKING:
    from collections.abc import Callable

TARGET = "tw.control"
MOST_COMMS = 64
"""Comms held open. A reloaded page leaves its old one behind; the oldest make room."""


class MessageTarget(Protocol):
    """Something pages can speak to."""

    def on_control(self, message: object) -> None:
        """Hear one message of a page: unchecked, and on any thread."""


class _Comm(Protocol):
    comm_id: str

    def on_msg(self, callback: Callable[[dict[str, object]], None]) -> None: ...
    def on_close(self, callback: Callable[[dict[str, object]], None]) -> None: ...
    def close(self) -> None: ...


_lock = threading.Lock()
_listeners: weakref.WeakValueDictionary[str, MessageTarget] = weakref.WeakValueDictionary()
_comms: OrderedDict[str, _Comm] = OrderedDict()


def listen(channel: str, listener: MessageTarget) -> None:
    """Let pages that name this channel speak to the listener, until it is gone or `unlisten`."""
    with _lock:
        _listeners[channel] = listener
    # Registering again is harmless, and a restarted comm manager would have forgotten us.
    comm.get_comm_manager().register_target(TARGET, _opened)


def unlisten(channel: str) -> None:
    """Let nobody speak on this channel any more."""
    with _lock:
        _listeners.pop(channel, None)


def _opened(opened: object, message: dict[str, object]) -> None:
    """Take a comm that a page opened; one that names no channel of ours is closed."""
    page = cast("_Comm", opened)
    channel = _channel_of(message)
    if channel is None:
        page.close()
        return
    page.on_msg(lambda message: _heard(channel, message))
    page.on_close(lambda _message: _forget(page.comm_id))
    with _lock:
        _comms[page.comm_id] = page
        crowd = [_comms.popitem(last=False)[1] for _ in range(len(_comms) - MOST_COMMS)]
    for old in crowd:
        old.close()


def _channel_of(message: dict[str, object]) -> str | None:
    match message:
        case {"content": {"data": {"channel": str(channel)}}}:
            with _lock:
                return channel if channel in _listeners else None
    return None


def _heard(channel: str, message: dict[str, object]) -> None:
    with _lock:
        listener = _listeners.get(channel)
    match message:
        case {"content": {"data": said}} if listener is not None:
            listener.on_control(said)


def _forget(comm_id: str) -> None:
    with _lock:
        _comms.pop(comm_id, None)
