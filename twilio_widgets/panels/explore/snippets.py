"""Code that makes the figures of the explore panel with `tw.analysis`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twilio_widgets.panels.code.quoting import call, in_utc, literal
from twilio_widgets.panels.explore.worker import days_of

if TYPE_CHECKING:
    from datetime import datetime

    from twilio_widgets.panels.code.access import Access
    from twilio_widgets.panels.explore.state import ExploreState

ANSWERS = (
    "tw.analysis.delivery(chosen, by={by})",
    "tw.analysis.failures(chosen)",
    "tw.analysis.volume(chosen)",
    'tw.analysis.cost(chosen, by="country")',
    "tw.analysis.senders(chosen)",
    "tw.analysis.segments(chosen)",
    "tw.analysis.opt_outs(chosen)",
)


def analysis_code(state: ExploreState, access: Access, folder: str, now: datetime) -> str:
    """Return the code that reads the same messages and makes the same figures.

    Args:
        state: What the panel shows.
        access: How the code authenticates.
        folder: The archive's folder, where there is one.
        now: The time at which the period ends, if nothing was read yet.
    """
    span = state.answer.span if state.answer is not None else state.asked.span(now)
    lines = [_prepared(state), *_periods(state, span)]
    by = "hour" if state.asked.period == "24 h" else "day"
    answers = "\n".join(one.format(by=literal(by)) for one in ANSWERS)
    text = "\n\n".join(["\n".join(lines), answers, "chosen.frame  # the messages: panel.frame"])
    moments = [moment for moment in span if moment is not None]
    if state.asked.origin == "live":
        since, until = days_of(state.asked, now)
        given = {"sent_after": since, "sent_before": until, "limit": None}
        listed = {name: one for name, one in given.items() if one is not None or name == "limit"}
        read = call("frame = twilio.messages.list", **listed)
        return access.ours(f"{read}\n{text}", [*moments, since, until])
    imports = ["from datetime import UTC, datetime", ""] if moments else []
    archive = f"archive = tw.Archive({literal(folder)})"
    source = [archive] if state.asked.origin == "archive" else []
    return "\n".join([*imports, "import twilio_widgets as tw", "", *source, text])


def _prepared(state: ExploreState) -> str:
    source = "archive" if state.asked.origin == "archive" else "frame"
    return f"log = tw.analysis.prepare({source}, tz={literal(state.asked.tz)})"


def _periods(state: ExploreState, span: tuple[datetime | None, datetime | None]) -> list[str]:
    start, end = span
    where = _filters(state)
    if start is None and end is None:
        return [f"chosen = log{where}"]
    between = call("period = log.between", since=in_utc(start), until=in_utc(end))
    lines = [between, f"chosen = period{where}"]
    can_compare = state.answer is not None and state.answer.before is not None
    if can_compare and start is not None and end is not None:
        earlier = call(
            "before = log.between", since=in_utc(start - (end - start)), until=in_utc(start)
        )
        lines += [earlier, f"tw.analysis.compare(before{where}, chosen)"]
    return lines


def _filters(state: ExploreState) -> str:
    """Return the filters as a call of `where`; error codes and hours are numbers."""
    if not state.where:
        return ""
    given = {name: [_value(name, key) for key in keys] for name, keys in state.where}
    return call(".where", **given)


def _value(name: str, key: str) -> object:
    is_number = name in {"error_code", "hour", "segments"} and key.isdecimal()
    return int(key) if is_number else key
