"""The code the raw request card shows makes the request the card makes: run on the sandbox."""

from __future__ import annotations

import ast
import json
import os
import shlex
import shutil
import subprocess
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from twilio.http.http_client import TwilioHttpClient

import twilio_widgets as tw
from tests.tools import without
from twilio_widgets.client import Twilio
from twilio_widgets.panels.code.access import Access
from twilio_widgets.panels.inputs.file_upload import ChosenFile
from twilio_widgets.panels.inputs.pairs_table import Pair
from twilio_widgets.panels.raw.draft import RawDraft
from twilio_widgets.panels.raw.snippets import RawSnippet, raw_snippet
from twilio_widgets.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOST = "https://api.twilio.com"
TOKEN = Access.of("auth token")
MESSAGES = "/Accounts/$TWILIO_ACCOUNT_SID/Messages.json"
HOSTILE = (
    'It\'s "quoted", both ways',
    "$(touch pwned) `touch pwned` $HOME ${PATH} !! \\ \\n",
    '"""; import os; os.abort() #',
    "'; rm -rf / #",
    "line one\nline two",
    "+ & = % ? @file <tag> {name}",
    "@/etc/hostname",
    "naïve Chloé 🙂 مرحبا",
    "\u202eright to left\u2066 \x1b[31mred",
    "%s %(x)s {0} \\u0041",
)


def data_of(*rows: tuple[str, str]) -> tuple[Pair, ...]:
    return tuple(Pair(*row) for row in rows)


def post(*rows: tuple[str, str], **more: Any) -> RawDraft:
    draft = {"method": "POST", "path": MESSAGES, "body": "data", "data": data_of(*rows)} | more
    return RawDraft(**draft)  # type: ignore[arg-type]


class Runner:
    """Runs each language of a snippet against one sandbox, credentials in the environment."""

    def __init__(self, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sandbox = sandbox
        account, token = sandbox.connection.credentials
        monkeypatch.setenv("TWILIO_ACCOUNT_SID", account)
        monkeypatch.setenv("TWILIO_AUTH_TOKEN", token.reveal())
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setattr(tw, "Twilio", partial(Twilio, base_url=sandbox.url))
        plain_official, plain_httpx = TwilioHttpClient.request, httpx.request

        def official(client: TwilioHttpClient, method: str, url: str, **more: Any) -> object:
            answer = plain_official(client, method, url.replace(HOST, sandbox.url), **more)
            client.session.close()
            return answer

        def direct(method: str, url: str, **more: Any) -> httpx.Response:
            return plain_httpx(method, url.replace(HOST, sandbox.url), trust_env=False, **more)

        monkeypatch.setattr(TwilioHttpClient, "request", official)
        monkeypatch.setattr(httpx, "request", direct)

    def run(self, code: str) -> dict[str, Any]:
        names: dict[str, Any] = {}
        exec(code, names)
        if "twilio" in names:
            names["twilio"].close()
        return names

    def curl(self, snippet: RawSnippet) -> str:
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

    def everything(self, draft: RawDraft) -> RawSnippet:
        """Run a request in every language."""
        snippet = raw_snippet(TOKEN, draft)
        self.run(snippet.ours)
        self.run(snippet.httpx)
        self.curl(snippet)
        if not snippet.official.startswith("# twilio-python sends no"):
            self.run(snippet.official)
        return snippet

    @property
    def bodies(self) -> list[str]:
        return [message.body for message in self.sandbox.ledger]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seed=3, messages=30) as sandbox:
        yield sandbox


@pytest.fixture
def runner(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Runner:
    return Runner(sandbox, monkeypatch)


def test_four_languages_read_the_same(runner: Runner) -> None:
    draft = RawDraft(path=f"{MESSAGES}?PageSize=2", query=data_of(("Page", "1"), ("To", "")))
    snippet = raw_snippet(TOKEN, draft)
    ours = runner.run(snippet.ours)["response"].data

    assert len(ours["messages"]) == 2
    assert runner.run(snippet.official)["data"] == ours
    assert runner.run(snippet.httpx)["data"] == ours
    assert json.loads(runner.curl(snippet)) == ours


def test_a_url_of_another_host_is_read_in_four_languages(
    runner: Runner, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tw, "Twilio", lambda _connection: Twilio(sandbox.connection))
    draft = RawDraft(path="https://Messaging.twilio.com/v1/Services?PageSize=1")
    snippet = raw_snippet(TOKEN, draft)
    service = runner.run(snippet.ours)["response"].data["services"][0]["sid"]

    assert 'twilio.raw("https://Messaging.twilio.com/v1/Services?PageSize=1")' in snippet.ours
    codes = [snippet.official, snippet.httpx, snippet.curl]
    official, direct, command = (
        code.replace("https://messaging.twilio.com", sandbox.url) for code in codes
    )
    assert runner.run(official)["data"]["services"][0]["sid"] == service
    assert runner.run(direct)["data"]["services"][0]["sid"] == service
    in_curl = runner.curl(replace(snippet, curl=command.replace(sandbox.url, HOST)))
    assert json.loads(in_curl)["services"][0]["sid"] == service


def test_twilio_python_has_the_edge_and_region_of_a_url_and_no_others() -> None:
    """Its client puts its own into every URL."""
    there = Access(kind="auth token", host="api.sydney.au1.twilio.com", region="au1")
    plain = RawDraft(path="https://content.twilio.com/v1/Content")
    placed = RawDraft(path="https://content.dublin.ie1.twilio.com/v1/Content")

    assert "region=" not in raw_snippet(there, plain).official
    assert 'region="ie1"' in raw_snippet(there, placed).official
    assert 'edge="dublin"' in raw_snippet(there, placed).official
    assert '"https://content.dublin.ie1.twilio.com/v1/Content"' in raw_snippet(there, placed).httpx


def test_identities_and_the_own_account_in_a_url() -> None:
    path = "https://chat.twilio.com/v2/Services/IS1/Users/bob@example.com:1/$TWILIO_ACCOUNT_SID"
    snippet = raw_snippet(TOKEN, RawDraft(path=path))

    assert (
        'chat.twilio.com/v2/Services/IS1/Users/bob@example.com:1/" + os.environ[' in snippet.httpx
    )
    assert "Users/bob@example.com:1/${TWILIO_ACCOUNT_SID}" in snippet.curl


@pytest.mark.parametrize("text", HOSTILE)
def test_any_typed_text_arrives_unchanged(
    runner: Runner, sandbox: Sandbox, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    runner.everything(post(("To", "+14155550123"), ("From", sandbox.numbers[0]), ("Body", text)))

    assert runner.bodies == [text] * 4
    assert os.listdir(tmp_path) == []  # noqa: PTH208


def test_a_name_that_is_repeated_is_sent_each_time(runner: Runner, sandbox: Sandbox) -> None:
    urls = ("https://example.com/a.png", "https://example.com/b.png")
    rows = [("To", "+14155550123"), ("From", sandbox.numbers[0]), ("Body", "Look")]
    runner.everything(post(*rows, *(("MediaUrl", url) for url in urls)))

    with Twilio(sandbox.connection) as twilio:
        sent = [twilio.messages.get(message.sid).num_media for message in sandbox.ledger]
    assert sent == [2] * 4


def test_a_multipart_body_with_a_file_is_sent_where_it_can_be(
    runner: Runner, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'a "b".txt').write_bytes(b"abc")
    snippet = runner.everything(
        post(
            body="multipart",
            form=data_of(
                ("To", "+14155550123"), ("From", sandbox.numbers[0]), ("Body", "@/etc/hostname")
            ),
            files=(ChosenFile(1, "Picture", 'a "b".txt', 3, b"abc"),),
        )
    )

    assert runner.bodies == ["@/etc/hostname"] * 3
    assert snippet.official == "# twilio-python cannot send multipart bodies: see the other tabs."


def test_a_text_is_sent_as_it_stands_where_it_can_be(runner: Runner, sandbox: Sandbox) -> None:
    text = f"To=%2B14155550123&From=%2B{sandbox.numbers[0][1:]}&Body='$HOME'"
    kind = "application/x-www-form-urlencoded"
    snippet = runner.everything(post(body="text", text=text, content_type=kind))

    assert runner.bodies == ["'$HOME'"] * 3
    assert (
        snippet.official == "# twilio-python cannot send bodies of plain text: see the other tabs."
    )


def test_the_code_shown_has_every_input() -> None:
    draft = RawDraft(
        method="POST",
        path=MESSAGES,
        body="data",
        data=data_of(("Body", "Hello")),
        query=data_of(("A", "1"), ("a", "2")),
        headers=data_of(("X-One", "1")),
        max_retries=2,
        retry_delay_ms=250,
        retry_all_errors=True,
        repeat_unsafe=True,
        timeout=5.0,
        answer="text",
    )

    assert (
        raw_snippet(Access.of("sandbox"), draft).ours
        == """\
import twilio_widgets as tw

sandbox = tw.Sandbox(messages=200)
twilio = tw.Twilio(sandbox.connection)

response = twilio.raw(
    "/Accounts/$TWILIO_ACCOUNT_SID/Messages.json",
    "POST",
    data={"Body": "Hello"},
    query_params=[["A", "1"], ["a", "2"]],
    headers={"X-One": "1"},
    max_retries=2,
    retry_delay_ms=250,
    retry_all_errors=True,
    repeat_unsafe=True,
    timeout=5.0,
    response_type="text",
)"""
    )


def test_unsupported_options_of_a_language_are_named() -> None:
    retried = raw_snippet(TOKEN, RawDraft(path=MESSAGES, max_retries=2))
    listed = raw_snippet(TOKEN, RawDraft(path=MESSAGES, answer="frame", limit=50))

    for code in (retried.official, retried.httpx, retried.curl):
        assert "# Sent once: only twilio_widgets applies the retry settings." in code
    for code in (listed.official, listed.httpx, listed.curl):
        assert "# One page. Its next_page_uri is the path of the next page." in code
        assert "50" in code
    others = RawDraft(path="https://content.twilio.com/v1/Content", answer="frame")
    assert "# One page. next_page_url in its meta" in raw_snippet(TOKEN, others).curl


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "PUT", "OPTIONS"])
def test_curl_sends_the_method(method: str) -> None:
    command = raw_snippet(TOKEN, RawDraft(method=method, path=MESSAGES)).curl
    words = shlex.split(command.replace("\\\n", ""))
    expected = {"GET": [], "HEAD": ["--head"]}.get(method, ["--request", method])

    assert words[4:] == expected


@pytest.mark.parametrize("kind", ["auth token", "API key", "sandbox"])
@pytest.mark.parametrize(
    "path",
    [
        *("", "?", "/Accounts/{Sid", 'a"b$(id)`id`\\', "\ud83d", MESSAGES),
        *("https://content.twilio.com/$(id)`id`", "https://evil.example/x", "https://"),
    ],
)
@pytest.mark.parametrize("body", ["none", "data", "multipart", "text"])
def test_half_filled_fields_make_code_that_can_be_read(kind: str, path: str, body: str) -> None:
    rows = data_of(("", "x"), ("\ud83d", "\x00"))
    files = (ChosenFile(1, "", "\ud83d\x00", 0),)
    draft = RawDraft(
        method="POST", path=path, query=rows, headers=rows, body=body,  # type: ignore[arg-type]
        data=rows, form=rows, files=files, text="\x00", answer="binary",
    )  # fmt: skip
    snippet = raw_snippet(Access.of(kind), draft)

    for title, code in snippet.tabs:
        assert code
        if title != "curl":
            ast.parse(code.encode("utf-8", "replace").decode())
        elif path != 'a"b$(id)`id`\\':
            assert "\x00" not in code
    assert "$(id)" not in snippet.curl
    assert "`" not in snippet.curl.replace("'", "").split("--header")[0]


def test_no_code_holds_a_credential(sandbox: Sandbox) -> None:
    account, token = sandbox.connection.credentials
    snippet = raw_snippet(Access.of(sandbox.connection), RawDraft(path=MESSAGES))

    for _title, code in snippet.tabs:
        assert token.reveal() not in code
        assert account not in code
