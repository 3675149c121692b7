"""Results of a panel for the next cell, which a program can also observe as traits.

``panel.observe(callback, "frame")`` and `traitlets.dlink` work as with any trait; ``value`` is the
panel's main result, for `ipywidgets.interactive_output`. A result is never sent to a page and never
saved in the notebook.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import traitlets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")


class Result(traitlets.TraitType[T, T]):
    """A read-only trait whose value is computed when it is read.

    Args:
        read: Returns the value, given the panel.
    """

    def __init__(self, read: Callable[[Any], T]) -> None:
        super().__init__(read_only=True)
        self._read = read
        self.__doc__ = read.__doc__

    def get(self, obj: Any, cls: Any = None) -> T:  # noqa: ARG002  # the signature of traitlets
        """Return the current value."""
        return self._read(obj)


def result(read: Callable[[Any], T]) -> Result[T]:
    """Make a method a result, as `property` does."""
    return Result(read)


class Announcer(traitlets.HasTraits):
    """A panel that notifies the observers of its results."""

    _announced: Mapping[str, object] = {}  # replaced, never changed

    def _tokens(self) -> Mapping[str, object]:
        """Return for each result a value that changes with it, and is cheap to read."""
        return {}

    def _announce(self) -> None:
        """Notify the observers of every result that has changed since the last call."""
        before, tokens = self._announced, dict(self._tokens())
        self._announced = tokens
        for name, token in tokens.items():
            if not _same(before.get(name), token):
                self._notify(name)

    def _notify(self, name: str) -> None:
        if not self._trait_notifiers.get(name) and not self._trait_notifiers.get(traitlets.All):
            return  # reading a result can take long
        try:
            new = getattr(self, name)
        except Exception:  # noqa: BLE001  # there is none: a panel that is not connected
            new = None
        change = traitlets.Bunch(name=name, old=None, new=new, owner=self, type="change")
        self.notify_change(change)


def _same(one: object, other: object) -> bool:
    if one is other:
        return True
    try:
        return bool(one == other)
    except ValueError:  # two DataFrames
        return False
