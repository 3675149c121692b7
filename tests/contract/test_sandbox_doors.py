"""The sandbox's transports, in process and socket, return identical bytes and the same faults."""

from __future__ import annotations

import asyncio
import contextlib
import io
import re
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from twilio_widgets.core.http.hosts import VERSIONS
from twilio_widgets.errors import SandboxError
from twilio_widgets.sandbox import Sandbox
from twilio_widgets.sandbox.__main__ import main
from twilio_widgets.sandbox.api.routes import ROUTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOW = "2026-03-04T12:00:00Z"
ROOT = "/2010-04-01/Accounts"
ADDED_BY_THE_SERVER = {"connection"}


def client_of(sandbox: Sandbox, door: str, **options: Any) -> httpx.Client:
    """Return a client with one transport or the other."""
    name, secret = sandbox.connection.credentials
    account = sandbox.connection.account_sid
    if door == "in process":
        options |= {
            "transport": sandbox.wire,
            "base_url": f"https://api.twilio.com{ROOT}/{account}",
        }
    else:
        options |= {"base_url": f"{sandbox.url}{ROOT}/{account}"}
    return httpx.Client(auth=(name, secret.reveal()), **{"timeout": 5.0} | options)


@pytest.fixture(params=["in process", "over a socket"])
def door(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(seed=5, messages=60, now=NOW) as sandbox:
        yield sandbox


@pytest.fixture
def http(box: Sandbox, door: str) -> Iterator[httpx.Client]:
    with client_of(box, door) as client:
        yield client


def conversation(sandbox: Sandbox, door: str) -> list[tuple[int, list[tuple[str, str]], bytes]]:
    """Do a bit of everything, and return every answer in full."""
    answers = []
    with client_of(sandbox, door) as http:
        message = {"To": sandbox.contacts[0], "From": sandbox.numbers[0], "Body": "Grüße 👋\n<&>"}
        created = http.post("/Messages.json", data=message | {"MediaUrl": "https://x.test/a.png"})
        answers.append(created)
        sid = created.json()["sid"]
        sandbox.clock.advance("1 min")
        media = http.get(f"/Messages/{sid}/Media.json")
        picture = http.get(f"/Messages/{sid}/Media/{media.json()['media_list'][0]['sid']}")
        answers += [
            http.get("/Messages.json", params={"PageSize": 3, "DateSent>": "2026-01-01"}),
            http.get("/Messages?PageSize=3"),
            http.get(f"/Messages/{sid}"),
            media,
            picture,
            http.get(str(http.base_url.copy_with(path=picture.headers["location"]))),
            http.post(
                "/Messages.json", files={name: (None, text) for name, text in message.items()}
            ),
            http.post("/Messages.json", json=message),
            http.get("/Balance.json"),
            http.get("/Nowhere.json"),
            http.put("/Messages.json"),
            http.get("/Messages.json", auth=("AC" + "0" * 32, "wrong")),
            http.delete(f"/Messages/{sid}.json"),
        ]
    return [
        (
            one.status_code,
            [pair for pair in one.headers.items() if pair[0] not in ADDED_BY_THE_SERVER],
            one.content,
        )
        for one in answers
    ]


def test_both_transports_return_identical_bytes() -> None:
    """Status, headers and body, JSON, XML and pictures alike."""
    with Sandbox(seed=5, messages=60, now=NOW) as one, Sandbox(seed=5, messages=60, now=NOW) as two:
        inside = conversation(one, "in process")
        outside = conversation(two, "over a socket")

    assert [answer[0] for answer in inside] == [
        201, 200, 200, 200, 200, 307, 200, 201, 400, 200, 404, 405, 401, 204,
    ]  # fmt: skip
    assert inside == outside


FAULTS: list[tuple[str, type[Exception], int]] = [
    ("reset_before_read", httpx.ReadError, 0),
    ("close_before_read", httpx.RemoteProtocolError, 0),
    ("reset_after_accept", httpx.ReadError, 1),
    ("close_after_accept", httpx.RemoteProtocolError, 1),
    ("hang", httpx.ReadTimeout, 1),
    ("truncated", httpx.RemoteProtocolError, 1),
]


@pytest.mark.parametrize(("fault", "error", "accepted"), FAULTS)
def test_both_transports_break_in_the_same_way(
    fault: str, error: type[Exception], accepted: int, box: Sandbox, door: str
) -> None:
    """The client sees the same exception class, and the ledger shows what really happened."""
    box.fail(fault=fault)
    with client_of(box, door, timeout=0.3) as http, pytest.raises(error):
        http.post("/Messages.json", data=message(box))

    assert len(box.ledger) == accepted


@pytest.mark.parametrize("fault", ["not_json", "html"])
def test_an_unreadable_answer_was_accepted(fault: str, box: Sandbox, http: httpx.Client) -> None:
    box.fail(fault=fault)

    answer = http.post("/Messages.json", data=message(box))

    assert answer.status_code == 201
    with pytest.raises(ValueError):
        answer.json()
    assert len(box.ledger) == 1


def message(box: Sandbox) -> dict[str, str]:
    return {"To": box.contacts[0], "From": box.numbers[0], "Body": "Hello"}


def test_429_and_503_are_not_carried_out(box: Sandbox, http: httpx.Client) -> None:
    box.fail(status=429, retry_after=2)
    box.fail(status=429)
    box.fail(status=503)
    box.fail(fault="error_after_accept", status=502)

    answers = [http.post("/Messages.json", data=message(box)) for _ in range(4)]

    assert [(one.status_code, one.headers.get("retry-after")) for one in answers] == [
        (429, "2"), (429, None), (503, None), (502, None),
    ]  # fmt: skip
    assert [one.json()["code"] for one in answers] == [20429, 20429, 20503, 20502]
    assert len(box.ledger) == 1


def test_a_trickle_arrives_whole(box: Sandbox, http: httpx.Client) -> None:
    box.fail(fault="trickle", delay=0.0001)

    answer = http.get("/Balance.json")

    assert answer.json()["currency"] == "USD"


def test_a_fault_applies_to_its_request_only(box: Sandbox, http: httpx.Client) -> None:
    """A code applies to creations only; a path or method to the requests they match."""
    box.fail(code=21611)
    box.fail(status=500, path="/Balance", method="GET", times=2)

    assert http.get("/Messages.json").status_code == 200
    assert [http.get("/Balance.json").status_code for _ in range(3)] == [500, 500, 200]
    assert http.post("/Messages.json", data=message(box)).json()["code"] == 21611
    assert http.post("/Messages.json", data=message(box)).status_code == 201


def test_a_request_can_be_carried_out_after_its_client_timed_out(box: Sandbox) -> None:
    """No response and nothing in the list at first; then the message appears after all."""
    box.fail(fault="accept_late", delay=60)
    with client_of(box, "in process", timeout=5) as http:
        with pytest.raises(httpx.ReadTimeout):
            http.post("/Messages.json", data=message(box))
        before = len(box.ledger)
        box.clock.advance(54)
        still = len(box.ledger)
        box.clock.advance(2)

    assert (before, still, len(box.ledger)) == (0, 0, 1)
    assert box.ledger[0].at.isoformat() == "2026-03-04T12:01:00+00:00"


def test_many_threads_are_all_counted(door: str) -> None:
    """Eight clients in parallel: every creation has its own SID, and none is lost."""
    with Sandbox(seed=5) as box:
        if door == "over a socket":
            box.open()

        def work() -> None:
            with client_of(box, door) as http:
                answers = [http.post("/Messages.json", data=message(box)) for _ in range(20)]
            made.extend(answer.json()["sid"] for answer in answers)

        made: list[str] = []
        workers = [threading.Thread(target=work) for _ in range(8)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

        assert len(set(made)) == len(made) == 160
        assert {entry.sid for entry in box.ledger} == set(made)


def test_on_a_frozen_clock_nothing_really_waits(box: Sandbox) -> None:
    """A timeout and a delay advance the clock instead."""
    began, at = time.monotonic(), box.clock.now()
    box.fail(fault="hang", method="GET")
    box.fail(fault="delay", delay=20, method="GET")
    with client_of(box, "in process", timeout=30) as http:
        with pytest.raises(httpx.ReadTimeout):
            http.get("/Balance.json")
        answer = http.get("/Balance.json")

    assert answer.status_code == 200
    assert (box.clock.now() - at).total_seconds() == 50
    assert time.monotonic() - began < 5


def test_the_async_transport_gives_the_same_responses_and_errors(box: Sandbox) -> None:
    async def talk() -> list[str]:
        name, secret = box.connection.credentials
        seen = []
        async with httpx.AsyncClient(transport=box.wire, auth=(name, secret.reveal())) as http:
            url = f"https://api.twilio.com{ROOT}/{name}/Messages.json"
            for fault in ("truncated", "reset_after_accept", "hang", "trickle"):
                box.fail(fault=fault, method="POST")
                try:
                    seen.append(str((await http.post(url, data=message(box))).status_code))
                except httpx.TransportError as error:
                    seen.append(type(error).__name__)
        return seen

    assert asyncio.run(talk()) == ["RemoteProtocolError", "ReadError", "ReadTimeout", "201"]
    assert len(box.ledger) == 4


def test_in_process_each_host_serves_its_own_paths(box: Sandbox) -> None:
    name, secret = box.connection.credentials
    with httpx.Client(transport=box.wire, auth=(name, secret.reveal())) as http:
        services = http.get("https://messaging.twilio.com/v1/Services")
        crossed = http.get("https://api.twilio.com/v1/Services")
        other = http.get(f"https://messaging.twilio.com{ROOT}/{name}/Messages.json")

    assert services.json()["meta"]["key"] == "services"
    assert (crossed.status_code, other.status_code) == (404, 404)


@pytest.mark.parametrize("product", sorted(set(VERSIONS) - {"api"}))
def test_every_documented_host_answers_in_process_in_twilios_form(box: Sandbox, product) -> None:
    name, secret = box.connection.credentials
    path = f"/{VERSIONS[product][0]}/Nothing"
    with httpx.Client(transport=box.wire) as http:
        unknown = http.get(f"https://{product}.twilio.com{path}", auth=(name, secret.reveal()))
        nobody = http.get(f"https://{product}.dublin.ie1.twilio.com{path}")

    assert (nobody.status_code, nobody.json()["code"]) == (401, 20003)
    assert unknown.json() == {
        "code": 20404,
        "message": f"The requested resource {path} was not found",
        "more_info": "https://www.twilio.com/docs/errors/20404",
        "status": 404,
    }


def test_on_a_socket_a_path_has_one_meaning() -> None:
    """Its host is loopback, so the path alone selects the route."""
    paths = [(host, route.path.pattern) for host, routes in ROUTES.items() for route in routes]
    hosts = {pattern: {host for host, other in paths if other == pattern} for _, pattern in paths}
    assert [pattern for pattern, found in hosts.items() if len(found) > 1] == []


SPELLINGS = [
    "evil.test", "127.0.0.1.evil.test", "localhost.evil.test", "2130706433", "0.0.0.0", "[::]",
    "api.twilio.com", "127.0.0.1@evil.test", "127.1",
]  # fmt: skip


@pytest.mark.parametrize("host", SPELLINGS)
def test_another_host_name_is_refused_on_the_socket(host: str, box: Sandbox) -> None:
    """DNS rebinding: a web page can resolve its own name to loopback, but sends it as Host."""
    port = box.url.rpartition(":")[2]
    with client_of(box, "over a socket") as http:
        answers = [
            http.get("/Balance.json", headers={"Host": name}) for name in (host, f"{host}:{port}")
        ]

    assert [one.status_code for one in answers] == [403, 403]


def test_another_origin_is_refused_on_the_socket(box: Sandbox) -> None:
    with client_of(box, "over a socket") as http:
        foreign = http.post("/Messages.json", headers={"Origin": "https://evil.test"})
        own = http.get("/Balance.json", headers={"Origin": box.url})

    assert (foreign.status_code, own.status_code) == (403, 200)


def test_a_closed_sandbox_refuses_requests_and_leaves_nothing_behind(door: str) -> None:
    box = Sandbox()
    with client_of(box, door) as http:
        assert http.get("/Balance.json").status_code == 200
        box.close()
        with pytest.raises(httpx.TransportError):
            http.get("/Balance.json")

    assert [
        one.name for one in threading.enumerate() if one.name.startswith("twilio_widgets")
    ] == []
    with pytest.raises(SandboxError, match="closed"):
        _ = box.url


def test_closing_ends_a_request_that_hangs() -> None:
    """On a real clock, too, no request waits forever."""
    box = Sandbox()
    box.fail(fault="hang", method="GET")
    met: list[str] = []

    def ask() -> None:
        with client_of(box, "in process", timeout=None) as http:
            try:
                http.get("/Balance.json")
            except httpx.TransportError as error:
                met.append(type(error).__name__)

    waiting = threading.Thread(target=ask)
    waiting.start()
    box.close()
    waiting.join(5)

    assert not waiting.is_alive()
    assert met in (["ReadTimeout"], ["ConnectError"])


def test_a_taken_port_is_reported_clearly() -> None:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken, Sandbox() as box:
        port = taken.getsockname()[1]
        with pytest.raises(SandboxError, match=f"Port {port} on 127.0.0.1 is not free"):
            box.open(port)


def test_a_missing_uvicorn_is_reported_clearly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "uvicorn", None)
    with Sandbox() as box, pytest.raises(SandboxError, match="which needs no socket"):
        _ = box.url


def test_the_command_line_runs_a_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """It prints its URL and credentials, and stops when asked to."""
    output, stop = io.StringIO(), threading.Event()
    monkeypatch.setattr("sys.stdout", output)
    running = threading.Thread(
        target=main, args=(["--seed", "3", "--messages", "5", "--now", NOW],), kwargs={"stop": stop}
    )
    running.start()
    until(lambda: "Ctrl+C" in output.getvalue())
    told = dict(re.findall(r"^([\w ]+): +(.*)$", output.getvalue(), re.MULTILINE))
    answer = httpx.get(
        f"{told['URL']}{ROOT}/{told['Account SID']}/Messages.json",
        auth=(told["API key SID"], told["API key secret"]),
    )
    stop.set()
    running.join(5)

    assert len(answer.json()["messages"]) == 5
    assert told["Numbers"].startswith("+14155550142")


def until(holds: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)
