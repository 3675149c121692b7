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
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.seats is None and (options.host != "127.0.0.1" or options.code is not None):
        parser.error("--host and --code are for a class: add --class SEATS")
    try:
        sandbox = Sandbox(options.seed, options.messages, options.now, stories=options.stories)
        with sandbox:
            if options.seats is None:
                sandbox.open(options.port)
                greeting = _greeting(sandbox)
            else:
                greeting = _open_class(sandbox, options)
            sys.stdout.write(greeting)
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
        "--class",
        dest="seats",
        type=int,
        metavar="SEATS",
        help="serve a class: each student joins with a number and credentials of their own",
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on, for a class (default: 127.0.0.1, this machine only)",
    )
    parser.add_argument(
        "--code",
        help="code that joining the class needs (default: none on 127.0.0.1, else a random one)",
    )
    parser.add_argument(
        "--stories", action="store_true", help="put stories to discover into the history"
    )
    return parser


def _open_class(sandbox: Sandbox, options: argparse.Namespace) -> str:
    """Open the class and return what the teacher reads in the terminal."""
    with sandbox.open_class(
        options.seats, port=options.port, host=options.host, code=options.code
    ) as classroom:
        code, teacher_code = sandbox.class_codes
        needed = "" if code is None else f', code="{code}"'
        return (
            f"A class of {options.seats} is open. It sends nothing beyond this machine.\n\n"
            f'Students:  me = tw.Sandbox.join("{classroom.url}", "your name"{needed})\n'
            f'Teacher:   classroom = tw.Sandbox.teach("{classroom.url}", "{teacher_code}")\n\n'
            "Keep the teacher's line to yourself. Press Ctrl+C to end the class.\n"
        )


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
