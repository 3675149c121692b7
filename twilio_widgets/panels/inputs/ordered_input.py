"""Fields in which a person types, chooses or adds files: what pages show, and what was taken.

The page sends each change with a number of its own. The kernel checks it, keeps it as state, and
says up to which number it has taken this page's changes; a page draws the kernel's value unless it
has sent something newer meanwhile. So two pages agree, and a reloaded page shows everything.

A kernel may take the messages of two widgets on two threads, and so a press before the text that
was typed before it. A press therefore carries what its page showed: `InputBarrier` acts on it when
the kernel has received all of that and it is the same, and otherwise reports that it did not act.
"""

from __future__ import annotations

import re
import secrets
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import traitlets

from twilio_widgets.panels.kit.elements import Element

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LONGEST_TEXT = 100_000
"""Characters of one field. Twilio's longest parameters have some thousands."""

LATEST = 10.0
"""Seconds a press may take to be acted on; later nobody expects it any more."""

CHANGED = "What this page shows has changed, so nothing was done. Look at the card and press again."
EARLIER = "An earlier press is not done yet, so nothing more was done."
TOO_LATE = "The kernel was busy for too long, so nothing was done. Press again."

_NUMBER = re.compile(r"([0-9]{1,12}-[0-9]{1,12}):([0-9]{1,15})")
_MOST_VIEWS = 64


class OrderedInput(Element):
    """An element in which a person types."""

    key = traitlets.Unicode().tag(sync=True)
    """Names the field in a press."""
    heard = traitlets.Dict().tag(sync=True)
    """The number of the newest change that was taken, by the page's view it came from."""

    def __init__(self, **traits: object) -> None:
        self._lock = threading.RLock()
        self._tell: Callable[[], object] = lambda: None
        super().__init__(key=secrets.token_hex(8), **traits)

    @property
    def shown(self) -> object:
        """What a page that is up to date shows, as it sends it with a press."""
        raise NotImplementedError

    def has_heard(self, view: str, number: int) -> bool:
        """Say whether what a view of this element sent up to a number has been taken."""
        return bool(self.heard.get(view, 0) >= number)

    def on_heard(self, lock: threading.RLock, callback: Callable[[], object]) -> None:
        """Take changes with a lock held, and call back after each. It must not raise."""
        self._lock, self._tell = lock, callback

    def _take(
        self, content: dict[str, object], keep: Callable[[dict[str, object]], object]
    ) -> None:
        """Keep what a page sent, or refuse it; either way the page draws what is there now."""
        with self._lock:
            with self.hold_sync():
                keep(content)
                self._mark(content)
            self._tell()

    def _mark(self, content: dict[str, object]) -> None:
        """Tell the page that this message of its was taken."""
        number = content.get("n")
        found = _NUMBER.fullmatch(number) if isinstance(number, str) else None
        if found is None:
            return
        others = {view: value for view, value in self.heard.items() if view != found[1]}
        while len(others) >= _MOST_VIEWS:  # pages that were loaded again
            others.pop(next(iter(others)))
        self.heard = {**others, found[1]: max(int(found[2]), self.heard.get(found[1], 0))}


@dataclass(frozen=True, slots=True)
class Pressed:
    """A press that may be acted on now."""

    page: str
    """The page it was pressed on, as it calls itself."""
    turn: object
    """The turn of the button that was pressed, as the page shows it."""
    fields: object
    """What the page's fields showed; unchecked, as the page sent it."""
    answer: Callable[[str], object]
    """Takes why the press was not acted on, or an empty text; to be called once."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a page showed in one field, and up to which of its changes."""

    field: OrderedInput
    view: str
    number: int
    value: object


@dataclass(frozen=True, slots=True)
class _PendingPress:
    """A press that waits for what was typed before it."""

    shown: tuple[_Shown, ...]
    action: Callable[[], object]
    answer: Callable[[str], object]
    until: float


class InputBarrier:
    """Acts on a press when the kernel has what its page showed; or says that it did not act.

    Args:
        lock: Held while it decides and acts.
        elements: Every field of the card.
    """

    def __init__(self, lock: threading.RLock, elements: Iterable[OrderedInput]) -> None:
        self._lock, self._elements = lock, {one.key: one for one in elements}
        self._waiting: _PendingPress | None = None
        for element in self._elements.values():
            element.on_heard(lock, self._go_on)

    def act(self, pressed: Pressed, action: Callable[[], object]) -> None:
        """Act on a press: now, or as soon as what its page showed was taken.

        Args:
            pressed: The press.
            action: What to do; a text that it returns says why it did nothing. It must not raise.
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
                said = waiting.action()
                waiting.answer(said if isinstance(said, str) else "")

    def _shown_in(self, fields: object) -> tuple[_Shown, ...] | None:
        """Return what a page sent of the fields of this card; None when one of them is missing."""
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
    """Return a text that a page sent; None when it is none, or longer than any field takes.

    Half of a surrogate pair cannot be sent to a page again, so it is replaced.
    """
    if not isinstance(value, str) or len(value) > longest:
        return None
    return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
