"""``python -m twilio_widgets doctor``: what works on this machine, and why not."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from twilio_widgets.support import examine
from twilio_widgets.support.report_line import report_of

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Examine this installation and print the report.

    Args:
        arguments: The command-line arguments; None means those of the process.

    Returns:
        The exit status: 0. A feature that is not installed is not a failure.
    """
    parser = argparse.ArgumentParser(prog="python -m twilio_widgets")
    commands = parser.add_subparsers(dest="command", required=True)
    doctor = commands.add_parser("doctor", help="print what works here, and why not")
    doctor.add_argument(
        "--online",
        action="store_true",
        help="connect to Twilio once, without credentials, to compare the clocks",
    )
    options = parser.parse_args(arguments)
    sys.stdout.write(report_of(examine(online=options.online)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
