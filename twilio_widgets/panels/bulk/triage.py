"""The outcomes of a job in groups that the user can act on, by status and error code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from twilio_widgets.core.error_codes.explain import explain_error

SETTLES: Final = (
    "Not sure: the response was lost, so the message may have been sent. “Find out” searches the "
    "message log again, and a status callback also settles it. Or check it yourself and record the "
    "result: job.attach(row, sid) or job.abandon(rows). It is never sent again automatically."
)
"""The explanation of a row whose outcome is unknown."""

_WORDS: Final[dict[str, tuple[str, str, str]]] = {
    "accepted": ("Twilio accepted it; its delivery status is not known yet", "nobody", ""),
    "pending": ("not sent yet", "you", "“Go on” sends it."),
    "attempted": (
        "it was being sent when the job stopped",
        "you",
        "“Go on” finds out whether it was sent.",
    ),
    "unknown": (SETTLES, "you", "Find out"),
    "skipped": (
        "not sent: the job was cancelled first",
        "you",
        "job.resend(rows) sends it.",
    ),
    "abandoned": (
        "given up: it may have been sent, and the message log is not searched any more",
        "you",
        "",
    ),
    "rejected": ("refused before it was sent", "you", "See its explanation."),
}

_ORDER: Final = ("unknown", "rejected", "pending", "attempted", "abandoned", "skipped", "accepted")
_GOOD: Final = frozenset({"delivered", "read"})
_UNHAPPY: Final = frozenset({"undelivered", "failed", "canceled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rows with the same outcome for the same reason."""

    status: str
    """The row's status, or Twilio's word for its message where that is known."""
    code: int | None
    meaning: str
    who: str
    """Who can fix it: ``"you"``, ``"nobody"`` or another word of `explain_error`."""
    advice: str
    count: int


def groups_of(records: Iterable[Mapping[str, Any]]) -> tuple[Group, ...]:
    """Group the rows of ``job.outcomes``; groups that need attention come first."""
    counts: dict[tuple[str, str, int | None], int] = {}
    for record in records:
        status, later, code = str(record["status"]), record["message_status"], record["error_code"]
        word = str(later) if isinstance(later, str) and status == "accepted" else status
        key = (status, word, code if isinstance(code, int) else None)
        counts[key] = counts.get(key, 0) + 1
    ordered = sorted(counts.items(), key=lambda one: (_place(*one[0]), -one[1]))
    return tuple(_group(word, code, count) for (_status, word, code), count in ordered)


def _place(status: str, word: str, code: int | None) -> int:
    if word in _UNHAPPY or code is not None:
        return _ORDER.index("rejected")
    return len(_ORDER) + (word in _GOOD) if word != status else _ORDER.index(status)


def _group(word: str, code: int | None, count: int) -> Group:
    if code is not None:
        explanation = explain_error(code)
        meaning, who, advice = explanation.about(None), str(explanation.who), explanation.advice
    elif word in _WORDS:
        meaning, who, advice = _WORDS[word]
        meaning = meaning[:1].upper() + meaning[1:]
    else:
        meaning, who, advice = f"Twilio's status: {word}", "nobody", ""
    shown = "not sure" if word == "unknown" else word
    return Group(status=shown, code=code, meaning=meaning, who=who, advice=advice, count=count)
