"""A `Secret` is displayed as bullets and shows its text only through `reveal()`."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
import traceback

import pytest

from twilio_widgets import ApiKeyConnection, AuthTokenConnection
from twilio_widgets.core.credentials.secret import BULLETS, Secret
from twilio_widgets.errors import ConfigurationError

CANARY = "canary-5f0e-never-shown"
ACCOUNT = "AC" + "0" * 31 + "1"
KEY = "SK" + "0" * 31 + "2"

SHOWN = {
    "str": lambda secret: str(secret),
    "repr": lambda secret: repr(secret),
    "f-string": lambda secret: f"{secret}",
    "f-string with a spec": lambda secret: f"{secret:>40}",
    "percent": lambda secret: "%s %r" % (secret, secret),  # noqa: UP031
    "format": lambda secret: format(secret, "x"),
    "in a list": lambda secret: repr([secret]),
    "dir": lambda secret: repr([getattr(secret, name) for name in dir(secret)]),
    "copy": lambda secret: repr(copy.copy(secret)) + repr(copy.deepcopy(secret)),
    "exception": lambda secret: repr(ValueError(secret)) + str(ValueError(secret)),
}


@pytest.mark.parametrize("show", SHOWN.values(), ids=SHOWN)
def test_no_way_of_displaying_it_shows_any_part_of_it(show):
    assert CANARY not in show(Secret(CANARY))
    assert Secret(CANARY).reveal() == CANARY


def test_the_number_of_bullets_does_not_depend_on_its_length():
    assert str(Secret("x")) == str(Secret("x" * 99)) == BULLETS


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickling_raises_a_type_error(protocol):
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(Secret(CANARY), protocol)


def test_json_raises_a_type_error():
    with pytest.raises(TypeError):
        json.dumps({"token": Secret(CANARY)})


def test_vars_shows_no_attributes():
    with pytest.raises(TypeError):
        vars(Secret(CANARY))


def test_it_cannot_be_changed():
    with pytest.raises(AttributeError):
        Secret(CANARY).text = "x"


def test_equal_texts_are_equal_secrets_and_never_equal_a_str():
    assert Secret("a") == Secret("a") != Secret("b")
    assert (Secret("a") == "a") is False
    assert len({Secret("a"), Secret("a")}) == 1


CONNECTIONS = {
    "api key": lambda: ApiKeyConnection(ACCOUNT, KEY, CANARY, CANARY),
    "auth token": lambda: AuthTokenConnection(ACCOUNT, CANARY),
}


@pytest.mark.parametrize("make", CONNECTIONS.values(), ids=CONNECTIONS)
def test_a_connection_shows_no_secret(make):
    connection = make()
    shown = repr(connection) + str(connection) + repr(vars(connection))
    shown += repr(dataclasses.asdict(connection)) + repr(copy.deepcopy(connection))
    assert CANARY not in shown
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(connection)


MISTAKES = {
    "secret as account SID": lambda: AuthTokenConnection(CANARY, CANARY),
    "secret as key SID": lambda: ApiKeyConnection(ACCOUNT, CANARY, "x"),
    "right secret, wrong SID": lambda: ApiKeyConnection("AC12", KEY, CANARY),
    "secret as subaccount": lambda: AuthTokenConnection(ACCOUNT, "x", subaccount_sid=CANARY),
    "a secret with a line end": lambda: AuthTokenConnection(ACCOUNT, CANARY + "\x00x"),
}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_an_error_contains_no_secret_even_in_a_traceback_with_locals(mistake):
    with pytest.raises(ConfigurationError) as caught:
        mistake()
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    _own, *frames = "".join(told.format()).split("core/credentials/connection.py", 1)
    assert frames
    assert CANARY not in frames[0]
    assert CANARY not in str(caught.value)
