"""Text as code: how a value is written in Python, and an HTTP call as a curl command.

Whatever a person typed lands inside a literal, never beside one. These functions do not judge a
value and do not raise: a panel calls them while its fields are half filled in.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable

LINE = 80
"""Characters a call may have before it is written over several lines."""


class Expression(str):
    """Text that is code already, such as ``os.environ["TWILIO_AUTH_TOKEN"]``."""

    __slots__ = ()


def environment(name: str) -> Expression:
    """Return the Python look-up of an environment variable."""
    return Expression(f'os.environ["{name}"]')


def literal(value: object) -> str:
    """Return a value as Python source; text in double quotes where that needs no more escapes."""
    match value:
        case Expression():
            return str(value)
        case str():
            plain = repr(value)
            return f'"{plain[1:-1]}"' if plain[0] == "'" and '"' not in value else plain
        case datetime():
            parts = (value.year, value.month, value.day, value.hour, value.minute, value.second)
            numbers = ", ".join(str(part) for part in (parts if value.second else parts[:5]))
            return f"datetime({numbers}{', tzinfo=UTC' if value.tzinfo else ''})"
        case date():
            return f"date({value.year}, {value.month}, {value.day})"
        case bool() | int() | float() | None:
            return repr(value)
        case Mapping():
            return f"{{{', '.join(f'{literal(k)}: {literal(v)}' for k, v in value.items())}}}"
        case Sequence():
            return f"[{', '.join(literal(item) for item in value)}]"
        case _:
            return literal(str(value))


def in_utc(value: object) -> object:
    """Return a moment in UTC, as code and wire write it; anything else as it is."""
    aware = isinstance(value, datetime) and value.tzinfo is not None
    return value.astimezone(UTC) if aware and isinstance(value, datetime) else value


def imports_for(values: Iterable[object]) -> list[str]:
    """Return the import that the literals of these values need, if any."""
    values = tuple(values)
    names = set()
    for value in values:
        if isinstance(value, datetime):
            names |= {"UTC", "datetime"} if value.tzinfo else {"datetime"}
        elif isinstance(value, date):
            names.add("date")
    order = [name for name in ("UTC", "date", "datetime") if name in names]
    return [f"from datetime import {', '.join(order)}"] if order else []


def call(name: str, positional: Iterable[object] = (), /, **keywords: object) -> str:
    """Return a call as Python source, on one line where it fits."""
    arguments = [literal(value) for value in positional]
    arguments += [f"{keyword}={literal(value)}" for keyword, value in keywords.items()]
    flat = f"{name}({', '.join(arguments)})"
    if len(flat) <= LINE:
        return flat
    return "\n".join([f"{name}(", *(f"    {argument}," for argument in arguments), ")"])


def texts_of(value: object) -> list[str]:
    """Return a parameter as it stands in a form; a list gives several texts."""
    match value:
        case bool():
            return ["true" if value else "false"]
        case datetime():
            return [value.strftime("%Y-%m-%dT%H:%M:%SZ")]
        case date():
            return [value.isoformat()]
        case str():
            return [value]
        case Mapping():
            return [json_of(value)]
        case Sequence():
            return [text for item in value for text in texts_of(item)]
        case _:
            return [str(value)]


def json_of(value: Mapping[object, object]) -> str:
    """Return a mapping as the JSON text that Twilio takes it in."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def curl(
    url: str,
    pairs: Iterable[tuple[str, str]],
    *,
    login: tuple[str, str],
    options: Sequence[str] = (),
) -> str:
    """Return a curl command, an option a line.

    Args:
        url: The address; ``$NAME`` in it is filled in by the shell, so it holds nothing typed.
        pairs: Twilio's parameter names and texts.
        login: The variables that hold the user name and the secret.
        options: More options, such as ``--get``.
    """
    user, secret = login
    lines = [f'curl "{url}"', f'--user "${user}:${secret}"', *options]
    lines += [datum(name, text) for name, text in pairs]
    return " \\\n  ".join(lines)


def path_part(text: str) -> str:
    """Return text as one part of an address, with nothing in it that a shell would read."""
    return quote(text, safe="", errors="replace")


def datum(name: str, text: str) -> str:
    """Return a parameter as an option of curl, whatever stands in it."""
    name = path_part(name)
    if text.replace("\n", "").isprintable():
        return f"--data-urlencode {shlex.quote(f'{name}={text}')}"
    # A character that cannot be seen, or that a shell cannot hold: better escaped than hidden.
    return f"--data {shlex.quote(f'{name}={path_part(text)}')}"
