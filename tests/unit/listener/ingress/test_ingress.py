"""A listener keeps its ingress route unless another one is chosen."""

from __future__ import annotations

from typing import Any

import pytest

from twilio_widgets.core.credentials.connection import AuthTokenConnection
from twilio_widgets.listener.ingress.endpoint import Endpoint
from twilio_widgets.listener.ingress.ingress import Ingress

CONNECTION = AuthTokenConnection("AC" + "0f" * 16, "1" * 32)
KEYED = "https://hub.example/user/me/twilio-widgets/" + "k" * 32


class Process:
    """The line to a process: what it is, and what it was asked."""

    port = 4321

    def __init__(self, *, started: bool, public_url: str | None = None, key: str | None = None):
        self.started = started
        self.state = {"public_url": public_url, "forward_key": key}
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def ask(self, op: str, *, timeout: float = 10.0, **what: Any) -> dict[str, Any]:
        del timeout
        self.asked.append((op, what))
        if op == "set_public_url":
            self.state["public_url"] = what["url"]
        if op == "set_forward":
            self.state["forward_key"] = what["key"]
        return {}


@pytest.fixture
def entrance(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "none"))
    return lambda public_url=None: Ingress(CONNECTION, tmp_path / "listener", public_url)


def test_without_a_route_the_urls_shown_are_local(entrance):
    made, process = entrance(), Process(started=True)
    made.open_for(process)

    assert (made.route.kind, made.endpoint) == ("none", None)
    assert made.shown == Endpoint("http://127.0.0.1:4321")


def test_a_named_address_is_stated_to_the_process(entrance):
    made, process = entrance("https://a.example"), Process(started=True)
    made.open_for(process)

    assert (made.route.kind, made.endpoint) == ("public", Endpoint("https://a.example"))
    assert process.asked[0] == ("set_public_url", {"url": "https://a.example"})


def test_a_running_listener_keeps_the_public_url_set_before(entrance):
    """The kernel was restarted, and the cell says no address any more."""
    made = entrance()
    made.open_for(Process(started=False, public_url="https://a.example"))

    assert (made.route.kind, made.endpoint) == ("public", Endpoint("https://a.example"))
    kept = "The listener was already running at https://a.example, and keeps that address."
    assert made.route.explain().count(kept) == 2
    assert "You named" not in made.route.explain()


def test_a_kernel_adopts_the_public_url_of_another_kernels_process(entrance):
    """The process that started it chose its address, and webhooks arrive there."""
    made, process = entrance(), Process(started=False, public_url="https://b.example")
    made.open_for(Process(started=True))
    made.open_for(process)

    assert made.endpoint == Endpoint("https://b.example")
    assert process.asked[0] == ("set_public_url", {"url": "https://b.example"})
    silent = Process(started=False)
    made.open_for(silent)
    assert silent.asked[0] == ("set_public_url", {"url": "https://b.example"})


def test_an_address_that_is_named_wins_over_one_that_is_found(entrance):
    made = entrance("https://b.example")
    made.open_for(Process(started=False, public_url=KEYED, key="k" * 32))

    assert made.endpoint == Endpoint("https://b.example")


def test_a_route_through_jupyters_server_is_kept_even_if_this_kernel_cannot_see_it(entrance):
    """Nothing is asked of the process: its key, and the URL that was pasted, stay good."""
    made, process = entrance(), Process(started=False, public_url=KEYED, key="k" * 32)
    made.open_for(process)

    assert (made.route.kind, made.endpoint, process.asked) == ("jupyter", Endpoint(KEYED), [])


def test_a_restarted_process_gets_the_chosen_route(entrance):
    made = entrance("https://a.example")
    made.open_for(Process(started=True))
    again = Process(started=True)
    made.open_for(again)

    assert again.asked[0] == ("set_public_url", {"url": "https://a.example"})


def test_another_route_can_be_chosen_later(entrance):
    made, process = entrance(), Process(started=True)
    made.open_for(process)
    way = made.change(process, "https://c.example", None, hand_out_login=False)

    assert (way.kind, made.route, made.endpoint) == ("public", way, Endpoint("https://c.example"))


def test_a_route_opened_by_another_kernel_is_adopted(entrance):
    """The process takes what comes by its own address alone: to show another would be of no use."""
    made, process = entrance("https://a.example"), Process(started=True)
    made.open_for(process)
    asked = len(process.asked)

    process.state = {"public_url": "https://b.example", "forward_key": None}
    assert (made.route.kind, made.endpoint) == ("public", Endpoint("https://b.example"))
    assert made.route.explain().count("Another kernel gave the address https://b.example.") == 2
    process.state = {"public_url": KEYED, "forward_key": "k" * 32}
    assert (made.route.kind, made.endpoint) == ("jupyter", Endpoint(KEYED))
    assert made.route.why == "Another kernel opened a path of this user's Jupyter server."
    process.state = {"public_url": None, "forward_key": None}
    assert (made.route.kind, made.endpoint) == ("none", None)
    assert made.shown == Endpoint("http://127.0.0.1:4321")
    assert len(process.asked) == asked


def test_a_restarted_process_gets_the_route_of_another_kernel(entrance):
    made, process = entrance("https://a.example"), Process(started=True)
    made.open_for(process)
    process.state = {"public_url": "https://b.example", "forward_key": None}
    again = Process(started=True)
    made.open_for(again)

    assert again.asked[0] == ("set_public_url", {"url": "https://b.example"})
