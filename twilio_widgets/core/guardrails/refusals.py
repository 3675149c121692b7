"""The errors of a policy: the request that was refused, the rule, and how to go on."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_UP, Decimal
from typing import TYPE_CHECKING

from twilio_widgets.core.guardrails.job_quota import JobQuota
from twilio_widgets.core.guardrails.limits import Amount, Excess, counted, dollars
from twilio_widgets.core.guardrails.message_request import MessageRequest
from twilio_widgets.core.guardrails.pricing import GIVE_A_PRICE
from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.core.request import Request
from twilio_widgets.errors import PolicyRefused

if TYPE_CHECKING:
    from twilio_widgets.core.guardrails.effects import Effect
    from twilio_widgets.core.guardrails.quiet_hours import QuietHours

_LONGEST_ECHO = 40


def not_allowed(message: MessageRequest) -> PolicyRefused:
    """Return the refusal of a recipient that is not on the allow list."""
    return PolicyRefused(
        f"{_to(message)} is not one of the recipients that your policy allows, so nothing was "
        "sent. To allow it, add it to tw.Policy(allow=[…]).",
        rule="allow",
    )


def ambiguous(message: MessageRequest) -> PolicyRefused:
    """Return the refusal of a request with contradictory parameters."""
    return PolicyRefused(
        f"This request has more than one value for {message.ambiguous!r}, so your policy cannot "
        "check what would be sent. Give it once. Nothing was sent.",
        rule="readable",
    )


def quiet(message: MessageRequest, hours: QuietHours, zone: str, at: datetime) -> PolicyRefused:
    """Return the refusal of a message that would arrive during quiet hours."""
    from zoneinfo import ZoneInfo

    local = at.astimezone(ZoneInfo(zone))
    verb = "is" if message.send_at is None else "will be"
    return PolicyRefused(
        f"It {verb} {local:%H:%M} in {zone}, a possible time zone of {_to(message)}, and your "
        f"policy has quiet hours from {hours}, so nothing was sent. Send it later, or schedule it "
        "with send_at=.",
        rule="quiet_hours",
    )


def unknown_zone(message: MessageRequest) -> PolicyRefused:
    """Return the refusal of a recipient whose time zone is not known."""
    return PolicyRefused(
        f"The time zone of {_to(message)} is not known, and your policy has quiet hours, so "
        "nothing was sent. To send at any hour, use tw.Policy(…, allow_unknown_zone=True) or "
        "policy.confirmed(unknown_zone=True).",
        rule="quiet_hours",
    )


def unreadable_time(message: MessageRequest) -> PolicyRefused:
    """Return the refusal of a message whose scheduled time cannot be parsed."""
    return PolicyRefused(
        f"SendAt is {str(message.send_at)[:_LONGEST_ECHO]!r}, which is not a time with a time "
        "zone, such as 2026-01-15T09:30:00Z. Your policy has quiet hours, so nothing was sent.",
        rule="quiet_hours",
    )


def unknown_segments(message: MessageRequest) -> PolicyRefused:
    """Return the refusal of a template, whose number of segments is not known."""
    return PolicyRefused(
        f"The message to {_to(message)} uses a content template, so its number of segments is not "
        "known before it is sent. Your policy limits segments, so nothing was sent. For templates, "
        "leave out max_segments and max_segments_per_day.",
        rule="max_segments",
    )


def unknown_price(message: MessageRequest) -> PolicyRefused:
    """Return the refusal of a message whose price is not known."""
    return PolicyRefused(
        f"The price of a message to {_to(message)} is not known, and your policy limits the cost, "
        f"so nothing was sent. {GIVE_A_PRICE}",
        rule="max_cost",
    )


def unknown_cost(effect: Effect) -> PolicyRefused:
    """Return the refusal of a request that reaches a person or is billed, at an unknown price."""
    return PolicyRefused(
        f"This request can {effect.text}, and its cost is not known. Your policy limits the cost, "
        "so nothing was sent. Use a policy without max_cost and max_cost_per_day for it.",
        rule="max_cost",
    )


def unknown_recipient(effect: Effect) -> PolicyRefused:
    """Return the refusal of a request that reaches people it does not name."""
    return PolicyRefused(
        f"This request can {effect.text} without naming the recipient in To, and your policy "
        "allows certain recipients only, so nothing was sent. Use a policy without allow for it.",
        rule="allow",
    )


def message_too_large(message: MessageRequest, excess: Excess) -> PolicyRefused:
    """Return the refusal of a message that is above a limit."""
    return PolicyRefused(
        f"{_subject(message)} {_has(excess)}; your policy allows {_limit(excess)}, so "
        f"nothing was sent. {_raised(excess)} would allow it.",
        rule=f"max_{excess.name}",
    )


def job_too_large(quota: JobQuota, excess: Excess) -> PolicyRefused:
    """Return the refusal of a job that is above a limit."""
    return PolicyRefused(
        f"{_job(quota)} {_has(excess)}; your policy allows {_limit(excess)} per job, so nothing "
        f"was sent. To allow it: Twilio(connection, policy={_raised(excess)}).",
        rule=f"max_{excess.name}",
        for_all=True,
    )


def unknown_of_a_job(quota: JobQuota, what: str) -> PolicyRefused:
    """Return the refusal of a job whose ``"cost"`` or ``"segments"`` are not known but limited."""
    advice = (
        'Set the price in US dollars of a segment: tw.plan(…, prices={"GB": "0.05"}).'
        if what == "cost"
        else "For content templates, leave out max_segments and max_segments_per_day."
    )
    subject = "cost" if what == "cost" else "number of segments"
    return PolicyRefused(
        f"The {subject} of {_job(quota, small=True)} is not known for every message, and your "
        f"policy limits it, so nothing was sent. {advice}",
        rule=f"max_{what}",
        for_all=True,
    )


def beyond_the_job(message: MessageRequest, quota: JobQuota, excess: Excess) -> PolicyRefused:
    """Return the refusal of the message with which a running job would exceed a limit."""
    return PolicyRefused(
        f"The message to {_to(message)} would bring {_job(quota, small=True)} to "
        f"{_found(excess)}; your policy allows {_limit(excess)} per job, so this message was not "
        f"sent. {_raised(excess)} would allow it.",
        rule=f"max_{excess.name}",
        for_all=True,
    )


def day_too_large(what: str, excess: Excess) -> PolicyRefused:
    """Return the refusal of a message or job (`what`) that would exceed a limit of the day."""
    return PolicyRefused(
        f"{what} would bring today's total (UTC) to {_found(excess)}; your policy allows "
        f"{_limit(excess)} per day, so nothing more was sent. Continue tomorrow, or raise the "
        f"limit: {_raised(excess, '_per_day')}.",
        rule=f"max_{excess.name}_per_day",
        for_all=True,
    )


def uncountable(problem: str) -> PolicyRefused:
    """Return the refusal of a message that cannot be added to the day's count."""
    return PolicyRefused(
        f"Today's messages cannot be counted ({problem}), so nothing was sent. Check the folder "
        "'tally' in the data folder, or remove the daily limits from the policy.",
        rule="day",
        for_all=True,
    )


def dry_message(message: MessageRequest, amount: Amount) -> PolicyRefused:
    """Return the refusal of a message in a dry run."""
    when = f", at {message.send_at[:_LONGEST_ECHO]}" if message.send_at else ""
    size = "a content template" if message.template else counted("segments", amount.segments)
    return PolicyRefused(
        f"Dry run: nothing was sent. Without it: one message to {_to(message)}{when}, {size}, "
        f"{_about(amount.cost)}.",
        rule="dry_run",
        for_all=True,
    )


def dry_job(quota: JobQuota, amount: Amount) -> PolicyRefused:
    """Return the refusal of a job in a dry run."""
    sizes = f"{counted('recipients', amount.recipients)}, {counted('segments', amount.segments)}, "
    size = f"had {sizes}" if amount.recipients else "cost "
    return PolicyRefused(
        f"Dry run: nothing was sent. {_job(quota)} would have {size}{_about(amount.cost)}.",
        rule="dry_run",
        for_all=True,
    )


def dry_change(request: Request, effect: Effect | None = None) -> PolicyRefused:
    """Return the refusal of any other change, or of a request with an effect, in a dry run."""
    place = request.path.partition("/Accounts/")[2].partition("/")[2] or request.path
    can = f", which can {effect.text}" if effect else ""
    return PolicyRefused(
        f"Dry run: nothing was sent. Without it: {request.method} {mask(place)}{can}.",
        rule="dry_run",
        for_all=True,
    )


def _to(message: MessageRequest) -> str:
    return mask(message.to)[:_LONGEST_ECHO] or "(no recipient)"


def _subject(message: MessageRequest) -> str:
    return f"The message to {_to(message)}" if message.to else "This request"


def _job(quota: JobQuota, *, small: bool = False) -> str:
    name = f"The {quota.noun} {quota.name!r}" if quota.name else f"This {quota.noun}"
    return name[0].lower() + name[1:] if small else name


def _about(cost: Decimal) -> str:
    return f"about {dollars(cost)}" if cost else "cost not known"


def _has(excess: Excess) -> str:
    return f"{'costs' if excess.name == 'cost' else 'has'} {_found(excess)}"


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
