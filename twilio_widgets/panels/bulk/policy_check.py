"""Check a plan against the guard rails before sending, without counting against any limit."""

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
    """The result of checking a plan against the guard rails."""

    refusal: str = ""
    """Why the whole plan is refused, whatever the user confirms."""
    above: int | None = None
    """The number of recipients allowed without confirmation, when the plan exceeds it."""
    rows: tuple[Row, ...] = ()
    """Ready rows that would be refused now, as rows of the table of problems."""
    unplaced: int = 0
    """Rows whose local time is not known although there are quiet hours."""


def policy_of(twilio: Twilio, own: Policy | None) -> Policy | None:
    """Return the guard rails in force; None when the client has a policy object of another kind."""
    policy = own or twilio.policy
    return policy if isinstance(policy, Policy) else None


def judgement_of(policy: Policy | None, connection: Connection, plan: Plan, name: str) -> Judgement:
    """Check a plan against the guard rails.

    Args:
        policy: The guard rails, or None.
        connection: The connection that would send.
        plan: The plan.
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
    """Return the plan's problems as rows of the table of problems."""
    return [_line(one.n, one.column, one.value, one.kind, one.reason) for one in plan.problems]


def _refusal(policy: Policy, connection: Connection, plan: Plan, name: str) -> str:
    cost = plan.summary.cost
    try:
        policy.confirmed(recipients=len(plan)).check_job(
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
    """Check the messages that a job still has to send against the guard rails.

    Returns:
        The number that would be refused now, and the number whose time zone is not known.
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
    """Return why a message would be refused even if confirmed, and whether its zone is unknown."""
    refusal = policy.refusal_of_form(connection, form)
    if refusal is None or policy.quiet_hours is None:
        return refusal, False
    still = policy.confirmed(unknown_zone=True).refusal_of_form(connection, form)
    return still, still is None


def _line(n: int, column: str | None, value: str | None, kind: str, reason: str) -> Row:
    return {"row": n, "column": column, "value": value, "kind": kind, "reason": reason}
