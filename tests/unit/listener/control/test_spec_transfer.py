"""Listener settings: sent over a pipe, proved without revealing secrets, validated by field."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from twilio_widgets.core.credentials.connection import (
    ApiKeyConnection,
    AuthTokenConnection,
    Connection,
)
from twilio_widgets.core.credentials.secret import Secret
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.listener.control import protocol as wire
from twilio_widgets.listener.control.runtime_file import Runtime, runtime_file
from twilio_widgets.listener.control.spec import Spec
from twilio_widgets.listener.kernel.launcher import _environment

ACCOUNT, TOKEN = "AC" + "1" * 32, "c0ffee" + "5a" * 13
BY_TOKEN = AuthTokenConnection(ACCOUNT, TOKEN)
BY_KEY = ApiKeyConnection(
    ACCOUNT, "SK" + "7" * 32, "k3y" * 9, auth_token=TOKEN, region="ie1", edge="dublin"
)


def spec(connection: Connection = BY_TOKEN, **changes: Any) -> Spec:
    return Spec(**({"connection": connection, "store": Path("/somewhere/events.sqlite")} | changes))


WHOLE = {
    "by auth token": spec(),
    "by API key": spec(BY_KEY),
    "for a subaccount": spec(AuthTokenConnection(ACCOUNT, TOKEN, subaccount_sid="AC" + "2" * 32)),
    "everything": spec(
        BY_KEY,
        root_url="http://127.0.0.1:9",
        public_url="https://hooks.example.org/a",
        port=4321,
        reply="Thänks <&>\n👍",
        idle_seconds=60.5,
        shared_keys={"one": Secret("sh4r3d" * 4)},
        retention_days=None,
    ),
}


@pytest.mark.parametrize("name", WHOLE)
def test_the_settings_survive_the_round_trip_through_json(name: str) -> None:
    given = WHOLE[name]
    heard = Spec.from_json(json.loads(json.dumps(given.to_json())))
    assert heard == given
    assert heard.connection.credentials == given.connection.credentials
    assert heard.connection.signing_token == given.connection.signing_token
    assert heard.proofs("nonce") == given.proofs("nonce")
    for secret in (TOKEN, "k3y" * 9, "sh4r3d" * 4):
        assert secret not in repr(heard)


OTHERS = {
    "another token": (spec(AuthTokenConnection(ACCOUNT, "d" * 32)), False),
    "another account": (spec(AuthTokenConnection("AC" + "3" * 32, TOKEN)), False),
    "a subaccount": (WHOLE["for a subaccount"], False),
    "a sandbox": (spec(root_url="http://127.0.0.1:9"), False),
    "an API key beside the same token": (spec(BY_KEY), True),
    "another port, reply and URL": (
        spec(port=9, reply="Hi", public_url="https://a.example", idle_seconds=9.0),
        True,
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_listeners_with_the_same_secrets_have_the_same_proofs(name: str) -> None:
    other, same = OTHERS[name]
    assert (other.proofs("nonce") == spec().proofs("nonce")) is same
    assert not other.proofs("nonce") & other.proofs("another nonce")


def test_each_secret_has_its_own_proof() -> None:
    one, two = {"one": Secret("x")}, {"two": Secret("y")}
    proofs = [spec(shared_keys=keys).proofs("nonce") for keys in ({}, one, two, one | two)]
    assert [len(each) for each in proofs] == [1, 2, 2, 3]
    assert proofs[0] == proofs[1] & proofs[2]
    assert proofs[3] == proofs[1] | proofs[2]
    assert not spec(shared_keys={"one": Secret("y")}).proofs("nonce") - proofs[0] <= proofs[3]


def test_a_proof_does_not_contain_the_secret() -> None:
    (proof,) = spec().proofs("nonce")
    assert TOKEN not in proof
    assert len(proof) == 64


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a port below": ({"port": -1}, "port"),
    "a port above": ({"port": 65_536}, "port"),
    "no idle time": ({"idle_seconds": 0.0}, "idle"),
    "an idle time that is no number": ({"idle_seconds": float("nan")}, "idle"),
    "a reply too long": ({"reply": "x" * 1_601}, "reply"),
    "a reply that is no text": ({"reply": 7}, "reply"),
    "a URL that is none": ({"public_url": "hooks.example.org"}, "public_url"),
    "an API key alone": (
        {"connection": ApiKeyConnection(ACCOUNT, "SK" + "7" * 32, "s" * 32)},
        "auth_token",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_invalid_setting_is_rejected_by_name(name: str) -> None:
    changes, field = WRONG[name]
    with pytest.raises(ConfigurationError) as refused:
        spec(**changes)
    assert refused.value.field == field


def test_the_process_inherits_no_variable_with_a_credential(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", ACCOUNT)
    monkeypatch.setenv("MY_NOTES", f"the key is {'k3y' * 9}.")
    monkeypatch.setenv("HARMLESS", "yes")
    kept = _environment(WHOLE["everything"])
    assert kept["HARMLESS"] == "yes"
    assert not {"TWILIO_ACCOUNT_SID", "MY_NOTES"} & set(kept)


NO_LINES = [b"", b"[]", b'"a"', b"1", b"{", b"\xff", b"[" * 100_000]


@pytest.mark.parametrize("data", NO_LINES, ids=[data[:8].hex() or "empty" for data in NO_LINES])
def test_a_line_that_is_not_a_json_object_is_rejected(data: bytes) -> None:
    with pytest.raises(ValueError):
        wire.decode_line(data)


RUNTIME = Runtime(
    pid=1, port=2, control_port=3, control_token="t" * 40, started_at="2026-03-04T12:00:00+00:00"
)


def test_a_runtime_file_is_its_owners_and_read_again(tmp_path: Path) -> None:
    store = tmp_path / "inside" / "events.sqlite"
    assert Runtime.read(store) is None
    RUNTIME.write(store)
    assert Runtime.read(store) == RUNTIME
    assert runtime_file(store).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"pid": 1}', "null", '{"a": 1}'])
def test_a_runtime_file_of_something_else_is_not_there(text: str, tmp_path: Path) -> None:
    store = tmp_path / "events.sqlite"
    runtime_file(store).write_text(text)
    assert Runtime.read(store) is None
