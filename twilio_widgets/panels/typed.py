"""Fields in which a person types: the kernel undoes no keystroke, and no press overtakes one.

The page says what stands in a field, with a number of its own. The kernel checks it, keeps it as
state and says up to which number it has heard; a page draws what the kernel says unless it has said
something newer meanwhile. So two pages agree, and one that is loaded again finds everything.

A kernel may hear two widgets on two threads: ipykernel 7.4 routes each widget's messages by itself,
and `ipywidgets` holds changes back while another is under way. So a click could be heard before the
text that was typed before it. A press therefore names what was typed until then, and `Hearing` acts
on it when all of that was heard.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import traitlets

from twilio_widgets.panels.card import Element

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from threading import RLock

LONGEST_TEXT = 100_000
"""Characters of one field. Twilio's longest parameters have some thousands."""

LATEST = 10.0
"""Seconds a press may wait for what was typed before it; later nobody expects it any more."""

MOST_FIELDS = 100
"""Fields that one press may name."""

_NUMBER = re.compile(r"([0-9]{1,12}-[0-9]{1,12}):([0-9]{1,15})")
_MOST_VIEWS = 64


class Typed(Element):
    """An element in which a person types."""

    heard = traitlets.Unicode().tag(sync=True)

    def __init__(self, **traits: object) -> None:
        self._numbers: dict[str, int] = {}
        self._tell: Callable[[], object] = lambda: None
        super().__init__(**traits)

    def has_heard(self, view: str, number: int) -> bool:
        """Say whether what a view of this element said up to a number has been taken in."""
        return self._numbers.get(view, -1) >= number

    def on_heard(self, callback: Callable[[], object]) -> None:
        """Call back each time something was taken in. It must not raise."""
        self._tell = callback

    def _took(self, content: dict[str, object], **values: object) -> None:
        """Keep what the page said as state, and tell the page how far it was heard."""
        self._set(_number_in(content), values)

    def _done(self, content: dict[str, object]) -> None:
        """Say that everything that hangs on what the page said has been done."""
        if found := _NUMBER.fullmatch(_number_in(content)):
            self._numbers[found[1]] = max(int(found[2]), self._numbers.get(found[1], 0))
            while len(self._numbers) > _MOST_VIEWS:  # pages that were loaded again
                self._numbers.pop(next(iter(self._numbers)))
        self._tell()

    def _write(self, **values: object) -> None:
        """Put something into the fields, over whatever is being typed."""
        self._set("", values)

    def _set(self, heard: str, values: dict[str, object]) -> None:
        with self.hold_sync():
            for name, value in values.items():
                setattr(self, name, value)
            self.heard = heard


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A press that waits for what was typed before it."""

    said: tuple[tuple[str, int], ...]
    action: Callable[[], object]
    until: float


class Hearing:
    """Acts on a press when everything that was typed before it has been taken in.

    Args:
        lock: Held while it decides and acts.
        elements: Everything a person can type in.
        too_late: Called when it took so long that the press is not acted on. It must not raise.
    """

    def __init__(
        self, lock: RLock, elements: Iterable[Typed], too_late: Callable[[], object]
    ) -> None:
        self._lock, self._elements, self._too_late = lock, tuple(elements), too_late
        self._waiting: _Waiting | None = None
        for element in self._elements:
            element.on_heard(self._go_on)

    def act(self, said: object, action: Callable[[], object]) -> None:
        """Act on a press: now, or as soon as what it names was heard.

        Args:
            said: What the page says was typed before; a page is input like any other.
            action: What to do. It must not raise.
        """
        numbers = _numbers_in(said)
        if numbers is None:
            return
        with self._lock:
            self._waiting = _Waiting(numbers, action, time.monotonic() + LATEST)
            self._go_on()

    def _go_on(self) -> None:
        with self._lock:
            waiting = self._waiting
            if waiting is None or not all(self._has_heard(*one) for one in waiting.said):
                return
            self._waiting = None
            if time.monotonic() <= waiting.until:
                waiting.action()
            else:
                self._too_late()

    def _has_heard(self, view: str, number: int) -> bool:
        return any(element.has_heard(view, number) for element in self._elements)


def _number_in(content: dict[str, object]) -> str:
    number = content.get("n")
    return number if isinstance(number, str) and _NUMBER.fullmatch(number) else ""


def _numbers_in(said: object) -> tuple[tuple[str, int], ...] | None:
    if not isinstance(said, list) or len(said) > MOST_FIELDS:
        return None
    found = [_NUMBER.fullmatch(one) for one in said if isinstance(one, str)]
    numbers = tuple((one[1], int(one[2])) for one in found if one is not None)
    return numbers if len(numbers) == len(said) else None


def text_in(value: object, longest: int = LONGEST_TEXT) -> str | None:
    """Return a text that a page sent; None when it is none, or longer than any field takes.

    Half of a surrogate pair cannot be sent to a page again, so it is replaced.
    """
    if not isinstance(value, str) or len(value) > longest:
        return None
    return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
