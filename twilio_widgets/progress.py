"""How a long read says how far it has come: rows, pages and, given a limit, the time left."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadProgress:
    """How far a list has been read."""

    rows: int
    pages: int
    limit: int | None
    """The most rows that will be read, where that is known."""


class Progress(Protocol):
    """Something that is told how far a read has come."""

    def __call__(self, reading: ReadProgress) -> None:
        """Take note; raising ends the read."""

    def close(self) -> None:
        """The read is over."""


def progress_of(
    wish: bool | Callable[[ReadProgress], None], *, counting: str = "messages"
) -> Progress:
    """Return the bar, the caller's own function, or silence."""
    if wish is True:
        return Bar(counting)
    return _Told(wish if callable(wish) else None)


class _Told:
    def __init__(self, tell: Callable[[ReadProgress], None] | None) -> None:
        self._tell = tell

    def __call__(self, reading: ReadProgress) -> None:
        if self._tell is not None:
            self._tell(reading)

    def close(self) -> None:
        pass


class Bar:
    """A tqdm bar, from the second page on: one page is over before a bar could be read."""

    def __init__(self, counting: str = "messages") -> None:
        self._bar: Any = None
        self._unit = f" {counting}"

    def __call__(self, reading: ReadProgress) -> None:
        """Show `reading`."""
        if self._bar is None:
            if reading.pages < 2 or sys.stderr is None:
                return
            from tqdm.auto import tqdm

            make: Any = tqdm  # its types know nothing of the arguments
            self._bar = make(total=reading.limit, unit=self._unit, desc="Reading", leave=False)
        self._bar.set_postfix_str(f"{reading.pages} pages", refresh=False)
        self._bar.update(reading.rows - self._bar.n)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()


class Count:
    """A tqdm bar over a number of rows, in a notebook and in a terminal alike.

    Args:
        total: How many there are.
        counting: What they are.
        doing: What is done with them.
    """

    def __init__(self, total: int, *, counting: str = "rows", doing: str = "Sending") -> None:
        from tqdm.auto import tqdm

        make: Any = tqdm  # its types know nothing of the arguments
        shown = sys.stderr is not None
        self._bar: Any = make(total=total, unit=f" {counting}", desc=doing, disable=not shown)

    def __call__(self, done: int, note: str = "") -> None:
        """Show how many are done."""
        self._bar.set_postfix_str(note, refresh=False)
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Leave it as it stands."""
        self._bar.close()
