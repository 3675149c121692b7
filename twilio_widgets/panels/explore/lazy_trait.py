"""`LazyTrait`: an observable trait whose value is computed when it is read or observed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets

if TYPE_CHECKING:
    from collections.abc import Callable


class LazyTrait(traitlets.TraitType[Any, Any]):
    """A read-only trait, never synced, whose value a method of its owner computes.

    The owner calls `notify` after the value may have changed.

    Args:
        compute: Returns the current value; it is given the owner.
    """

    def __init__(self, compute: Callable[[Any], object]) -> None:
        super().__init__(read_only=True)
        self._compute = compute

    def get(self, obj: traitlets.HasTraits, cls: type | None = None) -> object:  # noqa: ARG002  # traitlets passes it
        """Return the current value."""
        return self._compute(obj)

    def notify(self, owner: traitlets.HasTraits, old: object) -> object:
        """Compute the value and call the observers, if there are any; return the value.

        Args:
            owner: The object that has the trait.
            old: The value of the last call, which the observers are given.
        """
        name = str(self.name)
        observed = owner._trait_notifiers
        if not any(observed.get(one, {}).get("change") for one in (name, traitlets.All)):
            return None
        new = self._compute(owner)
        if new is not old:
            change = traitlets.Bunch(name=name, old=old, new=new, owner=owner, type="change")
            owner.notify_change(change)
        return new
