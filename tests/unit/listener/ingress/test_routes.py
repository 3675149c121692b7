"""Choosing an ingress route: the reason, what it exposes, and which others were considered."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from twilio_widgets import AuthTokenConnection, Sandbox
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.listener.ingress.endpoint import Endpoint, open_endpoint, persistent_key
from twilio_widgets.listener.ingress.public_base import public_base, why_unreachable
from twilio_widgets.listener.ingress.routes import IngressRoute, choose
from twilio_widgets.listener.jupyter.announcement import announce
from twilio_widgets.listener.jupyter.registry import target_of

TWILIO = AuthTokenConnection("AC" + "0" * 32, "f" * 32)
PAGE = "https://hub.example.org/user/xyz/lab/tree/Untitled.ipynb?factory=Notebook"
KERNEL = {"JPY_PARENT_PID": str(os.getpid())}


@pytest.fixture
def where(tmp_path: Path) -> Path:
    """A shared folder without any server announcement."""
    return tmp_path / "runtime" / "twilio_widgets"


@pytest.fixture
def server(where: Path) -> Iterator[None]:
    """This process is a server with the extension, and has a token."""
    file = announce("/user/xyz/", where)
    info = {"base_url": "/user/xyz/", "token": "login-token", "port": 8888}
    (where.parent / f"jpserver-{os.getpid()}.json").write_text(json.dumps(info))
    yield
    file.close()


def looked(way: IngressRoute) -> list[tuple[str, bool]]:
    return [(look.kind, look.usable) for look in way.looked_at]


def test_a_sandbox_needs_no_public_url(where):
    with Sandbox() as box:
        way = choose(box.connection, environ={}, where=where)
        keyed = choose(box.api_key_connection, environ={}, where=where)
    assert (way.kind, keyed.kind, way.public_url, way.warnings) == ("sandbox", "sandbox", None, ())
    assert way.exposes == "Nothing: the sandbox calls 127.0.0.1."
    assert looked(way) == [("public", False), ("sandbox", True)]


def test_a_given_url_is_used_without_considering_other_routes(where, server):
    way = choose(TWILIO, "https://t.example.app/hook/", page_url=PAGE, environ=KERNEL, where=where)
    assert (way.kind, way.public_url, way.warnings) == ("public", "https://t.example.app/hook", ())
    assert way.why == "You gave the address https://t.example.app/hook."
    assert looked(way) == [("public", True)]


@pytest.mark.parametrize(
    ("url", "warning"),
    [
        ("http://t.example.app", "http:// transmits messages unencrypted"),
        ("https://localhost:8443", "Webhooks may not arrive: localhost is on this machine or a "),
        ("http://192.168.1.7:80/x", "Webhooks may not arrive: 192.168.1.7 is on this machine or a"),
        ("https://[::1]:1", "Webhooks may not arrive"),
        ("https://printer.local", "Webhooks may not arrive"),
    ],
)
def test_a_questionable_url_is_used_with_a_warning(where, url, warning):
    (only,) = choose(TWILIO, url, environ={}, where=where).warnings
    assert only.startswith(warning)


def test_a_public_url_for_a_sandbox_is_warned_about(where):
    with Sandbox() as box:
        (warning,) = choose(box.connection, "https://t.example.app", where=where).warnings
        local = choose(box.connection, "http://127.0.0.1:9/x", where=where)
    assert warning == "A sandbox only calls this machine, so it will not use this URL."
    assert local.warnings == ()


@pytest.mark.parametrize(
    "url", ["t.example.app", "ftp://x.y", "https://u:p@x.y", "https://x.y/?a=1"]
)
def test_an_invalid_address_is_rejected(where, url):
    with pytest.raises(ConfigurationError):
        choose(TWILIO, url, environ={}, where=where)


def test_the_extension_is_used_if_the_page_gives_the_address(where, server):
    way = choose(TWILIO, page_url=PAGE, environ=KERNEL, where=where)
    assert (way.kind, way.public_url) == (
        "jupyter",
        "https://hub.example.org/user/xyz/twilio-widgets",
    )
    assert way.why == (
        "This kernel's Jupyter server has our extension; the notebook page gives its address."
    )
    assert looked(way) == [("public", False), ("sandbox", False), ("jupyter", True)]
    assert "login-token" not in repr(way) + way.explain()


@pytest.mark.parametrize(
    "environ",
    [
        {"JUPYTERHUB_PUBLIC_URL": "https://hub.example.org/user/xyz/"},
        {
            "JUPYTERHUB_PUBLIC_HUB_URL": "https://hub.example.org/hub/",
            "JUPYTERHUB_SERVICE_PREFIX": "/user/xyz/",
        },
    ],
)
def test_the_extension_is_used_if_jupyterhub_gives_the_address(where, server, environ):
    way = choose(TWILIO, environ=KERNEL | environ, where=where)
    assert (way.kind, way.public_url) == (
        "jupyter",
        "https://hub.example.org/user/xyz/twilio-widgets",
    )


def test_a_server_with_unknown_address_is_not_used(where, server):
    """Nothing is guessed."""
    way = choose(TWILIO, environ=KERNEL, where=where)
    assert (way.kind, way.public_url) == ("none", None)
    assert looked(way) == [
        ("public", False), ("sandbox", False), ("jupyter", False), ("proxy", False),
    ]  # fmt: skip
    assert way.looked_at[2].why == (
        "The server has our extension, but its public address is not known."
    )


@pytest.mark.parametrize(
    ("page", "why"),
    [
        ("http://localhost:8888/user/xyz/lab", "localhost is on this machine or a private network"),
        ("http://10.0.0.5/user/xyz/lab", "10.0.0.5 is on this machine or a private network"),
        ("https://elsewhere.example.org/lab", "is not one of this server's pages"),
        ("vscode-webview://x/user/xyz/", "is not one of this server's pages"),
    ],
)
def test_a_page_that_twilio_cannot_reach_is_not_used(where, server, page, why):
    way = choose(TWILIO, page_url=page, environ=KERNEL, where=where)
    assert way.kind == "none"
    assert why in way.looked_at[2].why


def test_the_server_of_another_kernel_is_not_used(where, server):
    way = choose(TWILIO, page_url=PAGE, environ={"JPY_PARENT_PID": "1"}, where=where)
    assert way.kind == "none"
    assert way.looked_at[2].why.startswith(
        "This kernel's Jupyter server has not loaded our extension."
    )


def test_the_login_is_handed_out_only_if_explicitly_allowed(where, server):
    announce_off = {"JPY_PARENT_PID": KERNEL["JPY_PARENT_PID"]}
    for path in where.glob("server-*.json"):
        path.unlink()  # without the extension
    kept = choose(TWILIO, page_url=PAGE, environ=announce_off, where=where)
    assert kept.kind == "none"
    assert "hand_out_login=True" in kept.looked_at[3].why

    way = choose(TWILIO, page_url=PAGE, hand_out_login=True, environ=announce_off, where=where)
    assert (way.kind, way.public_url) == ("proxy", "https://hub.example.org/user/xyz/proxy")
    assert "can run code here" in way.exposes
    assert way.warnings[0].startswith("Use it only in a disposable container")
    assert way.login is not None
    assert way.login.reveal() == "login-token"
    assert "login-token" not in repr(way) + way.explain()


def test_the_extension_is_preferred_to_handing_out_the_login(where, server):
    assert (
        choose(TWILIO, page_url=PAGE, hand_out_login=True, environ=KERNEL, where=where).kind
        == "jupyter"
    )


def test_a_server_without_a_token_has_no_login_to_hand_out(where, server):
    for path in where.glob("server-*.json"):
        path.unlink()
    info = where.parent / f"jpserver-{os.getpid()}.json"
    for content in ('{"token": "", "base_url": "/user/xyz/"}', "[]", "{"):
        info.write_text(content)
        way = choose(TWILIO, page_url=PAGE, hand_out_login=True, environ=KERNEL, where=where)
        assert (way.kind, way.looked_at[3].why) == (
            "none",
            "This kernel's Jupyter server has no token to put in the URL.",
        )


def test_the_explanation_lists_every_route(where):
    """Above all that nothing will come: a listener does not ask by itself."""
    assert choose(TWILIO, environ={}, where=where).explain().splitlines() == [
        "Twilio cannot reach this listener.",
        "Exposes: Nothing: there is no URL that Twilio can call.",
        "Warning: No webhooks will arrive until Twilio can reach this listener: use "
        "Listener(…, public_url=…) or listener.open_way(…). tw.Poller(…) works without a public "
        "URL: it polls Twilio's message log.",
        "· public: No public_url was given (the address of a tunnel or reverse proxy).",
        "· sandbox: The connection is to Twilio, not to a sandbox.",
        "· jupyter: This kernel's Jupyter server has not loaded our extension. Install "
        "twilio_widgets in the environment the server runs in, then restart the server.",
        "· proxy: jupyter-server-proxy needs the server's login in the URL, which is only "
        "included if you pass hand_out_login=True.",
    ]


@pytest.mark.parametrize(
    ("base_url", "page", "base"),
    [
        ("/", "https://h.example.org/lab/tree/a.ipynb", "https://h.example.org/"),
        ("/", "https://h.example.org:8443/", "https://h.example.org:8443/"),
        ("/user/x/", "https://h.example.org/outer/user/x/lab?token=t#y", "https://h.example.org/outer/user/x/"),
        ("/user/x/", "https://name:word@h.example.org/user/x/lab", "https://h.example.org/user/x/"),
    ],
)  # fmt: skip
def test_a_page_is_cut_down_to_its_server(base_url, page, base):
    assert public_base(base_url, page, {}).url == base


def test_addresses_that_twilio_cannot_call_are_detected():
    for host in (
        "127.0.0.1",
        "10.1.2.3",
        "[fe80::1]",
        "localhost",
        "nas",
        "nas.lan.",
        "x.internal",
    ):
        assert why_unreachable(f"https://{host}/") is not None, host
    for host in ("hub.example.org", "8.8.8.8", "[2606:4700::1111]", "xn--bcher-kva.example"):
        assert why_unreachable(f"https://{host}/") is None, host


# Opening a way in


class Line:
    """A listener's process that only remembers what it was asked."""

    port = 4321

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def ask(self, op: str, *, timeout: float = 10.0, **what: Any) -> dict[str, Any]:
        self.asked.append((op, what))
        return {}


def test_in_a_sandbox_the_listener_is_called_on_this_machine(tmp_path, where):
    line = Line()
    with Sandbox() as box:
        entry = open_endpoint(choose(box.connection, environ={}, where=where), line, tmp_path)
    assert entry == Endpoint("http://127.0.0.1:4321")
    assert (entry.inbound_url, entry.status_url) == (
        "http://127.0.0.1:4321/inbound#rc=3&rp=all",
        "http://127.0.0.1:4321/status#rc=3&rp=all",
    )
    assert line.asked == [
        ("set_public_url", {"url": None}),
        ("set_forward", {"key": None, "token": None, "where": None}),
    ]


def test_a_given_url_is_set_in_the_listeners_process(tmp_path, where):
    line = Line()
    way = choose(TWILIO, "https://t.example.app/hook", environ={}, where=where)
    entry = open_endpoint(way, line, tmp_path)
    assert entry == Endpoint("https://t.example.app/hook")
    assert line.asked[0] == ("set_public_url", {"url": "https://t.example.app/hook"})


def test_with_the_extension_the_listener_registers_its_persistent_key(tmp_path, where, server):
    line = Line()
    way = choose(TWILIO, page_url=PAGE, environ=KERNEL, where=where)
    entry = open_endpoint(way, line, tmp_path, where=where)
    again = open_endpoint(way, Line(), tmp_path, where=where)
    other = open_endpoint(way, Line(), tmp_path / "other", where=where)

    key = persistent_key(tmp_path).reveal()
    assert entry == again == Endpoint(f"https://hub.example.org/user/xyz/twilio-widgets/{key}")
    assert other != entry
    (public, forward) = line.asked
    assert public == ("set_public_url", {"url": entry.base})
    assert forward[0] == "set_forward"
    assert (forward[1]["key"], forward[1]["where"]) == (key, str(where))
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", forward[1]["token"])
    assert key not in repr(entry)
    assert target_of(key, where) is None  # the process registers it, not the kernel


def test_the_persistent_key_is_readable_by_its_owner_only(tmp_path):
    key = persistent_key(tmp_path / "a")
    file = tmp_path / "a" / "key"
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == (key.reveal(), 0o600)
    file.write_text("broken")
    assert persistent_key(tmp_path / "a").reveal() != "broken"


def test_with_the_proxy_only_the_urls_contain_the_login(tmp_path, where, server):
    for path in where.glob("server-*.json"):
        path.unlink()
    line = Line()
    way = choose(TWILIO, page_url=PAGE, hand_out_login=True, environ=KERNEL, where=where)
    entry = open_endpoint(way, line, tmp_path, where=where)
    assert entry is not None
    base = "https://hub.example.org/user/xyz/proxy/4321"
    assert entry.inbound_url == f"{base}/inbound?token=login-token#rc=3&rp=all"
    assert line.asked[0] == ("set_public_url", {"url": base})
    assert "login-token" not in repr(entry)


def test_without_a_route_there_is_no_endpoint(tmp_path, where):
    line = Line()
    assert open_endpoint(choose(TWILIO, environ={}, where=where), line, tmp_path) is None
    assert line.asked[0] == ("set_public_url", {"url": None})
