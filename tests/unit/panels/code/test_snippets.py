"""The code a panel shows does what the panel does: every snippet is run against the sandbox."""

from __future__ import annotations

import ast
import shlex
import shutil
import subprocess
from datetime import UTC, date, datetime, timedelta, timezone
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

import pytest
from twilio.http.http_client import TwilioHttpClient

import twilio_widgets as tw
from tests.tools import without
from twilio_widgets.client import Twilio
from twilio_widgets.core.flows.listing import Filters
from twilio_widgets.core.message.parameters import form_of
from twilio_widgets.errors import NotFound
from twilio_widgets.panels.code.access import Access
from twilio_widgets.panels.code.quoting import datum, literal
from twilio_widgets.panels.code.snippets import (
    Snippet,
    cancel_snippet,
    connect_snippet,
    delete_snippet,
    get_snippet,
    list_snippet,
    redact_snippet,
    send_snippet,
)
from twilio_widgets.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
HOST = "https://api.twilio.com"
KINDS = ("auth token", "API key")
HOSTILE = (
    "plain",
    'It\'s "quoted", both ways',
    "$(touch pwned) `touch pwned` $HOME ${PATH} !! \\ \\n",
    '"""; import os; os.abort() #',
    "'; rm -rf / #",
    "line one\nline two\r\n\ttab",
    "+ & = % ? @file <tag> {name}",
    "@/etc/hostname",
    "naïve Chloé 🙂 مرحبا",
    "\u202eright to left\u2066 \x07bell \x1b[31mred",
    "%s %(x)s {0} \\u0041",
)
EVERYTHING: dict[str, object] = {
    "body": "Hi",
    "media_url": ["https://example.org/a.png", "https://example.org/b.png?x=1&y=2"],
    "status_callback": "https://example.org/status?a=1",
    "validity_period": 600,
    "smart_encoded": True,
    "provide_feedback": False,
    "attempt": 2,
    "force_delivery": True,
    "content_retention": "retain",
    "address_retention": "obfuscate",
    "send_as_mms": True,
    "shorten_urls": False,
    "persistent_action": "geo:1,2|Here",
    "risk_check": "disable",
    "traffic_type": "free",
    "application_sid": "AP" + "a" * 32,
    "max_price": 1.5,
    "message_intent": "otp",
}


class Runner:
    """Runs each language of a snippet against one sandbox, credentials in the environment."""

    def __init__(self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sandbox = sandbox
        self.forms: list[dict[str, Any]] = []
        """What the official client put into its requests."""
        account, token = sandbox.connection.credentials
        key, secret = sandbox.api_key_connection.credentials
        for name, value in {
            "TWILIO_ACCOUNT_SID": account,
            "TWILIO_SUBACCOUNT_SID": sandbox.subaccount_sid,
            "TWILIO_AUTH_TOKEN": token.reveal(),
            "TWILIO_API_KEY": key,
            "TWILIO_API_SECRET": secret.reveal(),
            "NO_PROXY": "127.0.0.1",
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(tw, "Twilio", partial(Twilio, base_url=sandbox.url))
        monkeypatch.setattr(TwilioHttpClient, "request", self._redirected())

    def _redirected(self) -> Callable[..., object]:
        plain = TwilioHttpClient.request

        def request(client: TwilioHttpClient, method: str, url: str, **more: Any) -> object:
            self.forms.append(more.get("data") or more.get("params") or {})
            answer = plain(client, method, url.replace(HOST, self.sandbox.url), **more)
            client.session.close()
            return answer

        return request

    def ours(self, snippet: Snippet) -> dict[str, Any]:
        names: dict[str, Any] = {}
        exec(snippet.ours, names)
        names["twilio"].close()
        return names

    def official(self, snippet: Snippet) -> dict[str, Any]:
        names: dict[str, Any] = {}
        exec(snippet.official, names)
        return names

    def curl(self, snippet: Snippet) -> str:
        if shutil.which("curl") is None:
            without("curl", consequence="its snippets were not run")
        command = snippet.curl.replace(HOST, self.sandbox.url)
        assert command != snippet.curl
        done = subprocess.run(
            ["bash", "-euc", f"{command} --silent --show-error --fail-with-body"],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        return done.stdout


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=3, messages=60, now=NOW) as sandbox:
        yield sandbox


@pytest.fixture
def runner(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Runner:
    return Runner(sandbox, monkeypatch)


@pytest.fixture
def present() -> Iterator[Sandbox]:
    """A sandbox at today's date: a schedule is checked against the real clock as well."""
    with Sandbox(seed=3, now=datetime.now(UTC).replace(microsecond=0)) as sandbox:
        yield sandbox


def described(sandbox: Sandbox, sid: str) -> dict[str, Any]:
    """A message as the log has it, without what differs between two sends of the same."""
    with (
        tw.Twilio.func(sandbox.connection)
        if isinstance(tw.Twilio, partial)
        else tw.Twilio(sandbox.connection) as twilio
    ):
        raw = dict(twilio.messages.get(sid).raw)
    return {key: raw[key] for key in raw if key not in {"sid", "uri", "subresource_uris"}}


def curl_form(snippet: Snippet) -> list[tuple[str, str]]:
    """The parameters of a curl command, as the shell and curl would read them."""
    words = [word for word in shlex.split(snippet.curl) if word != "\n"]
    pairs = []
    for option, value in pairwise(words):
        if option == "--data-urlencode":
            name, _, text = value.partition("=")
            pairs.append((unquote(name), text))
        elif option == "--data":
            pairs.extend(parse_qsl(value, keep_blank_values=True))
    return pairs


# Sending


@pytest.mark.parametrize("kind", KINDS)
def test_the_three_send_the_same_message(runner: Runner, sandbox: Sandbox, kind: str) -> None:
    message = {"to": sandbox.contacts[0], "from_": sandbox.numbers[0], "body": "Hi there"}
    snippet = send_snippet(kind, message)
    for run in (runner.ours, runner.official, runner.curl):
        run(snippet)
    one, two, three = sandbox.ledger

    assert (one.to, one.from_, one.body) == tuple(message.values())
    assert described(sandbox, one.sid) == described(sandbox, two.sid)
    assert described(sandbox, one.sid) == described(sandbox, three.sid)


@pytest.mark.parametrize("body", HOSTILE, ids=lambda body: ascii(body)[:30])
def test_hostile_text_stays_text_in_all_three(
    runner: Runner,
    sandbox: Sandbox,
    body: str,
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    snippet = send_snippet(
        "API key", {"to": sandbox.contacts[0], "from_": sandbox.numbers[0], "body": body}
    )
    for run in (runner.ours, runner.official, runner.curl):
        run(snippet)

    assert [accepted.body for accepted in sandbox.ledger] == [body] * 3
    assert list(tmp_path.iterdir()) == []


def test_every_parameter_is_written_as_our_client_sends_it(
    runner: Runner, sandbox: Sandbox
) -> None:
    parameters = {"to": sandbox.contacts[0], "from_": sandbox.numbers[0], **EVERYTHING}
    snippet = send_snippet("auth token", parameters)
    ours = form_of(parameters, now=NOW)
    runner.official(snippet)
    official = [
        (name, text)
        for name, value in runner.forms[-1].items()
        for text in (value if isinstance(value, list) else [str_of(value)])
    ]

    assert sorted(curl_form(snippet)) == sorted(ours)
    assert sorted(official) == sorted(ours)
    assert keywords_of(snippet.ours, "send") == {k: literal(v) for k, v in parameters.items()}


def str_of(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def keywords_of(source: str, method: str) -> dict[str | None, str]:
    """The keywords of the call of a method, as normalised source."""
    calls = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == method
    ]
    return {keyword.arg: literal(ast.literal_eval(keyword.value)) for keyword in calls[0].keywords}


def test_a_template_with_variables_is_json_on_the_wire(runner: Runner, sandbox: Sandbox) -> None:
    parameters = {
        "to": sandbox.contacts[0],
        "from_": sandbox.numbers[0],
        "content_sid": sandbox.templates[0],
        "content_variables": {"1": 'Anna "A"', "2": "12:00"},
    }
    snippet = send_snippet("auth token", parameters)
    ours = form_of(parameters, now=NOW)
    runner.official(snippet)

    assert sorted(curl_form(snippet)) == sorted(ours)
    assert runner.forms[-1]["ContentVariables"] == dict(ours)["ContentVariables"]


def test_a_schedule_means_the_same_moment_in_all_three(
    present: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner, sandbox = Runner(present, monkeypatch), present
    tokyo = timezone(timedelta(hours=9))
    moment = (present.clock.now() + timedelta(hours=2, seconds=1)).astimezone(tokyo)
    snippet = send_snippet(
        "auth token",
        {
            "to": sandbox.contacts[0],
            "messaging_service_sid": sandbox.services[0],
            "body": "Later",
            "send_at": moment,
            "validity_period": None,
        },
    )
    for run in (runner.ours, runner.official, runner.curl):
        run(snippet)

    assert [described(sandbox, one.sid)["status"] for one in sandbox.ledger] == ["scheduled"] * 3
    sandbox.clock.advance("2 hours")
    assert [described(sandbox, one.sid)["status"] for one in sandbox.ledger] == ["scheduled"] * 3
    sandbox.clock.advance("1 second")
    assert "scheduled" not in [described(sandbox, one.sid)["status"] for one in sandbox.ledger]


def test_unsupported_options_of_the_official_client_are_named(sandbox: Sandbox) -> None:
    snippet = send_snippet("auth token", {"to": "+14155550100", "tags": {"a": "b"}})

    assert "# twilio-python has no parameter for tags." in snippet.official
    assert "tags=" not in snippet.official
    assert ("Tags", '{"a":"b"}') in curl_form(snippet)


# Reading and changing


@pytest.mark.parametrize("kind", KINDS)
def test_the_three_connect(runner: Runner, sandbox: Sandbox, kind: str) -> None:
    snippet = connect_snippet(kind)

    assert runner.ours(snippet)["connection"].kind == kind
    assert runner.official(snippet)["client"].username == sandbox_user(sandbox, kind)
    assert '"incoming_phone_numbers"' in runner.curl(snippet)


def sandbox_user(sandbox: Sandbox, kind: str) -> str:
    connection = sandbox.api_key_connection if kind == "API key" else sandbox.connection
    return connection.credentials[0]


def test_the_three_read_the_same_message(runner: Runner, sandbox: Sandbox) -> None:
    with Twilio(sandbox.connection) as twilio:
        sid = next(iter(twilio.messages.list(limit=1)["sid"]))
    snippet = get_snippet("API key", sid)

    assert runner.ours(snippet)["message"].sid == sid
    assert runner.official(snippet)["message"].sid == sid
    assert f'"sid":"{sid}"' in runner.curl(snippet).replace(" ", "")


@pytest.mark.parametrize(
    "filters",
    [
        {"limit": 7},
        {"limit": None},
        {"to": "NUMBER"},
        {"from_": "NUMBER", "limit": 3},
        {"sent_on": date(2026, 1, 14)},
        {"sent_on": "2026-01-14"},
        {"sent_on": date(2026, 1, 14), "limit": 4},
        {"sent_after": date(2026, 1, 14), "limit": None, "direction": "inbound"},
        {"sent_before": "2026-01-14T12:00:00Z", "limit": 6},
        {"sent_after": date(2026, 1, 10), "sent_before": date(2026, 1, 13)},
        {"limit": 1500},
        {"direction": "inbound", "status": ["received", "delivered"]},
        {"text": "THE", "limit": 50},
        {"error_code": 30003},
    ],
    ids=str,
)
def test_ours_and_the_official_client_list_the_same_messages(
    runner: Runner, sandbox: Sandbox, filters: dict[str, object]
) -> None:
    filters = {k: sandbox.numbers[0] if v == "NUMBER" else v for k, v in filters.items()}
    snippet = list_snippet("API key", filters)
    ours = list(runner.ours(snippet)["frame"]["sid"])
    official = [message.sid for message in runner.official(snippet)["messages"]]

    assert ours == official


@pytest.mark.parametrize(
    "filters",
    [
        {"limit": 7},
        {"limit": None},
        {"limit": 1500},
        {"sent_on": date(2026, 1, 14), "limit": 4},
        {"sent_after": date(2026, 1, 10), "sent_before": date(2026, 1, 13), "to": "+14155550100"},
        {"sent_after": datetime(2026, 1, 14, 23, tzinfo=UTC)},
    ],
    ids=str,
)
def test_all_three_list_with_the_same_query(runner: Runner, filters: dict[str, Any]) -> None:
    snippet = list_snippet("API key", filters)
    asked = {name: value for name, value in filters.items() if name != "limit"}
    ours = Filters(**asked).request("", limit=filters.get("limit", 1000)).query

    runner.official(snippet)
    official = {name: str(value) for name, value in runner.forms[0].items()}

    assert official == dict(ours)
    for name, value in ours:
        assert datum(name, value) in snippet.curl
    assert snippet.curl.count("--data") == len(ours)


def test_a_form_that_is_not_complete_has_a_snippet_all_the_same() -> None:
    assert "PageSize=1000" in list_snippet("API key", {"sent_on": date(9999, 12, 31)}).curl


def test_curl_lists_the_same_messages_a_page_at_a_time(runner: Runner, sandbox: Sandbox) -> None:
    snippet = list_snippet("API key", {"from_": sandbox.numbers[0], "limit": 5})
    frame = runner.ours(snippet)["frame"]
    answer = runner.curl(snippet)

    assert len(frame) == 5
    assert [sid for sid in frame["sid"] if sid not in answer] == []
    assert answer.count('"body"') == 5


def test_unsupported_filters_are_named_in_curl() -> None:
    snippet = list_snippet("API key", {"status": "failed", "text": "x", "limit": 10})

    assert snippet.curl.startswith(
        "# Twilio cannot filter by status and text: filter the response.\n"
    )
    assert list_snippet("API key", {"limit": None}).curl.startswith("# One page.")


def test_the_three_cancel_redact_and_delete(
    present: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner, sandbox = Runner(present, monkeypatch), present
    plan = {
        "to": sandbox.contacts[0],
        "messaging_service_sid": sandbox.services[0],
        "body": "Later",
        "send_at": present.clock.now() + timedelta(hours=1),
    }
    runs = (runner.ours, runner.official, runner.curl)
    for run in runs:
        run(send_snippet("auth token", plan))
    sids = [accepted.sid for accepted in sandbox.ledger]
    for make in (cancel_snippet, redact_snippet):
        for run, sid in zip(runs, sids, strict=True):
            run(make("auth token", sid))
    left = [described(sandbox, sid) for sid in sids]

    assert [(message["status"], message["body"]) for message in left] == [("canceled", "")] * 3
    sandbox.clock.advance("1 day")
    for run, sid in zip(runs, sids, strict=True):
        run(delete_snippet("auth token", sid))
    for sid in sids:
        with pytest.raises(NotFound):
            described(sandbox, sid)


# Where, and what is never in it


def test_a_subaccount_is_acted_on_with_the_parents_credentials(
    runner: Runner, sandbox: Sandbox
) -> None:
    where = Access(kind="auth token", subaccount=True)
    snippet = connect_snippet(where)
    answers = (runner.ours(snippet)["connection"], runner.official(snippet)["client"])

    assert answers[0].acting_sid == sandbox.subaccount_sid
    assert answers[1].account_sid == sandbox.subaccount_sid
    assert sandbox.subaccount_sid in runner.curl(snippet)


def test_a_region_leads_all_three_to_the_same_host() -> None:
    connection = tw.ApiKeyConnection("AC" + "0" * 32, "SK" + "1" * 32, "secret", region="ie1")
    snippet = connect_snippet(connection)

    assert 'region="ie1"' in snippet.ours
    assert 'region="ie1",\n    edge="dublin"' in snippet.official
    assert '"https://api.dublin.ie1.twilio.com/2010-04-01' in snippet.curl


def test_no_snippet_holds_a_credential_or_an_account() -> None:
    connection = tw.ApiKeyConnection(
        "AC" + "0" * 32, "SK" + "1" * 32, "s3cret", "t0ken", subaccount_sid="AC" + "2" * 32
    )
    snippets = [
        connect_snippet(connection),
        send_snippet(connection, {"to": "+14155550100", "body": "Hi"}),
        list_snippet(connection, {}),
        get_snippet(connection, "SM" + "3" * 32),
    ]
    text = "".join(text for snippet in snippets for _title, text in snippet.tabs)

    hidden = ("0" * 32, "1" * 32, "s3cret", "t0ken", "2" * 32)
    assert [value for value in hidden if value in text] == []
    assert 'auth_token=os.environ["TWILIO_AUTH_TOKEN"]' in text


def test_a_sid_that_is_typed_badly_stays_inside_its_quotes() -> None:
    snippet = get_snippet("auth token", 'SM"; $(touch pwned) `x` ../..')

    ast.parse(snippet.ours)
    ast.parse(snippet.official)
    address = shlex.split(snippet.curl)[1]
    assert (
        address.rpartition("/")[2] == "SM%22%3B%20%24%28touch%20pwned%29%20%60x%60%20..%2F...json"
    )


def test_the_sandbox_is_shown_as_one_runs_it(sandbox: Sandbox) -> None:
    snippet = send_snippet("sandbox", {"to": "+14155550100", "from_": "+15005550006", "body": "Hi"})
    names: dict[str, Any] = {}
    exec(snippet.ours, names)
    names["twilio"].close()

    assert [accepted.body for accepted in names["sandbox"].ledger] == ["Hi"]
    assert snippet.official.startswith("# The sandbox runs in the kernel.")
    names["sandbox"].close()


def test_text_is_written_in_double_quotes_where_that_is_easier_to_read() -> None:
    assert literal("plain") == '"plain"'
    assert literal('say "hi"') == "'say \"hi\"'"
    assert literal("it's") == '"it\'s"'
    assert [ast.literal_eval(literal(text)) for text in HOSTILE] == list(HOSTILE)
