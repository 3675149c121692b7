"""The JSON tree as a Python object: what travels to the page, and what never does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from twilio_widgets.core.credentials.secret import Secret
from twilio_widgets.core.credentials.secret import names_a_secret as hides
from twilio_widgets.panels.kit.elements import close_tree
from twilio_widgets.panels.raw.tree import (
    CHILDREN_AT_ONCE,
    LONGEST_SHOWN,
    NODES_AT_ONCE,
    JsonTree,
    NodeBudget,
    leaf_of,
    node_at,
    node_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Page:
    """A page that asks for nodes and keeps the answers."""

    def __init__(self, tree: JsonTree, monkeypatch: pytest.MonkeyPatch) -> None:
        self.tree, self.heard = tree, list[dict[str, Any]]()
        monkeypatch.setattr(tree, "send", lambda message, *_: self.heard.append(message))

    def want(self, *path: int, start: object = 0, epoch: int | None = None) -> Any:
        epoch = self.tree.epoch if epoch is None else epoch
        self.tree._handle_custom_msg(
            {"t": "want", "epoch": epoch, "path": list(path), "from": start}, []
        )
        return self.heard.pop()["node"] if self.heard else None


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[object], Page]]:
    made: list[JsonTree] = []

    def make_it(value: object) -> Page:
        tree = JsonTree("Answer", root="response.data", hides=hides)
        made.append(tree)
        tree.show(value)
        return Page(tree, monkeypatch)

    yield make_it
    for tree in made:
        close_tree(tree)


def size(node: dict[str, Any]) -> int:
    return 1 + sum(size(member) for member in node.get("members", ()))


def test_a_tree_is_what_the_json_is(make: Callable[[object], Page]) -> None:
    page = make({"to": "+14155550123", "num": 2, "price": 0.5, "ok": True, "error": None, "a": [1]})

    assert page.want() == {
        "name": None,
        "kind": "object",
        "total": 6,
        "members": [
            {"name": "to", "kind": "string", "text": "+14155550123"},
            {"name": "num", "kind": "number", "text": "2"},
            {"name": "price", "kind": "number", "text": "0.5"},
            {"name": "ok", "kind": "boolean", "text": "true"},
            {"name": "error", "kind": "null", "text": "null"},
            {
                "name": "a",
                "kind": "array",
                "total": 1,
                "members": [{"name": 0, "kind": "number", "text": "1"}],
            },
        ],
    }


def test_a_long_list_is_sent_in_parts_with_its_length(make: Callable[[object], Page]) -> None:
    page = make({"messages": [{"sid": number} for number in range(250)]})
    first, last = page.want(0), page.want(0, start=200)

    assert (first["total"], len(first["members"])) == (250, CHILDREN_AT_ONCE)
    assert [member["name"] for member in last["members"]] == list(range(200, 250))
    assert page.want(0, start=250)["members"] == []


def test_one_message_holds_a_bounded_number_of_nodes(make: Callable[[object], Page]) -> None:
    """Whole levels or nothing: what stays away is asked for when it is opened."""
    page = make([[[number] * 100 for number in range(100)] for _ in range(100)])
    node = page.want()

    assert len(node["members"]) == 100
    assert size(node) <= NODES_AT_ONCE + CHILDREN_AT_ONCE + 1
    assert node["members"][99] == {"name": 99, "kind": "array", "total": 100, "members": []}
    assert len(page.want(99, 99)["members"]) == 100


@pytest.mark.parametrize("name", ["auth_token", "secret", "primary_auth_token", "AuthToken"])
def test_a_credential_in_an_answer_never_reaches_the_page(
    make: Callable[[object], Page], name: str
) -> None:
    page = make({"account": {name: "canary", "other": Secret("canary")}, "token_ttl": 5})

    assert "canary" not in json.dumps(page.want())
    assert page.want(0)["members"] == [
        {"name": name, "kind": "hidden", "text": "••••••••"},
        {"name": "other", "kind": "hidden", "text": "••••••••"},
    ]


def test_the_value_is_not_in_the_widget_state(make: Callable[[object], Page]) -> None:
    page = make({"body": "private"})

    assert "private" not in str(page.tree.get_state())


@pytest.mark.parametrize(
    "message",
    [
        None,
        "want",
        {"t": "want", "epoch": 1},
        {"t": "want", "epoch": 1, "path": "0", "from": 0},
        {"t": "want", "epoch": 1, "path": ["a"], "from": 0},
        {"t": "want", "epoch": 1, "path": [-1], "from": 0},
        {"t": "want", "epoch": 1, "path": [True], "from": 0},
        {"t": "want", "epoch": 1, "path": [7], "from": 0},
        {"t": "want", "epoch": 1, "path": [0, 0], "from": 0},
        {"t": "want", "epoch": 1, "path": [], "from": -1},
        {"t": "want", "epoch": 1, "path": [], "from": True},
        {"t": "want", "epoch": 2, "path": [], "from": 0},
        {"t": "want", "epoch": 1, "path": [0] * 1_000, "from": 0},
    ],
)
def test_an_unknown_question_of_a_page_is_not_answered(
    make: Callable[[object], Page], message: object
) -> None:
    page = make({"sid": "SM1"})
    page.tree._handle_custom_msg(message, [])

    assert page.heard == []


def test_invisible_characters_are_made_visible_and_long_texts_are_cut() -> None:
    assert leaf_of("\u202eevil\x00") == ("string", "⟨U+202E⟩evil␀")
    assert leaf_of("\ud83d") == ("string", "\ufffd")
    assert leaf_of("x" * 3_000) == ("string", "x" * LONGEST_SHOWN + "… (3,000 characters)")
    assert node_of("\u202ea", 1, NodeBudget(1), hides)["name"] == "⟨U+202E⟩a"


def test_a_path_leads_to_a_name_and_a_value() -> None:
    value = {"messages": [{"sid": "SM1"}]}

    assert node_at(value, (0, 0, 0)) == ("sid", "SM1")
    assert node_at(value, ()) == (None, value)
    assert node_at(value, (0, 1)) is None
    assert node_at("text", (0,)) is None
