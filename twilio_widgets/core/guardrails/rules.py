"""The rules of a policy: their fields, the checks of their values, and `explain`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import time
from decimal import Decimal
from typing import Any

from twilio_widgets.core.guardrails.limits import UsageLimits, counted, dollars
from twilio_widgets.core.guardrails.pricing import PriceList, estimate_cost
from twilio_widgets.core.guardrails.quiet_hours import QuietHours
from twilio_widgets.core.guardrails.recipients import Allowed
from twilio_widgets.core.numbers.account_prices import PriceTable
from twilio_widgets.errors import ConfigurationError

MAX_RECIPIENTS = 100
"""The default limit of recipients per job."""


@dataclass(frozen=True, init=False, repr=False)
class Rules:
    """The rules of a policy as checked, immutable fields. `Policy` documents each of them.

    Raises:
        ConfigurationError: A rule is invalid; ``field`` names the argument.
    """

    dry_run: bool
    allow: Allowed | None
    max_recipients: int | None
    max_segments: int | None
    max_cost: Decimal | None
    max_cost_per_day: Decimal | None
    quiet_hours: QuietHours | None
    allow_unknown_zone: bool
    max_recipients_per_day: int | None
    max_segments_per_day: int | None
    prices: PriceList

    def __init__(
        self,
        *,
        dry_run: bool = False,
        allow: str | Iterable[str] | Allowed | None = None,
        max_recipients: int | None = MAX_RECIPIENTS,
        max_segments: int | None = None,
        max_cost: Decimal | float | str | None = None,
        max_cost_per_day: Decimal | float | str | None = None,
        quiet_hours: tuple[str | time, str | time] | QuietHours | None = None,
        allow_unknown_zone: bool = False,
        max_recipients_per_day: int | None = None,
        max_segments_per_day: int | None = None,
        prices: Mapping[str, Decimal | float | str] | PriceTable | PriceList | None = None,
    ) -> None:
        self._set(
            dry_run=_yes_or_no(dry_run, "dry_run"),
            allow=None if allow is None else Allowed.of(allow),
            max_recipients=_count(max_recipients, "max_recipients"),
            max_segments=_count(max_segments, "max_segments"),
            max_cost=_cost(max_cost, "max_cost"),
            max_cost_per_day=_cost(max_cost_per_day, "max_cost_per_day"),
            quiet_hours=None if quiet_hours is None else QuietHours.of(quiet_hours),
            allow_unknown_zone=_yes_or_no(allow_unknown_zone, "allow_unknown_zone"),
            max_recipients_per_day=_count(max_recipients_per_day, "max_recipients_per_day"),
            max_segments_per_day=_count(max_segments_per_day, "max_segments_per_day"),
            prices=PriceList.of(prices or {}),
        )

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def per_job(self) -> UsageLimits:
        """The limits of one job, and of a message outside a job."""
        return UsageLimits(self.max_recipients, self.max_segments, self.max_cost)

    @property
    def per_day(self) -> UsageLimits:
        """The limits of one day (UTC)."""
        return UsageLimits(
            self.max_recipients_per_day, self.max_segments_per_day, self.max_cost_per_day
        )

    @property
    def looks_inside(self) -> bool:
        """Whether any rule depends on a message's content or recipient."""
        sizes = replace(self.per_job, recipients=None), replace(self.per_day, recipients=None)
        return self.allow is not None or self.quiet_hours is not None or any(sizes)

    def explain(self) -> tuple[str, ...]:
        """Return the active rules, each as a sentence."""
        rules = []
        if self.dry_run:
            rules.append("Dry run: nothing is sent or changed.")
        if self.allow is not None:
            rules.append(f"Only these recipients: {self.allow}.")
        if limits := _most(self.per_job):
            rules.append(f"At most {limits} per job.")
        if limits := _most(self.per_day):
            rules.append(f"At most {limits} per day (UTC).")
        if self.quiet_hours is not None:
            unknown = "sent anyway" if self.allow_unknown_zone else "refused"
            rules.append(
                f"Quiet hours from {self.quiet_hours}, local time at the destination; a message to "
                f"an unknown time zone is {unknown}."
            )
        return tuple(rules) or ("No limits.",)

    def __repr__(self) -> str:
        shown = [
            f"{each.name}={_shown(getattr(self, each.name))}"
            for each in fields(self)
            if getattr(self, each.name) != _DEFAULTS.get(each.name) or each.name == "max_recipients"
        ]
        return f"{type(self).__name__}({', '.join(shown)})"


_DEFAULTS: dict[str, object] = {
    "dry_run": False, "allow_unknown_zone": False, "prices": PriceList()
}  # fmt: skip


def _shown(value: object) -> str:
    return f"'{value}'" if isinstance(value, Decimal) else repr(value)


def _yes_or_no(value: object, name: str) -> bool:
    if not isinstance(value, bool):
        raise ConfigurationError(f"{name} must be True or False.", field=name)
    return value


def _count(value: object, name: str) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ConfigurationError(
            f"{name} must be a whole number, or None for no limit.", field=name
        )
    return value


def _cost(value: object, name: str) -> Decimal | None:
    return None if value is None else estimate_cost(value, name, name)


def _most(limits: UsageLimits) -> str:
    parts = []
    if limits.recipients is not None:
        parts.append(counted("recipients", limits.recipients))
    if limits.segments is not None:
        parts.append(counted("segments", limits.segments))
    if limits.cost is not None:
        parts.append(f"{dollars(limits.cost)} (estimated)")
    return ", ".join(parts)
