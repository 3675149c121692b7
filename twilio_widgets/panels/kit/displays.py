"""How values of the core are displayed at the end of a cell: static HTML, without scripts.

The core contains no HTML. `register` tells IPython how to display its types; a terminal shows their
plain `repr`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twilio_widgets.core.printable import inert, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from twilio_widgets.core.error_codes.explain import Explanation
    from twilio_widgets.core.flows.account import AccountCheck
    from twilio_widgets.core.guardrails.policy import Policy
    from twilio_widgets.core.text.segments import Segments
    from twilio_widgets.signature.verdict import Verdict

# Colours that can be read on a light and on a dark page.
_GOOD, _BAD, _WARN = "#2e8b46", "#d9534f", "#c77700"
_SOFT = "opacity: .75"
_CARD = (
    "max-width: 720px; padding: 10px 12px; border: 1px solid rgb(128 128 128 / 35%); "
    "border-radius: 6px; font-size: 13px; line-height: 1.5; text-align: left"
)
_BUBBLE = (
    "display: inline-block; max-width: 640px; margin: 3px 0; padding: 6px 10px; "
    "background: rgb(80 140 220 / 18%); border-radius: 10px 10px 10px 2px; "
    "white-space: pre-wrap; overflow-wrap: anywhere"
)
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


DISPLAYS: dict[tuple[str, str], Callable[[Any], str]] = {
    ("twilio_widgets.core.text.segments", "Segments"): segments_html,
    ("twilio_widgets.signature.verdict", "Verdict"): verdict_html,
    ("twilio_widgets.core.error_codes.explain", "Explanation"): explanation_html,
    ("twilio_widgets.core.flows.account", "AccountCheck"): account_check_html,
    ("twilio_widgets.core.guardrails.policy", "Policy"): policy_html,
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
