"""Explain Twilio's error codes offline: the meaning, who can fix it and how, whether to retry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, overload

from twilio_widgets.core.error_codes.catalogue import CATALOGUE, CatalogueEntry, Who

_PAGE: Final = "https://www.twilio.com/docs/api/errors/{}"
_UNKNOWN: Final = CatalogueEntry(
    "this error code is not in our catalogue", "Read Twilio's page about it: {}", "you", None
)


@dataclass(frozen=True, slots=True, repr=False)
class Explanation:
    """The explanation of one error code, in our own words."""

    code: int
    """Twilio's code, such as 30007."""

    meaning: str
    """What happened: a clause, without a capital letter and a full stop."""

    advice: str
    """What to do next: one sentence."""

    who: Who
    """Who can fix it."""

    retry: bool | None
    """True: the same request can succeed later. False: only after something is changed. None: it
    depends; for a message, first check whether it was sent."""

    url: str
    """Twilio's page about the code."""

    known: bool
    """Whether the code is in our catalogue."""

    def about(self, recipient: str | None) -> str:
        """Return the meaning as the start of a sentence, with the recipient if one is given."""
        subject = "the recipient"
        if recipient and self.meaning.startswith(f"{subject} "):
            return recipient + self.meaning.removeprefix(subject)
        if recipient:
            return f"{recipient}: {self.meaning}"
        return self.meaning[:1].upper() + self.meaning[1:]

    def __str__(self) -> str:
        return f"{self.about(None)} (Twilio {self.code}). {self.advice}"

    def __repr__(self) -> str:
        again = {True: "yes, later", False: "only after you change something", None: "it depends"}
        return (
            f"Twilio {self.code}: {self.meaning}\n"
            f"  What to do:     {self.advice}\n"
            f"  Who can fix it: {self.who}\n"
            f"  Retry:          {again[self.retry]}\n"
            f"  Read more:      {self.url}"
        )


@overload
def explain_error(code: int | str) -> Explanation: ...
@overload
def explain_error(code: float) -> Explanation | None: ...
def explain_error(code: float | str) -> Explanation | None:
    """Explain a Twilio error code: what it means, who can fix it and whether to retry.

    Args:
        code: The code, as a number or as text. A missing value of a table (NaN, NA) has no
            explanation, so ``frame["error_code"].map(tw.explain_error)`` explains a whole column.

    Returns:
        The explanation; None for a missing value.

    Raises:
        ValueError: It is not a whole number.
    """
    missing = type(code).__name__ in {"NAType", "NaTType"}
    if missing or code != code:  # noqa: PLR0124  NaN differs from itself
        return None
    number = _number(code)
    url = _PAGE.format(number)
    entry = CATALOGUE.get(number, _UNKNOWN)
    return Explanation(
        code=number,
        meaning=entry.meaning,
        advice=entry.advice.format(url) if entry is _UNKNOWN else entry.advice,
        who=entry.who,
        retry=entry.retry,
        url=url,
        known=entry is not _UNKNOWN,
    )


def field_of(code: int) -> str | None:
    """Return the keyword of ``messages.send`` that an error code is about, or None."""
    entry = CATALOGUE.get(code)
    return entry.field if entry else None


def _number(code: float | str) -> int:
    if isinstance(code, int):
        return code
    if isinstance(code, float) and code.is_integer():  # a column with missing values holds floats
        return int(code)
    text = code.strip() if isinstance(code, str) else str(code)
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"An error code must be a whole number such as 30007, not {text[:20]!r}.")
    return int(text)
