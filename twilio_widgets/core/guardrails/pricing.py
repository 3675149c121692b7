"""What one message weighs: its segments, and what it is likely to cost.

An estimate that is too high does no harm here, one that is too low does. So nothing is taken off
for what Twilio may do on the way (Smart Encoding, shorter links), and what is not known stays so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from twilio_widgets.core.guardrails.message_request import MessageRequest
from twilio_widgets.core.numbers.prices import PER_SEGMENT, estimate
from twilio_widgets.core.text.segments import segments
from twilio_widgets.errors import ConfigurationError

MMS = "MMS"
"""The name of the price for a message with media, where the table has none."""

GIVE_A_PRICE = (
    'tw.Policy(prices={"GB": "0.05"}) gives dollars for a segment in a country; "MMS" stands for a '
    'message with media, "whatsapp" for one on that channel.'
)


@dataclass(frozen=True, slots=True, repr=False)
class PriceList:
    """The small table of estimates, and a person's own prices before it."""

    own: tuple[tuple[str, Decimal], ...] = ()
    """Dollars for a segment in a country, or for a message on a channel or with media."""

    @classmethod
    def of(cls, own: object) -> PriceList:
        """Read a person's own prices.

        Raises:
            ConfigurationError: A name is neither a country nor a channel, or a price no amount.
        """
        if isinstance(own, PriceList):
            return own
        if not isinstance(own, Mapping):
            raise ConfigurationError(f"prices is a mapping. {GIVE_A_PRICE}", field="prices")
        for name in own:
            if not isinstance(name, str) or not re.fullmatch(r"[A-Z]{2}|MMS|[a-z]{3,20}", name):
                raise ConfigurationError(
                    f"prices has {name!r}, which is neither a country in two capital letters nor a "
                    f"channel. {GIVE_A_PRICE}",
                    field="prices",
                )
        return cls(
            tuple(
                (name, estimate_cost(own[name], f"The price for {name}", "prices")) for name in own
            )
        )

    def __repr__(self) -> str:
        return str({name: str(price) for name, price in self.own})

    def cost(self, creation: MessageRequest, count: int | None) -> Decimal | None:
        """Estimate in US dollars what one message costs; None when no price is known."""
        own = dict(self.own)
        channel, colon, _address = creation.to.strip().rpartition(":")
        if colon:
            return own.get(channel.lower())
        if creation.media:
            known = estimate(creation.to, 1, media=True)
            return own.get(MMS, known)
        if count is None:
            return None
        return estimate(creation.to, count, prices={**PER_SEGMENT, **own})


def segments_of(creation: MessageRequest) -> int | None:
    """Count the segments of a message: one with media, which is not cut.

    Returns:
        None for a template, whose text is not known here.
    """
    if creation.media:
        return 1
    if creation.template:
        return None
    return segments(creation.body).count


def estimate_cost(value: object, what: str, field: str) -> Decimal:
    """Read an amount of US dollars.

    Raises:
        ConfigurationError: It is none.
    """
    try:
        amount = Decimal("NaN") if isinstance(value, bool) else Decimal(str(value).strip())
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise ConfigurationError(
            f'{what} is not an amount. Give US dollars, such as "0.05".', field=field
        )
    return amount
