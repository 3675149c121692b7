"""The table of names and values as a Python object: what it takes from a page, and what not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from twilio_widgets.panels.inputs.ordered_input import LONGEST_TEXT
from twilio_widgets.panels.inputs.pairs_table import MOST_PAIRS, Pair, PairsTable, pairs_in
from twilio_widgets.panels.kit.elements import close_tree

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def table() -> Iterator[PairsTable]:
    table = PairsTable("Header", forbidden=frozenset({"authorization"}))
    yield table
    close_tree(table)


def say(table: PairsTable, rows: object, number: str = "1-1:1", **more: Any) -> None:
    """Say something as a page does."""
    table._handle_custom_msg({"t": "rows", "rows": rows, "n": number, **more}, [])


def test_repeated_names_are_kept_in_their_order(table: PairsTable) -> None:
    told: list[tuple[Pair, ...]] = []
    table.on_change(told.append)
    say(table, [["MediaUrl", "a", True], ["MediaUrl", "b", False], ["", "", True]])

    expected = (Pair("MediaUrl", "a"), Pair("MediaUrl", "b", used=False), Pair("", ""))
    assert table.pairs == expected
    assert told == [expected]
    assert table.heard == {"1-1": 1}


@pytest.mark.parametrize(
    "rows",
    [
        None,
        "MediaUrl=a",
        {"MediaUrl": "a"},
        [["MediaUrl"]],
        [["MediaUrl", "a"]],
        [["MediaUrl", "a", 1]],
        [["MediaUrl", 5, True]],
        [[None, "a", True]],
        [["MediaUrl", "a", True, "more"]],
        [["MediaUrl", "a" * (LONGEST_TEXT + 1), True]],
        [["a", "b", True]] * (MOST_PAIRS + 1),
        [["a", "b", True], "stray"],
    ],
)
def test_an_invalid_table_changes_nothing(table: PairsTable, rows: object) -> None:
    told: list[object] = []
    table.on_change(told.append)
    say(table, [["Kept", "yes", True]])
    say(table, rows, "1-1:2")

    assert pairs_in(rows) is None
    assert table.pairs == (Pair("Kept", "yes"),)
    assert told == [(Pair("Kept", "yes"),)]


@pytest.mark.parametrize("name", ["Authorization", " authorization ", "AUTHORIZATION"])
def test_the_value_of_a_forbidden_name_is_never_kept(table: PairsTable, name: str) -> None:
    """What is typed is widget state, and a notebook may save that."""
    say(table, [[name, "Basic canary", True], ["Accept", "text/plain", True]])

    assert table.pairs == (Pair(name, ""), Pair("Accept", "text/plain"))
    assert "canary" not in str(table.get_state())


def test_half_a_character_is_replaced_for_it_cannot_be_sent_back(table: PairsTable) -> None:
    say(table, [["\ud83d", "fine 🙂", True]])

    assert table.pairs == (Pair("\ufffd", "fine 🙂"),)


def test_a_value_set_by_the_kernel_replaces_the_text_without_a_callback(table: PairsTable) -> None:
    told: list[object] = []
    table.on_change(told.append)
    table.write([Pair("a", "1"), Pair("b", "2", used=False)])

    assert table.rows == [["a", "1", True], ["b", "2", False]]
    assert table.heard == {}
    assert told == []


def test_a_disabled_table_keeps_nothing_and_its_page_draws_it_again(
    table: PairsTable,
) -> None:
    table.disabled = True
    say(table, [["a", "1", True]])
    table.set_state({"rows": [["b", "2", True]], "heard": "9-9:9"})

    assert table.pairs == ()
    assert table.heard == {"1-1": 1}
