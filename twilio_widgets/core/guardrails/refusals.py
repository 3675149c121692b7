"""The sentences of a policy's refusals: what was not sent, by which rule, and what to do next."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_UP, Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from twilio_widgets.core.guardrails.job_quota import JobQuota
from twilio_widgets.core.guardrails.limits import Amount, Excess, counted, dollars
from twilio_widgets.core.guardrails.message_request import MessageRequest
from twilio_widgets.core.guardrails.pricing import GIVE_A_PRICE
from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.core.request import Request
from twilio_widgets.errors import PolicyRefused

if TYPE_CHECKING:
    from twilio_widgets.core.guardrails.quiet_hours import QuietHours

_LONGEST_ECHO = 40


def not_allowed(creation: MessageRequest) -> PolicyRefused:
    """The recipient is not on the list."""
    return PolicyRefused(
        f"{_to(creation)} is not among the recipients that your policy allows, so nothing was "
        "sent. tw.Policy(allow=[…]) is the list.",
        rule="allow",
    )


def ambiguous(creation: MessageRequest) -> PolicyRefused:
    """A parameter is there twice."""
    return PolicyRefused(
        f"This request gives {creation.ambiguous!r} more than once, with different values, so your "
        "policy cannot judge what would be sent. Give it once. Nothing was sent.",
        rule="readable",
    )


def quiet(creation: MessageRequest, hours: QuietHours, zone: str, at: datetime) -> PolicyRefused:
    """It is quiet where the message would arrive."""
    local = at.astimezone(ZoneInfo(zone))
    verb = "is" if creation.send_at is None else "will be"
    return PolicyRefused(
        f"It {verb} {local:%H:%M} in {zone}, where {_to(creation)} can be, and your policy is "
        f"quiet from {hours} there, so nothing was sent. Send it later, or schedule it: send_at=.",
        rule="quiet_hours",
    )


def unknown_zone(creation: MessageRequest) -> PolicyRefused:
    """Nobody can say what time it is at the destination."""
    return PolicyRefused(
        f"It is not known in which time zone {_to(creation)} is, and your policy has quiet hours, "
        "so nothing was sent. If it may be sent at any hour: "
        "tw.Policy(…, allow_unknown_zone=True), or policy.confirmed(unknown_zone=True).",
        rule="quiet_hours",
    )


def unreadable_time(creation: MessageRequest) -> PolicyRefused:
    """The moment of sending cannot be read."""
    return PolicyRefused(
        f"SendAt is {str(creation.send_at)[:_LONGEST_ECHO]!r}, which is no moment with a time zone "
        "(2026-01-15T09:30:00Z), and your policy has quiet hours, so nothing was sent.",
        rule="quiet_hours",
    )


def unknown_segments(creation: MessageRequest) -> PolicyRefused:
    """The text comes from a template."""
    return PolicyRefused(
        f"The message to {_to(creation)} takes its text from a content template, so its segments "
        "are not known before it is sent, and your policy limits them: nothing was sent. Leave "
        "max_segments and max_segments_per_day out for templates.",
        rule="max_segments",
    )


def unknown_price(creation: MessageRequest) -> PolicyRefused:
    """There is no price for it."""
    return PolicyRefused(
        f"There is no price for a message to {_to(creation)}, and your policy limits the cost, so "
        f"nothing was sent. {GIVE_A_PRICE}",
        rule="max_cost",
    )


def message_too_large(creation: MessageRequest, excess: Excess) -> PolicyRefused:
    """One message is above a limit."""
    return PolicyRefused(
        f"The message to {_to(creation)} comes to {_found(excess)}; your policy allows "
        f"{_limit(excess)}, so nothing was sent. {_raised(excess)} allows it.",
        rule=f"max_{excess.name}",
    )


def job_too_large(permit: JobQuota, excess: Excess) -> PolicyRefused:
    """A job is above a limit."""
    return PolicyRefused(
        f"{_job(permit)} comes to {_found(excess)}; your policy allows {_limit(excess)} in one "
        "job, so nothing was sent. If that is what you mean: "
        f"Twilio(connection, policy={_raised(excess)}).",
        rule=f"max_{excess.name}",
        for_all=True,
    )


def unknown_of_a_job(permit: JobQuota, what: str) -> PolicyRefused:
    """What a limit asks for is not known of a job."""
    way = (
        'tw.plan(…, prices={"GB": "0.05"}) gives dollars for a segment in a country.'
        if what == "cost"
        else "Leave max_segments and max_segments_per_day out for content templates."
    )
    verb = "is" if what == "cost" else "are"
    return PolicyRefused(
        f"The {what} of {_job(permit, small=True)} {verb} not known for every message, and your "
        f"policy limits it: nothing was sent. {way}",
        rule=f"max_{what}",
        for_all=True,
    )


def beyond_the_job(creation: MessageRequest, permit: JobQuota, excess: Excess) -> PolicyRefused:
    """A job sends more than its policy allows."""
    return PolicyRefused(
        f"With the message to {_to(creation)}, {_job(permit, small=True)} would come to "
        f"{_found(excess)}; your policy allows {_limit(excess)} in one job, so this one was not "
        f"sent. {_raised(excess)} allows it.",
        rule=f"max_{excess.name}",
        for_all=True,
    )


def day_too_large(what: str, excess: Excess) -> PolicyRefused:
    """A day is above a limit."""
    return PolicyRefused(
        f"With {what}, today (UTC) would come to {_found(excess)}; your policy allows "
        f"{_limit(excess)} a day, so nothing more was sent. Go on tomorrow, or raise it: "
        f"{_raised(excess, '_per_day')}.",
        rule=f"max_{excess.name}_per_day",
        for_all=True,
    )


def uncountable(problem: str) -> PolicyRefused:
    """What is sent in a day cannot be written down."""
    return PolicyRefused(
        f"What is sent today cannot be counted ({problem}), so nothing was sent. Look after the "
        "folder 'tally' in the data folder, or leave the limits of a day out of the policy.",
        rule="day",
        for_all=True,
    )


def dry_message(creation: MessageRequest, amount: Amount) -> PolicyRefused:
    """A message in a dry run."""
    when = f", at {creation.send_at[:_LONGEST_ECHO]}" if creation.send_at else ""
    size = "a content template" if creation.template else counted("segments", amount.segments)
    return PolicyRefused(
        f"Dry run: nothing was sent. It would have been one message to {_to(creation)}{when}: "
        f"{size}, {_about(amount.cost)}.",
        rule="dry_run",
        for_all=True,
    )


def dry_job(permit: JobQuota, amount: Amount) -> PolicyRefused:
    """A job in a dry run."""
    return PolicyRefused(
        f"Dry run: nothing was sent. {_job(permit)} would have been "
        f"{counted('recipients', amount.recipients)}, {counted('segments', amount.segments)}, "
        f"{_about(amount.cost)}.",
        rule="dry_run",
        for_all=True,
    )


def dry_change(request: Request) -> PolicyRefused:
    """Another change in a dry run."""
    place = request.path.partition("/Accounts/")[2].partition("/")[2] or request.path
    return PolicyRefused(
        f"Dry run: nothing was sent. It would have been {request.method} {mask(place)}.",
        rule="dry_run",
        for_all=True,
    )


def _to(creation: MessageRequest) -> str:
    return mask(creation.to)[:_LONGEST_ECHO] or "a message without a recipient"


def _job(permit: JobQuota, *, small: bool = False) -> str:
    name = f"The job {permit.name!r}" if permit.name else "This job"
    return name[0].lower() + name[1:] if small else name


def _about(cost: Decimal) -> str:
    return f"about {dollars(cost)}" if cost else "cost not known"


def _found(excess: Excess) -> str:
    about = "about " if excess.name == "cost" else ""
    return about + counted(excess.name, excess.found)


def _limit(excess: Excess) -> str:
    return dollars(Decimal(excess.limit)) if excess.name == "cost" else f"{excess.limit:,}"


def _raised(excess: Excess, ending: str = "") -> str:
    if excess.name == "cost":
        amount = Decimal(excess.found).quantize(Decimal("0.01"), ROUND_UP)
        return f'tw.Policy(max_cost{ending}="{amount}")'
    return f"tw.Policy(max_{excess.name}{ending}={excess.found})"
