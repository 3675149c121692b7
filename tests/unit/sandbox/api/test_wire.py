"""Forms in, JSON and XML out; and the permissions of each credential."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import httpx
import pytest

from twilio_widgets.sandbox import Sandbox
from twilio_widgets.sandbox.api.wire import Form, SandboxRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from twilio_widgets.core.credentials.connection import Connection

NOW = "2026-03-04T12:00:00Z"
ROOT = "https://api.twilio.com/2010-04-01/Accounts"
GOOD = {"To": "+14155550105", "From": "+14155550142", "Body": "Hello"}


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(seed=8, messages=12, now=NOW) as sandbox:
        yield sandbox


def ask(
    box: Sandbox,
    connection: Connection,
    path: str,
    method: str = "GET",
    **options: Any,
) -> httpx.Response:
    name, secret = connection.credentials
    with httpx.Client(transport=box.wire, auth=(name, secret.reveal())) as http:
        return http.request(method, ROOT + path.replace("{AC}", connection.acting_sid), **options)


def form_of(kind: str, body: bytes) -> Form:
    return SandboxRequest("POST", "", "/", Form(), {"content-type": kind}, body).form()


MULTIPART = (
    b"--x\r\nContent-Disposition: form-data; name=\"To\"\r\n\r\n+1\r\n"
    b"--x\r\nContent-Disposition: form-data; name=\"MediaUrl\"\r\n\r\na\r\n"
    b"--x\r\nContent-Disposition: form-data; name=\"MediaUrl\"\r\n\r\n\xc3\xa9\r\n"
    b"--x\r\nContent-Disposition: form-data; name=\"Body\"; filename=\"b.txt\"\r\n\r\nno\r\n"
    b"--x--\r\n"
)  # fmt: skip
BODIES = [
    ("application/x-www-form-urlencoded", b"To=%2B1&MediaUrl=a&MediaUrl=%C3%A9",
     (("To", "+1"), ("MediaUrl", "a"), ("MediaUrl", "é"))),
    ("application/x-www-form-urlencoded; charset=utf-8", b"Body=", (("Body", ""),)),
    ("multipart/form-data; boundary=x", MULTIPART,
     (("To", "+1"), ("MediaUrl", "a"), ("MediaUrl", "é"))),
    ("multipart/form-data; boundary=x", b"--x\r\nbroken", ()),
    ("multipart/form-data", MULTIPART, ()),
    ("application/json", b'{"To": "+1"}', ()),
    ("text/plain", b"To=%2B1", ()),
    ("", b"To=%2B1", ()),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "body", "pairs"), BODIES)
def test_a_body_is_read_by_its_content_type(
    kind: str, body: bytes, pairs: tuple[tuple[str, str], ...]
) -> None:
    assert form_of(kind, body).pairs == pairs


@pytest.mark.parametrize(
    "header", ["", "Basic", "Basic !!!", "Bearer abc", "Basic YWJj", "Basic /w=="]
)
def test_unreadable_credentials_are_none(header: str) -> None:
    request = SandboxRequest("GET", "", "/", Form(), {"authorization": header})

    assert request.credentials() is None


def test_a_json_body_counts_as_no_parameters(box: Sandbox) -> None:
    answer = ask(box, box.connection, "/{AC}/Messages.json", "POST", json=GOOD)

    assert (answer.status_code, answer.json()["code"]) == (400, 21604)


@pytest.mark.parametrize("extension", ["", ".xml"])
def test_xml_is_the_default(extension: str, box: Sandbox) -> None:
    body = "Tom & Ada <3\x07"
    answer = ask(
        box, box.connection, "/{AC}/Messages" + extension, "POST", data=GOOD | {"Body": body}
    )
    message = ElementTree.fromstring(answer.text).find("Message")

    assert (answer.status_code, answer.headers["content-type"]) == (201, "application/xml")
    assert message is not None
    assert message.findtext("Body") == "Tom & Ada <3\ufffd"
    assert message.findtext("DateSent") == ""
    assert (message.findtext("Uri") or "").endswith(message.findtext("Sid") or "-")
    assert (message.findtext("SubresourceUris/Media") or "").endswith("/Media")


def test_an_xml_list_holds_its_envelope_in_attributes(box: Sandbox) -> None:
    answer = ask(box, box.connection, "/{AC}/Messages?PageSize=5")
    messages = ElementTree.fromstring(answer.text).find("Messages")

    assert messages is not None
    assert (messages.get("page"), messages.get("pagesize")) == ("0", "5")
    assert (messages.get("start"), messages.get("end")) == ("0", "4")
    assert len(messages.findall("Message")) == 5
    next_page = messages.get("nextpageuri") or ""
    assert next_page.startswith("/2010-04-01/Accounts/AC")
    assert "/Messages?PageSize=5&Page=1&PageToken=PA" in next_page


WRONG: list[tuple[str, str]] = [
    ("", ""), ("nobody", "x"), ("{AC}", "wrong"), ("{AC}", ""), ("{SK}", "wrong"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "secret"), WRONG)
def test_wrong_credentials_are_401_everywhere(name: str, secret: str, box: Sandbox) -> None:
    """Even for unknown paths, so that nothing is revealed without credentials."""
    account, key = box.connection.account_sid, box.api_key_connection.api_key_sid
    auth = (name.replace("{AC}", account).replace("{SK}", key), secret)
    with httpx.Client(transport=box.wire, auth=auth if name else None) as http:
        answers = [
            http.get(f"{ROOT}/{account}/Messages.json"),
            http.post(f"{ROOT}/{account}/Messages.json", data=GOOD),
            http.get(f"{ROOT}/{account}/Nothing.json"),
        ]

    assert [one.status_code for one in answers] == [401] * 3
    assert answers[0].json() == {
        "code": 20003,
        "message": "Authenticate",
        "more_info": "https://www.twilio.com/docs/errors/20003",
        "status": 401,
    }
    assert box.ledger == ()


def test_each_credential_has_access_to_its_resources_only(box: Sandbox) -> None:
    """A Standard key is refused on accounts and keys; a child cannot reach its parent."""
    paths = [".json", "/{AC}.json", "/{AC}/Keys.json", "/{AC}/Messages.json", "/{AC}/Balance.json"]
    who: dict[str, Connection] = {
        "token": box.connection,
        "main": box.main_key_connection,
        "standard": box.api_key_connection,
        "restricted": box.restricted_key_connection,
        "child": box.subaccount_connection,
    }
    seen = {
        name: [ask(box, connection, path).status_code for path in paths]
        for name, connection in who.items()
    }
    parent = f"/{box.connection.account_sid}/Messages.json"
    child = f"/{box.subaccount_sid}/Messages.json"

    assert seen == {
        "token": [200] * 5,
        "main": [200] * 5,
        "standard": [403, 403, 403, 200, 200],
        "restricted": [403] * 5,
        "child": [200] * 5,
    }
    assert ask(box, box.connection, child).status_code == 200
    assert ask(box, box.api_key_connection, child).status_code == 200
    assert ask(box, box.subaccount_connection, parent).status_code == 404


def test_a_subaccount_has_its_own_messages_and_numbers(box: Sandbox) -> None:
    own = ask(box, box.subaccount_connection, "/{AC}/IncomingPhoneNumbers.json").json()
    number = own["incoming_phone_numbers"][0]["phone_number"]
    sent = ask(
        box, box.subaccount_connection, "/{AC}/Messages.json", "POST", data=GOOD | {"From": number}
    )

    assert sent.status_code == 201
    assert len(ask(box, box.subaccount_connection, "/{AC}/Messages.json").json()["messages"]) == 1
    assert len(ask(box, box.connection, "/{AC}/Messages.json").json()["messages"]) == 12


MISSING = [
    "/{AC}/messages.json", "/{AC}/Messages/.json", "/{AC}/Messages.txt",
    "/{AC}/Messages/SM123.json", "/{AC}/Messages/SM00000000000000000000000000000000.json",
    "/AC00000000000000000000000000000000/Messages.json", "/{AC}/Usage/Records/Hourly.json",
]  # fmt: skip


@pytest.mark.parametrize("path", MISSING)
def test_an_unknown_path_is_404_with_that_path(path: str, box: Sandbox) -> None:
    answer = ask(box, box.connection, path)
    asked = "/2010-04-01/Accounts" + path.replace("{AC}", box.connection.account_sid)

    assert answer.status_code == 404
    if path.endswith(".json"):
        assert answer.json()["message"] == f"The requested resource {asked} was not found"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_wrong_method_is_405(method: str, box: Sandbox) -> None:
    answer = ask(box, box.connection, "/{AC}/Messages.json", method)

    assert (answer.status_code, answer.json()["code"]) == (405, 20004)


def test_the_headers_are_those_twilio_was_seen_to_send(box: Sandbox) -> None:
    answer = ask(box, box.connection, "/{AC}/Balance.json")

    assert answer.headers["date"] == "Wed, 04 Mar 2026 12:00:00 GMT"
    assert answer.headers["twilio-concurrent-requests"] == "1"
    assert answer.headers["twilio-request-id"].startswith("RQ")
    assert answer.headers["x-powered-by"] == "AT-5000"
    assert answer.headers["content-length"] == str(len(answer.content))


def test_the_same_seed_gives_the_same_responses() -> None:
    """Bodies and headers, request ids included; only the world's id differs."""

    def run() -> tuple[str, list[tuple[bytes, list[tuple[str, str]]]]]:
        with Sandbox(seed=8, messages=40, now=NOW) as sandbox:
            answers = [
                ask(sandbox, sandbox.connection, "/{AC}/Messages.json", "POST", data=GOOD),
                ask(sandbox, sandbox.connection, "/{AC}/Messages.json"),
                ask(sandbox, sandbox.api_key_connection, "/{AC}/Keys.json"),
            ]
            return sandbox.world_id, [(one.content, one.headers.multi_items()) for one in answers]

    (first_id, first), (second_id, second) = run(), run()

    assert first == second
    assert first_id != second_id


def test_a_picture_is_a_png_and_needs_no_credentials(box: Sandbox) -> None:
    """The media URL redirects; the final URL needs no credentials."""
    media = {"MediaUrl": "https://x.test/a.jpg"}
    sent = ask(box, box.connection, "/{AC}/Messages.json", "POST", data=GOOD | media).json()
    here = f"/{{AC}}/Messages/{sent['sid']}/Media"
    sid = ask(box, box.connection, here + ".json").json()["media_list"][0]["sid"]
    way = ask(box, box.connection, f"{here}/{sid}")
    with httpx.Client(transport=box.wire) as stranger:
        picture = stranger.get("https://api.twilio.com" + way.headers["location"])
        nothing = stranger.get("https://api.twilio.com/sandbox-media/ME" + "0" * 32 + ".png")

    assert (way.status_code, way.headers["location"]) == (307, f"/sandbox-media/{sid}.png")
    assert picture.headers["content-type"] == "image/png"
    assert picture.content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", picture.content[16:24])
    length = struct.unpack(">I", picture.content[33:37])[0]
    rows = zlib.decompress(picture.content[41 : 41 + length])
    assert (width, height, len(rows)) == (80, 80, 80 * (1 + 3 * 80))
    assert nothing.status_code == 404
