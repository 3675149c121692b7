"""What a listener cannot be is refused before a process is started, and the argument named."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from twilio_widgets.core.credentials.connection import AuthTokenConnection
from twilio_widgets.core.credentials.secret import Secret
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.listener.control.spec import Spec, secrets_of
from twilio_widgets.listener.events.store import LONGEST_RETENTION

CONNECTION = AuthTokenConnection("AC" + "1" * 32, "c0ffee" + "5a" * 13)


def spec(tmp_path: Path, **changes: Any) -> Spec:
    return Spec(connection=CONNECTION, store=tmp_path / "events.sqlite", **changes)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        *(({"port": port}, "port") for port in ("8080", None, -1, 65536, 8080.0, True)),
        *(({"idle_seconds": idle}, "idle") for idle in ("x", 0, 0.5, -1, math.nan, True)),
        *(
            ({"retention_days": days}, "retention_days")
            for days in ("30", 0, -1, math.nan, math.inf, 1e12, LONGEST_RETENTION + 1, True)
        ),
        *(({"reply": reply}, "reply") for reply in (5, b"x", "x" * 1601)),
        *(({"public_url": url}, "public_url") for url in ("example.com", "", 5)),
    ],
)
def test_an_invalid_setting_is_rejected_by_name(tmp_path: Path, given: Any, field: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        spec(tmp_path, **given)
    assert refused.value.field == field


@pytest.mark.parametrize("days", [0.5, LONGEST_RETENTION, None, ...])
def test_the_retention_survives_json(tmp_path: Path, days: Any) -> None:
    made = spec(tmp_path, retention_days=days)
    assert Spec.from_json(made.to_json()).retention_days == days


def test_a_retention_that_would_delete_everything_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="None to keep events until forget"):
        spec(tmp_path, retention_days=-1)


@pytest.mark.parametrize("given", ["abc", ["k"], {"k": 5}, {5: "x"}, {"": "x"}, {"k": ""}, 5])
def test_shared_keys_are_texts_by_text(given: Any) -> None:
    with pytest.raises(ConfigurationError) as refused:
        secrets_of(given)
    assert refused.value.field == "shared_keys"


def test_shared_keys_become_secrets() -> None:
    assert secrets_of(None) == {}
    assert secrets_of({"k": "x", "l": Secret("y")}) == {"k": Secret("x"), "l": Secret("y")}
