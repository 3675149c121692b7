"""Input fields that keep several pages in step, and the barrier between input and presses.

A page numbers each change it sends. The kernel validates the change, keeps it as state, and
acknowledges the number; a page draws the kernel's value unless it has sent a newer change. So two
pages agree, and a reloaded page shows everything.

A kernel may handle the messages of two widgets on two threads, and so handle a press before the
text that was typed before it. A press therefore carries the contents of its page's fields:
`InputBarrier` acts on it once the kernel has received all of them and they are the same, and
otherwise answers why it did not act.
"""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import traitlets

from twilio_widgets.core.system.thread_lock import ThreadLock
from twilio_widgets.panels.kit.elements import Element

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LONGEST_TEXT = 100_000
"""Characters of one field. Twilio's longest parameters have a few thousand."""

LATEST = 10.0
"""Seconds within which a press is acted on; later the user no longer expects it."""

CHANGED = "The card has changed since you pressed, so nothing was done. Check it and press again."
EARLIER = "An earlier press is still being handled, so this one was ignored."
TOO_LATE = "The kernel was busy for too long, so nothing was done. Press again."

_NUMBER = re.compile(r"([0-9]{1,12}-[0-9]{1,12}):([0-9]{1,15})")
_MOST_VIEWS = 64


class OrderedInput(Element):
    """An element that the user can fill in."""

    key = traitlets.Unicode().tag(sync=True)
    """Identifies the field in a press."""
    heard = traitlets.Dict().tag(sync=True)
    """The newest acknowledged number of each view."""

    def __init__(self, **traits: object) -> None:
        self._lock = ThreadLock()
        self._tell: Callable[[], object] = lambda: None
        super().__init__(key=secrets.token_hex(8), **traits)

    @property
    def shown(self) -> object:
        """The contents that an up-to-date page sends with a press."""
        raise NotImplementedError

    def has_heard(self, view: str, number: int) -> bool:
        """Return whether all changes of a view up to a number have been received."""
        return bool(self.heard.get(view, 0) >= number)

    def on_heard(self, lock: ThreadLock, callback: Callable[[], object]) -> None:
        """Handle changes with this lock held, and call back after each. It must not raise."""
        self._lock, self._tell = lock, callback

    def _take(
        self, content: dict[str, object], keep: Callable[[dict[str, object]], object]
    ) -> None:
        """Keep or reject a change; acknowledge it either way, so that the page draws the value."""
        with self._lock:
            with self.hold_sync():
                keep(content)
                self._mark(content)
            self._tell()

    def _mark(self, content: dict[str, object]) -> None:
        """Acknowledge a message to its page."""
        number = content.get("n")
        found = _NUMBER.fullmatch(number) if isinstance(number, str) else None
        if found is None:
            return
        others = {view: value for view, value in self.heard.items() if view != found[1]}
        while len(others) >= _MOST_VIEWS:  # views of pages that were reloaded
            others.pop(next(iter(others)))
        self.heard = {**others, found[1]: max(int(found[2]), self.heard.get(found[1], 0))}


@dataclass(frozen=True, slots=True)
class Pressed:
    """A press that may be acted on now."""

    page: str
    """The page's own identifier."""
    turn: object
    """The turn of the button as the page showed it."""
    fields: object
    """The contents of the page's fields as the page sent them: untrusted."""
    answer: Callable[[str], object]
    """Call it once, with the reason why the press was not acted on, or an empty string."""
    what: object = None
    """Which of an element's buttons was pressed, as the page sent it: untrusted."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """The contents of one field on a page, and the number of its newest change."""

    field: OrderedInput
    view: str
    number: int
    value: object


@dataclass(frozen=True, slots=True)
class _PendingPress:
    """A press that waits for changes typed before it."""

    shown: tuple[_Shown, ...]
    action: Callable[[], object]
    answer: Callable[[str], object]
    until: float


class InputBarrier:
    """Acts on a press once the kernel has received its page's input, or answers why it did not.

    Args:
        lock: Held while deciding and acting.
        elements: Every field of the card.
    """

    def __init__(self, lock: ThreadLock, elements: Iterable[OrderedInput]) -> None:
        self._lock, self._elements = lock, {one.key: one for one in elements}
        self._waiting: _PendingPress | None = None
        for element in self._elements.values():
            element.on_heard(lock, self._go_on)

    def act(self, pressed: Pressed, action: Callable[[], object]) -> None:
        """Act on a press now, or as soon as its page's changes have been received.

        Args:
            pressed: The press.
            action: The action. A string that it returns is the reason why it did nothing. It must
                not raise.
        """
        shown = self._shown_in(pressed.fields)
        with self._lock:
            if shown is None:
                pressed.answer(CHANGED)
                return
            if self._waiting is not None and time.monotonic() <= self._waiting.until:
                pressed.answer(EARLIER)
                return
            if self._waiting is not None:
                self._waiting.answer(TOO_LATE)
            until = time.monotonic() + LATEST
            self._waiting = _PendingPress(shown, action, pressed.answer, until)
            self._go_on()

    def _go_on(self) -> None:
        with self._lock:
            waiting = self._waiting
            if waiting is None or not all(
                one.field.has_heard(one.view, one.number) for one in waiting.shown
            ):
                return
            self._waiting = None
            if time.monotonic() > waiting.until:
                waiting.answer(TOO_LATE)
            elif any(one.field.shown != one.value for one in waiting.shown):
                waiting.answer(CHANGED)
            else:
                refusal = waiting.action()
                waiting.answer(refusal if isinstance(refusal, str) else "")

    def _shown_in(self, fields: object) -> tuple[_Shown, ...] | None:
        """Return the fields sent with a press; None when one of the card's fields is missing."""
        if not isinstance(fields, list):
            return None
        found = [shown for one in fields if (shown := self._one_in(one)) is not None]
        return tuple(found) if {one.field.key for one in found} == set(self._elements) else None

    def _one_in(self, field: object) -> _Shown | None:
        match field:
            case [str(key), str(number), value] if key in self._elements:
                found = _NUMBER.fullmatch(number)
                return found and _Shown(self._elements[key], found[1], int(found[2]), value)
        return None


def text_in(value: object, longest: int = LONGEST_TEXT) -> str | None:
    """Return a string sent by a page; None if it is not a string, or too long.

    An unpaired surrogate is replaced, since it cannot be sent back to a page.
    """
    if not isinstance(value, str) or len(value) > longest:
        return None
    return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
