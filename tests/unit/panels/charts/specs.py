"""Charts of each kind, for the tests."""

from __future__ import annotations

import math

from twilio_widgets.analysis.chart_spec import ChartSpec, Series

DAYS = ("2026-01-14", "2026-01-15", "2026-01-16")

STACK = ChartSpec(
    kind="stacked_bars",
    title="Messages by day",
    categories=DAYS,
    keys=DAYS,
    category_title="Sent",
    value_title="Messages",
    time_zone="Europe/Berlin",
    series=(
        Series(name="delivered", key="delivered", tone="good", values=(1_200, 0, 4)),
        Series(name="failed", key="failed", tone="bad", values=(34, 0, 1)),
        Series(name="undelivered", key="undelivered", tone="bad", values=(0, 0, 2)),
    ),
    note="Outbound messages.",
)
BARS = ChartSpec(
    kind="bars",
    title="Errors by code",
    categories=("30003 Unreachable", "30006 Landline"),
    keys=("30003", "30006"),
    value_title="Messages",
    series=(Series(name="Messages", tone="bad", values=(40, 10)),),
)
HEAT = ChartSpec(
    kind="heat_map",
    title="Hour and weekday",
    categories=("08", "09"),
    keys=("8", "9"),
    category_title="Hour",
    value_title="Messages",
    time_zone="UTC",
    series=(
        Series(name="Mon", key="Monday", values=(1, 2)),
        Series(name="Tue", key="Tuesday", values=(0, 4)),
    ),
)
BINS = ChartSpec(
    kind="histogram",
    title="Time to delivery",
    categories=("0", "1", "2"),
    category_title="Seconds",
    value_title="Messages",
    series=(Series(name="Messages", values=(5, 3, 1)),),
)
RATE = ChartSpec(
    kind="stacked_bars",
    title="Delivery rate",
    categories=("2025-12", "2026-01"),
    unit="percent",
    value_title="Delivered",
    series=(Series(name="delivered", tone="good", values=(math.nan, 97.25)),),
)
EMPTY = ChartSpec(kind="stacked_bars", title="Messages by day", categories=(), series=())
ZEROS = ChartSpec(
    kind="bars", title="Errors", categories=("30003",), series=(Series(name="n", values=(0,)),)
)
ALL = (STACK, BARS, HEAT, BINS, RATE, EMPTY, ZEROS)
