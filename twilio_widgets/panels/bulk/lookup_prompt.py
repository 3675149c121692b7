"""`LookupPrompt`: a lookup that the user has to confirm by typing its cost, or that is running."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from twilio_widgets.core.guardrails.limits import dollars

if TYPE_CHECKING:
    from twilio_widgets.core.lookups.cost import LookupCost


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupPrompt:
    """A lookup of the plan's recipients that the user has to confirm, or that is running."""

    turn: int
    """The check whose recipients are looked up."""
    cost: LookupCost
    phase: Literal["asking", "running"] = "asking"
    typed: str = ""
    done: int = 0
    """Numbers that were answered so far."""

    @property
    def phrase(self) -> str:
        """The text to type, such as ``"pay $0.24"``."""
        return f"pay {dollars(self.cost.cost)}"

    @property
    def is_confirmed(self) -> bool:
        """Whether that text has been typed."""
        typed = unicodedata.normalize("NFKC", self.typed).strip().casefold()
        return " ".join(typed.split()) == self.phrase.casefold()
