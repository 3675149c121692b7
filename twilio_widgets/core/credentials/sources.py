"""Find credentials in a fixed order of places, without showing them.

Order: the named profile; otherwise the environment, the `.env` file, twilio-cli's active profile,
the system keyring, an interactive prompt. Sources: twilio-cli, "General usage" (names of the
environment variables) and twilio-cli-core, ``config.js`` (the profile file).
"""

from __future__ import annotations

import codecs
import getpass
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from twilio_widgets.core.credentials.connection import (
    ApiKeyConnection,
    AuthTokenConnection,
    Connection,
)
from twilio_widgets.core.credentials.secret import Secret
from twilio_widgets.errors import ConfigurationError

ACCOUNT = ("TWILIO_ACCOUNT_SID",)
KEY = ("TWILIO_API_KEY", "TWILIO_API_KEY_SID")
KEY_SECRET = ("TWILIO_API_SECRET", "TWILIO_API_KEY_SECRET")
TOKEN = ("TWILIO_AUTH_TOKEN",)
REGION = ("TWILIO_REGION",)
EDGE = ("TWILIO_EDGE",)
PROFILE = "TWILIO_PROFILE"
KEYRING_SERVICE = "twilio_widgets"
"""The service name in the keyring; the user names there are those of the environment variables,
such as ``TWILIO_ACCOUNT_SID``."""


_NO_PROMPT = "interactive prompt: not available (non-interactive session)"


class Values(Mapping[str, str]):
    """Named texts, some of them secret; the ``repr``, which tracebacks may print, shows none."""

    def __init__(self, *layers: Mapping[str, str]) -> None:
        self._texts = {name: text for layer in layers for name, text in layer.items()}

    def __getitem__(self, name: str) -> str:
        return self._texts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)

    def __repr__(self) -> str:
        return f"Values({len(self)} not shown)"


@dataclass(frozen=True)
class Surroundings:
    """The places to search; tests replace them."""

    environment: Values
    home: Path
    ask: Callable[[str], str] | None
    """Prompts for text; None in a non-interactive session."""
    ask_secret: Callable[[str], str] | None
    """Prompts for text without echoing it; None in a non-interactive session."""
    keyring: Callable[[str], str | None] | None
    """Reads one name from the system keyring; None if it is not installed."""


def surroundings() -> Surroundings:
    """Return the places to search from this process."""
    interactive = sys.stdin is not None and (sys.stdin.isatty() or "ipykernel" in sys.modules)
    return Surroundings(
        environment=Values(os.environ),
        home=Path.home(),
        ask=input if interactive else None,
        ask_secret=getpass.getpass if interactive else None,
        keyring=_system_keyring(),
    )


def connect(
    profile: str | None = None,
    env_file: str | Path | None = None,
    *,
    within: Surroundings | None = None,
) -> Connection:
    """Find credentials and return a connection.

    With `profile`, only that profile of twilio-cli is read. Otherwise these places are searched, in
    this order: the environment; `env_file`, with the environment for values it lacks; the profile
    named by ``TWILIO_PROFILE``, or twilio-cli's active one; the system keyring; and, in an
    interactive session, a prompt. If both an API key and an auth token are found, the key is used
    for requests and the token for checking webhook signatures.

    Args:
        profile: The name of a twilio-cli profile.
        env_file: The path of a ``.env`` file.
        within: Places to search instead of this process's.

    Returns:
        A connection; its ``source`` names the place the credentials came from.

    Raises:
        ConfigurationError: No credentials were found (the message lists the places searched), or
            those found are invalid.
    """
    places = within or surroundings()
    if profile is not None:
        return _from_profile(places, profile)
    tried: list[str] = []
    for look in (_environment, _env_file, _active_profile, _keyring, _prompt):
        found = look(places, env_file, tried)
        if found is not None:
            return found
    listed = "\n".join(f"  • {place}" for place in tried)
    raise ConfigurationError(
        f"No Twilio credentials found. Searched:\n{listed}\n"
        "Set TWILIO_ACCOUNT_SID, TWILIO_API_KEY and TWILIO_API_SECRET, or use tw.Sandbox(), "
        "which needs no account."
    )


def available_sources(within: Surroundings | None = None) -> tuple[str, ...]:
    """Name the places with credentials, without prompting and without opening a keyring.

    Returns:
        Names such as ``("the environment", "twilio-cli profile 'work'")``.
    """
    places = within or surroundings()
    found = []
    for look in (_environment, _active_profile):
        try:
            connection = look(places, None, [])
        except ConfigurationError:
            continue
        if connection is not None:
            found.append(connection.source)
    return tuple(found)


def _environment(places: Surroundings, _env_file: object, tried: list[str]) -> Connection | None:
    return _connection(places.environment, "the environment", tried)


def _env_file(
    places: Surroundings, env_file: str | Path | None, tried: list[str]
) -> Connection | None:
    if env_file is None:
        tried.append(".env file: not given (env_file=)")
        return None
    path = Path(env_file)
    if not path.is_file():
        raise ConfigurationError(f"File not found: {env_file} (env_file).", field="env_file")
    try:
        from dotenv import dotenv_values
    except ImportError:
        raise ConfigurationError(
            "Reading a .env file needs python-dotenv: pip install 'twilio-widgets[dotenv]'.",
            field="env_file",
        ) from None
    try:
        found = dotenv_values(path, encoding=_encoding_of(path))
        written = Values({name: text for name, text in found.items() if text})
    except (OSError, ValueError) as error:
        problem = f"The file {path.name} cannot be read ({type(error).__name__})."
    else:
        problem = ""
    if problem:
        raise ConfigurationError(problem, field="env_file")
    values = Values(written, places.environment)
    return _connection(values, f"the file {path.name}", tried)


def _encoding_of(path: Path) -> str:
    """Return the encoding that a file's byte order mark announces; UTF-8 if it has none.

    Windows writes one: Notepad for UTF-8, and ``>`` in PowerShell for UTF-16.
    """
    with path.open("rb") as file:
        start = file.read(2)
    return "utf-16" if start in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE} else "utf-8-sig"


def _active_profile(places: Surroundings, _env_file: object, tried: list[str]) -> Connection | None:
    wanted = places.environment.get(PROFILE)
    if wanted:
        return _from_profile(places, wanted)
    profiles, active = _profiles(places)
    name = active if active in profiles else next(iter(profiles), None)
    if name is None:
        tried.append("twilio-cli: no profile with an API key in ~/.twilio-cli/config.json")
        return None
    return _from_profile(places, name)


def _keyring(places: Surroundings, _env_file: object, tried: list[str]) -> Connection | None:
    if places.keyring is None:
        tried.append("system keyring: not installed (pip install 'twilio-widgets[keyring]')")
        return None
    names = (*ACCOUNT, *KEY, *KEY_SECRET, *TOKEN, *REGION, *EDGE)
    try:
        values = Values({name: places.keyring(name) or "" for name in names})
    except Exception as error:  # noqa: BLE001  # back ends raise anything; the search goes on
        tried.append(f"system keyring: could not be read ({type(error).__name__})")
        return None
    return _connection(values, f"the system keyring (service {KEYRING_SERVICE!r})", tried)


def _prompt(places: Surroundings, _env_file: object, tried: list[str]) -> Connection | None:
    if places.ask is None or places.ask_secret is None:
        tried.append(_NO_PROMPT)
        return None
    try:
        # SIDs are wrapped too: a secret may be pasted at the wrong prompt.
        account = Secret(places.ask("Account SID (AC…): "))
        key = Secret(places.ask("API key SID (SK…; leave empty to use the auth token): ").strip())
        if key:
            secret = Secret(places.ask_secret("API key secret (not shown): ").strip())
            return ApiKeyConnection(account.reveal(), key.reveal(), secret, source="typed in")
        token = Secret(places.ask_secret("Auth token (not shown): ").strip())
        return AuthTokenConnection(account.reveal(), token, source="typed in")
    except (EOFError, NotImplementedError):
        # Executed notebooks (nbconvert, papermill) raise StdinNotImplementedError from `input`.
        tried.append(_NO_PROMPT)
        return None


def _connection(values: Values, place: str, tried: list[str]) -> Connection | None:
    """Build a connection from the values of one place, or note which of them are missing."""
    account, key, secret = _first(values, ACCOUNT), _first(values, KEY), _first(values, KEY_SECRET)
    token, region, edge = _first(values, TOKEN), _first(values, REGION), _first(values, EDGE)
    where = {
        "region": region.reveal() if region else None,
        "edge": edge.reveal() if edge else None,
    }
    try:
        if account and key and secret:
            return ApiKeyConnection(
                account.reveal(), key.reveal(), secret, token, **where, source=place
            )
        if account and token:
            return AuthTokenConnection(account.reveal(), token, **where, source=place)
    except ConfigurationError as error:
        problem: ConfigurationError | None = ConfigurationError(
            f"In {place}: {error}", field=error.field
        )
    else:
        problem = None
    if problem is not None:
        raise problem
    missing = [
        names[0]
        for names, value in ((ACCOUNT, account), (KEY, key), (KEY_SECRET, secret))
        if not value
    ]
    instead = "" if token else f" (or {TOKEN[0]} instead of the key)"
    tried.append(f"{place}: {', '.join(missing)} not set{instead}")
    return None


def _first(values: Values, names: tuple[str, ...]) -> Secret | None:
    """Return the first of these that is set; wrapped, because a SID may be a misplaced secret."""
    return next((Secret(values[n].strip()) for n in names if values.get(n, "").strip()), None)


def _profiles(places: Surroundings) -> tuple[dict[str, Values], str | None]:
    """Return twilio-cli's profiles that have an API key, and the name of the active one."""
    try:
        path = places.home / ".twilio-cli" / "config.json"
        config = json.loads(path.read_text(_encoding_of(path)))
        usable = {
            str(name): Values(
                {
                    env: str(text)
                    for field, env in _FIELDS.items()
                    if (text := profile.get(field) or places.environment.get(env, ""))
                }
            )
            for name, profile in config.get("profiles", {}).items()
            if profile.get("apiKey") and profile.get("apiSecret")
        }
        active = config.get("activeProject") or config.get("activeProfile")
    except (OSError, ValueError, AttributeError):
        return {}, None
    return usable, active if isinstance(active, str) else None


_FIELDS = {
    "accountSid": ACCOUNT[0],
    "apiKey": KEY[0],
    "apiSecret": KEY_SECRET[0],
    "region": REGION[0],
    "edge": EDGE[0],
}
"""twilio-cli's field names, and the environment variables with the same meaning."""


def _from_profile(places: Surroundings, name: str) -> Connection:
    profiles, _active = _profiles(places)
    if name not in profiles:
        available = ", ".join(sorted(profiles)) or "none"
        raise ConfigurationError(
            f"~/.twilio-cli/config.json has no profile {name!r} with an API key. Profiles with "
            f"one: {available}.",
            field="profile",
        )
    values = profiles[name]
    if values.get(ACCOUNT[0]) == places.environment.get(ACCOUNT[0]):
        # Profiles have no auth token; the one in the environment is valid for its own account only.
        values = Values({TOKEN[0]: places.environment.get(TOKEN[0], "")}, values)
    tried: list[str] = []
    found = _connection(values, f"twilio-cli profile {name!r}", tried)
    if found is None:
        raise ConfigurationError(f"{tried[0]}.", field="profile")
    return found


def _system_keyring() -> Callable[[str], str | None] | None:
    try:
        import keyring
    except ImportError:
        return None
    return lambda name: keyring.get_password(KEYRING_SERVICE, name)
