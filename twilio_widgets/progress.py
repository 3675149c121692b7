"""Progress of long reads and of sends: a callback's argument, and tqdm bars."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from twilio_widgets.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadProgress:
    """How much of a list has been read."""

    rows: int
    pages: int
    limit: int | None
    """The most rows that will be read, if there is a limit."""


class Progress(Protocol):
    """Receives the progress of a read."""

    def __call__(self, reading: ReadProgress) -> None:
        """Report progress after a page; an exception raised here ends the read."""

    def close(self) -> None:
        """The read has finished, successfully or not."""


def progress_of(wish: bool | Callable[[ReadProgress], None], *, unit: str = "messages") -> Progress:
    """Return the `Progress` for a ``progress=`` argument.

    Args:
        wish: True for a tqdm bar, False for none, or a function to call after each page.
        unit: The plural noun for the rows.

    Raises:
        ConfigurationError: It is neither.
    """
    if wish is True:
        return PageBar(unit)
    if wish is not False and wish is not None and not callable(wish):
        raise ConfigurationError(
            "progress must be True, False, or a function called after each page.", field="progress"
        )
    return _Callback(wish if callable(wish) else None)


class _Callback:
    def __init__(self, function: Callable[[ReadProgress], None] | None) -> None:
        self._function = function

    def __call__(self, reading: ReadProgress) -> None:
        if self._function is not None:
            self._function(reading)

    def close(self) -> None:
        pass


class PageBar:
    """A tqdm bar that appears with the second page: a single page is read too fast to need one."""

    def __init__(self, unit: str = "messages") -> None:
        self._bar: Any = None
        self._unit = f" {unit}"

    def __call__(self, reading: ReadProgress) -> None:
        """Show the progress."""
        if self._bar is None:
            if reading.pages < 2 or sys.stderr is None:  # pythonw has no stderr
                return
            from tqdm.auto import tqdm

            make: Any = tqdm  # tqdm.auto's type stubs do not declare the arguments
            self._bar = make(total=reading.limit, unit=self._unit, desc="Reading", leave=False)
        if reading.pages < reading.rows:  # otherwise a row is a page: nothing to add
            self._bar.set_postfix_str(f"{reading.pages} pages", refresh=False)
        self._bar.update(reading.rows - self._bar.n)

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.close()


class RowBar:
    """A tqdm bar over a known number of rows, in a notebook and in a terminal.

    Args:
        total: The number of rows.
        unit: The plural noun for the rows.
        description: The text in front of the bar.
    """

    def __init__(self, total: int, *, unit: str = "rows", description: str = "Sending") -> None:
        from tqdm.auto import tqdm

        make: Any = tqdm  # tqdm.auto's type stubs do not declare the arguments
        shown = sys.stderr is not None  # pythonw has no stderr
        self._bar: Any = make(total=total, unit=f" {unit}", desc=description, disable=not shown)

    def __call__(self, done: int, note: str = "") -> None:
        """Show how many rows are done, and a note after the count."""
        self._bar.set_postfix_str(note, refresh=False)
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """Stop updating the bar; it stays visible."""
        self._bar.close()
