"""The rules of a policy as sentences, for the person who is about to send."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twilio_widgets.core.guardrails.amount import Limits, counted, dollars

if TYPE_CHECKING:
    from twilio_widgets.core.guardrails.policy import Policy


def rules_of(policy: Policy) -> tuple[str, ...]:
    """Return the rules of a policy, each as a sentence."""
    rules = []
    if policy.dry_run:
        rules.append("Dry run: nothing is sent, and nothing is changed.")
    if policy.allow is not None:
        rules.append(f"Only these recipients: {policy.allow}.")
    if limits := _most(policy.per_job):
        rules.append(f"At most {limits} in one job.")
    if limits := _most(policy.per_day):
        rules.append(f"At most {limits} in one day (UTC).")
    if policy.quiet_hours is not None:
        unknown = "sent all the same" if policy.allow_unknown_zone else "refused"
        rules.append(
            f"Quiet from {policy.quiet_hours} at the destination; a recipient whose time zone is "
            f"not known is {unknown}."
        )
    return tuple(rules) or ("No limits.",)


def _most(limits: Limits) -> str:
    parts = []
    if limits.recipients is not None:
        parts.append(counted("recipients", limits.recipients))
    if limits.segments is not None:
        parts.append(counted("segments", limits.segments))
    if limits.cost is not None:
        parts.append(f"{dollars(limits.cost)} by estimate")
    return ", ".join(parts)
