"""A comm opened by the page, whose messages are handled even while a cell runs.

In some kernels, messages on a widget's own comm wait for the running cell. A comm opened by the
page is handled in a subshell if the kernel has them, and otherwise waits like the others. So a page
uses this comm if it can, and the widget's own otherwise.

Handlers run on the main thread or on another, and must be thread-safe.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict
from typing import TYPE_CHECKING, Protocol, cast

import comm

from twilio_widgets.core.system.thread_lock import ThreadLock

if TYPE_CHECKING:
    from collections.abc import Callable

TARGET = "tw.control"
MOST_COMMS = 64
"""The most open comms. A reloaded page leaves its old comm open; the oldest are closed."""


class MessageTarget(Protocol):
    """A receiver of messages from pages."""

    def on_control(self, message: object) -> None:
        """Handle a message of a page: untrusted, and on any thread."""


class _Comm(Protocol):
    comm_id: str

    def on_msg(self, callback: Callable[[dict[str, object]], None]) -> None: ...
    def on_close(self, callback: Callable[[dict[str, object]], None]) -> None: ...
    def close(self) -> None: ...


_lock = ThreadLock()
_listeners: weakref.WeakValueDictionary[str, MessageTarget] = weakref.WeakValueDictionary()
_comms: OrderedDict[str, _Comm] = OrderedDict()


def listen(channel: str, listener: MessageTarget) -> None:
    """Deliver messages on this channel to the listener, until it is collected or `unlisten`."""
    with _lock:
        _listeners[channel] = listener
    # Registering again is harmless, and necessary after the comm manager was restarted.
    comm.get_comm_manager().register_target(TARGET, _opened)


def unlisten(channel: str) -> None:
    """Stop delivering messages on this channel."""
    with _lock:
        _listeners.pop(channel, None)


def _opened(opened: object, message: dict[str, object]) -> None:
    """Accept a comm that a page opened; close it if its channel is unknown."""
    page = cast("_Comm", opened)
    channel = _channel_of(message)
    if channel is None:
        page.close()
        return
    page.on_msg(lambda message: _received(channel, message))
    page.on_close(lambda _message: _forget(page.comm_id))
    with _lock:
        _comms[page.comm_id] = page
        surplus = [_comms.popitem(last=False)[1] for _ in range(len(_comms) - MOST_COMMS)]
    for old in surplus:
        old.close()


def _channel_of(message: dict[str, object]) -> str | None:
    match message:
        case {"content": {"data": {"channel": str(channel)}}}:
            with _lock:
                return channel if channel in _listeners else None
    return None


def _received(channel: str, message: dict[str, object]) -> None:
    with _lock:
        listener = _listeners.get(channel)
    match message:
        case {"content": {"data": data}} if listener is not None:
            listener.on_control(data)


def _forget(comm_id: str) -> None:
    with _lock:
        _comms.pop(comm_id, None)
