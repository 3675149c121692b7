"""What the guard rails say of a plan, before anything leaves and without counting anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from twilio_widgets.core.guardrails.policy import Policy
from twilio_widgets.errors import PolicyRefused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twilio_widgets.bulk.planning.plan import Plan
    from twilio_widgets.client import Twilio
    from twilio_widgets.core.credentials.connection import Connection
    from twilio_widgets.journal.row import Form

    Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the guard rails would do."""

    refusal: str = ""
    """Why none of it may leave, whatever a person confirms."""
    above: int | None = None
    """The number of recipients above which they want it confirmed, when it is above."""
    rows: tuple[Row, ...] = ()
    """Ready rows that they would refuse now, as lines of the table of problems."""
    unplaced: int = 0
    """Rows of which they ask: nobody knows what time it is there, and there are quiet hours."""


def policy_of(twilio: Twilio, own: Policy | None) -> Policy | None:
    """Return the guard rails in force; None when the client has a judge of another kind."""
    policy = own or twilio.policy
    return policy if isinstance(policy, Policy) else None


def judgement_of(policy: Policy | None, connection: Connection, plan: Plan, name: str) -> Judgement:
    """Ask the guard rails about a plan.

    Args:
        policy: The guard rails, if they can be asked.
        connection: Who would send.
        plan: What would be sent.
        name: The job's name.
    """
    if policy is None or not len(plan):
        return Judgement()
    most = policy.max_recipients
    return Judgement(
        refusal=_refusal(policy, connection, plan, name),
        above=most if most is not None and len(plan) > most else None,
        **_rows_of(policy, connection, plan),
    )


def problem_rows(plan: Plan) -> list[Row]:
    """Return what keeps rows back, as lines of the table of problems."""
    return [_line(one.n, one.column, one.value, one.kind, one.reason) for one in plan.problems]


def _refusal(policy: Policy, connection: Connection, plan: Plan, name: str) -> str:
    cost = plan.summary.cost
    try:
        policy.confirmed(recipients=len(plan)).judge_job(
            connection,
            recipients=len(plan),
            segments=plan.summary.segments,
            cost=None if cost.unpriced else cost.amount,
            name=name,
        )
    except PolicyRefused as refused:
        return str(refused)
    return ""


def held_of(
    policy: Policy | None, connection: Connection, forms: Sequence[Form]
) -> tuple[int, int]:
    """Ask the guard rails about the messages that a job still has to send.

    Returns:
        How many they would refuse now, and of how many they ask because of an unknown zone.
    """
    if policy is None or not policy.looks_inside:
        return 0, 0
    looks = [_look(policy, connection, form) for form in forms]
    return sum(refusal is not None for refusal, _asks in looks), sum(asks for _, asks in looks)


def _rows_of(policy: Policy, connection: Connection, plan: Plan) -> dict[str, Any]:
    if not policy.looks_inside:
        return {}
    looks = [_look(policy, connection, row.form) for row in plan.rows]
    refused = tuple(
        _line(row.n, None, row.original, "guard rails", str(refusal))
        for row, (refusal, _asks) in zip(plan.rows, looks, strict=True)
        if refusal is not None
    )
    return {"rows": refused, "unplaced": sum(asks for _refusal, asks in looks)}


def _look(policy: Policy, connection: Connection, form: Form) -> tuple[PolicyRefused | None, bool]:
    """Return why a message would be refused whatever is confirmed, and whether they ask of it."""
    refusal = policy.refusal_of_form(connection, form)
    if refusal is None or policy.quiet_hours is None:
        return refusal, False
    still = policy.confirmed(unknown_zone=True).refusal_of_form(connection, form)
    return still, still is None


def _line(n: int, column: str | None, value: str | None, kind: str, reason: str) -> Row:
    return {"row": n, "column": column, "value": value, "kind": kind, "reason": reason}
