"""Amounts of money as text, written one way everywhere."""

from __future__ import annotations

from decimal import Decimal

_CENTS = Decimal("0.01")


def money_text(amount: Decimal, unit: str | None = "USD") -> str:
    """Return an amount without its sign: ``$0.0083``, ``$1.50`` or ``0.05 EUR``.

    Args:
        amount: The amount. It is shown with two decimals, or with all of them if it has more.
        unit: The currency, as an ISO 4217 code; None if it is not known.
    """
    plain = abs(amount).normalize()
    exponent = plain.as_tuple().exponent
    few = isinstance(exponent, int) and exponent > -2
    number = f"{plain.quantize(_CENTS) if few else plain:,f}"
    code = (unit or "").upper()
    return f"${number}" if code == "USD" else f"{number} {code}".rstrip()
