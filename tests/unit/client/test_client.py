"""The face: what it is made with, what it does without pandas, copies, and half-read lists."""

from __future__ import annotations

import asyncio
import base64
import copy
import logging
import pickle
import subprocess
import sys
from datetime import UTC, datetime
from inspect import signature

import numpy as np
import pandas as pd
import pytest

from twilio_widgets import ApiKeyConnection, AsyncTwilio, AuthTokenConnection, Sandbox, Twilio
from twilio_widgets.core.http import backends as wire
from twilio_widgets.core.message.parameters import form_of
from twilio_widgets.errors import (
    ApiError,
    ConfigurationError,
    InvalidMessage,
    OutcomeUnknown,
    RateLimited,
    RejectedMessage,
    TwilioWidgetsError,
)

ACCOUNT, KEY = "AC" + "1" * 32, "SK" + "1" * 32
CONNECTION = AuthTokenConnection(ACCOUNT, "token")
TO, FROM = "+14155550123", "+15005550006"


@pytest.mark.parametrize("timeout", [0, -1, None, "30", float("nan"), float("inf"), 1e12, True])
@pytest.mark.parametrize("make", [Twilio, AsyncTwilio])
def test_an_invalid_timeout_is_refused_at_once(make, timeout):
    with pytest.raises(ConfigurationError, match="timeout") as caught:
        make(CONNECTION, timeout=timeout)
    assert caught.value.field == "timeout"


@pytest.mark.parametrize("timeout", [-1, None, "60", float("nan")])
def test_waiting_for_no_time_at_all_is_refused(timeout):
    with Sandbox() as sandbox:
        twilio = Twilio(sandbox.connection)
        sid = twilio.messages.send(TO, from_=sandbox.numbers[0], body="Hi").sid
        with pytest.raises(ConfigurationError, match="timeout"):
            twilio.messages.wait(sid, timeout)


WITHOUT = """
import sys
for name in {missing!r}:
    sys.modules[name] = None
import twilio_widgets as tw
from twilio_widgets.errors import ConfigurationError
sandbox = tw.Sandbox(messages=3, now="2026-01-15T12:00:00Z")
twilio = tw.Twilio(sandbox.connection)
message = twilio.messages.send("+14155550123", from_=sandbox.numbers[0], body="Hi")
assert twilio.messages.wait(message.sid).status == "delivered"
assert len(list(twilio.messages.iterate())) == 4
try:
    twilio.messages.list()
except ConfigurationError as error:
    print(error)
"""


@pytest.mark.parametrize("missing", [["pandas"], ["pyarrow"], ["msgspec"], ["numpy", "pandas"]])
def test_without_the_libraries_of_frames_the_rest_works_and_list_says_what_to_use(missing):
    """JupyterLite has none of them."""
    command = [sys.executable, "-c", WITHOUT.format(missing=missing)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "messages.iterate" in told
    assert any(name in told for name in missing)


class TestHalfReadLists:
    def test_rows_read_before_a_failure_are_kept_and_reported(self):
        with Sandbox(messages=2500) as sandbox:
            twilio = Twilio(sandbox.connection)

            def storm(reading):
                if reading.pages == 2:
                    sandbox.fail(status=429, retry_after=999, times=9)

            with pytest.raises(RateLimited) as caught:
                twilio.messages.list(limit=None, progress=storm)
        kept = twilio.messages.interrupted
        assert (len(kept), kept.attrs["complete"]) == (2000, False)
        assert "2,000 messages on 2 pages" in caught.value.__notes__[0]

    def test_rows_read_before_a_cancel_are_kept(self):
        with Sandbox(messages=2500) as sandbox:
            twilio = AsyncTwilio(sandbox.connection, base_url=sandbox.url)

            async def cancelled() -> None:
                def stop(reading):
                    if reading.pages == 2:
                        task.cancel()

                task = asyncio.ensure_future(twilio.messages.list(limit=None, progress=stop))
                with pytest.raises(asyncio.CancelledError):
                    await task
                await twilio.aclose()

            asyncio.run(cancelled())
        assert len(twilio.messages.interrupted) == 2000

    def test_a_failure_on_the_first_page_leaves_nothing_behind(self):
        with Sandbox(messages=5) as sandbox:
            twilio = Twilio(sandbox.connection)
            sandbox.fail(status=429, retry_after=999, times=9)
            with pytest.raises(RateLimited):
                twilio.messages.list()
        assert twilio.messages.interrupted is None


def test_a_filter_accepts_the_values_of_a_frame():
    with Sandbox(messages=500, seed=5) as sandbox:
        twilio = Twilio(sandbox.connection)
        code = twilio.messages.list(limit=None)["error_code"].dropna().iloc[0]
        expected = twilio.messages.list(limit=None, error_code=int(code))
        for given in (np.int64(code), str(code), [str(code)], pd.Series([code])):
            assert twilio.messages.list(limit=None, error_code=given).equals(expected)
        assert len(expected)
        with pytest.raises(ConfigurationError, match="error_code"):
            twilio.messages.list(error_code="thirty")


class TestParameters:
    def form(self, **given):
        now = datetime(2026, 1, 15, tzinfo=UTC)
        return form_of({"to": TO, "from_": FROM, "body": "Hi"} | given, now=now)

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({"media_url": "https://[bad"}, "media_url"),
            ({"media_url": "https://a.example:99999/x"}, "media_url"),
            ({"status_callback": "https://[bad"}, "status_callback"),
            ({"content_sid": "HX1", "content_variables": {"1": "a \ud83d"}}, "content_variables"),
            ({"content_sid": "HX1", "content_variables": {"1": object()}}, "content_variables"),
            ({"content_sid": "HX1", "content_variables": {"1": float("nan")}}, "content_variables"),
            ({"tags": {("a", "b"): 1}}, "tags"),
            ({"persistent_action": b"bytes"}, "persistent_action"),
            ({"persistent_action": ["x", None]}, "persistent_action"),
            ({"validity_period": 1.5}, "validity_period"),
            ({"validity_period": True}, "validity_period"),
            ({"send_at": pd.NaT}, "send_at"),
            ({"body": float("nan")}, "body"),
        ],
    )
    def test_an_unencodable_request_is_refused_before_anything_is_sent(self, given, field):
        with pytest.raises(InvalidMessage) as caught:
            self.form(**given)
        assert caught.value.field == field

    def test_numbers_of_a_frame_are_numbers(self):
        given = {"validity_period": np.int64(600), "attempt": np.int64(2), "max_price": 0.5}
        assert self.form(**given)[-3:] == (
            ("ValidityPeriod", "600"),
            ("Attempt", "2"),
            ("MaxPrice", "0.5"),
        )


def test_sending_works_under_a_tracer():
    """locals() is one dictionary in a traced frame, and a debugger's look adds names to it."""
    with Sandbox() as sandbox:
        twilio = Twilio(sandbox.connection)

        def trace(frame, _event, _argument):
            frame.f_locals  # noqa: B018  # what a debugger does
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            message = twilio.messages.send(TO, from_=sandbox.numbers[0], body="Hi")
        finally:
            sys.settrace(before)
    assert message.body == "Hi"


class TestCopies:
    @pytest.mark.parametrize("make", [Twilio, AsyncTwilio])
    def test_a_client_is_not_pickled_or_deeply_copied(self, make):
        client = make(CONNECTION)
        for refused in (pickle.dumps, copy.deepcopy):
            with pytest.raises(TypeError):
                refused(client)

    def test_a_shallow_copy_is_the_same_client(self):
        with Sandbox() as sandbox:
            twilio = Twilio(sandbox.connection)
            assert copy.copy(twilio).check().ok
            assert copy.copy(twilio).messages is twilio.messages

    @pytest.mark.parametrize(
        "error",
        [
            RejectedMessage("No", status=400, code=21211, about=TO),
            RateLimited("Slow down", status=429),
            InvalidMessage("No", field="to"),
            ConfigurationError("No", field="timeout"),
            OutcomeUnknown("Lost", parameters={"To": (TO,)}, started_at=datetime.now(UTC)),
        ],
    )
    @pytest.mark.parametrize("copied", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy])
    def test_an_error_survives_another_process(self, error, copied):
        """A pool breaks or hangs if its worker raises an error that cannot be unpickled."""
        again = copied(error)
        assert type(again) is type(error)
        assert (str(again), vars(again)) == (str(error), vars(error))


def test_every_error_of_the_tree_can_be_copied():
    kinds = [TwilioWidgetsError]
    for kind in kinds:
        kinds.extend(kind.__subclasses__())
    for kind in kinds:
        facts = {
            each.name: 500 if each.name == "status" else "x"
            for each in signature(kind.__init__).parameters.values()
            if each.kind is each.KEYWORD_ONLY and each.default is each.empty
        }
        error = kind("No", **facts)
        assert str(copy.copy(error)) == str(error)


CANARIES = ("canaryKeySecret0", "canaryAuthToken1", "canaryTokenTwo22")


@pytest.mark.parametrize("speak", [{"asyncio"}, {"asyncio", "httpx", "httpcore"}], ids=len)
def test_no_log_of_any_library_holds_a_secret_or_a_number(caplog, monkeypatch, speak):
    """At DEBUG: asyncio, uvicorn, and whatever else speaks; where we need it, httpx as well."""
    if "httpx" in speak:
        monkeypatch.setattr(wire, "_is_direct", lambda _inside, _proxy: False)
    with Sandbox() as sandbox, caplog.at_level(logging.DEBUG):
        connections = [
            ApiKeyConnection(ACCOUNT, KEY, CANARIES[0], CANARIES[1]),
            AuthTokenConnection(ACCOUNT, CANARIES[2]),
        ]

        async def use(connection) -> None:
            async with AsyncTwilio(connection, base_url=sandbox.url) as twilio:
                await twilio.check()
                with pytest.raises(ApiError):
                    await twilio.messages.list(to=TO)
                with pytest.raises(ApiError):
                    await twilio.messages.send(TO, from_=FROM, body="Hi")

        for connection in connections:
            asyncio.run(use(connection), debug=True)
            with Twilio(connection, base_url=sandbox.url) as twilio:
                assert not twilio.check()
                with pytest.raises(ApiError):
                    twilio.messages.list(to=TO)
        with Twilio(connections[0], base_url="https://127.0.0.1:9", timeout=1) as twilio:
            assert not twilio.check()
    heard = {record.name.split(".")[0] for record in caplog.records}
    assert heard >= speak
    shown = caplog.text + "".join(repr(vars(record)) for record in caplog.records)
    pairs = [f"{KEY}:{CANARIES[0]}", f"{ACCOUNT}:{CANARIES[2]}"]
    written = [base64.b64encode(pair.encode()).decode() for pair in pairs]
    for secret in (*CANARIES, *written, "4155550123"):
        assert secret not in shown


@pytest.mark.parametrize("name", ["body", "to", "from_", "media_url", "validity_period"])
@pytest.mark.parametrize("value", [pd.NA, pd.NaT, float("nan"), np.float64("nan")], ids=str)
def test_a_missing_value_of_a_table_is_refused_by_name(name, value):
    given = {"to": TO, "from_": FROM, "body": "Hi"} | {name: value}

    with pytest.raises(InvalidMessage, match=f"{name} is missing in the table"):
        form_of(given, now=datetime.now(UTC))


def test_an_invalid_filter_is_refused_with_a_sentence():
    with Sandbox(messages=2) as sandbox:
        messages = Twilio(sandbox.connection).messages
        for given in ({"to": pd.NA}, {"to": 14155550123}, {"from_": 5}, {"text": 5}):
            with pytest.raises(ConfigurationError, match="as text"):
                messages.list(**given)
        for given in ({"status": pd.NA}, {"status": 5}, {"direction": ["inbound", pd.NaT]}):
            with pytest.raises(ConfigurationError, match="must be text, or a list of texts"):
                messages.list(**given)
        with pytest.raises(ConfigurationError, match="sent_after is missing in the table"):
            messages.list(sent_after=pd.NaT)
        with pytest.raises(InvalidMessage, match="body is missing"):
            messages.send(TO, from_=sandbox.numbers[0], body=pd.NA)


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda twilio, sid: twilio.messages.wait(sid, seen=5), "seen"),
        (lambda twilio, _sid: twilio.messages.list(progress=5), "progress"),
        (lambda twilio, _sid: twilio.messages.list(progress="yes"), "progress"),
        (lambda twilio, _sid: twilio.messages.list(text=5), "text"),
        (lambda twilio, _sid: twilio.messages.list(status=5), "status"),
        (lambda twilio, _sid: twilio.messages.list(error_code="filtered"), "error_code"),
        (lambda twilio, _sid: twilio.raw("/Accounts.json", frame=True, progress=5), "progress"),
    ],
)
def test_an_argument_is_checked_before_anything_is_sent(call, field):
    with Sandbox(messages=1) as sandbox:
        twilio = Twilio(sandbox.connection)
        sid = twilio.messages.list()["sid"].iloc[0]
        sandbox.fail(status=401)
        with pytest.raises(ConfigurationError) as caught:
            call(twilio, sid)
        assert caught.value.field == field
        assert not twilio.check(), "the failure was still ahead: no request had been made"
