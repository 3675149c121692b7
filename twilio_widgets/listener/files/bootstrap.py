"""How a process of ours begins: isolated, and told over a pipe what it is to be.

Credentials go that way, because the arguments and the environment of a process can be read by
others and a file stays. Python runs isolated (``-I``): neither the working directory nor
``PYTHONPATH`` can put another module in front of ours, which would be handed the credentials.
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
told = json.loads(sys.stdin.buffer.readline())
sys.path[:0] = [] if told["root"] in sys.path else [told["root"]]
sys.path += [place for place in told["places"] if place not in sys.path]
importlib.import_module(sys.argv[1]).main(told)
"""


def command(module: str) -> list[str]:
    """Return the command that runs ``main(told)`` of one of our modules.

    Args:
        module: Its dotted name; it stands in the arguments, where a person finds it.

    Raises:
        ListenerError: This Python does not know where it lies.
    """
    if not sys.executable:
        raise ListenerError("The path of the Python interpreter is unknown (sys.executable).")
    return [sys.executable, "-I", "-c", _BOOT, module]


def encode_config(told: Mapping[str, Any]) -> bytes:
    """Return the line to write to its standard input: what it is told, and where our modules are.

    Args:
        told: What JSON can hold.
    """
    root = str(Path(twilio_widgets.__file__).parent.parent)
    here = _here()
    # As here, but for the working directory.
    places = [place for place in sys.path if Path(place).is_absolute() and Path(place) != here]
    return json.dumps({**told, "root": root, "places": places}).encode() + b"\n"


def _here() -> Path | None:
    """Return the working directory; None when somebody has taken it away."""
    try:
        return Path.cwd()
    except OSError:
        return None


def process_options(*, session: bool) -> dict[str, Any]:
    """Return how `subprocess` starts it without a window.

    Args:
        session: Whether what ends our terminal's or kernel's processes is to leave it alone.
    """
    if sys.platform == "win32":
        group = subprocess.CREATE_NEW_PROCESS_GROUP if session else 0
        return {"creationflags": subprocess.CREATE_NO_WINDOW | group}
    return {"start_new_session": session}
