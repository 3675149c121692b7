"""Estimate the segments and the cost of one message, for the limits of a policy.

An estimate that is too low would let a message past a limit. So savings that Twilio may make by
itself (shortened links, the settings of a messaging service) are ignored, and an unknown price
stays unknown. A message with ``SmartEncoded=true`` counts as it does in a plan.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from twilio_widgets.core.guardrails.message_request import MessageRequest
from twilio_widgets.core.numbers.account_prices import PriceTable
from twilio_widgets.core.numbers.price_sources import price_source
from twilio_widgets.core.numbers.prices import PER_SEGMENT, estimate
from twilio_widgets.core.text.segments import segments
from twilio_widgets.core.text.smart_encoding import smart
from twilio_widgets.errors import ConfigurationError

MMS = "MMS"
"""The key of the price for a message with media."""

GIVE_A_PRICE = (
    'tw.Policy(prices={"GB": "0.05"}) sets the price of a segment in US dollars, by country; use '
    '"MMS" for a message with media and "whatsapp" for one on that channel.'
)


@dataclass(frozen=True, slots=True, repr=False)
class PriceList:
    """The user's or the account's prices, which take precedence over the built-in estimates."""

    own: tuple[tuple[str, Decimal], ...] = ()
    """US dollars for a segment to a country, or for a message on a channel or with media."""

    account: PriceTable | None = None
    """The account's prices, in place of the built-in estimates."""

    @classmethod
    def of(cls, own: object) -> PriceList:
        """Parse the ``prices`` argument of a policy.

        Raises:
            ConfigurationError: A key is neither a country nor a channel, or a price is not an
                amount.
        """
        if isinstance(own, PriceList):
            return own
        if isinstance(own, PriceTable):
            return cls(tuple(price_source(own).per_segment.items()), own)
        if not isinstance(own, Mapping):
            raise ConfigurationError(f"prices must be a mapping. {GIVE_A_PRICE}", field="prices")
        for name in own:
            if not isinstance(name, str) or not re.fullmatch(r"[A-Z]{2}|MMS|[a-z]{3,20}", name):
                raise ConfigurationError(
                    f"prices has the key {name!r}, which is neither a country (two capital "
                    f"letters) nor a channel. {GIVE_A_PRICE}",
                    field="prices",
                )
        return cls(
            tuple(
                (name, estimate_cost(own[name], f"The price for {name}", "prices")) for name in own
            )
        )

    def __repr__(self) -> str:
        if self.account is not None:
            return repr(self.account)
        return str({name: str(price) for name, price in self.own})

    def cost(self, message: MessageRequest, count: int | None) -> Decimal | None:
        """Return the estimated cost of one message in US dollars, or None if it is not known."""
        own = dict(self.own)
        channel, colon, _address = message.to.strip().rpartition(":")
        if colon:
            return own.get(channel.lower())
        if message.media:
            known = estimate(message.to, 1, media=True)
            return own.get(MMS, known)
        if count is None:
            return None
        return estimate(message.to, count, prices={**PER_SEGMENT, **own})


def segments_of(message: MessageRequest) -> int | None:
    """Return the number of segments of a message; 1 for an MMS, which is not split.

    Returns:
        The number, or None for a content template, whose text is not known.
    """
    if message.media:
        return 1
    if message.template:
        return None
    return segments(smart(message.body) if message.smart_encoded else message.body).count


def estimate_cost(value: object, what: str, field: str) -> Decimal:
    """Parse an amount of US dollars.

    Raises:
        ConfigurationError: It is not an amount, or it is negative.
    """
    try:
        amount = Decimal("NaN") if isinstance(value, bool) else Decimal(str(value).strip())
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise ConfigurationError(
            f'{what} must be an amount in US dollars, such as "0.05".', field=field
        )
    return amount
