"""Minimal plans for tests and jobs started from them. Any object with `rows` works as a plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from twilio_widgets import AsyncTwilio, Sandbox, Twilio
from twilio_widgets.bulk.job import Job
from twilio_widgets.core.message.parameters import before, form_of

NOW = "2026-01-15T12:00:00Z"


@dataclass(frozen=True)
class Planned:
    n: int
    to: str
    parameters: Mapping[str, object]
    segments: int = 1
    cost: Decimal | None = None

    @property
    def form(self) -> tuple[tuple[str, str], ...]:
        now = before(self.parameters.get("send_at"))
        return form_of({"to": self.to, **self.parameters}, now=now)


@dataclass(frozen=True)
class Plan:
    rows: list[Planned] = field(default_factory=list)


def plan(
    sender: str,
    rows: int = 5,
    body: str = "Hi {n}",
    *,
    cost: Decimal | None = None,
    **parameters: object,
) -> Plan:
    return Plan(
        [
            Planned(
                n,
                f"+1415555{1000 + n}",
                {"from_": sender, "body": body.format(n=n)} | parameters,
                cost=cost,
            )
            for n in range(rows)
        ]
    )


def begun(
    twilio: Twilio | AsyncTwilio, name: str = "spring", rows: int = 5, **options: object
) -> Job:
    asked = plan(twilio.connection.sandbox.numbers[0], rows)
    return Job.start(asked, twilio, name=name, **{"undo_seconds": 0} | options)


def statuses(job: Job) -> dict[str, int]:
    return {status: count for status, count in job.progress.counts.items() if count}


def statuses_after(job: Job) -> dict[str, int]:
    job.wait(20)
    return statuses(job)


def sent(sandbox: Sandbox) -> Counter[str]:
    return Counter(one.body for one in sandbox.ledger)
