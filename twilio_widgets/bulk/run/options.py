"""Checking how a job is to be carried out, before anything is written down."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from twilio_widgets.errors import ConfigurationError
from twilio_widgets.journal.journal import JobOptions

if TYPE_CHECKING:
    from twilio_widgets.client import AsyncTwilio, Twilio
    from twilio_widgets.journal.plan_rows import PlanLike
    from twilio_widgets.journal.reconcile import Callbacks


def checked_terms(rate: object, per: object, on_unknown: object) -> JobOptions:
    """Return the terms of a job.

    Raises:
        ConfigurationError: One of them cannot be right; it names the argument.
    """
    if rate is not None and checked_time(rate, "rate") == 0:
        raise ConfigurationError(
            "rate is a number a second above 0, or None for no pacing.", field="rate"
        )
    if per not in {"message", "segment"}:
        raise ConfigurationError('per is "message" or "segment".', field="per")
    if on_unknown not in {"hold", "abandon"}:
        raise ConfigurationError(
            'on_unknown is "hold" or "abandon". Rows whose outcome is unknown are sent again only '
            "when you ask for them: job.resend(rows).",
            field="on_unknown",
        )
    return JobOptions(
        rate=None if rate is None else checked_time(rate, "rate"),
        per=str(per),
        on_unknown=str(on_unknown),
    )


def checked_time(value: object, name: str) -> float:
    """Return a number that is 0 or more.

    Raises:
        ConfigurationError: It is none.
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (is_number and math.isfinite(value) and value >= 0):  # type: ignore[arg-type, operator]
        raise ConfigurationError(f"{name} is a number, 0 or more.", field=name)
    return float(value)  # type: ignore[arg-type]


def checked_count(value: object, name: str) -> int:
    """Return a whole number that is 1 or more.

    Raises:
        ConfigurationError: It is none.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigurationError(f"{name} is a whole number, 1 or more.", field=name)
    return value


def checked_callbacks(value: Callbacks | None) -> Callbacks | None:
    """Return where the status callbacks arrive, or None.

    Raises:
        ConfigurationError: It is no such place.
    """
    if value is None:
        return None
    url = getattr(value, "status_url", None)
    asked = (getattr(value, name, None) for name in ("find_by_token", "heard_of"))
    if not isinstance(url, str) or not all(map(callable, asked)):
        raise ConfigurationError(
            "callbacks is a listener, such as tw.Listener(…): it has a status_url, "
            f"find_by_token(…) and heard_of(…). {type(value).__name__} has not.",
            field="callbacks",
        )
    return value


def checked_plan(value: PlanLike) -> PlanLike:
    """Return what is to be sent.

    Raises:
        ConfigurationError: It is no plan.
    """
    if not hasattr(value, "rows"):
        raise ConfigurationError(
            f'Give a plan, such as tw.plan(df, to="phone", body="Hi"): not {type(value).__name__}.',
            field="plan",
        )
    return value


def checked_client(value: Twilio | AsyncTwilio) -> Twilio | AsyncTwilio:
    """Return the client to send with.

    Raises:
        ConfigurationError: It is none.
    """
    if not hasattr(value, "twin"):
        raise ConfigurationError(
            f"Give the client, such as tw.Twilio(connection): not {type(value).__name__}.",
            field="twilio",
        )
    return value
