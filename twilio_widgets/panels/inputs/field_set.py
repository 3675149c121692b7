"""Choices, numbers and ticks of a form, as one element that a press cannot overtake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from typing import TYPE_CHECKING, Literal

import traitlets

from twilio_widgets.panels.inputs.ordered_input import OrderedInput
from twilio_widgets.panels.kit.assets import asset

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from twilio_widgets.panels.kit.elements import Tone

Value = str | bool | int | float


@dataclass(frozen=True, slots=True)
class InputField:
    """One field.

    Args:
        name: What it is called in code.
        label: The text before it.
        kind: Joined buttons, a list that opens, a number, or a box to tick.
        options: A value and its text each, for the first two.
        least: The smallest number.
        most: The largest.
        whole: Whether the number has no fraction.
    """

    name: str
    label: str
    kind: Literal["choice", "select", "number", "tick"]
    options: tuple[tuple[str, str], ...] = ()
    least: float = 0
    most: float = 0
    whole: bool = True

    def value_in(self, value: object) -> Value | None:
        """Return what a page sent as a value of this field; None when it is none."""
        if self.kind == "tick":
            return value if isinstance(value, bool) else None
        if self.kind != "number":
            known = [option for option, _text in self.options]
            return value if isinstance(value, str) and value in known else None
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            return None
        if not self.least <= value <= self.most or (self.whole and value != int(value)):
            return None
        return int(value) if self.whole else float(value)


class FieldSet(OrderedInput):
    """Some fields, one under the other.

    Args:
        fields: The fields.
        values: The text of each field.
        bare: Whether labels are for screen readers only.
    """

    _esm = asset(__file__, "field_set.js")
    fields = traitlets.List[dict[str, object]]().tag(sync=True)
    values = traitlets.Dict().tag(sync=True)
    notes = traitlets.Dict().tag(sync=True)
    off = traitlets.List[str]().tag(sync=True)
    hidden = traitlets.List[str]().tag(sync=True)
    bare = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self, fields: Collection[InputField], values: Mapping[str, Value], *, bare: bool = False
    ) -> None:
        self._known = {field.name: field for field in fields}
        described = [asdict(field) for field in fields]
        kept = {name: values[name] for name in self._known}
        super().__init__(fields=described, values=kept, bare=bare)
        self._change: Callable[[str, Value], object] | None = None
        self.on_msg(self._receive)

    def on_change(self, callback: Callable[[str, Value], object]) -> None:
        """Call back with a field's name and value when a person changed it. It must not raise."""
        self._change = callback

    def write(self, values: Mapping[str, Value]) -> None:
        """Put these values into the fields."""
        self.values = {name: values[name] for name in self._known}

    @property
    def shown(self) -> object:
        """The values, as a page that shows them sends them."""
        return self.values

    def show(
        self,
        notes: Mapping[str, tuple[str, Tone]] | None = None,
        *,
        off: Collection[str] = (),
        hidden: Collection[str] = (),
    ) -> None:
        """Say something under fields, and say which cannot be used or are not to be seen."""
        with self.hold_sync():
            self.notes = {name: list(note) for name, note in (notes or {}).items()}
            self.off, self.hidden = list(off), list(hidden)

    def _receive(self, _widget: object, content: object, _buffers: object) -> None:
        """Take one value of a known field, and nothing else."""
        if isinstance(content, dict) and content.get("t") == "set":
            self._take(content, self._keep)

    def _keep(self, content: dict[str, object]) -> None:
        field = self._known.get(str(content.get("name")))
        value = None if field is None else field.value_in(content.get("value"))
        if field is None or value is None or field.name in self.off:
            return
        self.values = {**self.values, field.name: value}
        if self._change is not None:
            self._change(field.name, value)
