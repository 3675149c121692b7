"""Where credentials are found, in a fixed order, without ever showing one.

Order: the profile or the `.env` file named → the environment → twilio-cli's active profile → the
system's keyring → asking the person. Sources: twilio-cli, "General usage" (names of the
environment variables) and twilio-cli-core, ``config.js`` (the profile file).
"""

from __future__ import annotations

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
"""The keyring's service; its user names are those of the environment, such as
``TWILIO_ACCOUNT_SID``."""


class Values(Mapping[str, str]):
    """Named texts, some of them secret: its ``repr`` shows none, wherever a traceback prints it."""

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
    """What the search looks at; each part can be replaced."""

    environment: Values
    home: Path
    ask: Callable[[str], str] | None
    """Asks for something that may be seen, or None when nobody is there."""
    ask_secret: Callable[[str], str] | None
    """Asks for something that may not be seen."""
    keyring: Callable[[str], str | None] | None
    """Reads one name from the system's keyring, or None where there is none."""


def surroundings() -> Surroundings:
    """Return the surroundings of this process."""
    someone = sys.stdin is not None and (sys.stdin.isatty() or "ipykernel" in sys.modules)
    return Surroundings(
        environment=Values(os.environ),
        home=Path.home(),
        ask=input if someone else None,
        ask_secret=getpass.getpass if someone else None,
        keyring=_system_keyring(),
    )


def connect(
    profile: str | None = None,
    env_file: str | Path | None = None,
    *,
    within: Surroundings | None = None,
) -> Connection:
    """Find credentials and return a connection that says where they came from.

    Looked at in order: the `profile` named; the environment, completed by `env_file`;
    ``TWILIO_PROFILE`` or twilio-cli's active profile (read only); the system's keyring; and, where
    somebody is there to answer, a question. With both kinds present the API key is used for
    requests and the auth token for signatures.

    Args:
        profile: A profile of twilio-cli; nothing else is looked at then.
        env_file: A ``.env`` file.
        within: Where to look instead of this process.

    Returns:
        A connection; ``.source`` names where it came from.

    Raises:
        ConfigurationError: Nothing was found; it lists every place. Or something misshapen was.
    """
    places = within or surroundings()
    if profile is not None:
        return _from_profile(places, profile)
    tried: list[str] = []
    for look in (_environment, _env_file, _active_profile, _keyring, _question):
        found = look(places, env_file, tried)
        if found is not None:
            return found
    listed = "\n".join(f"  • {place}" for place in tried)
    raise ConfigurationError(
        f"No Twilio credentials were found. Looked at:\n{listed}\n"
        "Set TWILIO_ACCOUNT_SID, TWILIO_API_KEY and TWILIO_API_SECRET, or try tw.Sandbox(), "
        "which needs no account."
    )


def available_sources(within: Surroundings | None = None) -> tuple[str, ...]:
    """Name the places that hold credentials, without asking anybody and without opening a keyring.

    Returns:
        Such as ``("the environment", "twilio-cli profile 'work'")``.
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
        tried.append("a .env file: none was named (env_file=)")
        return None
    path = Path(env_file)
    if not path.is_file():
        raise ConfigurationError(
            f"There is no file {path.name} where env_file says.", field="env_file"
        )
    try:
        from dotenv import dotenv_values
    except ImportError:
        raise ConfigurationError(
            "Reading a .env file needs python-dotenv: pip install 'twilio-widgets[dotenv]'.",
            field="env_file",
        ) from None
    try:
        written = Values({name: text for name, text in dotenv_values(path).items() if text})
    except (OSError, ValueError) as error:
        problem = f"The file {path.name} cannot be read ({type(error).__name__})."
    else:
        problem = ""
    if problem:
        raise ConfigurationError(problem, field="env_file")
    values = Values(written, places.environment)
    return _connection(values, f"the file {path.name}", tried)


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
        tried.append("the system's keyring: not installed (pip install 'twilio-widgets[keyring]')")
        return None
    names = (*ACCOUNT, *KEY, *KEY_SECRET, *TOKEN, *REGION, *EDGE)
    try:
        values = Values({name: places.keyring(name) or "" for name in names})
    except Exception as error:  # noqa: BLE001  # a locked keyring is one more place without them
        tried.append(f"the system's keyring: it could not be read ({type(error).__name__})")
        return None
    return _connection(values, f"the system's keyring (service {KEYRING_SERVICE!r})", tried)


def _question(places: Surroundings, _env_file: object, tried: list[str]) -> Connection | None:
    if places.ask is None or places.ask_secret is None:
        tried.append("a question: nobody is there to answer it")
        return None
    try:
        # Wrapped at once, SIDs too: people paste a secret into the wrong question.
        account = Secret(places.ask("Account SID (AC…): "))
        key = Secret(places.ask("API key SID (SK…), or empty to use the auth token: ").strip())
        if key:
            secret = Secret(places.ask_secret("API key secret (not shown): ").strip())
            return ApiKeyConnection(account.reveal(), key.reveal(), secret, source="typed in")
        token = Secret(places.ask_secret("Auth token (not shown): ").strip())
        return AuthTokenConnection(account.reveal(), token, source="typed in")
    except (EOFError, NotImplementedError):
        # A notebook that runs with nobody watching raises this for every question.
        tried.append("a question: nobody is there to answer it")
        return None


def _connection(values: Values, place: str, tried: list[str]) -> Connection | None:
    """Make a connection of what one place holds, or note what is missing there."""
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
    """Return the first of these that is set, wrapped at once: names do not tell what is secret."""
    return next((Secret(values[n].strip()) for n in names if values.get(n, "").strip()), None)


def _profiles(places: Surroundings) -> tuple[dict[str, Values], str | None]:
    """Read the profiles of twilio-cli that hold an API key, and the active one's name."""
    try:
        config = json.loads((places.home / ".twilio-cli" / "config.json").read_text("utf-8"))
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
"""twilio-cli's words for what the environment calls otherwise."""


def _from_profile(places: Surroundings, name: str) -> Connection:
    profiles, _active = _profiles(places)
    if name not in profiles:
        there = ", ".join(sorted(profiles)) or "none that holds an API key"
        raise ConfigurationError(
            f"twilio-cli has no profile {name!r} in ~/.twilio-cli/config.json; there is: {there}.",
            field="profile",
        )
    values = profiles[name]
    if values.get(ACCOUNT[0]) == places.environment.get(ACCOUNT[0]):
        # A profile holds no auth token; the environment's helps only for the same account.
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
