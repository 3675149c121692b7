"""Text as code: how a value is written in Python, and an HTTP call as a curl command.

Everything typed becomes a quoted literal. The functions do not validate and do not raise, since a
panel calls them while its form is incomplete.
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
"""The longest call, in characters, that stays on one line."""


class Expression(str):
    """Text that is code already, such as ``os.environ["TWILIO_AUTH_TOKEN"]``."""

    __slots__ = ()


def environment(name: str) -> Expression:
    """Return the Python look-up of an environment variable."""
    return Expression(f'os.environ["{name}"]')


def literal(value: object) -> str:
    """Return a value as Python source; text in double quotes if that needs no extra escapes."""
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
    """Convert an aware datetime to UTC; return any other value unchanged."""
    aware = isinstance(value, datetime) and value.tzinfo is not None
    return value.astimezone(UTC) if aware and isinstance(value, datetime) else value


def imports_for(values: Iterable[object]) -> list[str]:
    """Return the import line that the literals of these values need, if any."""
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
    """Return the form texts of a parameter; a list gives several."""
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
    """Return a mapping as JSON text for Twilio."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def curl(
    url: str,
    pairs: Iterable[tuple[str, str]],
    *,
    login: tuple[str, str],
    options: Sequence[str] = (),
) -> str:
    """Return a curl command with one option per line.

    Args:
        url: The URL. The shell expands ``$NAME`` in it, so it must not contain typed text.
        pairs: Twilio's parameter names and texts.
        login: The variables of the user name and the secret.
        options: More options, such as ``--get``.
    """
    user, secret = login
    lines = [f'curl "{url}"', f'--user "${user}:${secret}"', *options]
    lines += [datum(name, text) for name, text in pairs]
    return " \\\n  ".join(lines)


def path_part(text: str) -> str:
    """Return text percent-encoded as one URL path segment, safe in a shell."""
    return quote(text, safe="", errors="replace")


def datum(name: str, text: str) -> str:
    """Return a parameter as a curl option, safely quoted."""
    name = path_part(name)
    if text.replace("\n", "").isprintable():
        return f"--data-urlencode {shlex.quote(f'{name}={text}')}"
    # An invisible character, or one a shell argument cannot contain, is percent-encoded.
    return f"--data {shlex.quote(f'{name}={path_part(text)}')}"
