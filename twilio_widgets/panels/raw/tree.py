"""JSON as an expandable tree; long values are sent to the page in parts, on request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import traitlets

from twilio_widgets.core.credentials.secret import Secret
from twilio_widgets.core.printable import one_line
from twilio_widgets.panels.inputs.ordered_input import text_in
from twilio_widgets.panels.kit.assets import asset
from twilio_widgets.panels.kit.elements import Element

if TYPE_CHECKING:
    from collections.abc import Callable

CHILDREN_AT_ONCE = 100
"""Members of one object or array sent at once."""
NODES_AT_ONCE = 2_000
"""Nodes of one message to the page."""
LONGEST_SHOWN = 2_000
"""Characters of one text."""
DEEPEST_AHEAD = 2
"""Levels below a node that are sent with it in advance."""
DEEPEST = 200
"""Levels a page may request; Python's JSON decoder fails not far beyond."""

Path = tuple[int, ...]
"""The index of each ancestor of a node among its siblings."""


class JsonTree(Element):
    """A tree of a JSON value. The value is not widget state, so no notebook saves it.

    Args:
        label: The name of the tree for screen readers.
        root: The Python expression of the value, such as ``response.data``.
        hides: Returns whether the value of a member with this name must be masked.
    """

    _esm = asset(__file__, "tree.js")
    label = traitlets.Unicode().tag(sync=True)
    root = traitlets.Unicode().tag(sync=True)
    epoch = traitlets.Int(0).tag(sync=True)

    def __init__(
        self, label: str, *, root: str, hides: Callable[[str], bool] = lambda _name: False
    ) -> None:
        super().__init__(label=label, root=root)
        self._value: object = None
        self._hides = hides
        self.on_msg(self._receive)

    def show(self, value: object) -> None:
        """Show another value; open pages then request it."""
        self._value = value
        self.epoch += 1

    def _receive(self, _widget: object, content: object, _buffers: object) -> None:
        match content:
            case {"t": "want", "epoch": epoch, "path": asked, "from": int(start)} if (
                epoch == self.epoch and _is_place(start)
            ):
                self._send_node(_path_in(asked), start)

    def _send_node(self, path: Path | None, start: int) -> None:
        """Send the node at a path with its members from `start` on."""
        found = None if path is None else node_at(self._value, path)
        if path is not None and found is not None:
            name, value = found
            budget = NodeBudget(NODES_AT_ONCE)
            node = node_of(name, value, budget, self._hides, start=start)
            message = {"t": "node", "epoch": self.epoch, "path": list(path), "from": start}
            self.send({**message, "node": node})


@dataclass(slots=True)
class NodeBudget:
    """The number of nodes that may still be sent."""

    left: int


def node_of(
    name: object,
    value: object,
    budget: NodeBudget,
    hides: Callable[[str], bool],
    *,
    start: int = 0,
    depth: int = 0,
) -> dict[str, object]:
    """Return a node for the page, with as many members as the budget allows.

    Args:
        name: Its name or index in its parent; None for the root.
        value: Its value.
        budget: The nodes that may still be sent; reduced here.
        hides: Returns whether the value of a name must be masked.
        start: The first member to include.
        depth: Its level below the requested node.
    """
    shown = one_line(_sendable(name)) if isinstance(name, str) else name
    if isinstance(value, Secret) or (isinstance(name, str) and hides(name) and value is not None):
        return {"name": shown, "kind": "hidden", "text": "••••••••"}
    if not isinstance(value, Mapping) and not _is_array(value):
        kind, text = leaf_of(value)
        return {"name": shown, "kind": kind, "text": text}
    members: list[dict[str, object]] = []
    found = list(islice(_members(value), start, start + CHILDREN_AT_ONCE))
    # The requested node is always sent; below it, a whole level or nothing, within the budget.
    if depth == 0 or (depth <= DEEPEST_AHEAD and len(found) <= budget.left):
        budget.left -= len(found)
        members = [node_of(key, one, budget, hides, depth=depth + 1) for key, one in found]
    kind = "object" if isinstance(value, Mapping) else "array"
    return {"name": shown, "kind": kind, "total": len(value), "members": members}  # type: ignore[arg-type]


def leaf_of(value: object) -> tuple[str, str]:
    """Return the kind of a scalar and its JSON text."""
    match value:
        case None:
            return "null", "null"
        case bool():
            return "boolean", "true" if value else "false"
        case str():
            text = _sendable(value)
            if len(text) > LONGEST_SHOWN:
                return "string", f"{one_line(text[:LONGEST_SHOWN])}… ({len(text):,} characters)"
            return "string", one_line(text)
        case _:
            return "number", str(value)[:LONGEST_SHOWN]


def node_at(value: object, path: Path) -> tuple[object, object] | None:
    """Return the name and value at a path; None if it does not exist."""
    name: object = None
    for place in path:
        found = next(islice(_members(value), place, place + 1), None)
        if found is None:
            return None
        name, value = found
    return name, value


def _members(value: object) -> Iterator[tuple[object, object]]:
    if isinstance(value, Mapping):
        return ((str(name), member) for name, member in value.items())
    return iter(enumerate(value)) if isinstance(value, Sequence) and _is_array(value) else iter(())


def _is_array(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _path_in(path: object) -> Path | None:
    if not isinstance(path, list) or len(path) > DEEPEST:
        return None
    return tuple(path) if all(_is_place(place) for place in path) else None


def _is_place(value: object) -> bool:
    return type(value) is int and 0 <= value < 2**31


def _sendable(text: str) -> str:
    return text_in(text, len(text)) or ""
