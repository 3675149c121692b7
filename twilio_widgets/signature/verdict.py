"""What was found about one signature, in words and for code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Scheme = Literal["auth token", "shared key"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Verdict:
    """Whether Twilio signed a request, and why not; true when it did.

    No verdict holds a credential, or a value of the request.
    """

    valid: bool
    """Whether the signature is Twilio's, for this very request."""

    reason: str
    """What was found, in one sentence or two."""

    cause: str | None = None
    """The part at fault, such as ``"scheme"``, where it is proved; two are joined by " and "."""

    mend: str | None = None
    """What to do, in one sentence, where the cause is known."""

    scheme: Scheme | None = None
    """What the request was signed with, when the signature is valid."""

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
