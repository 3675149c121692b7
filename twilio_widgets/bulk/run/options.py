"""Check the options of a job before anything is written to its journal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from twilio_widgets.core.credentials.secret import kind_of
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.journal.journal import JobOptions

if TYPE_CHECKING:
    from twilio_widgets.client import AsyncTwilio, Twilio
    from twilio_widgets.journal.plan_rows import PlanLike
    from twilio_widgets.journal.reconcile import Callbacks


def checked_terms(rate: object, per: object, on_unknown: object) -> JobOptions:
    """Return the options of a job.

    Raises:
        ConfigurationError: One of them is invalid; the error names the argument.
    """
    if rate is not None and checked_time(rate, "rate") == 0:
        raise ConfigurationError(
            "rate must be a number above 0, or None for no limit.", field="rate"
        )
    if per not in {"message", "segment"}:
        raise ConfigurationError('per must be "message" or "segment".', field="per")
    if on_unknown not in {"hold", "abandon"}:
        raise ConfigurationError(
            'on_unknown must be "hold" or "abandon". Rows whose outcome is unknown are sent again '
            "only if you name them: job.resend(rows).",
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
        ConfigurationError: It is not such a number.
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (is_number and math.isfinite(value) and value >= 0):  # type: ignore[arg-type, operator]
        raise ConfigurationError(f"{name} must be a number, 0 or more.", field=name)
    return float(value)  # type: ignore[arg-type]


def checked_count(value: object, name: str) -> int:
    """Return a whole number that is 1 or more.

    Raises:
        ConfigurationError: It is not such a number.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigurationError(f"{name} must be a whole number, 1 or more.", field=name)
    return value


def checked_callbacks(value: Callbacks | None) -> Callbacks | None:
    """Return the listener of the status callbacks, or None.

    Raises:
        ConfigurationError: It is not a listener.
    """
    if value is None:
        return None
    url = getattr(value, "status_url", None)
    asked = (getattr(value, name, None) for name in ("find_by_token", "heard_of"))
    if not isinstance(url, str) or not all(map(callable, asked)):
        raise ConfigurationError(
            "callbacks must be a listener, such as tw.Listener(…), with status_url, "
            f"find_by_token(…) and heard_of(…): got {kind_of(value)}.",
            field="callbacks",
        )
    return value


def checked_plan(value: PlanLike) -> PlanLike:
    """Return the plan to send.

    Raises:
        ConfigurationError: It is not a plan.
    """
    if not hasattr(value, "rows"):
        raise ConfigurationError(
            'plan must be a plan, such as tw.plan(df, to="phone", body="Hi"): got '
            f"{type(value).__name__}.",
            field="plan",
        )
    return value


def checked_client(value: Twilio | AsyncTwilio) -> Twilio | AsyncTwilio:
    """Return the client to send with.

    Raises:
        ConfigurationError: It is not a client.
    """
    if not hasattr(value, "twin"):
        raise ConfigurationError(
            f"twilio must be a client, such as tw.Twilio(connection): got {type(value).__name__}.",
            field="twilio",
        )
    return value
