"""The order of the rows never changes an answer."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.analysis.logs import ADA, BEN, CHLOE, GB, NOON, US, log, received, sent
from tests.unit.analysis.test_answer_frame import every_answer
from twilio_widgets import analysis

# Few values, so that many rows are equal in what an answer looks at first.
COMMON = {
    "date_sent": st.sampled_from([None, *(NOON + timedelta(hours=n) for n in (0, 1, 30))]),
    "body": st.sampled_from(["Hi", "It’s 🌱", "STOP", "start", "", None]),
    "price": st.sampled_from([None, "-0.0083", "-0.000001"]),
    "price_unit": st.sampled_from(["USD", "EUR", None]),
    "num_segments": st.integers(0, 2),
}
PEOPLE, OURS = st.sampled_from([ADA, BEN, CHLOE, f"whatsapp:{ADA}"]), st.sampled_from([US, GB])
OUTBOUND = st.fixed_dictionaries(
    COMMON
    | {
        "to": PEOPLE,
        "from": st.sampled_from([US, GB, None]),
        "status": st.sampled_from(["delivered", "sent", "failed", "queued"]),
        "error_code": st.sampled_from([None, 21610, 30003]),
    }
).map(lambda given: sent(**given))
INBOUND = st.fixed_dictionaries(COMMON | {"from": PEOPLE, "to": OURS}).map(
    lambda given: received(**given)
)
LOGS = st.lists(OUTBOUND | INBOUND, min_size=2, max_size=12)


def check(ask, rows, seed) -> None:
    frame = log(*rows)
    order = list(range(len(rows)))
    Random(seed).shuffle(order)

    answer, other = ask(frame), ask(frame.iloc[order])

    pd.testing.assert_frame_equal(other, answer)
    assert (other.counted, other.chart_spec()) == (answer.counted, answer.chart_spec())


@every_answer
@settings(max_examples=4, deadline=None)
@given(rows=LOGS, seed=st.integers(0, 2**32))
def test_shuffled_rows_have_the_same_answer(ask, rows, seed):
    check(ask, rows, seed)


@pytest.mark.long
@every_answer
@settings(max_examples=40, deadline=None)
@given(rows=LOGS, seed=st.integers(0, 2**32))
def test_shuffled_rows_have_the_same_answer_in_many_logs(ask, rows, seed):
    check(ask, rows, seed)


@pytest.mark.long
@pytest.mark.parametrize("by", ["day", "hour", "sender", "country", "direction", "currency"])
@settings(max_examples=20, deadline=None)
@given(rows=LOGS, seed=st.integers(0, 2**32))
def test_shuffled_rows_have_the_same_replies_by_any_group(by, rows, seed):
    check(lambda frame: analysis.replies(frame, by=by), rows, seed)
