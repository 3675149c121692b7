"""Start a listener's process, detached from the kernel and without exposing its credentials."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from twilio_widgets.errors import ConfigurationError, ListenerError
from twilio_widgets.listener.files import bootstrap as booting

if TYPE_CHECKING:
    from twilio_widgets.listener.control.spec import Spec

_MODULE: Final = "twilio_widgets.listener.process.main"


def launch(spec: Spec, preferred_port: int, seconds: float) -> dict[str, Any]:
    """Start a process, and return its report once it listens.

    Args:
        spec: The settings of the listener.
        preferred_port: The port to use if it is free and `spec` has none; 0 for no preference.
        seconds: How long to wait.

    Returns:
        ``{"ready": true}``, or ``{"busy": true}`` when another process is this store's listener.

    Raises:
        ConfigurationError, ListenerError: The listener cannot be started.
    """
    config = booting.encode_config({"spec": spec.to_json(), "preferred_port": preferred_port})
    process = _start(spec)
    try:
        output, _ = process.communicate(config, max(seconds, 0.1))
    except subprocess.TimeoutExpired:
        _kill(process)
        raise ListenerError(
            f"The listener's process was not ready within {seconds:.0f} s. Is this machine very "
            "busy? Try again."
        ) from None
    report: dict[str, Any] = json.loads(output or b"{}")
    if "error" in report:
        configured = report["kind"] == "ConfigurationError"
        raise (ConfigurationError if configured else ListenerError)(report["error"])
    if not report:
        raise ListenerError(
            "The listener's process ended before it was ready. Can this Python run "
            f"'{sys.executable} -I -c \"import twilio_widgets, httptools\"'?"
        )
    return report


def _start(spec: Spec) -> subprocess.Popen[bytes]:
    command = booting.command(_MODULE)
    try:
        return subprocess.Popen(  # noqa: S603 — our own executable and program
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=Path(command[0]).anchor or None,  # or the notebook's folder could not be moved
            env=_environment(spec),
            **booting.process_options(session=True),
        )
    except OSError as error:
        raise ListenerError(
            f"The listener's process cannot be started ({error.strerror}). Check that "
            f"{command[0]} exists and that memory is free, then restart the kernel and try again."
        ) from error


def _environment(spec: Spec) -> dict[str, str]:
    """Return our environment without credentials, which the process receives over the pipe."""
    identity = spec.to_json()["identity"]
    held = [identity["auth_token"], identity["api_key_secret"], *identity["shared_keys"].values()]
    return {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith("TWILIO_")
        and not any(secret in value for secret in held if secret)
    }


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and its fork: the listener forks once, so it is not our child."""
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
