"""Entry point of the listener's process: start, report readiness, serve, shut down cleanly."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sqlite3
import sys
from collections.abc import Callable, Mapping
from typing import Any

from twilio_widgets.errors import ListenerError, TwilioWidgetsError
from twilio_widgets.listener.control.ports import listen_on
from twilio_widgets.listener.control.runtime_file import (
    Runtime,
    listener_lock,
    log_file,
    runtime_file,
)
from twilio_widgets.listener.control.spec import Spec
from twilio_widgets.listener.events.sqlite_errors import cannot_open
from twilio_widgets.listener.files.durable import remove
from twilio_widgets.listener.process.log import Log
from twilio_widgets.listener.process.service import ListenerService

_SWITCH_SECONDS = 0.0005
"""Switch interval: how long the diagnosis thread may hold the GIL while requests wait."""


def main(config: Mapping[str, Any]) -> None:
    """Run a listener until it stops; errors at start-up are reported to the launcher.

    Args:
        config: ``spec`` and ``preferred_port``, as sent by `launch`.
    """
    if hasattr(os, "fork") and os.fork():
        os._exit(0)  # detach from the launcher, which then need not wait for (reap) the listener
    sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        _listen(Spec.from_json(config["spec"]), int(config["preferred_port"]))
    except TwilioWidgetsError as error:
        _report({"error": str(error), "kind": type(error).__name__})
    except Exception as error:  # noqa: BLE001 — the launcher waits for a report
        _report({"error": failed(error), "kind": ""})
    finally:
        os._exit(0)  # do not wait for threads that are still in a request to Twilio


def failed(error: Exception) -> str:
    """Return a sentence about an unforeseen error, with what the operating system says of it."""
    name = type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        of = f" {error.filename}" if error.filename else ""
        return f"The listener failed: {error.strerror}{of} ({name} {error.errno})."
    if isinstance(error, sqlite3.Error):
        return f"The listener failed: {error} ({name})."
    return f"The listener failed ({name})."


def _listen(spec: Spec, preferred_port: int) -> None:
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(listener_lock(spec.store))
        except ListenerError:
            _report({"busy": True})
            return
        except OSError as error:
            raise cannot_open(spec.store, error) from error
        before = Runtime.read(spec.store)
        webhooks = held.enter_context(
            listen_on(spec.port, preferred_port or (before.port if before else 0))
        )
        control = held.enter_context(listen_on(0, 0))
        log = Log(log_file(spec.store))
        held.callback(remove, runtime_file(spec.store))
        try:
            Runtime.of_starting(webhooks.getsockname()[1]).write(spec.store)
        except OSError as error:
            raise cannot_open(spec.store, error) from error
        asyncio.run(_serve(ListenerService(spec, log), webhooks, control, held.close))


async def _serve(
    service: ListenerService,
    webhooks: socket.socket,
    control: socket.socket,
    release_lock: Callable[[], None],
) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(service.log_exception)
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            _on_signal(loop, getattr(signal, name), service)
    runtime = await service.start(webhooks, control)
    runtime.write(service.spec.store)
    _report({"ready": True})
    await service.serve_until_stopped(release_lock)


def _on_signal(
    loop: asyncio.AbstractEventLoop, number: signal.Signals, service: ListenerService
) -> None:
    try:
        loop.add_signal_handler(number, service.request_shutdown)
    except NotImplementedError:  # Windows
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(service.request_shutdown))


def _report(report: dict[str, Any]) -> None:
    """Write one line to the launcher, then close the inherited standard streams."""
    with contextlib.suppress(OSError):
        os.write(1, json.dumps(report).encode() + b"\n")
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.close(nothing)
