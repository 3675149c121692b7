"""``python -m twilio_widgets.sandbox``: run a sandbox server until Ctrl+C."""

from __future__ import annotations

import argparse
import sys
import threading
from typing import TYPE_CHECKING

from twilio_widgets.errors import SandboxError
from twilio_widgets.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None, *, stop: threading.Event | None = None) -> int:
    """Run a sandbox on a socket and print its URL and credentials.

    Args:
        arguments: The command-line arguments; None means those of the process.
        stop: Stops the sandbox when set. None waits for Ctrl+C.

    Returns:
        The exit status.
    """
    options = _parser().parse_args(arguments)
    try:
        sandbox = Sandbox(options.seed, options.messages, options.now, stories=options.stories)
        with sandbox:
            sandbox.open(options.port)
            sys.stdout.write(_greeting(sandbox))
            sys.stdout.flush()
            (stop or threading.Event()).wait()
    except KeyboardInterrupt:
        sys.stdout.write("\nStopped.\n")
    except SandboxError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m twilio_widgets.sandbox",
        description="Run a simulated Twilio on this machine: no account, no network, no SMS.",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="determines the account, its numbers and its history"
    )
    parser.add_argument(
        "--messages", type=int, default=0, help="number of messages in the history (default: 0)"
    )
    parser.add_argument(
        "--port", type=int, default=0, help="port on 127.0.0.1 (default: any free port)"
    )
    parser.add_argument("--now", help="freeze the clock at this time, e.g. 2026-01-31T12:00:00Z")
    parser.add_argument(
        "--stories", action="store_true", help="put stories to discover into the history"
    )
    return parser


def _greeting(sandbox: Sandbox) -> str:
    account = sandbox.accounts[0]
    key = next(key for key in account.keys.values() if not key.main)
    # Derived from the seed: these credentials are valid for this sandbox only.
    rows = [
        ("URL", sandbox.url),
        ("Account SID", account.sid),
        ("Auth token", account.auth_token),
        ("API key SID", key.sid),
        ("API key secret", key.secret),
        ("Numbers", ", ".join(sandbox.numbers)),
        ("Messaging service", sandbox.services[0]),
    ]
    lines = "".join(f"{name + ':':<20}{value}\n" for name, value in rows)
    first = "A Twilio sandbox is running. It sends nothing beyond this machine."
    return f"{first}\n\n{lines}\nPress Ctrl+C to stop it.\n"


if __name__ == "__main__":
    sys.exit(main())
