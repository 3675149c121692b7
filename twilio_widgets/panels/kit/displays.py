"""How values are displayed at the end of a cell: static HTML, without scripts.

Neither the core nor a plan contains HTML. `register` tells IPython how to display these types; a
terminal shows their plain `repr`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.core.numbers.money import money_text
from twilio_widgets.core.printable import inert, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from twilio_widgets.bulk.planning.display import Preview
    from twilio_widgets.bulk.planning.plan import Plan
    from twilio_widgets.core.error_codes.explain import Explanation
    from twilio_widgets.core.flows.account import AccountCheck
    from twilio_widgets.core.guardrails.policy import Policy
    from twilio_widgets.core.text.segments import Segments
    from twilio_widgets.signature.verdict import Verdict

# Colours that can be read on a light and on a dark page.
_GOOD, _BAD, _WARN = "#2e8b46", "#d9534f", "#c77700"
_SOFT = "opacity: .75"
_CARD = (
    "box-sizing: border-box; max-width: 960px; margin: 4px 0; padding: 10px 12px; "
    "border: 1px solid rgb(128 128 128 / 35%); "
    "border-radius: 6px; font-size: 13px; line-height: 1.5; text-align: left"
)
_BUBBLE = (
    "display: inline-block; max-width: 640px; margin: 3px 0; padding: 6px 10px; "
    "background: rgb(80 140 220 / 18%); border-radius: 10px 10px 10px 2px; "
    "white-space: pre-wrap; overflow-wrap: anywhere"
)
_TABLE = (
    "table-layout: auto; width: 100%; margin: 6px 0 2px; border-collapse: collapse; font-size: 12px"
)
_CELL = "padding:4px 12px 4px 0;text-align:left;vertical-align:top;white-space:pre-wrap"
_ROW = "background:none;border-top:1px solid rgb(128 128 128 / 25%)"
_BLAMED = "background: rgb(255 160 0 / 45%); border-radius: 2px; padding: 0 1px"
MOST_BUBBLES = 30
"""Segments shown at most; Twilio's longest body has 24."""
_WHO = {"you": "you", "recipient": "the recipient", "carrier": "the carrier", "Twilio": "Twilio",
        "account admin": "the account's administrator"}  # fmt: skip
_AGAIN = {True: "yes, later", False: "only after you change something",
          None: "check first whether it was sent"}  # fmt: skip


def segments_html(cut: Segments) -> str:
    """Return the segments of a body as bubbles, with the characters that require UCS-2 marked."""
    blamed = {index for index, _character in cut.blame}
    start, bubbles = 0, []
    for part in cut.parts[:MOST_BUBBLES]:
        marked = "".join(
            f'<mark style="{_BLAMED}; color: inherit">{inert(one_line(character))}</mark>'
            if start + place in blamed
            else inert(character)
            for place, character in enumerate(part)
        )
        start += len(part)
        bubbles.append(f'<div><span style="{_BUBBLE}">{marked or "&nbsp;"}</span></div>')
    more = cut.count - MOST_BUBBLES
    rest = f'<div style="{_SOFT}">and {more:,} more segments</div>' if more > 0 else ""
    subtitle = (
        f"{cut.encoding} · {cut.last_used} of {cut.per_segment} units used"
        f"{' in the last segment' if cut.count > 1 else ''}"
    )
    title = f"{cut.count} segment{'s'[: cut.count != 1]}"
    why = [] if not cut.blame else [("UCS-2 because of", _characters(cut.blame))]
    return _card(title, subtitle, _rows(why) + "".join(bubbles) + rest)


def verdict_html(verdict: Verdict) -> str:
    """Return whether a webhook request was signed by Twilio and, if not, why not."""
    title = "Signature valid" if verdict.valid else "Signature not valid"
    rows = [("Cause", verdict.cause), ("What to do", verdict.mend), ("Key", verdict.scheme)]
    tone = _GOOD if verdict.valid else _BAD
    return _card(title, "", _sentence(verdict.reason) + _rows(rows), tone)


def explanation_html(known: Explanation) -> str:
    """Return an error code with its meaning, what to do, and who can do it."""
    rows = [
        ("Who can fix it", _WHO.get(known.who, str(known.who))),
        ("Retry", _AGAIN[known.retry]),
    ]
    link = f'<a href="{inert(known.url)}" rel="noreferrer">Twilio on {known.code}</a>'
    body = _sentence(known.advice) + _rows(rows) + link
    return _card(f"{known.code}: {known.meaning}", "", body, _WARN)


def account_check_html(check: AccountCheck) -> str:
    """Return the result of checking a connection's credentials."""
    rows = [
        ("Account", check.account),
        ("Kind", check.kind),
        ("Source", check.source),
        ("Webhook signatures", "can be checked" if check.can_validate_webhooks else "cannot"),
    ]
    title = "Connected" if check.ok else "Not connected"
    return _card(title, "", _sentence(check.text) + _rows(rows), _GOOD if check.ok else _BAD)


def policy_html(policy: Policy) -> str:
    """Return the rules of a policy, one sentence each."""
    rules = "".join(f"<li>{inert(rule)}</li>" for rule in policy.explain())
    return _card("Policy", "", f'<ul style="margin: 4px 0 0; padding-left: 18px">{rules}</ul>')


def plan_html(plan: Plan) -> str:
    """Return a plan's summary, its first messages as bubbles, and its first problems."""
    title, *lines = plan.summary.lines()
    tone = _GOOD if not plan.problems else _WARN if plan.rows else _BAD
    return _card(
        title,
        "",
        "".join(map(_sentence, lines)) + _messages(plan.preview()) + _problems(plan),
        tone,
    )


def preview_html(preview: Preview) -> str:
    """Return the first messages of a plan as bubbles."""
    return _card("The first messages", "", _messages(preview))


def _messages(preview: Preview) -> str:
    from twilio_widgets.bulk.planning.display import cut, showing

    if not preview.rows:
        return ""
    rows = [
        (
            f"{row.n:,}",
            inert(mask(row.to)),
            f'<span style="{_BUBBLE}">{inert(cut(row.body)) or "&nbsp;"}</span>',
            f"{row.segments}",
            "" if row.cost is None else inert(money_text(row.cost)),
        )
        for row in preview.rows
    ]
    heads = ("Row", "To", "Message", "Segments", "Cost")
    return _table(heads, rows, showing(len(rows), preview.total, "messages"))


def _problems(plan: Plan) -> str:
    from twilio_widgets.bulk.planning.display import MOST_SHOWN, showing

    shown = plan.problems[:MOST_SHOWN]
    if not shown:
        return ""
    rows = [(f"{one.n:,}", inert(one.column or ""), inert(one.reason)) for one in shown]
    return _table(
        ("Row", "Column", "Why it cannot be sent"),
        rows,
        showing(len(rows), len(plan.problems), "problems"),
    )


DISPLAYS: dict[tuple[str, str], Callable[[Any], str]] = {
    ("twilio_widgets.core.text.segments", "Segments"): segments_html,
    ("twilio_widgets.signature.verdict", "Verdict"): verdict_html,
    ("twilio_widgets.core.error_codes.explain", "Explanation"): explanation_html,
    ("twilio_widgets.core.flows.account", "AccountCheck"): account_check_html,
    ("twilio_widgets.core.guardrails.policy", "Policy"): policy_html,
    ("twilio_widgets.bulk.planning.plan", "Plan"): plan_html,
    ("twilio_widgets.bulk.planning.display", "Preview"): preview_html,
}
"""Module and name of each type, so that none is imported before it is displayed."""


def register(formatter: Any) -> None:
    """Tell IPython's HTML formatter how to display these types."""
    for (module, name), display in DISPLAYS.items():
        formatter.for_type_by_name(module, name, display)


def _card(title: str, subtitle: str, body: str, tone: str = "") -> str:
    edge = f"; border-left: 3px solid {tone}" if tone else ""
    soft = f' <span style="{_SOFT}">· {inert(subtitle)}</span>' if subtitle else ""
    return (
        f'<div class="tex2jax_ignore mathjax_ignore" style="{_CARD}{edge}">'
        f"<strong>{inert(title)}</strong>{soft}{body}</div>"
    )


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], caption: str) -> str:
    """Return a table of cells that are HTML, and a line below it."""
    head = "".join(
        f'<th scope="col" style="{_CELL};font-weight:400;{_SOFT}">{inert(name)}</th>'
        for name in heads
    )
    body = "".join(
        f'<tr style="{_ROW}">'
        + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in cells)
        + "</tr>"
        for cells in rows
    )
    return (
        f'<table style="{_TABLE}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        f'<div style="{_SOFT}; font-size: 12px">{inert(caption)}</div>'
    )


def _sentence(text: str) -> str:
    return f"<div>{inert(text)}</div>"


def _rows(rows: Iterable[tuple[str, str | None]]) -> str:
    return "".join(
        f'<div><span style="{_SOFT}">{inert(label)}:</span> {inert(one_line(text))}</div>'
        for label, text in rows
        if text
    )


def _characters(blame: Iterable[tuple[int, str]]) -> str:
    return ", ".join(
        f"{one_line(character)} (character {index + 1:,})" for index, character in blame
    )
