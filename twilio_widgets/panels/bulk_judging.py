"""What the guard rails say of a plan, before anything leaves and without counting anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from twilio_widgets.core.guardrails.policy import Policy
from twilio_widgets.errors import PolicyRefused

if TYPE_CHECKING:
    from twilio_widgets.bulk.planning.plan import Plan
    from twilio_widgets.client import Twilio
    from twilio_widgets.core.connection import Connection

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
        rows=_refused_rows(policy, connection, plan),
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


def _refused_rows(policy: Policy, connection: Connection, plan: Plan) -> tuple[Row, ...]:
    if not policy.looks_inside:
        return ()
    judged = (
        (row, policy.refusal_of(connection, {"to": row.to, **row.parameters})) for row in plan.rows
    )
    return tuple(
        _line(row.n, None, row.original, "guard rails", str(refusal))
        for row, refusal in judged
        if refusal is not None
    )


def _line(n: int, column: str | None, value: str | None, kind: str, reason: str) -> Row:
    return {"row": n, "column": column, "value": value, "kind": kind, "reason": reason}
