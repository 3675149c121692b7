"""connect(): the order in which places are searched, and the error when nothing is found."""

from __future__ import annotations

import json
import traceback
from pathlib import Path

import pytest

from twilio_widgets import ApiKeyConnection, AuthTokenConnection, connect
from twilio_widgets.core.credentials.sources import Surroundings, Values, available_sources
from twilio_widgets.errors import ConfigurationError

ACCOUNT, OTHER = "AC" + "0" * 31 + "1", "AC" + "0" * 31 + "2"
KEY = "SK" + "0" * 31 + "3"

BY_KEY = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_API_KEY": KEY, "TWILIO_API_SECRET": "key-secret"}
BY_TOKEN = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": "the-token"}


@pytest.fixture
def within(tmp_path: Path):
    """Build `Surroundings` that are empty except for the given values."""

    def make(environment=None, **more) -> Surroundings:
        nothing = dict(home=tmp_path, ask=None, ask_secret=None, keyring=None)
        return Surroundings(environment=Values(environment or {}), **(nothing | more))

    return make


@pytest.fixture
def cli(tmp_path: Path):
    """Write twilio-cli's file."""

    def write(profiles, active=None) -> None:
        folder = tmp_path / ".twilio-cli"
        folder.mkdir()
        document = {"email": {}, "profiles": profiles, "activeProject": active, "plugins": {}}
        (folder / "config.json").write_text(json.dumps(document))

    return write


WORK = {"accountSid": OTHER, "apiKey": KEY, "apiSecret": "cli-secret", "region": "ie1"}


def test_the_api_key_is_for_requests_and_the_token_for_signatures(within):
    found = connect(within=within(BY_KEY | BY_TOKEN | {"TWILIO_REGION": "au1"}))
    assert found == ApiKeyConnection(ACCOUNT, KEY, "key-secret", "the-token", region="au1")
    assert found.source == "the environment"


def test_an_auth_token_without_an_api_key_is_enough(within):
    assert connect(within=within(BY_TOKEN)) == AuthTokenConnection(ACCOUNT, "the-token")


def test_the_alternative_names_of_the_api_key_variables_work(within):
    names = {"TWILIO_API_KEY_SID": KEY, "TWILIO_API_KEY_SECRET": "s"}
    found = connect(within=within({"TWILIO_ACCOUNT_SID": ACCOUNT} | names))
    assert found == ApiKeyConnection(ACCOUNT, KEY, "s")


def test_the_environment_precedes_a_file_and_a_file_a_profile(within, cli, tmp_path):
    cli({"work": WORK})
    file = tmp_path / "my.env"
    file.write_text(f'TWILIO_ACCOUNT_SID={ACCOUNT}\nTWILIO_AUTH_TOKEN="from the file"\n')
    assert connect(env_file=file, within=within(BY_TOKEN)).source == "the environment"
    assert connect(env_file=file, within=within()).source == "the file my.env"
    assert connect(within=within()).source == "twilio-cli profile 'work'"


def test_a_named_profile_takes_precedence(within, cli):
    cli({"home": {**WORK, "accountSid": ACCOUNT}, "work": WORK}, active="home")
    found = connect("work", within=within(BY_TOKEN))
    assert found == ApiKeyConnection(OTHER, KEY, "cli-secret", region="ie1")
    assert connect(within=within({"TWILIO_PROFILE": "work"})).acting_sid == OTHER
    assert connect(within=within()).acting_sid == ACCOUNT


def test_the_environments_token_completes_a_profile_of_the_same_account_only(within, cli):
    cli({"home": {**WORK, "accountSid": ACCOUNT}, "work": WORK})
    assert connect("home", within=within(BY_TOKEN)).signing_token.reveal() == "the-token"
    assert connect("work", within=within(BY_TOKEN)).signing_token is None


def test_the_error_for_a_missing_profile_lists_the_existing_ones(within, cli):
    cli({"work": WORK})
    with pytest.raises(ConfigurationError, match=r"no profile 'play'.*with one: work"):
        connect("play", within=within())


def test_the_keyring_is_read_before_prompting(within):
    found = connect(within=within(keyring=BY_TOKEN.get, ask=pytest.fail, ask_secret=pytest.fail))
    assert found == AuthTokenConnection(ACCOUNT, "the-token")
    assert "keyring" in found.source


def test_the_prompt_is_last_and_does_not_echo_the_secret(within):
    answers = {"Account SID (AC…): ": ACCOUNT}
    found = connect(
        within=within(ask=lambda text: answers.get(text, ""), ask_secret=lambda _text: "typed ")
    )
    assert found == AuthTokenConnection(ACCOUNT, "typed")
    assert found.source == "typed in"


def locked(_name: str) -> str:
    raise RuntimeError("locked")


def test_the_error_lists_every_place_searched_and_its_missing_values(within):
    def no_stdin(_text: str) -> str:
        raise NotImplementedError

    with pytest.raises(ConfigurationError) as caught:
        connect(
            within=within(
                {"TWILIO_ACCOUNT_SID": ACCOUNT}, keyring=locked, ask=no_stdin, ask_secret=no_stdin
            )
        )
    assert str(caught.value) == (
        "No Twilio credentials found. Searched:\n"
        "  • the environment: TWILIO_API_KEY, TWILIO_API_SECRET not set"
        " (or TWILIO_AUTH_TOKEN instead of the key)\n"
        "  • .env file: not given (env_file=)\n"
        "  • twilio-cli: no profile with an API key in ~/.twilio-cli/config.json\n"
        "  • system keyring: could not be read (RuntimeError)\n"
        "  • interactive prompt: not available (non-interactive session)\n"
        "Set TWILIO_ACCOUNT_SID, TWILIO_API_KEY and TWILIO_API_SECRET, or use tw.Sandbox(), "
        "which needs no account."
    )


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"profiles": 5}', '{"profiles": {"a": 1}}', "null"]
)
def test_a_damaged_profile_file_counts_as_a_place_without_credentials(within, tmp_path, text):
    (tmp_path / ".twilio-cli").mkdir()
    (tmp_path / ".twilio-cli" / "config.json").write_text(text)
    with pytest.raises(ConfigurationError, match="Searched:"):
        connect(within=within())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_byte_order_mark_hides_no_credentials(within, tmp_path, encoding):
    """Windows writes one: Notepad, and ``>`` in PowerShell."""
    folder = tmp_path / ".twilio-cli"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"profiles": {"work": WORK}}), encoding)
    file = tmp_path / "my.env"
    file.write_text(f"TWILIO_ACCOUNT_SID={ACCOUNT}\nTWILIO_AUTH_TOKEN=the-token\n", encoding)

    assert connect("work", within=within()).acting_sid == OTHER
    assert connect(env_file=file, within=within()) == AuthTokenConnection(ACCOUNT, "the-token")


def test_a_missing_env_file_is_an_error(within, tmp_path):
    with pytest.raises(ConfigurationError, match=r"File not found: .*absent\.env"):
        connect(env_file=tmp_path / "absent.env", within=within())


def test_available_sources_are_named_without_prompting(within, cli):
    cli({"work": WORK})
    places = within(BY_TOKEN, keyring=pytest.fail, ask=pytest.fail, ask_secret=pytest.fail)
    assert available_sources(places) == ("the environment", "twilio-cli profile 'work'")
    assert available_sources(within({"TWILIO_ACCOUNT_SID": "x", "TWILIO_AUTH_TOKEN": "y"})) == (
        "twilio-cli profile 'work'",
    )


@pytest.mark.parametrize("place", ["environment", "keyring"])
def test_a_traceback_with_locals_contains_no_secret(within, place):
    wrong = {"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": "canary-7c1"}
    places = within(wrong) if place == "environment" else within(keyring=wrong.get)
    with pytest.raises(ConfigurationError) as caught:
        connect(within=places)
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    _own, inside = "".join(told.format()).split("core/credentials/sources.py", 1)
    assert "canary" not in inside


@pytest.mark.parametrize(
    ("place", "named"),
    [
        ("environment", "In the environment: "),
        ("file", "In the file x.env: "),
        ("profile", "In twilio-cli profile 'work': "),
        ("keyring", "In the system keyring"),
    ],
)
def test_an_invalid_value_is_reported_with_the_place_it_came_from(
    within, cli, tmp_path, place, named
):
    wrong = BY_TOKEN | {"TWILIO_ACCOUNT_SID": "AC1"}
    file = tmp_path / "x.env"
    if place == "file":
        file.write_text("TWILIO_ACCOUNT_SID=AC1\nTWILIO_AUTH_TOKEN=canary-7c1\n")
    if place == "profile":
        cli({"work": WORK | {"accountSid": "AC1"}})
    places = within(
        wrong if place == "environment" else {}, keyring=wrong.get if place == "keyring" else None
    )
    with pytest.raises(ConfigurationError, match="account_sid has 3 characters") as caught:
        connect(env_file=file if place == "file" else None, within=places)
    assert str(caught.value).startswith(named)
    assert caught.value.field == "account_sid"
    assert caught.value.__context__ is None


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_a_file_that_cannot_be_read_is_an_error_that_names_it(within, tmp_path, content):
    file = tmp_path / "x.env"
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"x\.env"):
        connect(env_file=file, within=within())
