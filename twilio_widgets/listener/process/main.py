"""The listener's own process: it starts, says that it is ready, serves, and ends in good order."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
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
"""How long the doctor's thread may keep the interpreter while requests wait."""


def main(told: Mapping[str, Any]) -> None:
    """Be a listener until it is over; what goes wrong at the start is said to who started us.

    Args:
        told: ``spec`` and ``preferred_port``, as `launching` tells them.
    """
    if hasattr(os, "fork") and os.fork():
        os._exit(0)  # nobody's child: whoever started us need not wait for our end
    sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        _listen(Spec.from_json(told["spec"]), int(told["wish"]))
    except TwilioWidgetsError as error:
        _report({"error": str(error), "kind": type(error).__name__})
    except Exception as error:  # noqa: BLE001 — whoever started us waits for a word
        _report({"error": f"The listener failed ({type(error).__name__}).", "kind": ""})
    finally:
        os._exit(0)  # a thread that still waits for Twilio does not hold us up


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


def _report(said: dict[str, Any]) -> None:
    """Say one line to who started us, and let go of everything we have from there."""
    with contextlib.suppress(OSError):
        os.write(1, json.dumps(said).encode() + b"\n")
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.close(nothing)
