"""How our processes are started: isolated, with their configuration sent over a pipe.

Credentials are sent over the pipe because other users can read a process's arguments, its
environment is inherited, and a file would remain. Python runs isolated (``-I``), so that neither
the working directory nor ``PYTHONPATH`` can replace our modules and receive the credentials.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import twilio_widgets
from twilio_widgets.errors import ListenerError

_BOOT = """\
import importlib, json, sys
config = json.loads(sys.stdin.buffer.readline())
sys.path[:0] = [] if config["root"] in sys.path else [config["root"]]
sys.path += [place for place in config["places"] if place not in sys.path]
importlib.import_module(sys.argv[1]).main(config)
"""


def command(module: str) -> list[str]:
    """Return the command that runs ``main(config)`` of one of our modules.

    Args:
        module: Its dotted name; it is an argument so that process lists show it.

    Raises:
        ListenerError: The path of the Python interpreter is unknown.
    """
    if not sys.executable:
        raise ListenerError("The path of the Python interpreter is unknown (sys.executable).")
    return [sys.executable, "-I", "-c", _BOOT, module]


def encode_config(config: Mapping[str, Any]) -> bytes:
    """Return the first line for its standard input: its configuration and the module search path.

    Args:
        config: The configuration, as JSON values.
    """
    root = str(Path(twilio_widgets.__file__).parent.parent)
    here = _here()
    # The search path of this process, without the working directory.
    places = [place for place in sys.path if Path(place).is_absolute() and Path(place) != here]
    return json.dumps({**config, "root": root, "places": places}).encode() + b"\n"


def _here() -> Path | None:
    """Return the working directory; None if it was deleted."""
    try:
        return Path.cwd()
    except OSError:
        return None


def process_options(*, session: bool) -> dict[str, Any]:
    """Return the `subprocess` arguments to start a process without a window.

    Args:
        session: Whether to use a new session, which signals to our terminal or kernel do not reach.
    """
    if sys.platform == "win32":
        group = subprocess.CREATE_NEW_PROCESS_GROUP if session else 0
        return {"creationflags": subprocess.CREATE_NO_WINDOW | group}
    return {"start_new_session": session}
