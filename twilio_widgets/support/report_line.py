"""One line of a report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

Verdict = Literal["ok", "no", "info"]
"""Works; does not work, and how to change that; or a fact that is neither."""

_MARKS: dict[Verdict, str] = {"ok": "ok  ", "no": "NO  ", "info": "    "}


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One fact about this installation. It never contains a secret."""

    topic: str
    name: str
    text: str
    verdict: Verdict = "info"


def report_of(lines: Iterable[ReportLine]) -> str:
    """Return lines as text, grouped by topic."""
    text = ""
    for topic, group in groupby(lines, key=lambda line: line.topic):
        text += f"{topic}:\n"
        text += "".join(f"  {_MARKS[one.verdict]}{one.name}: {one.text}\n" for one in group)
    return text
