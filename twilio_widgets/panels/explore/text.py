"""The texts of the explore panel, derived from its state."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from twilio_widgets.panels.charts.scale import full_label, value_text

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from twilio_widgets.analysis.overview import Figures
    from twilio_widgets.panels.explore.state import ExploreState, Origin
    from twilio_widgets.panels.kit.elements import Tone

NOT_CONNECTED_YET = (
    "Not connected. Press Connect in the connection panel; then this panel becomes active."
)
NO_SOURCE = (
    "Not connected. Create this panel with ExplorePanel(twilio=…), ExplorePanel(archive=…) or "
    "ExplorePanel(messages=…)."
)

ORIGINS: dict[Origin, str] = {"live": "Live log", "archive": "Archive", "messages": "Given frame"}

DIMENSIONS = {
    "day": "Day",
    "hour": "Hour",
    "weekday": "Weekday",
    "status": "Status",
    "error_code": "Error",
    "country": "Country",
    "sender": "Your number",
    "segments": "Segments",
}
"""The names of the filters."""

NO_CHANGE = 0.0005
"""A relative difference that is shown as none."""

Tile = dict[str, str]
"""A tile: `label`, `value`, `change` and the `tone` of the change."""


def pill_of(state: ExploreState) -> tuple[str, Tone]:
    """Return a short name of the state, and its tone."""
    if state.running is not None:
        return ("syncing…" if state.running.kind == "sync" else "reading…"), "idle"
    if state.problem:
        return "problem", "problem"
    if is_outside(state):
        return "period not read", "idle"
    if state.loaded is not None:
        return ("complete", "good") if state.loaded.complete else ("incomplete", "idle")
    return ("not read yet" if readable(state) else "not connected"), "idle"


def readable(state: ExploreState) -> bool:
    """Return whether the chosen source can be read."""
    return state.asked.origin != "live" or state.identity is not None


def emptiness_of(state: ExploreState) -> str:
    """Return the text in place of the charts while there are no messages; else empty."""
    if state.loaded is None:
        return _not_read(state)
    if state.loaded.rows == 0:
        return "There are no messages in this period: none was sent or received."
    if state.answer is None:
        return "Counting…"
    if state.answer.figures is not None and not state.where and state.answer.figures.messages == 0:
        return "There are no messages in this period. Choose a longer one."
    return ""


def _not_read(state: ExploreState) -> str:
    if state.running is not None:
        return "Reading messages…"
    if state.asked.origin == "archive":
        return "The archive is not read yet. Press Load to read it, or Sync to update it first."
    if state.identity is not None:
        return "No messages have been read yet. Press Load to read this period and the one before."
    return NOT_CONNECTED_YET if state.follows else NO_SOURCE


def advice_of(state: ExploreState) -> tuple[str, Tone]:
    """Return the problem, or the exact period, below the controls; and its tone."""
    if state.problem:
        return state.problem, "problem"
    if state.loaded is None:
        return "", "hint"
    if is_outside(state):
        return "Press Load to read the messages of this period.", "warning"
    return " · ".join(filter(None, (span_text(state), state.loaded.note))), "hint"


def is_outside(state: ExploreState) -> bool:
    """Return whether the period begins before the messages that were read from Twilio."""
    loaded = state.loaded
    if loaded is None or loaded.origin != state.asked.origin:
        return loaded is not None
    if loaded.since is None:
        return False
    start, _ = state.asked.span(loaded.now)
    return start is None or start.date() < loaded.since


def span_text(state: ExploreState) -> str:
    """Return the period with its times and the time zone."""
    if state.answer is None:
        return ""
    start, end = state.answer.span
    if start is None and end is None:
        return f"All messages, times in {state.asked.tz}"
    zone = ZoneInfo(state.asked.tz)

    def shown(moment: datetime | None, otherwise: str) -> str:
        if moment is None:
            return otherwise
        local = moment.astimezone(zone)
        return f"{local.day} {local:%b %Y %H:%M}"

    return f"{shown(start, 'the first message')} – {shown(end, 'now')}, {state.asked.tz}"


# Tiles


def tiles_of(state: ExploreState) -> list[Tile]:
    """Return the tiles, each with its change against the period before."""
    if state.answer is None or state.answer.figures is None:
        return []
    now, before = state.answer.figures, state.answer.before
    return [
        _count("Sent", now.sent, before.sent if before else None),
        _rate(now, before),
        _count("Failed", now.failed, before.failed if before else None, worse=1),
        _count("Inbound", now.inbound, before.inbound if before else None),
        _count("Opt-outs", now.opt_outs, before.opt_outs if before else None, worse=1),
        *_costs(now, before),
        _segments(now, before),
    ]


def _tile(label: str, value: str, change: str = "", tone: str = "none") -> Tile:
    return {"label": label, "value": value, "change": change, "tone": tone}


def _count(label: str, now: int, before: int | None, *, worse: int = 0) -> Tile:
    """Return a tile of a number; `worse` is 1 where more is worse."""
    return _tile(label, f"{now:,}", *_relative(now, before, f"{before:,}" if before else "", worse))


def _relative(now: float, before: float | None, text: str, worse: int) -> tuple[str, str]:
    """Return how a number changed, and the tone of the change."""
    if before is None:
        return "", "none"
    if before == 0:
        return ("as before" if now == 0 else "none before"), _tone(now, worse)
    part = now / before - 1
    if abs(part) < NO_CHANGE:
        return f"as before ({text})", "none"
    sign = "▲" if part > 0 else "▼"
    size = f"{now / before:.1f}×" if part >= 1 else f"{abs(part) * 100:.0f} %"
    return f"{sign} {size} from {text}", _tone(part, worse)


def _tone(change: float, worse: int) -> str:
    if not worse or not change:
        return "none"
    return "problem" if change * worse > 0 else "good"


def _rate(now: Figures, before: Figures | None) -> Tile:
    rate = now.delivered_rate
    value = "–" if rate is None else value_text(100 * rate, "percent")
    last = before.delivered_rate if before else None
    if rate is None or last is None:
        return _tile("Delivered", value)
    points = 100 * (rate - last)
    text = value_text(100 * last, "percent")
    if abs(points) < 0.05:  # it would read 0.0
        return _tile("Delivered", value, f"as before ({text})")
    sign = "▲" if points > 0 else "▼"
    change = f"{sign} {abs(points):.1f} points from {text}"
    return _tile("Delivered", value, change, _tone(points, -1))


def _costs(now: Figures, before: Figures | None) -> list[Tile]:
    """Return a tile for each currency: amounts of two currencies are never added."""
    last = dict(before.costs) if before else {}
    waiting = f"{now.not_billed:,} not billed yet" if now.not_billed else ""
    if not now.costs:
        return [_tile("Cost", "–", waiting)]
    return [_cost(unit, cost, last.get(unit), waiting) for unit, cost in now.costs]


def _cost(unit: str | None, cost: Decimal, last: Decimal | None, waiting: str) -> Tile:
    before = None if last is None else float(last)
    text = "" if last is None else value_text(float(last), "money", unit or "")
    # A period with messages that are not billed yet looks cheaper than it is.
    change, tone = (waiting, "none") if waiting else _relative(float(cost), before, text, 0)
    return _tile("Cost", value_text(float(cost), "money", unit or ""), change, tone)


def _segments(now: Figures, before: Figures | None) -> Tile:
    each = now.segments_each
    last = before.segments_each if before else None
    value = "–" if each is None else f"{each:.2f}"
    if each is None or last is None:
        return _tile("Segments a message", value)
    return _tile("Segments a message", value, *_relative(each, last, f"{last:.2f}", 1))


# Filters, table and conversation


def chips_of(state: ExploreState) -> list[dict[str, str]]:
    """Return a chip for each filter."""
    return [
        {
            "name": dimension,
            "key": key,
            "text": f"{DIMENSIONS[dimension]}: {key_text(dimension, key)}",
        }
        for dimension, keys in state.where
        for key in keys
    ]


def key_text(dimension: str, key: str) -> str:
    """Return the key of a filter as a text."""
    if dimension == "hour":
        return f"{int(key):02}:00" if key.isdecimal() else "unknown"
    return full_label(key) if key else "unknown"


def note_of(rows: int, total: int) -> str:
    """Return the note below the table, which never hides that there are more rows."""
    return "panel.frame has all of them." if rows < total else ""


def chat_title(state: ExploreState) -> str:
    """Return the text of the button that switches between message and conversation."""
    if state.opened is None or state.opened.seen == "chat":
        return "Show the message"
    total = state.opened.total
    return f"Show the conversation ({total:,})" if total else "Show the conversation"


def summary_of(state: ExploreState) -> tuple[tuple[str, str], ...]:
    """Return the label and text of each row in a saved notebook."""
    if state.loaded is None:
        return (("State", pill_of(state)[0]),)
    whole = "complete" if state.loaded.complete else "incomplete"
    rows = [("Messages", f"{state.loaded.rows:,} read, {whole}")]
    if span := span_text(state):
        rows.append(("Period", span))
    if chips := chips_of(state):
        rows.append(("Filters", ", ".join(chip["text"] for chip in chips)))
    return tuple(rows)
