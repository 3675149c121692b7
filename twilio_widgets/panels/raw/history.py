"""The requests of this session, to open or send again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import traitlets

from twilio_widgets.panels.inputs.ordered_button import NOT_NOW, Pressable
from twilio_widgets.panels.kit.assets import asset
from twilio_widgets.panels.raw.draft import RawDraft

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from twilio_widgets.panels.inputs.ordered_input import Pressed
    from twilio_widgets.panels.kit.elements import Tone

MOST_ENTRIES = 50
"""Requests kept; the oldest are dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One request that was sent."""

    number: int
    draft: RawDraft
    """The request, without file contents."""
    outcome: str
    """The status, or what happened instead."""
    tone: Tone
    facts: str
    """Its time and duration."""


class HistoryList(Pressable):
    """The requests, newest first. Bodies are not shown; numbers in a path are masked.

    Args:
        on_open: Called with the number of a request to copy into the form. It must not raise.
        on_again: Called with the number of a request to send again. It must not raise.
    """

    _esm = asset(__file__, "history.js")
    rows = traitlets.List[list[object]]().tag(sync=True)

    def __init__(
        self, *, on_open: Callable[[int], object], on_again: Callable[[int], object]
    ) -> None:
        super().__init__()
        self._actions = {"open": on_open, "again": on_again}
        self.on_press(self._pressed)

    def show(self, entries: Iterable[HistoryEntry], *, disabled: bool) -> None:
        """Show these requests, the last one first."""
        rows: list[list[object]] = [
            [one.number, one.draft.method, one.draft.masked_path, one.outcome, one.tone, one.facts]
            for one in entries
        ]
        with self.hold_sync():
            self.rows = rows[::-1]
            self.disabled = disabled

    def _pressed(self, pressed: Pressed) -> None:
        match pressed.what:
            case [str(name), int(number)] if name in self._actions and self._has(number):
                refusal = self._actions[name](number)
                pressed.answer(refusal if isinstance(refusal, str) else "")
            case _:
                pressed.answer(NOT_NOW)

    def _has(self, number: int) -> bool:
        return type(number) is int and number in [row[0] for row in self.rows]
