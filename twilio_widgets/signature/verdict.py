"""The result of checking one signature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Scheme = Literal["auth token", "shared key"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Verdict:
    """Whether Twilio signed a request and, if not, why not. True when Twilio signed it.

    A verdict never contains a credential or a parameter value of the request.
    """

    valid: bool
    """Whether Twilio made the signature, for exactly this request."""

    reason: str
    """The finding, in one or two sentences."""

    cause: str | None = None
    """The proved cause, such as ``"scheme"``; several are joined by " and ". None if unknown."""

    mend: str | None = None
    """What to do about it, in one sentence. None if the cause is unknown."""

    scheme: Scheme | None = None
    """The kind of key the request was signed with. None unless the signature is valid."""

    def __bool__(self) -> bool:
        return self.valid

    def __str__(self) -> str:
        return " ".join(filter(None, (self.reason, self.mend)))

    def __repr__(self) -> str:
        lines = [f"{'Valid' if self.valid else 'Not valid'}: {self.reason}"]
        if self.cause:
            lines.append(f"  Cause:       {self.cause}")
        if self.mend:
            lines.append(f"  What to do:  {self.mend}")
        return "\n".join(lines)
